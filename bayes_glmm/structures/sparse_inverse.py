"""The diagonal of a sparse matrix's inverse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer, present

type Array = NDArray[np.float64]
type Places = NDArray[np.integer]
AT_ONCE = 256
"""Columns of an inverse that are solved together where there is no library."""


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

    n = len(d)
    lower = sparse.csr_matrix(sparse.csc_matrix((data, indices, indptr), (n, n))) + sparse.eye(n)
    diagonal = np.zeros(n)
    for block, found in columns_of_inverse(sparse.csr_matrix(lower), np.arange(n), lower=True):
        diagonal[block] = (found**2 / d[:, None]).sum(axis=0)
    return diagonal


def columns_of_inverse(
    triangle: Any, places: Places, *, lower: bool
) -> Iterator[tuple[Places, Array]]:
    """Yield columns of the inverse of a sparse triangle with a unit diagonal, some at a time.

    Parameters
    ----------
    triangle : csr_matrix, shape (n, n)
    places : ndarray of int
        Which columns.
    lower : bool
        Whether its entries are below the diagonal.

    Yields
    ------
    block : ndarray of int
        Some of the places.
    found : ndarray, shape (n, n_block)
    """
    from scipy.sparse.linalg import spsolve_triangular

    for block in np.array_split(places, len(places) // AT_ONCE + 1):
        unit = np.zeros((triangle.shape[0], len(block)))
        unit[block, np.arange(len(block))] = 1.0
        yield block, spsolve_triangular(triangle, unit, lower=lower, unit_diagonal=True)
