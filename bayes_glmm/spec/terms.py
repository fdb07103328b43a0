"""Terms of formulas: columns, numbers and calls, as frozen values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bayes_glmm.errors import ArgumentTypeError, SpecError


@dataclass(frozen=True)
class Variable:
    """A column of the table."""

    name: str


@dataclass(frozen=True)
class Number:
    """A constant inside a call."""

    value: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", float(self.value))
        if not math.isfinite(self.value):
            raise SpecError(f"A number in a model is finite, not {self.value}.")


@dataclass(frozen=True)
class Text:
    """A quoted word inside a call: a level's name."""

    value: str


@dataclass(frozen=True)
class Arithmetic:
    """``left operator right`` inside a call, ``operator`` one of ``+ - * /``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Call:
    """One of the fixed functions applied to expressions."""

    function: str
    arguments: tuple[Expression, ...]
    options: tuple[tuple[str, Expression], ...] = ()


SMOOTHS = ("s", "t2", "hsgp")
"""Calls that are smooth functions: terms of their own, never inside another."""

type Expression = Variable | Number | Text | Arithmetic | Call
type Factor = Variable | Call
type Term = tuple[Factor, ...]


def holds_smooth(expression: Expression) -> bool:
    """Whether a smooth function stands in an expression."""
    match expression:
        case Arithmetic(_, left, right):
            return holds_smooth(left) or holds_smooth(right)
        case Call(function, arguments):
            return function in SMOOTHS or any(map(holds_smooth, arguments))
    return False


def no_slope(function: str) -> str:
    """Say why a term whose values depend on parameters cannot vary by group."""
    return (
        f"{function}() cannot vary by group: a slope of values that are themselves estimated would be "
        "a product of two unknowns. Let the column itself vary, or write the term outside the bars."
    )


def as_term(term: Term | Factor | str) -> Term:
    """Return a term from its factors, one factor, or column names joined by ``:``."""
    factors: tuple[Any, ...]
    if isinstance(term, str):
        factors = tuple(map(Variable, term.split(":")))
    elif isinstance(term, tuple | list):
        factors = tuple(Variable(f) if isinstance(f, str) else f for f in term)
    else:
        factors = (term,)
    if not factors or not all(isinstance(f, Variable | Call) for f in factors):
        raise ArgumentTypeError(f"A term is columns and calls, not {term!r}.")
    return tuple(dict.fromkeys(factors))


def ordered_terms(terms: Iterable[Term | Factor | str] | str) -> tuple[Term, ...]:
    """Sort by order of interaction, keeping the first of equal terms."""
    unique: dict[frozenset[Factor], Term] = {}
    for term in map(as_term, (terms,) if isinstance(terms, str) else terms):
        unique.setdefault(frozenset(term), term)
    return tuple(sorted(unique.values(), key=len))


def as_offset(offset: Expression | str) -> Expression:
    """Return the expression that an offset adds, without the call around it."""
    match offset:
        case str(name):
            return Variable(name)
        case Call("offset", (inside,)):
            return inside
    return offset


def columns_read(expression: Expression) -> Iterator[str]:
    """Name the columns that an expression reads."""
    match expression:
        case Variable(name):
            yield name
        case Arithmetic(_, left, right):
            yield from (*columns_read(left), *columns_read(right))
        case Call(function, arguments, options):
            for argument in arguments[:1] if function == "C" else arguments:
                yield from columns_read(argument)
            if function in SMOOTHS:
                yield from (name for _, value in options for name in columns_read(value))
