"""Spline bases as plain arrays: B-splines and natural cubic splines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    The full basis sums to one, so that its first column is the intercept's.
    """
    from scipy.interpolate import BSpline

    low, high = boundary
    knots = np.array([low] * (degree + 1) + list(inner) + [high] * (degree + 1))
    return np.ascontiguousarray(BSpline.design_matrix(x, knots, degree).toarray()[:, 1:])


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
    inside = _through(k)
    slope = inside.derivative()
    basis = inside(np.clip(x, k[0], k[-1]))
    basis += np.minimum(x - k[0], 0.0)[:, None] * slope(k[0])
    basis += np.maximum(x - k[-1], 0.0)[:, None] * slope(k[-1])
    return np.asarray(basis)


def _through(knots: Array) -> Any:
    """Return the natural cubic splines that are one at one knot and zero at the others."""
    from scipy.interpolate import CubicSpline

    return CubicSpline(knots, np.eye(len(knots)), bc_type="natural")


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
    bend = _through(knots).derivative(2)(knots)
    return np.asarray(bend.T @ mass @ bend)


def centring(basis: Array) -> tuple[float, ...]:
    """Return the map, row by row, onto the combinations of columns that sum to zero."""
    means = basis.mean(axis=0)
    rotation = np.linalg.qr(means[:, None], mode="complete")[0]
    return tuple(float(v) for v in rotation[:, 1:].ravel())
