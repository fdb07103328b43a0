"""How many each row of a table stands for, by what stands beside the response."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.expressions import values
from bayes_glmm.design.frames import rows_where
from bayes_glmm.design.modifiers import COLLAPSED, modifier_columns
from bayes_glmm.design.response import trials_of
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import DataError
from bayes_glmm.families import get_family

type Array = NDArray[np.float64]
SUMMED = "poisson"
"""The family whose collapsed rows are sums: of the responses, and of the exposures."""


def amounts_of(schema: Schema, data: pd.DataFrame) -> Array:
    """Return how many each row stands for, shape (n_rows,); one where no column says it.

    Trials, weights (which need not be whole), and the rows of a row that
    :func:`bayes_glmm.collapse` made.

    Raises
    ------
    DataError
        A number is negative or missing.
    """
    found = np.ones(len(data))
    for what, number in parts_of(schema, data):
        bad = ~(np.isfinite(number) & (number >= 0))
        if bad.any():
            raise DataError(
                f"{what} says how many a row stands for, and is negative or missing in "
                f"{rows_where(data.index, bad)}: correct it, or leave the column out, and every row "
                "counts one."
            )
        found = found * number
    return found


def collapsed_of(schema: Schema, data: pd.DataFrame) -> Array | None:
    """Return how many rows each row was collapsed from, or ``None`` where nothing says it."""
    call = schema.spec.response.modifier(COLLAPSED)
    known = {str(c) for c in data.columns}
    if call is None or not set(modifier_columns(call, known)) <= known:
        return None
    return np.asarray(values(call.arguments[0], data, schema.states, use=f"{COLLAPSED}()"))


def parts_of(schema: Schema, data: pd.DataFrame) -> list[tuple[str, Array]]:
    """Return what says how many a row stands for, with its numbers; nothing counts twice."""
    found: list[tuple[str, Array]] = []
    if get_family(schema.spec.family).has_trials:
        trials = trials_of(schema.spec, data, schema.states, required=False)
        found += [] if trials is None else [("The number of trials", np.asarray(trials, float))]
    call, known = schema.spec.response.modifier("weights"), {str(c) for c in data.columns}
    if call is not None and set(modifier_columns(call, known)) <= known:
        given = values(call.arguments[0], data, schema.states, use="weights()")
        return [*found, ("weights()", np.asarray(given, float))]
    n = collapsed_of(schema, data)
    return found if n is None else [*found, (f"{COLLAPSED}()", n)]
