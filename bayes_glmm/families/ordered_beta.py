"""Shares with exact zeros and ones on one scale with the shares between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit, logit

from bayes_glmm.families.beta import Beta, BetaWithEnds
from bayes_glmm.families.contract import Array, Parameters
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import LINKS
from bayes_glmm.spec.priors import Prior

LOGIT = LINKS["logit"]


class OrderedBeta(BetaWithEnds):
    r"""Shares whose zeros and ones come from the same predictor as the shares between.

    A share is 0 with probability :math:`F(\text{lower} - \eta)`, 1 with
    :math:`F(\eta - \text{lower} - \text{gap})`, where :math:`F` is the inverse logit, and
    else Beta with mean ``mu`` :math:`= F(\eta)` and concentration ``dispersion``. One
    coefficient moves all three parts one way; for ends that come about in another way use
    ``zero_one_inflated_beta``. Predictions report the mean of the response, ends and all.
    Default priors: ``lower ~ Normal(-2, 2)`` and ``gap ~ Gamma(3, 0.75)``, with 0 and 1 in
    one row of eight each at a predictor of zero, and ``dispersion`` as for the Beta.

    References
    ----------
    .. [1] Kubinec (2023). Ordered beta regression: a parsimonious, well-fitting model for
       continuous data with lower and upper bounds. *Political Analysis* 31, 519-536.
       doi:10.1017/pan.2022.20
    """

    name = "ordered_beta"
    links = ("logit",)
    parameters = (
        *Beta.parameters,
        Parameter(
            "lower",
            "predictor at which half of the shares are 0",
            lambda scale: Prior("Normal", mu=-2.0, sigma=2.0),
            "identity",
        ),
        Parameter(
            "gap",
            "from lower to the predictor at which half of the shares are 1",
            lambda scale: Prior("Gamma", alpha=3.0, beta=0.75),
        ),
    )

    def log_shares(self, m: Maths, mean: Mean, own: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """Return logs of the probabilities of 0, of a share between, and of 1."""
        eta, gap = mean.log - mean.log_complement, own["gap"]
        low = own["lower"] - eta
        high = low + gap
        between = m.log_complement(LOGIT, low) + m.log_inverse(LOGIT, high) + m.log_not(-gap)
        return m.log_inverse(LOGIT, low), between, m.log_complement(LOGIT, high)

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the mean of the response, ends and all."""
        _, between, one = self._shares(mu, parameters)
        return one + between * mu

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the variance of the mixture of 0, 1 and the shares between."""
        zero, between, one = self._shares(mu, parameters)
        mean = one + between * mu
        inside = self.plain.variance(mu, parameters) + (mu - mean) ** 2
        return zero * mean**2 + one * (1 - mean) ** 2 + between * inside

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw shares, and put some at the ends."""
        shape = np.broadcast_shapes(np.shape(mu), *(np.shape(v) for v in parameters.values()))
        mu = np.broadcast_to(mu, shape)
        zero, between, _ = self._shares(mu, parameters)
        y, u = self.plain.simulate(rng, mu, parameters), rng.random(shape)
        return np.where(u < zero, 0.0, np.where(u < zero + between, y, 1.0))

    @staticmethod
    def _shares(mu: Array, parameters: Parameters) -> tuple[Array, Array, Array]:
        """Return the probabilities of 0, of a share between, and of 1."""
        with np.errstate(divide="ignore"):
            eta = logit(np.asarray(mu, np.float64))
        low = parameters["lower"] - eta
        high = low + parameters["gap"]
        between = expit(high) * expit(-low) * -np.expm1(-np.asarray(parameters["gap"]))
        return expit(low), between, expit(-high)
