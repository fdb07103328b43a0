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
from numpy.typing import NDArray
from scipy import special

from bayes_glmm.native.library import ADDRESS, INTEGER, NUMBER, entry, pointer

type Array = NDArray[np.float64]
GRID = np.log(10.0) * np.arange(-5.0, 6.0)
"""Bounds of the intervals of ``log(lambda)`` that are searched."""
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
    effect, se, theta = _maximise(x, y, sizes, slopes, start)
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


def _maximise(
    x: NDArray[Any], y: Array, sizes: Array, slopes: Array, start: float
) -> tuple[Array, Array, Array]:
    """Return effect, standard error and ``log(lambda)`` of every marker, shape (n_markers,).

    They are not numbers where a slope is none.
    """
    x = np.ascontiguousarray(x, x.dtype if x.dtype in (np.float32, np.float64) else np.float64)
    y, sizes, slopes = (np.ascontiguousarray(a, np.float64) for a in (y, sizes, slopes))
    (m, n), bounds = x.shape, len(GRID)
    if y.shape != (n,) or sizes.shape != (n,) or slopes.shape != (m, bounds):
        raise ValueError(f"{y.shape}, {sizes.shape} and {slopes.shape} for markers {x.shape}")
    effect, se, theta = (np.full(m, np.nan) for _ in range(3))
    work = np.empty(3 * n)
    call = entry("reml", None, *(INTEGER,) * 4, *(ADDRESS,) * 5, NUMBER, *(ADDRESS,) * 4)
    call(
        m, n, bounds, x.itemsize, pointer(x, x.dtype), pointer(y), pointer(sizes), pointer(slopes),
        pointer(GRID), start, pointer(work), pointer(effect), pointer(se), pointer(theta),
    )  # fmt: skip
    return effect, se, theta


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
