"""Sparse Cholesky factors with a dense tail; the arithmetic is in ``native/sparse.h``.

A symmetric matrix and its factor share one vector of values: the diagonal of the
first ``tail`` columns, what is below it column by column, and then the dense block
of all later columns, column by column. Effects of grouped data fill such a matrix
little when the largest group is eliminated first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import spilu

from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer

type Array = NDArray[np.float64]
type Ints = NDArray[np.int64]

LARGEST_TAIL = 1500
BLOCK = 32
"""Columns of the dense block that are eliminated together, as in C."""
SPARSE_PRICE = 4.0


@dataclass(frozen=True, eq=False)
class Symbolic:
    """Where the entries of a factor are.

    Attributes
    ----------
    n : int
        Number of columns.
    tail : int
        First column of the dense block.
    edges : ndarray, shape (tail + 1,)
        Places in the vector of values where columns begin, below the diagonal.
    rows : ndarray
        Row of each value below the diagonal.
    targets : ndarray
        Place that each product of two entries of a column is taken from.
    size : int
        Length of the vector of values.
    """

    n: int
    tail: int
    edges: Ints
    rows: Ints
    targets: Ints
    size: int

    def places(self, row: Ints, column: Ints) -> Ints:
        """Return where the entries (row >= column) are in the vector of values."""
        row, column = _words(row), _words(column)
        out = np.empty(len(row), np.int64)
        run = entry(
            "places", None, *[INTEGER] * 2, ADDRESS, ADDRESS, INTEGER, ADDRESS, ADDRESS, ADDRESS
        )
        shape = (self.n, self.tail, _at(self.edges), _at(self.rows))
        run(*shape, len(row), _at(row), _at(column), _at(out))
        return out

    @property
    def diagonal(self) -> Ints:
        """Places of the diagonal."""
        m = self.n - self.tail
        last = self.size - m * m + np.arange(m) * (m + 1)
        return np.concatenate([np.arange(self.tail), last]).astype(np.int64)


def fewest_neighbours(n: int, row: Ints, column: Ints, late: Ints) -> Ints:
    """Return an order of elimination that fills little: minimum degree, some columns last.

    Parameters
    ----------
    row, column : ndarray of int
        Entries of the matrix, of one triangle or both.
    late : ndarray of int
        Columns that nearly all others have entries with, in the order in which they go.
    """
    early = np.setdiff1d(np.arange(n), late)
    if not len(early):
        return late
    among = np.full(n, -1)
    among[early] = np.arange(len(early))
    row, column = among[row], among[column]
    kept = (row >= 0) & (column >= 0) & (row != column)
    half = sp.csc_matrix((np.ones(kept.sum()), (row[kept], column[kept])), shape=(len(early),) * 2)
    whole = sp.csc_matrix(half + half.T + len(early) ** 2 * sp.identity(len(early)))
    # a factor that drops every entry takes no time, and its ordering is that of a whole one
    options = {"SymmetricMode": True}
    found = spilu(whole, 1.0, 1.0, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0, options=options)
    return np.concatenate([early[np.argsort(found.perm_c)], late]).astype(np.int64)


def analyse(n: int, row: Ints, column: Ints, most: int) -> Symbolic | None:
    """Find the pattern of the factor of a matrix with entries below its diagonal.

    Returns
    -------
    Symbolic or None
        ``None`` where elimination needs more than ``most`` products.
    """
    order = np.lexsort((column, row))
    starts = np.searchsorted(row[order], np.arange(n + 1)).astype(np.int64)
    columns = np.ascontiguousarray(column[order], np.int64)
    counts = _reach(n, starts, columns, None, None)
    tail = _cheapest_tail(counts)
    inner = counts[:tail]
    if int((inner * (inner + 1) // 2).sum()) > most or n - tail > LARGEST_TAIL:
        return None
    edges = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.empty(edges[-1], np.int64)
    _reach(n, starts, columns, edges, rows)
    edges, rows = edges[: tail + 1], rows[: edges[tail]]
    edges, inner = edges + tail, counts[:tail]
    targets = np.empty(int((inner * (inner + 1) // 2).sum()), np.int64)
    run = entry("targets", None, INTEGER, INTEGER, ADDRESS, ADDRESS, ADDRESS)
    run(n, tail, _at(edges), _at(rows), _at(targets))
    return Symbolic(n, tail, edges, rows, targets, tail + len(rows) + (n - tail) ** 2)


def _cheapest_tail(counts: Ints) -> int:
    """Return where to begin the dense block: its products are quick, and more of them."""
    n = len(counts)
    sparse = np.concatenate([[0], np.cumsum(counts * (counts + 1) // 2)])
    left = n - np.arange(n + 1.0)
    left[left > LARGEST_TAIL] = np.inf
    return int(np.argmin(SPARSE_PRICE * sparse + left * (left + 1) * (left + 2) / 6))


def _reach(n: int, starts: Ints, columns: Ints, edges: Ints | None, rows: Ints | None) -> Ints:
    """Count the entries of each column of the factor; fill ``rows`` where given."""
    counts, room = np.empty(n, np.int64), np.empty(2 * n, np.int64)
    run = entry("reach", None, INTEGER, *[ADDRESS] * 6)
    run(n, _at(starts), _at(columns), _at(edges), _at(rows), _at(counts), _at(room))
    return counts


def _words(values: Ints) -> Ints:
    return np.ascontiguousarray(values, np.int64)


def _at(values: Ints | None) -> int | None:
    return pointer(values, np.int64)


def eliminate(edges: Ints, targets: Ints, V: Array) -> bool:
    """Replace the sparse columns of a matrix by those of its factor.

    Parameters
    ----------
    edges, targets : ndarray
        Of a :class:`Symbolic`.
    V : ndarray, shape (size,)
        Is changed.

    Returns
    -------
    bool
        Whether the matrix is positive so far.
    """
    run = entry("eliminate", INTEGER, INTEGER, ADDRESS, ADDRESS, ADDRESS)
    return bool(run(len(edges) - 1, _at(edges), _at(targets), pointer(V)))


def eliminate_tail(M: Array) -> bool:
    """Replace a dense block, stored column by column, by its factor; ``False`` if not positive."""
    return bool(entry("eliminate_tail", INTEGER, INTEGER, ADDRESS)(len(M), pointer(M)))


def solve_lower(symbolic: Symbolic, V: Array, x: Array) -> None:
    """Replace ``x`` by ``inv(L) x``."""
    _solve("solve_lower", symbolic, V, x)


def solve_upper(symbolic: Symbolic, V: Array, x: Array) -> None:
    """Replace ``x`` by ``inv(L') x``."""
    _solve("solve_upper", symbolic, V, x)


def _solve(name: str, symbolic: Symbolic, V: Array, x: Array) -> None:
    s = symbolic
    run = entry(name, None, INTEGER, INTEGER, *[ADDRESS] * 4)
    run(s.tail, s.n - s.tail, _at(s.edges), _at(s.rows), pointer(V), pointer(x))


def invert_on_pattern(symbolic: Symbolic, V: Array, S: Array) -> None:
    """Fill ``S`` with the inverse at the factor's entries; its tail is given."""
    s = symbolic
    run = entry("invert_on_pattern", None, INTEGER, ADDRESS, ADDRESS, INTEGER, ADDRESS, ADDRESS)
    run(s.tail, _at(s.edges), _at(s.targets), len(s.targets), pointer(V), pointer(S))
