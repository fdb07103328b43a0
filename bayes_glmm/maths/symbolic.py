"""PyTensor formulas of links and densities, stable far into the tails.

Constants are float64 arrays: PyTensor turns a Python float into a float32 if it is exactly
representable. Both branches of a switch are evaluated; each gets safe arguments where the other
one is chosen, so that no gradient is infinity times zero.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

STIRLING_FROM = 16.0
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)
BESSEL_FROM = 500.0
_BESSEL = (1 / 8, 9 / 128, 75 / 1024, 3675 / 32768, 59535 / 262144)


def number(value: float) -> np.float64:
    """Return a constant that PyTensor keeps in double precision."""
    return np.float64(value)


HALF, ONE, TWO = number(0.5), number(1), number(2)
MINUS_INFINITY = number(-np.inf)
ROOT_TWO = number(math.sqrt(2))
TWO_PI = number(2 * math.pi)
LOG_TWO = number(math.log(2))


def exp(eta: Any) -> Any:
    """Inverse of the log link."""
    import pytensor.tensor as pt

    return pt.exp(eta)


def negative_exp(eta: Any) -> Any:
    """Log of the complement under the complementary log-log link."""
    return -exp(eta)


def square(eta: Any) -> Any:
    """Inverse of the square-root link."""
    return eta * eta


def reciprocal(eta: Any) -> Any:
    """Inverse of the inverse link."""
    return ONE / eta


def log_abs(eta: Any) -> Any:
    """Log of the size, whose gradient is finite on both sides of zero."""
    import pytensor.tensor as pt

    return pt.log(pt.abs(eta))


def log_square(eta: Any) -> Any:
    """Log of the mean under the square-root link."""
    return TWO * log_abs(eta)


def log_reciprocal(eta: Any) -> Any:
    """Log of the size of the mean under the inverse link."""
    return -log_abs(eta)


def angle(eta: Any) -> Any:
    """Inverse of the half-tangent link."""
    import pytensor.tensor as pt

    return TWO * pt.arctan(eta)


def log_angle(eta: Any) -> Any:
    """Log of the size of the angle under the half-tangent link."""
    return log_abs(angle(eta))


def expit(eta: Any) -> Any:
    """Inverse of the logit link."""
    import pytensor.tensor as pt

    return pt.sigmoid(eta)


def log_expit(eta: Any) -> Any:
    """Log of the probability under the logit link."""
    import pytensor.tensor as pt

    return -pt.softplus(-eta)


def log_expit_complement(eta: Any) -> Any:
    """Log of one minus the probability under the logit link."""
    return log_expit(-eta)


def normal_cdf(eta: Any) -> Any:
    """Inverse of the probit link."""
    import pytensor.tensor as pt

    return HALF * pt.erfc(-eta / ROOT_TWO)


def log_normal_cdf(eta: Any) -> Any:
    """Log of the normal distribution function, in both tails."""
    import pytensor.tensor as pt

    left = pt.minimum(eta, number(-1)) / ROOT_TWO
    right = pt.maximum(eta, number(-1)) / ROOT_TWO
    lower = pt.log(HALF * pt.erfcx(-left)) - left * left
    return pt.switch(eta < number(-1), lower, pt.log1p(-HALF * pt.erfc(right)))


def log_normal_tail(eta: Any) -> Any:
    """Log of one minus the normal distribution function."""
    return log_normal_cdf(-eta)


def cloglog_inverse(eta: Any) -> Any:
    """Inverse of the complementary log-log link."""
    import pytensor.tensor as pt

    return -pt.expm1(-pt.exp(eta))


def cloglog_log_inverse(eta: Any) -> Any:
    """Log of the probability under the complementary log-log link."""
    import pytensor.tensor as pt

    low, split = number(-20), number(math.log(math.log(2)))
    small = pt.exp(pt.minimum(eta, low))
    middle = pt.exp(pt.clip(eta, low, split))
    large = pt.exp(pt.maximum(eta, split))
    near_zero = eta - HALF * small
    near_one = pt.log1p(-pt.exp(-large))
    return pt.switch(
        eta < low, near_zero, pt.switch(eta < split, pt.log(-pt.expm1(-middle)), near_one)
    )


def where_positive(count: Any, term: Any) -> Any:
    """Return ``count * term``, zero where the count is zero whatever the term."""
    import pytensor.tensor as pt

    none = pt.eq(count, 0)
    return pt.switch(none, number(0), count * pt.switch(none, number(0), term))


def log_rising(start: Any, count: Any) -> Any:
    """Return ``gammaln(start + count) - gammaln(start)``.

    From 16 on the difference is taken term by term in Stirling's series, where
    the plain one would cancel: it is 100 units of ``count = 5`` between two
    numbers of 2e10 when ``start`` is 1e9.
    """
    import pytensor.tensor as pt

    edge = number(STIRLING_FROM)
    small, large = pt.minimum(start, edge), pt.maximum(start, edge)
    plain = pt.gammaln(small + count) - pt.gammaln(small)
    total = large + count
    series = stirling_rest(total) - stirling_rest(large)
    smooth = (large - HALF) * pt.log1p(count / large) + count * (pt.log(total) - ONE) + series
    return pt.switch(start < edge, plain, smooth)


def stirling_rest(x: Any) -> Any:
    """Return the remainder of Stirling's formula for ``gammaln(x)``, ``x`` of 16 or more."""
    inverse = ONE / x
    step = inverse * inverse
    total = number(_STIRLING[-1])
    for coefficient in reversed(_STIRLING[:-1]):
        total = number(coefficient) + step * total
    return total * inverse


def log_bessel(x: Any) -> Any:
    """Return the log of ``exp(-x) I0(x)`` for ``x`` of zero or more.

    From 500 on by the asymptotic series: libraries give up on huge arguments.
    """
    import pytensor.tensor as pt

    edge = number(BESSEL_FROM)
    small, large = pt.minimum(x, edge), pt.maximum(x, edge)
    inverse, series = ONE / large, number(_BESSEL[-1])
    for coefficient in reversed(_BESSEL[:-1]):
        series = number(coefficient) + inverse * series
    far = pt.log1p(inverse * series) - HALF * pt.log(TWO_PI * large)
    return pt.switch(x < edge, pt.log(pt.ive(number(0), small)), far)
