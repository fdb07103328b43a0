"""The right-hand side of a bar: which columns group the rows."""

from __future__ import annotations

from typing import NamedTuple

from bayes_glmm.spec.cursor import Cursor
from bayes_glmm.spec.tokens import Token


class Grouping(NamedTuple):
    """Columns whose combinations are the levels, and the structure between levels."""

    columns: tuple[str, ...]
    structure: str | None = None


def read_groups(cursor: Cursor) -> list[Grouping]:
    """Read ``a/b``, ``a:b``, ``a + b`` and ``gr(a, S)``."""
    found: list[Grouping] = []
    while True:
        token = cursor.name("A grouping column is missing after the bar.")
        if cursor.sees("(") and token.value == "gr" and not token.quoted:
            found.append(_structured(cursor))
        elif cursor.sees("("):
            cursor.fail("A group is a column, not a function of one.", token)
        else:
            found += _nested(cursor, token)
        if not cursor.accept("+"):
            return list(dict.fromkeys(found))


def _nested(cursor: Cursor, token: Token) -> list[Grouping]:
    """Read ``a/b`` as a and a:b."""
    columns: tuple[str, ...] = (token.value,)
    levels = []
    while operator := cursor.accept(":", "/"):
        if operator.value == "/":
            levels.append(Grouping(columns))
        following = cursor.name("A grouping column is missing here.")
        if following.value in columns:
            cursor.fail(f"The group repeats the column {following.value!r}.", following)
        columns += (following.value,)
    return [*levels, Grouping(columns)]


def _structured(cursor: Cursor) -> Grouping:
    """Read ``gr(column, STRUCTURE)``."""
    wanted = "gr() takes one column and the name of a structure: gr(animal, A)."
    with cursor.parentheses("gr()"):
        column = cursor.name(wanted)
        cursor.expect(",", wanted)
        structure = cursor.name(wanted)
        if not cursor.sees(")"):
            cursor.fail(wanted)
    return Grouping((column.value,), structure.value)
