"""Counts and successes that vary more than Poisson's and the binomial's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.binomial import Binomial, latent_variance, odds_of_events
from bayes_glmm.families.contract import Array, Parameters, counts_of, fill
from bayes_glmm.families.counts import Counts
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link
from bayes_glmm.spec.priors import Prior

TINY = float(np.finfo(np.float64).tiny)


class Geometric(Counts):
    """Failures before a first success, with mean ``mu`` and variance ``mu + mu**2``.

    It is the negative binomial with a dispersion of one.
    """

    name = "geometric"

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return ``y log(mu) - (y + 1) log(1 + mu)``."""
        spare = m.log1p(abs(mean.value))
        return m.where(mean.value < 0, -np.inf, m.times(y, mean.log - spare) - spare)

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of one failure more than ``y``."""
        return m.maximum(y + 1, 0) * (mean.log - m.log1p(mean.value))

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu + mu**2``."""
        return mu + mu**2

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw Poisson counts whose rates are exponential."""
        return counts_of(rng.poisson(mu * rng.exponential(size=np.shape(mu))))


def _ratio_prior(scale: float) -> Prior:
    return Prior("HalfStudentT", nu=4.0, sigma=2.0)


class NegativeBinomial1(Counts):
    """Counts with mean ``mu`` and variance ``mu * (1 + dispersion)``.

    The variance stays in proportion to the mean; glmmTMB calls it ``nbinom1``. It is
    the Poisson distribution as ``dispersion`` goes to zero. Default prior:
    ``dispersion ~ HalfStudentT(4, 2)``.
    """

    name = "negative_binomial1"
    shown = {"log": "count"}
    parameters = (
        Parameter("dispersion", "var = mu * (1 + dispersion)", _ratio_prior, spread=True),
    )

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the negative binomial density of size ``mu / dispersion``."""
        spread = own["dispersion"]
        size, spare = abs(mean.value) / spread, m.log1p(spread)
        ways = m.log_rising(size, y) - m.log_factorial(y)
        inside = ways + m.times(y, m.log(spread) - spare) - size * spare
        return m.where(mean.value < 0, -np.inf, inside)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * (1 + dispersion)``."""
        return mu * (1 + parameters["dispersion"])

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw Poisson counts whose rates are Gamma of shape ``mu / dispersion``."""
        spread = np.asarray(parameters["dispersion"])
        return counts_of(rng.poisson(rng.gamma(mu / spread) * spread))


def _concentration_prior(scale: float) -> Prior:
    return Prior("Gamma", alpha=2.0, beta=0.1)


class BetaBinomial(Written):
    """Successes in ``trials`` whose probability varies by row around ``mu``.

    The probability is Beta with mean ``mu`` and concentration ``dispersion``, so that
    the variance is ``n mu (1 - mu) (1 + (n - 1) / (dispersion + 1))``; it is the
    binomial as ``dispersion`` grows. Default prior: ``dispersion ~ Gamma(2, 0.1)``.
    """

    name = "beta_binomial"
    support = "whole numbers from 0 to trials"
    links = ("logit", "probit", "cloglog")
    parameters = (
        Parameter(
            "dispersion",
            "var = n mu (1 - mu) (1 + (n - 1) / (dispersion + 1))",
            _concentration_prior,
            spread=True,
        ),
    )
    has_trials = True
    discrete = True

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse fractions, negative numbers and more successes than trials."""
        return Binomial().invalid(y, trials)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the share of successes, half a success from the ends."""
        return Binomial().start(y, trials, exposure)

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the binomial density averaged over Beta probabilities.

        The first of the factors ``a (a + 1) ... (a + y - 1)`` enters by its logarithm, which
        holds where ``a`` itself is too small for a float.
        """
        total = own["dispersion"]
        n = 1.0 + 0.0 * y if trials is None else trials
        ways = m.log_factorial(n) - m.log_factorial(y) - m.log_factorial(n - y)
        for count, part in ((y, mean.log), (n - y, mean.log_complement)):
            log_a = m.log(total) + part
            rising = log_a + m.log_rising(m.exp(log_a) + 1.0, m.maximum(count - 1.0, 0.0))
            ways = ways + m.where(m.is_zero(count), 0.0, rising)
        return ways - m.log_rising(total, n)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the binomial variance times ``1 + (n - 1) / (dispersion + 1)``."""
        n = 1.0 if trials is None else trials
        return n * mu * (1 - mu) * (1 + (n - 1) / (parameters["dispersion"] + 1))

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw successes with Beta probabilities."""
        total = np.asarray(parameters["dispersion"])
        p = rng.beta(np.maximum(mu * total, TINY), np.maximum((1 - mu) * total, TINY))
        n = np.ones(()) if trials is None else trials
        return counts_of(rng.binomial(np.asarray(n).astype(np.int64), p))

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Variance of the latent variable of one trial, as for the binomial."""
        return fill(latent_variance(link), mu)

    def own_estimate(self, link: Link) -> str | None:
        """Return the odds on the logit link."""
        return odds_of_events(link)
