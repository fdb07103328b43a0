"""Sparse factors of a map's graph: how an intrinsic field is drawn, and its variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from bayes_glmm.model.blocks.areal import Cascade
from bayes_glmm.structures.adjacency import Graph

type Array = NDArray[np.float64]
type Places = NDArray[np.int64]
WIDTH = 8


def elimination_order(graph: Graph) -> Places:
    """Return the areas in an order with little fill, one area of each component left out.

    The first area of a component is the one left out: its value is zero until the
    component is centred.
    """
    pinned = np.unique(graph.component, return_index=True)[1]
    free = np.setdiff1d(np.arange(len(graph.labels)), pinned)
    if not len(free):
        return free.astype(np.int64)
    found = splu(
        precision(graph)[free][:, free].tocsc(),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0,
        options={"SymmetricMode": True},
    )
    return free[np.argsort(found.perm_c)].astype(np.int64)


def precision(graph: Graph) -> sp.csr_matrix:
    """Return the graph's Laplacian: numbers of neighbours less the neighbours."""
    W = graph.neighbours
    return sp.csr_matrix(sp.diags(np.asarray(W.sum(axis=1)).ravel()) - W)


def factor(graph: Graph, order: Places) -> tuple[sp.csc_matrix, Array]:
    """Return L and d with ``Q = L diag(d) L'`` for the areas in that order."""
    Q = precision(graph)[order][:, order].tocsc()
    found = splu(Q, permc_spec="NATURAL", diag_pivot_thresh=0, options={"SymmetricMode": True})
    return sp.csc_matrix(found.L), np.asarray(found.U.diagonal())


def cascade(L: sp.csc_matrix) -> Cascade:
    """Return ``x = L^-T b`` as passes from later rows to earlier ones.

    The rows of the result are in the reverse of the order of ``L``.
    """
    n = L.shape[0]
    lower = sp.csr_matrix(sp.tril(L, -1).T)[::-1][:, ::-1]
    lower = sp.csr_matrix(lower)
    lower.sort_indices()
    counts = np.diff(lower.indptr)
    chain = WIDTH - 1
    links = np.maximum(-(-counts // chain), 1)
    ends = np.cumsum(links)
    rows = np.repeat(np.arange(n), counts)
    number = np.arange(lower.nnz) - lower.indptr[rows]
    node = ends[rows] - links[rows] + number // chain
    parents = np.full((int(ends[-1]) if n else 0, WIDTH), -1, dtype=np.int64)
    weights = np.zeros(parents.shape)
    parents[node, 1 + number % chain] = ends[lower.indices] - 1
    weights[node, 1 + number % chain] = -lower.data
    follows = np.setdiff1d(np.arange(len(parents)), ends - links)
    parents[follows, 0], weights[follows, 0] = follows - 1, 1.0
    return Cascade(parents, weights, (ends - 1).astype(np.int64))


def variances(graph: Graph, order: Places) -> Array:
    """Return the diagonal of the Laplacian's generalized inverse, shape (n_areas,).

    Exact; time and memory are those of the sparse factor. Areas without a neighbour
    have zero.

    References
    ----------
    .. [1] Rue H, Martino S (2007). Approximate Bayesian inference for hierarchical
       Gaussian Markov random field models. doi:10.1016/j.jspi.2006.07.016
    """
    n = len(graph.labels)
    if not len(order):
        return np.zeros(n)
    L, d = factor(graph, order)
    diagonal, ones, total = np.zeros(n), np.zeros(n), graph.component
    diagonal[order] = _inverse_diagonal(L, d)
    flat = sp.csc_matrix(L)
    ones[order] = _solve(flat, d, np.ones(len(order)))
    size = np.bincount(total)
    whole = np.bincount(total, weights=ones)
    centred = diagonal - 2 * ones / size[total] + whole[total] / size[total] ** 2
    return np.where(graph.island, 0.0, centred)


def _solve(L: sp.csc_matrix, d: Array, b: Array) -> Array:
    from scipy.sparse.linalg import spsolve_triangular

    half: Any = spsolve_triangular(sp.csr_matrix(L), b, lower=True, unit_diagonal=True) / d
    return np.asarray(spsolve_triangular(sp.csr_matrix(L.T), half, lower=False, unit_diagonal=True))


def _inverse_diagonal(L: sp.csc_matrix, d: Array) -> Array:
    """Return the diagonal of the inverse, by recursion over the factor's own entries."""
    from bayes_glmm.structures.sparse_inverse import recurse

    lower = sp.csc_matrix(sp.tril(L, -1))
    lower.sort_indices()
    return recurse(lower.indptr, lower.indices, lower.data, d)
