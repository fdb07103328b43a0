"""Genotype calls of a block as numbers: missing ones imputed, centred, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Dosage:
    """A block of markers among the levels of a null model.

    Attributes
    ----------
    values : ndarray, shape (n_markers, n_levels)
        Counts of an allele, missing ones at the marker's mean, less ``centre``.
    frequency : ndarray, shape (n_markers,)
        Of the counted allele among the levels with calls.
    missing : ndarray of int, shape (n_markers,)
        Number of levels without a call.
    spread : ndarray, shape (n_markers,)
        Largest distance of a value from the first.
    """

    values: NDArray[Any]
    frequency: Array
    missing: NDArray[np.int64]
    spread: Array


def dosage(
    calls: NDArray[Any], places: NDArray[np.intp], weights: Array, kind: Any, *, centred: bool
) -> Dosage:
    """Read a block of calls.

    Parameters
    ----------
    calls : ndarray, shape (n_markers, n_ids)
        Negative and not-a-number are missing.
    places : ndarray of int, shape (n_levels,)
        Where each level is among the ids.
    weights : ndarray, shape (n_levels,)
        Rows of each level, over which values are centred.
    kind : dtype
    centred : bool
    """
    m = len(calls)
    values = np.empty((m, len(places)), kind)
    frequency, spread, missing = np.empty(m), np.empty(m), np.empty(m, np.int64)
    _fill(calls, places, weights, centred, values, frequency, spread, missing)
    return Dosage(values, frequency, missing, spread)


@njit(cache=True)
def _fill(calls, places, weights, centred, values, frequency, spread, missing):
    n, total_weight = len(places), weights.sum()
    for j in range(len(calls)):
        total, given = 0.0, 0
        low, high = np.inf, -np.inf
        for i in range(n):
            v = np.float64(calls[j, places[i]])
            if v >= 0:
                total += v
                given += 1
                low, high = min(low, v), max(high, v)
        mean = total / given if given else np.nan
        frequency[j] = mean / 2
        missing[j] = n - given
        spread[j] = high - low if given else 0.0
        shift = 0.0
        if centred:
            for i in range(n):
                v = np.float64(calls[j, places[i]])
                shift += weights[i] * (v if v >= 0 else mean)
            shift /= total_weight
        for i in range(n):
            v = np.float64(calls[j, places[i]])
            values[j, i] = (v if v >= 0 else mean) - shift
