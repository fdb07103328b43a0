"""Checks of the response beside what is to explain it: nothing left, or the same twice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import svd

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.checks.checks_groups import told_apart
from bayes_glmm.design.response.response_schema import trial_columns
from bayes_glmm.errors import Finding, listed
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.variables import INTERCEPT

EXACT = 1e-10
SPAN = 1e-8
FEWEST = 3
BLOCK = 20_000


def own_offset(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find a response that is its own exposure or offset; terms and groups the spec refuses."""
    column = context.spec.response.column
    for role, given in (("exposure", context.spec.exposure), ("offset", context.spec.offset)):
        if given == column:
            yield context.finding(
                name, severity,
                f"The response {column!r} is also the {role}: it cannot explain itself; name "
                "another column.",
            )  # fmt: skip


def trials(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find trials that the family does not read, or that it needs and does not have."""
    column, family = context.spec.response.column, context.family
    if family.wants_trials(context.design.trials) and (context.y > 1).any():
        yield context.finding(
            name, severity,
            f"The family {family.name} counts successes among trials, and the formula names none: "
            f"write {column} | trials(n) with n the column of trials.",
        )  # fmt: skip
    if context.design.trials is not None and (why := family.lack("trials")):
        yield context.finding(name, severity, why)
    for used in sorted(trial_columns(context.spec)):
        if context.schema.column(used).kind == "boolean":
            yield context.finding(
                name, severity,
                f"The trials {used!r} hold truth values, and are numbers of trials: give the column of "
                f"numbers, or leave trials({used}) out where each row is one trial.",
            )  # fmt: skip


def exposure_link(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find an exposure whose logarithm is no rate under the link."""
    if context.spec.exposure is not None and (why := context.link.lack("exposure")):
        yield context.finding(name, severity, f"The exposure {context.spec.exposure!r}: {why}")


def exact(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find fixed effects that reproduce the response, so that nothing is left for sigma.

    Where the spread is known it keeps its size, and the fit is one that says too much only if
    a predictor was made from the response.
    """
    mu = context.design.mu
    p = len(mu.coefficients)
    if context.family.lack("residual") or context.link.lack("straight") or not p:
        return
    if context.design.n_rows <= p + FEWEST or np.ptp(context.y) == 0:
        return
    y = context.y - mu.offset
    R = _triangle(mu.X - mu.centers, y - y.mean() if mu.intercept else y)
    left = abs(R[p, p]) / max(float(np.sqrt((R[:, p] ** 2).sum())), 1e-300)
    if left < EXACT:
        known = not context.has_residual
        yield context.finding(
            name, "warning" if known else severity,
            f"{listed(mu.coefficients)} give the response {context.spec.response.column!r} exactly: "
            f"{'closer than the known spread of rows' if known else 'nothing is left for sigma'}. "
            "Is one of them computed from the response? Remove it.",
            figure=left, threshold=EXACT,
        )  # fmt: skip


def by_group(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find a response that is the same in all rows of every level."""
    n = context.design.n_rows
    for group in context.design.mu.groups:
        amounts = context.family.lack("residual") is None
        if not (amounts or context.is_binary) or not 2 <= group.n_levels < n:
            continue
        if not group.whole:
            continue
        if np.ptp(context.y) == 0 or not constant_within(group, context.y):
            continue
        if context.has_residual:
            yield context.finding(
                name, severity,
                f"The response {context.spec.response.column!r} is the same in all rows of every "
                f"level of {group.name!r}, which leaves nothing for sigma: keep one row per level "
                "and remove the group.",
            )  # fmt: skip
        elif amounts:
            yield context.finding(
                name, "warning",
                f"The response {context.spec.response.column!r} is the same in all rows of every "
                f"level of {group.name!r}, and each row counts as evidence of its own: if they are "
                "copies of one value, keep one row per level.",
            )  # fmt: skip
        else:
            yield context.finding(
                name, "warning",
                f"The response {context.spec.response.column!r} is the same in all rows of every "
                f"level of {group.name!r}: how far levels differ is decided by the prior of "
                f"{group.sd}. If it belongs to the level, keep one row per level.",
            )  # fmt: skip


def saturated(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find groups whose every level already has a mean of its own from several fixed effects."""
    mu = context.design.mu
    p = len(mu.coefficients) + mu.intercept
    told = {group for _, group in told_apart(context)}
    for group in mu.groups:
        small = 2 <= group.n_levels <= p < context.design.n_rows
        if group.structure or INTERCEPT not in group.terms or group.name in told or not small:
            continue
        if not group.whole:
            continue
        sizes = np.bincount(group.index, minlength=group.n_levels).astype(float)
        columns = mu.X - mu.centers
        if mu.intercept:
            columns = np.column_stack([np.ones(len(columns)), columns])
        lengths = np.sqrt((columns**2).sum(axis=0))
        columns = columns / np.where(lengths > 0, lengths, 1)
        sums = np.column_stack(
            [np.bincount(group.index, c, minlength=group.n_levels) for c in columns.T]
        )
        inside = _projected(_triangle(columns), sums) / sizes
        if (inside > 1 - SPAN).all():
            between = [
                c for c, x in zip(mu.coefficients, mu.X.T, strict=True) if constant_within(group, x)
            ]
            yield context.finding(
                name, severity,
                f"The fixed effects ({listed(between or mu.coefficients)}) already give each of the "
                f"{group.n_levels} levels of {group.name!r} a mean of its own: sd_{group.name} is "
                "decided by its prior; remove predictors, or the group.",
                figure=float(group.n_levels), threshold=float(p),
            )  # fmt: skip


def constant_within(group: GroupDesign, values: NDArray[np.float64]) -> bool:
    """Return whether a column has one value in every level."""
    first = np.zeros(group.n_levels, dtype=np.intp)
    first[group.index[::-1]] = np.arange(len(group.index))[::-1]
    return bool((values == values[first][group.index]).all())


def _triangle(X: NDArray[np.float64], y: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the triangle of a QR decomposition, block by block of rows."""
    width = X.shape[1] + (y is not None)
    R = np.zeros((0, width))
    for start in range(0, len(X), BLOCK):
        part = slice(start, start + BLOCK)
        block = X[part] if y is None else np.column_stack([X[part], y[part]])
        R = np.linalg.qr(np.vstack([R, block]), mode="r")
    return R


def _projected(R: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared length of each level's indicator inside the columns' span."""
    _, sizes, axes = svd(R)
    keep = sizes > 1e-10 * max(float(sizes[0]), 1e-300)
    return ((sums @ axes[: len(sizes)][keep].T / sizes[keep]) ** 2).sum(axis=1)
