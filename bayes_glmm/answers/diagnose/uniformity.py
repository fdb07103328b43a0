"""Whether numbers are uniform on (0, 1): empirical distribution functions with bands.

References
----------
.. [1] Säilynoja, Bürkner & Vehtari (2022). Graphical test for discrete uniformity and its
   applications in goodness-of-fit evaluation and multiple sample comparison. *Statistics and
   Computing* 32, 32. doi:10.1007/s11222-022-10090-6
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
POINTS, REPLICATIONS, SEED = 100, 5_000, 2022


@dataclass(frozen=True, eq=False)
class Ecdf:
    """Shares of numbers at most as large as each point, beside what uniform ones would have.

    Attributes
    ----------
    points, share : ndarray, shape (n_points,)
    low, high : ndarray, shape (n_points,)
        The shares of uniform numbers are within these everywhere with probability ``prob``.
    p_value : float
        Probability that uniform numbers leave their expectation somewhere by as much.
    """

    points: Array
    share: Array
    low: Array
    high: Array
    prob: float
    p_value: float


def ecdf(u: Array, prob: float = 0.95) -> Ecdf:
    """Compare numbers with uniform ones, everywhere at once.

    Parameters
    ----------
    u : ndarray, shape (n,)
        Independent numbers between 0 and 1.
    prob : float, default 0.95
        Simultaneous probability of the band.

    Returns
    -------
    Ecdf
    """
    from scipy.stats import binom

    n, points = len(u), _points(len(u))
    counts = np.searchsorted(np.sort(u), points, side="right")
    null = _tails_of_uniform(n)
    tail = _tails(counts, n, points)
    p_value = (1 + np.sum(null <= tail * (1 + 1e-12))) / (1 + len(null))
    edge = np.quantile(null, 1 - prob)
    low, high = binom.ppf(edge / 2, n, points), binom.isf(edge / 2, n, points)
    return Ecdf(points, counts / n, low / n, high / n, prob, float(p_value))


def holm(p_values: Array) -> Array:
    """Adjust p-values for their number, by Holm's step-down method."""
    order, n = np.argsort(p_values), len(p_values)
    stepped = np.maximum.accumulate(p_values[order] * (n - np.arange(n)))
    out = np.empty(n)
    out[order] = np.minimum(stepped, 1.0)
    return out


def _points(n: int) -> Array:
    k = min(n, POINTS)
    return np.arange(1, max(k, 2)) / max(k, 2)


def _tails(counts: NDArray[np.intp], n: int, points: Array) -> Array:
    """Return the smallest two-sided binomial tail over the points, the last axis."""
    from scipy.special import bdtr

    below = bdtr(counts, n, points)
    above = np.where(counts > 0, 1 - bdtr(np.maximum(counts - 1, 0), n, points), 1.0)
    return np.asarray(2 * np.minimum(below, above).min(axis=-1))


@cache
def _tails_of_uniform(n: int) -> Array:
    points = _points(n)
    cells = np.random.default_rng(SEED).multinomial(
        n, np.full(len(points) + 1, 1 / (len(points) + 1)), REPLICATIONS
    )
    return _tails(np.cumsum(cells[:, :-1], axis=1), n, points)
