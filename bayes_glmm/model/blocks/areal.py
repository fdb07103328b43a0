"""Intrinsic fields on a map: sparse, centred in each connected part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Text, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import constant
from bayes_glmm.model.blocks.unit_field import UnitField, indicator


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
    areas : ndarray of str, shape (n_areas,)
    laplacian : sparse matrix, shape (n_areas, n_areas)
        Precision of the scaled field; one for areas without a neighbour.
    log_determinant : float
        Of the Laplacian, on fields that sum to zero in each part.
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
    areas: Text
    laplacian: sp.csr_matrix
    log_determinant: float

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        n_map, field = self.enter.shape[1], self._map_values(z, maths)
        if self.own is None:
            return field[self.rows]
        mix = hyper["mix"]
        return maths.sqrt(mix) * field[self.rows] + maths.sqrt(1 - mix) * z[n_map:][self.own]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values of all areas, and the independent ones, shape (n_field_nodes, n_terms)."""
        field = self._map_values(z, maths)
        return field if self.own is None else maths.stack_rows([field, z[self.enter.shape[1] :]])

    def _map_values(self, z: Any, maths: Maths) -> Any:
        """Return the map's field, centred in each part, shape (n_areas, n_terms)."""
        n_map = self.enter.shape[1]
        field = maths.product(self.lone, z[:n_map])
        if not len(self.system.place):
            return field
        entered = maths.product(self.enter, z[:n_map])
        passed = maths.descend(self.system.parents, self.system.weights, entered)
        value = maths.product(self.leave, passed)
        return field + value - maths.product(self.spread, maths.product(self.mean, value))

    def field(self) -> UnitField:
        r"""Return the values of all areas, and the independent ones of BYM2 after them.

        BYM2 is two fields of which neither has a parameter, with scales :math:`\sqrt\rho` and
        :math:`\sqrt{1 - \rho}`. The map's sums to zero in each connected part, on which

        .. math:: \log|gR| = (n - 1) \log g + \log n + \log|R_{-1}|

        with one row and column left out of the Laplacian R (Kirchhoff).
        """
        n = len(self.areas)
        n_own = len(self.nodes) - self.enter.shape[1] if self.own is not None else 0
        parts = np.diff(self.mean.indptr) > 1
        free = sp.hstack([self.mean[parts], sp.csr_matrix((int(parts.sum()), n_own))])
        Q = sp.block_diag([self.laplacian, sp.identity(n_own)])
        precision = constant(Q, self.log_determinant, sp.csr_matrix(free))
        nodes = np.char.add("map:", self.areas)
        if self.own is None:
            return UnitField(nodes, precision, indicator(self.rows, n))

        def scales(hyper: Values, maths: Maths) -> Any:
            shared, own = maths.sqrt(hyper["mix"]), maths.sqrt(1 - hyper["mix"])
            return maths.stack_rows([shared * np.ones(n), own * np.ones(n_own)])

        levels = indicator(self.rows, n + n_own) + indicator(n + self.own, n + n_own)
        nodes = np.concatenate([nodes, self.nodes[self.enter.shape[1] :]])
        return UnitField(nodes, precision, levels, scales)

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
