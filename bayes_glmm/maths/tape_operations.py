"""The scalar operations of a tape, each with its value in NumPy.

A printer needs one case for each of them, and for the leaves and sums that
:class:`~bayes_glmm.maths.tape.Node` names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

ROOT_TWO = math.sqrt(2.0)


def _softplus(x: Any) -> Any:
    """Log of ``1 + exp(x)``."""
    return -special.log_expit(-x)


def _normal_hazard(x: Any) -> Any:
    """Normal density over the normal distribution function, in both tails.

    With ``erfcx(z) = exp(z**2) erfc(z)`` the exponentials cancel.
    """
    return math.sqrt(2.0 / math.pi) / special.erfcx(-x / ROOT_TWO)


CONDITIONS: Mapping[str, Callable[..., Any]] = {
    "less": np.less,
    "less_equal": np.less_equal,
    "equal": np.equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
}
"""What is true or false."""

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    **CONDITIONS,
    "where": np.where,
    "max": np.maximum,
    "min": np.minimum,
    "neg": np.negative,
    "abs": np.abs,
    "floor": np.floor,
    "add": np.add,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "logaddexp": np.logaddexp,
    "sigmoid": special.expit,
    "softplus": _softplus,
    "sin": np.sin,
    "cos": np.cos,
    "arctan": np.arctan,
    "lgamma": special.gammaln,
    "digamma": special.digamma,
    "trigamma": lambda x: special.polygamma(1, x),
    "tetragamma": lambda x: special.polygamma(2, x),
    "gammainc": special.gammainc,
    "normal_cdf": special.ndtr,
    "log_normal_cdf": special.log_ndtr,
    "normal_hazard": _normal_hazard,
    "i0e": special.i0e,
    "i1e": special.i1e,
    "steady": np.positive,
}
"""All operations; ``steady`` is its argument, which slopes take for a constant."""


def folded(op: str, *values: float) -> float:
    """Return the value of an operation on plain numbers; of a condition one or zero."""
    with np.errstate(all="ignore"):
        return float(OPERATIONS[op](*(np.float64(v) for v in values)))
