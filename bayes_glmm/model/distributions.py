"""Distributions by the names that priors have, with those that PyMC lacks in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt


class HalfStudentT:
    """Student's t folded at zero; PyMC's own has a constant in single precision."""

    @staticmethod
    def dist(nu: Any, sigma: Any, **kwargs: Any) -> Any:
        """Return the distribution without a name."""
        return pm.CustomDist.dist(nu, sigma, class_name="HalfStudentT", **_HALF_T, **kwargs)

    def __new__(cls, name: str, nu: Any, sigma: Any, **kwargs: Any) -> Any:
        """Register a variable in the model in context."""
        own = {"class_name": "HalfStudentT", "transform": pm.distributions.transforms.log}
        return pm.CustomDist(name, nu, sigma, **_HALF_T, **own, **kwargs)


def _half_t_density(value: Any, nu: Any, sigma: Any) -> Any:
    inside = pm.logp(pm.StudentT.dist(nu=nu, mu=np.float64(0), sigma=sigma), value)
    return pt.switch(value < 0, np.float64(-np.inf), np.log(np.float64(2)) + inside)


def _half_t_draw(nu: Any, sigma: Any, rng: Any = None, size: Any = None) -> Any:
    return np.abs(sigma * rng.standard_t(nu, size))


def _half_t_start(rv: Any, size: Any, nu: Any, sigma: Any) -> Any:
    return pt.broadcast_to(sigma, rv.shape)


class HalfCauchy:
    """Student's t with one degree of freedom, folded; for the same reason."""

    @staticmethod
    def dist(beta: Any, **kwargs: Any) -> Any:
        """Return the distribution without a name."""
        return HalfStudentT.dist(np.float64(1), beta, **kwargs)

    def __new__(cls, name: str, beta: Any, **kwargs: Any) -> Any:
        """Register a variable in the model in context."""
        return HalfStudentT(name, np.float64(1), beta, **kwargs)


class OnePlusBeta:
    """A number between one and two, whose excess over one is Beta."""

    @staticmethod
    def dist(alpha: Any, beta: Any, **kwargs: Any) -> Any:
        """Return the distribution without a name."""
        own = {"class_name": "OnePlusBeta", **_ONE_PLUS_BETA}
        return pm.CustomDist.dist(alpha, beta, **own, **kwargs)

    def __new__(cls, name: str, alpha: Any, beta: Any, **kwargs: Any) -> Any:
        """Register a variable in the model in context."""
        between = pm.distributions.transforms.Interval(np.float64(1), np.float64(2))
        own = {"class_name": "OnePlusBeta", "transform": between, **_ONE_PLUS_BETA}
        return pm.CustomDist(name, alpha, beta, **own, **kwargs)


def _one_plus_beta_density(value: Any, alpha: Any, beta: Any) -> Any:
    return pm.logp(pm.Beta.dist(alpha, beta), value - np.float64(1))


def _one_plus_beta_draw(alpha: Any, beta: Any, rng: Any = None, size: Any = None) -> Any:
    return 1 + rng.beta(alpha, beta, size)


def _one_plus_beta_start(rv: Any, size: Any, alpha: Any, beta: Any) -> Any:
    return pt.broadcast_to(np.float64(1) + alpha / (alpha + beta), rv.shape)


_ONE_PLUS_BETA = {
    "logp": _one_plus_beta_density,
    "random": _one_plus_beta_draw,
    "support_point": _one_plus_beta_start,
    "signature": "(),()->()",
}
_HALF_T = {
    "logp": _half_t_density,
    "random": _half_t_draw,
    "support_point": _half_t_start,
    "signature": "(),()->()",
}
DISTRIBUTIONS = {
    "Normal": pm.Normal,
    "StudentT": pm.StudentT,
    "Cauchy": pm.Cauchy,
    "Laplace": pm.Laplace,
    "Logistic": pm.Logistic,
    "HalfNormal": pm.HalfNormal,
    "HalfStudentT": HalfStudentT,
    "HalfCauchy": HalfCauchy,
    "Exponential": pm.Exponential,
    "Gamma": pm.Gamma,
    "InverseGamma": pm.InverseGamma,
    "LogNormal": pm.LogNormal,
    "Beta": pm.Beta,
    "OnePlusBeta": OnePlusBeta,
}
