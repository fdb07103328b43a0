"""How much of a response's variance each part of a normal random effect makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Response = Callable[[Array], tuple[Array, Array]]
REACH = 8.0
STEP = 0.5
WIDEST = 0.75
TERMS = 40
MOST_NODES = 2_000


@dataclass(frozen=True, eq=False)
class Rule:
    """Nodes of the trapezoid rule on the standard normal scale.

    Attributes
    ----------
    nodes, weights : ndarray, shape (n_nodes,)
        The weights sum to one.
    basis : ndarray, shape (TERMS + 1, n_nodes)
        Weights times the orthonormal Hermite polynomials.
    """

    nodes: Array
    weights: Array
    basis: Array

    @classmethod
    def of(cls, sd: float, *, bounded: bool) -> Rule:
        """Return a rule for functions of ``sd * z`` that are bounded, or grow like exponentials.

        The step shrinks as the largest standard deviation grows; where the function
        is unbounded, its square has its weight up to two standard deviations further out.
        """
        reach = REACH + (0.0 if bounded else 2.0 * sd)
        step = min(STEP, WIDEST / max(sd, 1e-300))
        n = int(min(np.ceil(2 * reach / step), MOST_NODES))
        nodes = np.linspace(-reach, reach, n + 1)
        weights = np.exp(-0.5 * nodes**2)
        weights /= weights.sum()
        return cls(nodes, weights, hermite(nodes, TERMS) * weights)


def hermite(x: Array, degree: int) -> Array:
    """Return the Hermite polynomials that are orthonormal under the standard normal.

    Returns
    -------
    ndarray, shape (degree + 1, len(x))
    """
    found = [np.ones_like(x), x]
    for k in range(1, degree):
        found.append((x * found[k] - np.sqrt(k) * found[k - 1]) / np.sqrt(k + 1))
    return np.array(found[: degree + 1])


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and variances of a response over its random part, one per draw and row.

    Attributes
    ----------
    mean : ndarray
        E[y].
    total : ndarray
        Variance of E[y | random part].
    parts : list of ndarray
        Variance of E[y | one part], the others averaged over.
    noise : ndarray
        Mean of Var[y | random part].
    rest : float
        Bound of what the series leaves out of ``parts``, as a share of the variance.
    """

    mean: Array
    total: Array
    parts: list[Array]
    noise: Array
    rest: float


def moments(
    response: Response,
    eta: Array,
    spread: Array,
    parts: Sequence[Array],
    rule: Rule,
) -> Moments:
    r"""Split the variance of :math:`f(\eta + v)` among the parts that sum to :math:`v`.

    With :math:`a_k` the coefficients of :math:`f(\eta + \sigma z)` in orthonormal
    Hermite polynomials, a part with the share :math:`\rho` of the variance
    :math:`\sigma^2` has :math:`Var(E[f | part]) = \sum_{k \ge 1} a_k^2 \rho^k`
    (Mehler's formula), so one quadrature serves all parts, whatever the link.

    Parameters
    ----------
    response : callable
        E[y] and Var[y] as functions of the predictor.
    eta : ndarray, shape (n_draws, n_rows)
        Predictor without the random part, link scale.
    spread : ndarray, shape (n_draws, n_rows)
        Variance of the whole random part.
    parts : sequence of ndarray, shape (n_draws, n_rows)
        Variance of each part.
    rule : Rule

    References
    ----------
    .. [1] de Villemereuil, Schielzeth, Nakagawa & Morrissey (2016). General methods for
       evolutionary quantitative genetic inference from generalized mixed models.
       *Genetics* 204, 1281-1294. doi:10.1534/genetics.115.186536
    """
    at = eta + np.sqrt(spread) * rule.nodes[:, None, None]
    values, variance = (np.broadcast_to(v, at.shape) for v in response(at))
    noise = np.tensordot(rule.weights, variance, 1)
    middle = np.tensordot(rule.weights, values, 1)
    values = values - middle
    total = np.tensordot(rule.weights, values**2, 1)
    shares = [np.divide(p, spread, out=np.zeros_like(spread), where=spread > 0) for p in parts]
    wholes = [share > 1 - 1e-12 for share in shares]
    power, left = np.zeros((1, *total.shape)), np.zeros_like(total)
    if any(((share > 0) & ~whole).any() for share, whole in zip(shares, wholes, strict=True)):
        power = np.tensordot(rule.basis[1:], values, 1) ** 2
        left = np.maximum(total - power.sum(axis=0), 0.0) / np.maximum(total + noise, 1e-300)
    found, rest = [], 0.0
    for share, whole in zip(shares, wholes, strict=True):
        inside = np.zeros_like(total)
        for term in power[::-1]:
            inside = (inside + term) * share
        found.append(np.where(whole, total, inside))
        bound = np.where(whole, 0.0, share ** (TERMS + 1) * left)
        rest = max(rest, float(np.max(bound, initial=0.0)))
    return Moments(middle, total, found, noise, rest)
