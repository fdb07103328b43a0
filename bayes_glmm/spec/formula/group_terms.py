"""The right-hand side of a bar: which columns group the rows."""

from __future__ import annotations

from typing import NamedTuple

from bayes_glmm.errors import SpecError, listed
from bayes_glmm.spec.effects import DISTRIBUTIONS, Membership
from bayes_glmm.spec.formula.cursor import Cursor
from bayes_glmm.spec.formula.tokens import Token
from bayes_glmm.spec.time_processes import Process

TRUTH = {"true": True, "false": False}
_WANTED = (
    "gr() takes a column, and the name of a structure, by= or dist=: gr(animal, A), "
    'gr(person, by=arm), gr(person, dist="student").'
)
_MEMBERS = "mm() takes two or more columns: mm(first, second, weights=c(w1, w2))."


class Grouping(NamedTuple):
    """Columns whose combinations are the levels, and what is said about the levels."""

    columns: tuple[str, ...]
    structure: str | None = None
    members: Membership | None = None
    by: str | None = None
    dist: str = "normal"


def read_groups(cursor: Cursor) -> list[Grouping]:
    """Read ``a/b``, ``a:b``, ``a + b``, ``gr(a, S)``, ``gr(a, by=x)`` and ``mm(a, b)``."""
    found: list[Grouping] = []
    while True:
        token = cursor.name("A grouping column is missing after the bar.")
        if cursor.sees("(") and token.value in _READERS and not token.quoted:
            found.append(_READERS[token.value](cursor))
        elif cursor.sees("("):
            cursor.fail("A group is a column, not a function of one.", token)
        else:
            found += _nested(cursor, token)
        if not cursor.accept("+"):
            return list(dict.fromkeys(found))


def read_series(cursor: Cursor, name: Token) -> tuple[str, tuple[str, ...], Process]:
    """Read ``(time)`` or ``(time, group, option=value)``; without a group all rows are one series."""
    call = f"{name.value}()"
    wanted = f"{call} takes the column of times, and of groups: {name.value}(week, person)."
    options: dict[str, int] = {}
    with cursor.parentheses(call):
        time = cursor.name(wanted).value
        groups: tuple[str, ...] = ()
        while cursor.accept(","):
            if cursor.sees_option():
                key = cursor.take()
                cursor.take()
                options[key.value] = _whole_number(cursor, key)
                continue
            if groups or options:
                cursor.fail(wanted)
            groups = (_further(cursor, (time,), wanted),)
            while cursor.accept(":"):
                groups += (_further(cursor, (time, *groups)),)
        if not cursor.sees(")"):
            cursor.fail(wanted)
    try:
        process = Process(name.value, tuple(options.items()))
    except SpecError as error:
        cursor.fail(str(error), name)
    return time, groups or (time,), process


def _whole_number(cursor: Cursor, option: Token) -> int:
    """Read the value of an option that takes whole numbers."""
    token = cursor.take()
    if token.kind != "number" or not token.value.isdecimal():
        cursor.fail(f"{option.value}= takes a whole number.", token)
    return int(token.value)


def _nested(cursor: Cursor, token: Token) -> list[Grouping]:
    """Read ``a/b`` as a and a:b."""
    columns: tuple[str, ...] = (token.value,)
    levels = []
    while operator := cursor.accept(":", "/"):
        if operator.value == "/":
            levels.append(Grouping(columns))
        columns += (_further(cursor, columns),)
    return [*levels, Grouping(columns)]


def _further(cursor: Cursor, columns: tuple[str, ...], wanted: str = "") -> str:
    following = cursor.name(wanted or "A grouping column is missing here.")
    if following.value in columns:
        cursor.fail(f"The group repeats the column {following.value!r}.", following)
    return following.value


def _structured(cursor: Cursor) -> Grouping:
    """Read ``gr(column, STRUCTURE)``, or ``gr(column, by=column, dist="student")``."""
    options: dict[str, str] = {}
    with cursor.parentheses("gr()"):
        columns: tuple[str, ...] = (cursor.name(_WANTED).value,)
        while cursor.accept(":"):
            columns += (_further(cursor, columns),)
        cursor.expect(",", _WANTED)
        option = cursor.name(_WANTED)
        if not cursor.accept("="):
            if len(columns) > 1:
                cursor.fail("A structure belongs to one column: gr(animal, A).", option)
            if not cursor.sees(")"):
                cursor.fail(_WANTED)
            return Grouping(columns, option.value)
        options[option.value] = _value(cursor, option)
        while cursor.accept(","):
            option = cursor.name(_WANTED)
            cursor.expect("=", _WANTED)
            if option.value in options:
                cursor.fail(f"The option {option.value!r} stands twice.", option)
            options[option.value] = _value(cursor, option)
        if not cursor.sees(")"):
            cursor.fail(_WANTED)
    return Grouping(columns, by=options.get("by"), dist=options.get("dist", "normal"))


def _value(cursor: Cursor, option: Token) -> str:
    """Read the value of an option of ``gr()``."""
    if option.value == "by":
        return cursor.name("by= takes a column: gr(person, by=arm).").value
    if option.value != "dist":
        cursor.fail(
            f"gr() has no option {option.value!r}. It takes {listed(('by', 'dist'))}.", option
        )
    if cursor.token.kind != "text" or cursor.token.value not in DISTRIBUTIONS:
        cursor.fail(f"dist= is {' or '.join(map(repr, DISTRIBUTIONS))}, in quotes.")
    return cursor.take().value


def _members(cursor: Cursor) -> Grouping:
    """Read ``mm(a, b, weights=c(v, w), scale=False)``."""
    options: dict[str, tuple[str, ...]] = {}
    with cursor.parentheses("mm()") as begin:
        columns: tuple[str, ...] = (cursor.name(_MEMBERS).value,)
        while cursor.accept(","):
            token = cursor.name(_MEMBERS)
            if cursor.accept("="):
                options[token.value] = _option(cursor, token, options)
                continue
            if options:
                cursor.fail("Arguments with a name come last.", token)
            if token.value in columns:
                cursor.fail(f"The group repeats the column {token.value!r}.", token)
            columns += (token.value,)
        weights = options.get("weights", ())
        if len(columns) < 2:
            cursor.fail(_MEMBERS, begin)
        if weights and len(weights) != len(columns):
            cursor.fail(
                f"mm() has {len(columns)} grouping columns and {len(weights)} of weights.", begin
            )
    scale = options.get("scale", ("true",))[0]
    return Grouping(columns, members=Membership(weights, TRUTH[scale]))


def _option(cursor: Cursor, token: Token, options: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if token.value not in ("weights", "scale"):
        cursor.fail(
            f"mm() has no option {token.value!r}. It takes {listed(('weights', 'scale'))}.", token
        )
    if token.value in options:
        cursor.fail(f"The option {token.value!r} stands twice.", token)
    if token.value == "weights":
        return _weights(cursor)
    word = cursor.name("scale= is True or False.")
    if word.value.casefold() not in TRUTH:
        cursor.fail("scale= is True or False.", word)
    return (word.value.casefold(),)


def _weights(cursor: Cursor) -> tuple[str, ...]:
    wanted = "weights= takes a column for each membership: weights=c(w1, w2)."
    name = cursor.name(wanted)
    if name.value not in ("c", "cbind") or not cursor.sees("("):
        cursor.fail(wanted, name)
    with cursor.parentheses("weights"):
        found = [cursor.name(wanted).value]
        while cursor.accept(","):
            found.append(cursor.name(wanted).value)
    return tuple(found)


_READERS = {"gr": _structured, "mm": _members}
