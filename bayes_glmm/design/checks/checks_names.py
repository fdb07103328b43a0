"""Checks of names: levels that a slip of a letter made two, and levels called as missing values are."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.table.columns import levels_of
from bayes_glmm.design.table.spelling import near
from bayes_glmm.design.terms.base_levels import base_level, factor_codings
from bayes_glmm.errors import Finding, listed

MOST_PAIRED = 100
NO_NAME = frozenset(("", "nan", "na", "n/a", "#n/a", "nat", "null", "<na>", "nil", ".", "?", "-"))
NO_GROUP = "None"
"""What Python writes for a missing value; ``none`` is the name of a kind, as of a treatment."""
GROUPING = frozenset(("group", "member", "by"))


def misspelled(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find levels spelled nearly as another, the reference apart, which has a check of its own."""
    for coding in factor_codings(context.schema, full=True):
        counts = np.bincount(coding.codes(context.data), minlength=len(coding.levels)).tolist()
        found = [
            f"{a!r} ({n} row{'s' if n > 1 else ''}) and {b!r} ({m})"
            for (a, n), (b, m) in combinations(
                list(zip(coding.levels, counts, strict=True))[:MOST_PAIRED], 2
            )
            if base_level(coding) not in (a, b) and near(a, b, n, m)
        ]
        if found:
            yield context.finding(
                name, severity,
                f"Column {coding.column!r} has levels that differ by a letter: {listed(found, limit=3)}. They"
                " have a coefficient each; if they are one, write them alike in the table.",
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
