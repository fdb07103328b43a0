"""Shares between zero and one, without the ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.base import Array, Parameter, Parameters
from bayes_glmm.families.maths import Maths, Mean
from bayes_glmm.families.written import Written
from bayes_glmm.spec.priors import Prior


class Beta(Written):
    """Shares with mean ``mu`` and variance ``mu * (1 - mu) / (dispersion + 1)``.

    Default prior: ``dispersion ~ Gamma(1, 0.1)`` on the concentration, wide around 10.
    """

    name = "beta"
    support = "numbers between 0 and 1"
    links = ("logit", "probit", "cloglog")
    parameters = (
        Parameter(
            "dispersion",
            "var = mu * (1 - mu) / (dispersion + 1)",
            lambda scale: Prior("Gamma", alpha=1.0, beta=0.1),
        ),
    )
    free_variance = True

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse the ends and what is outside."""
        ends = "is exactly 0 or 1, which has no density here: such shares need a model of their own"
        return [
            (~((y >= 0) & (y <= 1)), "is not between 0 and 1: divide percentages by 100"),
            ((y == 0) | (y == 1), ends),
        ]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean, a little from the ends."""
        return float(np.clip(np.mean(y), 1e-3, 1 - 1e-3))

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the Beta density with mean and concentration."""
        total = own["dispersion"]
        yes, no = (m.exp(m.log(total) + part) for part in (mean.log, mean.log_complement))
        ways = m.gammaln(total) - m.gammaln(yes) - m.gammaln(no)
        return ways + (yes - 1.0) * m.log(y) + (no - 1.0) * m.log1p(-y)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * (1 - mu) / (dispersion + 1)``."""
        return mu * (1 - mu) / (parameters["dispersion"] + 1)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw shares; those that round to an end are moved to the nearest number inside."""
        total = np.asarray(parameters["dispersion"])
        tiny = np.finfo(np.float64).tiny
        y = rng.beta(np.maximum(mu * total, tiny), np.maximum((1 - mu) * total, tiny))
        return np.clip(y, tiny, np.nextafter(1.0, 0.0))
