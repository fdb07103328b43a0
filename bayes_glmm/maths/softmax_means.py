"""The mean of shares of categories over normal predictors, one for each category."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from bayes_glmm.maths.normal_means import PIECE, grid

type Array = NDArray[np.float64]
type Places = NDArray[np.intp]
LINE, SOBOL, MOST_POINTS, STEEPEST = 129, 1024, 2500, 300.0
NODES, WIDEST_OF_NODES = (8, 13, 24, 48), (0.8, 1.3, 2.0)


def population_shares(eta: Array, sd: Array) -> Array:
    r"""Return the mean of the softmax of :math:`(0, \eta + \text{sd} \cdot z)`.

    The ``z`` are independent standard normals, one for each predictor that varies. One of
    them has the trapezoid rule, and few have a product of Gauss-Hermite rules, with more
    nodes where the standard deviations are larger: the absolute error is below 1e-5 up to
    standard deviations of 2. Where that takes too many points there are 1,024 scrambled
    Sobol points, always the same ones, with an error of about 4e-4.

    Parameters
    ----------
    eta, sd : ndarray, shape (..., n_categories - 1)

    Returns
    -------
    ndarray, shape (..., n_categories)
        Shares that sum to one.
    """
    varying = np.flatnonzero(sd.reshape(-1, sd.shape[-1]).any(axis=0))
    widths = np.ascontiguousarray(sd.reshape(-1, sd.shape[-1]).T)

    def sum_up(eta: Array, places: Places, points: Array, weights: Array) -> Array:
        return _shares(eta, widths[:, places], varying, points, weights)

    return _by_rule(eta, widths.max(axis=0), len(varying), sum_up)


def correlated_shares(eta: Array, root: Array) -> Array:
    r"""Return the mean of the softmax of :math:`(0, \eta + L z)`, by the rules of independent ones.

    Parameters
    ----------
    eta : ndarray, shape (..., n_categories - 1)
    root : ndarray, shape (n_categories - 1, n_categories - 1, ...)
        ``L``, by predictor and by standard normal.

    Returns
    -------
    ndarray, shape (..., n_categories)
        Shares that sum to one.
    """
    k = eta.shape[-1]
    root = root.reshape(k, k, -1)
    varying = np.flatnonzero(root.any(axis=(0, 2)))
    columns = root[:, varying]

    def sum_up(eta: Array, places: Places, points: Array, weights: Array) -> Array:
        moves, total = columns[:, :, places], np.zeros((k + 1, len(places)))
        for point, weight in zip(points, weights, strict=True):
            moved = np.tensordot(moves, point, (1, 0))
            odds = np.exp(np.clip(eta + moved, -STEEPEST, STEEPEST))
            whole = weight / (1.0 + odds.sum(axis=0))
            total[0] += whole
            total[1:] += odds * whole
        return total

    sd = np.sqrt((root**2).sum(axis=1)).max(axis=0)
    return _by_rule(eta, sd, len(varying), sum_up)


def _by_rule(eta: Array, sd: Array, dimensions: int, sum_up: Callable[..., Array]) -> Array:
    """Sum shares up piece by piece, each predictor by a rule for its standard deviation.

    Parameters
    ----------
    eta : ndarray, shape (..., n_categories - 1)
    sd : ndarray, shape (n_elements,)
        The largest of each element's predictors.
    dimensions : int
        Number of standard normals.
    sum_up : callable
        ``(eta, places, points, weights)``: the shares of some elements, by category.

    Returns
    -------
    ndarray, shape (..., n_categories)
    """
    shape, flat = eta.shape[:-1], np.ascontiguousarray(eta.reshape(-1, eta.shape[-1]).T)
    nodes = np.array(NODES)[np.searchsorted(WIDEST_OF_NODES, sd)]
    shares = np.empty((len(flat) + 1, flat.shape[1]))
    for n in np.unique(nodes):
        places = np.flatnonzero(nodes == n)
        rule = normal_points(dimensions, int(n))
        for start in range(0, len(places), PIECE):
            piece = places[start : start + PIECE]
            shares[:, piece] = sum_up(flat[:, piece], piece, *rule)
    return np.ascontiguousarray(shares.T).reshape(*shape, -1)


def _shares(
    eta: Array, sd: Array, varying: NDArray[np.intp], points: Array, weights: Array
) -> Array:
    """Sum the shares over the points; predictors are clipped so that exponentials stay finite."""
    total, whole = np.zeros((len(eta) + 1, eta.shape[1])), np.empty(eta.shape[1])
    odds = np.exp(np.clip(eta, -STEEPEST, STEEPEST))
    last = np.full(len(varying), np.nan)
    for point, weight in zip(points, weights, strict=True):
        for k, z, before in zip(varying, point, last, strict=True):
            if z != before:
                np.multiply(sd[k], z, out=odds[k])
                odds[k] += eta[k]
                np.clip(odds[k], -STEEPEST, STEEPEST, out=odds[k])
                np.exp(odds[k], out=odds[k])
        last = point
        np.sum(odds, axis=0, out=whole)
        whole += 1.0
        np.divide(weight, whole, out=whole)
        total[0] += whole
        for k, value in enumerate(odds):
            total[k + 1] += value * whole
    return total


@cache
def normal_points(dimensions: int, nodes: int) -> tuple[Array, Array]:
    """Return points of independent standard normals and their weights, which sum to one.

    Parameters
    ----------
    dimensions : int
    nodes : int
        In each of several dimensions, where a product of rules is not too large.

    Returns
    -------
    points : ndarray, shape (n_points, dimensions)
    weights : ndarray, shape (n_points,)
    """
    if dimensions == 0:
        return np.zeros((1, 0)), np.ones(1)
    if dimensions == 1:
        line, weights = grid(LINE)
        return line[:, None], weights
    if nodes**dimensions <= MOST_POINTS:
        line, weights = np.polynomial.hermite_e.hermegauss(nodes)
        every = np.meshgrid(*[line] * dimensions, indexing="ij")
        each = np.meshgrid(*[weights / weights.sum()] * dimensions, indexing="ij")
        return np.stack(every, axis=-1).reshape(-1, dimensions), np.prod(each, axis=0).ravel()
    from scipy.stats import qmc

    sobol = qmc.Sobol(dimensions, rng=np.random.default_rng(0)).random(SOBOL)
    return ndtri(sobol), np.full(SOBOL, 1 / SOBOL)


def method(predictors: int) -> str:
    """Say how the mean is computed.

    Parameters
    ----------
    predictors : int
        How many categories have random effects in a predictor of their own.

    Returns
    -------
    str
    """
    rules = {1: f"trapezoid rule, {LINE} nodes", 2: "product of Gauss-Hermite rules"}
    return rules.get(predictors, f"Gauss-Hermite rules, or quasi-Monte Carlo with {SOBOL} points")
