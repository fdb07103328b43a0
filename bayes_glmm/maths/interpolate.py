"""Functions of one parameter at thousands of draws, from their values at a few of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

SIZES = (16, 32, 64)
PROBES = 6
ACCURACY = 1e-8
FEWEST = 3


def over_draws(
    at: Callable[[float], Array], draws: Array, select: Callable[[float, int], Array]
) -> Array | None:
    """Interpolate a smooth function between Chebyshev points of its parameter.

    Parameters
    ----------
    at : callable
        Parameter -> values for every draw, shape (n_draws, ...), or for none of them in
        particular, shape (1, ...).
    draws : ndarray, shape (n_draws,)
        Positive.
    select : callable
        Parameter and number of a draw -> its value, exactly.

    Returns
    -------
    ndarray, shape (n_draws, ...), or None
        ``None`` where there are too few draws to gain anything, or where 64 points are
        not enough for eight digits at the draws that are tried.
    """
    where = _even(draws)
    low, high = float(where.min()), float(where.max())
    extremes = [int(where.argmin()), int(where.argmax())]
    inside = np.random.default_rng(0).integers(len(draws), size=PROBES).tolist()
    probes = sorted({*extremes, *inside})
    exact = None
    for size in SIZES:
        if len(draws) < FEWEST * size:
            return None
        if exact is None:
            exact = np.stack([select(float(draws[d]), d) for d in probes])
        nodes, weights = _chebyshev(where, low, high, size)
        found: Array | float = 0.0
        for k, node in enumerate(nodes):
            value = at(_back(draws, float(node)))
            shape = (len(draws), *(1 for _ in value.shape[1:]))
            found = found + weights[:, k].reshape(shape) * value
        scale = float(np.abs(exact).max())
        if np.abs(np.asarray(found)[probes] - exact).max() <= ACCURACY * scale:
            return np.asarray(found)
    return None


def _even(draws: Array) -> Array:
    """Return the logit of shares and the logarithm of other values."""
    return np.log(draws) - np.log1p(-draws) if draws.max() < 1 else np.log(draws)


def _back(draws: Array, where: float) -> float:
    return float(1 / (1 + np.exp(-where))) if draws.max() < 1 else float(np.exp(where))


def _chebyshev(where: Array, low: float, high: float, size: int) -> tuple[Array, Array]:
    """Return points, and the weight of each at every draw, shape (n_draws, size)."""
    angle = (2 * np.arange(size) + 1) * np.pi / (2 * size)
    half = max((high - low) / 2, 1e-12)
    points = (low + high) / 2 + half * np.cos(angle)
    sign = np.sin(angle) * (-1.0) ** np.arange(size)
    gap = where[:, None] - points
    hit = np.abs(gap) < 1e-14 * max(abs(low), abs(high), half)
    ratio = sign / np.where(hit, 1.0, gap)
    weights = ratio / ratio.sum(axis=1, keepdims=True)
    on = hit.any(axis=1)
    weights[on] = hit[on]
    return points, weights
