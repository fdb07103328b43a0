"""Separation of counts: a predictor that is only ever seen with zeros."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.linalg import null_space

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.errors import Finding, listed
from bayes_glmm.model.variables import INTERCEPT

MOST_ROWS = 20_000
SECONDS = 10.0
GAIN = 1e-6


def zeros(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find coefficients that only rows with the count zero know about.

    With the link log the likelihood has no maximum where some direction changes no
    predictor of a positive count and lowers that of zeros only: it rises towards
    a mean of zero for ever.

    References
    ----------
    .. [1] Correia, Guimaraes & Zylkin (2019). Verifying the existence of maximum
       likelihood estimates for generalized linear models. arXiv:1903.01633.
    """
    mu = context.design.mu
    apart = context.family.separated(context.link, context.design.trials)
    if "zeros" not in apart or not mu.coefficients:
        return
    some = context.y > 0
    if some.all() or not some.any():
        return
    X = np.column_stack([np.ones(len(mu.X)), mu.X - mu.centers]) if mu.intercept else mu.X
    X = X / np.maximum(np.abs(X).max(axis=0), 1e-300)
    labels = np.array([INTERCEPT] * mu.intercept + list(mu.coefficients))
    free = null_space(np.linalg.qr(X[some], mode="r"), rcond=1e-10)
    whole = null_space(np.linalg.qr(X, mode="r"), rcond=1e-10)
    if free.shape[1] == whole.shape[1]:
        return
    rows = pd.DataFrame(np.round(X[~some] @ free, 10)).drop_duplicates().to_numpy()
    if len(rows) > MOST_ROWS:
        message = f"Separation of zeros was not looked for: {len(rows)} different rows."
        yield context.finding(name, "info", message)
        return
    direction = _lowering(rows)
    if direction is None:
        return
    weights = free @ direction
    used = labels[(np.abs(weights) > GAIN * np.abs(weights).max()) & (labels != INTERCEPT)]
    yield context.finding(
        name, severity,
        f"{listed(used) or 'The intercept'} matters only in rows whose count is zero: the "
        "likelihood has no maximum there and the estimate is prior-dominated. Merge rare levels, "
        "drop the term, or choose its prior on purpose and report it.",
    )  # fmt: skip


def _lowering(rows: np.ndarray) -> np.ndarray | None:
    from scipy.optimize import linprog

    found = linprog(
        rows.sum(axis=0), rows, np.zeros(len(rows)), bounds=[(-1, 1)] * rows.shape[1],
        method="highs", options={"time_limit": SECONDS},
    )  # fmt: skip
    return found.x if found.status == 0 and -found.fun > GAIN else None
