"""Log-likelihood of every row in every draw, for leave-one-out and its kin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.predict.predictor_draws import log_density, mean_eta, parameters
from bayes_glmm.families.censoring import WEIGHTS
from bayes_glmm.model.design import Design
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]


def with_log_likelihood(tree: xr.DataTree) -> xr.DataTree:
    """Return the tree with a group ``log_likelihood``.

    The variable ``y`` has shape (chain, draw, observation); it is conditional on
    each row's own random effects. It is about the response alone: the models of columns
    in ``mi()`` are no part of it, and their missing values are as they were drawn. A row
    counts with its weight.
    """
    import xarray as xr

    fit = Fit.of(tree)
    posterior, design = fit.posterior, fit.design
    dataset = xr.Dataset(
        {"y": (("chain", "draw", "observation"), log_likelihood(fit, design))},
        {"chain": posterior["chain"], "draw": posterior["draw"], "observation": design.rows},
    )
    copy = tree.copy()
    copy["log_likelihood"] = xr.DataTree(dataset)
    return copy


def log_likelihood(fit: Fit, design: Design) -> Array:
    """Return the log-density of the rows of a design, shape (n_chains, n_draws, n_rows)."""
    y = np.asarray(design.response, float)
    values = log_density(fit, design, mean_eta(fit, design), parameters(fit, design), y)
    sizes = fit.posterior.sizes
    return np.asarray(values.reshape(sizes["chain"], sizes["draw"], design.n_rows))


def unweighted(design: Design) -> Design:
    """Return the design whose rows count once each."""
    others = {k: v for k, v in design.modifiers.items() if k != WEIGHTS}
    return replace(design, modifiers=others)
