"""The operators of what is on a tape: nodes, and vectors of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from bayes_glmm.maths.tape_operations import folded

NUMBERS: tuple[Any, ...] = (int, float, np.number, np.bool_)
LARGEST_PRODUCT = 8
"""The largest whole power that is written as products."""


class Arithmetic:
    """Operators, each of which applies an operation by its name."""

    __slots__ = ()
    __array_ufunc__ = None
    """NumPy's numbers leave the operators to their other side."""

    def _apply(self, op: str, *args: Any) -> Any:
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self._apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self + (-other)

    def __rsub__(self, other: Any) -> Any:
        return other + (-self)

    def __mul__(self, other: Any) -> Any:
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._apply("div", other, self)

    def __neg__(self) -> Any:
        return self._apply("neg", self)

    def __abs__(self) -> Any:
        return self._apply("abs", self)

    def __pow__(self, power: Any) -> Any:
        count = float(power) if isinstance(power, NUMBERS) else math.nan
        if not (count.is_integer() and abs(count) <= LARGEST_PRODUCT):
            return self._apply("pow", self, power)
        product: Any = 1.0
        for _ in range(abs(int(count))):
            product = product * self
        return product if count >= 0 else 1.0 / product

    def __rpow__(self, base: Any) -> Any:
        return self._apply("pow", base, self)

    def __lt__(self, other: Any) -> Any:
        return self._apply("less", self, other)

    def __gt__(self, other: Any) -> Any:
        return self._apply("less", other, self)

    def __le__(self, other: Any) -> Any:
        return self._apply("less_equal", self, other)

    def __ge__(self, other: Any) -> Any:
        return self._apply("less_equal", other, self)

    def __and__(self, other: Any) -> Any:
        return self._apply("and", self, other)

    def __or__(self, other: Any) -> Any:
        return self._apply("or", self, other)

    def __invert__(self) -> Any:
        return self._apply("not", self)


def record(op: str, *args: Any) -> Any:
    """Record an operation on the tape of its arguments; plain numbers give a plain number."""
    for a in args:
        if not isinstance(a, NUMBERS):
            return a.tape.apply(op, *args)
    return folded(op, *map(float, args))
