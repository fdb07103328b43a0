"""Levels of a group: deviations, totals and shrinkage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer, interval
from bayes_glmm.answers.predict.predictor_draws import (
    fixed_part,
    flat,
    log_density,
    odds_of,
    parameters,
    shown,
)
from bayes_glmm.answers.require import able, require
from bayes_glmm.errors import ArgumentError, ResultError, suggestion
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.model.blocks.group import GroupDesign

type Array = NDArray[np.float64]
STEP, ENDLESS = 1e-4, 20.0
"""Of raw estimates, in units of the predictor: a difference, and what counts as infinite."""
CORNER, FLAT, HALVINGS = 1e-6, 1e-10, 40
type Likelihood = Callable[[Array], Array]
"""Maps one deviation for each level to the log-likelihood of its rows."""


@overload
def random_effects(
    tree: xr.DataTree, group: str, *, draws: Literal[False] = False,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def random_effects(tree: xr.DataTree, group: str, *, draws: Literal[True]) -> xr.DataArray: ...
@overload
def random_effects(
    tree: xr.DataTree, group: str, *, draws: bool,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def random_effects(
    tree: xr.DataTree, group: str, *, draws: bool = False
) -> pd.DataFrame | xr.DataArray:
    """Tabulate each level's deviations from the population, on the link scale.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    group : str
        Name of a group, such as ``"Subject"`` or ``"school_by_class"``.
    draws : bool, default False
        Return the draws with the same labels, over (chain, draw, ...).

    Returns
    -------
    pandas.DataFrame
        ``level``, ``term``, ``n`` rows, ``mean``, ``sd`` and the interval.

    Raises
    ------
    ResultError
        The model has no such group.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> bg.random_effects(tree, "hospital")[["level", "n"]].head(2)
      level  n
    0     A  1
    1     B  1
    """
    fit = read_fit(tree)
    design = fit.group(group)
    group = design.name
    u = shown(fit, design.effects)
    about = {"estimand": f"deviations of {group} from the population", "scale": _link(fit, group)}
    return answer(fit, u.reshape(len(u), -1), _labels(design), about, draws=draws)


def effects_of_term(tree: xr.DataTree, group: str, term: str | None = None) -> pd.DataFrame:
    """Return the rows of :func:`random_effects` of one varying term, the first when not given.

    Raises
    ------
    ResultError
        The model has no such group, or the group no such varying term.
    """
    table = random_effects(tree, group)
    terms = list(dict.fromkeys(table["term"]))
    term = terms[0] if term is None else term
    if term not in terms:
        raise ResultError(f"{group!r} has no varying term {term!r}." + suggestion(term, terms))
    rows = table[table["term"] == term].reset_index(drop=True)
    rows.attrs = dict(table.attrs)
    return rows


@overload
def coefficients(
    tree: xr.DataTree, group: str, *, draws: Literal[False] = False,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def coefficients(tree: xr.DataTree, group: str, *, draws: Literal[True]) -> xr.DataArray: ...
@overload
def coefficients(tree: xr.DataTree, group: str, *, draws: bool) -> pd.DataFrame | xr.DataArray: ...
def coefficients(
    tree: xr.DataTree, group: str, *, draws: bool = False
) -> pd.DataFrame | xr.DataArray:
    """Tabulate each level's own coefficients: fixed effect plus deviation.

    Without a fixed effect of the same name, the coefficient is the deviation alone.

    Parameters
    ----------
    tree, group, draws
        As in :func:`random_effects`.

    Returns
    -------
    pandas.DataFrame
        One row per ``level`` and varying ``term``, with ``n`` rows, ``mean``, ``sd`` and the
        interval, on the link scale.

    Raises
    ------
    ResultError
        The model has no such group.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> bg.coefficients(tree, "rat")[["level", "term", "n"]].head(2)
      level       term  n
    0     1  intercept  5
    1     1        age  5
    """
    fit = read_fit(tree)
    design = fit.group(group)
    group = design.name
    total = shown(fit, design.effects).copy()
    for predictor in fit.predictors_of(group):
        fixed = list(predictor.coefficients)
        for t, term in design.own(predictor.parameter):
            if term == INTERCEPT and predictor.intercept:
                total[:, :, t] += shown(fit, predictor.intercept_name)[:, None]
            elif term in fixed:
                total[:, :, t] += shown(fit, predictor.beta)[:, fixed.index(term), None]
    about = {"estimand": f"coefficients of each {group}", "scale": _link(fit, group)}
    return answer(fit, total.reshape(len(total), -1), _labels(design), about, draws=draws)


def shrinkage(tree: xr.DataTree, group: str) -> pd.DataFrame:
    """Set each level's raw estimate beside its partially pooled one.

    The raw estimate maximises the likelihood of the level's rows over one deviation, with
    every other part of the predictor at its posterior mean. Newton's method starts at the
    pooled value; the likelihood of a quantile has corners, and is maximised by bisection.
    Where no maximum exists (no events, or only events) the estimate is infinite.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    group : str
        A group with a varying intercept.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``n`` rows, their summed ``trials`` or ``exposure`` where the model
        has them, ``raw`` and ``pooled`` deviations (link scale), the interval of the
        pooled one, and ``shrinkage``, the share of the population's variance that the
        level's own rows leave open: ``Var(u | y) / E[sd**2]``.

    Raises
    ------
    ArgumentError
        The group has no varying intercept.

    References
    ----------
    .. [1] Efron & Morris (1977). Stein's paradox in statistics. *Scientific American*
       236(5), 119-127.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> table = bg.shrinkage(tree, "hospital").set_index("level")
    >>> bool(abs(table.loc["H", "pooled"]) < abs(table.loc["H", "raw"]))
    True
    """
    fit = read_fit(tree)
    design = fit.group(group)
    group = design.name
    require_mean(fit, group, "shrinkage()")
    if INTERCEPT not in design.terms:
        raise ArgumentError(f"shrinkage() needs a varying intercept; {group!r} has none.")
    require(design, "single_levels", "shrinkage()")
    t = design.terms.index(INTERCEPT)
    u = flat(fit, design.effects)[:, :, t]
    sd = flat(fit, design.sd)[:, t]
    low, high, names = interval(u)
    left_open = np.clip(u.var(axis=0) / np.mean(sd**2 * fit.level_variance(group)), 0, 1)
    table = pd.DataFrame(
        {
            "level": design.levels,
            "n": _sizes(design),
            **_amounts(fit, design),
            "raw": raw_estimates(fit, design, t),
            "pooled": u.mean(axis=0),
            names[0]: low,
            names[1]: high,
            "shrinkage": left_open,
        }
    )
    table.attrs = {"estimand": f"deviations of {group}", "scale": _link(fit, group)}
    if fit.banner:
        table.attrs["banner"] = fit.banner
    return table


def raw_estimates(fit: Fit, group: GroupDesign, term: int) -> Array:
    """Maximise each level's own likelihood in one deviation, all levels at once."""
    eta, pooled = _mean_predictor(fit, group, term)
    parameter_means = {k: v.mean(axis=0) for k, v in parameters(fit, fit.design).items()}
    y = np.asarray(fit.design.response, float)
    z = np.ones(len(eta)) if group.Z is None else group.Z[:, term]
    unit = fit.family.scale(y, fit.link.name)

    def by_level(value: Array) -> Array:
        rows = log_density(fit, fit.design, eta + z * value[group.index], parameter_means, y)
        return np.bincount(group.index, rows, minlength=group.n_levels)

    top = _newton if able(fit.family, "curvature") else _between_corners
    value = top(by_level, pooled, unit)
    return np.where(np.abs(value) > ENDLESS * unit, np.sign(value) * np.inf, value)


