"""Checks of the fixed effects: variation, rank, scale and separation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.optimize import linprog

from bayes_glmm.design.context import Context
from bayes_glmm.errors import Finding, listed

TOLERANCE = 1e-8
MOST_ROWS = 20_000
SCALES = 1e6


def constant(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find columns of X that do not vary beside an intercept."""
    mu = context.design.mu
    if not mu.intercept:
        return
    for label, spread, center in zip(mu.coefficients, mu.scales, mu.centers, strict=True):
        if spread <= 1e-12 * max(1.0, abs(center)):
            yield context.finding(
                name, severity,
                f"{label!r} is {center:g} in every row, which the intercept already says: remove it.",
            )  # fmt: skip


def rank(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find coefficients whose columns others determine, by pivoted QR."""
    mu = context.design.mu
    live = mu.scales > 0 if mu.intercept else np.ones(len(mu.coefficients), bool)
    labels = [c for c, keep in zip(mu.coefficients, live, strict=True) if keep]
    if not labels:
        return
    X = mu.X[:, live] - mu.centers[live]
    sizes = np.sqrt((X**2).sum(axis=0))
    _, R, order = qr(X / np.where(sizes > 0, sizes, 1), mode="economic", pivoting=True)
    pivots = np.abs(np.diag(R))
    r = int((pivots > TOLERANCE * max(pivots[0], 1e-300)).sum())
    for column in range(r, len(labels)):
        if column < R.shape[0]:
            weights = np.linalg.solve(R[:r, :r], R[:r, column])
            others = [labels[order[k]] for k in np.flatnonzero(np.abs(weights) > 1e-6)]
        else:
            others = [labels[k] for k in order[:r]]
        equal = len(others) == 1 and "a multiple of" or "a combination of"
        yield context.finding(
            name, severity,
            f"The column of {labels[order[column]]!r} is {equal} {listed(others) or 'nothing'}"
            f"{' (and the intercept)' if mu.intercept else ''}: their coefficients cannot be told "
            "apart; remove one.",
            figure=float(pivots[column]) if column < len(pivots) else 0.0, threshold=TOLERANCE,
        )  # fmt: skip


def few_rows(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find more coefficients than rows."""
    p = len(context.design.mu.coefficients) + context.design.mu.intercept
    if context.design.n_rows <= p:
        yield context.finding(
            name, severity,
            f"{p} coefficients and {context.design.n_rows} rows: the answers rest on the priors.",
            figure=float(context.design.n_rows), threshold=float(p),
        )  # fmt: skip


def scales(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find predictors whose scales differ by more than a million."""
    mu = context.design.mu
    spread = np.where(mu.scales > 0, mu.scales, np.nan)
    if len(spread) < 2 or not np.isfinite(spread).any():
        return
    ratio = float(np.nanmax(spread) / np.nanmin(spread))
    if ratio > SCALES:
        large, small = mu.coefficients[np.nanargmax(spread)], mu.coefficients[np.nanargmin(spread)]
        yield context.finding(
            name, severity,
            f"{large!r} varies {ratio:.1g} times as much as {small!r}: change a unit so that their "
            "coefficients can be read side by side.",
            figure=ratio, threshold=SCALES,
        )  # fmt: skip


def separation(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find combinations of predictors that split successes from failures.

    The linear programme of Konis: maximise the summed margin of a direction that
    puts no row on the wrong side; any gain means separation.
    """
    mu, y = context.design.mu, context.y
    if context.design.link not in ("logit", "probit", "cloglog") or not mu.coefficients:
        return
    trials = context.design.trials
    fails = (1 - y if trials is None else trials - y) > 0
    X = np.column_stack([np.ones(len(y)), mu.X - mu.centers]) if mu.intercept else mu.X
    X = X / np.maximum(np.abs(X).max(axis=0), 1e-300)
    sides = np.vstack([X[y > 0], -X[fails]])
    sides = np.unique(np.round(sides, 12), axis=0)
    if len(sides) > MOST_ROWS:
        yield context.finding(
            name, "info",
            f"Separation was not looked for: {len(sides)} different rows, more than {MOST_ROWS}.",
        )  # fmt: skip
        return
    direction = _direction(sides)
    if direction is None:
        return
    labels = (["intercept"] if mu.intercept else []) + list(mu.coefficients)
    used = [c for c, b in zip(labels, direction, strict=True) if abs(b) > 1e-6 and c != "intercept"]
    yield context.finding(
        name, severity,
        f"{listed(used) or 'the intercept'} separates successes from failures: the likelihood has no "
        "maximum there and the estimate is decided by its prior. Merge rare levels, or choose that "
        "prior on purpose and report it.",
    )  # fmt: skip


def _direction(sides: NDArray[np.float64]) -> NDArray[np.float64] | None:
    found = linprog(
        -sides.sum(axis=0), A_ub=-sides, b_ub=np.zeros(len(sides)), bounds=[(-1, 1)] * sides.shape[1],
        method="highs",
    )  # fmt: skip
    return found.x if found.status == 0 and -found.fun > 1e-6 else None
