"""Normal errors around the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Family, Parameters, fill, scale_prior
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.sufficient import NormalSums
from bayes_glmm.maths.density_maths import LOG_TWO_PI, Maths, Mean, pytensor_maths
from bayes_glmm.maths.links import Link


class Gaussian(Written):
    """Normal distribution with mean ``mu`` and standard deviation ``sigma``.

    ``sigma`` is in the units of the response whatever the link. Its default
    prior is ``HalfStudentT(nu=4, sigma=sd(y))``.
    """

    name = "gaussian"
    support = "real numbers"
    links = ("identity", "log", "inverse")
    parameters = (Parameter("sigma", "residual standard deviation", scale_prior, spread=True),)
    has_distribution = True
    sums = NormalSums()

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is not finite."""
        return [(~np.isfinite(y), "is not finite: remove the rows or use missing='drop'")]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean of the response."""
        return float(np.mean(y))

    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add ``y ~ Normal(mu, sigma)``."""
        import pymc as pm

        mu = pytensor_maths().inverse(link, eta)
        return pm.Normal(name, mu=mu, sigma=parameters["sigma"], **kwargs)

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the normal density."""
        z = (y - mean.value) / own["sigma"]
        return -0.5 * z * z - m.log(own["sigma"]) - 0.5 * LOG_TWO_PI

    def log_below(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the normal distribution function."""
        return m.log_normal_cdf((y - mean.value) / own["sigma"])

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the upper tail."""
        return m.log_normal_cdf((mean.value - y) / own["sigma"])

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``sigma**2``."""
        return fill(parameters["sigma"] ** 2, mu)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw normal responses."""
        return rng.normal(mu, parameters["sigma"])

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Return the variance over the squared slope of the link."""
        return Family.observation_variance(self, mu, link, parameters)
