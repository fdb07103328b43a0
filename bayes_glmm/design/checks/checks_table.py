"""Checks of the table itself: values that are missing or infinite, column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.column_roles import column_roles, complete_columns
from bayes_glmm.design.table.columns import is_missing, pick
from bayes_glmm.design.table.tables import row_ids
from bayes_glmm.errors import Finding, rows_listed
from bayes_glmm.spec.model import ModelSpec


def incomplete(spec: ModelSpec, data: pd.DataFrame) -> Iterator[tuple[Finding, NDArray[np.bool_]]]:
    """Find missing and infinite values in the columns that a model reads.

    Parameters
    ----------
    spec : ModelSpec
    data : pandas.DataFrame
        It has every column that the model reads.

    Yields
    ------
    finding : Finding
    rows : ndarray of bool, shape (n_rows,)
        Every row concerned.
    """
    ids = row_ids(data.index)
    for column in complete_columns(column_roles(spec, map(str, data.columns))):
        for name, what, way_out, look in _FAULTS:
            rows = look(pick(data, column))
            if rows.any() and not (look is is_missing and column in spec.imputed):
                message = (
                    f"Column {column!r} has {what} values in {rows_listed(ids[rows])}: {way_out}."
                )
                yield Finding(name, "error", message, tuple(map(str, ids[rows][:10]))), rows


def _is_infinite(series: pd.Series) -> NDArray[np.bool_]:
    if series.dtype.kind == "O":
        return np.array([isinstance(v, float) and np.isinf(v) for v in series], dtype=bool)
    if not pd.api.types.is_float_dtype(series.dtype):
        return np.zeros(len(series), dtype=bool)
    return np.isinf(series.to_numpy(dtype=np.float64, na_value=np.nan))


type _Look = Callable[[pd.Series], NDArray[np.bool_]]
_FAULTS: tuple[tuple[str, str, str, _Look], ...] = (
    (
        "missing_values",
        "missing",
        "complete or remove them; missing='drop' leaves the rows out and lists them",
        is_missing,
    ),
    ("infinite_values", "infinite", "correct or remove them", _is_infinite),
)
