"""Prior distributions as values: a closed table of names and parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bayes_glmm.errors import PriorError, suggestion

REAL, POSITIVE, UNIT, CORRELATION = "real", "positive", "unit", "correlation"
ONE_TO_TWO = "one to two"
SIMPLEX = "simplex"

# name -> (support, {parameter: default or None when required})
DISTRIBUTIONS: dict[str, tuple[str, dict[str, float | None]]] = {
    "Normal": (REAL, {"mu": 0.0, "sigma": 1.0}),
    "StudentT": (REAL, {"nu": None, "mu": 0.0, "sigma": 1.0}),
    "Cauchy": (REAL, {"alpha": 0.0, "beta": 1.0}),
    "Laplace": (REAL, {"mu": 0.0, "b": 1.0}),
    "Logistic": (REAL, {"mu": 0.0, "s": 1.0}),
    "HalfNormal": (POSITIVE, {"sigma": 1.0}),
    "HalfStudentT": (POSITIVE, {"nu": None, "sigma": 1.0}),
    "HalfCauchy": (POSITIVE, {"beta": 1.0}),
    "Exponential": (POSITIVE, {"lam": 1.0}),
    "Gamma": (POSITIVE, {"alpha": None, "beta": None}),
    "InverseGamma": (POSITIVE, {"alpha": None, "beta": 1.0}),
    "LogNormal": (POSITIVE, {"mu": 0.0, "sigma": 1.0}),
    "Beta": (UNIT, {"alpha": None, "beta": None}),
    "OnePlusBeta": (ONE_TO_TWO, {"alpha": None, "beta": None}),
    "LKJ": (CORRELATION, {"eta": 1.0}),
    "Dirichlet": (SIMPLEX, {"alpha": 1.0}),
}
_FREE_LOCATION = {"mu"}
_SCALES = {
    "Normal": "sigma", "StudentT": "sigma", "Cauchy": "beta", "Laplace": "b", "Logistic": "s",
    "HalfNormal": "sigma", "HalfStudentT": "sigma", "HalfCauchy": "beta", "InverseGamma": "beta",
}  # fmt: skip
_RATES = {"Exponential": "lam", "Gamma": "beta"}


@dataclass(frozen=True, init=False, order=True)
class Prior:
    """A prior distribution, named and parametrised as in PyMC.

    Parameters
    ----------
    name : str
        One of ``Normal StudentT Cauchy Laplace Logistic HalfNormal HalfStudentT
        HalfCauchy Exponential Gamma InverseGamma LogNormal Beta LKJ Dirichlet``, or
        ``OnePlusBeta`` for a number between 1 and 2.
        ``Dirichlet`` has one ``alpha`` for all shares: 1 is uniform, larger ones draw
        them together.
    **parameters : float
        Parameters by PyMC's names, on the scale of what the prior is for.

    Raises
    ------
    PriorError
        Unknown distribution or parameter, or a value outside its range.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> bg.Prior("HalfNormal", sigma=1)
    Prior('HalfNormal', sigma=1)
    """

    name: str
    parameters: tuple[tuple[str, float], ...]

    def __init__(self, name: str, /, **parameters: float):
        if name not in DISTRIBUTIONS:
            raise PriorError(
                f"Unknown prior distribution {name!r}." + suggestion(name, list(DISTRIBUTIONS))
            )
        known = DISTRIBUTIONS[name][1]
        for given in parameters:
            if given not in known:
                raise PriorError(
                    f"{name} has no parameter {given!r}." + suggestion(given, list(known))
                )
        values = {}
        for key, default in known.items():
            value = parameters.get(key, default)
            if value is None:
                raise PriorError(f"{name} needs the parameter {key!r}.")
            values[key] = _number(name, key, value)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "parameters", tuple(values.items()))

    @property
    def support(self) -> str:
        """``"real"``, ``"positive"``, ``"unit"``, ``"one to two"``, ``"correlation"``, ``"simplex"``."""
        return DISTRIBUTIONS[self.name][0]

    @property
    def on_a_line(self) -> bool:
        """Whether it is a prior of single numbers, not of a matrix or a simplex."""
        return self.support not in (CORRELATION, SIMPLEX)

    def __getitem__(self, key: str) -> float:
        return dict(self.parameters)[key]

    def widened(self, factor: float) -> Prior:
        """Return the prior of the number times ``factor``; real numbers keep their location.

        A prior between bounds, or of a matrix or a simplex, has no scale and stays.

        Parameters
        ----------
        factor : float
            Above 0.

        Returns
        -------
        Prior
            Of the same family.

        Examples
        --------
        >>> Prior("Normal", mu=3, sigma=1).widened(2), Prior("Exponential", lam=1).widened(2)
        (Prior('Normal', mu=3, sigma=2), Prior('Exponential', lam=0.5))
        """
        values = dict(self.parameters)
        if self.name in _SCALES:
            values[_SCALES[self.name]] *= factor
        elif self.name in _RATES:
            values[_RATES[self.name]] /= factor
        elif self.name == "LogNormal":
            values["mu"] += math.log(factor)
        return Prior(self.name, **values)

    def __repr__(self) -> str:
        inside = ", ".join(f"{k}={_short(v)}" for k, v in self.parameters)
        return f"Prior({self.name!r}, {inside})"

    @cached_property
    def frozen(self) -> Any:
        """The SciPy distribution; not defined for ``LKJ`` and ``Dirichlet``."""
        from scipy import stats

        p = dict(self.parameters)
        match self.name:
            case "Normal":
                return stats.norm(p["mu"], p["sigma"])
            case "StudentT":
                return stats.t(p["nu"], p["mu"], p["sigma"])
            case "Cauchy":
                return stats.cauchy(p["alpha"], p["beta"])
            case "Laplace":
                return stats.laplace(p["mu"], p["b"])
            case "Logistic":
                return stats.logistic(p["mu"], p["s"])
            case "HalfNormal":
                return stats.halfnorm(scale=p["sigma"])
            case "HalfStudentT":
                return HalfStudentT(p["nu"], p["sigma"])
            case "HalfCauchy":
                return stats.halfcauchy(scale=p["beta"])
            case "Exponential":
                return stats.expon(scale=1 / p["lam"])
            case "Gamma":
                return stats.gamma(p["alpha"], scale=1 / p["beta"])
            case "InverseGamma":
                return stats.invgamma(p["alpha"], scale=p["beta"])
            case "LogNormal":
                return stats.lognorm(p["sigma"], scale=math.exp(p["mu"]))
            case "Beta":
                return stats.beta(p["alpha"], p["beta"])
            case "OnePlusBeta":
                return stats.beta(p["alpha"], p["beta"], loc=1.0)
        raise self._no_line()

    @cached_property
    def median(self) -> float:
        """Its middle, without SciPy's distributions, whose import takes as long as a small fit."""
        from scipy.special import betaincinv, gammaincinv, ndtri, stdtrit

        p = dict(self.parameters)
        match self.name:
            case "Normal" | "StudentT" | "Laplace" | "Logistic":
                return p["mu"]
            case "Cauchy":
                return p["alpha"]
            case "HalfNormal":
                return float(p["sigma"] * ndtri(0.75))
            case "HalfStudentT":
                return float(p["sigma"] * stdtrit(p["nu"], 0.75))
            case "HalfCauchy":
                return p["beta"]
            case "Exponential":
                return math.log(2) / p["lam"]
            case "Gamma":
                return float(gammaincinv(p["alpha"], 0.5) / p["beta"])
            case "InverseGamma":
                return float(p["beta"] / gammaincinv(p["alpha"], 0.5))
            case "LogNormal":
                return math.exp(p["mu"])
            case "Beta" | "OnePlusBeta":
                return float(betaincinv(p["alpha"], p["beta"], 0.5)) + (self.name == "OnePlusBeta")
        raise self._no_line()

    def _no_line(self) -> PriorError:
        return PriorError(f"{self.name} is no prior for a number and has no density on a line.")


