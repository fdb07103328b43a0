"""Sparse triangular systems, written by rows: who each node is the sum of."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import spsolve_triangular

type Array = NDArray[np.float64]


def unit_lower(parents: NDArray[np.integer], weights: Any) -> sp.csr_matrix:
    """Return ``I - W`` of a system, shape (n, n).

    Parameters
    ----------
    parents : ndarray of int, shape (n, n_parents)
        -1 for none, otherwise below the row's own number; one parent may stand twice.
    weights : ndarray, shape (n, n_parents)
    """
    n = len(parents)
    rows, columns = np.nonzero(parents >= 0)
    weights = np.broadcast_to(np.asarray(weights, float), parents.shape)
    W = sp.csr_matrix(
        (weights[rows, columns], (rows, parents[rows, columns])), shape=(n, n), dtype=float
    )
    return sp.csr_matrix(sp.identity(n, format="csr") - W)


def descend(parents: NDArray[np.integer], weights: Any, x: Any) -> Array:
    """Solve ``(I - W) u = x``: pass values down from parents to children.

    Parameters
    ----------
    parents, weights : ndarray, shape (n, n_parents)
        As in :func:`unit_lower`.
    x : ndarray, shape (n, n_terms)

    Returns
    -------
    ndarray, shape (n, n_terms)
    """
    return _solve(unit_lower(parents, weights), np.asarray(x, float), lower=True)


def ascend(parents: NDArray[np.integer], weights: Any, x: Any) -> Array:
    """Solve ``(I - W)' v = x``: collect values from children to parents."""
    return _solve(sp.csr_matrix(unit_lower(parents, weights).T), np.asarray(x, float), lower=False)


def _solve(matrix: sp.csr_matrix, x: Array, lower: bool) -> Array:
    return np.asarray(spsolve_triangular(matrix, x, lower=lower, unit_diagonal=True))
