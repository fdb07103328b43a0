"""Which values of a variable are compared, and how two averages are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, listed
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]


def measured(measure: str, low: Array, high: Array) -> Array:
    """Compare averages draw by draw; ratios to zero are infinite."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return _measured(measure, low, high)


def _measured(measure: str, low: Array, high: Array) -> Array:
    match measure:
        case "difference":
            return high - low
        case "ratio":
            return high / low
        case "lift":
            return (high - low) / low
    return (high * (1 - low)) / (low * (1 - high))


def linked(measure: str, low: Array, high: Array) -> Array:
    """Compare predictors draw by draw; ratios are exponentiated differences."""
    return high - low if measure == "difference" else np.exp(high - low)


PAIRS: dict[str, Callable[[Sequence[Any]], Iterable[tuple[Any, Any]]]] = {
    "reference": lambda levels: ((levels[0], other) for other in levels[1:]),
    "sequential": pairwise,
    "pairwise": lambda levels: combinations(levels, 2),
}
"""Which levels are compared, low before high."""


def contrasts(
    fit: Fit, table: pd.DataFrame, variable: str, contrast: str | Sequence[Any] | float | None
) -> list[tuple[Any, Any, str]]:
    """Return ``(low, high, text)`` of each contrast of a variable."""
    column = fit.schema.column(variable)
    levels = coded_levels(fit, variable) or column.levels
    if isinstance(contrast, str):
        if contrast not in PAIRS or not levels:
            why = "" if levels else f" {variable!r} has none."
            raise ArgumentError(
                f"contrast={contrast!r}: give (low, high), or one of {listed(map(repr, PAIRS))} "
                f"for the levels of a factor.{why}"
            )
        return [(a, b, f"{b} - {a}") for a, b in PAIRS[contrast](levels)]
    if isinstance(contrast, int | float | np.number) and not isinstance(contrast, bool):
        if column.kind != "numeric":
            raise ArgumentError(f"{variable!r} has levels: give contrast=(low, high).")
        x = table[variable].astype(float)
        return [(x, x + float(contrast), f"+{contrast:g}")]
    if contrast is not None:
        pair = [] if isinstance(contrast, bool | int | float) else list(contrast)
        if len(pair) != 2:
            raise ArgumentError(f"contrast={contrast!r}: give two values, (low, high).")
        return [(pair[0], pair[1], f"{pair[1]} - {pair[0]}")]
    if column.kind == "boolean":
        return [(False, True, "True - False")]
    levels = coded_levels(fit, variable) or column.levels
    if levels:
        return [(a, b, f"{b} - {a}") for a, b in PAIRS["reference"](levels)]
    training = fit.data[variable]
    if set(training.unique()) <= {0, 1}:
        return [(0, 1, "1 - 0")]
    x = table[variable].astype(float)
    return [(x, x + 1, "+1")]


def coded_levels(fit: Fit, variable: str) -> tuple[str, ...]:
    """Return the levels of a number that the formula turns into a factor."""
    for coding in fit.schema.codings.values():
        levels = getattr(coding, "levels", ())
        if levels and getattr(coding, "column", None) == variable:
            return tuple(levels)
    return ()
