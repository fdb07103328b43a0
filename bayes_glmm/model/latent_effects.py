r"""The effects of groups and smooths as blocks of one latent field.

A block has nodes u at unit scale with the precision :math:`Q(\rho) \otimes R^{-1}`, sizes D from
standard deviations, and columns A in each predictor. It adds :math:`A x` to the rows, where x are
the effects :math:`D u` mapped to the levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from bayes_glmm.model.blocks.array_types import Array, Values
from bayes_glmm.model.blocks.field_precision import identity
from bayes_glmm.model.blocks.fixed import FixedBlock
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.smooth import SmoothDesign
from bayes_glmm.model.blocks.unit_field import UnitField, correlated, indicator
from bayes_glmm.model.design import PredictorDesign
from bayes_glmm.model.variables import element
from bayes_glmm.spec.priors import Prior


@dataclass(frozen=True, eq=False)
class GroupField:
    """The effects of a group in one predictor.

    Attributes
    ----------
    group : GroupDesign
    """

    group: GroupDesign

    @property
    def effects(self) -> str:
        """Name of its nodes at unit scale, shape (n_nodes, n_terms)."""
        return self.group.effects

    @cached_property
    def field(self) -> UnitField:
        """The field of one term."""
        return self.group.distribution.field(self.group.levels)

    def hyper(self, values: Values) -> dict[str, Any]:
        """Return parameters of the effects' distribution by stem."""
        return self.group.hyper_values(values)

    def correlations(self, values: Values) -> Array:
        """Return the correlations of the terms from their factors, shape (n_terms, n_terms)."""
        R = np.eye(len(self.group.terms))
        for name, block in self.group.correlation_factors if self.group.wide else ():
            R[np.ix_(block, block)] = values[name] @ values[name].T
        return R

    def precision(self, values: Values) -> sp.csc_matrix:
        """Return the precision of nodes by terms, node after node."""
        Q = self.field.precision.matrix(self.hyper(values))
        return correlated(Q, self.correlations(values))

    def scale(self, values: Values) -> Array:
        """Return the size of each node's effect on each term, shape (n_nodes, n_terms): D."""
        return self.field.scale(self.hyper(values))[:, None] * values[self.group.sd]

    def log_density(self, u: Array, values: Values) -> float:
        """Return the log-density of the nodes given the parameters."""
        R = self.correlations(values)
        return self.group.distribution.log_density(self.field, u, self.hyper(values), R)

    @cached_property
    def columns(self) -> sp.csr_matrix:
        """The design matrix of the levels' effects, shape (n_rows, n_levels * n_terms)."""
        index, weights = self.group.members.shares
        (n, q), members = self.group.values.shape, index.shape[1]
        known = np.where(index >= 0, weights, 0.0)
        weight = known[:, :, None] * self.group.values[:, None, :]
        columns = np.maximum(index, 0)[:, :, None] * q + np.arange(q)
        rows = np.repeat(np.arange(n), members * q)
        shape = (n, self.group.n_levels * q)
        return sp.csr_matrix((weight.ravel(), (rows, columns.ravel())), shape=shape)

    def rows(self, u: Array, values: Values) -> Array:
        """Return what the nodes add to each row, shape (n_rows,)."""
        levels = self.field.levels @ (self.scale(values) * u)
        return np.asarray(self.columns @ np.ravel(levels))


@dataclass(frozen=True, eq=False)
class SmoothField:
    """The penalised coefficients of a smooth: independent, with sizes by part and frequency.

    Attributes
    ----------
    smooth : SmoothDesign
    """

    smooth: SmoothDesign

    @property
    def effects(self) -> str:
        """Name of its coefficients at unit scale, shape (n_basis,)."""
        return self.smooth.effects

    @cached_property
    def field(self) -> UnitField:
        """Independent nodes; those of a spectral basis differ in size."""
        n = len(self.smooth.part)
        scales = None if self.smooth.spectrum is None else self.smooth.scales
        names = np.array(self.smooth.columns, np.str_)
        return UnitField(names, identity(n), indicator(np.arange(n), n), scales)

    def scale(self, values: Values) -> Array:
        """Return the standard deviation of each coefficient, shape (n_basis,): D."""
        sd = values[self.smooth.sd][self.smooth.part]
        return np.asarray(sd * self.field.scale(self.smooth.hyper_values(values)))

    def log_density(self, u: Array, values: Values) -> float:
        """Return the log-density of the coefficients given the parameters."""
        return self.field.log_density(u, self.smooth.hyper_values(values), np.eye(1))

    @cached_property
    def columns(self) -> sp.csr_matrix:
        """The penalised columns, shape (n_rows, n_basis)."""
        return sp.csr_matrix(self.smooth.basis)

    def rows(self, u: Array, values: Values) -> Array:
        """Return what the coefficients add to each row, shape (n_rows,)."""
        return np.asarray(self.columns @ (self.scale(values) * u))


type EffectFields = tuple[GroupField | SmoothField, ...]


def effect_fields(p: PredictorDesign) -> EffectFields:
    """Return the blocks of the field in one predictor, smooths first."""
    return (*map(SmoothField, p.smooths), *map(GroupField, p.groups))


def fixed_field(block: FixedBlock, priors: Mapping[str, Prior]) -> tuple[Array, UnitField] | None:
    """Return intercept and coefficients as a field: prior means, and nodes at unit scale.

    With m the means, s the prior sds and u the nodes, the predictor at the covariates' means and
    the coefficients are ``m + s u``; columns are ones and the centred covariates. None where a
    prior is not normal.
    """
    names = [block.intercept_name] if block.intercept else []
    names += [element(block.beta, label) for label in block.coefficients]
    given = [priors[name] for name in names]
    if any(prior.name != "Normal" for prior in given):
        return None
    means, sds = (np.array([prior[key] for prior in given]) for key in ("mu", "sigma"))
    ones = np.ones((len(block.X), int(block.intercept)))
    columns = sp.csr_matrix(np.hstack([ones, block.X - block.centers]))
    nodes = np.array(names, np.str_)
    return means, UnitField(nodes, identity(len(names)), columns, lambda _, __: sds)
