"""Vectors of nodes, of a size that the model fixes: categories and their thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any

from bayes_glmm.maths.tape_arithmetic import Arithmetic, record

type Scalar = Any
"""A node of a tape, or a plain number."""


@dataclass(frozen=True, eq=False, slots=True)
class Vector(Arithmetic):
    """Numbers on the last axis of an array that has no other axis here.

    One of a single number stretches to the length of others, as in NumPy.

    Attributes
    ----------
    parts : tuple of Node or float
    """

    parts: tuple[Scalar, ...]

    @property
    def shape(self) -> tuple[int]:
        """Its length."""
        return (len(self.parts),)

    def _apply(self, op: str, *args: Any) -> Vector:
        return elementwise(lambda *a: record(op, *a), *args)

    def __iter__(self) -> Iterator[Scalar]:
        return iter(self.parts)

    def __getitem__(self, key: Any) -> Any:
        """Return an element, or a vector for a slice; an ellipsis before them says nothing."""
        last = key[-1] if isinstance(key, tuple) and key[0] is Ellipsis else key
        if isinstance(last, slice):
            return Vector(self.parts[last])
        return self.parts[last]

    def sum(self, axis: int = -1) -> Scalar:
        """Return the sum of all elements."""
        return reduce(lambda a, b: record("add", a, b), self.parts)

    def max(self, axis: int = -1) -> Scalar:
        """Return the largest element."""
        return reduce(lambda a, b: record("max", a, b), self.parts)


def elementwise(function: Callable[..., Any], *args: Any) -> Any:
    """Return a function of each element in turn; of numbers alone what it gives for them."""
    sizes = {len(a.parts) for a in args if isinstance(a, Vector)}
    if not sizes:
        return function(*args)
    size = max(sizes) if sizes != {0, 1} else 0
    if sizes - {1, size}:
        raise ValueError(f"Vectors of {sorted(sizes)} elements do not go together.")
    rows = ([_element(a, k) for a in args] for k in range(size))
    return Vector(tuple(function(*row) for row in rows))


def _element(value: Any, k: int) -> Any:
    if not isinstance(value, Vector):
        return value
    return value.parts[k if len(value.parts) > 1 else 0]


def concatenate(parts: list[Vector]) -> Vector:
    """Return vectors one after the other."""
    return Vector(tuple(x for part in parts for x in part.parts))


def cumsum(x: Vector) -> Vector:
    """Return the sums up to each element."""
    sums: list[Scalar] = []
    for part in x.parts:
        sums.append(record("add", sums[-1], part) if sums else part)
    return Vector(tuple(sums))


def logsumexp(x: Vector) -> Any:
    """Return the log of the sum of exponentials, from the largest element.

    That element cancels, so that slopes take it for a constant.
    """
    largest = record("steady", x.max())
    powers = [record("exp", record("add", part, -largest)) for part in x.parts]
    return record("log", Vector(tuple(powers)).sum()) + largest


def numbers(x: Vector) -> Vector:
    """Return the numbers of the elements, from 0."""
    return Vector(tuple(float(k) for k in range(len(x.parts))))


def pick(x: Vector, code: Scalar) -> Scalar:
    """Return the element of that number; the last one where there is none of it."""
    chosen = x.parts[-1]
    for k in range(len(x.parts) - 2, -1, -1):
        chosen = record("where", record("equal", code, float(k)), x.parts[k], chosen)
    return chosen
