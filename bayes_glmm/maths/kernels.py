"""Correlations that fall with distance, and distances in the plane and on the earth."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths

type Array = NDArray[np.float64]

EARTH = 6371.0088
"""Mean radius of the earth, km."""
FAR = 700.0
"""Scaled distances are cut here, where every correlation is zero in double precision."""
NUGGET = {"exponential": 1e-10, "matern32": 1e-10, "matern52": 1e-8, "gaussian": 1e-6}
"""Share of the variance that is each place's own, so that close places can be told apart."""
DISTANCES = ("plane", "great_circle", "chord")


def _exponential(a: Any, maths: Maths) -> Any:
    return maths.exp(-a)


def _matern32(a: Any, maths: Maths) -> Any:
    a = np.sqrt(3.0) * a
    return (1 + a) * maths.exp(-a)


def _matern52(a: Any, maths: Maths) -> Any:
    a = np.sqrt(5.0) * a
    return (1 + a + a**2 / 3) * maths.exp(-a)


def _gaussian(a: Any, maths: Maths) -> Any:
    return maths.exp(-(a**2) / 2)


KERNELS: Mapping[str, Callable[[Any, Maths], Any]] = {
    "exponential": _exponential,
    "matern32": _matern32,
    "matern52": _matern52,
    "gaussian": _gaussian,
}


def correlation(kernel: str, distance: Array, reach: Any, maths: Maths) -> Any:
    """Return correlations at some distances; the diagonal of a matrix of them is one.

    Parameters
    ----------
    kernel : str
    distance : ndarray, shape (n, n)
    reach : scalar
        The parameter ``range``, in the unit of the distances.
    """
    nugget = NUGGET[kernel]
    scaled = maths.minimum(distance / reach, FAR)
    return (1 - nugget) * KERNELS[kernel](scaled, maths) + nugget * np.eye(len(distance))


def embed(points: Array, distance: str) -> Array:
    """Return coordinates in which distances are Euclidean.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        In the plane, or longitude and latitude in degrees.
    distance : {"plane", "great_circle", "chord"}

    Returns
    -------
    ndarray, shape (n, 2) or (n, 3)
        The points themselves, or in three dimensions on a sphere of radius one.
    """
    if distance == "plane":
        return points
    lon, lat = np.deg2rad(points).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def measure(straight: Array, distance: str) -> Array:
    """Convert Euclidean distances of embedded places (km on the earth)."""
    if distance == "plane":
        return straight
    if distance == "chord":
        return EARTH * straight
    return 2 * EARTH * np.arcsin(np.minimum(straight / 2, 1.0))


def distances(left: Array, right: Array, distance: str) -> Array:
    """Return distances between two sets of embedded places, shape (n_left, n_right)."""
    from scipy.spatial.distance import cdist

    return measure(cdist(left, right), distance)


def density(kernel: str, frequency: Array, reach: Any, maths: Maths, dimension: int = 2) -> Any:
    """Return the spectral density of a kernel in the plane, or on a line.

    Parameters
    ----------
    frequency : ndarray, shape (n,)
        Length of the angular frequency, radians per unit of distance.
    dimension : {1, 2}
    """
    if kernel == "gaussian":
        size = (2 * np.pi) ** (dimension / 2)
        return size * reach**dimension * maths.exp(-((reach * frequency) ** 2) / 2)
    nu = {"exponential": 0.5, "matern32": 1.5, "matern52": 2.5}[kernel]
    half = dimension / 2
    size = (2 * np.pi / nu) ** half * math.gamma(nu + half) / math.gamma(nu)
    scaled = reach**2 * frequency**2 / (2 * nu)
    return size * reach**dimension * maths.exp(-(nu + half) * maths.log(1 + scaled))
