"""Levels with a known covariance matrix: kinship, genomic relationships."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy import linalg

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.array_types import Array, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import DensePrecision
from bayes_glmm.model.blocks.unit_field import UnitField, indicator, places_among


@dataclass(frozen=True, eq=False)
class DenseFactor(Factor):
    """A square root of a covariance of the levels.

    Attributes
    ----------
    root : ndarray, shape (n_levels, n_nodes)
    lower : ndarray, shape (n_nodes, n_nodes)
        That of the levels that are the nodes: lower triangular.
    """

    root: Array
    lower: Array

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return ``root @ z``."""
        return maths.product(self.root, z)

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return effects of the levels that others do not fix."""
        return maths.product(self.lower, z)

    def latents(self, values: Array, hyper: Values, rng: np.random.Generator) -> Array:
        """Return ``inv(lower) @ values``."""
        n_draws, n, q = values.shape
        flat = np.moveaxis(values, 0, 1).reshape(n, n_draws * q)
        z = linalg.solve_triangular(self.lower, flat, lower=True)
        return np.moveaxis(z.reshape(n, n_draws, q), 1, 0)

    def field(self) -> UnitField:
        """Return the effects of the nodes; levels that these fix are sums of them."""
        nodes, n = self.lower, len(self.nodes)
        fixed = linalg.solve_triangular(nodes, self.root.T, lower=True, trans="T").T
        places = places_among(self.levels, self.nodes)
        fixed[places >= 0] = 0.0
        precision = DensePrecision(n, lambda _, __: nodes @ nodes.T)
        return UnitField(self.nodes, precision, indicator(places, n) + sp.csr_matrix(fixed))

    def covariance(self, hyper: Values) -> Array:
        """Return ``root @ root.T``."""
        return self.root @ self.root.T

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return both means from the root."""
        n = len(self.root)
        return float((self.root**2).sum()) / n, float((self.root.sum(axis=0) ** 2).sum()) / n**2
