"""Successes among a known number of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayes_glmm.families import symbolic
from bayes_glmm.families.base import Array, Family, Parameters, counts_of, fill, whole
from bayes_glmm.families.links import Link

LATENT_VARIANCE = {"logit": np.pi**2 / 3, "probit": 1.0, "cloglog": np.pi**2 / 6}


class Binomial(Family):
    """Successes in ``trials``, each with probability ``mu``.

    The density is computed from ``log mu`` and ``log(1 - mu)`` of the link, and
    stays exact where ``mu`` has rounded to zero or one.
    """

    name = "binomial"
    support = "whole numbers from 0 to trials"
    links = ("logit", "probit", "cloglog")
    has_trials = True
    discrete = True

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse fractions, negative numbers and more successes than trials."""
        n = np.ones_like(y) if trials is None else trials
        return [
            (y < 0, "is negative: successes are counted from 0"),
            (~whole(y), "is not a whole number: give successes, not a proportion"),
            (~whole(n) | (n < 1), "has trials that are not a whole number above 0: drop the rows"),
            (y > n, "has more successes than trials: check both columns"),
        ]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the share of successes, half a success from the ends."""
        n = np.ones_like(y) if trials is None else trials
        return float((np.sum(y) + 0.5) / (np.sum(n) + 1))

    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add ``y ~ Binomial(trials, mu)``."""

        def density(y: Any, eta: Any, n: Any) -> Any:
            ways = symbolic.log_factorial
            constant = ways(n) - ways(y) - ways(n - y)
            return constant + success_terms(y, n - y, eta, link)

        def draw(eta: Any, n: Any, size: Any) -> Any:
            import pymc as pm
            import pytensor.tensor as pt

            return pm.Binomial.dist(n=pt.cast(n, "int64"), p=link.symbolic(eta), size=size)

        return symbolic.observe(
            name, eta, trials, density=density, draw=draw, label="Binomial", **kwargs
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
        n = np.ones_like(y) if trials is None else trials
        constant = gammaln(n + 1) - gammaln(y + 1) - gammaln(n - y + 1)
        return constant + log_successes(y, n - y, eta, link)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``trials * mu * (1 - mu)``."""
        return (1 if trials is None else trials) * mu * (1 - mu)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw numbers of successes."""
        n = np.ones(()) if trials is None else trials
        return counts_of(rng.binomial(np.asarray(n).astype(np.int64), mu))

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Variance of the latent variable: pi**2/3 (logit), 1 (probit), pi**2/6 (cloglog)."""
        return fill(LATENT_VARIANCE[link.name], mu)


def success_terms(successes: Any, failures: Any, eta: Any, link: Link) -> Any:
    """Return ``successes * log mu + failures * log(1 - mu)`` on PyTensor variables."""
    if link.symbolic_log_complement is None:
        raise TypeError(f"The means of the link {link.name} are not probabilities.")
    some = symbolic.where_positive(successes, link.symbolic_log(eta))
    return some + symbolic.where_positive(failures, link.symbolic_log_complement(eta))


def log_successes(successes: Array, failures: Array, eta: Array, link: Link) -> Array:
    """Return ``successes * log mu + failures * log(1 - mu)`` on arrays."""
    if link.log_complement is None:
        raise TypeError(f"The means of the link {link.name} are not probabilities.")
    with np.errstate(invalid="ignore"):
        some = np.where(successes > 0, successes * link.log_inverse(eta), 0.0)
        return some + np.where(failures > 0, failures * link.log_complement(eta), 0.0)
