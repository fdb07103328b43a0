"""Priors beside what the data made of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.predictor import flat
from bayes_glmm.errors import Finding
from bayes_glmm.results import Fit

type Array = NDArray[np.float64]


def conflict(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find posteriors whose middle lies in the far tail of their prior."""
    for name, prior in fit.priors.items():
        if prior.support == "correlation":
            continue
        middle = float(np.median(prior_draws(fit, name)))
        below = float(prior.frozen.cdf(middle))
        tail = 1 - below if prior.support == "positive" else min(below, 1 - below)
        if tail < threshold:
            what = "intercept (at the covariates' means)" if name.startswith("intercept") else name
            yield Finding(
                "prior_conflict", "warning",
                f"The posterior of {what} has its middle at {middle:.3g}, where {prior!r} left {tail:.2%} "
                "of its mass: prior and data disagree. Check the units, then widen the prior.",
                figure=tail, threshold=threshold,
            )  # fmt: skip


def prior_draws(fit: Fit, name: str) -> Array:
    """Return the posterior draws of what a prior is about, shape (n_draws,).

    The prior of the intercept is about the predictor at the covariates' means.
    """
    stem, _, label = name.partition("[")
    values = flat(fit, stem)
    for p in fit.design.predictors.values():
        if name == p.name("intercept") and p.coefficients:
            return values + flat(fit, p.name("beta")) @ p.centers
    if not label and values.ndim > 1:  # thresholds: their prior is at the covariates' means
        mu = fit.design.mu
        shift = flat(fit, "beta") @ mu.centers if mu.coefficients else np.zeros(len(values))
        return (values - shift[:, None]).ravel()
    if not label:
        return values
    variable = fit.posterior[stem]
    labels = [str(v) for v in variable[variable.dims[-1]].values]
    return values[:, labels.index(label.removesuffix("]"))]
