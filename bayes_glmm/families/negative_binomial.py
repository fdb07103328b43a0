"""Counts more variable than Poisson counts of the same mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayes_glmm.families.contract import Array, Parameters, counts_of
from bayes_glmm.families.counts import Counts
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link
from bayes_glmm.spec.priors import Prior


def _dispersion_prior(scale: float) -> Prior:
    return Prior("InverseGamma", alpha=0.4, beta=0.3)


class NegativeBinomial(Counts):
    """Counts with mean ``mu`` and variance ``mu + mu**2 / dispersion``.

    It is the Poisson distribution as ``dispersion`` grows. The default prior of
    ``dispersion`` is ``InverseGamma(0.4, 0.3)``: it vanishes at zero, where the
    variance is infinite, has its median near 2, and a tail heavy enough
    (5 % above 700) for counts that are nearly Poisson.
    Domains of the links are as for :class:`~bayes_glmm.families.poisson.Poisson`.
    """

    name = "negative_binomial"
    shown = {"log": "count"}
    parameters = (
        Parameter("dispersion", "var = mu + mu**2 / dispersion", _dispersion_prior, spread=True),
    )

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the Poisson density averaged over Gamma rates."""
        size = own["dispersion"]
        spare = m.log1p(abs(mean.value) / size)
        share = mean.log - m.log(size) - spare
        ways = m.log_rising(size, y) - m.log_factorial(y)
        return m.where(mean.value < 0, -np.inf, ways + m.times(y, share) - size * spare)

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
        if link.facts.exposure == "mean":
            return np.log1p(1 / mu + 1 / parameters["dispersion"])
        return super().observation_variance(mu, link, parameters)
