"""Spline bases as plain arrays: B-splines and natural cubic splines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


def quantile_knots(x: Array, count: int) -> tuple[float, ...]:
    """Return ``count`` inner knots at equally spaced quantiles of ``x``."""
    shares = np.linspace(0.0, 1.0, count + 2)[1:-1]
    return tuple(float(q) for q in np.quantile(x, shares))


def b_splines(
    x: Array, degree: int, inner: Sequence[float], boundary: tuple[float, float]
) -> Array:
    """Return the B-spline basis without its first column.

    Parameters
    ----------
    x : ndarray, shape (n_rows,)
        Inside the boundary.
    degree : int
    inner : sequence of float
        Inner knots, increasing.
    boundary : tuple of float
        Lowest and highest value.

    Returns
    -------
    ndarray, shape (n_rows, len(inner) + degree)

    Notes
    -----
    The recurrence of de Boor (1978), *A Practical Guide to Splines*. The full
    basis sums to one, so that its first column is the intercept's.
    """
    low, high = boundary
    knots = np.array([low] * (degree + 1) + list(inner) + [high] * (degree + 1))
    edges = knots[degree : len(knots) - degree]
    interval = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2) + degree
    basis = np.zeros((len(x), len(knots) - 1))
    basis[np.arange(len(x)), interval] = 1.0
    for order in range(1, degree + 1):
        for j in range(len(knots) - 1 - order):
            left, right = knots[j + order] - knots[j], knots[j + order + 1] - knots[j + 1]
            rising = (x - knots[j]) / left * basis[:, j] if left > 0 else 0.0
            falling = (knots[j + order + 1] - x) / right * basis[:, j + 1] if right > 0 else 0.0
            basis[:, j] = rising + falling
    return np.ascontiguousarray(basis[:, 1 : len(inner) + degree + 1])


def natural_splines(x: Array, knots: Sequence[float]) -> Array:
    """Return the natural cubic splines that are one at one knot and zero at the others.

    Outside the knots every column continues in a straight line.

    Parameters
    ----------
    x : ndarray, shape (n_rows,)
    knots : sequence of float
        At least two, increasing.

    Returns
    -------
    ndarray, shape (n_rows, len(knots))

    Notes
    -----
    Wood (2017), *Generalized Additive Models*, section 5.3.1.
    """
    k = np.asarray(knots)
    width, bend = np.diff(k), _second_derivatives(k)
    inside = np.clip(x, k[0], k[-1])
    j = np.clip(np.searchsorted(k, inside, side="right") - 1, 0, len(k) - 2)
    h, lower, upper = width[j], inside - k[j], k[j + 1] - inside
    identity = np.eye(len(k))
    basis = (upper / h)[:, None] * identity[j] + (lower / h)[:, None] * identity[j + 1]
    basis += ((upper**3 / h - h * upper) / 6)[:, None] * bend[j]
    basis += ((lower**3 / h - h * lower) / 6)[:, None] * bend[j + 1]
    first = (identity[1] - identity[0]) / width[0] - width[0] / 6 * bend[1]
    last = (identity[-1] - identity[-2]) / width[-1] + width[-1] / 6 * bend[-2]
    basis += np.minimum(x - k[0], 0.0)[:, None] * first
    basis += np.maximum(x - k[-1], 0.0)[:, None] * last
    return basis


def _second_derivatives(knots: Array) -> Array:
    n, width = len(knots), np.diff(knots)
    bend = np.zeros((n, n))
    if n == 2:
        return bend
    inner = np.arange(n - 2)
    left, right = np.zeros((n - 2, n - 2)), np.zeros((n - 2, n))
    left[inner, inner] = (width[:-1] + width[1:]) / 3
    left[inner[1:], inner[:-1]] = left[inner[:-1], inner[1:]] = width[1:-1] / 6
    right[inner, inner], right[inner, inner + 2] = 1 / width[:-1], 1 / width[1:]
    right[inner, inner + 1] = -1 / width[:-1] - 1 / width[1:]
    bend[1:-1] = np.linalg.solve(left, right)
    return bend


def curvature(knots: Array) -> Array:
    """Return the matrix whose form in the values at the knots is the integral of ``f''**2``.

    Parameters
    ----------
    knots : ndarray, shape (n_knots,)

    Returns
    -------
    ndarray, shape (n_knots, n_knots)
        Of rank ``n_knots - 2``; zero outside the knots, where the spline is straight.
    """
    n, width = len(knots), np.diff(knots)
    mass, i = np.zeros((n, n)), np.arange(n - 1)
    mass[i, i] += width / 3
    mass[i + 1, i + 1] += width / 3
    mass[i, i + 1] = mass[i + 1, i] = width / 6
    bend = _second_derivatives(knots)
    return np.asarray(bend.T @ mass @ bend)


def centring(basis: Array) -> tuple[float, ...]:
    """Return the map, row by row, onto the combinations of columns that sum to zero."""
    means = basis.mean(axis=0)
    rotation = np.linalg.qr(means[:, None], mode="complete")[0]
    return tuple(float(v) for v in rotation[:, 1:].ravel())
