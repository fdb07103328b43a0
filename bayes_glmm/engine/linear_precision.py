"""The precision of everything linear: its factor, and the part of it that is prior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, solve_triangular

from bayes_glmm.engine import sparse
from bayes_glmm.engine.pattern import Pattern

type Array = NDArray[np.float64]
OWN_TAIL = 400
"""Columns of a dense block up to which it is eliminated here: BLAS is no faster, and on cores that are busy
its threads wait for each other."""


@dataclass(frozen=True, eq=False)
class Factor:
    """Cholesky factor of the precision of everything linear."""

    pattern: Pattern
    values: Array

    @property
    def tail(self) -> Array:
        """The dense block, column by column."""
        m = self.pattern.symbolic.n - self.pattern.symbolic.tail
        return self.values[len(self.values) - m * m :].reshape(m, m)

    @property
    def log_det(self) -> float:
        """Logarithm of the determinant of the factor."""
        return float(np.log(self.values[self.pattern.symbolic.diagonal]).sum())

    def lower(self, x: Array) -> Array:
        """Return ``inv(L) x``, in the order of elimination."""
        s, out = self.pattern.symbolic, x[self.pattern.eliminated]
        sparse.solve_lower(s, self.values, out)
        return out

    def upper(self, x: Array) -> Array:
        """Return ``inv(L') x`` of what is in the order of elimination."""
        s, half, out = self.pattern.symbolic, x.copy(), np.empty_like(x)
        sparse.solve_upper(s, self.values, half)
        out[self.pattern.eliminated] = half
        return out

    def inverse(self) -> Array:
        """Return the inverse of the precision at the entries of the factor."""
        s = self.pattern.symbolic
        out, m = np.zeros(s.size), s.n - s.tail
        if m:
            half = solve_triangular(self.tail, np.eye(m), lower=False, check_finite=False)
            out[s.size - m * m :] = (half @ half.T).ravel()
        sparse.invert_on_pattern(s, self.values, out)
        return out


def factorise(pattern: Pattern, blocks: list[Array], priors: Sequence[Array] = ()) -> Factor | None:
    """Factorise the sum of the segments' blocks and the entries of fields; ``None`` if not positive."""
    s = pattern.symbolic
    V, m = np.zeros(s.size), s.n - s.tail
    for segment, block in zip(pattern.segments, blocks, strict=True):
        kept = segment.places >= 0
        V[segment.places[kept]] = block[kept]
    for one, entries in zip(pattern.fields, priors, strict=True):
        V[one.places] += entries[:, None]
    if not sparse.eliminate(s.edges, s.targets, V):
        return None
    M = V[s.size - m * m :].reshape(m, m)
    if m <= OWN_TAIL:
        return Factor(pattern, V) if sparse.eliminate_tail(M) else None
    try:
        M[:] = cholesky(M, lower=False, check_finite=False)
    except (LinAlgError, ValueError):
        return None
    return Factor(pattern, V)


@dataclass(frozen=True, eq=False)
class Prior:
    """The precision of standardised effects at given parameters of fields; one elsewhere.

    Attributes
    ----------
    entries : list of ndarray
        Entries of the laws of the pattern's fields.
    matrices : list of (slice, width, sparse matrix)
        Where each field's effects are, their terms, and its whole precision.
    log_det : float
        Logarithm of the determinant of the precision.
    """

    entries: list[Array]
    matrices: list[tuple[slice, int, Any]]
    log_det: float

    def times(self, w: Array) -> Array:
        """Return the precision times effects; ``w`` itself where no units are related."""
        if not self.matrices:
            return w
        out = w.copy()
        for where, width, Q in self.matrices:
            out[where] = (Q @ w[where].reshape(-1, width)).ravel()
        return out
