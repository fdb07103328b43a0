"""New observations of some rows, and averages of those that a row stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.predict.expected import (
    Rows,
    given_effects,
    mean_draws,
    no_draws,
    take,
)
from bayes_glmm.answers.predict.predictor_draws import (
    fixed_part,
    mean_eta,
    n_draws,
    parameters,
    random_factor,
)
from bayes_glmm.answers.predict.student_effects import precision_draws, students
from bayes_glmm.answers.require import able, require
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
RESPONSES = 2
MOST_COPIES = 64
"""Observations drawn of a row that stands for several; the mean of more is near normal."""


def response_draws(fit: Fit, rows: Rows, groups: str, block: slice) -> Array:
    """Return draws of new observations, one per posterior draw and row.

    Of unordered categories the last axis has each one's count or share, 0 or 1 for one choice.

    Under ``"population"`` each draw has a new random part of its own. Every row has
    random numbers of its own, so results do not depend on the blocks.
    """
    part, streams = _start(fit, rows, block)
    eta, own = _predicted(fit, rows, part, groups, block, streams)
    return _observed(fit, part, eta, own, streams)


def response_means(fit: Fit, rows: Rows, groups: str, block: slice, amounts: Array) -> Array:
    """Return draws of the mean of as many new observations as each row stands for.

    With trials it is a share. Under ``"population"`` everything that a row stands for has a
    random part of its own, as if it were a row: so do single trials, unless the family has
    variation between rows.

    Parameters
    ----------
    amounts : ndarray, shape (n_rows,)
        How many all rows stand for.
    """
    part, streams = _start(fit, rows, block)
    each, trials = amounts[block], part.trials
    anew = groups == "population"
    if trials is not None and anew and able(fit.family, "independent_trials"):
        part = replace(part, trials=np.ones(len(each)))
        trials = None
    copies = each if trials is None else each / np.where(trials > 0, trials, 1.0)
    drawn = np.clip(np.rint(copies), 1, MOST_COPIES).astype(int)
    total = no_draws(fit, len(each), "response")
    given = None if anew else _predicted(fit, rows, part, groups, block, streams)
    for copy in range(int(drawn.max(initial=0))):
        some = np.flatnonzero(drawn > copy)
        left, theirs = take(part, some), [streams[i] for i in some]
        if given is None:
            eta, own = _redrawn(fit, left, theirs)
        else:
            eta = given[0][:, some]
            own = {k: v if v.shape[1] == 1 else v[:, some] for k, v in given[1].items()}
        total[:, some] += _observed(fit, left, eta, own, theirs)
    axes = (-1,) + (1,) * (total.ndim - 2)
    total /= (drawn * (1.0 if trials is None else np.maximum(trials, 1.0))).reshape(axes)
    spread = np.sqrt(drawn / np.where(copies > 0, copies, drawn)).reshape(axes)
    if (spread == 1).all() or not able(fit.family, "reports_mean"):
        return total
    centre = mean_draws(fit, rows, groups, block)
    if centre.ndim > total.ndim:  # codes of ordered categories
        centre = centre @ np.arange(centre.shape[-1])
    return np.asarray(centre + spread * (total - centre))


def _start(fit: Fit, rows: Rows, block: slice) -> tuple[Design, list[np.random.Generator]]:
    require(fit, "mean", "A prediction")
    places = range(block.start, block.stop)
    streams = [np.random.default_rng([rows.seed, RESPONSES, place]) for place in places]
    return take(rows.design, np.arange(block.start, block.stop)), streams


def _predicted(
    fit: Fit,
    rows: Rows,
    part: Design,
    groups: str,
    block: slice,
    streams: list[np.random.Generator],
) -> tuple[Array, dict[str, Array]]:
    if groups == "population":
        return _redrawn(fit, part, streams)
    return given_effects(fit, rows, part, groups, block)


def _redrawn(
    fit: Fit, part: Design, streams: list[np.random.Generator]
) -> tuple[Array, dict[str, Array]]:
    """Return the predictor of the mean and the parameters with a new random part for each row."""
    varying = [p for p in part.predictors.values() if p.groups]
    moved = _random_parts(fit, varying, streams) if varying else {}

    def predict(fit: Fit, predictor: PredictorDesign) -> Array:
        return fixed_part(fit, predictor) + moved.get(predictor.parameter, 0.0)

    return mean_eta(fit, part, predict), parameters(fit, part, predict)


def _observed(
    fit: Fit,
    part: Design,
    eta: Array,
    own: Mapping[str, Array],
    streams: list[np.random.Generator],
) -> Array:
    """Draw each row's response from its own stream."""
    found = no_draws(fit, len(streams), "response")
    for i, rng in enumerate(streams):
        trials = None if part.trials is None else part.trials[i : i + 1]
        of_row = {k: v if v.shape[1] == 1 else v[:, i : i + 1] for k, v in own.items()}
        y = fit.family.respond(rng, eta[:, i : i + 1], fit.link, of_row, trials)
        found[:, i] = fit.family.by_counts(np.asarray(y)[:, 0], found.shape[-1])
    return found


def _random_parts(
    fit: Fit, varying: list[PredictorDesign], streams: list[np.random.Generator]
) -> dict[str, Array]:
    """Draw the random parts of some predictors together, each row from its own stream."""
    z = np.array([
        np.column_stack([rng.standard_normal(n_draws(fit)) for rng in streams]) for _ in varying
    ])  # fmt: skip
    if any(students(p) for p in varying):
        root = np.concatenate([
            random_factor(fit, one, {
                g.name: precision_draws(fit, g.name, rng) for p in one for g in students(p)
            })
            for rng, one in zip(streams, _one_by_one(varying), strict=True)
        ], axis=-1)  # fmt: skip
    else:
        root = random_factor(fit, varying)
    return {p.parameter: (row * z).sum(axis=0) for p, row in zip(varying, root, strict=True)}


def _one_by_one(predictors: list[PredictorDesign]) -> Iterator[list[PredictorDesign]]:
    for i in range(len(predictors[0].offset)):
        yield [p.take(np.array([i])) for p in predictors]
