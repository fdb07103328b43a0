"""Checks of the fixed effects: variation, copies, rank and scale."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.errors import Finding, listed
from bayes_glmm.model.design import PredictorDesign

TOLERANCE = 1e-8
SCALES = 1e6
BLOCK = 20_000


def constant(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find columns of X that do not vary beside an intercept, or are zero without one."""
    for where, predictor in context.predictors:
        for k in np.flatnonzero(~_live(predictor)):
            value = predictor.X[0, k]
            why = ", which the intercept already says" if predictor.intercept else ""
            yield context.finding(
                name, severity,
                f"{predictor.coefficients[k]!r}{where} is {value:g} in every row{why}: remove it.",
            )  # fmt: skip


def duplicates(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find columns of X that are copies of each other."""
    for where, predictor in context.predictors:
        for copy, first in _copies(predictor).items():
            a, b = predictor.coefficients[first], predictor.coefficients[copy]
            yield context.finding(
                name, severity,
                f"{a!r} and {b!r}{where} have the same value in every row: their coefficients "
                "cannot be told apart; remove one.",
            )  # fmt: skip


def rank(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find coefficients whose columns others determine, by pivoted QR."""
    for where, predictor in context.predictors:
        if context.design.n_rows < len(predictor.coefficients) + predictor.intercept:
            continue
        keep = _live(predictor)
        keep[list(_copies(predictor))] = False
        labels = [c for c, k in zip(predictor.coefficients, keep, strict=True) if k]
        if not labels:
            continue
        own = " (and the intercept)" if predictor.intercept else ""
        far = np.abs(predictor.centers[keep]) / predictor.scales[keep] if predictor.intercept else 0
        tolerance = max(TOLERANCE, 8 * np.finfo(float).eps * float(np.max(far)))
        for column, others, pivot in _dependent(_scaled(predictor, keep), tolerance):
            how = "a multiple of" if len(others) == 1 else "a combination of"
            yield context.finding(
                name, severity,
                f"The column of {labels[column]!r}{where} is {how} "
                f"{listed(repr(labels[k]) for k in others)}{own}: their coefficients cannot be "
                "told apart; remove one of them.",
                figure=pivot, threshold=tolerance,
            )  # fmt: skip


def few_rows(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find more coefficients than rows."""
    for where, predictor in context.predictors:
        p = len(predictor.coefficients) + predictor.intercept
        if context.design.n_rows < p:
            yield context.finding(
                name, severity,
                f"{p} coefficients{where} for {context.design.n_rows} rows: the answers rest on "
                "the priors; remove terms.",
                figure=float(context.design.n_rows), threshold=float(p),
            )  # fmt: skip


def scales(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find predictors whose scales differ by more than a million."""
    for where, predictor in context.predictors:
        live = np.flatnonzero(_live(predictor) & (predictor.scales > 0))
        if len(live) < 2:
            continue
        order = live[np.argsort(predictor.scales[live])]
        ratio = float(predictor.scales[order[-1]] / predictor.scales[order[0]])
        if ratio > SCALES:
            large, small = predictor.coefficients[order[-1]], predictor.coefficients[order[0]]
            yield context.finding(
                name, severity,
                f"{large!r}{where} varies {ratio:.1g} times as much as {small!r}: change a unit so "
                "that their coefficients can be read side by side.",
                figure=ratio, threshold=SCALES,
            )  # fmt: skip


def _live(predictor: PredictorDesign) -> NDArray[np.bool_]:
    if not predictor.intercept:
        return predictor.X.any(axis=0)
    return predictor.scales > 1e-12 * np.maximum(1e-300, np.abs(predictor.centers))


def _copies(predictor: PredictorDesign) -> dict[int, int]:
    """Map every column that repeats an earlier one to that one."""
    first: dict[bytes, list[int]] = {}
    copies: dict[int, int] = {}
    live = _live(predictor)
    for k in np.flatnonzero(live):
        key = np.array([predictor.scales[k], predictor.X[0, k], predictor.X[-1, k]]).tobytes()
        same = (
            j for j in first.get(key, []) if np.array_equal(predictor.X[:, j], predictor.X[:, k])
        )
        earlier = next(same, None)
        if earlier is None:
            first.setdefault(key, []).append(int(k))
        else:
            copies[int(k)] = earlier
    return copies


def _scaled(predictor: PredictorDesign, keep: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the triangle R of the centred columns of unit length, block by block of rows."""
    centers = predictor.centers[keep]
    R = np.empty((0, int(keep.sum())))
    for start in range(0, len(predictor.X), BLOCK):
        block = predictor.X[start : start + BLOCK, keep] - centers
        R = np.linalg.qr(np.vstack([R, block]), mode="r")
    sizes = np.sqrt((R**2).sum(axis=0))
    return R / np.where(sizes > 0, sizes, 1)


def _dependent(R: NDArray[np.float64], tolerance: float) -> Iterator[tuple[int, list[int], float]]:
    """Yield dependent columns, the columns that make each of them, and its pivot."""
    _, T, order = qr(R, mode="economic", pivoting=True)
    pivots = np.abs(np.diag(T))
    r = int((pivots > tolerance * pivots[0]).sum())
    for column in range(r, T.shape[1]):
        weights = solve_triangular(T[:r, :r], T[:r, column])
        others = sorted(int(order[k]) for k in np.flatnonzero(np.abs(weights) > 1e-6))
        yield int(order[column]), others, float(pivots[column]) if column < len(pivots) else 0.0
