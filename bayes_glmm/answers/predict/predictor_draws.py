"""The linear predictor of some rows in every posterior draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families import LINKS, Parameter
from bayes_glmm.families.censoring import observe
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.reference import reference_name
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


def fixed_part(fit: Fit, predictor: PredictorDesign) -> Array:
    """Return intercept, coefficients, smooths and offset, shape (n_draws, n_rows), link scale."""
    eta = np.broadcast_to(predictor.offset, (n_draws(fit), len(predictor.offset))).copy()
    if predictor.coefficients:
        beta = flat(fit, predictor.name("beta"))
        eta += beta @ predictor.known.T
        drawn = {name: flat(fit, name) for name in predictor.modelled.variables}
        eta += predictor.modelled.share_of(beta, drawn)
    for smooth in predictor.smooths:
        eta += flat(fit, f"u_{smooth.name}") @ smooth.basis.T
    if predictor.intercept:
        eta += flat(fit, predictor.name("intercept"))[:, None]
    return eta


def eta_draws(fit: Fit, predictor: PredictorDesign) -> Array:
    """Return the predictor with each row's own effects.

    Returns
    -------
    ndarray, shape (n_draws, n_rows)
        Link scale; draws of all chains after one another.
    """
    eta = fixed_part(fit, predictor)
    for group in predictor.groups:
        eta += group.added(flat(fit, f"u_{group.name}"))
    return eta


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
    sd = flat(fit, f"sd_{group.name}")
    if f"corr_{group.name}" not in fit.posterior:
        return sd[:, :, None] * np.eye(len(group.terms))
    corr = flat(fit, f"corr_{group.name}")
    return sd[:, :, None] * np.linalg.cholesky(corr)


def random_variance(
    fit: Fit, predictor: PredictorDesign, precision: Mapping[str, Array] = MappingProxyType({})
) -> Array:
    """Return the variance of each row's random part, shape (n_draws, n_rows).

    The effects of different groups are independent and normal, so the random
    part of one row is normal with variance ``sum_g z' Sigma_g z``. A level of a
    structure counts with the mean variance of the levels that have data. Student's t is
    normal given its ``precision``, by group, shape (n_draws,).
    """
    return random_covariance(fit, predictor, predictor, precision)


def random_covariance(
    fit: Fit,
    one: PredictorDesign,
    other: PredictorDesign,
    precision: Mapping[str, Array] = MappingProxyType({}),
) -> Array:
    """Return the covariance of two predictors' random parts, shape (n_draws, n_rows).

    Zero, but for the effects that both share.
    """
    total = np.zeros((n_draws(fit), len(one.offset)))
    theirs = {group.name: group for group in other.groups}
    for group in (g for g in one.groups if g.name in theirs):
        given = precision.get(group.name)
        spread = fit.level_variance(group.name) if given is None else 1 / given
        A = factors(fit, group) * np.sqrt(spread)[:, None, None]
        if group.Z is None and group.weights is None:
            total += A[:, 0, 0, None] ** 2
            continue
        for j in range(A.shape[2]):
            total += (A[:, :, j] @ group.spread.T) * (A[:, :, j] @ theirs[group.name].spread.T)
    return total


def random_factor(
    fit: Fit,
    predictors: Sequence[PredictorDesign],
    precision: Mapping[str, Array] = MappingProxyType({}),
) -> Array:
    """Return a lower-triangular square root of the covariance of several random parts.

    Returns
    -------
    ndarray, shape (n_predictors, n_predictors, n_draws, n_rows)
        Parts without variance, or that others determine, have rows of zeros beyond those.
    """
    n, rows = len(predictors), len(predictors[0].offset)
    L = np.zeros((n, n, n_draws(fit), rows))
    for j in range(n):
        for i in range(j, n):
            rest = random_covariance(fit, predictors[i], predictors[j], precision)
            rest = rest - (L[i, :j] * L[j, :j]).sum(axis=0)
            if i == j:
                L[j, j] = np.sqrt(np.maximum(rest, 0.0))
            else:
                L[i, j] = np.divide(rest, L[j, j], out=np.zeros_like(rest), where=L[j, j] > 0)
    return L


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

    def one(parameter: Parameter) -> Array:
        if parameter.name in design.predictors:
            eta = predict(fit, design.predictors[parameter.name])
            return np.asarray(LINKS[parameter.link].inverse(eta))
        if parameter.name == "sigma" and fit.spec.response.modifier("se"):
            return np.asarray(design.modifiers.get("se", [np.nan]))[None]
        if parameter.fixed is not None:
            return np.full((1, 1), parameter.fixed)
        return flat(fit, parameter.name)[:, None]

    own = {p.name: one(p) for p in fit.family.parameters}
    return design.moved(own, {p.parameter: predict(fit, p) for p in design.specific}, np.stack)


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
