"""Genotype calls of a block as numbers: missing ones imputed, centred, counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer

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
        Single or double precision.
    centred : bool
    """
    (m, ids), n = calls.shape, len(places)
    if n and not 0 <= int(places.min()) <= int(places.max()) < ids:
        raise IndexError(f"places from {places.min()} to {places.max()} among {ids} ids")
    if weights.shape != (n,):
        raise ValueError(f"weights of shape {weights.shape} for {n} levels")
    given, what = (np.int8, "counts") if calls.dtype == np.int8 else (np.float64, "numbers")
    calls, places = np.ascontiguousarray(calls, given), np.ascontiguousarray(places, np.int64)
    values, row = np.empty((m, n), kind), np.empty(n)
    frequency, spread, missing = np.empty(m), np.empty(m), np.empty(m, np.int64)
    precision = {4: "single", 8: "double"}[values.itemsize]
    fill = entry(
        f"dosage_{what}_{precision}",
        None,
        *(INTEGER,) * 3,
        *(ADDRESS,) * 3,
        INTEGER,
        *(ADDRESS,) * 5,
    )
    fill(
        m, ids, n, pointer(calls, given), pointer(places, np.int64), pointer(weights), bool(centred),
        pointer(row), pointer(values, kind), pointer(frequency), pointer(spread),
        pointer(missing, np.int64),
    )  # fmt: skip
    return Dosage(values, frequency, missing, spread)
