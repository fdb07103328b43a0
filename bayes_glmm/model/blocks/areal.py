"""Intrinsic autoregressive fields on a map (ICAR, BYM2), centred in each connected part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import spsolve_triangular

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Text, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import constant
from bayes_glmm.model.blocks.unit_field import UnitField, indicator


@dataclass(frozen=True, eq=False)
class IntrinsicFactor(Factor):
    """A scaled ICAR field and, in BYM2, independent effects.

    Attributes
    ----------
    system : Cascade
        The triangular system that passes values from area to area; empty without borders.
    enter : scipy.sparse matrix, shape (n_passes, n_map)
        From latents of the map to nodes of the system, times the sds of the innovations.
    leave : scipy.sparse matrix, shape (n_areas, n_passes)
        From nodes of the system to areas: scaled values, not yet centred.
    mean : scipy.sparse matrix, shape (n_parts, n_areas)
    spread : scipy.sparse matrix, shape (n_areas, n_parts)
        Means of the connected parts, and the map from parts back to their areas.
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
        """Return values of all areas, then independent effects, shape (n_field_nodes, n_terms)."""
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
        r"""Return the field of all areas, followed by the independent effects of BYM2.

        BYM2 is the sum of two fields without parameters, scaled by :math:`\sqrt\rho` and
        :math:`\sqrt{1 - \rho}`. The map's field sums to zero in each connected part. There

        .. math:: \log|gR| = (n - 1) \log g + \log n + \log|R_{-1}|

        with one row and column left out of the Laplacian R (Kirchhoff).
        """
        n, shared = len(self.areas), self._map_field
        if self.own is None:
            return shared
        n_own = len(self.nodes) - self.enter.shape[1]
        free = shared.precision.constraint
        free = sp.hstack([free, sp.csr_matrix((free.shape[0], n_own))])
        Q = sp.block_diag([self.laplacian, sp.identity(n_own)])
        precision = constant(Q, self.log_determinant, sp.csr_matrix(free))

        def scales(hyper: Values, maths: Maths) -> Any:
            shared, independent = maths.sqrt(hyper["mix"]), maths.sqrt(1 - hyper["mix"])
            return maths.stack_rows([shared * np.ones(n), independent * np.ones(n_own)])

        levels = indicator(self.rows, n + n_own) + indicator(n + self.own, n + n_own)
        nodes = np.concatenate([shared.nodes, self.nodes[self.enter.shape[1] :]])
        return UnitField(nodes, precision, levels, scales)

    @property
    def _map_field(self) -> UnitField:
        """The field of all areas."""
        free = sp.csr_matrix(self.mean[np.diff(self.mean.indptr) > 1])
        precision = constant(self.laplacian, self.log_determinant, free)
        levels = indicator(self.rows, len(self.areas))
        return UnitField(np.char.add("map:", self.areas), precision, levels)

    @property
    def mixed(self) -> tuple[UnitField, Places] | None:
        """The map's field and each level's independent effect, in BYM2."""
        return None if self.own is None else (self._map_field, self.own)

    def latents(self, values: Array, hyper: Values, rng: np.random.Generator) -> Array:
        """Return the innovations of the map's system, in units of their sds, and independent effects.

        Values of an area that is left out of the system are zero before a part is centred. Rows of
        the system are known from the others; partial sums of long rows follow from these.
        """
        n, n_map = len(self.areas), self.enter.shape[1]
        field = np.moveaxis(values[:, :n], 1, 0).reshape(n, -1)
        z = self.lone.T @ field
        if len(self.system.place):
            z = z + self._innovations(field)
        z = np.moveaxis(z.reshape(n_map, len(values), -1), 0, 1)
        return z if self.own is None else np.concatenate([z, values[:, n:]], axis=1)

    def _innovations(self, field: Array) -> Array:
        """Return latents of the map from its centred values, shape (n_map, n_columns)."""
        areas = np.flatnonzero(np.diff(self.leave.indptr))
        held = np.setdiff1d(np.arange(len(self.areas)), areas)
        part = sp.csr_matrix(self.spread).indices  # one part for each area
        level = np.zeros((self.spread.shape[1], field.shape[1]))
        level[part[held]] = field[held]
        passed = (field - level[part])[areas] / self.leave.data[:, None]
        place, n = self.leave.indices, self.leave.shape[1]
        node, which = np.nonzero(self.system.parents >= 0)
        entries = (self.system.weights[node, which], (node, self.system.parents[node, which]))
        rest = sp.csr_matrix(sp.identity(n) - sp.csr_matrix(entries, shape=(n, n)))
        sums = np.setdiff1d(np.arange(n), place)
        every = np.zeros((n, field.shape[1]))
        every[place] = passed
        if len(sums):
            below = -(rest[sums][:, place] @ passed)
            every[sums] = spsolve_triangular(sp.csr_matrix(rest[sums][:, sums]), below, lower=True)
        enter = sp.csc_matrix(self.enter)
        size = np.asarray(enter.multiply(enter).sum(axis=0)).ravel()
        back = enter.T @ (rest @ every)
        return np.asarray(back / np.where(size > 0, size, 1.0)[:, None])

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return the means of the covariance's diagonal and of all its entries, in linear time."""
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

    A long row becomes a chain of partial sums: memory grows with the number of entries, not
    with the longest row.

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
