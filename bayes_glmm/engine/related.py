"""Related levels as the kernel takes them: a group whose levels are the nodes of a field.

Nodes at unit scale are normal with a sparse precision, a row of independent terms for each node; the
factor of the scales and correlations turns them into effects, as it does those of independent levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bayes_glmm.model.blocks.chain import Chain
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.group import GroupDesign

type Array = NDArray[np.float64]
type Places = NDArray[np.int64]
CONSTANT = "constant"


@dataclass(frozen=True, eq=False)
class Law:
    """The precision of a field's nodes: entries of its lower triangle.

    Attributes
    ----------
    node : ndarray of int, shape (n_levels,)
        Each level's node.
    rows, columns : ndarray of int, shape (n_entries,)
        Of the entries: the diagonal in order, then ``rows > columns``. Those of a chain are its
        children, in order, with their parents.
    values : ndarray, shape (n_entries,), or None
        Of a precision without parameters.
    log_det : float
        Logarithm of its determinant; zero of one with a parameter.
    chain : Chain or None
        The recursion of one with a parameter.
    """

    node: Places
    rows: Places
    columns: Places
    values: Array | None
    log_det: float
    chain: Chain | None

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(self.rows.max()) + 1

    def at(self, parameter: Array | None) -> Array:
        """Return the entries where the field's parameter is such."""
        if self.values is not None:
            return self.values
        assert self.chain is not None and parameter is not None
        weights, variance = self.chain.steps(parameter)
        diagonal, child = 1 / variance, self.rows[self.size :]
        off = -weights[child] / variance[child]
        back = weights[child] ** 2 / variance[child]
        diagonal += np.bincount(self.columns[self.size :], back, self.size)
        return np.concatenate([diagonal, off])

    def matrix(self, parameter: Array | None) -> sp.csr_matrix:
        """Return the whole precision there."""
        n, values = self.size, self.at(parameter)
        lower = sp.csr_matrix((values[n:], (self.rows[n:], self.columns[n:])), shape=(n, n))
        return sp.csr_matrix(sp.diags(values[:n]) + lower + lower.T)


@lru_cache(maxsize=16)
def law_of(factor: Factor) -> Law | None:
    """Return the law of a structure's field; ``None`` where the kernel has none such."""
    field = factor.field()
    precision, levels = field.precision, sp.csr_matrix(field.levels)
    one = (np.diff(levels.indptr) == 1).all() and (levels.data == 1.0).all()
    if field.scales is not None or precision.constraint.shape[0] or not one:
        return None
    node, nodes = levels.indices.astype(np.int64), np.arange(precision.size)
    chain = factor.chain
    if chain is not None:
        child = np.flatnonzero(chain.parents >= 0)
        rows = np.concatenate([nodes, child])
        columns = np.concatenate([nodes, chain.parents[child]])
        return Law(node, rows, columns, None, 0.0, chain)
    if precision.stems:
        return None
    Q = precision.matrix({})
    if not np.isfinite(Q.data).all():
        return None
    lower = sp.coo_matrix(sp.tril(Q, -1))
    rows = np.concatenate([nodes, lower.row])
    columns = np.concatenate([nodes, lower.col])
    values = np.concatenate([Q.diagonal(), lower.data])
    return Law(node, rows, columns, values, precision.log_determinant({}), None)


@dataclass(frozen=True, eq=False)
class Related:
    """A group of related levels, as one whose levels are the field's nodes.

    Attributes
    ----------
    group : GroupDesign
    """

    group: GroupDesign

    @property
    def law(self) -> Law:
        """The law of its nodes."""
        assert self.group.factor is not None
        found = law_of(self.group.factor)
        assert found is not None
        return found

    @property
    def name(self) -> str:
        """That of the group."""
        return self.group.name

    @property
    def terms(self) -> tuple[str, ...]:
        """The varying terms."""
        return self.group.terms

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Terms that are correlated."""
        return self.group.blocks

    @property
    def Z(self) -> Array | None:
        """What the terms multiply on each row."""
        return self.group.Z

    @property
    def sizes(self) -> Array:
        """Sizes of the terms' values."""
        return self.group.sizes

    @property
    def hyper(self) -> tuple[str, ...]:
        """Name of the field's parameter, if it has one."""
        return tuple(self.group.hyper_name(h) for h in self.group.hyper)

    @property
    def n_levels(self) -> int:
        """Number of nodes."""
        return self.law.size

    @cached_property
    def index(self) -> NDArray[np.int32]:
        """Each row's node, shape (n_rows,)."""
        return self.law.node[self.group.index].astype(np.int32)


def is_covered(group: GroupDesign) -> bool:
    """Whether the kernel has the law of a group's related levels."""
    return group.whole and group.factor is not None and law_of(group.factor) is not None
