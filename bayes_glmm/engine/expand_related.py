"""From the sampler's nodes of a field to the effects of related levels, and their latents."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.related_levels import Related

type Array = NDArray[np.float64]


def absorb(
    group: Related, nodes: Array, sd: Array, parameters: Mapping[str, Array], rest: Array
) -> tuple[Array, Array, Array]:
    """Return a map's values that sum to zero, the levels' effects, and what the intercept gets.

    The intercept's coordinate is that of the intercept less the mean of the field.

    Parameters
    ----------
    nodes : ndarray, shape (n_draws, n_nodes, 1)
        Values of the field at unit scale, free of the constraint.
    sd : ndarray, shape (n_draws,)
    parameters : mapping of str to ndarray, shape (n_draws,)
        The field's share of the variance, where it has one.
    rest : ndarray, shape (n_draws, n_own, 1)
        Independent effects at unit scale; none without a share.

    Returns
    -------
    values : ndarray, shape (n_draws, n_nodes + n_own, 1)
        At unit scale, of the nodes of the structure's field.
    effects : ndarray, shape (n_draws, n_levels, 1)
    mean : ndarray, shape (n_draws,)
    """
    law = group.law
    share = next(iter(parameters.values()), np.ones(len(sd)))[:, None, None]
    mean = nodes.mean(axis=1, keepdims=True) if law.absorbed else np.zeros((len(sd), 1, 1))
    values = nodes - mean
    unit = np.sqrt(share) * values[:, law.node]
    if law.own is not None:
        unit = unit + np.sqrt(1 - share) * rest[:, law.own]
    root = np.sqrt(share[:, 0, 0])
    return (
        np.concatenate([values, rest], axis=1),
        sd[:, None, None] * unit,
        sd * root * mean[:, 0, 0],
    )


def latents_of(
    group: Related, values: Array, parameters: Mapping[str, Array], rng: np.random.Generator
) -> Array:
    """Return the latents of the nodes' values at unit scale, shape (n_draws, n_nodes, n_terms)."""
    own = group.group
    assert own.factor is not None
    hyper = {h.stem: parameters[own.hyper_name(h)] for h in own.hyper}
    return own.factor.latents(values, hyper, rng)
