"""Fields over many places: each place given its nearest neighbours among those before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.maths.kernels import FAR, KERNELS, NUGGET
from bayes_glmm.model.blocks.array_types import Array, Places, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import RecursivePrecision
from bayes_glmm.model.blocks.unit_field import UnitField, indicator


@dataclass(frozen=True, eq=False)
class NearestFactor(Factor):
    """A nearest-neighbour Gaussian process (Vecchia's approximation).

    Attributes
    ----------
    kernel : str
    parents : ndarray of int, shape (n_nodes, n_neighbours)
    between : ndarray, shape (n_nodes, n_neighbours, n_neighbours)
        Distances between the neighbours of each place.
    towards : ndarray, shape (n_nodes, n_neighbours)
        Distances from each place to its neighbours.
    rows : ndarray of int, shape (n_levels,)
        Each level's place.

    References
    ----------
    .. [1] Datta A, Banerjee S, Finley AO, Gelfand AE (2016). Hierarchical
       nearest-neighbor Gaussian process models for large geostatistical datasets.
       doi:10.1080/01621459.2015.1044091
    .. [2] Guinness J (2018). Permutation and grouping methods for sharpening Gaussian
       process approximations. doi:10.1080/00401706.2018.1437476
    """

    kernel: str
    parents: Places
    between: Array
    towards: Array
    rows: Places

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return self.node_values(z, hyper, maths)[self.rows]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values at the distinct places, shape (n_nodes, n_terms)."""
        weights, sd = self._steps(hyper, maths)
        return maths.descend(self.parents, weights, maths.column(sd) * z)

    def _steps(self, hyper: Values, maths: Maths) -> tuple[Any, Any]:
        """Return the weights of the neighbours, and the sd of what is added."""
        if maths is NUMPY:
            return conditionals(self.kernel, self.between, self.towards, hyper["range"])
        from bayes_glmm.maths.nearest_ops import symbolic

        return symbolic(self.kernel, self.between, self.towards, hyper["range"])

    def field(self) -> UnitField:
        """Return the values at the distinct places."""
        precision = RecursivePrecision(self.parents, self._steps, ("range",))
        return UnitField(self.nodes, precision, indicator(self.rows, len(self.nodes)))

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return one, the variance of the field that is approximated, and the covariance's mean."""
        weights, sd = conditionals(self.kernel, self.between, self.towards, hyper["range"])
        share = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        back = sd * sweep.ascend(self.parents, weights, share[:, None])[:, 0]
        return 1.0, float(back @ back)


def conditionals(kernel: str, between: Array, towards: Array, reach: Any) -> tuple[Array, Array]:
    """Return the weights of each place's neighbours, and the sd of the remainder."""
    keep = 1 - NUGGET[kernel]
    eye = np.eye(towards.shape[1])
    C = keep * KERNELS[kernel](np.minimum(between / reach, FAR), NUMPY)
    C = np.where(eye > 0, 1.0, C)
    c = keep * KERNELS[kernel](np.minimum(towards / reach, FAR), NUMPY)
    weights = np.linalg.solve(C, c[:, :, None])[:, :, 0]
    return weights, np.sqrt(np.maximum(1 - (weights * c).sum(axis=1), 0.0))
