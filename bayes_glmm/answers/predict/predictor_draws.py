"""The linear predictor of some rows in every posterior draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.censoring import observe
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.family_parameters import parameters_on_rows
from bayes_glmm.model.predictor import linear_predictor, population_covariance, population_factor
from bayes_glmm.model.variables import reference_name
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]


def flat(fit: Fit, name: str) -> Array:
    """Return what predictors are made of: draws of the reference basis where it is another.

    They go with :attr:`.Fit.design` and :meth:`.Fit.apply`; :func:`shown` gives the draws on
    the table's scale.

    Returns
    -------
    ndarray, shape (n_draws, ...)
        Chains after one another.
    """
    return shown(fit, kept(fit, name))


def kept(fit: Fit, name: str) -> str:
    """Return the name in the posterior of a variable that predictors are made of."""
    inside = reference_name(name)
    return inside if inside in fit.posterior else name


def shown(fit: Fit, name: str) -> Array:
    """Return a variable's draws as the posterior has them, chains after one another."""
    values = fit.posterior[name].values
    return values.reshape(-1, *values.shape[2:])


class Draws(Mapping[str, Array]):
    """A fit's variables by plain names, chains after one another: what predictors are made of."""

    def __init__(self, fit: Fit):
        self.fit = fit

    def __getitem__(self, name: str) -> Array:
        return flat(self.fit, name)

    def __contains__(self, name: object) -> bool:
        return kept(self.fit, str(name)) in self.fit.posterior

    def __iter__(self) -> Iterator[str]:
        return (str(name) for name in self.fit.posterior)

    def __len__(self) -> int:
        return len(self.fit.posterior)


def fixed_part(fit: Fit, predictor: PredictorDesign) -> Array:
    """Return intercept, coefficients, smooths and offset, shape (n_draws, n_rows), link scale."""
    return _every_draw(fit, linear_predictor(predictor, Draws(fit), blocks=predictor.common))


def eta_draws(fit: Fit, predictor: PredictorDesign) -> Array:
    """Return the predictor with each row's own effects.

    Returns
    -------
    ndarray, shape (n_draws, n_rows)
        Link scale; draws of all chains after one another.
    """
    return _every_draw(fit, linear_predictor(predictor, Draws(fit)))


def _every_draw(fit: Fit, eta: Array) -> Array:
    return eta if eta.ndim > 1 else np.tile(eta, (n_draws(fit), 1))


def mean_eta(
    fit: Fit, design: Design, predict: Callable[[Fit, PredictorDesign], Array] = eta_draws
) -> Array:
    """Return the predictor of the mean on some rows.

    Returns
    -------
    ndarray, shape (n_draws, n_rows), or (n_draws, n_rows, n_categories - 1)
        Link scale; the last where every category but the first has a predictor.
    """
    eta = {p.parameter: predict(fit, p) for p in design.means}
    return np.asarray(design.joined(eta, np.stack))


def factors(fit: Fit, group: GroupDesign) -> Array:
    """Return a square root of the effects' covariance, shape (n_draws, n_terms, n_terms)."""
    return group.root(Draws(fit))


def new_effects(
    fit: Fit, group: GroupDesign, n_levels: int
) -> Callable[[np.random.Generator], Array]:
    """Return what draws effects of levels related to no known one, from a generator.

    Returns
    -------
    callable
        Gives an ndarray, shape (n_draws, n_levels, n_terms).
    """
    hyper = group.hyper_values(Draws(fit))
    return partial(group.new_effects, factors(fit, group), hyper, n_levels)


def random_variance(
    fit: Fit, predictor: PredictorDesign, precision: Mapping[str, Array] = MappingProxyType({})
) -> Array:
    """Return the variance of each row's random part, shape (n_draws, n_rows).

    The effects of different groups are independent and normal, so the random
    part of one row is normal with variance ``sum_g z' Sigma_g z``. A level of a
    structure counts with the mean variance of the levels that have data. Effects that are
    normal given a precision have the given ``precision``, by group, shape (n_draws,).
    """
    return population_covariance(predictor, predictor, _roots(fit, precision), n_draws(fit))


def random_factor(
    fit: Fit,
    predictors: Sequence[PredictorDesign],
    precision: Mapping[str, Array] = MappingProxyType({}),
) -> Array:
    """Return a lower-triangular square root of the covariance of several random parts.

    Returns
    -------
    ndarray, shape (n_predictors, n_predictors, n_draws, n_rows)
        As :func:`.population_factor` gives it.
    """
    return population_factor(predictors, _roots(fit, precision), n_draws(fit))


def _roots(fit: Fit, precision: Mapping[str, Array]) -> Callable[[GroupDesign], Array]:
    def root(group: GroupDesign) -> Array:
        given = precision.get(group.name)
        spread = fit.level_variance(group.name) if given is None else 1 / given
        return factors(fit, group) * np.sqrt(spread)[:, None, None]

    return root


def parameters(
    fit: Fit, design: Design, predict: Callable[[Fit, PredictorDesign], Array] = eta_draws
) -> dict[str, Array]:
    """Return the family's parameters on some rows.

    Parameters
    ----------
    predict : callable, default :func:`eta_draws`
        Gives the predictor of a parameter that has a formula.

    Returns
    -------
    dict of str to ndarray, shape (n_draws, n_rows), or (n_draws, 1) without a formula
        So that rows broadcast; thresholds have a last axis more. Standard errors that
        rows do not state are missing.
    """
    stated = [p.name for p in fit.family.parameters if p.name in design.predictors]
    names = dict.fromkeys((*stated, *(p.parameter for p in design.specific)))
    eta = {name: predict(fit, design.predictors[name]) for name in names}
    return parameters_on_rows(design, eta, Draws(fit))


def log_density(fit: Fit, design: Design, eta: Array, own: Mapping[str, Array], y: Array) -> Array:
    """Return the log-density of responses as they were observed, row by row."""
    seen = dict(design.modifiers)
    family = observe(fit.family, seen, y)
    return np.asarray(family.logpdf(y, eta, fit.link, {**own, **seen}, design.trials))


def odds_of(fit: Fit, predictor: PredictorDesign) -> str:
    """Name the scale of a category's predictor."""
    return f"log odds of {predictor.category} against {fit.design.categories[0]}"


def n_draws(fit: Fit) -> int:
    """Return the number of draws of all chains together."""
    return fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
