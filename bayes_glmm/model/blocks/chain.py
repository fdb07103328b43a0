r"""Recursions in which a node has one node before it at most: series, and branches of trees.

Given its parent, :math:`u_i \sim N(w_i u_{p(i)}, v_i)`. Two laws serve series and trees:

- a decay with rate :math:`\kappa` over a length: :math:`w = e^{-\kappa l}`, :math:`v = 1 - w^2`, and
  variance one where a chain begins;
- a share :math:`\lambda` of the variance: :math:`w = 1`, :math:`v = a + \lambda b`.

Waves have no parents; their variances are the spectral density at a frequency :math:`\omega`. With
:math:`\rho` the range, :math:`v = K \rho^d (1 + f \rho^2)^{-e}` (Matern) or
:math:`K \rho^d e^{-f \rho^2}` (gaussian), where f is proportional to :math:`\omega^2`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from bayes_glmm.model.blocks.array_types import Array, Places

RHO, HALFLIFE, SHARE, MATERN, SQUARED = "rho", "halflife", "share", "matern", "squared"
LEAST = -230.0
"""Logarithm of the least variance of a wave: what is smaller is none, and would overflow."""
SMOOTHNESS = {"exponential": 0.5, "matern32": 1.5, "matern52": 2.5}


@dataclass(frozen=True, eq=False)
class Chain:
    """Such a recursion, as numbers.

    Attributes
    ----------
    law : {"rho", "halflife", "share", "matern", "squared"}
        A decay by its correlation over one unit, or by its half-life; a share; or waves.
    parents : ndarray of int, shape (n_nodes,)
        -1 where a chain begins, otherwise below the node's own number.
    first, second : ndarray, shape (n_nodes,)
        Lengths and nothing, the variances ``a`` and ``b``, or ``f``, and K's logarithm, d and e in turn.
    """

    LAWS: ClassVar[tuple[str, ...]] = (RHO, HALFLIFE, SHARE, MATERN, SQUARED)
    law: str
    parents: Places
    first: Array
    second: Array

    @classmethod
    def waves(cls, kernel: str, frequency: Array, dimension: int) -> Self:
        """Return independent waves of those angular frequencies, at least three."""
        none, second, half = np.full(len(frequency), -1), np.zeros(len(frequency)), dimension / 2
        if kernel == "gaussian":
            second[:3] = half * math.log(2 * math.pi), dimension, 0.0
            return cls(SQUARED, none, frequency**2 / 2, second)
        nu = SMOOTHNESS[kernel]
        size = half * math.log(2 * math.pi / nu) + math.lgamma(nu + half) - math.lgamma(nu)
        second[:3] = size, dimension, nu + half
        return cls(MATERN, none, frequency**2 / (2 * nu), second)

    def steps(self, parameter: Array) -> tuple[Array, Array]:
        """Return weights and variances, shape (..., n_nodes), of parameters of shape (...)."""
        value = np.asarray(parameter, float)[..., None]
        begins = self.parents < 0
        if self.law in (MATERN, SQUARED):
            size, dimension, power = self.second[:3]
            scaled = self.first * value**2
            fall = power * np.log1p(scaled) if self.law == MATERN else scaled
            variance = np.exp(np.maximum(size + dimension * np.log(value) - fall, LEAST))
            return np.zeros_like(variance), variance
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
