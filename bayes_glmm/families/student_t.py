"""Student's t errors around the mean: a few far responses do not move it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayes_glmm.families.contract import Array, Family, Parameters, fill, scale_prior
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.links import Link
from bayes_glmm.spec.priors import Prior


def _nu_prior(scale: float) -> Prior:
    return Prior("Gamma", alpha=2.0, beta=0.1)


class StudentT(Family):
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
            mu=link.symbolic(eta),
            sigma=parameters["sigma"],
            **kwargs,
        )

    def logpdf(
        self,
        y: Array,
        eta: Array,
        link: Link,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Log-density of ``y`` row by row."""
        sigma, nu = parameters["sigma"], parameters["nu"]
        z = (y - link.inverse(eta)) / sigma
        constant = gammaln((nu + 1) / 2) - gammaln(nu / 2) - 0.5 * np.log(nu * np.pi)
        return constant - np.log(sigma) - (nu + 1) / 2 * np.log1p(z**2 / nu)

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
