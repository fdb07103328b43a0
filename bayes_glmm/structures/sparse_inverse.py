"""The diagonal of a sparse matrix's inverse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer

type Array = NDArray[np.float64]
type Places = NDArray[np.integer]


def recurse(indptr: Places, indices: Places, data: Array, d: Array) -> Array:
    """Return the diagonal of ``(L diag(d) L')^-1``.

    Takahashi's recursion goes from the last column to the first, and needs the inverse only
    where the factor has entries.

    Parameters
    ----------
    indptr, indices, data : ndarray
        Columns of L below its unit diagonal, rows ascending.
    d : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    ValueError
        These are no columns below a diagonal.
    """
    n, m = len(d), len(data)
    column = np.repeat(np.arange(n), np.diff(indptr)) if len(indptr) == n + 1 else np.zeros(0)
    if len(column) != m or len(indices) != m or ((indices <= column) | (indices >= n)).any():
        raise ValueError("columns below a unit diagonal are needed")
    begins, rows = (np.ascontiguousarray(a, np.int32) for a in (indptr, indices))
    data, d = (np.ascontiguousarray(a, np.float64) for a in (data, d))
    inverse, row_of, diagonal = np.zeros(m), np.zeros(n), np.zeros(n)
    entry("inverse_diagonal", None, INTEGER, *(ADDRESS,) * 7)(
        n, pointer(begins, np.int32), pointer(rows, np.int32), pointer(data), pointer(d),
        pointer(inverse), pointer(row_of), pointer(diagonal),
    )  # fmt: skip
    return diagonal
