"""Posterior predictive draws and statistics, without PyMC."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.expected import blocks, mean_draws, prepare_rows
from bayes_glmm.answers.predictor import flat
from bayes_glmm.results import Fit

type Array = NDArray[np.float64]
MOST_DRAWS = 400


def replicated(fit: Fit, *, n: int = MOST_DRAWS, seed: int = 0) -> tuple[Array, Array, Array]:
    """Simulate the training rows again from evenly spaced draws.

    Returns
    -------
    y, mean, variance : ndarray, shape (n, n_rows)
        Replicated responses, with their mean and variance given each row's own
        group effects (response scale).
    """
    rows = prepare_rows(fit, fit.data, "known", seed)
    total = fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
    chosen = np.unique(np.linspace(0, total - 1, min(n, total)).astype(int))
    own = {p.name: flat(fit, p.name)[chosen][:, None] for p in fit.family.parameters}
    mu = np.empty((len(chosen), rows.design.n_rows))
    for block in blocks(fit, rows.design):
        mu[:, block] = mean_draws(fit, rows, "known", block)[chosen]
    trials = fit.design.trials
    y = fit.family.simulate(np.random.default_rng(seed), mu, own, trials)
    mean, variance = fit.family.mean(mu, own, trials), fit.family.variance(mu, own, trials)
    return np.asarray(y, float), mean, np.broadcast_to(variance, mu.shape)


def pearson(y: Array, mean: Array, variance: Array) -> Array:
    """Return the sum of squared Pearson residuals, one per draw."""
    return ((y - mean) ** 2 / np.maximum(variance, 1e-300)).sum(axis=-1)
