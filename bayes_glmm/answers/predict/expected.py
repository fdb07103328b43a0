"""Draws of the mean response of some rows, under each of the four estimands."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import beside
from bayes_glmm.answers.effects.related import related_effects
from bayes_glmm.answers.predict.predictor_draws import (
    fixed_part,
    flat,
    mean_eta,
    n_draws,
    new_effects,
    parameters,
    random_factor,
    random_variance,
)
from bayes_glmm.answers.predict.represented import alone
from bayes_glmm.answers.predict.student_effects import mixtures, students
from bayes_glmm.answers.require import able, require
from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.errors import ArgumentError, ExtrapolationWarning, listed, suggestion
from bayes_glmm.literals import Groups, allowed
from bayes_glmm.maths.softmax_means import correlated_shares
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
CELLS = 4_000_000
NEW_LEVELS = 1
OWN_NODES = 25
MEANING = {
    "known": "each row's own group effects",
    "typical": "random effects of zero (a typical group, not an average one)",
    "new": "a new level drawn for every new id and draw",
    "population": "averaged over the population of groups",
}


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to answer for, with what the estimand needs of them.

    Attributes
    ----------
    data : pandas.DataFrame
    design : Design
    effects : dict of str to ndarray, shape (n_draws, n_levels, n_terms)
        Effects of the known levels by group; empty where the estimand reads none.
    new_levels : dict of str to ndarray of str, shape (n_rows,) or (n_rows, n_members)
        Each row's level by group, where the model does not know it; else empty text.
    seed : int
    """

    data: pd.DataFrame
    design: Design
    effects: dict[str, Array]
    new_levels: dict[str, NDArray[np.str_]]
    seed: int


def prepare_rows(
    fit: Fit, data: pd.DataFrame, groups: str, seed: int, *, single: bool = True
) -> Rows:
    """Turn rows into arrays for one estimand.

    Parameters
    ----------
    single : bool, default True
        Whether a collapsed row is one of the rows that it stands for, or their sum.

    Raises
    ------
    ArgumentError
        An unknown estimand.
    DataError
        The rows do not suit the model, e.g. an unknown level under ``"known"``.
    """
    known = allowed(Groups)
    if groups not in known:
        raise ArgumentError(f"groups={groups!r} is no estimand." + suggestion(str(groups), known))
    how: Literal["known", "any", "ignore"] = (
        "known" if groups == "known" else "any" if groups == "new" else "ignore"
    )
    design = fit.apply(data, groups=how, response=False)
    design = alone(fit, design, data) if single else design
    _warn_beyond(fit, data)
    effects, new = {}, {}
    if groups in ("known", "new"):
        effects = {g.name: flat(fit, g.effects) for g in design.groups}
    if groups == "new":
        for name, learned in fit.schema.predictors.items():
            for schema, group in zip(learned.groups, design.predictors[name].groups, strict=True):
                new[group.name] = np.where(group.index < 0, schema.names(data), "")
        design = _with_relatives(fit, design, data, effects, new, seed)
    return Rows(data, design, effects, new, seed)


def _warn_beyond(fit: Fit, data: pd.DataFrame) -> None:
    """Say where a curve is continued in a straight line."""
    for parameter in fit.schema.predictors:
        for smooth in fit.schema.smooths(parameter):
            outside = smooth.beyond(data, fit.schema.states)
            if outside.any():
                warnings.warn(
                    f"{smooth.label} is continued in a straight line beyond the training rows, in "
                    f"{rows_where(data.index, outside)}.",
                    ExtrapolationWarning,
                    stacklevel=4,
                )


def _with_relatives(
    fit: Fit,
    design: Design,
    data: pd.DataFrame,
    effects: dict[str, Array],
    new: dict[str, NDArray[np.str_]],
    seed: int,
) -> Design:
    """Add new levels of structures to the effects, conditional on their relatives."""
    places: dict[str, NDArray[np.int32]] = {}

    def related(group: GroupDesign) -> GroupDesign:
        absent = new[group.name] != ""
        if group.name in places:
            return group.at(places[group.name])
        if group.structure is None or not absent.any():
            return group
        levels, place = np.unique(new[group.name][absent], return_inverse=True)
        key = [seed, NEW_LEVELS, *group.name.encode(), 0]
        added = related_effects(fit, group, levels, data[absent], key)
        effects[group.name] = np.concatenate([effects[group.name], added], axis=1)
        index = group.index.copy()
        index[absent] = group.n_levels + place
        new[group.name], places[group.name] = np.full(len(absent), ""), index
        return group.at(index)

    predictors = {
        name: replace(p, groups=tuple(map(related, p.groups)))
        for name, p in design.predictors.items()
    }
    return replace(design, predictors=predictors)


