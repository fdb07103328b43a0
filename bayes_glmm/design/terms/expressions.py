"""Expressions of a formula: their text, their columns, their values on some rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import numbers
from bayes_glmm.design.terms.stateful import TRANSFORMS, Options, Site, State, Transform
from bayes_glmm.errors import SpecError, suggestion
from bayes_glmm.spec.terms import SMOOTHS, Arithmetic, Call, Expression, Number, Text, Variable

type States = Mapping[str, State]

_OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def text_of(expression: Expression) -> str:
    """Return the expression as it stands in labels.

    Examples
    --------
    >>> text_of(Call("log", (Arithmetic("/", Variable("x"), Number(1000.0)),)))
    'log(x / 1000)'
    """
    match expression:
        case Variable(name):
            return name if re.fullmatch(r"[^\W\d]\w*", name) else f"`{name}`"
        case Number(value):
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
        case Text(value):
            return f'"{value}"'
        case Arithmetic(operator, left, right):
            return f"{_operand(left)} {operator} {_operand(right)}"
        case Call(function, arguments, options):
            parts = [text_of(a) for a in arguments]
            parts += [f"{name}={text_of(value)}" for name, value in options]
            return f"{function}({', '.join(parts)})"


def _operand(expression: Expression) -> str:
    text = text_of(expression)
    return f"({text})" if isinstance(expression, Arithmetic) else text


def variables(expression: Expression) -> Iterator[str]:
    """Name the columns that an expression reads, in the order written."""
    match expression:
        case Variable(name):
            yield name
        case Arithmetic(_, left, right):
            yield from variables(left)
            yield from variables(right)
        case Call("C", arguments):
            yield from variables(arguments[0]) if arguments else ()
        case Call(function, arguments, options):
            for argument in arguments:
                yield from variables(argument)
            if function in SMOOTHS:
                yield from (name for _, value in options for name in variables(value))


def learn(expression: Expression, data: pd.DataFrame) -> dict[str, State]:
    """Learn the states of every transform inside an expression.

    Returns
    -------
    dict of str to State
        By the text of the call; inner calls come before outer ones.
    """
    match expression:
        case Arithmetic(_, left, right):
            return learn(left, data) | learn(right, data)
        case Call(function, arguments) if arguments:
            transform = _transform(function)
            states = learn(arguments[0], data)
            site = Site(text_of(expression), data.index)
            x = values(arguments[0], data, states, use=site.text)
            with np.errstate(all="ignore"):
                state = transform.learn(x, _options(expression, transform), site)
            return states | {site.text: state}
    return {}


def values(
    expression: Expression, data: pd.DataFrame, states: States, *, use: str | None = None
) -> NDArray[np.float64]:
    """Return the values of an expression that is one column of numbers.

    Returns
    -------
    ndarray, shape (n_rows,)

    Raises
    ------
    SpecError
        An unknown function, or one of several columns inside another.
    DataError
        Text where numbers are needed, or values without a finite result.
    """
    found = evaluate(expression, data, states, use=use)
    if found.ndim > 1:
        raise SpecError(
            f"{text_of(expression)} gives several columns and cannot stand inside "
            "another function or an offset."
        )
    return found


def evaluate(
    expression: Expression, data: pd.DataFrame, states: States, *, use: str | None = None
) -> NDArray[np.float64]:
    """Return the values of an expression, shape (n_rows,) or (n_rows, n_columns)."""
    match expression:
        case Variable(name):
            return numbers(data, name, use)
        case Number(value):
            return np.full(len(data), value)
        case Text(value):
            raise SpecError(f"The text {value!r} cannot stand where numbers are needed.")
    site = Site(text_of(expression), data.index)
    with np.errstate(all="ignore"):
        match expression:
            case Arithmetic(operator, left, right):
                sides = (values(side, data, states, use=site.text) for side in (left, right))
                found = _OPERATORS[operator](*sides)
            case Call(function, arguments):
                transform = _transform(function)
                if not arguments:
                    raise SpecError(f"{function}() needs a column.")
                x = values(arguments[0], data, states, use=site.text)
                found = transform.apply(x, states.get(site.text, {}), site)
    bad = ~np.isfinite(found)
    site.refuse(bad.any(axis=1) if bad.ndim > 1 else bad, "the result is not a finite number")
    return found


def _transform(function: str) -> Transform:
    if function not in TRANSFORMS:
        raise SpecError(
            f"The function {function}() cannot stand here." + suggestion(function, [*TRANSFORMS])
        )
    return TRANSFORMS[function]


def _options(call: Call, transform: Transform) -> Options:
    given: dict[str, tuple[float, ...]] = {}
    positional = list(zip_longest(transform.options, call.arguments[1:]))
    for name, value in [(n, v) for n, v in positional if v is not None] + list(call.options):
        if name is None or name not in transform.options:
            known = f": it takes {', '.join(transform.options)}" if transform.options else ""
            raise SpecError(f"{text_of(call)}: there is no such option{known}.")
        given[name] = (*given.get(name, ()), _number(value, call))
    return given


def _number(value: Expression, call: Call) -> float:
    match value:
        case Number(number):
            return float(number)
    raise SpecError(f"{text_of(call)}: options are numbers, not {text_of(value)}.")
