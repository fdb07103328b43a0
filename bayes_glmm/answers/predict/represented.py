"""How many each row stands for: trials, copies, or the rows that were collapsed into it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.response.modifiers import modifier_columns
from bayes_glmm.design.table.row_counts import amounts_of, collapsed_of, parts_of
from bayes_glmm.families.sufficient import COLLAPSED
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
SEVERAL, ONE_EACH = "what rows stand for", "rows"


def amounts(fit: Fit, data: pd.DataFrame) -> Array:
    """Return how many each row stands for, see :func:`.amounts_of`."""
    return amounts_of(fit.spec, data, fit.schema.states)


def collapsed_counts(fit: Fit, data: pd.DataFrame) -> Array | None:
    """Return how many rows each row was collapsed from, or ``None`` where nothing says it."""
    return collapsed_of(fit.spec, data, fit.schema.states)


def copies(fit: Fit) -> Array:
    """Return the weight of each training row, shape (n_rows,); one without ``weights()``."""
    return np.asarray(fit.design.modifiers.get("weights", np.ones(fit.design.n_rows)), float)


def column_means(fit: Fit, columns: Array) -> Array:
    """Return the means of columns over what the training rows stand for, shape (n_columns,)."""
    each = amounts(fit, fit.data)
    return np.asarray(each @ columns / each.sum())


def averaged_over(fit: Fit, data: pd.DataFrame) -> str:
    """Say what an average over the rows is over: what they stand for, or the rows."""
    return SEVERAL if parts_of(fit.spec, data, fit.schema.states) else ONE_EACH


def words(fit: Fit, over: str) -> str:
    """Return the part of an estimand that says what is averaged over."""
    if over == SEVERAL:
        return f"averaged over {SEVERAL} inside each draw"
    several = not fit.family.lack("trials") or _calls(fit)
    return f"averaged over rows{', each counting one,' if several else ''} inside each draw"


def alone(fit: Fit, design: Design, data: pd.DataFrame) -> Design:
    """Return the design of one of the rows that each row stands for.

    A collapsed row of counts is their sum, with the sum of their exposures: one of them has
    the mean exposure. Of other rows nothing changes.
    """
    n = collapsed_counts(fit, data)
    if n is None or not fit.family.adds_up():
        return design

    def one(predictor: PredictorDesign) -> PredictorDesign:
        return replace(predictor, offset=predictor.offset - np.log(n))

    return replace(
        design,
        predictors={k: one(p) if p.of_mean else p for k, p in design.predictors.items()},
    )


def collapsed_column(fit: Fit) -> str | None:
    """Name the column that counts the rows of a collapsed row, if there is one."""
    call = fit.spec.response.modifier(COLLAPSED)
    return None if call is None else next(iter(modifier_columns(call, set())), None)


def as_single_rows(fit: Fit, data: pd.DataFrame) -> pd.DataFrame:
    """Give new rows the exposure one where a collapsed model's exposure is the number of rows."""
    column = collapsed_column(fit)
    if column is None or fit.spec.exposure != column or column in data:
        return data
    return data.assign(**{column: 1.0})


def _calls(fit: Fit) -> bool:
    return any(fit.spec.response.modifier(name) for name in ("weights", COLLAPSED))
