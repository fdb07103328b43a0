"""Counts whose variance is their mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayes_glmm.families.contract import (
    Array,
    Parameters,
    counts_of,
)
from bayes_glmm.families.counts import Counts
from bayes_glmm.families.sufficient import CountSums
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link


class Poisson(Counts):
    """Counts with mean and variance ``mu``.

    With the identity link a negative predictor is outside the domain: the
    density is minus infinity there. With ``sqrt`` the mean is ``eta**2``,
    whatever the sign of the predictor.
    """

    name = "poisson"
    offers = frozenset({"score_test"})
    canonical_link = "log"
    shown = {"log": "count"}
    sums = CountSums()

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return ``y log(mu) - mu - log(y!)``; nothing where the mean is negative."""
        inside = m.times(y, mean.log) - mean.value - m.log_factorial(y)
        return m.where(mean.value < 0, -np.inf, inside)

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the upper tail, an incomplete gamma function."""
        tail = m.gammainc(m.maximum(y, 0.0) + 1.0, mean.value)
        some = tail > 0
        log_tail = m.where(some, m.log(m.where(some, tail, 1.0)), -np.inf)
        return m.where(y < 0, 0.0, log_tail)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu``."""
        return mu

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw counts."""
        return counts_of(rng.poisson(mu))

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """``log(1 + 1/mu)`` on the log link, by the delta method on the others."""
        if link.facts.exposure == "mean":
            return np.log1p(1 / mu)
        return super().observation_variance(mu, link, parameters)
