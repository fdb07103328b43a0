"""Student's t errors around the mean: a few far responses do not move it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Family, Parameters, fill, scale_prior
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import Maths, Mean, pytensor_maths
from bayes_glmm.maths.links import Link
from bayes_glmm.spec.priors import Prior


def _nu_prior(scale: float) -> Prior:
    return Prior("Gamma", alpha=2.0, beta=0.1)


class StudentT(Written):
    """Student's t around ``mu`` with scale ``sigma`` and ``nu`` degrees of freedom.

    ``mu`` is the centre; it is the mean where ``nu > 1``. The variance is
    ``sigma**2 * nu / (nu - 2)``, infinite for ``nu <= 2``. Default priors:
    ``sigma`` as for the normal, and ``nu ~ Gamma(2, 0.1)`` (Juárez & Steel 2010):
    mean 20, vanishing at zero, with most of its mass where tails are heavier than normal.
    """

    name = "student_t"
    support = "real numbers"
    links = ("identity", "log", "inverse")
    parameters = (
        Parameter("sigma", "scale of the errors", scale_prior, spread=True),
        Parameter("nu", "degrees of freedom; normal as it grows", _nu_prior),
    )

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is not finite."""
        return [(~np.isfinite(y), "is not finite: remove the rows or use missing='drop'")]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the median of the response."""
        return float(np.median(y))

    def likelihood(
        self,
        name: str,
        eta: Any,
        link: Link,
        parameters: Mapping[str, Any],
        trials: Any | None,
        **kwargs: Any,
    ) -> Any:
        """Add ``y ~ StudentT(nu, mu, sigma)``."""
        import pymc as pm

        return pm.StudentT(
            name,
            nu=parameters["nu"],
            mu=pytensor_maths().inverse(link, eta),
            sigma=parameters["sigma"],
            **kwargs,
        )

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return Student's density; its constant holds for however many degrees of freedom."""
        sigma, nu = own["sigma"], own["nu"]
        z = (y - mean.value) / sigma
        constant = m.log_rising(0.5 * nu, 0.5) - 0.5 * m.log(nu * np.pi)
        return constant - m.log(sigma) - 0.5 * (nu + 1.0) * m.log1p(z * z / nu)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``sigma**2 * nu / (nu - 2)``, infinite up to two degrees of freedom."""
        nu = np.asarray(parameters["nu"], np.float64)
        factor = np.where(nu > 2, nu / np.where(nu > 2, nu - 2, 1.0), np.inf)
        return fill(parameters["sigma"] ** 2 * factor, mu)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw Student's t responses."""
        size = np.broadcast_shapes(*map(np.shape, (mu, parameters["sigma"], parameters["nu"])))
        return mu + parameters["sigma"] * rng.standard_t(parameters["nu"], size)

    def observation_variance(self, mu: Array, link: Link, parameters: Parameters) -> Array:
        """Return the variance over the squared slope of the link."""
        return Family.observation_variance(self, mu, link, parameters)
