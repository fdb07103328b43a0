"""Checks of levels: names written in two ways, text that is none, outcomes that are text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.table.columns import levels_of, pick
from bayes_glmm.design.table.written_numbers import read_text
from bayes_glmm.design.terms.coding import LevelCoding
from bayes_glmm.errors import Finding, listed
from bayes_glmm.spec.terms import Variable

MOST_NAMED = 3
CODES = 6
"""Fewer different whole numbers are codes of levels, as 0, 1, 2 and 3+ are."""


def alike(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find levels of one column that differ in case, blanks or leading zeros only."""
    for column in context.schema.columns:
        if column.name not in context.data or not (column.levels or column.name in _ids(context)):
            continue
        levels = levels_of(context.data[column.name], column.name, times=True)[1].tolist()
        kinds = defaultdict(list)
        for level in levels:
            kinds[_plain(level)].append(level)
        same = [" and ".join(map(repr, found)) for found in kinds.values() if len(found) > 1]
        if same:
            yield context.finding(
                name, severity,
                f"Column {column.name!r} has levels that differ in case, blanks or leading zeros "
                f"only: {listed(same, limit=MOST_NAMED)}. They count as different; if they are one, write "
                "them alike in the table.",
            )  # fmt: skip


def numbers(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find factors whose levels are numbers as text, most of them at least."""
    yield from _meant(context, name, severity, "numbers")


def dates(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find factors whose levels are dates as text, most of them at least."""
    yield from _meant(context, name, severity, "dates")


def _meant(context: Context, name: str, severity: str, kind: str) -> Iterator[Finding]:
    for factor, coding in context.schema.codings.items():
        if not (isinstance(factor, Variable) and isinstance(coding, LevelCoding)):
            continue  # C(x) says that levels are meant
        found = read_text(pick(context.data, factor.name), factor.name)
        if found is None or found.kind != kind or (found.whole and found.different < CODES):
            continue
        message = (
            f"Column {factor.name!r} holds text {found.message}. As it is, it is a factor of "
            f"{len(coding.levels)} levels with a coefficient each; write C({factor.name}) if that is "
            "meant."
        )
        rows = tuple(map(str, context.design.rows[found.others][:10]))
        yield Finding(name, severity, message, rows, figure=float(len(coding.levels)))


def counted(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Say which of two levels of an outcome counts as one, where nobody chose it."""
    response = context.schema.response
    if response.counted and response.named and context.spec.success is None:
        other = next(level for level in response.levels if level != response.success)
        yield context.finding(
            name, severity, f"{response.counted}: success={other!r} turns it round."
        )


def _ids(context: Context) -> set[str]:
    return {part for effect in context.spec.mu.random for part in effect.group}


def _plain(level: str) -> str:
    """Return a level without what is easily mistyped."""
    text = "".join(str(level).split()).casefold()
    return (text.lstrip("0") or "0") if text.isdigit() else text
