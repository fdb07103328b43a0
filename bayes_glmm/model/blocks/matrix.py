"""Levels with a known covariance matrix: kinship, genomic relationships."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.factor import Array, Factor, Values


@dataclass(frozen=True, eq=False)
class DenseFactor(Factor):
    """A square root of a covariance of the levels.

    Attributes
    ----------
    root : ndarray, shape (n_levels, n_nodes)
    """

    root: Array

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return ``root @ z``."""
        return maths.product(self.root, z)

    def covariance(self, hyper: Values) -> Array:
        """Return ``root @ root.T``."""
        return self.root @ self.root.T

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return both means from the root."""
        n = len(self.root)
        return float((self.root**2).sum()) / n, float((self.root.sum(axis=0) ** 2).sum()) / n**2
