"""Verdicts on what is left of the rows: order within groups, and rows for each effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.diagnose.moran import Space, spaces
from bayes_glmm.answers.diagnose.ppc import replicated
from bayes_glmm.answers.diagnose.residuals import following, pit_residuals
from bayes_glmm.answers.diagnose.row_copies import by_copies
from bayes_glmm.answers.predict.represented import amounts
from bayes_glmm.answers.require import able
from bayes_glmm.design.groups.group_schema import ROWS
from bayes_glmm.errors import Finding
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
TAIL = 0.01
ENOUGH_PAIRS = 30
ENOUGH_ROWS = 50
ROWS_TO_KEEP = 10


def autocorrelated(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find residuals that go with those of the row before, within one level.

    The statistic is the lag-one correlation of Pearson residuals in the order of the
    rows, of the data against replicated data, draw by draw. Effects that follow the
    data make it smaller in the data, so that what is found is rather too little.
    Categories without an order have no residual that goes up or down, and censored
    responses none that is known.
    """
    if not able(fit, "rank"):
        return
    y = np.asarray(fit.design.response, float)
    made: tuple[Array, Array] | None = None
    for group in fit.groups:
        if not group.whole:
            continue
        first, second = _neighbours(group)
        if group.name == ROWS or len(first) < ENOUGH_PAIRS:
            continue
        if made is None:
            again, mean, variance = replicated(fit)
            spread = np.sqrt(np.maximum(variance, 1e-300))
            away = fit.family.deviation
            made = away(y, mean) / spread, away(again, mean) / spread
        observed, expected = (_lagged(r, first, second) for r in made)
        p, r = float((expected >= observed).mean()), float(observed.mean())
        if p < TAIL and r > threshold:
            yield Finding(
                "residual_autocorrelation", "warning",
                f"Residuals of rows that follow one another within {group.name} go together "
                f"(correlation {r:.2f}, at least as high in {p:.1%} of the replicated data sets): "
                f"something that lasts from row to row is not in the model, and intervals of what "
                f"varies within {group.name} are too narrow. If the rows are in the order of time, "
                f"add a trend, a slope of time by {group.name}, or ar(time, {group.name}).",
                figure=r, threshold=threshold,
            )  # fmt: skip


def spatial(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find places whose residuals go with those of their neighbours, beyond the model.

    Looked at where a structure says who is next to whom; :func:`bayes_glmm.moran` takes
    neighbours from the caller. The figure is how far Moran's I lies above its mean in
    replicated data with all effects redrawn, those of the structure included.
    """
    for space in spaces(fit) if able(fit, "rank") else ():
        found = space.judge(fit)
        yield from _clustered(space, found.observed, found.replicated, threshold)


def _clustered(
    space: Space, observed: float, replicated: Array, threshold: float
) -> Iterator[Finding]:
    p, above = float((replicated >= observed).mean()), observed - float(replicated.mean())
    if p < TAIL and above > threshold:
        yield Finding(
            "residual_spatial_autocorrelation", "warning",
            f"Residuals of neighbours by {space.level} go together (Moran's I {observed:.2f}, in "
            f"replicated data {replicated.mean():.2f} on average and as high in {p:.1%}): space holds "
            "more than the model says. Look at bg.plot_map, add what varies in space as a covariate, "
            "or try another model of space (a longer range, another graph).",
            figure=above, threshold=threshold,
        )  # fmt: skip


def misshapen(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find responses whose distribution is not the family's.

    The figure is the largest distance between the distribution of the quantile residuals
    and the uniform one, held against that of replicated data. Effects of levels with few rows
    follow these rows closely and leave residuals that are too regular under the right
    model: they are redrawn.
    """
    if not able(fit, "rank"):
        return
    fit = by_copies(fit)
    if fit.design.n_rows < ENOUGH_ROWS:
        return
    followed = following(fit, ROWS_TO_KEEP, related=True)
    found = pit_residuals(fit, followed)
    picture = "bg.plot_residuals(tree, groups='new')" if followed else "bg.plot_residuals(tree)"
    distance = float(found.distance(found.observed[None])[0])
    p = float((found.distance(found.replicated) >= distance).mean())
    if p < TAIL and distance > threshold:
        yield Finding(
            "residual_distribution", "warning",
            f"Quantile residuals are not uniform (distance {distance:.2f}, limit {threshold:g}; at "
            f"least as far in {p:.1%} of the replicated data sets): the {fit.spec.family} family does not "
            f"have the shape of the responses. Look at {picture}, and compare with another "
            "family: heavier tails, skewness, over-dispersion or zeros are the usual reasons.",
            figure=distance, threshold=threshold,
        )  # fmt: skip


def _neighbours(group: GroupDesign) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of rows that follow one another within a level."""
    order = np.argsort(group.index, kind="stable")
    level = group.index[order]
    same = level[1:] == level[:-1]
    return order[:-1][same], order[1:][same]


def _lagged(r: Array, first: NDArray[np.intp], second: NDArray[np.intp]) -> Array:
    """Return the correlation of neighbours in each draw, shape (n_draws,)."""
    a, b = r[:, first], r[:, second]
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.maximum(scale, 1e-300))


def thin_slopes(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find groups most of whose levels have fewer rows than varying terms need.

    The figure is the median over levels of rows, or what they stand for, per varying term.
    """
    for group in fit.groups:
        q = len(group.terms)
        if q < 2 or group.structure:
            continue
        rows = _middle_size(fit, group) / q
        if rows < threshold:
            yield Finding(
                "over_specified_slopes", "info",
                f"Half of the levels of {group.name} have at most {rows * q:g} rows for {q} varying terms "
                f"({rows:.2g} rows a term; limit {threshold:g}): the prior decides much of how they "
                f"vary. See whether the answer is the same with (1 | {group.name}).",
                figure=rows, threshold=threshold,
            )  # fmt: skip


def _middle_size(fit: Fit, group: GroupDesign) -> float:
    """Return how many a level's rows stand for, in the middle of the levels."""
    each = amounts(fit, fit.data)
    if not group.whole or (each == 1).all():
        return float(np.median(group.counts))
    return float(np.median(np.bincount(group.index, each, group.n_levels)))
