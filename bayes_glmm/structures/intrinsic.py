"""Intrinsic fields on a map: sparse, centred in each connected part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.structures.adjacency import Graph
from bayes_glmm.structures.laplacian import Cascade, cascade, factor
from bayes_glmm.structures.level_labels import match
from bayes_glmm.structures.structure import Array, Factor, Text, Values

type Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class IntrinsicFactor(Factor):
    """A scaled ICAR field and, in BYM2, independent effects besides.

    Attributes
    ----------
    system : Cascade
        Passes from area to area; of a map without borders it has no node.
    enter : scipy.sparse matrix, shape (n_passes, n_map)
        Where each latent of the map comes in, with the sd of what it adds.
    leave : scipy.sparse matrix, shape (n_areas, n_passes)
        Where each area's value comes out, scaled; not yet centred.
    mean : scipy.sparse matrix, shape (n_parts, n_areas)
    spread : scipy.sparse matrix, shape (n_areas, n_parts)
        Means of the parts of the map, and back to their areas.
    lone : scipy.sparse matrix, shape (n_areas, n_map)
        Areas without a neighbour.
    rows : ndarray of int, shape (n_levels,)
        Each level's area.
    own : ndarray of int, shape (n_levels,), or None
        Each level's own latent among those after the map's.
    variance : ndarray, shape (n_areas,)
        Variance of the scaled field in each area.
    """

    system: Cascade
    enter: sp.csr_matrix
    leave: sp.csr_matrix
    mean: sp.csr_matrix
    spread: sp.csr_matrix
    lone: sp.csr_matrix
    rows: Places
    own: Places | None
    variance: Array

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        n_map = self.enter.shape[1]
        field = maths.product(self.lone, z[:n_map])
        if len(self.system.place):
            entered = maths.product(self.enter, z[:n_map])
            passed = maths.descend(self.system.parents, self.system.weights, entered)
            value = maths.product(self.leave, passed)
            field = field + value - maths.product(self.spread, maths.product(self.mean, value))
        if self.own is None:
            return field[self.rows]
        mix = hyper["mix"]
        return maths.sqrt(mix) * field[self.rows] + maths.sqrt(1 - mix) * z[n_map:][self.own]

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return the means of the covariance's diagonal and of all of it, in linear time."""
        diagonal, whole = self._field_means
        if self.own is None:
            return diagonal, whole
        mix = float(hyper["mix"])
        return mix * diagonal + 1 - mix, mix * whole + (1 - mix) / len(self.rows)

    @cached_property
    def _field_means(self) -> tuple[float, float]:
        share = np.bincount(self.rows, minlength=len(self.variance)) / len(self.rows)
        back = self.lone.T @ share
        if len(self.system.place):
            centred = share - self.mean.T @ (self.spread.T @ share)
            passed = sweep.ascend(
                self.system.parents, self.system.weights, (self.leave.T @ centred)[:, None]
            )
            back = back + self.enter.T @ passed[:, 0]
        return float(self.variance[self.rows].mean()), float(back @ back)


def intrinsic_factor(
    graph: Graph,
    order: Places,
    scale: Array,
    variance: Array,
    mixed: bool,
    levels: Text,
    rows: Places,
    sampled: Text | None,
) -> IntrinsicFactor:
    """Prepare an ICAR field, or with ``mixed`` BYM2, for the levels at some areas.

    All areas keep a latent, as leaving one out would change who borders whom; the
    independent effects are those of the levels only.
    """
    n, part = len(graph.labels), graph.component
    L, d = factor(graph, order) if len(order) else (sp.csc_matrix((0, 0)), np.zeros(0))
    system, backwards = cascade(L), order[::-1]
    on_map = np.sort(np.r_[order, np.flatnonzero(graph.island)])
    latent = np.full(n, -1, dtype=np.int64)
    latent[on_map] = np.arange(len(on_map))
    size, lone = np.bincount(part), np.flatnonzero(graph.island)
    passes, each = len(system.parents), np.arange(n)
    nodes = np.char.add("map:", graph.labels[on_map])
    own = None
    if mixed:
        owners = _owners(graph, rows, sampled)
        nodes = np.r_[nodes, np.char.add("own:", graph.labels[owners])]
        own = np.searchsorted(owners, rows)
    return IntrinsicFactor(
        levels=levels,
        nodes=nodes,
        system=system,
        enter=_sparse(d[::-1] ** -0.5, system.place, latent[backwards], (passes, len(on_map))),
        leave=_sparse(scale[part[backwards]] ** -0.5, backwards, system.place, (n, passes)),
        mean=_sparse(1 / size[part], part, each, (len(size), n)),
        spread=_sparse(np.ones(n), each, part, (n, len(size))),
        lone=_sparse(np.ones(len(lone)), lone, latent[lone], (n, len(on_map))),
        rows=rows,
        own=own,
        variance=np.where(graph.island, 1.0, variance / scale[part]),
    )


def _owners(graph: Graph, rows: Places, sampled: Text | None) -> Places:
    if sampled is None:
        return np.unique(rows)
    own = sampled[np.char.startswith(sampled, "own:")]
    before = np.array([name.removeprefix("own:") for name in own.tolist()], dtype=np.str_)
    return np.union1d(rows, match(before, graph.labels, "The result", "the graph of areas"))


def _sparse(values: Array, rows: Places, columns: Places, shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix((values, (rows, columns)), shape=shape)
