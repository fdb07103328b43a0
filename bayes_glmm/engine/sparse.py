"""Sparse Cholesky factors with a dense tail, compiled, and their derivatives.

A symmetric matrix and its factor share one vector of values: the diagonal of the
first ``tail`` columns, what is below it column by column, and then the dense block
of all later columns, column by column. Effects of grouped data fill such a matrix
little when the largest group is eliminated first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

type Ints = NDArray[np.int64]

LARGEST_TAIL = 1500
BLOCK = 32
SPARSE_PRICE = 4.0
FAST = {"reassoc", "contract"}


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
        return _places(self.n, self.tail, self.edges, self.rows, row, column)

    @property
    def diagonal(self) -> Ints:
        """Places of the diagonal."""
        m = self.n - self.tail
        last = self.size - m * m + np.arange(m) * (m + 1)
        return np.concatenate([np.arange(self.tail), last]).astype(np.int64)


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
    counts = _reach(n, starts, columns, np.zeros(0, np.int64), np.zeros(0, np.int64))
    tail = _cheapest_tail(counts)
    inner = counts[:tail]
    if int((inner * (inner + 1) // 2).sum()) > most or n - tail > LARGEST_TAIL:
        return None
    edges = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.empty(edges[-1], np.int64)
    _reach(n, starts, columns, edges, rows)
    edges, rows = edges[: tail + 1], rows[: edges[tail]]
    targets = _targets(n, tail, edges + tail, rows)
    return Symbolic(n, tail, edges + tail, rows, targets, tail + len(rows) + (n - tail) ** 2)


def _cheapest_tail(counts: Ints) -> int:
    """Return where to begin the dense block: its products are quick, and more of them."""
    n = len(counts)
    sparse = np.concatenate([[0], np.cumsum(counts * (counts + 1) // 2)])
    left = n - np.arange(n + 1.0)
    left[left > LARGEST_TAIL] = np.inf
    return int(np.argmin(SPARSE_PRICE * sparse + left * (left + 1) * (left + 2) / 6))


@njit(cache=True)
def _reach(n, starts, columns, edges, rows):
    """Count the entries of each column of the factor; fill ``rows`` where given."""
    parent, mark = np.full(n, -1), np.full(n, -1)
    counts = np.zeros(n, np.int64)
    for i in range(n):
        mark[i] = i
        for at in range(starts[i], starts[i + 1]):
            k = columns[at]
            while mark[k] != i:
                if parent[k] == -1:
                    parent[k] = i
                if len(rows) > 0:
                    rows[edges[k] + counts[k]] = i
                counts[k] += 1
                mark[k] = i
                k = parent[k]
    return counts


@njit(cache=True)
def _place(n, tail, edges, rows, i, j):
    if j >= tail:
        return tail + len(rows) + (j - tail) * (n - tail) + (i - tail)
    if i == j:
        return j
    low, high = edges[j], edges[j + 1] - 1
    while low < high:
        middle = (low + high) // 2
        if rows[middle - tail] < i:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _places(n, tail, edges, rows, row, column):
    out = np.empty(len(row), np.int64)
    for k in range(len(row)):
        out[k] = _place(n, tail, edges, rows, row[k], column[k])
    return out


@njit(cache=True)
def _targets(n, tail, edges, rows):
    total = 0
    for j in range(tail):
        c = edges[j + 1] - edges[j]
        total += c * (c + 1) // 2
    out = np.empty(total, np.int64)
    t = 0
    for j in range(tail):
        for b in range(edges[j], edges[j + 1]):
            for a in range(b, edges[j + 1]):
                out[t] = _place(n, tail, edges, rows, rows[a - tail], rows[b - tail])
                t += 1
    return out


@njit(cache=True)
def eliminate(tail, edges, targets, V):
    """Replace the sparse columns by those of the factor; ``False`` if not positive."""
    t, one, to = np.uint64(0), np.uint64(1), targets.view(np.uint64)
    for j in range(tail):
        if not V[j] > 0.0:
            return False
        V[j] = math.sqrt(V[j])
        scale = 1.0 / V[j]
        low, high = np.uint64(edges[j]), np.uint64(edges[j + 1])
        for b in range(low, high):
            V[b] *= scale
        for b in range(low, high):
            factor = V[b]
            for a in range(b, high):
                V[to[t]] -= V[a] * factor
                t += one
    return True


@njit(cache=True, fastmath=FAST)
def eliminate_tail(M):
    """Replace the dense block, stored column by column, by its factor.

    Columns go by blocks, so that what is left is read once for each block of them.
    """
    m = len(M)
    for start in range(0, m, BLOCK):
        stop = min(start + BLOCK, m)
        for j in range(start, stop):
            if not M[j, j] > 0.0:
                return False
            M[j, j] = math.sqrt(M[j, j])
            for i in range(j + 1, m):
                M[j, i] /= M[j, j]
            for k in range(j + 1, stop):
                factor = M[j, k]
                for i in range(k, m):
                    M[k, i] -= factor * M[j, i]
        for k in range(stop, m):
            for j in range(start, stop, 4):
                a, b, c, d = M[j, k], M[j + 1, k], M[j + 2, k], M[j + 3, k]
                for i in range(k, m):
                    M[k, i] -= a * M[j, i] + b * M[j + 1, i] + c * M[j + 2, i] + d * M[j + 3, i]
    return True


@njit(cache=True)
def solve_lower(tail, edges, rows, V, M, x):
    """Replace ``x`` by ``inv(L) x``."""
    row, first = rows.view(np.uint64), np.uint64(tail)
    for j in range(tail):
        value = x[j] / V[j]
        x[j] = value
        for p in range(np.uint64(edges[j]), np.uint64(edges[j + 1])):
            x[row[p - first]] -= V[p] * value
    solve_tail(M, x[tail:])


@njit(cache=True, fastmath=FAST)
def solve_tail(M, x):
    """Replace ``x`` by its solution with the factor of the dense block."""
    for j in range(len(M)):
        x[j] /= M[j, j]
        for i in range(j + 1, len(M)):
            x[i] -= M[j, i] * x[j]


@njit(cache=True, fastmath=FAST)
def solve_tail_upper(M, x):
    """Replace ``x`` by its solution with the transposed factor of the dense block."""
    for j in range(len(M) - 1, -1, -1):
        value = x[j]
        for i in range(j + 1, len(M)):
            value -= M[j, i] * x[i]
        x[j] = value / M[j, j]


@njit(cache=True)
def solve_upper(tail, edges, rows, V, M, x):
    """Replace ``x`` by ``inv(L') x``."""
    solve_tail_upper(M, x[tail:])
    row, first = rows.view(np.uint64), np.uint64(tail)
    for j in range(tail - 1, -1, -1):
        value = x[j]
        for p in range(np.uint64(edges[j]), np.uint64(edges[j + 1])):
            value -= V[p] * x[row[p - first]]
        x[j] = value / V[j]


@njit(cache=True)
def log_diagonal(tail, V, M):
    """Sum of the logarithms of the factor's diagonal."""
    total, product = 0.0, 1.0
    for j in range(tail + len(M)):
        product *= V[j] if j < tail else M[j - tail, j - tail]
        if product > 1e100 or product < 1e-100:
            total += math.log(product)
            product = 1.0
    return total + math.log(product)


@njit(cache=True)
def add_outer(tail, edges, rows, left, right, B, N):
    """Take ``left right'`` from the derivative ``(B, N)`` at the factor's entries."""
    row, first = rows.view(np.uint64), np.uint64(tail)
    for j in range(tail):
        value = right[j]
        B[j] -= left[j] * value
        for p in range(np.uint64(edges[j]), np.uint64(edges[j + 1])):
            B[p] -= left[row[p - first]] * value
    for j in range(len(N)):
        for i in range(j, len(N)):
            N[j, i] -= left[tail + i] * right[tail + j]


@njit(cache=True)
def pull_back(tail, edges, targets, V, M, B, N):
    """Turn the derivative in the factor into that in the matrix below its diagonal.

    The operations of the elimination, in reverse; ``(V, M)`` is the factor.
    """
    for j in range(len(M) - 1, -1, -1):
        pull_back_column(M, N, j)
    one, to = np.uint64(1), targets.view(np.uint64)
    t = np.uint64(len(targets))
    for j in range(tail - 1, -1, -1):
        low, high = np.uint64(edges[j]), np.uint64(edges[j + 1])
        count = high - low
        t -= count * (count + one) // np.uint64(2)
        at = t
        for b in range(low, high):
            slope, factor = 0.0, V[b]
            for a in range(b, high):
                back = B[to[at]]
                B[a] -= back * factor
                slope += back * V[a]
                at += one
            B[b] -= slope
        diagonal = B[j]
        for a in range(low, high):
            B[a] /= V[j]
            diagonal -= B[a] * V[a]
        B[j] = 0.5 * diagonal / V[j]


@njit(cache=True, fastmath=FAST)
def pull_back_column(M, N, j):
    """Reverse the elimination of one column of the dense block."""
    m = len(M)
    for k in range(m - 1, j, -1):
        slope, factor = 0.0, M[j, k]
        for i in range(k, m):
            N[j, i] -= N[k, i] * factor
            slope += N[k, i] * M[j, i]
        N[j, k] -= slope
    diagonal = N[j, j]
    for i in range(j + 1, m):
        N[j, i] /= M[j, j]
        diagonal -= N[j, i] * M[j, i]
    N[j, j] = 0.5 * diagonal / M[j, j]


@njit(cache=True)
def invert_on_pattern(tail, edges, targets, V, S):
    """Fill ``S`` with the inverse at the factor's entries; its tail is given."""
    t = len(targets)
    for j in range(tail - 1, -1, -1):
        low, high = edges[j], edges[j + 1]
        t -= (high - low) * (high - low + 1) // 2
        for a in range(low, high):
            S[a] = 0.0
        at = t
        for b in range(low, high):
            for a in range(b, high):
                back = S[targets[at]]
                S[a] -= back * V[b] / V[j]
                if a != b:
                    S[b] -= back * V[a] / V[j]
                at += 1
        S[j] = 1.0 / (V[j] * V[j])
        for a in range(low, high):
            S[j] -= S[a] * V[a] / V[j]
