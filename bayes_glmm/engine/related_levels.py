"""Related levels as the kernel takes them: a group whose levels are the nodes of a field.

Nodes at unit scale are normal with a sparse precision, a row of independent terms for each node; the
factor of the scales and correlations turns them into effects, as it does those of independent levels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bayes_glmm.engine.group_view import GroupView
from bayes_glmm.model.blocks.chain import Chain
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.matrix import DenseFactor
from bayes_glmm.model.design import PredictorDesign

type Array = NDArray[np.float64]
type Places = NDArray[np.int64]
CONSTANT, MIX = "constant", "mix"
MOST_DENSE = 400
"""Levels with a dense covariance, up to which the inverse is worth its time."""
SAME = 1e-9


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
    absorbed : bool
        Whether the field sums to zero. The first node is held instead, ``Q + e e'``, so that all nodes
        are free; the model's intercept takes up their mean.
    own : ndarray of int, shape (n_levels,), or None
        Each level's independent effect, where the field is but a share of the variance.
    """

    node: Places
    rows: Places
    columns: Places
    values: Array | None
    log_det: float
    chain: Chain | None
    absorbed: bool = False
    own: Places | None = None

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(self.rows.max()) + 1

    @property
    def kind(self) -> str:
        """Its name in the kernel."""
        return MIX if self.own is not None else CONSTANT if self.chain is None else self.chain.law

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

    def log_determinant(self, parameter: Array | None) -> float:
        """Return the logarithm of the precision's determinant there."""
        if self.chain is None or parameter is None:
            return self.log_det
        return -float(np.log(self.chain.steps(parameter)[1]).sum())

    def matrix(self, values: Array) -> sp.csr_matrix:
        """Return the whole precision of entries, as :meth:`at` gives them."""
        n = self.size
        lower = sp.csr_matrix((values[n:], (self.rows[n:], self.columns[n:])), shape=(n, n))
        return sp.csr_matrix(sp.diags(values[:n]) + lower + lower.T)


def law_of(factor: Factor) -> Law | None:
    """Return the law of a structure's field; ``None`` where the kernel has none such."""
    if factor not in _LAWS:
        _LAWS[factor] = _law(factor)
    return _LAWS[factor]


_LAWS: WeakKeyDictionary[Factor, Law | None] = WeakKeyDictionary()
"""Laws that were asked for, as long as their factors are in use."""


def _law(factor: Factor) -> Law | None:
    if isinstance(factor, DenseFactor) and len(factor.nodes) > MOST_DENSE:
        return None
    field, own = factor.mixed or (factor.field(), None)
    precision, levels = field.precision, sp.csr_matrix(field.levels)
    one = (np.diff(levels.indptr) == 1).all() and (levels.data == 1.0).all()
    if field.scales is not None or not one:
        return None
    node, nodes, chain = levels.indices.astype(np.int64), np.arange(precision.size), factor.chain
    if chain is not None:
        child = np.flatnonzero(chain.parents >= 0)
        rows = np.concatenate([nodes, child])
        columns = np.concatenate([nodes, chain.parents[child]])
        return Law(node, rows, columns, None, 0.0, chain)
    if precision.stems:
        return None
    Q, log_det = precision.matrix({}), precision.log_determinant({})
    if not np.isfinite(Q.data).all():
        return None
    free = precision.constraint
    if free.shape[0]:
        if free.shape[0] > 1 or free.nnz < precision.size or np.ptp(free.data) > SAME:
            return None
        Q = Q + sp.csc_matrix(([1.0], ([0], [0])), shape=Q.shape)
        log_det -= np.log(precision.size)  # Kirchhoff: of all contrasts n times that without a node
    lower = sp.coo_matrix(sp.tril(Q, -1))
    rows = np.concatenate([nodes, lower.row])
    columns = np.concatenate([nodes, lower.col])
    values = np.concatenate([Q.diagonal(), lower.data])
    return Law(node, rows, columns, values, float(log_det), None, free.shape[0] > 0, own)


@dataclass(frozen=True, eq=False)
class Related(GroupView):
    """A group of related levels, as one whose levels are the field's nodes."""

    @property
    def law(self) -> Law:
        """The law of its nodes."""
        assert self.group.factor is not None
        found = law_of(self.group.factor)
        assert found is not None
        return found

    @property
    def Z(self) -> Array | None:
        """What the terms multiply on each row."""
        return self.group.Z

    @property
    def hyper(self) -> tuple[str, ...]:
        """Name of the field's parameter, if it has one."""
        return tuple(self.group.hyper_name(h) for h in self.group.hyper)

    @property
    def n_levels(self) -> int:
        """Number of nodes."""
        return self.law.size

    @property
    def n_rest(self) -> int:
        """Number of independent effects beside the field."""
        own = self.law.own
        return 0 if own is None else int(own.max()) + 1

    @cached_property
    def index(self) -> NDArray[np.int32]:
        """Each row's node, shape (n_rows,)."""
        return self.law.node[self.group.index].astype(np.int32)


@dataclass(frozen=True, eq=False)
class Rest:
    """The independent effects beside a map's field: their scale is what the field's share leaves.

    Attributes
    ----------
    related : Related
        The field, which has the scale and the share.
    """

    related: Related
    Z: ClassVar[None] = None
    blocks: ClassVar[tuple[tuple[int, ...], ...]] = ((0,),)

    @property
    def name(self) -> str:
        """That of the group."""
        return self.related.name

    @property
    def terms(self) -> tuple[str, ...]:
        """One term."""
        return self.related.terms

    @property
    def sizes(self) -> Array:
        """Sizes of the term's values."""
        return self.related.sizes

    @property
    def n_levels(self) -> int:
        """Number of effects."""
        return self.related.n_rest

    @cached_property
    def index(self) -> NDArray[np.int32]:
        """Each row's effect, shape (n_rows,)."""
        own = self.related.law.own
        assert own is not None
        return own[self.related.group.index].astype(np.int32)


def is_covered(group: GroupDesign, predictor: PredictorDesign) -> bool:
    """Whether the kernel has the law of a group's related levels in a predictor."""
    law = law_of(group.factor) if group.whole and group.factor is not None else None
    if law is None:
        return False
    alone = group.Z is None and len(group.terms) == 1
    takes_up = predictor.of_mean and predictor.intercept and alone
    return (takes_up or not law.absorbed) and (alone or law.own is None)
