"""Predictions along one variable, the other columns as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm.answers.predict.answer_rows import fewer, rows_of
from bayes_glmm.answers.predict.compared_values import coded_levels
from bayes_glmm.answers.predict.predictions import predicted
from bayes_glmm.design.table.tables import level_text
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.literals import Groups
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

GRID = 50
MOST_VALUES = 8
MOST_ROWS = 400


def profile(
    tree: xr.DataTree,
    variable: str,
    by: str | None = None,
    groups: Groups = "population",
    data: Any = None,
    *,
    per: float | None = None,
) -> pd.DataFrame:
    """Set a column to each of its values in turn, and average over the rows.

    Parameters
    ----------
    tree : xarray.DataTree
    variable : str
        A column that the model reads. Numbers with more than eight values are
        spaced evenly over their range.
    by : str, optional
        Average within the values of this column.
    groups : {"population", "typical", "known", "new"}
    data : DataFrame, optional
        Rows to average over; the training rows when not given, evenly spaced ones
        when there are more than 400 different ones. Rows with a missing value in another column of
        ``mi()`` are left out; ``attrs["left_out"]`` counts them.
    per : float, optional
        Exposure of every row.

    Returns
    -------
    pandas.DataFrame
        As from :func:`bayes_glmm.predictions`; ``attrs["curve"]`` says whether the
        values are points of a curve, ``attrs["shown"]`` in which columns ``variable`` and
        ``by`` are.

    Raises
    ------
    ArgumentError
        The model or the rows have no such column.
    """
    fit = Fit.of(tree)
    rows = rows_of(fit, data)
    used = [c for c in fit.schema.used_columns if c not in fit.spec.response.columns]
    if variable not in used:
        raise ArgumentError(f"The model reads no column {variable!r}." + suggestion(variable, used))
    if by is not None and by not in rows:
        raise ArgumentError(f"The rows have no column {by!r}." + suggestion(by, list(rows)))
    column = fit.schema.column(variable)
    source = rows[variable] if variable in rows else fit.data[variable]
    levels = coded_levels(fit, variable)
    curve = column.kind == "numeric" and source.nunique() > MOST_VALUES and not levels
    values = (
        np.linspace(source.min(), source.max(), GRID) if curve else _values(source, column.levels)
    )
    estimated = [c for c in fit.spec.imputed if c != variable and c in rows]
    whole = rows.dropna(subset=estimated)
    left_out, rows = len(rows) - len(whole), whole
    rows, weights = fewer(fit, rows, MOST_ROWS, groups, by=by, set_=[variable])
    spread = pd.concat([rows.assign(**{variable: value}) for value in values], ignore_index=True)
    spread[variable] = spread[variable].astype(float if curve else source.dtype)
    cells = [variable] if by in (None, variable) else [variable, str(by)]
    every = np.tile(weights, len(values))
    table = predicted(read_fit(tree), spread, groups, by=cells, per=per, weights=every)
    table.attrs |= {"curve": curve, "numeric": column.kind == "numeric"}
    table.attrs["shown"] = dict(zip(cells, table.columns, strict=False))
    if left_out:
        table.attrs["left_out"] = f"{left_out} rows in which {', '.join(estimated)} is missing"
    return table


def _values(source: pd.Series, learned: tuple[str, ...]) -> list[Any]:
    if isinstance(source.dtype, pd.CategoricalDtype):
        texts = level_text(source.cat.categories)
        return [c for c, text in zip(source.cat.categories, texts, strict=True) if text in learned]
    return sorted(source.unique())
