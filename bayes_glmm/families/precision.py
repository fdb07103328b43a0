"""Default priors of shapes, concentrations and precisions: wide in logarithms, around the data's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]

LOG_WIDTH = 2.5
"""One prior sd is a factor of 12: predictors may explain 99.99 % of the variance."""
LEAST = 1e-6
WEIBULL = np.pi / np.sqrt(6.0)
"""Of a Weibull with shape k the logarithm has the sd WEIBULL / k."""


@dataclass(frozen=True)
class Learned:
    """A prior that follows how the responses spread.

    The number is of no fixed size: a coefficient of variation of 0.5 % is a Gamma shape of
    40,000, one of 200 % of 0.25. A prior on a scale, such as ``Gamma(1, 0.1)``, decides it
    where it is far away; in logarithms a hundred rows outweigh the prior everywhere.

    Attributes
    ----------
    centre : str
        What it is around, in a phrase for tables.
    guess : callable
        ``(y, exposure) -> float``: the number if nothing were explained.
    """

    centre: str
    guess: Callable[[Array, Array], float]

    def __call__(self, y: Array, exposure: Array) -> Prior:
        """Return the prior for responses, shape (n_rows,) or (n_rows, n_parts)."""
        with np.errstate(all="ignore"):
            middle = self.guess(y, exposure)
        middle = middle if np.isfinite(middle) else 1.0
        return Prior("LogNormal", mu=float(np.log(max(middle, LEAST))), sigma=LOG_WIDTH)

    @property
    def text(self) -> str:
        """The prior as tables show it."""
        return f"LogNormal(log({self.centre}), {LOG_WIDTH:g})"


def some_precision(spread: float) -> Prior:
    """Return the prior without responses: of the right kind, around one."""
    return Prior("LogNormal", mu=0.0, sigma=LOG_WIDTH)


def _positive(y: Array, exposure: Array) -> Array:
    rate = np.asarray(y, float) / exposure
    return rate[rate > 0]


def _squared_cv(y: Array) -> float:
    return float(np.var(y) / np.mean(y) ** 2)


def gamma_shape(y: Array, exposure: Array) -> float:
    """Return ``1 / CV**2``."""
    return 1 / _squared_cv(_positive(y, exposure))


def weibull_shape(y: Array, exposure: Array) -> float:
    """Return the shape whose logarithm spreads as that of the responses."""
    return float(WEIBULL / np.std(np.log(_positive(y, exposure))))


def inverse_gaussian_shape(y: Array, exposure: Array) -> float:
    """Return ``mean / CV**2``, in the unit of the response."""
    positive = _positive(y, exposure)
    return float(np.mean(y)) / _squared_cv(positive)


def beta_dispersion(y: Array, exposure: Array) -> float:
    """Return ``mean (1 - mean) / variance - 1`` of the shares between the ends."""
    inside = y[(y > 0) & (y < 1)]
    return float(np.mean(inside) * (1 - np.mean(inside)) / np.var(inside)) - 1


def dirichlet_dispersion(y: Array, exposure: Array) -> float:
    """Return the same of several shares together."""
    mean = y.mean(axis=0)
    return float((mean * (1 - mean)).sum() / y.var(axis=0).sum()) - 1


def von_mises_concentration(y: Array, exposure: Array) -> float:
    """Return the concentration whose mean resultant length is the responses'.

    The piecewise approximation of Fisher (1993), *Statistical Analysis of Circular Data*,
    section 4.5.5, doi:10.1017/CBO9780511564345.
    """
    r = float(np.abs(np.exp(1j * np.asarray(y, float)).mean()))
    if r < 0.53:
        return 2 * r + r**3 + 5 * r**5 / 6
    if r < 0.85:
        return -0.4 + 1.39 * r + 0.43 / (1 - r)
    return 1 / (r**3 - 4 * r**2 + 3 * r)


GAMMA = Learned("1 / CV²", gamma_shape)
WEIBULL_SHAPE = Learned("1.28 / sd(log y)", weibull_shape)
INVERSE_GAUSSIAN = Learned("mean / CV²", inverse_gaussian_shape)
BETA = Learned("mean (1 - mean) / variance - 1", beta_dispersion)
DIRICHLET = Learned("Σ mean (1 - mean) / Σ variance - 1", dirichlet_dispersion)
VON_MISES = Learned("the responses' own", von_mises_concentration)
