"""Boundaries between ordered categories: their labels, and which of them each row has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray


def boundaries(categories: Sequence[str]) -> list[str]:
    """Return labels of the boundaries between neighbouring categories: ``low|mid``."""
    return [f"{a}|{b}" for a, b in pairwise(categories)]


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


class SingleBoundaries:
    """What single boundaries between ordered categories are moved by, ``cs()``."""

    def lack(self, capability: str) -> str | None:
        """Return why they lack a capability and the way out; ``None`` where they have it."""
        if capability == "common_boundaries":
            return (
                "cs() moves single boundaries, and no one predictor of all: compare probabilities with "
                "comparisons(), or read the coefficients in summary()."
            )
        return None
