"""Draws of the mean response of some rows, under each of the four estimands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.integrate import population_mean
from bayes_glmm.answers.predictor import (
    factors,
    fixed_part,
    flat,
    group_part,
    n_draws,
    parameters,
    random_variance,
)
from bayes_glmm.design.design import Design, GroupDesign, PredictorDesign
from bayes_glmm.design.groups import group_levels
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.results import Fit

type Array = NDArray[np.float64]
type Groups = Literal["known", "typical", "new", "population"]
CELLS = 4_000_000
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
        Effects by group, new levels after the known ones; the design's indices
        point into them. Empty where the estimand reads none.
    """

    data: pd.DataFrame
    design: Design
    effects: dict[str, Array]


def prepare_rows(fit: Fit, data: pd.DataFrame, groups: str, seed: int) -> Rows:
    """Turn rows into arrays for one estimand; draw the effects of new levels.

    Raises
    ------
    ArgumentError
        An unknown estimand.
    DataError
        The rows do not suit the model, e.g. an unknown level under ``"known"``.
    """
    known = get_args(Groups.__value__)
    if groups not in known:
        raise ArgumentError(f"groups={groups!r} is no estimand." + suggestion(str(groups), known))
    how: Literal["known", "any", "ignore"] = (
        "known" if groups == "known" else "any" if groups == "new" else "ignore"
    )
    design = fit.schema.apply(data, groups=how, response=False)
    if groups in ("typical", "population"):
        return Rows(data, design, {})
    effects = {g.name: flat(fit, f"u_{g.name}") for g in design.mu.groups}
    if groups == "known":
        return Rows(data, design, effects)
    return _with_new_levels(fit, data, design, effects, seed)


def _with_new_levels(
    fit: Fit, data: pd.DataFrame, design: Design, effects: dict[str, Array], seed: int
) -> Rows:
    learned = {g.name: g.columns for g in fit.schema.predictors["mu"].groups}
    streams = np.random.SeedSequence(seed).spawn(len(design.mu.groups))
    changed: list[GroupDesign] = []
    for group, stream in zip(design.mu.groups, streams, strict=True):
        codes, _ = group_levels(data, learned[group.name])
        fresh = group.index < 0
        ids, position = np.unique(codes[fresh], return_inverse=True)
        index = group.index.copy()
        index[fresh] = group.n_levels + position
        rng = np.random.default_rng(stream)
        z = rng.standard_normal((n_draws(fit), len(ids), len(group.terms)))
        new = z @ np.swapaxes(factors(fit, group), -1, -2)
        effects[group.name] = np.concatenate([effects[group.name], new], axis=1)
        changed.append(replace(group, index=index))
    mu = replace(design.mu, groups=tuple(changed))
    return Rows(data, replace(design, predictors={**design.predictors, "mu": mu}), effects)


def blocks(fit: Fit, design: Design) -> Iterator[slice]:
    """Cut rows so that draws times rows stay within a fixed number of cells."""
    size = max(1, CELLS // n_draws(fit))
    for start in range(0, design.n_rows, size):
        yield slice(start, min(start + size, design.n_rows))


def mean_draws(fit: Fit, rows: Rows, groups: str, block: slice) -> Array:
    """Return draws of ``mu`` on the response scale, shape (n_draws, rows of the block)."""
    part = take(rows.design, np.arange(block.start, block.stop))
    if groups in ("typical", "population"):
        unique, back = _distinct(part)
        part = take(part, unique)
        eta = fixed_part(fit, part)
        if groups == "typical":
            return np.asarray(fit.link.inverse(eta))[:, back]
        return population_mean(fit.link, eta, random_variance(fit, part))[:, back]
    eta = fixed_part(fit, part)
    for group in part.mu.groups:
        eta += group_part(rows.effects[group.name], group)
    return np.asarray(fit.link.inverse(eta))


def response_draws(fit: Fit, rows: Rows, groups: str, block: slice, seed: int) -> Array:
    """Return draws of new observations, one per posterior draw and row.

    Under ``"population"`` each draw has a new random part of its own.
    """
    part = take(rows.design, np.arange(block.start, block.stop))
    rng = np.random.default_rng([seed, block.start, 7])
    if groups == "population":
        spread = np.sqrt(random_variance(fit, part))
        eta = fixed_part(fit, part) + spread * rng.standard_normal(spread.shape)
        mu = np.asarray(fit.link.inverse(eta))
    else:
        mu = mean_draws(fit, rows, groups, block)
    return np.asarray(fit.family.simulate(rng, mu, parameters(fit), part.trials), float)


def take(design: Design, rows: NDArray[np.intp]) -> Design:
    """Return the design of some of its rows."""
    predictors = {name: _take(p, rows) for name, p in design.predictors.items()}
    return replace(
        design,
        rows=design.rows[rows],
        predictors=predictors,
        response=None if design.response is None else design.response[rows],
        trials=None if design.trials is None else design.trials[rows],
    )


def _take(predictor: PredictorDesign, rows: NDArray[np.intp]) -> PredictorDesign:
    groups = tuple(
        replace(g, index=g.index[rows], Z=None if g.Z is None else g.Z[rows])
        for g in predictor.groups
    )
    return replace(predictor, X=predictor.X[rows], offset=predictor.offset[rows], groups=groups)


def _distinct(design: Design) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows with different predictors, and where each row finds its own."""
    mu = design.mu
    parts = [mu.X, mu.offset[:, None], *(g.Z for g in mu.groups if g.Z is not None)]
    _, first, back = np.unique(np.hstack(parts), axis=0, return_index=True, return_inverse=True)
    return first, back.ravel()
