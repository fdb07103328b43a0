"""Levels with a structured covariance: their variance, and levels without data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.predict.predictor_draws import factors, flat, n_draws
from bayes_glmm.model.blocks.factor import effect_draws
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]


def related_effects(
    fit: Fit,
    group: GroupDesign,
    levels: NDArray[np.str_],
    data: pd.DataFrame,
    stream: list[int],
) -> Array:
    """Return effects of levels without data, given those of their relatives.

    The latents that were sampled are taken from the posterior by their labels; every
    other one is drawn from a stream of its own, so that a level's draws do not depend
    on which others are asked about, as far as they are not its relatives.

    Parameters
    ----------
    group : GroupDesign
    levels : ndarray of str, shape (n_levels,)
    data : pandas.DataFrame
        Rows of the levels, whose columns may say how they are related.
    stream : list of int
        Start of the key of the random numbers.

    Returns
    -------
    ndarray, shape (n_draws, n_levels, n_terms)
        Link scale.

    Raises
    ------
    ArgumentError
        The structure does not know a level and cannot be extended by it.
    """
    structure = fit.structures[str(group.structure)]
    strangers = levels[~np.isin(levels, structure.labels)]
    if len(strangers):
        learned = (g for p in fit.schema.predictors.values() for g in p.groups)
        schema = next(g for g in learned if g.name == group.name)
        structure = structure.extend(strangers, data, schema.columns[0])
    known = fit.posterior[group.latents]
    sampled = known[f"{group.name}_node"].values.astype(np.str_)
    factor = structure.prepare(levels, sampled)
    z = np.empty((n_draws(fit), len(factor.nodes), len(group.terms)))
    places = pd.Index(sampled.astype(object)).get_indexer(pd.Index(factor.nodes.astype(object)))
    z[:, places >= 0] = flat(fit, group.latents)[:, places[places >= 0]]
    for i in np.flatnonzero(places < 0):
        rng = np.random.default_rng([*stream, *str(factor.nodes[i]).encode()])
        z[:, i] = rng.standard_normal((len(z), len(group.terms)))
    unit = effect_draws(factor, z, hyper_draws(fit, group))
    return unit @ np.swapaxes(factors(fit, group), 1, 2)


def hyper_draws(fit: Fit, group: GroupDesign) -> Mapping[str, Array]:
    """Return a structure's parameters by stem, shape (n_draws,)."""
    return {h.stem: flat(fit, group.hyper_name(h)) for h in fit.group(group.name).hyper}
