"""A stationary autocorrelated series in each group, at any spacing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import RecursivePrecision
from bayes_glmm.model.blocks.unit_field import UnitField, indicator


@dataclass(frozen=True, eq=False)
class SeriesFactor(Factor):
    r"""A chain of times for each group, each given its neighbours.

    With :math:`r = \rho^{t - s}`, the value at time :math:`t` is :math:`r` times that at the
    time :math:`s` before, plus noise of variance :math:`1 - r^2`. A time that was not
    sampled is drawn between its neighbours.

    Attributes
    ----------
    parents : ndarray of int, shape (n_nodes, 1) or (n_nodes, 2)
        The time before and, where a node is drawn between known ones, the time after.
    gaps : ndarray, shape (n_nodes, 1) or (n_nodes, 2)
        How far they are; zero where there is none.
    rows : ndarray of int, shape (n_levels,)
        Each level's node.
    """

    parents: Places
    gaps: Array
    rows: Places

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return self.node_values(z, hyper, maths)[self.rows]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values at the times of all groups, shape (n_nodes, n_terms)."""
        weights, sd = self._steps(hyper, maths)
        return maths.descend(self.parents, weights, maths.column(sd) * z)

    def field(self) -> UnitField:
        """Return the values at the times of all groups."""
        precision = RecursivePrecision(self.parents, self._steps, ("rho",))
        return UnitField(self.nodes, precision, indicator(self.rows, len(self.nodes)))

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return one, and the mean of all of the covariance, in linear time."""
        weights, sd = self._steps(hyper, NUMPY)
        share = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        paths = sweep.ascend(self.parents, weights, share[:, None])[:, 0]
        return 1.0, float(((sd * paths) ** 2).sum())

    def _steps(self, hyper: Values, maths: Maths) -> tuple[Any, Any]:
        """Return the weights of the neighbours, and the sd of what is added."""
        log = maths.log(hyper["rho"])
        near = [self.parents[:, k] >= 0 for k in range(self.parents.shape[1])]
        r = [maths.where(near[k], maths.exp(self.gaps[:, k] * log), 0.0) for k in range(len(near))]
        rest = [
            maths.where(near[k], -maths.expm1(2 * self.gaps[:, k] * log), 1.0)
            for k in range(len(near))
        ]
        if len(near) == 1:
            return maths.column(r[0]), maths.sqrt(rest[0])
        both = maths.where(near[0] & near[1], -maths.expm1(2 * self.gaps.sum(axis=1) * log), 1.0)
        weights = [r[0] * rest[1] / both, r[1] * rest[0] / both]
        return (
            maths.stack_rows([w[None, :] for w in weights]).T,
            maths.sqrt(rest[0] * rest[1] / both),
        )
