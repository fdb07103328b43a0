"""Averages over Student-t effects: normal given a precision, which is integrated out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, gammaln

from bayes_glmm.answers.predict.predictor_draws import flat, n_draws, random_variance
from bayes_glmm.answers.require import able, require
from bayes_glmm.errors import ArgumentError, listed
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.variables import DEGREES, named
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
NODES = 64
LEFT_OUT = 1e-9
VARIANCE = 2
"""The order of the moment that a variance needs."""


def students(predictor: PredictorDesign) -> list[GroupDesign]:
    """Return the groups whose effects have Student's t."""
    return [group for group in predictor.groups if not group.distribution.normal]


def precision_draws(fit: Fit, name: str, rng: np.random.Generator) -> Array:
    """Draw the precision of one level's effects in every posterior draw, shape (n_draws,)."""
    nu = flat(fit, named(DEGREES, name))
    return np.asarray(rng.chisquare(nu) / nu)


def averages(fit: Fit) -> bool:
    """Return whether the model has a mean response over the population of its groups."""
    try:
        _require_mean(fit, fit.design, students(fit.design.mu))
    except ArgumentError:
        return False
    return True


def mixtures(fit: Fit, design: Design) -> Iterator[tuple[Array, Array]]:
    """Yield weights and variances of normal random parts; their mixture is the mean's random part.

    Yields
    ------
    weight : ndarray, shape (n_draws,)
        They sum to one.
    variance : ndarray, shape (n_draws, n_rows)

    Raises
    ------
    ArgumentError
        The mean over the population does not exist, or needs several dimensions.

    Notes
    -----
    The trapezoid rule on the logarithm of the precision, with separate nodes in each draw.
    """
    heavy = students(design.mu)
    _require_mean(fit, design, heavy)
    if not heavy:
        yield np.ones(n_draws(fit)), random_variance(fit, design.mu)
        return
    moments = fit.family.moments_needed(fit.link)
    if moments is not None:
        zero = {g.name: np.full(n_draws(fit), np.inf) for g in heavy}
        given = zero if moments < VARIANCE else {}
        yield np.ones(n_draws(fit)), random_variance(fit, design.mu, given)
        return
    (group,) = heavy
    nu = flat(fit, named(DEGREES, group.name))
    low, high = (np.log(2 * f(nu / 2, LEFT_OUT) / nu) for f in (gammaincinv, gammainccinv))
    weights = [_density(low + (high - low) * t, nu) for t in np.linspace(0, 1, NODES)]
    whole = np.sum(weights, axis=0)
    for t, weight in zip(np.linspace(0, 1, NODES), weights, strict=True):
        precision = np.exp(low + (high - low) * t)
        yield weight / whole, random_variance(fit, design.mu, {group.name: precision})


def _density(x: Array, nu: Array) -> Array:
    """Return the density of the logarithm of a precision with mean one."""
    half = nu / 2
    return np.asarray(np.exp(half * np.log(half) - gammaln(half) + half * x - half * np.exp(x)))


def _groups(design: Design, names: list[str]) -> set[str]:
    return {group.name for name in names for group in design.predictors[name].groups}


def _require_mean(fit: Fit, design: Design, heavy: list[GroupDesign]) -> None:
    elsewhere = [g for n, p in design.predictors.items() if n != "mu" for g in students(p)]
    names = listed(g.name for g in (*heavy, *elsewhere))
    way = "use groups='known', 'typical' or 'new'."
    bounded = able(fit.link, "bounded_mean")
    if elsewhere or (len(heavy) > 1 and bounded):
        raise ArgumentError(
            f"An average over the population integrates over one Student's t, in the formula of the "
            f"mean, and {names} make it more: {way}"
        )
    endless = [
        name for name, p in design.predictors.items() if p.groups and fit.family.endless_over(name)
    ]
    if endless:
        raise ArgumentError(
            f"The mean of a {fit.family.name} response grows so fast with {listed(endless)} that, where "
            f"levels of {listed(sorted(_groups(design, endless)))} differ in it, the average over the "
            f"population of groups is infinite: {way} Or leave the group out of that formula."
        )
    if not heavy:
        return
    moments = fit.family.moments_needed(fit.link)
    if moments is None:
        require(fit.link, "bounded_mean", f"An average over the effects of {names}")
        return
    share = max(float((flat(fit, named(DEGREES, g.name)) <= moments).mean()) for g in heavy)
    if share > 0:
        raise ArgumentError(
            f"With {moments:g} degrees of freedom or fewer Student's t has no such mean, and that "
            f"is so in {share:.2%} of the draws of {names}: {way} Or give nu_ a prior beyond."
        )
