"""Checks of levels: names that look like one name written in two ways."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from bayes_glmm.design.columns import levels_of
from bayes_glmm.design.context import Context
from bayes_glmm.errors import Finding, listed

MOST_NAMED = 3


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


def _ids(context: Context) -> set[str]:
    return {part for effect in context.spec.mu.random for part in effect.group}


def _plain(level: str) -> str:
    """Return a level without what is easily mistyped."""
    text = "".join(str(level).split()).casefold()
    return (text.lstrip("0") or "0") if text.isdigit() else text
