"""Verdicts on the random effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import interval
from bayes_glmm.answers.predict.predictor_draws import fixed_part, flat
from bayes_glmm.answers.predict.represented import amounts
from bayes_glmm.answers.require import able
from bayes_glmm.errors import Finding
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.variables import INTERCEPT, element, numbers_below
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]

NEAR_ZERO = 0.1
EDGE = 0.95
SURE = 0.99
ENOUGH_LEVELS = 12
CHANCE = 3.0


def near_zero_sd(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find standard deviations that may be zero: the Bayesian singular fit.

    The figure is P(sd < 0.1 × scale), per unit of the varying term: one on links without
    units, otherwise the default prior's, times the share of the response's standard deviation
    that fixed effects leave. A steep trend is no measure of how levels differ. A
    HalfStudentT(4) prior of that scale leaves 0.075 to the range; at the threshold most sds of
    zero are found, and few of half the scale, with 20 levels of 10 rows.
    """
    units = resolve_priors(replace(fit.spec, priors=()), fit.design)  # by plain names
    left = _left_by_fixed_effects(fit)
    for group in fit.groups:
        sd = flat(fit, group.sd)
        for t, term in enumerate(group.terms):
            name = element(group.sd, term)
            of_mean = fit.predictor_of(group.name).of_mean
            small = NEAR_ZERO * units[name]["sigma"] * (left if of_mean else 1.0)
            share = float((sd[:, t] < small).mean())
            if share > threshold:
                yield Finding(
                    "near_zero_sd", "warning",
                    f"{name} is below {small:.2g} with probability {share:.0%}: the data hardly show "
                    f"that {_read(term)} varies by {group.name}. Keep it if the design demands it; "
                    f"otherwise leave {_part(group, term)} out and compare.",
                    figure=share, threshold=threshold,
                )  # fmt: skip


def _left_by_fixed_effects(fit: Fit) -> float:
    """Return the share of the response's standard deviation around the fixed part."""
    if not (able(fit.link, "units") and able(fit, "observed")):
        return 1.0
    y, each = np.asarray(fit.design.response, float), amounts(fit, fit.data)
    known = fit.link.inverse(fixed_part(fit, fit.design.mu).mean(axis=0))
    share = float(_spread(y - known, each) / (_spread(y, each) or 1.0))
    return min(1.0, share) if np.isfinite(share) else 1.0


def _spread(values: Array, each: Array) -> float:
    """Return the standard deviation of values, each as often as its row stands for."""
    middle = np.average(values, weights=each)
    return float(np.sqrt(np.average((values - middle) ** 2, weights=each)))


