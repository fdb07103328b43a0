"""Sums over rows, compiled; values without columns stand for ones."""

from __future__ import annotations

from numba import njit


@njit(cache=True)
def products(weights, left, right, pair, out):
    """Add weight times outer product of two parts' values to each row's pair."""
    qa, qb = out.shape[1], out.shape[2]
    for i in range(len(weights)):
        k = pair[i]
        for a in range(qa):
            value = weights[i] * (left[i, a] if left.shape[1] else 1.0)
            for b in range(qb):
                out[k, a, b] += value * (right[i, b] if right.shape[1] else 1.0)


@njit(cache=True)
def gather(slope, values, index, out):
    """Add each row's derivative to the effects it used."""
    for i in range(len(slope)):
        for a in range(out.shape[1]):
            out[index[i], a] += slope[i] * (values[i, a] if values.shape[1] else 1.0)


@njit(cache=True)
def predict(eta, values, index, effects):
    """Add each row's effects to the predictor."""
    for i in range(len(eta)):
        for a in range(effects.shape[1]):
            eta[i] += effects[index[i], a] * (values[i, a] if values.shape[1] else 1.0)