@dataclass(frozen=True)
class HalfStudentT:
    """Student's t folded at zero, with SciPy's method names."""

    nu: float
    sigma: float

    def logpdf(self, x: Any) -> Any:
        """Log-density at ``x``; minus infinity below zero."""
        from scipy import stats

        inside = math.log(2) + stats.t.logpdf(x, self.nu, scale=self.sigma)
        return np.where(np.asarray(x) < 0, -np.inf, inside)

    def ppf(self, q: Any) -> Any:
        """Quantile function."""
        from scipy import stats

        return stats.t.ppf((1 + np.asarray(q)) / 2, self.nu, scale=self.sigma)

    def cdf(self, x: Any) -> Any:
        """Distribution function."""
        from scipy import stats

        return np.maximum(2 * stats.t.cdf(x, self.nu, scale=self.sigma) - 1, 0)

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        """Random numbers."""
        rng = np.random.default_rng(random_state)
        return np.abs(self.sigma * rng.standard_t(self.nu, size))


def _number(name: str, key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise PriorError(f"{name}: {key} must be a number, not {value!r}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    location = key in _FREE_LOCATION or (name == "Cauchy" and key == "alpha")
    if not math.isfinite(number) or (not location and number <= 0):
        raise PriorError(
            f"{name}: {key} must be finite{'' if location else ' and positive'}, not {number!r}."
        )
    return number


def _short(value: float) -> str:
    text = f"{value:.6g}"
    return text if float(text) == value else repr(value)
