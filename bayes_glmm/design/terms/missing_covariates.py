"""``mi(x)``: a covariate whose missing values are parameters, with a model of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import numbers
from bayes_glmm.design.table.tables import row_ids, rows_where
from bayes_glmm.design.terms.expressions import States
from bayes_glmm.errors import DataError, MissingDataError
from bayes_glmm.model.blocks.missing_covariate import MissingFactor
from bayes_glmm.model.blocks.modelled import identifier
from bayes_glmm.model.variables import MISSING, named

FEWEST_VALUES = 3


@dataclass(frozen=True)
class MissingCoding:
    """A number of a term, some of whose values are missing.

    Attributes
    ----------
    column : str
    rows : tuple of str
        Identifiers of the training rows without a value.
    mean, sd : float
        Of the known values.
    """

    column: str
    rows: tuple[str, ...]
    mean: float
    sd: float

    def columns(self, full: bool) -> tuple[str, ...]:
        """Return the label of its one column."""
        return (f"mi({self.column})",)

    def matrix(self, data: pd.DataFrame, states: States, full: bool) -> NDArray[np.float64]:
        """Return the values with the mean in missing cells, shape (n_rows, 1)."""
        x = numbers(data, self.column, f"mi({self.column})")
        return np.where(np.isnan(x), self.mean, x)[:, None]

    def factor(self, data: pd.DataFrame, suffix: str) -> MissingFactor:
        """Return the factor on some rows; its missing cells are the same in every formula.

        Raises
        ------
        MissingDataError
            A value is missing in a row that is not a training row without one.
        """
        x = numbers(data, self.column, f"mi({self.column})")
        missing = np.isnan(x)
        ids = pd.Index(row_ids(data.index).astype(object))
        places = pd.Index(np.array(self.rows, dtype=object)).get_indexer(ids)
        codes = np.where(missing, places, -1).astype(np.intp)
        strange = missing & (places < 0)
        if strange.any():
            raise MissingDataError(
                f"Column {self.column!r} is missing in {rows_where(data.index, strange)}, and the fit "
                "has estimates for the missing values of its own rows only: give these rows a value, "
                "or refit with them among the data."
            )
        name = identifier(self.column)
        return MissingFactor(
            self.column, named(MISSING, name), f"{name}_missing",
            np.array(self.rows, dtype=np.str_), codes, np.where(missing, self.mean, x),
        )  # fmt: skip


def learn_imputed(column: str, data: pd.DataFrame) -> MissingCoding:
    """Learn where a covariate is missing.

    Raises
    ------
    DataError
        It holds no numbers, none at all, or too few different ones for a normal model.
    """
    x = numbers(data, column, f"mi({column})")
    missing = np.isnan(x)
    different = len(np.unique(x[~missing]))
    if different < FEWEST_VALUES:
        raise DataError(
            f"mi({column}) models the column as normal, and {column!r} has {different} different "
            "value(s): only numbers with more are covered. Give missing values a level of their own, "
            "or leave the rows out."
        )
    rows = tuple(row_ids(data.index)[missing].tolist())
    return MissingCoding(column, rows, float(x[~missing].mean()), float(x[~missing].std()))
