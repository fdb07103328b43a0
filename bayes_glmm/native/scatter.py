"""Sums over rows by the unit that a row belongs to; values without columns stand for ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer

type Array = NDArray[np.float64]
type Units = NDArray[np.int32]


def products(weights: Array, left: Array, right: Array, pair: Units, out: Array) -> None:
    """Add weight times outer product of two parts' values to each row's pair.

    Parameters
    ----------
    weights : ndarray, shape (n_rows,)
    left : ndarray, shape (n_rows, a) or (n_rows, 0)
    right : ndarray, shape (n_rows, b) or (n_rows, 0)
    pair : ndarray of int32, shape (n_rows,)
        From 0 to ``n_pairs - 1``.
    out : ndarray, shape (n_pairs, a, b)
        Added to in place.
    """
    n, (pairs, a, b) = len(weights), out.shape
    _check(pair, n, pairs)
    call = entry("products", None, *(INTEGER,) * 3, *(ADDRESS,) * 5)
    call(
        n, a, b, pointer(weights), _values(left, n, a), _values(right, n, b),
        pointer(pair, np.int32), pointer(out),
    )  # fmt: skip


def gather(slope: Array, values: Array, index: Units, out: Array) -> None:
    """Add each row's derivative to the effects it used.

    Parameters
    ----------
    slope : ndarray, shape (n_rows,)
    values : ndarray, shape (n_rows, width) or (n_rows, 0)
    index : ndarray of int32, shape (n_rows,)
        From 0 to ``units - 1``.
    out : ndarray, shape (units, width)
        Added to in place.
    """
    n, (units, width) = len(slope), out.shape
    _check(index, n, units)
    call = entry("gather", None, INTEGER, INTEGER, *(ADDRESS,) * 4)
    call(
        n, width, pointer(slope), _values(values, n, width), pointer(index, np.int32), pointer(out)
    )


def predict(eta: Array, values: Array, index: Units, effects: Array) -> None:
    """Add each row's effects to the predictor.

    Parameters
    ----------
    eta : ndarray, shape (n_rows,)
        Added to in place.
    values : ndarray, shape (n_rows, width) or (n_rows, 0)
    index : ndarray of int32, shape (n_rows,)
        From 0 to ``units - 1``.
    effects : ndarray, shape (units, width)
    """
    n, (units, width) = len(eta), effects.shape
    _check(index, n, units)
    effects = np.ascontiguousarray(effects, np.float64)
    call = entry("predict", None, INTEGER, INTEGER, *(ADDRESS,) * 4)
    call(
        n, width, pointer(eta), _values(values, n, width), pointer(index, np.int32),
        pointer(effects),
    )  # fmt: skip


def _values(values: Array, n: int, width: int) -> int | None:
    """Return where values lie; nowhere for ones."""
    if values.shape not in ((n, width), (n, 0)):
        raise ValueError(f"values have shape {values.shape}, not {(n, width)} or {(n, 0)}")
    return pointer(values) if values.shape[1] else None


def _check(index: Units, n: int, units: int) -> None:
    """Refuse an index that leads out of an array."""
    if index.shape != (n,):
        raise ValueError(f"an index of shape {index.shape} for {n} rows")
    if n and not 0 <= int(index.min()) <= int(index.max()) < units:
        raise IndexError(f"units from {index.min()} to {index.max()} among {units}")
