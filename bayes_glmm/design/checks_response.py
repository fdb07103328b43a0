"""Checks of the response, its trials, and known terms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_glmm.design.context import Context
from bayes_glmm.errors import Finding

HUGE = 1e7


def support(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find responses that the family cannot have."""
    for rows, message in context.family.invalid(context.y, context.design.trials):
        if rows.any():
            column = context.spec.response.column
            yield context.finding(name, severity, f"Response {column!r}: {message}", rows)


def constant(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find a response that does not vary."""
    y, trials = context.y, context.design.trials
    same = y if trials is None else y / np.where(trials > 0, trials, 1)
    if len(y) < 2 or np.ptp(same) > 0:
        return
    if context.family.discrete and trials is not None and 0 < same[0] < 1:
        return
    column = context.spec.response.column
    yield context.finding(
        name, severity,
        f"Response {column!r} is {same[0]:g} in every row: there is nothing to model.",
    )  # fmt: skip


def offset(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find known terms that are not finite, such as the logarithm of no exposure."""
    bad = ~np.isfinite(context.design.mu.offset)
    if not bad.any():
        return
    what = (
        f"The exposure {context.spec.exposure!r} must be positive: it is logged."
        if context.spec.exposure
        else "The offset is not finite."
    )
    yield context.finding(name, severity, f"{what} Remove or correct these rows.", bad)


def scale(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find an offset that is probably an exposure on its own scale."""
    column = context.spec.offset
    if column is None or context.design.link != "log":
        return
    values = np.asarray(context.data[column], float)
    if (values > 0).all() and (values == np.floor(values)).all() and np.median(values) > 20:
        yield context.finding(
            name, severity,
            f"The offset {column!r} holds large whole numbers, but an offset is on the log scale: "
            f"write exposure={column!r}, which is logged for you.",
            figure=float(np.median(values)), threshold=20.0,
        )  # fmt: skip


def huge(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find counts so large that their unit is in doubt."""
    rows = context.y > HUGE
    if context.family.discrete and rows.any():
        yield context.finding(
            name, severity,
            f"Response {context.spec.response.column!r} has counts up to {context.y.max():.3g}: such "
            "counts are nearly continuous; consider gaussian on their logarithm.",
            rows, figure=float(context.y.max()), threshold=HUGE,
        )  # fmt: skip
