r"""Restricted maximum likelihood of every marker by itself, and its Wald test.

With a marker :math:`x`, the response :math:`y` and :math:`h_i = 1 / (1 + \lambda\delta_i)` along
the axes of a null model, the restricted log-likelihood of :math:`\lambda = sd^2/\sigma^2` is

.. math:: -\tfrac12 \Big[\sum_i \log(1 + \lambda\delta_i) + \log x'Hx
          + (m - 1) \log\big(y'Hy - (x'Hy)^2 / x'Hx\big)\Big]

up to a constant, :math:`m` being the number of axes. Its derivative at the bounds of ten
intervals of :math:`\log\lambda` is found for all markers by matrix products; every interval in
which it falls through zero is searched by Newton's method, and the best maximum is kept.

References
----------
.. [1] Zhou & Stephens (2012). Genome-wide efficient mixed-model analysis for association
   studies. *Nature Genetics* 44, 821-824. doi:10.1038/ng.2310
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import special

type Array = NDArray[np.float64]
GRID = np.log(10.0) * np.arange(-5.0, 6.0)
"""Bounds of the intervals of ``log(lambda)`` that are searched."""
STEPS, CLOSE = 60, 1e-9
TINY = 1e-290


def wald(x: NDArray[Any], y: Array, sizes: Array, start: float) -> dict[str, Array]:
    """Return estimates and tests of every marker.

    Parameters
    ----------
    x : ndarray, shape (n_markers, n_axes)
        Markers along the axes that covariates leave.
    y, sizes : ndarray, shape (n_axes,)
    start : float
        Where to look first: ``log(lambda)`` without a marker.

    Returns
    -------
    dict of str to ndarray, shape (n_markers,)
        ``effect`` and ``se`` in units of the response per allele, ``lambda`` (``sd**2 /
        sigma**2``), ``p`` (two-sided, t with ``n_axes - 1`` degrees of freedom) and
        ``log10_p`` (minus the logarithm).
    """
    slopes = _slopes(x, y, sizes)
    effect, se, theta = (np.full(len(x), np.nan) for _ in range(3))
    _maximise(x, y, sizes, slopes, GRID, start, effect, se, theta)
    p, log10_p = two_sided(effect / se, len(y) - 1)
    return {"effect": effect, "se": se, "lambda": np.exp(theta), "p": p, "log10_p": log10_p}


def _slopes(x: NDArray[Any], y: Array, sizes: Array) -> Array:
    """Return the derivative by ``log(lambda)`` at the grid, shape (n_markers, n_grid)."""
    h = 1 / (1 + np.exp(GRID) * sizes[:, None])
    g = -h * (1 - h)
    kind = x.dtype
    both = np.hstack([h, g]).astype(kind)
    by_y = np.hstack([h * y[:, None], g * y[:, None]]).astype(kind)
    n = len(GRID)
    xx, xy = ((x**2) @ both).astype(np.float64), (x @ by_y).astype(np.float64)
    s, ds, m, dm = xx[:, :n], xx[:, n:], xy[:, :n], xy[:, n:]
    q, dq = y**2 @ h, y**2 @ g
    with np.errstate(invalid="ignore", divide="ignore"):
        Q = q - m**2 / s
        dQ = dq - 2 * m * dm / s + m**2 * ds / s**2
        return -0.5 * ((1 - h).sum(axis=0) + ds / s + (len(y) - 1) * dQ / Q)


@njit(fastmath={"reassoc", "contract", "nsz", "arcp"}, cache=True)
def _at(x, y, sizes, theta):
    """Return slope and curvature of the restricted log-likelihood, and three sums."""
    lam = np.exp(theta)
    s = ds = dds = m = dm = ddm = q = dq = ddq = one = two = 0.0
    for i in range(len(y)):
        h = 1.0 / (1.0 + lam * sizes[i])
        w = 1.0 - h
        g = h * w
        k = g * (w - h)
        xi, yi = np.float64(x[i]), y[i]
        xx, xy, yy = xi * xi, xi * yi, yi * yi
        s += xx * h
        ds -= xx * g
        dds += xx * k
        m += xy * h
        dm -= xy * g
        ddm += xy * k
        q += yy * h
        dq -= yy * g
        ddq += yy * k
        one += w
        two += g
    n = len(y) - 1
    Q = q - m * m / s
    r = m / s
    dr = (dm - r * ds) / s
    dQ = dq - 2 * r * dm + r * r * ds
    ddQ = ddq - 2 * r * ddm + r * r * dds - 2 * dr * (dm - r * ds)
    slope = -0.5 * (one + ds / s + n * dQ / Q)
    curve = -0.5 * (two + dds / s - (ds / s) ** 2 + n * (ddQ / Q - (dQ / Q) ** 2))
    return slope, curve, s, m, Q


@njit(cache=True)
def _height(sizes, theta, s, Q):
    lam = np.exp(theta)
    total = 0.0
    for i in range(len(sizes)):
        total += np.log1p(lam * sizes[i])
    return -0.5 * (total + np.log(s) + (len(sizes) - 1) * np.log(Q))


@njit(cache=True)
def _climb(x, y, sizes, low, high, start):
    """Return where the slope falls through zero between two bounds."""
    theta = start if low < start < high else 0.5 * (low + high)
    for turn in range(STEPS):
        slope, curve, _, _, _ = _at(x, y, sizes, theta)
        if slope > 0:
            low = theta
        else:
            high = theta
        step = -slope / curve if curve < 0 else np.inf
        if abs(step) < CLOSE:
            return theta + step
        proposed = theta + step
        newton = turn < STEPS // 3 and low < proposed < high
        theta = proposed if newton else 0.5 * (low + high)
        if high - low < CLOSE:
            return theta
    return theta


@njit(cache=True)
def _maximise(x, y, sizes, slopes, grid, start, effect, se, ratio):
    last = len(grid) - 1
    for j in range(len(x)):
        if not np.isfinite(slopes[j]).all():
            continue
        tries = 0
        best = -np.inf
        for k in range(-1, last + 1):
            if k == -1:
                there = slopes[j, 0] <= 0
            elif k == last:
                there = slopes[j, last] >= 0
            else:
                there = slopes[j, k] > 0 >= slopes[j, k + 1]
            tries += there
        for k in range(-1, last + 1):
            if k == -1:
                if slopes[j, 0] > 0:
                    continue
                theta = grid[0]
            elif k == last:
                if slopes[j, last] < 0:
                    continue
                theta = grid[last]
            else:
                if not slopes[j, k] > 0 >= slopes[j, k + 1]:
                    continue
                theta = _climb(x[j], y, sizes, grid[k], grid[k + 1], start)
            _, _, s, m, Q = _at(x[j], y, sizes, theta)
            height = _height(sizes, theta, s, Q) if tries > 1 else 0.0
            if height > best:
                best = height
                ratio[j] = theta
                effect[j] = m / s
                se[j] = np.sqrt(Q / (len(y) - 1) / s)


def null_start(y: Array, sizes: Array) -> tuple[float, float]:
    """Return ``log(lambda)`` and ``sigma`` of the model without markers.

    The best of a fine grid, refined; only a start where markers are concerned.
    """
    from scipy.optimize import minimize_scalar

    n = len(y)

    def loss(theta: float) -> float:
        v = 1 + np.exp(theta) * sizes
        return float(np.log(v).sum() + n * np.log((y**2 / v).sum()))

    grid = np.linspace(GRID[0], GRID[-1], 101)
    at = int(np.argmin([loss(t) for t in grid]))
    bounds = (grid[max(0, at - 1)], grid[min(100, at + 1)])
    theta = float(minimize_scalar(loss, bounds=bounds, method="bounded").x)
    return theta, float(np.sqrt((y**2 / (1 + np.exp(theta) * sizes)).sum() / n))


def two_sided(t: Array, df: int) -> tuple[Array, Array]:
    """Return two-sided p of t statistics, and minus its logarithm to the base of ten.

    The logarithm is that of the incomplete beta function's series where p is too small for a
    floating-point number.
    """
    a, x = df / 2, df / (df + t**2)
    p = np.asarray(special.betainc(a, 0.5, x))
    with np.errstate(divide="ignore"):
        log10_p = -np.log10(p)
    small = p < TINY
    if small.any():
        z = x[small]
        series = special.hyp2f1(a + 0.5, 1, a + 1, z)
        log_p = a * np.log(z) + 0.5 * np.log1p(-z) - np.log(a) - special.betaln(a, 0.5)
        log10_p[small] = -(log_p + np.log(series)) / np.log(10)
    return p, log10_p
