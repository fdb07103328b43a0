"""PyTensor formulas of densities, stable far into the tails.

Constants are float64 arrays: PyTensor turns a Python float into a float32 if it is exactly
representable. Both branches of a switch are evaluated; each gets safe arguments where the other
one is chosen, so that no gradient is infinity times zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bayes_glmm.maths.formulas import BESSEL_FROM, log_bessel_far
from bayes_glmm.maths.vocabulary import Maths


def number(value: float) -> np.float64:
    """Return a constant that PyTensor keeps in double precision."""
    return np.float64(value)


HALF, ROOT_TWO = number(0.5), number(math.sqrt(2))


def log_sigmoid(eta: Any) -> Any:
    """Log of the logistic function, in both tails."""
    import pytensor.tensor as pt

    return -pt.softplus(-eta)


def normal_cdf(eta: Any) -> Any:
    """Normal distribution function."""
    import pytensor.tensor as pt

    return HALF * pt.erfc(-eta / ROOT_TWO)


def log_normal_cdf(eta: Any) -> Any:
    """Log of the normal distribution function, in both tails."""
    import pytensor.tensor as pt

    left = pt.minimum(eta, number(-1)) / ROOT_TWO
    right = pt.maximum(eta, number(-1)) / ROOT_TWO
    lower = pt.log(HALF * pt.erfcx(-left)) - left * left
    return pt.switch(eta < number(-1), lower, pt.log1p(-HALF * pt.erfc(right)))


def log_bessel(m: Maths, x: Any) -> Any:
    """Return the log of ``exp(-x) I0(x)`` for ``x`` of zero or more.

    From 500 on by the asymptotic series: libraries give up on huge arguments.
    """
    import pytensor.tensor as pt

    small, large = pt.minimum(x, number(BESSEL_FROM)), pt.maximum(x, number(BESSEL_FROM))
    near = pt.log(pt.ive(number(0), small))
    return pt.switch(x < number(BESSEL_FROM), near, log_bessel_far(m, large))


def total(term: Callable[..., Any], n: int, *values: Any) -> Any:
    """Sum ``term(k, *values)`` over ``k`` from 0 to ``n - 1``."""
    return _terms(term, n, values).sum(axis=-1)


def log_total(term: Callable[..., Any], n: int, *values: Any) -> Any:
    """Return the log of the sum of the exponentials of ``term(k, *values)``."""
    import pytensor.tensor as pt

    return pt.logsumexp(_terms(term, n, values), axis=-1)


def _terms(term: Callable[..., Any], n: int, values: tuple[Any, ...]) -> Any:
    """Return the terms on a new last axis; numbers need none."""
    wide = (v[..., None] if getattr(v, "ndim", 0) else v for v in values)
    return term(np.arange(float(n)), *wide)
