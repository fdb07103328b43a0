"""How many each row of a table stands for, by what stands beside the response."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.response.modifiers import modifier_columns
from bayes_glmm.design.response.response_schema import trials_of
from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.design.terms.expressions import States, values
from bayes_glmm.errors import BayesGLMMError, DataError
from bayes_glmm.families import get_family
from bayes_glmm.families.sufficient import COLLAPSED
from bayes_glmm.model.row_weights import Weights, product_of
from bayes_glmm.spec.model import ModelSpec

type Array = NDArray[np.float64]


def amounts_of(spec: ModelSpec, data: pd.DataFrame, states: States) -> Array:
    """Return how many each row stands for, shape (n_rows,); one where no column says it.

    Trials, weights (which need not be whole), and the rows of a row that
    :func:`bayes_glmm.collapse` made.

    Raises
    ------
    DataError
        A number is negative or missing.
    """
    found = np.ones(len(data))
    for what, number in parts_of(spec, data, states):
        bad = ~(np.isfinite(number) & (number >= 0))
        if bad.any():
            raise DataError(
                f"{what} says how many a row stands for, and is negative or missing in "
                f"{rows_where(data.index, bad)}: correct it, or leave the column out, and every row "
                "counts one."
            )
        found = found * number
    return found


def collapsed_of(spec: ModelSpec, data: pd.DataFrame, states: States) -> Array | None:
    """Return how many rows each row was collapsed from, or ``None`` where nothing says it."""
    call = spec.response.modifier(COLLAPSED)
    known = {str(c) for c in data.columns}
    if call is None or not set(modifier_columns(call, known)) <= known:
        return None
    return np.asarray(values(call.arguments[0], data, states, use=f"{COLLAPSED}()"))


def parts_of(spec: ModelSpec, data: pd.DataFrame, states: States) -> list[tuple[str, Array]]:
    """Return what says how many a row stands for, with its numbers; nothing counts twice."""
    found: list[tuple[str, Array]] = []
    trials = get_family(spec.family).own_trials(trials_of(spec, data, states, required=False))
    found += [] if trials is None else [("The number of trials", np.asarray(trials, float))]
    call, known = spec.response.modifier("weights"), {str(c) for c in data.columns}
    if call is not None and set(modifier_columns(call, known)) <= known:
        given = values(call.arguments[0], data, states, use="weights()")
        return [*found, ("weights()", np.asarray(given, float))]
    n = collapsed_of(spec, data, states)
    return found if n is None else [*found, (f"{COLLAPSED}()", n)]


def row_weights(spec: ModelSpec, data: pd.DataFrame, states: States) -> Weights:
    """Return how many each training row stands for, ``None`` where every row is one observation.

    Means and standard deviations that default priors are scaled by are then the same for
    rows of single observations and for rows that sum them up. What cannot be read is left to
    the checks of the response.
    """
    try:
        parts = [number for _, number in parts_of(spec, data, states)]
    except BayesGLMMError:
        return None
    return product_of(parts)
