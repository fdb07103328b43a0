"""Columns of the predictor as the kernel reads them: by row, or once for each level of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.linear import Tied, all_groups, linears, order_of
from bayes_glmm.engine.plan import Writer
from bayes_glmm.engine.records import COLUMN
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design

type Array = NDArray[np.float64]
ROWS_A_LEVEL = 2.0
"""Rows of a level on average, from which on levels are worth reading instead of rows."""


def write_columns(design: Design, writer: Writer) -> dict[str, float]:
    """Write a record for each coefficient, those of smooths last; return the header's fields.

    A column that has one value in each level of a group with an intercept, as a patient's sex has,
    moves that level's effect: ``z[g] b + u[g]`` is the same for all rows of level ``g``. Of several
    such groups of its predictor the one with the fewest levels takes it.
    """
    groups = list(enumerate(all_groups(design)))
    homes = [
        _Home.of(number, at, group)
        for number, (at, group) in groups
        if isinstance(group, GroupDesign)
    ]
    known = sorted((home for home in homes if home is not None), key=lambda home: home.size)
    records = [
        _record(column, one.number, known, writer)
        for one in linears(design)
        for column in one.columns.T
    ]
    records += [
        COLUMN.words(predictor=at, group=number, level=level, at_values=writer.floats(column))
        for number, (at, group) in groups
        if isinstance(group, Tied)
        for level, column in enumerate(group.columns.T)
    ]
    return {"slopes": len(records), "at_fixed": writer.ints(records)}


@dataclass(frozen=True, eq=False)
class _Home:
    """A group whose levels' effects can be moved: its number, predictor, term, and first rows."""

    number: int
    predictor: int
    term: int
    index: NDArray[np.integer]
    first: NDArray[np.intp]

    @classmethod
    def of(cls, number: int, predictor: int, group: GroupDesign) -> _Home | None:
        term = intercept_of(group)
        if term is None or group.n_levels * ROWS_A_LEVEL > len(group.index):
            return None
        place = order_of(group).index(term)
        return cls(number, predictor, place, group.index, _first_rows(group))

    @property
    def size(self) -> tuple[int, int]:
        return len(self.first), self.number


def _record(
    column: Array, predictor: int, homes: Sequence[_Home], writer: Writer
) -> NDArray[np.int64]:
    for home in (home for home in homes if home.predictor == predictor):
        by_level = column[home.first]
        if np.array_equal(by_level[home.index], column):
            at = writer.floats(by_level)
            return COLUMN.words(
                predictor=predictor, group=home.number, term=home.term, level=-1, at_values=at
            )
    return COLUMN.words(predictor=predictor, group=-1, level=-1, at_values=writer.floats(column))


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
