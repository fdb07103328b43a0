"""Successes among a known number of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Parameters, counts_of, fill, whole
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.sufficient import TrialSums
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link


def latent_variance(link: Link) -> float:
    """Return the variance of the latent variable whose sign an event is."""
    assert link.facts.latent_variance is not None
    return link.facts.latent_variance


def odds_of_events(link: Link) -> str | None:
    """Return the estimate that the rows of one study have: of odds, on the logit link."""
    return "odds" if link.facts.odds == "odds" else None


class Binomial(Written):
    """Successes in ``trials``, each with probability ``mu``.

    The density is computed from ``log mu`` and ``log(1 - mu)`` of the link, and
    stays exact where ``mu`` has rounded to zero or one.
    """

    name = "binomial"
    support = "whole numbers from 0 to trials"
    links = ("logit", "probit", "cloglog")
    has_trials = True
    discrete = True
    offers = frozenset({"pairs", "independent_trials", "score_test"})
    canonical_link = "logit"
    shown = {"logit": "binary"}
    sums = TrialSums()

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse fractions, negative numbers and more successes than trials."""
        n = np.ones_like(y) if trials is None else trials
        return [
            (y < 0, "is negative: successes are counted from 0; correct or remove these rows"),
            (~whole(y), "is not a whole number: give successes, not a proportion"),
            (~whole(n) | (n < 1), "has trials that are not a whole number above 0: drop the rows"),
            (y > n, "has more successes than trials: check both columns"),
        ]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the share of successes, half a success from the ends."""
        n = np.ones_like(y) if trials is None else trials
        return float((np.sum(y) + 0.5) / (np.sum(n) + 1))

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log-probability of ``y`` successes."""
        n = 1.0 + 0.0 * y if trials is None else trials
        ways = m.log_factorial(n) - m.log_factorial(y) - m.log_factorial(n - y)
        return ways + m.times(y, mean.log) + m.times(n - y, mean.log_complement)

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
        return fill(latent_variance(link), mu)

    def own_estimate(self, link: Link) -> str | None:
        """Return the odds on the logit link."""
        return odds_of_events(link)
