r"""The joint density of a model in NumPy: latent field, parameters and rows.

With parameters :math:`\theta` and all effects at unit scale, :math:`u \mid \theta \sim N(0,
Q(\theta)^{-1})`, effects are :math:`x = D(\theta) u`, predictors :math:`\eta_p = o_p + X_p b_p +
A_p x`, and

.. math:: \log p(y, u, \theta) = \sum_i \log p(y_i \mid \eta_i, \theta)
    + \log N(u; 0, Q^{-1}) + \log p(\theta)

with all constants. It is slow and simple: the reference for faster densities. Student-t effects
have their own density in place of the normal one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayes_glmm.families import LINKS, get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.maths.field_maths import NUMPY
from bayes_glmm.model.blocks.array_types import Array, Values
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.family_parameters import STANDARD_ERROR
from bayes_glmm.model.latent_effects import EffectFields, effect_fields
from bayes_glmm.model.prior_density import (
    dirichlet_log_density,
    lkj_log_density,
    log_priors,
)
from bayes_glmm.model.reference import Way
from bayes_glmm.model.variable_table import variables
from bayes_glmm.model.variables import Role, Variable
from bayes_glmm.spec.priors import Prior


@dataclass(frozen=True, eq=False)
class FieldDensity:
    """The density of a model at values of its variables.

    Values are given by plain names in the reference basis, see :mod:`.reference`: all variables
    of the posterior that are not computed from others; correlations by their factors. Effects
    of groups and smooths are nodes at unit scale, shape (n_nodes, n_terms) and (n_basis,): a
    standard deviation of zero is then no special case.

    Attributes
    ----------
    design : Design
        In the reference basis.
    priors : mapping of str to Prior
        By plain names.
    """

    design: Design
    priors: Mapping[str, Prior]

    @classmethod
    def of(cls, design: Design, priors: Mapping[str, Prior]) -> FieldDensity:
        """Build the density from a design on the table's scale and its resolved priors."""
        way = Way.of(design, priors)
        return cls(way.design, way.priors)

    @cached_property
    def effects(self) -> dict[str, EffectFields]:
        """Groups and smooths of each predictor as blocks of the field."""
        return {p.parameter: effect_fields(p) for p in self.design.every}

    @property
    def blocks(self) -> EffectFields:
        """All blocks; those that several predictors share come once."""
        return tuple({b.effects: b for fields in self.effects.values() for b in fields}.values())

    @cached_property
    def variables(self) -> dict[str, Variable]:
        """All variables by name."""
        return dict(variables(self.design))

    def log_density(self, values: Values) -> float:
        """Return the joint log-density of the responses and of all variables."""
        return self.log_rows(values) + self.log_fields(values) + self.log_parameters(values)

    def log_fields(self, values: Values) -> float:
        """Return the log-density of all effects at unit scale given the parameters."""
        return sum((b.log_density(values[b.effects], values) for b in self.blocks), 0.0)

    def log_rows(self, values: Values) -> float:
        """Return the log-density of the responses, and of covariates with missing values."""
        design, family = self.design, get_family(self.design.family)
        eta = {name: self.predictor(p, values) for name, p in design.predictors.items()}
        parameters: dict[str, Any] = {}
        for p in family.parameters:
            if p.name in eta:
                parameters[p.name] = LINKS[p.link].inverse(eta[p.name])
            elif p.fixed is not None or p.name in values:
                parameters[p.name] = np.asarray(values[p.name] if p.fixed is None else p.fixed)
            else:
                parameters[p.name] = design.modifiers[STANDARD_ERROR]
        parameters = design.moved(parameters, eta, np.stack) | dict(design.modifiers)
        assert design.response is not None
        rows = observe(family, design.modifiers, design.response).logpdf(
            design.response, design.joined(eta, np.stack), family.link(design.link), parameters,
            design.trials,
        )  # fmt: skip
        total = float(np.asarray(rows).sum())
        for covariate in design.covariates.values():
            x = covariate.factor.evaluated(values.get(covariate.factor.variable), NUMPY)
            mean = self.predictor(covariate.predictor, values)
            sigma = values[covariate.sigma]
            z = (x - mean) / sigma
            total += float((-0.5 * (z**2 + np.log(2 * np.pi)) - np.log(sigma)).sum())
        return total

    def predictor(self, p: PredictorDesign, values: Values) -> Array:
        """Return a predictor on the rows from effects at unit scale, shape (n_rows,)."""
        eta = p.offset.copy()
        if p.intercept:
            eta += values[p.intercept_name]
        if p.coefficients:
            eta += p.known @ values[p.beta]
            eta += p.modelled.rows(values[p.beta], values, NUMPY) if p.modelled else 0.0
        for block in self.effects[p.parameter]:
            eta += block.rows(values[block.effects], values)
        return eta

    def log_parameters(self, values: Values) -> float:
        """Return the log-density of all variables that are no effects and no missing values."""
        return sum(self._log_prior(v, values) for v in self.variables.values())

    def _log_prior(self, variable: Variable, values: Values) -> float:
        if variable.derived or variable.role in (Role.EFFECTS, Role.LATENTS, Role.MISSING):
            return 0.0
        x = values[variable.name]
        names = [slot.name for slot in variable.slots]
        match variable.role:
            case Role.CORRELATION_FACTOR:
                of = next(v for v in self.variables.values() if _is_of(v, variable))
                return lkj_log_density(x, self.priors[of.slots[0].name]["eta"])
            case Role.SHARES:
                return dirichlet_log_density(x, self.priors[names[0]]["alpha"])
            case Role.INTERCEPT:
                p = next(p for p in self.design.every if p.intercept_name == variable.name)
                x = x + (p.centers @ values[p.beta] if p.coefficients else 0.0)
            case Role.THRESHOLD:
                x = x - self.design.threshold_centre(values.__getitem__, np.stack)
        return log_priors(names, self.priors, x)


def _is_of(variable: Variable, factor: Variable) -> bool:
    return variable.role is Role.CORRELATION and variable.owner == factor.owner
