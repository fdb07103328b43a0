"""Events that happen or do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.binomial import latent_variance, odds_of_events
from bayes_glmm.families.contract import Array, Parameters, counts_of, fill
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.sufficient import EventSums
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link


class Bernoulli(Written):
    """One (the event) with probability ``mu``, else zero."""

    name = "bernoulli"
    support = "0 and 1"
    links = ("logit", "probit", "cloglog")
    discrete = True
    offers = frozenset({"score_test"})
    canonical_link = "logit"
    shown = {"logit": "binary"}
    sums = EventSums()

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse everything but 0 and 1."""
        message = "is neither 0 nor 1: use family='binomial' with trials for counts of successes"
        return [((y != 0) & (y != 1), message)]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the share of ones, half an event from the ends."""
        return float((np.sum(y) + 0.5) / (len(y) + 1))

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log-probability of the event, or of its absence."""
        return m.times(y, mean.log) + m.times(1 - y, mean.log_complement)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * (1 - mu)``."""
        return mu * (1 - mu)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw zeros and ones."""
        return counts_of(rng.binomial(1, mu))

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Variance of the latent variable: pi**2/3 (logit), 1 (probit), pi**2/6 (cloglog)."""
        return fill(latent_variance(link), mu)

    def own_estimate(self, link: Link) -> str | None:
        """Return the odds on the logit link."""
        return odds_of_events(link)
