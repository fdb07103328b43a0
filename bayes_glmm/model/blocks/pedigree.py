"""Breeding values: the parents' average plus a Mendelian sampling term."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.array_types import Array, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import RecursivePrecision
from bayes_glmm.model.blocks.unit_field import UnitField, indicator

HALF = 0.5


@dataclass(frozen=True, eq=False)
class PedigreeFactor(Factor):
    """Breeding values: the parents' average plus a Mendelian sampling term.

    Attributes
    ----------
    rows : ndarray of int, shape (n_levels,)
        Places of the levels among the nodes.
    parents : ndarray of int, shape (n_nodes, 2)
    own : ndarray, shape (n_nodes,)
        Mendelian variances.
    inbreeding : ndarray, shape (n_nodes,)
    """

    rows: NDArray[np.intp]
    parents: NDArray[np.int64]
    own: Array
    inbreeding: Array

    @property
    def weights(self) -> Array:
        """Shares that pass from parents to offspring, shape (n_nodes, 2)."""
        return np.full(self.parents.shape, HALF)

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return breeding values of the levels."""
        return self.node_values(z, hyper, maths)[self.rows]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return breeding values, parents before offspring."""
        deviations = np.sqrt(self.own)[:, None] * z
        return maths.descend(self.parents, self.weights, deviations)

    def field(self) -> UnitField:
        """Return breeding values; their precision is Henderson's inverse relationship matrix.

        References
        ----------
        .. [1] Henderson (1976). A simple method for computing the inverse of a numerator
           relationship matrix used in prediction of breeding values. *Biometrics* 32, 69-83.
           doi:10.2307/2529339
        """
        steps = self.weights, np.sqrt(self.own)
        precision = RecursivePrecision(self.parents, lambda _, __: steps)
        return UnitField(self.nodes, precision, indicator(self.rows, len(self.nodes)))

    def latents(self, values: Array, hyper: Values, rng: np.random.Generator) -> Array:
        """Return Mendelian sampling terms in units of their standard deviations."""
        known = (self.parents >= 0)[:, :, None]
        parents = np.where(known, values[:, self.parents], 0.0)
        own = values - HALF * parents.sum(axis=2)
        return np.asarray(own / np.sqrt(self.own)[:, None])

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return both means without the matrix."""
        n = len(self.rows)
        each = np.bincount(self.rows, minlength=len(self.nodes)).astype(float)[:, None]
        shares = sweep.ascend(self.parents, self.weights, each)[:, 0]
        total = float((shares**2 * self.own).sum())
        return float(1 + self.inbreeding[self.rows].mean()), total / n**2
