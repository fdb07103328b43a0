"""Thresholds of ordered categories that every group has for itself, ``thres(gr = item)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import learned_codes, levels_of, pick
from bayes_glmm.errors import DataError, SpecError, listed
from bayes_glmm.model.thresholds import Cuts
from bayes_glmm.spec.terms import Call, Variable


@dataclass(frozen=True)
class Thresholds:
    """What was learned about groups with thresholds of their own.

    Attributes
    ----------
    column : str
    levels : tuple of str
        Names of the groups.
    seen : tuple of tuple of int
        Of each group the codes of the categories that its training rows are in, rising.
    """

    column: str
    levels: tuple[str, ...]
    seen: tuple[tuple[int, ...], ...]

    def apply(self, data: pd.DataFrame, categories: tuple[str, ...]) -> Cuts:
        """Return which thresholds some rows have.

        Raises
        ------
        UnknownLevelError
            A group that was not learned: nothing is known of its thresholds.
        """
        what = f"The column {self.column!r} of thres()"
        way = "A group has no thresholds before its responses are seen."
        index = learned_codes(data, self.column, self.levels, what, way)
        return Cuts(self.levels, self.seen, categories, index)


def learn_thresholds(
    call: Call, data: pd.DataFrame, response: NDArray[np.intp], categories: tuple[str, ...]
) -> Thresholds:
    """Learn which categories each group has.

    Parameters
    ----------
    call : Call
        ``thres(column)``.
    response : ndarray of int, shape (n_rows,)
        Codes of the categories.

    Raises
    ------
    SpecError
        The argument is no column.
    DataError
        Responses of a group are all in one category: it has no boundary.
    """
    match call.arguments:
        case (Variable(column),):
            codes, found = levels_of(pick(data, column), column)
        case _:
            raise SpecError("thres() takes one column: thres(gr = item).")
    counts = np.zeros((len(found), len(categories)), np.intp)
    np.add.at(counts, (codes, response), 1)
    single = np.flatnonzero((counts > 0).sum(axis=1) < 2)
    if len(single):
        named = [
            f"{str(found[g])!r} (all {categories[int(np.argmax(counts[g]))]!r})" for g in single
        ]
        s = "s" * (len(named) > 1)
        raise DataError(
            f"thres({column}) gives each level of {column!r} boundaries between its categories, and "
            f"the level{s} {listed(named)} {'have' if s else 'has'} one category: remove these "
            "rows, or join the level to another."
        )
    seen = tuple(tuple(np.flatnonzero(row).tolist()) for row in counts)
    return Thresholds(column, tuple(found.tolist()), seen)
