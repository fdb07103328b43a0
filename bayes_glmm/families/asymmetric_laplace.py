"""Quantile regression: a quantile of the response instead of its mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Parameters, any_share, fill, scale_prior
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.gaussian import Gaussian
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.maths.links import Link


class AsymmetricLaplace(Written):
    """Numbers of which the share ``quantile`` lies below ``mu``; ``sigma`` is their scale.

    ``quantile`` is known and part of the name: ``asymmetric_laplace(quantile=0.9)`` models
    the 90th percentile, and ``asymmetric_laplace`` the median. Predictions report that
    quantile, ``mu``, and not the mean of the response. Over a population of groups it is
    the mean of the groups' quantiles.

    The distribution is a device: its mode is the quantile regression of Koenker and
    Bassett, and responses are hardly ever distributed so. Coefficients are estimated
    consistently, but their posterior intervals do not have the stated coverage [2]_: correct
    the covariance, or resample rows or groups, before a decision rests on their width.

    References
    ----------
    .. [1] Yu & Moyeed (2001). Bayesian quantile regression. *Statistics & Probability
       Letters* 54, 437-447. doi:10.1016/S0167-7152(01)00124-9
    .. [2] Yang, Wang & He (2016). Posterior inference in Bayesian quantile regression with
       asymmetric Laplace likelihood. *International Statistical Review* 84, 327-344.
       doi:10.1111/insr.12114
    """

    name = "asymmetric_laplace"
    support = "real numbers"
    links = ("identity", "log", "inverse")
    parameters = (
        Parameter("sigma", "scale of the errors", scale_prior, spread=True),
        Parameter(
            "quantile", "share of responses below mu; known, not estimated", any_share, "logit",
            fixed=0.5, formula=False,
        ),
    )  # fmt: skip
    has_distribution = True
    mean_is_proportional = False
    reports = location = "quantile"
    lacks = {
        "dispersion": "Errors of {family} are a device, whose variance says nothing: see how many responses "
        "lie below the quantile.",
        "reports_mean": "Predictions of {family} report a quantile: compare quantiles.",
        "curvature": "The log-density of {family} has corners, where no second derivative helps: "
        "search between two values.",
    }

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is not finite."""
        return Gaussian().invalid(y, trials)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the quantile of the responses."""
        known = {p.name: p.fixed for p in self.parameters}
        return float(np.quantile(y, known["quantile"] or 0.5))

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return minus the check function, and what gives it a total of one."""
        q, sigma = own["quantile"], own["sigma"]
        z = (y - mean.value) / sigma
        return m.log(q) + m.log1p(-q) - m.log(sigma) - m.where(z < 0, z * (q - 1.0), z * q)

    def log_below(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the distribution function."""
        q, z = own["quantile"], (y - mean.value) / own["sigma"]
        left = m.log(q) + (1.0 - q) * m.minimum(z, 0.0)
        right = m.log1p(-(1.0 - q) * m.exp(-q * m.maximum(z, 0.0)))
        return m.where(z < 0, left, right)

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the upper tail."""
        q, z = own["quantile"], (y - mean.value) / own["sigma"]
        left = m.log1p(-q * m.exp((1.0 - q) * m.minimum(z, 0.0)))
        return m.where(z < 0, left, m.log1p(-q) - q * m.maximum(z, 0.0))

    def expected(self, eta: Array, link: Link, parameters: Parameters) -> Array:
        """Return ``mu``, the quantile that is modelled; not E[y]."""
        mu = link.inverse(eta)
        return fill(mu, parameters["sigma"])

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu + sigma * (1 - 2 * quantile) / (quantile * (1 - quantile))``."""
        q = np.asarray(parameters["quantile"])
        return mu + parameters["sigma"] * (1 - 2 * q) / (q * (1 - q))

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``sigma**2 * (quantile**-2 + (1 - quantile)**-2)``."""
        q = np.asarray(parameters["quantile"])
        return fill(np.asarray(parameters["sigma"]) ** 2 * (q**-2 + (1 - q) ** -2), mu)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw differences of two exponential numbers."""
        q, sigma = np.asarray(parameters["quantile"]), np.asarray(parameters["sigma"])
        shape = np.broadcast_shapes(np.shape(mu), q.shape, sigma.shape)
        up, down = rng.exponential(size=shape), rng.exponential(size=shape)
        return mu + sigma * (up / q - down / (1 - q))