def few_groups(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Say how much the prior decides about sds that rest on few levels."""
    for group in fit.groups:
        if group.n_levels >= threshold:
            continue
        sd = flat(fit, group.sd)
        for t, term in enumerate(group.terms):
            name = element(group.sd, term)
            low, high, (lower, _) = interval(sd[:, [t]])
            given = fit.plain_priors[name].frozen.ppf([0.055, 0.945])
            share = float((high[0] - low[0]) / (given[1] - given[0]))
            yield Finding(
                "few_groups", "warning",
                f"{name} rests on {group.n_levels} levels: {lower[:-3]} from {low[0]:.2g} to "
                f"{high[0]:.2g}, where its prior had {given[0]:.2g} to {given[1]:.2g} "
                f"({share:.0%} of that width is left). Try another prior for it, or make "
                f"{group.name} a fixed effect.",
                figure=float(group.n_levels), threshold=threshold,
            )  # fmt: skip


def edge(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find correlations of varying effects beyond ±0.95."""
    for group in fit.groups:
        if not group.wide:
            continue
        corr = flat(fit, group.correlation)
        for first, second in numbers_below(group.wide):
            share = float((np.abs(corr[:, first, second]) > EDGE).mean())
            if share > threshold:
                yield Finding(
                    "correlation_at_edge", "warning",
                    f"The correlation of {group.terms[first]} and {group.terms[second]} by {group.name} "
                    f"is beyond ±{EDGE} with probability {share:.0%}: one of the two varying terms says "
                    "it all. Leave one out, or centre the slope's variable.",
                    figure=share, threshold=threshold,
                )  # fmt: skip


def traded(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find sds of which one is large where the other is small, one of them structured.

    The figure is the posterior correlation of the two; their sum is known better than
    either.
    """
    for predictor in fit.design.predictors.values():
        groups = [g for g in predictor.groups if INTERCEPT in g.terms]
        for one, other in combinations(groups, 2):
            if not (one.structure or other.structure):
                continue
            a, b = (flat(fit, g.sd)[:, g.terms.index(INTERCEPT)] for g in (one, other))
            if min(np.ptp(a), np.ptp(b)) == 0:
                continue
            figure = float(np.corrcoef(a, b)[0, 1])
            if figure < -threshold:
                yield Finding(
                    "sds_trade_off", "warning",
                    f"{one.sd} and {other.sd} trade off (posterior correlation "
                    f"{figure:+.2f}): the data know what both make together better than the part of "
                    "either. Report their joint share (bg.variance_partition, draws=True), or leave "
                    "one out and compare.",
                    figure=figure, threshold=-threshold,
                )  # fmt: skip


def confounded(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find levels' effects that go with the levels' means of a covariate.

    The model holds random effects independent of the covariates. Where they are
    not, a coefficient mixes what happens within levels with what differs between.
    Covariates that do not vary within the levels cannot be judged, and chance gives
    ``J`` levels a correlation of about ``1 / sqrt(J)``: the limit is at least thrice that.
    """
    for group in fit.groups:
        predictor = fit.predictor_of(group.name)
        if group.n_levels < ENOUGH_LEVELS or INTERCEPT not in group.terms:
            continue
        if not group.whole:
            continue
        u = flat(fit, group.effects)[:, :, group.terms.index(INTERCEPT)]
        each = amounts(fit, fit.data)
        for k, label in enumerate(predictor.coefficients):
            means = _means(group, predictor.X[:, k], each)
            if means is None:
                continue
            limit = max(threshold, CHANCE / np.sqrt(group.n_levels - 1))
            r = _correlation(u, means)
            middle = float(r.mean())
            sure = max((r > 0).mean(), (r < 0).mean()) > SURE
            if sure and abs(middle) > limit:
                yield Finding(
                    "group_covariate_correlation", "warning",
                    f"The effects of {group.name} correlate with its means of {label} "
                    f"({middle:+.2f}): the coefficient mixes differences within {group.name} with "
                    f"differences between. Add the mean of {label} by {group.name} as a column.",
                    figure=middle, threshold=float(limit),
                )  # fmt: skip


def _means(group: GroupDesign, x: Array, each: Array) -> Array | None:
    """Return the covariate's mean by level; None unless it varies within and between."""
    n = np.bincount(group.index, each, group.n_levels)
    means = np.bincount(group.index, each * x, group.n_levels) / np.where(n > 0, n, 1.0)
    whole, within = _spread(x, each) ** 2, _spread(x - means[group.index], each) ** 2
    varies = within > 0.01 * whole and means.var() > 0.01 * whole
    return means if varies and (n > 0).all() else None


def _correlation(u: Array, x: Array) -> Array:
    """Return the correlation of ``x`` with the effects in each draw."""
    x = (x - x.mean()) / np.linalg.norm(x - x.mean())
    spread = u.std(axis=1) * np.sqrt(u.shape[1])
    return (u @ x) / np.maximum(spread, 1e-300)


def _read(term: str) -> str:
    return "the intercept" if term == INTERCEPT else f"the slope of {term}"


def _part(group: GroupDesign, term: str) -> str:
    whole = len(group.terms) == 1
    return f"the random effect of {group.name}" if whole else f"{term} of {group.name}"
