"""Checks of effects that single rows have: beside a residual, or beside nothing that tells them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_glmm.design.checks.check_context import OBSERVATION, Context
from bayes_glmm.errors import Finding, listed
from bayes_glmm.model.blocks.group import GroupDesign

SPAN = 1e-9


def apart(group: GroupDesign) -> bool:
    """Whether levels are related, or rows do not have one level each."""
    return group.structure is not None or not group.whole


def one_row(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find groups whose every level has one row, where that variation is already there."""
    for group in _single(context):
        label = _label(context, group)
        if context.has_residual and label != OBSERVATION:
            yield context.finding(
                name, severity,
                f"Every level of {label!r} has one row: its sd and {listed(context.spread)}, the "
                f"residual spread, cannot be told apart; remove the term{_known(context)}.",
            )  # fmt: skip
        elif context.is_category or (context.is_binary and label != OBSERVATION):
            what = "row of one category" if context.is_category else "0/1 row"
            yield context.finding(
                name, "warning",
                f"Every level of {label!r} has one {what}: its sd rests on the prior.",
            )  # fmt: skip
        elif not context.has_residual and (entangled := _entangled(group)):
            yield context.finding(
                name, "warning",
                f"Every level of {label!r} has one row, and rows tell the sum of its effects alone: "
                f"the sds and correlations of {listed(map(repr, entangled))} rest on their priors in "
                "part; keep one of these terms, or write || where they are independent.",
            )  # fmt: skip


def _single(context: Context) -> Iterator[GroupDesign]:
    """Yield unrelated groups with a level of its own for every row."""
    for group in context.design.mu.groups:
        if not apart(group) and group.n_levels == context.design.n_rows:
            yield group


def _label(context: Context, group: GroupDesign) -> str:
    """Return the group's name, which in a predictor of one category begins with its name."""
    mu = context.design.mu
    return group.name.removeprefix(f"{mu.parameter}_") if mu.category else group.name


def _known(context: Context) -> str:
    """Say how a known spread is stated, for then the term may stay."""
    column, family = context.spec.response.column, context.family
    head, _, held = family.name.removesuffix(")").partition("(")
    values = ", ".join([*filter(None, [held]), *(f"{name}=..." for name in context.spread)])
    error = f"{column} | se(error), or " if "sigma" in context.spread else ""
    return f", or, where that spread is known, state it and keep the term: {error}family='{head}({values})'"


def _entangled(group: GroupDesign) -> list[str]:
    """Name the terms whose variances and covariances the rows cannot tell apart.

    A row of one level varies by ``z' C z``, which is linear in the elements of ``C``: they are
    told apart where the products of the columns of ``Z`` are independent over the rows.
    """
    if group.Z is None or len(group.terms) < 2:
        return []
    pairs = [(a, b) for block in group.blocks for a in block for b in block if a <= b]
    products = np.column_stack([group.Z[:, a] * group.Z[:, b] for a, b in pairs])
    sizes = np.sqrt((products**2).sum(axis=0))
    products = products / np.where(sizes > 0, sizes, 1.0)
    if np.linalg.matrix_rank(products, tol=SPAN * len(products)) == len(pairs):
        return []
    return [str(term) for term in group.terms]


def over_specified(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find groups with as many effects as rows beside a residual."""
    n = context.design.n_rows
    for group in context.design.mu.groups:
        q = len(group.own("mu"))
        if apart(group) or not context.has_residual or group.n_levels == n:
            continue
        if q > 1 and group.n_levels * q >= n:
            yield context.finding(
                name, severity,
                f"Group {group.name!r} has {group.n_levels} levels x {q} varying terms = "
                f"{group.n_levels * q} effects for {n} rows: remove a varying term{_known(context)}.",
                figure=float(group.n_levels * q), threshold=float(n),
            )  # fmt: skip


def olre(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find an observation-level effect where rows have no room for it."""
    if not any(_label(context, g) == OBSERVATION for g in context.design.mu.groups):
        return
    if context.has_residual:
        yield context.finding(
            name, severity,
            f"(1 | {OBSERVATION}) repeats {listed(context.spread)}, the residual spread of the "
            f"{context.family.name} family: remove it{_known(context)}.",
        )  # fmt: skip
    elif context.is_binary:
        yield context.finding(
            name, severity,
            f"(1 | {OBSERVATION}) cannot be estimated from single 0/1 rows: they carry no "
            "over-dispersion; remove it.",
        )  # fmt: skip


def olre_nb(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find an observation-level effect beside a dispersion that is estimated."""
    if not context.spread or context.has_residual:
        return
    for group in context.design.mu.groups:
        single = group.n_levels == context.design.n_rows and not apart(group)
        if group.name == OBSERVATION or single:
            yield context.finding(
                name, severity,
                f"(1 | {group.name}) and {listed(context.spread)} of {context.family.name} both absorb "
                "over-dispersion of single rows and cannot be told apart: keep one, e.g. poisson with "
                f"(1 | {OBSERVATION}).",
            )  # fmt: skip
