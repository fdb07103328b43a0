"""The rows an answer is about: given ones or those of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import beside
from bayes_glmm.answers.predict.represented import (
    ONE_EACH,
    amounts,
    as_single_rows,
    averaged_over,
    collapsed_column,
    collapsed_counts,
)
from bayes_glmm.design.table.columns import levels_of
from bayes_glmm.design.table.tables import row_ids, to_pandas
from bayes_glmm.errors import ArgumentError, MissingDataError, listed, rows_listed, suggestion
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
type By = str | Sequence[str] | bool | None


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows sorted into the cells that are averaged.

    Attributes
    ----------
    index : ndarray of int, shape (n_rows,)
        The cell of each row; -1 where its cell stands for nothing.
    amounts : ndarray, shape (n_rows,)
        How many each row stands for.
    labels : pandas.DataFrame, shape (n_cells, ...)
    averaged : bool
        Whether rows are averaged at all: without, each is its own cell.
    over : str
        What averages are over: ``"what rows stand for"`` or ``"rows"``.
    left_out : str
        The cells whose rows all stand for nothing, in words; else empty.
    """

    index: NDArray[np.intp]
    amounts: Array
    labels: pd.DataFrame
    averaged: bool = True
    over: str = ONE_EACH
    left_out: str = ""

    @classmethod
    def of(cls, fit: Fit, table: pd.DataFrame, by: By, weights: Array | None = None) -> Cells:
        """Sort rows by columns; each its own cell without any.

        Parameters
        ----------
        weights : ndarray, shape (n_rows,), optional
            How many equal rows each of them is, beside what a row stands for.

        Raises
        ------
        MissingDataError
            The rows have no such column, or it has missing values.
        DataError
            How many a row stands for is negative or missing.
        ArgumentError
            All rows stand for nothing.
        """
        n = len(table)
        if by is None or by is False:
            nothing = pd.DataFrame(index=range(n))
            return cls(np.arange(n), np.ones(n), nothing, averaged=False)
        names = [] if by is True else [str(by)] if isinstance(by, str | int) else [*map(str, by)]
        _check_columns(table, names)
        each = amounts(fit, table) * (1.0 if weights is None else weights)
        if not names:
            index, labels = np.zeros(n, np.intp), pd.DataFrame({"rows": [n]})
        else:
            index = table.groupby(names, sort=True, observed=True).ngroup().to_numpy()
            first = np.unique(index, return_index=True)[1]
            labels = table.iloc[first][names].reset_index(drop=True)
            labels = beside(labels, {"rows": np.bincount(index)})
        return cls(index, each, labels, over=averaged_over(fit, table))._without_empty(names)

    def _without_empty(self, names: list[str]) -> Cells:
        """Leave out cells that no weight is on, as if their rows were not there."""
        some = self.totals > 0
        if some.all():
            return self
        if not some.any():
            raise ArgumentError(
                "All rows stand for nothing (weights or trials of 0): there is nothing to average."
            )
        shown = [
            ", ".join(map(str, row))
            for row in self.labels.loc[~some].iloc[:, : len(names)].to_numpy()
        ]
        places = np.where(some, np.cumsum(some) - 1, -1)
        return replace(
            self, index=places[self.index], labels=self.labels[some].reset_index(drop=True),
            left_out=f"{listed(shown)} of {', '.join(names)}, where all rows stand for nothing",
        )  # fmt: skip

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.labels)

    @property
    def totals(self) -> Array:
        """How many the rows of each cell stand for together, shape (n_cells,)."""
        kept = self.index >= 0
        return np.bincount(self.index[kept], self.amounts[kept], self.n)

    @property
    def about(self) -> dict[str, str]:
        """What the attributes of an average say of it."""
        if not self.averaged:
            return {}
        return {
            "averaged_over": self.over,
            **({"left_out": self.left_out} if self.left_out else {}),
        }

    def add(self, total: Array, values: Array, block: slice) -> None:
        """Add a block of rows to the averages."""
        index = self.index[block]
        if not self.averaged:
            total[:, index] += values
            return
        each, totals = self.amounts[block], self.totals
        counted = (index >= 0) & (each > 0)
        for cell in np.unique(index[counted]):  # values may have categories as a last axis
            rows = counted & (index == cell)
            share = each[rows] / totals[cell]
            total[:, cell] += np.tensordot(values[:, rows], share, axes=(1, 0))


def _check_columns(table: pd.DataFrame, names: Sequence[str]) -> None:
    known = [str(c) for c in table.columns]
    for name in names:
        if name not in known:
            raise MissingDataError(
                f"by: there is no column {name!r} among the rows; give data= with it."
                + suggestion(str(name), known)
            )
        absent = table[name].isna()
        if absent.any():
            where = rows_listed(table.index[absent])
            raise MissingDataError(f"by: the column {name!r} has missing values in {where}.")


def rows_of(fit: Fit, data: Any) -> pd.DataFrame:
    """Return the rows asked about: the given ones, or those of the training data.

    Row identifiers are levels of the observation-level random effect, and say which
    missing values of ``mi()`` were estimated. A given row
    whose identifier is that of a training row, but whose values are not, is another
    row: its identifier is marked as new.

    Raises
    ------
    ArgumentError
        There are no rows.
    """
    if data is None:
        return fit.data
    table = as_single_rows(fit, to_pandas(data))
    if not len(table):
        raise ArgumentError("data= has no rows: nothing can be predicted.")
    own = any(not group.columns for p in fit.schema.predictors.values() for group in p.groups)
    return _marked(fit, table, own) if own or fit.spec.imputed else table


