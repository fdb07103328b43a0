"""Checks of random effects: too few levels, too many effects, the same thing twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.checks.checks_rows import apart
from bayes_glmm.design.groups.group_schema import group_levels
from bayes_glmm.errors import Finding
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.spec.terms import Term, Variable

FEW = 5


def one_level(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find groups with a single level."""
    for group in context.groups:
        if group.n_levels < 2:
            yield context.finding(
                name, severity,
                f"Group {group.name!r} has one level: nothing varies between levels; remove the term.",
                figure=float(group.n_levels), threshold=2.0,
            )  # fmt: skip


def few(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find groups whose sd will rest on its prior."""
    for group in context.groups:
        if 2 <= group.n_levels < FEW:
            yield context.finding(
                name, severity,
                f"Group {group.name!r} has {group.n_levels} levels: its sd rests on the prior. State "
                "that prior in the report, or use the column as a fixed factor.",
                figure=float(group.n_levels), threshold=float(FEW),
            )  # fmt: skip


def slopes(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find varying terms that do not vary within any level."""
    for predictor, group in ((p, g) for _, p in context.predictors for g in p.groups):
        if group.Z is None or not group.whole:
            continue
        own = group.own(predictor.parameter)
        for t, term in own:
            if term == INTERCEPT:
                continue
            z = group.Z[:, t]
            low, high = np.full(group.n_levels, np.inf), np.full(group.n_levels, -np.inf)
            np.minimum.at(low, group.index, z)
            np.maximum.at(high, group.index, z)
            if (high <= low).all() and INTERCEPT in [label for _, label in own]:
                yield context.finding(
                    name, severity,
                    f"{term!r} is constant within every level of {group.name!r}: its effect cannot "
                    f"vary there; write (1 | {group.name}).",
                )  # fmt: skip


def same(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find two groups that sort the rows alike."""
    for a, b in combinations(context.design.mu.groups, 2):
        if apart(a) or apart(b) or a.n_levels != b.n_levels:
            continue
        if _pairs(a.index, b.index, b.n_levels) == a.n_levels:
            yield context.finding(
                name, severity,
                f"Groups {a.name!r} and {b.name!r} sort the rows alike: their sds cannot be told "
                "apart; remove one.",
            )  # fmt: skip


def confounded(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find a group whose level is known from a fixed factor."""
    for column, group in told_apart(context):
        yield context.finding(
            name, severity,
            f"The fixed factor {column!r} already tells the levels of group "
            f"{group!r} apart: the sd of the group is decided by its prior; keep one "
            "of the two.",
        )  # fmt: skip


def told_apart(context: Context) -> Iterator[tuple[str, str]]:
    """Yield each fixed factor with the groups whose levels it tells apart."""
    factors = {}
    for term in context.spec.mu.terms:
        column = _factor_column(term, context)
        if column is not None:
            factors[column] = group_levels(context.data, [column])
    for group in context.design.mu.groups:
        if apart(group) or INTERCEPT not in group.terms or group.n_levels < 2:
            continue
        for column, (codes, levels) in factors.items():
            if _pairs(codes, group.index, group.n_levels) == len(levels):
                yield column, group.name


def _factor_column(term: Term, context: Context) -> str | None:
    """Return the column of a main effect that has one coefficient per level."""
    if len(term) != 1:
        return None
    factor = term[0]
    if isinstance(factor, Variable):
        return factor.name if context.schema.column(factor.name).levels else None
    inside = factor.arguments[0] if factor.function == "C" and factor.arguments else None
    return inside.name if isinstance(inside, Variable) else None


def _pairs(a: NDArray[np.integer], b: NDArray[np.integer], n: int) -> int:
    """Count the different pairs of codes, those of ``b`` below ``n``."""
    return len(pd.unique(a.astype(np.int64) * n + b))


def numeric(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find a group's id used as a number in the fixed effects."""
    numbers = {
        factor.name
        for term in context.spec.mu.terms
        for factor in term
        if isinstance(factor, Variable) and not context.schema.column(factor.name).levels
    }
    for effect in context.spec.mu.random:
        if len(effect.group) == 1 and effect.group[0] in numbers:
            yield context.finding(
                name, severity,
                f"{effect.group[0]!r} is a group and a number in the fixed effects: that is right for "
                "a time trend with deviations, wrong for an identifier.",
            )  # fmt: skip
