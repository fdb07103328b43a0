"""The left-hand side of a formula: a column and its modifiers."""

from __future__ import annotations

from typing import NoReturn

from bayes_glmm.errors import listed, suggestion
from bayes_glmm.spec.formula.calls import MODIFIERS, read_arguments
from bayes_glmm.spec.formula.cursor import Cursor
from bayes_glmm.spec.formula.tokens import Token
from bayes_glmm.spec.sides import Response
from bayes_glmm.spec.terms import Call, Expression, Number, Variable

_COLUMNS = (
    "cbind() takes names of columns, one for each category: cbind(a, b, c). Counts out of trials "
    "are written successes | trials(n)."
)
_PROPORTION = "p(successes, trials) takes two columns."


def read_response(cursor: Cursor) -> Response:
    """Read ``y``, ``successes | trials(n)``, ``p(successes, n)`` or ``cbind(a, b, c)``."""
    name = cursor.name("The response is the name of a column.")
    if cursor.sees("("):
        if name.value == "p" and not name.quoted:
            return _proportion(cursor, name)
        if name.value != "cbind" or name.quoted:
            _refuse_function(cursor, name)
    columns = _columns(cursor) if cursor.sees("(") else [name.value]
    modifiers: list[Call] = []
    while cursor.accept("|") or (modifiers and cursor.accept("+")):
        modifiers.append(_modifier(cursor))
    if cursor.sees("="):
        cursor.fail("Write ~ instead of = between the response and the terms.")
    if cursor.sees("/"):
        cursor.fail(f"Counts out of trials are written {name.value} | trials(n) ~ ...")
    if len({m.function for m in modifiers}) < len(modifiers):
        cursor.fail("A modifier of the response stands twice.")
    return Response(columns[0], tuple(modifiers), tuple(columns[1:]))


def _columns(cursor: Cursor) -> list[str]:
    """Read the columns of ``cbind(a, b, c)``."""
    columns = []
    with cursor.parentheses("cbind()"):
        while True:
            columns.append(cursor.name(_COLUMNS).value)
            if not cursor.accept(","):
                break
        if not cursor.sees(")"):
            cursor.fail(_COLUMNS)
    if len(columns) < 2:
        cursor.fail("cbind() takes at least two columns.")
    if len(set(columns)) < len(columns):
        cursor.fail("A column stands twice in cbind().")
    return columns


def _proportion(cursor: Cursor, name: Token) -> Response:
    with cursor.parentheses("p()"):
        successes = cursor.name(_PROPORTION)
        cursor.expect(",", _PROPORTION)
        token = cursor.take()
        if token.kind not in ("name", "number"):
            cursor.fail(_PROPORTION, token)
        trials = Variable(token.value) if token.kind == "name" else Number(float(token.value))
        if not cursor.sees(")"):
            cursor.fail(_PROPORTION)
    _check_trials(cursor, name, trials)
    return Response(successes.value, (Call("trials", (trials,)),))


def _modifier(cursor: Cursor) -> Call:
    """Read ``trials(n)`` and its kin."""
    name = cursor.name(f"After | comes one of {listed(MODIFIERS)}.")
    if name.value not in MODIFIERS:
        hint = suggestion(name.value, list(MODIFIERS))
        cursor.fail(f"{name.value}() is no modifier of a response.{hint}", name)
    call = read_arguments(cursor, name, MODIFIERS)
    if name.value == "trials":
        _check_trials(cursor, name, call.arguments[0])
    return _thresholds(cursor, name, call) if name.value == "thres" else call


def _thresholds(cursor: Cursor, name: Token, call: Call) -> Call:
    """Return ``thres(item)``, however it was spelled."""
    match (*call.arguments, *(value for _, value in call.options)):
        case (Variable() as column,):
            return Call("thres", (column,))
    cursor.fail(
        "thres() takes the column whose levels have thresholds of their own: thres(gr = item). How "
        "many thresholds each level has is read from its rows.",
        name,
    )


def _check_trials(cursor: Cursor, name: Token, trials: Expression) -> None:
    match trials:
        case Variable():
            return
        case Number(value) if value >= 1 and value.is_integer():
            return
    cursor.fail("trials are a column or a positive whole number.", name)


def _refuse_function(cursor: Cursor, name: Token) -> NoReturn:
    cursor.fail(
        f"The response is a column, not a function: compute {name.value}(...) in the table, "
        "or choose a link.",
        name,
    )
