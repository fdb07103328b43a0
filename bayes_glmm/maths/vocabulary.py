"""The vocabulary that densities are written in, one name for the functions of several libraries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

type Function = Callable[..., Any]
TINY = 1e-300
STIRLING_FROM = 16.0
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188)


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

    def log_factorial(self, count: Any) -> Any:
        """Log of ``count!``."""
        return self.gammaln(count + 1.0)

    def log_rising(self, start: Any, count: Any) -> Any:
        """Return ``gammaln(start + count) - gammaln(start)``, without cancellation.

        From 16 on the difference is taken term by term in Stirling's series: the plain one
        would be 100 units of ``count = 5`` between two numbers of 2e10 when ``start`` is 1e9.
        """
        edge = STIRLING_FROM
        small, large = self.minimum(start, edge), self.maximum(start, edge)
        plain = self.gammaln(small + count) - self.gammaln(small)
        total = large + count
        rest = stirling_rest(total) - stirling_rest(large)
        slow = (large - 0.5) * self.log1p(count / large)
        return self.where(start < edge, plain, slow + count * (self.log(total) - 1.0) + rest)

    def stirling_error(self, x: Any) -> Any:
        """Return what Stirling's formula leaves of ``gammaln(x)``, for ``x`` above zero.

        Below 16 it is carried over from ``x + 8``.
        """
        edge = STIRLING_FROM
        small = self.minimum(x, edge)
        later, pair = small + 8.0, small * (small + 7.0)
        between = pair * (pair + 6.0) * (pair + 10.0) * (pair + 12.0)
        fourth = later * later * later * later
        excess = self.log(fourth * fourth / between)
        carried = (small - 0.5) * self.log(later / small) + excess - 8.0
        near = stirling_rest(later) + carried
        return self.where(x < edge, near, stirling_rest(self.maximum(x, edge)))

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


def stirling_rest(x: Any) -> Any:
    """Return what Stirling's formula leaves of ``gammaln(x)``, for ``x`` of 16 or more."""
    inverse = 1.0 / x
    step = inverse * inverse
    total: Any = STIRLING[-1]
    for coefficient in reversed(STIRLING[:-1]):
        total = coefficient + step * total
    return total * inverse
