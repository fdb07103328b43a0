"""Link functions: NumPy for answers, and over any library's functions for densities.

Every link also computes the logarithm of the mean from the predictor and, where the mean is a
probability, of its complement. Densities stay accurate where the mean itself rounds to zero or
one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_ndtr, logit, ndtr, ndtri

from bayes_glmm.maths.density_maths import NUMPY
from bayes_glmm.maths.formulas import cloglog_inverse, cloglog_log_inverse, log_size
from bayes_glmm.maths.link_reading import LinkReading
from bayes_glmm.maths.vocabulary import Maths, Mean

if TYPE_CHECKING:
    from collections.abc import Callable

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Link(LinkReading):
    """A map from the mean to the predictor and back.

    All functions are monotone in the domain of the mean. ``sqrt`` and
    ``inverse`` take predictors of either sign: ``eta**2`` and ``1 / eta``;
    ``tan_half`` takes the line to the angles between -pi and pi.

    Attributes
    ----------
    name : str
    forward, inverse, derivative : callable
        ``eta = forward(mu)``, ``mu = inverse(eta)`` and ``d mu / d eta`` on arrays.
    log_inverse : callable
        ``log(mu)`` from ``eta``; not a number where the mean is negative.
    inverse_over, log_inverse_over : callable
        ``inverse`` and ``log_inverse`` over the functions of any library, ``(m, eta)``; the
        latter is ``log(abs(mu))``.
    log_complement, log_complement_over : callable or None
        ``log(1 - mu)`` from ``eta``, for links whose means are probabilities.
    """

    name: str
    forward: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    log_inverse: Callable[[Array], Array]
    inverse_over: Callable[[Maths, Any], Any]
    log_inverse_over: Callable[[Maths, Any], Any]
    log_complement: Callable[[Array], Array] | None = None
    log_complement_over: Callable[[Maths, Any], Any] | None = None

    def __repr__(self) -> str:
        return f"<link {self.name}>"


def _quiet(function: Callable[..., Array]) -> Callable[..., Array]:
    """Suppress warnings of overflow and of values outside the domain."""

    @wraps(function)
    def inner(x: Array) -> Array:
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            return function(np.asarray(x, np.float64))

    return inner


@_quiet
def _normal_density(eta: Array) -> Array:
    return np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi)


@_quiet
def _cloglog(mu: Array) -> Array:
    return np.log(-np.log1p(-mu))


def _same(x: Any) -> Any:
    return x


def _unchanged(m: Maths, eta: Any) -> Any:
    return eta


_ALL = (
    Link(
        "logit",
        _quiet(logit),
        expit,
        lambda eta: expit(eta) * expit(np.negative(eta)),
        log_expit,
        lambda m, eta: m.sigmoid(eta),
        lambda m, eta: m.log_sigmoid(eta),
        lambda eta: log_expit(np.negative(eta)),
        lambda m, eta: m.log_sigmoid(-eta),
    ),
    Link(
        "probit",
        ndtri,
        ndtr,
        _normal_density,
        log_ndtr,
        lambda m, eta: m.normal_cdf(eta),
        lambda m, eta: m.log_normal_cdf(eta),
        lambda eta: log_ndtr(np.negative(eta)),
        lambda m, eta: m.log_normal_cdf(-eta),
    ),
    Link(
        "cloglog",
        _cloglog,
        _quiet(partial(cloglog_inverse, NUMPY)),
        _quiet(lambda eta: np.exp(eta - np.exp(eta))),
        _quiet(partial(cloglog_log_inverse, NUMPY)),
        cloglog_inverse,
        cloglog_log_inverse,
        _quiet(lambda eta: -np.exp(eta)),
        lambda m, eta: -m.exp(eta),
    ),
    Link(
        "log",
        _quiet(np.log),
        _quiet(np.exp),
        _quiet(np.exp),
        _same,
        lambda m, eta: m.exp(eta),
        _unchanged,
    ),
    Link("identity", _same, _same, np.ones_like, _quiet(np.log), _unchanged, log_size),
    Link(
        "sqrt",
        _quiet(np.sqrt),
        _quiet(np.square),
        lambda eta: 2 * np.asarray(eta, np.float64),
        _quiet(lambda eta: 2 * np.log(np.abs(eta))),
        lambda m, eta: eta * eta,
        lambda m, eta: 2.0 * log_size(m, eta),
    ),
    Link(
        "inverse",
        _quiet(np.reciprocal),
        _quiet(np.reciprocal),
        _quiet(lambda eta: -1 / eta**2),
        _quiet(lambda eta: -np.log(eta)),
        lambda m, eta: 1.0 / eta,
        lambda m, eta: -log_size(m, eta),
    ),
    Link(
        "tan_half",
        lambda mu: np.tan(np.asarray(mu, np.float64) / 2),
        lambda eta: 2 * np.arctan(eta),
        lambda eta: 2 / (1 + np.asarray(eta, np.float64) ** 2),
        _quiet(lambda eta: np.log(2 * np.arctan(eta))),
        lambda m, eta: 2.0 * m.arctan(eta),
        lambda m, eta: log_size(m, 2.0 * m.arctan(eta)),
    ),
)

LINKS: dict[str, Link] = {link.name: link for link in _ALL}


def mean_of(m: Maths, link: Link, eta: Any) -> Mean:
    """Return the mean of a predictor with its logarithms, by the functions of ``m``."""
    complement = None if link.log_complement is None else m.log_complement(link, eta)
    return Mean(m.inverse(link, eta), m.log_inverse(link, eta), complement)
