"""The diagonal of a sparse matrix's inverse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer, present

type Array = NDArray[np.float64]
type Places = NDArray[np.integer]
AT_ONCE = 256
"""Columns of the factor's inverse that are solved together where there is no library."""


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
    if not present():
        return _by_columns(indptr, indices, data, d)
    begins, rows = (np.ascontiguousarray(a, np.int32) for a in (indptr, indices))
    data, d = (np.ascontiguousarray(a, np.float64) for a in (data, d))
    inverse, row_of, diagonal = np.zeros(m), np.zeros(n), np.zeros(n)
    entry("inverse_diagonal", None, INTEGER, *(ADDRESS,) * 7)(
        n, pointer(begins, np.int32), pointer(rows, np.int32), pointer(data), pointer(d),
        pointer(inverse), pointer(row_of), pointer(diagonal),
    )  # fmt: skip
    return diagonal


def _by_columns(indptr: Places, indices: Places, data: Array, d: Array) -> Array:
    """Return the same from the columns of L's inverse, for machines without a library."""
    from scipy import sparse
    from scipy.sparse.linalg import spsolve_triangular

    n = len(d)
    lower = sparse.csr_matrix(sparse.csc_matrix((data, indices, indptr), (n, n))) + sparse.eye(n)
    diagonal = np.zeros(n)
    for block in np.array_split(np.arange(n), n // AT_ONCE + 1):
        unit = np.zeros((n, len(block)))
        unit[block, np.arange(len(block))] = 1.0
        column = spsolve_triangular(sparse.csr_matrix(lower), unit, unit_diagonal=True)
        diagonal[block] = (column**2 / d[:, None]).sum(axis=0)
    return diagonal
