"""Levels of a group in order, and against a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import interval
from bayes_glmm.answers.effects.level_effects import require_mean
from bayes_glmm.answers.predict.predictor_draws import (
    fixed_part,
    flat,
    mean_eta,
    n_draws,
    parameters,
)
from bayes_glmm.answers.predict.represented import column_means
from bayes_glmm.answers.require import require
from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.design import PredictorDesign
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]


def rank(
    tree: xr.DataTree, group: str, threshold: float | None = None, *, k: int = 1
) -> pd.DataFrame:
    """Rank the levels of a group in every draw; rank 1 is the lowest deviation.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    group : str
        A group with a varying intercept.
    threshold : float, optional
        Response scale: adds the probability that a level's mean response, at the
        covariates' means and per unit exposure, is above it: what :func:`predictions`
        report of such a row, zeros and all, with all of the level's varying terms.
    k : int, default 1
        Adds the probabilities of being among the ``k`` lowest and ``k`` highest.

    Returns
    -------
    pandas.DataFrame
        ``level``, ``n``, ``expected_rank``, the interval of the rank,
        ``p_lowest``, ``p_highest`` and ``p_above``, sorted by expected rank.

    Raises
    ------
    ArgumentError
        The group has no varying intercept; or with ``threshold=`` the response has no one
        mean to compare: categories, angles, and pairs given their total.

    References
    ----------
    .. [1] Goldstein & Spiegelhalter (1996). League tables and their limitations.
       *JRSS A* 159, 385-443. doi:10.2307/2983325

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> table = bg.rank(tree, "hospital", threshold=0.1)
    >>> table["level"].iloc[[0, -1]].tolist()
    ['E', 'H']
    """
    fit = read_fit(tree)
    design = fit.group(group)
    group = design.name
    if not fit.predictor_of(group).of_mean:
        require_mean(fit, group, "rank()")
    if INTERCEPT not in design.terms:
        raise ArgumentError(f"rank() needs a varying intercept; {group!r} has none.")
    if not 1 <= k <= design.n_levels:
        raise ArgumentError(f"k={k}: from 1 to the number of levels, {design.n_levels}.")
    u = flat(fit, design.effects)[:, :, design.terms.index(INTERCEPT)]
    ranks = u.argsort(axis=1).argsort(axis=1) + 1
    low, high, names = interval(ranks.astype(float))
    table = pd.DataFrame(
        {
            "level": design.levels,
            "n": design.counts,
            "expected_rank": ranks.mean(axis=0),
            names[0]: low,
            names[1]: high,
            "p_lowest": (ranks <= k).mean(axis=0),
            "p_highest": (ranks > design.n_levels - k).mean(axis=0),
        }
    )
    if threshold is not None:
        require_mean(fit, group, "threshold=")
        table["p_above"] = (level_means(fit, group) > threshold).mean(axis=0)
    table.attrs = {"estimand": f"ranks of {group} by deviation", "scale": "rank, 1 is lowest"}
    if fit.banner:
        table.attrs["banner"] = fit.banner
    return table.sort_values("expected_rank", ignore_index=True)


def level_means(fit: Fit, group: str) -> Array:
    """Return each level's mean response at the covariates' means, shape (n_draws, n_levels).

    Other groups have effects of zero, exposures are one and offsets zero; with trials it is
    the probability of one.

    Raises
    ------
    ArgumentError
        Categories, angles, or pairs given their total.
    """
    for capability in ("average", "mean", "one_mean"):
        require(fit, capability, "threshold=")
    n = fit.group(group).n_levels

    def predict(fit: Fit, predictor: PredictorDesign) -> Array:
        eta = np.repeat(_middle(fit, predictor)[:, None], n, axis=1)
        for own in (g for g in predictor.groups if g.name == group):
            eta += flat(fit, own.effects) @ column_means(fit, own.values)
        return eta

    own = parameters(fit, fit.design, predict)
    own = {k: v if v.shape[1] in (1, n) else v.mean(axis=1, keepdims=True) for k, v in own.items()}
    eta = mean_eta(fit, fit.design, predict)
    return np.broadcast_to(fit.family.expected(eta, fit.link, own), eta.shape)


def _middle(fit: Fit, predictor: PredictorDesign) -> Array:
    """Return a predictor's fixed part at the covariates' means, without offsets, (n_draws,)."""
    if predictor.modelled:
        return column_means(fit, (fixed_part(fit, predictor) - predictor.offset).T)
    whole = np.zeros(n_draws(fit))
    if predictor.intercept:
        whole += flat(fit, predictor.intercept_name)
    if predictor.coefficients:
        whole += flat(fit, predictor.beta) @ column_means(fit, predictor.X)
    for smooth in predictor.smooths:
        whole += flat(fit, smooth.effects) @ column_means(fit, smooth.basis)
    return whole
