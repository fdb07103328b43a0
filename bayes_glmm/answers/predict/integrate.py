"""The mean response over a normal random part, in closed form or by quadrature."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from bayes_glmm.errors import ArgumentError
from bayes_glmm.maths.links import Link

type Array = NDArray[np.float64]
REACH = 8.0
PIECE = 16_384
FINEST = 6
CLOSED = ("identity", "log", "sqrt", "probit")
WIDEST = {"logit": 1.3, "cloglog": 0.65}
LINE, SOBOL, MOST_POINTS, STEEPEST = 129, 1024, 2500, 300.0
NODES, WIDEST_OF_NODES = (8, 13, 24, 48), (0.8, 1.3, 2.0)
ERROR = 1e-10
"""Absolute error of probabilities by quadrature, at standard deviations up to 40."""


def population_mean(link: Link, eta: Array, variance: Array) -> Array:
    r"""Return :math:`E[g^{-1}(\eta + v)]` for :math:`v \sim N(0, \text{variance})`.

    The identity, log, sqrt and probit links have closed forms. The others use the
    trapezoid rule on the standard normal scale, which converges geometrically for
    these smooth functions. The number of nodes of an element depends on its own
    standard deviation alone, so results do not depend on what is computed together.

    Parameters
    ----------
    link : Link
    eta, variance : ndarray
        Predictor without, and variance of, the random part; they broadcast.

    Returns
    -------
    ndarray
        Response scale.

    Raises
    ------
    ArgumentError
        The mean over groups does not exist: the inverse link.

    References
    ----------
    .. [1] Trefethen & Weideman (2014). The exponentially convergent trapezoidal
       rule. *SIAM Review* 56, 385-458. doi:10.1137/130932132
    """
    eta, variance = np.broadcast_arrays(np.asarray(eta, float), np.asarray(variance, float))
    if not variance.any():
        return np.array(link.inverse(eta))
    match link.name:
        case "identity":
            return np.array(eta)
        case "log":
            return np.array(link.inverse(eta + 0.5 * variance))
        case "sqrt":
            return eta**2 + variance
        case "probit":
            return np.array(ndtr(eta / np.sqrt(1 + variance)))
        case "logit" | "cloglog":
            return _quadrature(link, eta, np.sqrt(variance))
    raise ArgumentError(
        f"With the {link.name} link the mean over a population of groups does not exist; "
        "use groups='known' or 'typical'."
    )


def population_mean_of(function: Callable[[Array], Array], eta: Array, variance: Array) -> Array:
    """Return the mean of a smooth positive function of the predictor over the random part.

    The trapezoid rule reaches further up by the largest standard deviation, because a
    mean that grows exponentially has its weight there.
    """
    sd = np.sqrt(variance)
    step = 2 * REACH / 256
    nodes = np.arange(-REACH, REACH + float(np.max(sd, initial=0.0)) + step, step)
    weights = np.exp(-0.5 * nodes**2)
    if not sd.any():
        return function(eta + 0 * sd)
    total = np.zeros(())
    for z, weight in zip(nodes, weights / weights.sum(), strict=True):
        total = total + weight * function(eta + sd * z)
    return total


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
    shape, varying = eta.shape[:-1], np.flatnonzero(sd.reshape(-1, sd.shape[-1]).any(axis=0))
    eta, sd = (np.ascontiguousarray(v.reshape(-1, v.shape[-1]).T) for v in (eta, sd))
    nodes = np.array(NODES)[np.searchsorted(WIDEST_OF_NODES, sd.max(axis=0))]
    found = np.empty((len(eta) + 1, eta.shape[1]))
    for n in np.unique(nodes):
        places = np.flatnonzero(nodes == n)
        rule = normal_points(len(varying), int(n))
        for start in range(0, len(places), PIECE):
            piece = places[start : start + PIECE]
            found[:, piece] = _shares(eta[:, piece], sd[:, piece], varying, *rule)
    return np.ascontiguousarray(found.T).reshape(*shape, -1)


def _shares(
    eta: Array, sd: Array, varying: NDArray[np.intp], points: Array, weights: Array
) -> Array:
    """Sum the shares over the points; predictors are held where exponentials are finite."""
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


def method(link: Link, proportional: bool = True, predictors: int = 0) -> str:
    """Say how the mean over the population is computed, and how exactly.

    Parameters
    ----------
    predictors : int, default 0
        How many categories have random effects in a predictor of their own.
    """
    if predictors:
        rules = {1: f"trapezoid rule, {LINE} nodes", 2: "product of Gauss-Hermite rules"}
        return rules.get(
            predictors, f"Gauss-Hermite rules, or quasi-Monte Carlo with {SOBOL} points"
        )
    if not proportional:
        return "trapezoid rule, 16 nodes to a standard deviation"
    if link.name in CLOSED:
        return "closed form"
    return f"trapezoid rule, absolute error below {ERROR:g}"


def _quadrature(link: Link, eta: Array, sd: Array) -> Array:
    total = np.empty(eta.size)
    flat_eta, flat_sd = eta.ravel(), sd.ravel()
    level = levels_of_refinement(link.name, flat_sd)
    for k in np.unique(level):
        places = np.flatnonzero(level == k)
        nodes, weights = grid(32 * 2**k + 1)
        for start in range(0, len(places), PIECE):
            piece = places[start : start + PIECE]
            where = (flat_eta[piece], flat_sd[piece], nodes, weights)
            total[piece] = _plain_rule(link, *where) if k == FINEST else _RULES[link.name](*where)
    return total.reshape(eta.shape)


def levels_of_refinement(name: str, sd: Array) -> NDArray[np.intp]:
    """Return how often the rule's step is halved for each standard deviation."""
    with np.errstate(divide="ignore"):
        level = np.ceil(np.log2(sd / WIDEST[name]))
    return np.clip(level, 0, FINEST).astype(np.intp)


