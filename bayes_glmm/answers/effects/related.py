"""Effects of structured levels without data, given those of their relatives."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.predict.predictor_draws import Draws, factors, flat, n_draws
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

    Sampled latents are taken from the posterior by their labels. Every other one is drawn
    from a random stream of its own: a level's draws do not depend on which unrelated levels
    are predicted with it.

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
    sampled = known[group.node_dim].values.astype(np.str_)
    factor = structure.prepare(levels, sampled)
    z = np.empty((n_draws(fit), len(factor.nodes), len(group.terms)))
    places = pd.Index(sampled.astype(object)).get_indexer(pd.Index(factor.nodes.astype(object)))
    z[:, places >= 0] = flat(fit, group.latents)[:, places[places >= 0]]
    for i in np.flatnonzero(places < 0):
        rng = np.random.default_rng([*stream, *str(factor.nodes[i]).encode()])
        z[:, i] = rng.standard_normal((len(z), len(group.terms)))
    unit = effect_draws(factor, z, fit.group(group.name).hyper_values(Draws(fit)))
    return unit @ np.swapaxes(factors(fit, group), 1, 2)
