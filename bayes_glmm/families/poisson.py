"""Counts whose variance is their mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayes_glmm.families import symbolic
from bayes_glmm.families.base import (
    Array,
    Family,
    Parameters,
    count_start,
    counts_of,
    invalid_counts,
)
from bayes_glmm.families.links import Link


class Poisson(Family):
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

    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add ``y ~ Poisson(mu)``."""

        def density(y: Any, eta: Any) -> Any:
            import pytensor.tensor as pt

            mu = link.symbolic(eta)
            some = symbolic.where_positive(y, link.symbolic_log(eta))
            inside = some - mu - symbolic.log_factorial(y)
            return pt.switch(mu < 0, symbolic.MINUS_INFINITY, inside)

        def draw(eta: Any, size: Any) -> Any:
            import pymc as pm

            return pm.Poisson.dist(mu=link.symbolic(eta), size=size)

        return symbolic.observe(name, eta, density=density, draw=draw, label="Poisson", **kwargs)

    def logpdf(
        self,
        y: Array,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Log-probability of ``y`` row by row."""
        mu = link.inverse(eta)
        with np.errstate(invalid="ignore"):
            some = np.where(y > 0, y * link.log_inverse(eta), 0.0)
            return np.where(mu < 0, -np.inf, some - mu - gammaln(np.add(y, 1)))

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
