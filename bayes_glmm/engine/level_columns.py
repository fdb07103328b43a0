"""Columns of the predictor as the kernel reads them: by row, or once for each level of a group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.plan import Writer
from bayes_glmm.engine.records import COLUMN
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import PredictorDesign

type Array = NDArray[np.float64]
ROWS_A_LEVEL = 2.0
"""Rows of a level on average, from which on levels are worth reading instead of rows."""


def write_columns(mu: PredictorDesign, orders: Sequence[list[int]], writer: Writer) -> int:
    """Write a record for each coefficient; return where they begin.

    A column that has one value in each level of a group with an intercept, as a patient's sex has,
    moves that level's effect: ``z[g] b + u[g]`` is the same for all rows of level ``g``. Of several
    such groups the one with the fewest levels takes it.

    Parameters
    ----------
    orders : sequence of list of int
        Of each group, its terms in the order of the kernel.
    """
    X = mu.X - mu.centers
    homes = [
        (group.n_levels, number, group, order.index(term))
        for number, (group, order) in enumerate(zip(mu.groups, orders, strict=True))
        if (term := intercept_of(group)) is not None
        and group.n_levels * ROWS_A_LEVEL <= len(group.index)
    ]
    homes.sort(key=lambda home: home[:2])
    firsts = {number: _first_rows(group) for _, number, group, _ in homes}
    records = []
    for column in X.T:
        for _, number, group, term in homes:
            by_level = column[firsts[number]]
            if np.array_equal(by_level[group.index], column):
                at = writer.floats(by_level)
                records.append(COLUMN.words(group=number, term=term, at_values=at))
                break
        else:
            records.append(COLUMN.words(group=-1, at_values=writer.floats(column)))
    return writer.ints(records)


def intercept_of(group: GroupDesign) -> int | None:
    """Return which of a group's terms is a column of ones, if any is."""
    if group.Z is None:
        return 0
    ones = np.flatnonzero((group.Z == 1.0).all(axis=0))
    return int(ones[0]) if len(ones) else None


def _first_rows(group: GroupDesign) -> NDArray[np.intp]:
    """Return the first row of each level; that of the table for levels without rows."""
    first = np.zeros(group.n_levels, np.intp)
    first[group.index[::-1]] = np.arange(len(group.index))[::-1]
    return first
