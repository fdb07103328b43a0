"""Shares between zero and one, without the ends."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Parameters, any_share
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.precision import BETA, some_precision
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link

STEP = 1e-4
"""Of the predictor, in slopes of the mean response: their relative error is below 1e-8."""


class Beta(Written):
    """Shares with mean ``mu`` and variance ``mu * (1 - mu) / (dispersion + 1)``.

    Default prior: ``dispersion ~ LogNormal(log(guess), 2.5)`` with the concentration that the
    responses would have if nothing were explained, ``mean (1 - mean) / variance - 1``.
    """

    name = "beta"
    support = "numbers between 0 and 1"
    lower, upper = 0.0, 1.0
    links = ("logit", "probit", "cloglog")
    parameters = (
        Parameter(
            "dispersion",
            "var = mu * (1 - mu) / (dispersion + 1)",
            some_precision,
            learned=BETA,
            spread=True,
        ),
    )

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse the ends and what is outside."""
        ends = "is exactly 0 or 1, which has no density here: use ordered_beta or zero_one_inflated_beta"
        return [
            (~((y >= 0) & (y <= 1)), "is not between 0 and 1: divide percentages by 100"),
            ((y == 0) | (y == 1), ends),
        ]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean, a little from the ends."""
        return float(np.clip(np.mean(y), 1e-3, 1 - 1e-3))

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the Beta density with mean and concentration.

        ``-gammaln(a)`` is written ``log(a) - gammaln(a + 1)``, which holds where ``a``
        itself is too small for a float.
        """
        total = own["dispersion"]
        log_yes, log_no = (m.log(total) + part for part in (mean.log, mean.log_complement))
        yes, no = m.exp(log_yes), m.exp(log_no)
        ways = m.gammaln(total) + log_yes - m.gammaln(yes + 1.0) + log_no - m.gammaln(no + 1.0)
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


class BetaWithEnds(Written):
    """Shares that may be exactly 0 or 1, and are Beta between."""

    support = "numbers from 0 to 1"
    plain = Beta()
    mean_is_proportional = False

    @abstractmethod
    def log_shares(self, m: Maths, mean: Mean, own: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Return logs of the probabilities of 0, of a share between, and of 1."""

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is outside."""
        return self.plain.invalid(y, trials)[:1]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean of the shares between the ends."""
        inside = y[(y > 0) & (y < 1)]
        return self.plain.start(inside if len(inside) else np.array([0.5]), trials, exposure)

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the log of an end's probability, or of the density between."""
        zero, one = m.is_zero(y), m.is_zero(y - 1)
        inside = m.where(zero, 0.5, m.where(one, 0.5, y))
        at_zero, between, at_one = self.log_shares(m, mean, own)
        between = between + self.plain.density(m, inside, mean, own, trials)
        return m.where(zero, at_zero, m.where(one, at_one, between))

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Return the variance over the squared slope of the mean response, ends and all.

        The delta method: what a small change of the predictor does to the mean that is predicted,
        which is not ``mu``.
        """
        eta = link.forward(mu)
        low, high = (self.mean(link.inverse(eta + d), parameters) for d in (-STEP, STEP))
        return np.asarray(self.variance(mu, parameters) / ((high - low) / (2 * STEP)) ** 2)


class ZeroOneInflatedBeta(BetaWithEnds):
    """Shares that may be exactly 0 or 1.

    With probability ``zoi`` a share is an end, which is 1 with probability ``coi``;
    else it is Beta with mean ``mu`` and concentration ``dispersion``. Predictions report
    the mean of the response, ``zoi * coi + (1 - zoi) * mu``. Default priors:
    ``zoi`` and ``coi ~ Beta(1, 1)``, ``dispersion`` as for the Beta.

    References
    ----------
    .. [1] Ospina & Ferrari (2010). Inflated beta distributions. *Statistical Papers* 51,
       111-126. doi:10.1007/s00362-008-0125-4
    """

    name = "zero_one_inflated_beta"
    links = ("logit", "probit", "cloglog")
    parameters = (
        *Beta.parameters,
        Parameter("zoi", "probability of an exact 0 or 1", any_share, "logit"),
        Parameter("coi", "probability of a 1 among exact 0 and 1", any_share, "logit"),
    )

    def log_shares(self, m: Maths, mean: Mean, own: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Return logs of the probabilities of 0, of a share between, and of 1."""
        end = m.log(own["zoi"])
        return end + m.log1p(-own["coi"]), m.log1p(-own["zoi"]), end + m.log(own["coi"])

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the mean of the response, ends and all."""
        zoi, coi = parameters["zoi"], parameters["coi"]
        return zoi * coi + (1 - zoi) * mu

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the variance of the mixture."""
        zoi, coi = np.asarray(parameters["zoi"]), np.asarray(parameters["coi"])
        square = zoi * coi + (1 - zoi) * (self.plain.variance(mu, parameters) + mu**2)
        return square - self.mean(mu, parameters) ** 2

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw shares, and put some at the ends."""
        shape = np.broadcast_shapes(np.shape(mu), *(np.shape(v) for v in parameters.values()))
        y = self.plain.simulate(rng, np.broadcast_to(mu, shape), parameters)
        at_end = rng.random(shape) < parameters["zoi"]
        return np.where(at_end, np.float64(rng.random(shape) < parameters["coi"]), y)
