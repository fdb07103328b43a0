"""One set of function names for NumPy arrays, PyTensor variables and tapes.

A density that is written with these serves answers, graphs and derivatives alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from scipy import special

from bayes_glmm.maths import formulas, symbolic
from bayes_glmm.maths.links import Link

type Function = Callable[..., Any]
LOG_TWO_PI = float(np.log(2 * np.pi))
TINY = 1e-300


@dataclass(frozen=True)
class Maths:
    """Functions of one library, by name.

    ``times(count, term)`` is zero where the count is, whatever the term; ``sigmoid`` is the
    logistic function; ``log_sigmoid`` and ``log_normal_cdf`` hold in both tails.
    ``concatenate``, ``cumsum`` and ``logsumexp`` are along the last axis, whose elements
    ``numbers`` counts from 0, and ``pick`` takes from it one element by each row's code.
    ``log_bessel(x)`` is the log of ``exp(-x) I0(x)``. ``total(term, n, *values)`` adds
    ``term(k, *values)`` up over ``k`` from 0 to ``n - 1``, ``log_total`` is the log of the sum
    of the terms' exponentials, and ``steady`` is a number that slopes take for a constant.
    ``inverse``, ``log_inverse`` and ``log_complement`` are a link's mean and the logs of it and
    of its complement.
    """

    exp: Function
    expm1: Function
    log: Function
    log1p: Function
    sqrt: Function
    sin: Function
    arctan: Function
    floor: Function
    where: Function
    maximum: Function
    minimum: Function
    logaddexp: Function
    gammaln: Function
    gammainc: Function
    is_zero: Function
    times: Function
    sigmoid: Function
    log_sigmoid: Function
    normal_cdf: Function
    log_normal_cdf: Function
    log_bessel: Function
    total: Function
    log_total: Function
    steady: Function
    concatenate: Function
    cumsum: Function
    logsumexp: Function
    numbers: Function
    pick: Function
    inverse: Function
    log_inverse: Function
    log_complement: Function

    def mean_of(self, link: Link, eta: Any) -> Mean:
        """Return the mean of a predictor, with its logarithms."""
        complement = None if link.log_complement is None else self.log_complement(link, eta)
        return Mean(self.inverse(link, eta), self.log_inverse(link, eta), complement)

    def log_factorial(self, count: Any) -> Any:
        """Log of ``count!``."""
        return self.gammaln(count + 1.0)

    def log_rising(self, start: Any, count: Any) -> Any:
        """Return ``gammaln(start + count) - gammaln(start)``, without cancellation.

        From 16 on the difference is taken term by term in Stirling's series: the plain one
        would be 100 units of ``count = 5`` between two numbers of 2e10 when ``start`` is 1e9.
        """
        edge = formulas.STIRLING_FROM
        small, large = self.minimum(start, edge), self.maximum(start, edge)
        plain = self.gammaln(small + count) - self.gammaln(small)
        total = large + count
        rest = formulas.stirling_rest(total) - formulas.stirling_rest(large)
        slow = (large - 0.5) * self.log1p(count / large)
        return self.where(start < edge, plain, slow + count * (self.log(total) - 1.0) + rest)

    def stirling_error(self, x: Any) -> Any:
        """Return what Stirling's formula leaves of ``gammaln(x)``, for ``x`` above zero.

        Below 16 it is carried over from ``x + 8``.
        """
        edge = formulas.STIRLING_FROM
        small = self.minimum(x, edge)
        later, pair = small + 8.0, small * (small + 7.0)
        between = pair * (pair + 6.0) * (pair + 10.0) * (pair + 12.0)
        fourth = later * later * later * later
        excess = self.log(fourth * fourth / between)
        carried = (small - 0.5) * self.log(later / small) + excess - 8.0
        near = formulas.stirling_rest(later) + carried
        return self.where(x < edge, near, formulas.stirling_rest(self.maximum(x, edge)))

    def log_not(self, log_p: Any) -> Any:
        """``log(1 - p)`` from ``log p``, exact for ``p`` near zero and near one.

        Where ``p`` is one, or has rounded to it, its slope is zero and not infinity times zero.
        """
        half = -float(np.log(2))
        inside = self.minimum(self.maximum(log_p, half), -TINY)
        near_one = self.where(log_p < 0, self.log(-self.expm1(inside)), -np.inf)
        return self.where(log_p > half, near_one, self.log1p(-self.exp(self.minimum(log_p, half))))


@dataclass(frozen=True)
class Mean:
    """The mean of one row with its logarithms, straight from the predictor."""

    value: Any
    log: Any
    log_complement: Any = None


def _pick(values: Any, code: Any) -> Any:
    places = np.broadcast_to(np.asarray(code, np.intp), values.shape[:-1])
    return np.take_along_axis(values, places[..., None], axis=-1)[..., 0]


def _total(term: Function, n: int, *values: Any) -> Any:
    total = term(0.0, *values)
    for k in range(1, n):
        total = total + term(float(k), *values)
    return total


def _log_total(term: Function, n: int, *values: Any) -> Any:
    wide = (np.asarray(v)[..., None] for v in values)
    return special.logsumexp(term(np.arange(float(n)), *wide), axis=-1)


NUMPY = Maths(
    exp=np.exp,
    expm1=np.expm1,
    log=np.log,
    log1p=np.log1p,
    sqrt=np.sqrt,
    sin=np.sin,
    arctan=np.arctan,
    floor=np.floor,
    where=np.where,
    maximum=np.maximum,
    minimum=np.minimum,
    logaddexp=np.logaddexp,
    gammaln=special.gammaln,
    gammainc=special.gammainc,
    is_zero=lambda x: np.asarray(x) == 0,
    times=lambda count, term: np.where(count == 0, 0.0, count * np.where(count == 0, 0.0, term)),
    sigmoid=special.expit,
    log_sigmoid=special.log_expit,
    normal_cdf=special.ndtr,
    log_normal_cdf=special.log_ndtr,
    log_bessel=lambda x: np.log(special.i0e(x)),
    total=_total,
    log_total=_log_total,
    steady=lambda x: x,
    concatenate=lambda parts: np.concatenate(parts, axis=-1),
    cumsum=lambda x: np.cumsum(x, axis=-1),
    logsumexp=lambda x: special.logsumexp(x, axis=-1),
    numbers=lambda x: np.arange(x.shape[-1]),
    pick=_pick,
    inverse=lambda link, eta: link.inverse(eta),
    log_inverse=lambda link, eta: link.log_inverse(eta),
    log_complement=lambda link, eta: link.log_complement(eta),
)


@cache
def pytensor_maths() -> Maths:
    """Return PyTensor's functions."""
    import pytensor.tensor as pt
    from pytensor.gradient import disconnected_grad

    def times(count: Any, term: Any) -> Any:
        none = pt.eq(count, 0)
        return pt.switch(none, np.float64(0), count * pt.switch(none, np.float64(0), term))

    return Maths(
        exp=pt.exp,
        expm1=pt.expm1,
        log=pt.log,
        log1p=pt.log1p,
        sqrt=pt.sqrt,
        sin=pt.sin,
        arctan=pt.arctan,
        floor=pt.floor,
        where=pt.switch,
        maximum=pt.maximum,
        minimum=pt.minimum,
        logaddexp=pt.logaddexp,
        gammaln=pt.gammaln,
        gammainc=pt.gammainc,
        is_zero=lambda x: pt.eq(x, 0),
        times=times,
        sigmoid=pt.sigmoid,
        log_sigmoid=symbolic.log_sigmoid,
        normal_cdf=symbolic.normal_cdf,
        log_normal_cdf=symbolic.log_normal_cdf,
        log_bessel=lambda x: symbolic.log_bessel(pytensor_maths(), x),
        total=symbolic.total,
        log_total=symbolic.log_total,
        steady=disconnected_grad,
        concatenate=lambda parts: pt.concatenate(parts, axis=-1),
        cumsum=lambda x: pt.cumsum(x, axis=-1),
        logsumexp=lambda x: pt.logsumexp(x, axis=-1),
        numbers=lambda x: pt.arange(x.shape[-1]),
        pick=lambda x, code: pt.take_along_axis(x, code[..., None], axis=-1)[..., 0],
        inverse=lambda link, eta: link.inverse_over(pytensor_maths(), eta),
        log_inverse=lambda link, eta: link.log_inverse_over(pytensor_maths(), eta),
        log_complement=lambda link, eta: link.log_complement_over(pytensor_maths(), eta),
    )
