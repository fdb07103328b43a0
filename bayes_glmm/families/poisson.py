"""Counts whose variance is their mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.base import (
    Array,
    Parameters,
    count_start,
    counts_of,
    invalid_counts,
)
from bayes_glmm.families.links import Link
from bayes_glmm.families.maths import Maths, Mean
from bayes_glmm.families.written import Written


class Poisson(Written):
    """Counts with mean and variance ``mu``.

    With the identity link a negative predictor is outside the domain: the
    density is minus infinity there. With ``sqrt`` the mean is ``eta**2``,
    whatever the sign of the predictor.
    """

    name = "poisson"
    support = "counts 0, 1, 2, ..."
    links = ("log", "identity", "sqrt")
    discrete = True

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse negative numbers and fractions."""
        return invalid_counts(y)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the rate, half a count from zero."""
        return count_start(y, exposure)

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return ``y log(mu) - mu - log(y!)``; nothing where the mean is negative."""
        inside = m.times(y, mean.log) - mean.value - m.log_factorial(y)
        return m.where(mean.value < 0, -np.inf, inside)

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
        if link.name == "log":
            return np.log1p(1 / mu)
        return super().observation_variance(mu, link, parameters)
