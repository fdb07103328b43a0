"""Checks of what is added to the predictor: an exposure not logged, or logged twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.table.column_roles import offset_expressions
from bayes_glmm.design.table.columns import numbers
from bayes_glmm.errors import Finding
from bayes_glmm.spec.terms import Call, Variable

type Array = NDArray[np.float64]

LARGE, HUGE = 20.0, 50.0
SPREAD = 15.0
VARIES = 1.0
BETTER, POWER, STEPS, FEWEST = 8.0, (0.6, 1.5), 20, 6
LOGGED = re.compile(r"(^|[^a-z])(log|ln)(ged|10|2|1p)?([^a-z]|$)|^(log|ln)(?=[A-Z])|[a-z]Log$")
EVERYDAY = re.compile(r"^log(?!s$|ins?$|g|book|ist|ic)[a-z]{3,}$")


def offset_scale(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find an offset that is probably an exposure on its own scale."""
    link = context.design.link
    columns = [e.name for e in offset_expressions(context.spec, "mu") if isinstance(e, Variable)]
    columns += [] if context.spec.offset is None else [context.spec.offset]
    if not context.link.lack("units"):
        return
    for column in columns:
        x = numbers(context.data, column)
        if not (x > 0).all() or not (_large(x) or _better(context, np.log(x), x)):
            continue
        way = f"write exposure={column!r}, which is logged for you"
        if context.link.lack("exposure"):
            way = f"make {column!r} a predictor, or put it on that scale"
        yield context.finding(
            name, severity,
            f"The offset {column!r} goes from {x.min():g} to {x.max():g}, but an offset is on the scale "
            f"of the link, {link}: {way}.",
            figure=float(np.median(x)), threshold=LARGE,
        )  # fmt: skip


def exposure_scale(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find an exposure, or a column in offset(log()), that is probably a logarithm already."""
    inside = [
        e.arguments[0].name
        for e in offset_expressions(context.spec, "mu")
        if isinstance(e, Call) and e.function == "log" and isinstance(e.arguments[0], Variable)
    ]
    for column in [*inside, *([context.spec.exposure] if context.spec.exposure else [])]:
        x = numbers(context.data, column)
        if not (x > 0).all() or (x > LARGE + 10).any() or (x == np.rint(x)).all():
            continue
        named = bool(LOGGED.search(column) or EVERYDAY.search(column))
        if named or _better(context, x, np.log(x)):
            yield context.finding(
                name, severity,
                f"The exposure {column!r} looks like a logarithm already: "
                f"{'so it is named' if named else 'the response grows as its exponential'}, and its values "
                f"go from {x.min():.3g} to {x.max():.3g}. An exposure is logged for you; a logarithm is "
                f"given as offset={column!r}.",
                figure=float(np.median(x)),
            )  # fmt: skip


def _large(x: Array) -> bool:
    """Whether values are too large for the scale of a link, where 20 is a factor of 5e8."""
    most = np.mean(x > LARGE) > 0.5
    whole = (x == np.rint(x)).all()
    return bool(most and (whole or np.ptp(x) > SPREAD or np.median(x) > HUGE))


def _better(context: Context, offset: Array, than: Array) -> bool:
    """Whether responses follow one offset, and far better than another.

    They are compared by their shares of the total, summed over the rows of one offset, whose
    scatter says how much of a difference is chance.
    """
    y = context.y
    rates = context.link.measures() == ("difference", "ratio") and context.design.trials is None
    if not rates or y.ndim == 2 or (y < 0).any() or not y.any():
        return False
    found, first, rows, n = np.unique(
        offset, return_index=True, return_inverse=True, return_counts=True
    )
    if len(found) < FEWEST or max(np.ptp(offset), np.ptp(than)) < VARIES:
        return False
    sums, size = np.bincount(rows, y), np.log(n)
    if not POWER[0] < _power(sums, found, size) < POWER[1]:
        return False
    share, other = (o + size - logsumexp(o + size) for o in (found, than[first]))
    expected = y.sum() * np.exp(share)
    noise = max(1.0, float(((sums - expected) ** 2 / expected).sum() / (len(found) - 1)))
    return bool(sums @ (share - other) / noise > BETTER)


def _power(sums: Array, offset: Array, size: Array) -> float:
    """Return the factor of an offset by which sums follow it best, one where it is right."""
    power = 1.0
    for _ in range(STEPS):
        weight = power * offset + size
        share = np.exp(weight - logsumexp(weight))
        mean = share @ offset
        curvature = max(float(share @ (offset - mean) ** 2), 1e-12)
        power += float(np.clip((sums @ offset / sums.sum() - mean) / curvature, -0.5, 0.5))
    return power