@cache
def grid(n: int) -> tuple[Array, Array]:
    """Return nodes and weights on the standard normal scale; the weights sum to one."""
    nodes = np.linspace(-REACH, REACH, n)
    weights = np.exp(-0.5 * nodes**2)
    return nodes, weights / weights.sum()


def _logit_rule(eta: Array, sd: Array, nodes: Array, weights: Array) -> Array:
    """Sum ``w / (1 + exp(-eta - sd z))``; the exponential grows by one factor a node."""
    odds = _exponential(-eta - sd * nodes[0])
    factor = np.exp(-sd * (nodes[1] - nodes[0]))
    total, term = np.zeros_like(eta), np.empty_like(eta)
    for weight in weights:
        np.add(odds, 1.0, out=term)
        np.divide(weight, term, out=term)
        total += term
        odds *= factor
    return total


def _cloglog_rule(eta: Array, sd: Array, nodes: Array, weights: Array) -> Array:
    """Sum ``w (1 - exp(-exp(eta + sd z)))``; the hazard grows by one factor a node."""
    hazard = _exponential(eta + sd * nodes[0])
    factor = np.exp(sd * (nodes[1] - nodes[0]))
    total, term = np.zeros_like(eta), np.empty_like(eta)
    with np.errstate(over="ignore", under="ignore"):
        for weight in weights:
            np.negative(hazard, out=term)
            np.expm1(term, out=term)
            term *= -weight
            total += term
            hazard *= factor
    return total


def _plain_rule(link: Link, eta: Array, sd: Array, nodes: Array, weights: Array) -> Array:
    """Sum node by node, where the factors would leave the range of floats."""
    total = np.zeros_like(eta)
    for z, weight in zip(nodes, weights, strict=True):
        total += weight * link.inverse(eta + sd * z)
    return total


def _exponential(x: Array) -> Array:
    """Exponentiate; beyond what floats hold, these probabilities are zero or one."""
    return np.exp(np.clip(x, -700.0, 700.0))


_RULES: dict[str, Callable[[Array, Array, Array, Array], Array]] = {
    "logit": _logit_rule,
    "cloglog": _cloglog_rule,
}
