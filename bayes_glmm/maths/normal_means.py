r"""The mean of an inverse link over a normal predictor, in closed form or by quadrature.

Every function takes the predictor without its random part and the variance of that part,
arrays of one shape, and returns :math:`E[g^{-1}(\eta + v)]` for
:math:`v \sim N(0, \text{variance})`.

References
----------
.. [1] Trefethen & Weideman (2014). The exponentially convergent trapezoidal rule. *SIAM Review*
   56, 385-458. doi:10.1137/130932132
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from bayes_glmm.maths.density_maths import NUMPY
from bayes_glmm.maths.formulas import cloglog_inverse

type Array = NDArray[np.float64]
REACH = 8.0
PIECE = 16_384
FINEST = 6
ERROR = 1e-10
"""Absolute error of probabilities by quadrature, at standard deviations up to 40."""


def identity_mean(eta: Array, variance: Array) -> Array:
    """Return ``eta``."""
    return np.array(eta)


def exponential_mean(eta: Array, variance: Array) -> Array:
    """Return the mean of the log-normal distribution."""
    with np.errstate(over="ignore", under="ignore"):
        return np.exp(eta + 0.5 * variance)


def square_mean(eta: Array, variance: Array) -> Array:
    """Return the second moment."""
    return eta**2 + variance


def probit_mean(eta: Array, variance: Array) -> Array:
    """Return the probability that a normal number of variance ``1 + variance`` is below ``eta``."""
    return np.array(ndtr(eta / np.sqrt(1 + variance)))


@dataclass(frozen=True)
class Trapezoids:
    """The trapezoid rule on the standard normal scale.

    It converges geometrically for smooth functions. The number of nodes of an element depends
    on its own standard deviation alone, so results do not depend on what is computed together.

    Attributes
    ----------
    rule : callable
        ``(eta, sd, nodes, weights)``: the sum, with one exponential for all nodes.
    inverse : callable
        The inverse link, for sums node by node where factors would leave the range of floats.
    widest : float
        The standard deviation up to which 33 nodes are enough.
    """

    rule: Callable[[Array, Array, Array, Array], Array]
    inverse: Callable[[Array], Array]
    widest: float

    def __call__(self, eta: Array, variance: Array) -> Array:
        """Return the mean of each element."""
        total = np.empty(eta.size)
        flat_eta, flat_sd = eta.ravel(), np.sqrt(variance).ravel()
        level = self._refined(flat_sd)
        for k in np.unique(level):
            places = np.flatnonzero(level == k)
            nodes, weights = grid(32 * 2**k + 1)
            sum_up = self._plain if k == FINEST else self.rule
            for start in range(0, len(places), PIECE):
                piece = places[start : start + PIECE]
                total[piece] = sum_up(flat_eta[piece], flat_sd[piece], nodes, weights)
        return total.reshape(eta.shape)

    def _refined(self, sd: Array) -> NDArray[np.intp]:
        """Return how often the rule's step is halved for each standard deviation."""
        with np.errstate(divide="ignore"):
            level = np.ceil(np.log2(sd / self.widest))
        return np.clip(level, 0, FINEST).astype(np.intp)

    def _plain(self, eta: Array, sd: Array, nodes: Array, weights: Array) -> Array:
        total = np.zeros_like(eta)
        for z, weight in zip(nodes, weights, strict=True):
            total += weight * self.inverse(eta + sd * z)
        return total


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


def _exponential(x: Array) -> Array:
    """Exponentiate; beyond what floats hold, these probabilities are zero or one."""
    return np.exp(np.clip(x, -700.0, 700.0))


def _cloglog_inverse(eta: Array) -> Array:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(cloglog_inverse(NUMPY, eta))


logit_mean = Trapezoids(_logit_rule, expit, 1.3)
cloglog_mean = Trapezoids(_cloglog_rule, _cloglog_inverse, 0.65)


def mean_over(function: Callable[[Array], Array], eta: Array, variance: Array) -> Array:
    """Return the mean of a smooth positive function of the predictor over the random part.

    The trapezoid rule reaches further up by the largest standard deviation, because a
    mean that grows exponentially has its weight there.

    Parameters
    ----------
    function : callable
        Of the predictor.
    eta, variance : ndarray
        Predictor without, and variance of, the random part.

    Returns
    -------
    ndarray
        On the function's scale.
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
