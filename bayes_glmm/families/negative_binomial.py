"""Counts more variable than Poisson counts of the same mean."""

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
    Parameter,
    Parameters,
    count_start,
    counts_of,
    invalid_counts,
)
from bayes_glmm.families.links import Link
from bayes_glmm.spec.priors import Prior


def _dispersion_prior(scale: float) -> Prior:
    return Prior("InverseGamma", alpha=0.4, beta=0.3)


class NegativeBinomial(Family):
    """Counts with mean ``mu`` and variance ``mu + mu**2 / dispersion``.

    It is the Poisson distribution as ``dispersion`` grows. The default prior of
    ``dispersion`` is ``InverseGamma(0.4, 0.3)``: it vanishes at zero, where the
    variance is infinite, has its median near 2, and a tail heavy enough
    (5 % above 700) for counts that are nearly Poisson.
    Domains of the links are as for :class:`~bayes_glmm.families.poisson.Poisson`.
    """

    name = "negative_binomial"
    support = "counts 0, 1, 2, ..."
    links = ("log", "identity", "sqrt")
    parameters = (Parameter("dispersion", "var = mu + mu**2 / dispersion", _dispersion_prior),)
    discrete = True
    free_variance = True

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
        """Add ``y ~ NegativeBinomial(mu, dispersion)``."""

        def density(y: Any, eta: Any, size: Any) -> Any:
            import pytensor.tensor as pt

            mu = link.symbolic(eta)
            spare = pt.log1p(abs(mu) / size)
            share = link.symbolic_log(eta) - pt.log(size) - spare
            ways = symbolic.log_rising(size, y) - symbolic.log_factorial(y)
            inside = ways + symbolic.where_positive(y, share) - size * spare
            return pt.switch(mu < 0, symbolic.MINUS_INFINITY, inside)

        def draw(eta: Any, dispersion: Any, size: Any) -> Any:
            import pymc as pm

            return pm.NegativeBinomial.dist(mu=link.symbolic(eta), alpha=dispersion, size=size)

        dispersion = parameters["dispersion"]
        return symbolic.observe(
            name, eta, dispersion, density=density, draw=draw, label="NegativeBinomial", **kwargs
        )

    def logpdf(
        self,
        y: Array,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Log-probability of ``y`` row by row."""
        size = np.asarray(parameters["dispersion"], np.float64)
        mu = link.inverse(eta)
        with np.errstate(invalid="ignore", over="ignore"):
            spare = np.log1p(np.abs(mu) / size)
            share = link.log_inverse(eta) - np.log(size) - spare
            some = np.where(y > 0, y * share, 0.0)
            inside = log_rising(size, y) - gammaln(np.add(y, 1)) + some - size * spare
            return np.where(mu < 0, -np.inf, inside)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu + mu**2 / dispersion``."""
        return mu + mu**2 / parameters["dispersion"]

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw Poisson counts whose rates are Gamma."""
        size = parameters["dispersion"]
        return counts_of(
            rng.poisson(
                mu * rng.gamma(size, 1 / size, np.broadcast_shapes(np.shape(mu), np.shape(size)))
            )
        )

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """``log(1 + 1/mu + 1/dispersion)`` on the log link, else by the delta method.

        The log-normal approximation of Nakagawa et al. (2017), eq. 5.8; their
        trigamma alternative differs where both ``mu`` and ``dispersion`` are small.
        """
        if link.name == "log":
            return np.log1p(1 / mu + 1 / parameters["dispersion"])
        return super().observation_variance(mu, link, parameters)


def log_rising(start: Array, count: Array) -> Array:
    """Return ``gammaln(start + count) - gammaln(start)`` without cancellation."""
    edge = symbolic.STIRLING_FROM
    small, large = np.minimum(start, edge), np.maximum(start, edge)
    total = large + count
    rest = symbolic._stirling_rest(total) - symbolic._stirling_rest(large)
    smooth = (large - 0.5) * np.log1p(count / large) + count * (np.log(total) - 1) + rest
    return np.where(start < edge, gammaln(small + count) - gammaln(small), smooth)
