"""Formulas that hold far into the tails, over the functions of any library.

Each branch of a choice is evaluated only where it is finite, so that the slope of the
other one is never infinity times zero where slopes run backwards.
"""

from __future__ import annotations

import math
from typing import Any

from bayes_glmm.maths.vocabulary import Maths

BESSEL_FROM = 500.0
BESSEL = (1 / 8, 9 / 128, 75 / 1024, 3675 / 32768, 59535 / 262144)
HAZARD_SMALL, LOG_LOG_TWO = -20.0, math.log(math.log(2))


def log_bessel_far(m: Maths, x: Any) -> Any:
    """Return the log of ``exp(-x) I0(x)`` for ``x`` of 500 or more, by its asymptotic series."""
    inverse, series = 1.0 / x, BESSEL[-1]
    for coefficient in reversed(BESSEL[:-1]):
        series = coefficient + inverse * series
    return m.log1p(inverse * series) - 0.5 * m.log(2.0 * math.pi * x)


def log_size(m: Maths, x: Any) -> Any:
    """Log of the absolute value, whose slope is finite on both sides of zero."""
    return m.log(abs(x))


def cloglog_inverse(m: Maths, eta: Any) -> Any:
    """Probability under the complementary log-log link."""
    return -m.expm1(-m.exp(eta))


def cloglog_log_inverse(m: Maths, eta: Any) -> Any:
    """Log of the probability under the complementary log-log link."""
    small = m.exp(m.minimum(eta, HAZARD_SMALL))
    middle = m.exp(m.minimum(m.maximum(eta, HAZARD_SMALL), LOG_LOG_TWO))
    large = m.exp(m.maximum(eta, LOG_LOG_TWO))
    near_zero, near_one = eta - 0.5 * small, m.log1p(-m.exp(-large))
    inside = m.where(eta < LOG_LOG_TWO, m.log(-m.expm1(-middle)), near_one)
    return m.where(eta < HAZARD_SMALL, near_zero, inside)
