"""Fields over places: exact, and by waves in a box."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.maths.kernels import correlation, density
from bayes_glmm.model.blocks.array_types import Array, Places, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import DensePrecision, identity
from bayes_glmm.model.blocks.unit_field import UnitField, indicator


@dataclass(frozen=True, eq=False)
class ExactFactor(Factor):
    """A Gaussian process at distinct places, by its dense Cholesky factor.

    Attributes
    ----------
    kernel : str
    distance : ndarray, shape (n_nodes, n_nodes)
    rows : ndarray of int, shape (n_levels,)
        Each level's place.
    """

    kernel: str
    distance: Array
    rows: Places

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return self.node_values(z, hyper, maths)[self.rows]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values at the distinct places, shape (n_nodes, n_terms)."""
        return maths.cholesky(self._correlations(hyper, maths)) @ z

    def field(self) -> UnitField:
        """Return the values at the distinct places."""
        n = len(self.nodes)
        precision = DensePrecision(n, self._correlations, ("range",))
        return UnitField(self.nodes, precision, indicator(self.rows, n))

    def _correlations(self, hyper: Values, maths: Maths) -> Any:
        return correlation(self.kernel, self.distance, hyper["range"], maths)

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return one, the mean of the diagonal, and the mean of all of the covariance."""
        share = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        K = self._correlations(hyper, NUMPY)
        return 1.0, float(share @ K @ share)


@dataclass(frozen=True, eq=False)
class WaveFactor(Factor):
    """A Gaussian process in a box as a sum of waves (HSGP): approximate.

    Attributes
    ----------
    kernel : str
    basis : ndarray, shape (n_levels, n_nodes)
    frequency : ndarray, shape (n_nodes,)

    References
    ----------
    .. [1] Riutort-Mayol G et al. (2023). Practical Hilbert space approximate Bayesian
       Gaussian processes for probabilistic programming. doi:10.1007/s11222-022-10167-2
    """

    diagonal: ClassVar[bool] = True
    kernel: str
    basis: Array
    frequency: Array

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return maths.product(self.basis, maths.column(self._sizes(hyper, maths)) * z)

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return the latents: waves are independent."""
        return z

    def field(self) -> UnitField:
        """Return the waves, independent and of variance one: their sizes are scales."""
        basis = sp.csr_matrix(self.basis)
        return UnitField(self.nodes, identity(len(self.nodes)), basis, self._sizes)

    def _sizes(self, hyper: Values, maths: Maths) -> Any:
        return maths.sqrt(density(self.kernel, self.frequency, hyper["range"], maths))

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return the means of the covariance's diagonal and of all of it."""
        power = density(self.kernel, self.frequency, hyper["range"], NUMPY)
        return float((self.basis**2 @ power).mean()), float(self.basis.mean(axis=0) ** 2 @ power)