def _newton(by_level: Likelihood, start: Array, unit: float) -> Array:
    """Maximise each level's log-likelihood by Newton steps, halved where they would lose."""
    value, h, size = start.copy(), STEP * unit, np.ones(len(start))
    for _ in range(60):
        low, middle, high = by_level(value - h), by_level(value), by_level(value + h)
        slope, bend = (high - low) / (2 * h), (high - 2 * middle + low) / h**2
        flattest = -1e-12 / unit**2
        step = np.where(bend < flattest, -slope / np.minimum(bend, flattest), np.sign(slope) * unit)
        there = value + size * np.clip(step, -2.0 * unit, 2.0 * unit)
        gains = by_level(there) >= middle
        value, size = (
            np.where(gains, there, value),
            np.where(gains, np.minimum(2 * size, 1.0), size / 2),
        )
        if np.nanmax(np.abs(step)) < 1e-6 * unit:
            break
    return value


def _between_corners(by_level: Likelihood, start: Array, unit: float) -> Array:
    """Maximise each level's log-likelihood by bisection; of a flat top, return the middle."""
    h, edges = CORNER * unit, []
    for least in (FLAT, -FLAT):  # where it stops rising, and where it begins to fall
        low, high = start - 2 * ENDLESS * unit, start + 2 * ENDLESS * unit
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            rises = by_level(middle + h) - by_level(middle - h) > least
            low, high = np.where(rises, middle, low), np.where(rises, high, middle)
        edges.append((low + high) / 2)
    return np.asarray((edges[0] + edges[1]) / 2)


