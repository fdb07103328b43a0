"""Checks of levels: names that look like one name written in two ways, or like no name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from bayes_glmm.design.columns import levels_of
from bayes_glmm.design.context import Context
from bayes_glmm.errors import Finding, listed

MOST_NAMED = 3
NO_NAME = frozenset(("", "nan", "na", "n/a", "#n/a", "nat", "null", "<na>", "nil", ".", "?", "-"))
GROUPING = {"group", "member", "by"}
NO_GROUP = "None"
"""What Python writes for a missing value; ``none`` is the name of a kind, as of a treatment."""


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


def unnamed(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find levels whose name says that the value is missing."""
    for column in context.schema.columns:
        if column.name not in context.data or not (column.levels or GROUPING & set(column.roles)):
            continue
        codes, levels = levels_of(context.data[column.name], column.name, times=True)
        group = bool(GROUPING & set(column.roles))
        found = [
            level
            for level in levels.tolist()
            if level.strip().casefold() in NO_NAME or (group and level == NO_GROUP)
        ]
        if found:
            whose = "one group with one effect" if group else "one level"
            yield context.finding(
                name, severity,
                f"Column {column.name!r} has a level named {listed(map(repr, found))}, which is mostly how a "
                f"missing value is written: its rows are taken as {whose}. If they are missing, make them so "
                "by pandas.NA, and complete or drop them; if it is a name, another one is clearer.",
                np.isin(levels, found)[codes],
            )  # fmt: skip


def _ids(context: Context) -> set[str]:
    return {part for effect in context.spec.mu.random for part in effect.group}


def _plain(level: str) -> str:
    """Return a level without what is easily mistyped."""
    text = "".join(str(level).split()).casefold()
    return (text.lstrip("0") or "0") if text.isdigit() else text
