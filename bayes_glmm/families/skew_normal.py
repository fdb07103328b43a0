"""Normal errors leaning to one side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Parameters, fill, scale_prior
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.gaussian import Gaussian
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import LOG_TWO_PI, Maths, Mean
from bayes_glmm.spec.priors import Prior

ROOT = math.sqrt(2 / math.pi)


class SkewNormal(Written):
    """Skew-normal errors with mean ``mu`` and standard deviation ``sigma``.

    ``skew`` is the slant: positive where the tail is on the right, normal at zero.
    Default prior: ``skew ~ Normal(0, 4)``.
    """

    name = "skew_normal"
    support = "real numbers"
    links = ("identity", "log", "inverse")
    parameters = (
        Parameter("sigma", "sd of the errors", scale_prior, spread=True),
        Parameter(
            "skew",
            "slant; above zero the tail is on the right",
            lambda scale: Prior("Normal", mu=0.0, sigma=4.0),
            "identity",
        ),
    )

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is not finite."""
        return Gaussian().invalid(y, trials)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean."""
        return Gaussian().start(y, trials, exposure)

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return Azzalini's density with mean and sd as parameters."""
        slant = own["skew"]
        lean = ROOT * slant / m.sqrt(1.0 + slant**2)
        width = own["sigma"] / m.sqrt(1.0 - lean**2)
        z = (y - mean.value) / width + lean
        log_normal = -0.5 * (z**2 + LOG_TWO_PI) - m.log(width)
        return math.log(2) + log_normal + m.log_normal_cdf(slant * z)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``sigma**2``."""
        return fill(np.asarray(parameters["sigma"]) ** 2, mu)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw a half-normal and a normal part."""
        slant, sigma = np.asarray(parameters["skew"]), np.asarray(parameters["sigma"])
        shape = np.broadcast_shapes(np.shape(mu), slant.shape, sigma.shape)
        delta = slant / np.sqrt(1 + slant**2)
        half, rest = np.abs(rng.normal(size=shape)), rng.normal(size=shape)
        z = delta * half + np.sqrt(1 - delta**2) * rest - ROOT * delta
        return mu + sigma / np.sqrt(1 - (ROOT * delta) ** 2) * z