def _marked(fit: Fit, table: pd.DataFrame, own: bool) -> pd.DataFrame:
    ids = pd.Index(row_ids(table.index))
    places = pd.Index(row_ids(fit.data.index)).get_indexer(ids)
    other = np.zeros(len(table), bool)
    for column in fit.schema.columns:
        if column.name in table and column.roles != ("response",):
            given, known = table[column.name], fit.data[column.name]
            if column.kind == "numeric":
                x, y = _floats(given), _floats(known)[places]
                other |= (x != y) & ~(np.isnan(x) & np.isnan(y))
            else:
                other |= _texts(given) != _texts(known)[places]
    stranger = other & (places >= 0)
    if not own:  # only a row with a missing value is known by its identifier
        columns = [c for c in fit.spec.imputed if c in table.columns]
        stranger &= table[columns].isna().any(axis=1).to_numpy()
    if not stranger.any():
        return table
    return table.set_axis(np.where(stranger, np.char.add("new row ", ids.to_numpy(str)), ids))


def _floats(series: pd.Series) -> Array:
    return np.asarray(pd.to_numeric(series, errors="coerce").to_numpy(float, na_value=np.nan))


def _texts(series: pd.Series) -> NDArray[np.str_]:
    codes, levels = levels_of(series, str(series.name), times=True)
    return np.append(levels, "")[codes]


def fewer(
    fit: Fit, table: pd.DataFrame, most: int, groups: str, *, by: str | None, set_: Sequence[str]
) -> tuple[pd.DataFrame, Array]:
    """Return few rows that stand for all: equal ones once, and of many evenly spaced ones.

    Where means are proportional to exposures, rows that differ in these alone have their mean.

    Parameters
    ----------
    most : int
        Number of rows; each value of ``by`` keeps one at least.
    groups : str
        Over the population and for a typical group, rows are equal whatever their groups.
    by : str or None
        A column whose values stay apart, whether the model reads it or not.
    set_ : sequence of str
        Columns that are set to other values anyway.

    Returns
    -------
    rows : pandas.DataFrame
    weights : ndarray, shape (n_rows,)
        How many rows each of them is, beside what it stands for by itself.
    """
    if by is not None:
        parts = [part for _, part in table.groupby(by, sort=False, observed=True) if len(part)]
        found = [
            _fewer(fit, part, max(1, most // len(parts)), groups, [*set_, by]) for part in parts
        ]
        return pd.concat([rows for rows, _ in found]), np.concatenate([w for _, w in found])
    return _fewer(fit, table, most, groups, set_)


def _fewer(
    fit: Fit, table: pd.DataFrame, most: int, groups: str, same: Sequence[str]
) -> tuple[pd.DataFrame, Array]:
    unread = {*fit.spec.response.columns, *same}
    if groups in ("population", "typical"):
        unread |= {c.name for c in fit.schema.columns if set(c.roles) <= {"group", "member"}}
    sizes = {fit.spec.exposure if fit.family.exposed(fit.link) else None, collapsed_column(fit)}
    sizes &= {str(c) for c in table if c not in same}
    keys = [c for c in table if c in fit.schema.used_columns and c not in unread | sizes]
    index = np.zeros(len(table), np.intp)
    if keys:
        index = table.groupby(keys, sort=False, observed=True, dropna=False).ngroup().to_numpy()
    first = np.unique(index, return_index=True)[1]
    counts = np.bincount(index).astype(float)
    means = {str(c): np.bincount(index, table[c].astype(float)) / counts for c in sizes}
    rows = table.iloc[first].assign(**means)
    each = amounts(fit, rows)
    reach = np.cumsum(each * counts)
    if len(rows) <= most or not reach[-1]:
        return rows, counts
    chosen = np.searchsorted(reach, (np.arange(most) + 0.5) / most * reach[-1])
    places, times = np.unique(chosen, return_counts=True)
    return rows.iloc[places], times / each[places]


def with_exposure(fit: Fit, table: pd.DataFrame, per: float | None) -> pd.DataFrame:
    """Set the exposure of every row, or of all that it stands for, refusing what has no logarithm.

    Raises
    ------
    ArgumentError
        ``per`` is not positive, or the model has no exposure.
    MissingDataError
        An exposure is not positive.
    """
    exposure = fit.spec.exposure
    if per is not None:
        if exposure is None or exposure == collapsed_column(fit):
            raise ArgumentError("per= needs a model with an exposure; this one has none.")
        if not (np.isfinite(per) and per > 0):
            raise ArgumentError(f"per={per!r}: an exposure is positive.")
        n = collapsed_counts(fit, table)  # a collapsed row has the exposures of all its rows
        return table.assign(**{exposure: float(per) if n is None else per * n})
    if exposure is not None and exposure in table:
        bad = ~(pd.to_numeric(table[exposure], errors="coerce") > 0)
        if bad.any():
            raise MissingDataError(
                f"The exposure {exposure!r} must be positive: rows "
                f"{', '.join(map(str, table.index[bad][:10]))} are not."
            )
    return table


def row_labels(fit: Fit, table: pd.DataFrame) -> pd.DataFrame:
    """Return what identifies each row: its id and the predictors it has."""
    skip = fit.spec.response.columns
    names = [c for c in fit.schema.used_columns if c in table.columns and c not in skip]
    labels = beside(table[names].reset_index(drop=True), {"row": table.index})
    return labels[["row", *labels.columns[:-1]]]