def _new_part(fit: Fit, rows: Rows, group: GroupDesign, ids: NDArray[np.str_]) -> Array:
    """Return what new levels add to each row, shape (n_draws, n_rows).

    A level's draws depend on the seed, the group and the level's name alone, not on other
    rows or on how rows are cut into blocks.
    """
    levels, index = np.unique(ids, return_inverse=True)
    draw = new_effects(fit, group, 1)
    u = np.zeros((n_draws(fit), len(levels), len(group.terms)))
    for i, level in enumerate(levels):
        if level:
            key = [rows.seed, NEW_LEVELS, *group.name.encode(), 0, *level.encode()]
            u[:, i] = draw(np.random.default_rng(key))[:, 0]
    return group.at(index.reshape(ids.shape).astype(np.int32)).added(u)


def blocks(fit: Fit, design: Design) -> Iterator[slice]:
    """Cut rows so that draws times rows stay within a fixed number of cells."""
    size = max(1, CELLS // n_draws(fit))
    for start in range(0, design.n_rows, size):
        yield slice(start, min(start + size, design.n_rows))


def mean_draws(fit: Fit, rows: Rows, groups: str, block: slice) -> Array:
    """Return draws of the mean response, shape (n_draws, rows of the block).

    For categories these are probabilities, or shares, with the category as a last axis.

    It is ``mu`` unless the family's mean is another: where zeros are inflated it is
    the mean of the response, not of one component. With trials it is per trial.
    """
    require(fit, "mean", "A prediction")
    part = take(rows.design, np.arange(block.start, block.stop))
    if groups in ("known", "new"):
        eta, parameter_draws = given_effects(fit, rows, part, groups, block)
        return np.asarray(fit.family.expected(eta, fit.link, parameter_draws))
    unique, back = distinct(part)
    part = take(part, unique)
    if groups == "typical":
        eta, parameter_draws = given_effects(fit, rows, part, groups, block)
        means = fit.family.expected(eta, fit.link, parameter_draws)
    else:
        separate = any(p.category for p in part.means)
        means = (_over_categories if separate else _population)(fit, part)
    return np.asarray(means)[:, back]


def _over_categories(fit: Fit, part: Design) -> Array:
    """Return the shares of categories over the random effects of each one's predictor.

    They depend on no other parameter of the family.
    """
    heavy = [g.name for p in part.means for g in students(p)]
    if heavy:
        raise ArgumentError(
            f"Effects of {listed(heavy)} have Student's t, and shares of categories are averaged over "
            "normal effects only: use groups='known', 'typical' or 'new'."
        )
    middle = np.stack([fixed_part(fit, p) for p in part.means], axis=-1)
    names = [group.name for p in part.means for group in p.groups]
    if len(set(names)) < len(names):  # (1 |p| g): one level moves several categories
        return correlated_shares(middle, random_factor(fit, part.means))
    variance = np.stack([random_variance(fit, p) for p in part.means], axis=-1)
    return fit.family.population_mean(fit.link, middle, variance, {})


def _population(fit: Fit, part: Design) -> Array:
    """Return the mean response over the random effects of every predictor.

    The outer integral is over the random parts of other parameters than the mean, by
    Gauss-Hermite quadrature with one dimension a predictor. The inner one is over the random
    part of the mean given these: effects of groups that predictors share are correlated.
    """
    fixed = fixed_part(fit, part.mu)
    others = [p for name, p in part.predictors.items() if name != "mu" and p.groups]
    root = random_factor(fit, [*others, part.mu])
    explained = (root[-1, :-1] ** 2).sum(axis=0)
    x, w = np.polynomial.hermite_e.hermegauss(OWN_NODES)
    total = np.zeros(())
    for places in product(range(OWN_NODES), repeat=len(others)):
        z = x[list(places)][:, None, None]
        moved = [(row[: len(others)] * z).sum(axis=0) for row in root]
        shift = {p.parameter: by for p, by in zip(others, moved, strict=False)}
        eta = fixed + moved[-1]

        def shifted(fit: Fit, p: PredictorDesign, by: Mapping[str, Array] = shift) -> Array:
            return fixed_part(fit, p) + by.get(p.parameter, 0)

        parameter_draws = parameters(fit, part, shifted)
        for weight, variance in mixtures(fit, part):
            left = np.maximum(variance - explained, 0.0)
            mean = fit.family.population_mean(fit.link, eta, left, parameter_draws)
            shares = weight.reshape(-1, *[1] * (np.ndim(mean) - 1))
            total = total + np.prod(w[list(places)] / w.sum()) * shares * mean
    return np.asarray(total)


def given_effects(
    fit: Fit, rows: Rows, part: Design, groups: str, block: slice
) -> tuple[Array, dict[str, Array]]:
    """Return draws of the predictor of the mean and of the family's parameters, given effects."""

    def predict(fit: Fit, predictor: PredictorDesign) -> Array:
        eta = fixed_part(fit, predictor)
        if groups == "typical":
            return eta
        for group in predictor.groups:
            eta += group.added(rows.effects[group.name])
            ids = rows.new_levels[group.name][block] if groups == "new" else None
            if ids is not None and (ids != "").any():
                eta += _new_part(fit, rows, group, ids)
        return eta

    return mean_eta(fit, part, predict), parameters(fit, part, predict)


def predictor_draws(fit: Fit, rows: Rows, groups: str, block: slice) -> Array:
    """Return draws of the predictor of the mean, shape (n_draws, rows of the block), link scale.

    Over the population of groups its mean is that of a group with effects of zero.
    """
    part = take(rows.design, np.arange(block.start, block.stop))
    how = "typical" if groups == "population" else groups
    return given_effects(fit, rows, part, how, block)[0]


def drawn_parameters(fit: Fit, rows: Rows, groups: str) -> tuple[Array, dict[str, Array]]:
    """Return draws of the predictor of the mean and of the family's parameters, for all rows."""
    return given_effects(fit, rows, rows.design, groups, slice(None))


def no_draws(fit: Fit, n: int, kind: str = "expected") -> Array:
    """Return zeros in which to sum draws of ``n`` answers, with an axis of categories if any.

    ``kind`` is ``"expected"``, ``"response"`` or ``"predictor"``.
    """
    rest = fit.family.axes(kind, len(fit.schema.response.categories))
    return np.zeros((n_draws(fit), n, *rest))


def by_category(fit: Fit, values: Array, labels: pd.DataFrame) -> tuple[Array, pd.DataFrame]:
    """Give every category an answer of its own, named in the column ``category``.

    Parameters
    ----------
    values : ndarray, shape (n_draws, n_answers) or (n_draws, n_answers, n_categories)
        Or of all categories but the first, which the others are held against.
    labels : pandas.DataFrame, shape (n_answers, ...)
    """
    if values.ndim == 2:
        return values, labels
    names = fit.schema.response.categories[-values.shape[2] :]
    repeated = labels.loc[labels.index.repeat(len(names))].reset_index(drop=True)
    category = pd.Categorical(list(names) * len(labels), names, ordered=able(fit.family, "rank"))
    flattened = values.reshape(len(values), values.shape[1] * len(names))
    return flattened, beside(repeated, {"category": category})


def take(design: Design, rows: NDArray[np.intp]) -> Design:
    """Return the design of a subset of its rows."""
    predictors = {name: p.take(rows) for name, p in design.predictors.items()}
    return replace(
        design,
        rows=design.rows[rows],
        predictors=predictors,
        response=None if design.response is None else design.response[rows],
        trials=None if design.trials is None else design.trials[rows],
        modifiers={k: v[rows] for k, v in design.modifiers.items()},
        covariates={},
        cuts=None if design.cuts is None else design.cuts.take(rows),
    )


def distinct(design: Design) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows with distinct predictors, and the index of each row among them."""
    parts = [
        columns
        for p in design.predictors.values()
        for columns in (
            p.X,
            p.offset[:, None],
            *p.modelled.keys(),
            *(s.basis for s in p.smooths),
            *(g.spread for g in p.groups if g.varies),
        )
    ]
    parts += [] if design.cuts is None else [design.cuts.index[:, None].astype(float)]
    parts += [design.modifiers["se"][:, None]] if "se" in design.modifiers else []
    _, first, back = np.unique(np.hstack(parts), axis=0, return_index=True, return_inverse=True)
    return first, back.ravel()
