"""Rows that are not fitted: dropped for missing values, or set aside for prediction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.column_roles import column_roles, complete_columns
from bayes_glmm.design.table.columns import is_missing, pick
from bayes_glmm.design.table.tables import drop_rows, row_ids
from bayes_glmm.errors import DataError, Finding, MissingDataError, listed
from bayes_glmm.families import get_family
from bayes_glmm.model.design import Design
from bayes_glmm.spec.model import ModelSpec


def set_aside(spec: ModelSpec, data: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows to fit, and those without a response whose other columns are complete.

    Rows that lack another value too stay among the rows to fit: checks report them.

    Raises
    ------
    MissingDataError
        A column is absent.
    DataError
        No row has a response.
    """
    response = spec.response.column
    rows = is_missing(pick(data, response))
    for name in complete_columns(column_roles(spec, map(str, data.columns))):
        if name != response:
            rows = rows & ~is_missing(pick(data, name))
    return drop_rows(data, np.asarray(rows))[0], data.loc[rows]


def left_out(dropped: tuple[str, ...]) -> Iterator[Finding]:
    """Say which rows were left out for missing values."""
    if dropped:
        rows = "row with missing values is" if len(dropped) == 1 else "rows with missing values are"
        text = f"{len(dropped)} {rows} left out: {listed(dropped)}."
        yield Finding("dropped_rows", "info", text, dropped[:10])


def predicted(schema: Schema, aside: pd.DataFrame) -> Finding:
    """Report which rows are predicted, not fitted, and which of their levels are new.

    The finding is an error if they cannot be predicted: a fixed factor has a level without
    fitted rows, or a value is infinite.
    """
    try:
        require_trials(schema, schema.apply(aside, groups="any", response=False))
    except DataError as error:
        text = f"Rows without {schema.spec.response.column!r} cannot be predicted. {error}"
        return Finding("predicted_rows", "error", text)
    rows = tuple(row_ids(aside.index).tolist())
    text = (
        f"{len(rows)} rows without {schema.spec.response.column!r} are predicted, not fitted: "
        f"{listed(rows[:10])}" + ", ..." * (len(rows) > 10) + "."
    )
    new = list(dict.fromkeys(level for row in schema.new_levels(aside) for level in row))
    if new:
        text += (
            f" {len(new)} levels occur in them only and are drawn as new ones: {listed(new[:10])}"
            + ", ..." * (len(new) > 10)
            + "."
        )
    return Finding("predicted_rows", "info", text, rows[:10])


def require_trials(schema: Schema, design: Design) -> None:
    """Refuse to draw responses out of a number of trials that is not known.

    Raises
    ------
    MissingDataError
        The family counts successes or categories, and some rows lack their total.
    """
    if get_family(schema.spec.family).lacks_trials(design.trials):
        raise MissingDataError(
            "Responses are counted out of trials, and these rows have none without a response: give "
            "their number in a column of its own, | trials(n)."
        )
