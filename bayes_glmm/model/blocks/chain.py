r"""Recursions in which a node has one node before it at most: series, and branches of trees.

Given its parent, :math:`u_i \sim N(w_i u_{p(i)}, v_i)`. Two laws serve all blocks:

- a decay with rate :math:`\kappa` over a length: :math:`w = e^{-\kappa l}`, :math:`v = 1 - w^2`, and
  variance one where a chain begins;
- a share :math:`\lambda` of the variance: :math:`w = 1`, :math:`v = a + \lambda b`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayes_glmm.model.blocks.array_types import Array, Places

RHO, HALFLIFE, SHARE = "rho", "halflife", "share"


@dataclass(frozen=True, eq=False)
class Chain:
    """Such a recursion, as numbers.

    Attributes
    ----------
    law : {"rho", "halflife", "share"}
        A decay by its correlation over one unit, or by its half-life; or a share.
    parents : ndarray of int, shape (n_nodes,)
        -1 where a chain begins, otherwise below the node's own number.
    first, second : ndarray, shape (n_nodes,)
        Lengths and nothing, or the variances ``a`` and ``b``.
    """

    LAWS: ClassVar[tuple[str, ...]] = (RHO, HALFLIFE, SHARE)
    law: str
    parents: Places
    first: Array
    second: Array

    def steps(self, parameter: Array) -> tuple[Array, Array]:
        """Return weights and variances, shape (..., n_nodes), of parameters of shape (...)."""
        value = np.asarray(parameter, float)[..., None]
        begins = self.parents < 0
        if self.law == SHARE:
            variance = self.first + value * self.second
            return np.where(begins, 0.0, np.ones_like(variance)), variance
        rate = -np.log(value) if self.law == RHO else np.log(2) / value
        passed = rate * self.first
        weights = np.where(begins, 0.0, np.exp(-passed))
        return weights, np.where(begins, 1.0, -np.expm1(-2 * passed))

    def innovations(self, u: Array, parameter: Array) -> Array:
        """Return the standard normal numbers that values are made of.

        Parameters
        ----------
        u : ndarray, shape (n_draws, n_nodes, n_terms)
        parameter : ndarray, shape (n_draws,)
        """
        weights, variance = self.steps(parameter)
        before = np.where(self.parents[:, None] < 0, 0.0, u[:, self.parents])
        return np.asarray((u - weights[..., None] * before) / np.sqrt(variance)[..., None])
