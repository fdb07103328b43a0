"""Intrinsic fields on a map: sparse, centred in each connected part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.factor import Array, Factor, Places, Values


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


@dataclass(frozen=True, eq=False)
class Cascade:
    """A triangular system in which no node has more than a few parents.

    A long row is a chain of partial sums, so that memory follows the number of
    entries and not the longest row.

    Attributes
    ----------
    parents : ndarray of int64, shape (n_nodes, WIDTH)
    weights : ndarray, shape (n_nodes, WIDTH)
    place : ndarray of int64, shape (n_rows,)
        The node that holds each row of the system.
    """

    parents: Places
    weights: Array
    place: Places
