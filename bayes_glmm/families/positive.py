"""Positive numbers: durations, amounts, concentrations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma as gamma_function
from scipy.special import gammaln

from bayes_glmm.families.contract import Array, Parameters
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.precision import GAMMA, INVERSE_GAUSSIAN, WEIBULL_SHAPE, some_precision
from bayes_glmm.maths.density_maths import LOG_TWO_PI, Maths, Mean
from bayes_glmm.spec.priors import Prior


def invalid_positive(y: Array) -> list[tuple[NDArray[np.bool_], str]]:
    """Return what makes numbers not positive."""
    zero = "is zero: use a hurdle family where zeros are real, or the smallest amount seen"
    return [
        (~np.isfinite(y), "is not finite: remove the rows or use missing='drop'"),
        (y < 0, "is negative: correct or remove these rows, or use gaussian or student_t"),
        (y == 0, zero),
    ]


def rate_start(y: Array, exposure: Array) -> float:
    """Return the mean per unit exposure, one where it is not positive."""
    mean = float(np.sum(y) / np.sum(exposure))
    return mean if np.isfinite(mean) and mean > 0 else 1.0


class _Positive(Written):
    """What families of positive numbers share."""

    support = "positive numbers"
    lower = 0.0
    links: tuple[str, ...] = ("log", "inverse", "identity")

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse zeros and negative numbers."""
        return invalid_positive(y)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean per unit exposure."""
        return rate_start(y, exposure)


class Gamma(_Positive):
    """Positive numbers with mean ``mu`` and variance ``mu**2 / shape``.

    Default prior: ``shape ~ LogNormal(log(1 / CV**2), 2.5)`` with the coefficient of
    variation of the responses.
    """

    name = "gamma"
    parameters = (
        Parameter("shape", "var = mu**2 / shape", some_precision, learned=GAMMA, spread=True),
    )

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the Gamma density with its mean as a parameter."""
        k = own["shape"]
        ratio = m.log(y) - mean.log
        inside = k * (m.log(k) + ratio - m.exp(ratio)) - m.log(y) - m.gammaln(k)
        return m.where(mean.value <= 0, -np.inf, inside)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu**2 / shape``."""
        return mu**2 / parameters["shape"]

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw Gamma numbers."""
        k = np.asarray(parameters["shape"])
        return rng.gamma(k, 1 / k, np.broadcast_shapes(np.shape(mu), np.shape(k))) * mu


class Exponential(_Positive):
    """Positive numbers with mean ``mu`` and variance ``mu**2``: waiting times at a constant rate."""

    name = "exponential"

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return ``-log(mu) - y / mu``."""
        inside = -mean.log - m.exp(m.log(y) - mean.log)
        return m.where(mean.value <= 0, -np.inf, inside)

    has_distribution = True

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the share that waits longer."""
        return -m.exp(m.log(y) - mean.log)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu**2``."""
        return mu**2

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw waiting times."""
        return rng.exponential(size=np.shape(mu)) * mu


class Weibull(_Positive):
    """Positive numbers with mean ``mu``, whose hazard goes as ``y**(shape - 1)``.

    The scale is ``mu / gamma(1 + 1 / shape)``; a shape of one is the exponential.
    Default prior: ``shape ~ LogNormal(log(1.28 / sd(log y)), 2.5)``.
    """

    name = "weibull"
    parameters = (
        Parameter(
            "shape",
            "hazard goes as y**(shape - 1)",
            some_precision,
            learned=WEIBULL_SHAPE,
            spread=True,
        ),
    )

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the Weibull density with its mean as a parameter."""
        k = own["shape"]
        z = k * (m.log(y) - mean.log + m.gammaln(1.0 + 1.0 / k))
        return m.where(mean.value <= 0, -np.inf, m.log(k) + z - m.exp(z) - m.log(y))

    has_distribution = True

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return minus the cumulative hazard."""
        k = own["shape"]
        return -m.exp(k * (m.log(y) - mean.log + m.gammaln(1.0 + 1.0 / k)))

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu**2`` times the squared coefficient of variation."""
        k = np.asarray(parameters["shape"], np.float64)
        return mu**2 * np.expm1(gammaln(1 + 2 / k) - 2 * gammaln(1 + 1 / k))

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw Weibull numbers."""
        k = np.asarray(parameters["shape"])
        z = rng.weibull(k, np.broadcast_shapes(np.shape(mu), np.shape(k)))
        return z * mu / gamma_function(1 + 1 / k)


class InverseGaussian(_Positive):
    """Positive numbers with mean ``mu`` and variance ``mu**3 / shape``.

    ``shape`` has the unit of the response. Default prior: ``shape ~ LogNormal(log(mean /
    CV**2), 2.5)`` with mean and coefficient of variation of the responses.
    """

    name = "inverse_gaussian"
    parameters = (
        Parameter(
            "shape",
            "var = mu**3 / shape",
            some_precision,
            learned=INVERSE_GAUSSIAN,
            spread=True,
        ),
    )

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the first passage density of a Brownian motion with drift."""
        size = own["shape"]
        gap = m.expm1(m.log(y) - mean.log)
        inside = 0.5 * (m.log(size) - LOG_TWO_PI - 3.0 * m.log(y)) - 0.5 * size * gap**2 / y
        return m.where(mean.value <= 0, -np.inf, inside)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu**3 / shape``."""
        return mu**3 / parameters["shape"]

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw first passage times."""
        size = np.asarray(parameters["shape"])
        return rng.wald(mu, size, np.broadcast_shapes(np.shape(mu), np.shape(size)))


class Lognormal(_Positive):
    """Positive numbers whose logarithm is normal around ``log(mu)`` with sd ``sigma``.

    ``mu`` is the median; the mean is ``mu * exp(sigma**2 / 2)``, and that is what
    predictions report. Coefficients are those of a normal model of ``log(y)``.
    """

    name = "lognormal"
    location, endless = "median", ("sigma",)
    links = ("log",)
    parameters = (
        Parameter(
            "sigma",
            "sd of log(y)",
            lambda scale: Prior("HalfStudentT", nu=4.0, sigma=1.0),
            spread=True,
        ),
    )

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the geometric mean per unit exposure."""
        positive = y > 0
        if not positive.any():
            return 1.0
        return float(np.exp(np.mean(np.log(y[positive] / exposure[positive]))))

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the density of ``y``, not of its logarithm."""
        sigma = own["sigma"]
        z = (m.log(y) - mean.log) / sigma
        return -0.5 * z**2 - m.log(sigma) - m.log(y) - 0.5 * LOG_TWO_PI

    has_distribution = True

    def log_below(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the distribution function."""
        return m.log_normal_cdf((m.log(y) - mean.log) / own["sigma"])

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of the upper tail."""
        return m.log_normal_cdf((mean.log - m.log(y)) / own["sigma"])

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * exp(sigma**2 / 2)``."""
        return mu * np.exp(np.asarray(parameters["sigma"]) ** 2 / 2)

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``E[y]**2 * (exp(sigma**2) - 1)``."""
        return self.mean(mu, parameters) ** 2 * np.expm1(np.asarray(parameters["sigma"]) ** 2)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw log-normal numbers."""
        sigma = np.asarray(parameters["sigma"])
        z = rng.normal(size=np.broadcast_shapes(np.shape(mu), np.shape(sigma)))
        return mu * np.exp(sigma * z)
