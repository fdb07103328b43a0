"""One set of function names for NumPy arrays and PyTensor variables.

A density that is written with these serves answers and graphs alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import special

from bayes_glmm.maths import symbolic
from bayes_glmm.maths.links import Link

type Function = Callable[..., Any]
LOG_TWO_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class Maths:
    """Functions of one library, by name.

    ``times(count, term)`` is zero where the count is, whatever the term;
    ``log_rising(a, n)`` is ``gammaln(a + n) - gammaln(a)`` without cancellation;
    ``log_normal_cdf`` holds in both tails. ``concatenate``, ``cumsum`` and ``logsumexp``
    are along the last axis, whose elements ``numbers`` counts from 0, and ``pick`` takes from
    it one element by each row's code.
    ``log_bessel(x)`` is the log of ``exp(-x) I0(x)``. ``total(term, n, *values)`` adds
    ``term(k, *values)`` up over ``k`` from 0 to ``n - 1``, and ``steady`` is a number that
    slopes take for a constant.
    ``log_inverse`` and ``log_complement`` are logs of a link's mean and of its complement.
    """

    exp: Function
    expm1: Function
    log: Function
    log1p: Function
    sqrt: Function
    sin: Function
    floor: Function
    where: Function
    maximum: Function
    minimum: Function
    logaddexp: Function
    gammaln: Function
    gammainc: Function
    is_zero: Function
    times: Function
    log_rising: Function
    log_normal_cdf: Function
    log_bessel: Function
    total: Function
    steady: Function
    concatenate: Function
    cumsum: Function
    logsumexp: Function
    numbers: Function
    pick: Function
    log_inverse: Function
    log_complement: Function

    def log_factorial(self, count: Any) -> Any:
        """Log of ``count!``."""
        return self.gammaln(count + 1.0)

    def stirling_error(self, x: Any) -> Any:
        """Return the remainder of Stirling's formula for ``gammaln(x)``, ``x`` above zero.

        Below 16 it is carried over from ``x + 8``.
        """
        small = self.minimum(x, symbolic.STIRLING_FROM)
        later, pair = small + 8.0, small * (small + 7.0)
        between = pair * (pair + 6.0) * (pair + 10.0) * (pair + 12.0)
        fourth = later * later * later * later
        excess = self.log(fourth * fourth / between)
        carried = (small - 0.5) * self.log(later / small) + excess - 8.0
        near = symbolic.stirling_rest(later) + carried
        far = symbolic.stirling_rest(self.maximum(x, symbolic.STIRLING_FROM))
        return self.where(x < symbolic.STIRLING_FROM, near, far)

    def log_not(self, log_p: Any) -> Any:
        """``log(1 - p)`` from ``log p``, exact for ``p`` near zero and near one."""
        half = -float(np.log(2))
        near_one = self.log(-self.expm1(self.maximum(log_p, half)))
        return self.where(log_p > half, near_one, self.log1p(-self.exp(self.minimum(log_p, half))))


@dataclass(frozen=True)
class Mean:
    """The mean of one row with its logarithms, straight from the predictor."""

    value: Any
    log: Any
    log_complement: Any = None


def _log_rising(start: Any, count: Any) -> Any:
    edge = symbolic.STIRLING_FROM
    small, large = np.minimum(start, edge), np.maximum(start, edge)
    total = large + count
    rest = symbolic.stirling_rest(total) - symbolic.stirling_rest(large)
    smooth = (large - 0.5) * np.log1p(count / large) + count * (np.log(total) - 1) + rest
    return np.where(start < edge, special.gammaln(small + count) - special.gammaln(small), smooth)


def _pick(values: Any, code: Any) -> Any:
    places = np.broadcast_to(np.asarray(code, np.intp), values.shape[:-1])
    return np.take_along_axis(values, places[..., None], axis=-1)[..., 0]


def _total(term: Function, n: int, *values: Any) -> Any:
    total = term(0.0, *values)
    for k in range(1, n):
        total = total + term(float(k), *values)
    return total


def _symbolic_total(term: Function, n: int, *values: Any) -> Any:
    return term(np.arange(float(n)), *(v[..., None] for v in values)).sum(axis=-1)


NUMPY = Maths(
    exp=np.exp,
    expm1=np.expm1,
    log=np.log,
    log1p=np.log1p,
    sqrt=np.sqrt,
    sin=np.sin,
    floor=np.floor,
    where=np.where,
    maximum=np.maximum,
    minimum=np.minimum,
    logaddexp=np.logaddexp,
    gammaln=special.gammaln,
    gammainc=special.gammainc,
    is_zero=lambda x: np.asarray(x) == 0,
    times=lambda count, term: np.where(count == 0, 0.0, count * np.where(count == 0, 0.0, term)),
    log_rising=_log_rising,
    log_normal_cdf=special.log_ndtr,
    log_bessel=lambda x: np.log(special.i0e(x)),
    total=_total,
    steady=lambda x: x,
    concatenate=lambda parts: np.concatenate(parts, axis=-1),
    cumsum=lambda x: np.cumsum(x, axis=-1),
    logsumexp=lambda x: special.logsumexp(x, axis=-1),
    numbers=lambda x: np.arange(x.shape[-1]),
    pick=_pick,
    log_inverse=lambda link, eta: link.log_inverse(eta),
    log_complement=lambda link, eta: link.log_complement(eta),
)


@cache
def pytensor_maths() -> Maths:
    """Return PyTensor's functions."""
    import pytensor.tensor as pt
    from pytensor.gradient import disconnected_grad

    return Maths(
        exp=pt.exp,
        expm1=pt.expm1,
        log=pt.log,
        log1p=pt.log1p,
        sqrt=pt.sqrt,
        sin=pt.sin,
        floor=pt.floor,
        where=pt.switch,
        maximum=pt.maximum,
        minimum=pt.minimum,
        logaddexp=pt.logaddexp,
        gammaln=pt.gammaln,
        gammainc=pt.gammainc,
        is_zero=lambda x: pt.eq(x, 0),
        times=symbolic.where_positive,
        log_rising=symbolic.log_rising,
        log_normal_cdf=symbolic.log_normal_cdf,
        log_bessel=symbolic.log_bessel,
        total=_symbolic_total,
        steady=disconnected_grad,
        concatenate=lambda parts: pt.concatenate(parts, axis=-1),
        cumsum=lambda x: pt.cumsum(x, axis=-1),
        logsumexp=lambda x: pt.logsumexp(x, axis=-1),
        numbers=lambda x: pt.arange(x.shape[-1]),
        pick=lambda x, code: pt.take_along_axis(x, code[..., None], axis=-1)[..., 0],
        log_inverse=lambda link, eta: link.symbolic_log(eta),
        log_complement=lambda link, eta: link.symbolic_log_complement(eta),
    )


def mean_of(eta: Any, link: Link) -> Mean:
    """Return the mean on arrays."""
    complement = None if link.log_complement is None else link.log_complement(eta)
    return Mean(link.inverse(eta), link.log_inverse(eta), complement)


def symbolic_mean_of(eta: Any, link: Link) -> Mean:
    """Return the mean on PyTensor variables."""
    complement = link.symbolic_log_complement
    return Mean(
        link.symbolic(eta), link.symbolic_log(eta), None if complement is None else complement(eta)
    )