def require_mean(fit: Fit, group: str, what: str) -> None:
    """Refuse a group whose effects are not in the predictor of one mean."""
    predictor = fit.predictor_of(group)
    parameter = predictor.parameter
    if predictor.category:
        raise ArgumentError(
            f"{what} is about one mean, and {group!r} is in the predictor of the category "
            f"{predictor.category!r}, beside others: use random_effects() or rank()."
        )
    if parameter != "mu":
        raise ArgumentError(
            f"{what} is about levels that differ in their mean; {group!r} is in the formula of "
            f"{parameter!r}: use random_effects()."
        )


def _mean_predictor(fit: Fit, group: GroupDesign, term: int) -> tuple[Array, Array]:
    """Return the posterior mean predictor without one varying term, and that term."""
    mu = fit.design.mu
    eta = mu.offset + (flat(fit, mu.intercept_name).mean() if mu.intercept else 0.0)
    if mu.modelled:
        eta = fixed_part(fit, mu).mean(axis=0)
    elif mu.coefficients:
        eta = eta + mu.X @ flat(fit, mu.beta).mean(axis=0)
    for smooth in mu.smooths:
        eta = eta + smooth.basis @ flat(fit, smooth.effects).mean(axis=0)
    pooled = np.zeros(group.n_levels)
    for other in fit.design.mu.groups:
        u = flat(fit, other.effects).mean(axis=0)
        if other.name == group.name:
            pooled = u[:, term].copy()
            u = u.copy()
            u[:, term] = 0.0
        eta = eta + other.added(u)
    return eta, pooled


def _amounts(fit: Fit, group: GroupDesign) -> dict[str, Array]:
    """Return the summed trials or exposure of each level, where the model has them."""
    if fit.design.trials is not None:
        amounts = {"trials": fit.design.trials}
    elif fit.spec.exposure is not None:
        amounts = {"exposure": fit.data[fit.spec.exposure].to_numpy(float)}
    else:
        amounts = {}
    return {k: np.bincount(group.index, v, group.n_levels) for k, v in amounts.items()}


def _labels(group: GroupDesign) -> pd.DataFrame:
    q = len(group.terms)
    return pd.DataFrame(
        {
            "level": np.repeat(group.levels, q),
            "term": np.tile(np.array(group.terms), group.n_levels),
            "n": np.repeat(_sizes(group), q),
        }
    )


def _sizes(group: GroupDesign) -> NDArray[np.intp]:
    return group.counts


def _link(fit: Fit, group: str) -> str:
    columns = {c.predictor.parameter: c.column for c in fit.design.covariates.values()}
    return "; ".join(
        odds_of(fit, p) if p.category
        else fit.link.scale if p.parameter == "mu"
        else f"units of {columns[p.parameter]}" if p.parameter in columns
        else f"link of {p.parameter} ({fit.family.parameter(p.parameter).link})"
        for p in fit.predictors_of(group)
    )  # fmt: skip
