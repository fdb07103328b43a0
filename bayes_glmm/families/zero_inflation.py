"""Responses with more zeros than a plain family has: inflation and hurdles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.binomial import Binomial
from bayes_glmm.families.contract import Array, Parameters, any_share, counts_of, invalid_counts
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.negative_binomial import NegativeBinomial
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.poisson import Poisson
from bayes_glmm.families.positive import Gamma, Lognormal, invalid_positive, rate_start
from bayes_glmm.maths.density_maths import NUMPY, Maths, Mean
from bayes_glmm.maths.links import Link


class _WithZeros(Written):
    """A plain family and a probability of extra, or of all, zeros."""

    share: Parameter
    discrete = True

    def __init__(self, plain: Written) -> None:
        self.plain = plain
        self.name = f"{self.prefix}_{plain.name}"
        self.support, self.links = plain.support, plain.links
        self.parameters = (*plain.parameters, self.share)
        self.has_trials, self.discrete = plain.has_trials, plain.discrete
        self.location, self.endless = plain.location, plain.endless

    prefix = ""

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the plain family's start."""
        return self.plain.start(y, trials, exposure)

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what the plain family refuses."""
        return self.plain.invalid(y, trials)

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """``log(1 + var / mean**2)`` on the log link, of the response with its zeros."""
        if link.facts.exposure == "mean":
            return super().observation_variance(mu, link, parameters)
        return self.plain.observation_variance(mu, link, parameters)


class ZeroInflated(_WithZeros):
    """Rows that are zero for sure with probability ``zi``, and else of a plain family.

    ``mu`` is the mean of the plain family; predictions report the mean of the
    response, ``(1 - zi) * mu``. Default prior: ``zi ~ Beta(1, 1)``.
    """

    prefix, part = "zero_inflated", "without structural zeros"
    share = Parameter("zi", "probability of a structural zero", any_share, "logit")

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the mixture's log-density."""
        zi = own["zi"]
        plain = m.log1p(-zi) + self.plain.density(m, y, mean, own, trials)
        return m.where(m.is_zero(y), m.logaddexp(m.log(zi), plain), plain)

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``(1 - zi)`` times the plain mean."""
        return (1 - parameters["zi"]) * self.plain.mean(mu, parameters, trials)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the variance of the mixture."""
        mean = self.plain.mean(mu, parameters, trials)
        inside = self.plain.variance(mu, parameters, trials)
        kept = 1 - np.asarray(parameters["zi"])
        return kept * (inside + mean**2) - (kept * mean) ** 2

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw plain responses and set some to zero."""
        y = self.plain.simulate(rng, mu, parameters, trials)
        shape = np.broadcast_shapes(np.shape(y), np.shape(parameters["zi"]))
        return np.where(rng.random(shape) < parameters["zi"], 0.0, y)


class Hurdle(_WithZeros):
    """Rows that are zero with probability ``hurdle``, and else positive.

    Positive counts are of the plain family with its zeros cut off; for amounts the
    plain family has none. ``mu`` is the mean of the plain family before the cut;
    predictions report the mean of the response. Default prior: ``hurdle ~ Beta(1, 1)``.
    """

    prefix, rates = "hurdle", False
    share = Parameter("hurdle", "probability of a zero", any_share, "logit")

    def __init__(self, plain: Written) -> None:
        super().__init__(plain)
        self.mean_is_proportional = not plain.discrete
        self.part = "before zeros are cut off" if plain.discrete else "positive responses"

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse negative numbers, and fractions among counts."""
        return invalid_counts(y) if self.discrete else invalid_positive(y)[:2]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean of the positive responses per unit exposure."""
        positive = y > 0
        if not positive.any():
            return 1.0
        return rate_start(y[positive], exposure[positive])

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log of the hurdle, or of the cut density."""
        zero, h = m.is_zero(y), own["hurdle"]
        positive = m.where(zero, 1, y)
        inside = m.log1p(-h) + self.plain.density(m, positive, mean, own, trials)
        if self.discrete:
            inside = inside - m.log_not(self.plain.density(m, 0 * y, mean, own, trials))
        return m.where(zero, m.log(h), inside)

    def _kept(self, mu: Array, parameters: Parameters) -> Array:
        """Share of the plain family that is above zero."""
        if not self.discrete:
            return np.ones(np.shape(mu))
        with np.errstate(all="ignore"):
            at = Mean(np.asarray(mu), np.log(mu))
            zero = self.plain.density(NUMPY, np.zeros(np.shape(mu)), at, parameters, None)
        return -np.expm1(zero)

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the mean of the response, zeros and all."""
        passed = (1 - np.asarray(parameters["hurdle"])) / self._kept(mu, parameters)
        return passed * self.plain.mean(mu, parameters)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the variance of the response."""
        passed = (1 - np.asarray(parameters["hurdle"])) / self._kept(mu, parameters)
        mean = self.plain.mean(mu, parameters)
        return passed * (self.plain.variance(mu, parameters) + mean**2) - (passed * mean) ** 2

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw positive responses and set some to zero."""
        shape = np.broadcast_shapes(np.shape(mu), *(np.shape(v) for v in parameters.values()))
        mu = np.broadcast_to(mu, shape)
        y = self._positive(rng, mu, parameters)
        return np.where(rng.random(shape) < parameters["hurdle"], 0.0, y)

    def _positive(self, rng: np.random.Generator, mu: Array, parameters: Parameters) -> Array:
        """Draw from the plain family above zero.

        A Poisson count above zero is one event, at a time that is exponential and cut
        at one, and a Poisson count of the rest; negative binomial counts are drawn
        by their quantiles.
        """
        if not self.discrete:
            return self.plain.simulate(rng, mu, parameters)
        u = rng.random(mu.shape)
        if not self.plain.parameters:
            first = -np.log1p(u * np.expm1(-mu))
            return counts_of(1 + rng.poisson(np.maximum(mu - first, 0.0)))
        from scipy import stats

        size = np.asarray(parameters["dispersion"])
        kept = self._kept(mu, parameters)
        return np.maximum(stats.nbinom.ppf(1 - kept * u, size, size / (size + mu)), 1.0)


ZERO_INFLATED = tuple(ZeroInflated(plain) for plain in (Poisson(), NegativeBinomial(), Binomial()))
HURDLE = tuple(Hurdle(plain) for plain in (Poisson(), NegativeBinomial(), Gamma(), Lognormal()))
