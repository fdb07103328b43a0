"""Thresholds of ordered categories that every group has for itself, ``thres(gr = item)``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.columns import learned_codes, levels_of, pick
from bayes_glmm.errors import DataError, SpecError, listed
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


@dataclass(frozen=True, eq=False)
class Cuts:
    """Which thresholds each row has, those of all groups being one vector.

    Attributes
    ----------
    levels, seen
        As in :class:`Thresholds`.
    categories : tuple of str
        Labels of all categories.
    index : ndarray of int, shape (n_rows,)
        Position of each row's group in ``levels``.
    """

    levels: tuple[str, ...]
    seen: tuple[tuple[int, ...], ...]
    categories: tuple[str, ...]
    index: NDArray[np.intp]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the thresholds: ``item1: low|mid``."""
        return tuple(
            f"{level}: {self.categories[a]}|{self.categories[b]}"
            for level, seen in zip(self.levels, self.seen, strict=True)
            for a, b in pairwise(seen)
        )

    @property
    def ladders(self) -> tuple[slice, ...]:
        """Where the thresholds of each group are."""
        ends = accumulate((len(seen) - 1 for seen in self.seen), initial=0)
        return tuple(slice(a, b) for a, b in pairwise(ends))

    @cached_property
    def grid(self) -> NDArray[np.intp]:
        """Thresholds of each group in order, shape (n_groups, most); the last is repeated."""
        most = max(run.stop - run.start for run in self.ladders)
        return np.array([
            np.minimum(np.arange(run.start, run.start + most), run.stop - 1)
            for run in self.ladders
        ])  # fmt: skip

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Number of each category among those of a group, -1 where it has none; by group."""
        found = np.full((len(self.levels), len(self.categories)), -1)
        for row, seen in zip(found, self.seen, strict=True):
            row[list(seen)] = np.arange(len(seen))
        return found

    def of_rows(self, threshold: Any) -> Mapping[str, Any]:
        """Return what each row has of the thresholds, shape (..., n_thresholds).

        Returns
        -------
        mapping
            ``threshold``, shape (..., n_rows, most): beyond a group's own ones stand
            others, rising, which belong to no category; and ``places`` of the categories
            among those of the row's group, shape (..., n_rows, n_categories).
        """
        if threshold.ndim > 1:  # draws, whose thresholds have an axis for rows
            threshold = threshold[..., 0, :]
        beyond = np.arange(self.grid.shape[1]) - (self.places.max(axis=1)[:, None] - 1)
        filled = threshold[..., self.grid] + np.maximum(beyond, 0.0)
        places = self.places[self.index]
        return {
            "threshold": filled[..., self.index, :],
            "places": places.reshape((1,) * (threshold.ndim - 1) + places.shape),
        }

    def take(self, rows: NDArray[np.intp] | slice) -> Cuts:
        """Return the cuts of some rows."""
        return replace(self, index=self.index[rows])
