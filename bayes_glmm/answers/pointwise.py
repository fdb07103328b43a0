"""Log-likelihood of every row in every draw, for leave-one-out and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_glmm.answers.predictor import log_density, mean_eta, parameters
from bayes_glmm.results import Fit

if TYPE_CHECKING:
    import xarray as xr


def with_log_likelihood(tree: xr.DataTree) -> xr.DataTree:
    """Return the tree with a group ``log_likelihood``.

    The variable ``y`` has shape (chain, draw, observation); it is conditional on
    each row's own random effects. It is about the response alone: the models of columns
    in ``mi()`` are no part of it, and their missing values are as they were drawn.
    """
    import xarray as xr

    fit = Fit.of(tree)
    design = fit.design
    y = np.asarray(design.response, float)
    values = log_density(fit, design, mean_eta(fit, design), parameters(fit, design), y)
    posterior = fit.posterior
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], design.n_rows)
    dataset = xr.Dataset(
        {"y": (("chain", "draw", "observation"), values.reshape(shape))},
        {"chain": posterior["chain"], "draw": posterior["draw"], "observation": design.rows},
    )
    copy = tree.copy()
    copy["log_likelihood"] = xr.DataTree(dataset)
    return copy
