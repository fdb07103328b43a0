"""The diagonal of a sparse matrix's inverse, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def recurse(indptr: Any, indices: Any, data: Any, d: Any) -> Any:
    """Return the diagonal of ``(L diag(d) L')^-1``.

    Takahashi's recursion from the last column to the first; it needs the inverse only
    where the factor has entries.

    Parameters
    ----------
    indptr, indices, data : ndarray
        Columns of L below its unit diagonal, rows ascending.
    d : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
    """
    n = len(d)
    inverse = np.zeros(len(data))
    diagonal = np.zeros(n)
    row_of = np.zeros(n)
    for j in range(n - 1, -1, -1):
        begin, end = indptr[j], indptr[j + 1]
        for a in range(begin, end):
            row_of[indices[a]] = 0.0
        for a in range(begin, end):
            k = indices[a]
            row_of[k] -= data[a] * diagonal[k]
            b = a + 1
            for c in range(indptr[k], indptr[k + 1]):
                while b < end and indices[b] < indices[c]:
                    b += 1
                if b == end:
                    break
                if indices[b] == indices[c]:
                    row_of[k] -= data[b] * inverse[c]
                    row_of[indices[b]] -= data[a] * inverse[c]
        total = 1.0 / d[j]
        for a in range(begin, end):
            inverse[a] = row_of[indices[a]]
            total -= data[a] * inverse[a]
        diagonal[j] = total
    return diagonal
