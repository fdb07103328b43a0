"""Separation: directions of the coefficients in which the likelihood never decreases."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.checks.separation_ordinal import sides_of_boundaries
from bayes_glmm.errors import Finding, listed
from bayes_glmm.model.variables import INTERCEPT, element

MOST_ROWS = 20_000
"""Above this many different rows the programme takes in rows only as they are needed."""
MOST_CELLS = 20_000_000
FIRST_ROWS = 2_000
ROUNDS = 50
SECONDS = 10.0
GAIN = 1e-6
MOST_PRUNED = 20
NEWTON_STEPS, LONGEST = 15, 4.0


def separation(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find combinations of predictors that split successes from failures.

    The linear programme of Konis (2007): maximise the summed margin of a direction
    that puts no row on the wrong side; any gain means separation. It looks at the
    fixed effects alone and on each different row once.
    """
    for what in context.family.separated(context.link, context.design.trials):
        if what in SPLITS:
            yield from SPLITS[what](context, name, severity)


def _between_events(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find coefficients that split successes from failures."""
    mu = context.design.mu
    if not mu.coefficients:
        return
    yes, no = context.y > 0, context.failures > 0
    if "total" in context.design.modifiers:
        yes, no = _within(context)
    if not (yes.any() and no.any()):
        return
    live = (mu.scales > 0) if mu.intercept else (np.abs(mu.X).max(axis=0) > 0)
    labels = [INTERCEPT] * mu.intercept
    labels += [c for c, keep in zip(mu.coefficients, live, strict=True) if keep]
    if mu.X.size > MOST_CELLS:
        message = f"Separation was not looked for: {len(mu.X)} rows of {len(labels)} coefficients."
        yield context.finding(name, "info", message)
        return
    sides = _sides(mu.X[:, live] - mu.centers[live], mu.intercept, yes, no)
    yield from _findings(context, name, severity, sides, labels, "successes from failures")


def _within(context: Context) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return rows with more than the least, and less than the most, that the total allows."""
    seen, known = context.design.modifiers, context.design.trials
    trials = (
        np.ones(len(context.y)) if known is None else known
    )  # another family is refused elsewhere
    least = np.maximum(0.0, seen["total"] - seen["other_trials"])
    return context.y > least, context.y < np.minimum(trials, seen["total"])


def _findings(
    context: Context,
    name: str,
    severity: str,
    sides: NDArray[np.float64],
    labels: list[str],
    what: str,
) -> Iterator[Finding]:
    """Say which coefficients put rows on their sides, if any do."""
    if _overlap(sides):
        return
    try:
        outcome = (_separating if len(sides) <= MOST_ROWS else _separating_many)(sides)
    except TimeoutError:
        message = f"Separation was not settled within {SECONDS:g} s on {len(sides)} different rows."
        yield context.finding(name, "info", message)
        return
    if outcome is None:
        return
    direction, complete = outcome
    used = [c for c, b in zip(labels, direction, strict=True) if abs(b) > GAIN and c != INTERCEPT]
    verb = "together separate" if len(used) > 1 else "separates"
    kind = f"{verb} all" if complete else f"{verb} some"
    yield context.finding(
        name, severity,
        f"{listed(used) or 'The intercept'} {kind} {what}: the likelihood has no "
        "maximum there and the estimate is prior-dominated. Merge rare levels, drop the term, or "
        "choose its prior on purpose and report it.",
    )  # fmt: skip


def _between_categories(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find coefficients that split categories without an order from one another.

    A row of one category asks that its predictor is not below that of any other
    (Albert & Anderson 1984, doi:10.1093/biomet/71.1.1): each pair is a row of the programme.
    """
    means, y = context.design.means, context.y
    blocks, labels = [np.zeros((len(y), 0))], list[str]()
    for p in means:
        keep = np.ptp(p.X, axis=0) > 0
        ones = np.ones((len(y), int(p.intercept)))
        blocks.append(np.hstack([ones, (p.X - p.centers)[:, keep]]))
        labels += [INTERCEPT] * p.intercept
        labels += [element(p.beta, c) for c, k in zip(p.coefficients, keep, strict=True) if k]
    K, n = len(blocks), len(labels)
    if set(labels) <= {INTERCEPT}:
        return
    if len(y) * (K - 1) * n > MOST_CELLS:
        message = f"Separation was not looked for: {len(y)} rows of {n} coefficients."
        yield context.finding(name, "info", message)
        return
    ends = np.cumsum([b.shape[1] for b in blocks])
    wide = [np.zeros((len(y), n)) for _ in blocks]
    for whole, block, end in zip(wide, blocks, ends, strict=True):
        whole[:, end - block.shape[1] : end] = block
    seen = y > 0 if y.ndim == 2 else y[:, None] == np.arange(K)
    if seen.any(axis=0).sum() < 2:
        return
    pairs = [(wide[a] - wide[b])[seen[:, a]] for a in range(K) for b in range(K) if a != b]
    sides = np.round(np.vstack(pairs), 12)
    sides = pd.DataFrame(sides / np.maximum(np.abs(sides).max(axis=0), 1e-300)).drop_duplicates()
    yield from _findings(
        context, name, severity, sides.to_numpy(), labels, "categories from one another"
    )


def _between_boundaries(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find coefficients that split ordered categories at boundaries of a latent variable."""
    n = len(context.design.boundaries) + len(context.design.mu.coefficients)
    if 2 * len(context.y) * n > MOST_CELLS:
        message = f"Separation was not looked for: {len(context.y)} rows of {n} coefficients."
        yield context.finding(name, "info", message)
    elif programme := sides_of_boundaries(context):
        yield from _findings(context, name, severity, *programme, "categories from one another")


SPLITS = {
    "categories": _between_categories,
    "boundaries": _between_boundaries,
    "events": _between_events,
}
"""What is looked at here, by what coefficients may separate."""


def _sides(
    X: NDArray[np.float64], intercept: bool, yes: NDArray[np.bool_], no: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the distinct rows, those of failures with their sign reversed."""
    if intercept:
        X = np.column_stack([np.ones(len(X)), X])
    X = np.round(X / np.abs(X).max(axis=0), 12)
    parts = [pd.DataFrame(rows).drop_duplicates().to_numpy() for rows in (X[yes], X[no])]
    return np.vstack([parts[0], -parts[1]])


def _overlap(sides: NDArray[np.float64]) -> bool:
    """Return whether a logistic fit of finite size proves that nothing separates.

    Let ``wrong`` be each row's fitted probability of the other side; ``sides.T @ wrong`` is the
    score, zero at the maximum. A direction in the box that puts no row on the wrong side has
    margins of at most the score's absolute sum over ``wrong.min()``.
    """
    at = np.zeros(sides.shape[1])
    for _ in range(NEWTON_STEPS):
        wrong = expit(-(sides @ at))
        slope = sides.T @ wrong
        if np.abs(slope).sum() < 100 * GAIN * wrong.min():
            return True
        weighted = sides * (wrong * (1 - wrong))[:, None]
        try:
            step = np.linalg.solve(sides.T @ weighted, slope)
        except np.linalg.LinAlgError:
            return False
        at += step * min(1.0, LONGEST / max(np.abs(sides @ step).max(), 1e-300))
    return False


def _separating(sides: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool] | None:
    """Return a separating direction and whether it puts every row strictly on its side."""
    n, p = sides.shape
    best = _solve(-sides.sum(axis=0), -sides, np.zeros(n), [(-1, 1)] * p)
    if best is None or not _gains(sides @ best):
        return None
    try:
        small = _smallest(sides)
    except TimeoutError:
        small = None
    return (best, False) if small is None else (_pruned(sides, small), True)


def _separating_many(sides: NDArray[np.float64]) -> tuple[NDArray[np.float64], bool] | None:
    """Return the same for many rows, with few columns in the direction if possible."""
    best = _by_cutting_planes(sides, strictly=False)
    if best is None:
        return None
    strict = _by_cutting_planes(sides, strictly=True)
    best, complete = (best, False) if strict is None else (strict, True)
    level = [0] * bool((np.abs(sides[:, 0]) == 1).all())
    order = [int(k) for k in np.argsort(-np.abs(best)) if k not in level and abs(best[k]) > GAIN]
    few = [[k] for k in order] + [order[:m] for m in range(2, len(order))]
    for columns in few if len(order) <= MOST_PRUNED else ():
        part = _by_cutting_planes(sides[:, level + columns], strictly=complete)
        if part is not None:
            best = np.zeros(sides.shape[1])
            best[level + columns] = part
            break
    return best, complete


def _by_cutting_planes(sides: NDArray[np.float64], strictly: bool) -> NDArray[np.float64] | None:
    """Solve the programme on some rows, and add the rows that its solution violates.

    No gain with fewer constraints means none with all of them: the answer is exact although
    most rows never enter the programme. ``strictly`` maximises the smallest margin instead of
    the mean: no row may lie on the border.
    """
    n, p = sides.shape
    cost = -np.append(np.zeros(p) if strictly else sides.mean(axis=0), float(strictly))
    box = [(-1.0, 1.0)] * p + [(0.0, float(strictly))]
    inside = np.zeros(n, dtype=bool)
    inside[:: max(1, n // FIRST_ROWS)] = True
    for _ in range(ROUNDS):
        rows = sides[inside]
        solution = _solve(
            cost, np.column_stack([-rows, np.ones(len(rows))]), np.zeros(len(rows)), box
        )
        if solution is None or -float(cost @ solution) <= (GAIN if strictly else 0):
            return None
        margins = sides @ solution[:p]
        wrong = np.flatnonzero((margins < solution[p] - GAIN / 10) & ~inside)
        if not len(wrong):
            return solution[:p] if _gains(margins) else None
        inside[wrong[np.argsort(margins[wrong])[:FIRST_ROWS]]] = True
    raise TimeoutError


def _gains(margins: NDArray[np.float64]) -> bool:
    """Return whether rows are on their side by more than the programme's own tolerance."""
    return bool(margins.max() > 100 * GAIN and margins.min() > -GAIN)


def _smallest(sides: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the direction of least absolute sum with every margin at least one, if any."""
    n, p = sides.shape
    solution = _solve(np.ones(2 * p), np.hstack([-sides, sides]), -np.ones(n), [(0, 1e6)] * (2 * p))
    return None if solution is None else solution[:p] - solution[p:]


def _pruned(sides: NDArray[np.float64], direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out columns that the separation does not need, those with least weight first."""
    used = [int(k) for k in np.argsort(np.abs(direction)) if abs(direction[k]) > GAIN]
    for k in used if len(used) <= MOST_PRUNED else ():
        fewer = [j for j in np.flatnonzero(direction) if j != k]
        try:
            shorter = _smallest(sides[:, fewer]) if fewer else None
        except TimeoutError:
            return direction
        if shorter is not None:
            direction = np.zeros(sides.shape[1])
            direction[fewer] = shorter
    return direction


def _solve(
    cost: NDArray[np.float64],
    matrix: NDArray[np.float64],
    bound: NDArray[np.float64],
    box: list[tuple[float, float]],
) -> NDArray[np.float64] | None:
    from scipy.optimize import linprog

    options = {"time_limit": SECONDS}
    result = linprog(cost, matrix, bound, bounds=box, method="highs", options=options)
    if result.status == 1:
        raise TimeoutError
    return result.x if result.status == 0 else None
