"""The rows an answer is about: given ones or those of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.frames import row_ids, to_pandas
from bayes_glmm.errors import ArgumentError, MissingDataError, rows_listed, suggestion
from bayes_glmm.results import Fit

type Array = NDArray[np.float64]
type By = str | Sequence[str] | bool | None


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows sorted into the cells that are averaged.

    Attributes
    ----------
    index : ndarray of int, shape (n_rows,)
    sizes : ndarray of int, shape (n_cells,)
    labels : pandas.DataFrame, shape (n_cells, ...)
    averaged : bool
        Whether rows are averaged at all: without, each is its own cell.
    """

    index: NDArray[np.intp]
    sizes: NDArray[np.intp]
    labels: pd.DataFrame
    averaged: bool = True

    @classmethod
    def of(cls, table: pd.DataFrame, by: By) -> Cells:
        """Sort rows by columns; each its own cell without any.

        Raises
        ------
        MissingDataError
            The rows have no such column, or it has missing values.
        """
        n = len(table)
        if by is None or by is False:
            nothing = pd.DataFrame(index=range(n))
            return cls(np.arange(n), np.ones(n, np.intp), nothing, averaged=False)
        names = [] if by is True else [by] if isinstance(by, str) else list(by)
        _check_columns(table, names)
        if not names:
            return cls(np.zeros(n, np.intp), np.array([n]), pd.DataFrame({"rows": [n]}))
        grouped = table.groupby(names, sort=True, observed=True)
        index = grouped.ngroup().to_numpy()
        first = np.unique(index, return_index=True)[1]
        sizes = np.bincount(index)
        labels = table.iloc[first][names].reset_index(drop=True).assign(rows=sizes)
        return cls(index, sizes, labels)

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.sizes)

    def add(self, total: Array, values: Array, block: slice) -> None:
        """Add a block of rows to the averages."""
        index = self.index[block]
        if not self.averaged:
            total[:, index] += values
            return
        for cell in np.unique(index):  # values may have categories as a last axis
            total[:, cell] += values[:, index == cell].sum(axis=1) / self.sizes[cell]


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
    table = to_pandas(data)
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
            given, known = table[column.name].to_numpy(), fit.data[column.name].to_numpy()[places]
            if column.kind == "numeric":
                x, y = pd.to_numeric(given, errors="coerce").astype(float), known.astype(float)
                other |= (x != y) & ~(np.isnan(x) & np.isnan(y))
            else:
                other |= given.astype(str) != known.astype(str)
    stranger = other & (places >= 0)
    if not own:  # only a row with a missing value is known by its identifier
        columns = [c for c in fit.spec.imputed if c in table.columns]
        stranger &= table[columns].isna().any(axis=1).to_numpy()
    if not stranger.any():
        return table
    return table.set_axis(np.where(stranger, np.char.add("new row ", ids.to_numpy(str)), ids))


def with_exposure(fit: Fit, table: pd.DataFrame, per: float | None) -> pd.DataFrame:
    """Set the exposure of every row, refusing what has no logarithm.

    Raises
    ------
    ArgumentError
        ``per`` is not positive, or the model has no exposure.
    MissingDataError
        An exposure is not positive.
    """
    exposure = fit.spec.exposure
    if per is not None:
        if exposure is None:
            raise ArgumentError("per= needs a model with an exposure; this one has none.")
        if not (np.isfinite(per) and per > 0):
            raise ArgumentError(f"per={per!r}: an exposure is positive.")
        return table.assign(**{exposure: float(per)})
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
    skip = {*fit.spec.response.columns, "row"}
    names = [c for c in fit.schema.used_columns if c in table.columns and c not in skip]
    return table[names].reset_index(drop=True).assign(row=table.index)[["row", *names]]
