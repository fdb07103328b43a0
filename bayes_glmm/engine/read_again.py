"""Effects that rows read more than once: several levels in a row, or one level in several formulas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.group_view import GroupView
from bayes_glmm.model.blocks.group import GroupDesign

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ReadAgain(GroupView):
    """One reading of a group's effects: a place among the levels of each row, with its weight.

    Attributes
    ----------
    group : GroupDesign
        In the formula where the effects are read.
    member : int
        Which of a row's levels.
    of : int or None
        Number of the reading to which the effects belong, among all groups; None of that one itself.
    """

    member: int
    of: int | None

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return self.group.n_levels

    @property
    def index(self) -> NDArray[np.int32]:
        """The level of each row, shape (n_rows,); the first where a row has none."""
        index, _ = self.group.row_levels
        return np.ascontiguousarray(np.maximum(index[:, self.member], 0), np.int32)

    @property
    def Z(self) -> Array | None:
        """What the terms multiply on each row; None for ones alone."""
        if self.group.whole:
            return self.group.Z
        index, weights = self.group.row_levels
        own = np.where(index[:, self.member] >= 0, weights[:, self.member], 0.0)
        return np.asarray(own[:, None] * self.group.values)


def readings(group: GroupDesign, number: int, known: dict[str, int]) -> list[ReadAgain]:
    """Return all readings of a group's effects in one formula.

    Parameters
    ----------
    number : int
        Of the first among all groups.
    known : dict of str to int
        By name the numbers of groups whose effects are there already; this one is added.
    """
    first = known.setdefault(group.name, number)
    return [
        ReadAgain(group, member, None if number + member == first else first)
        for member in range(group.most_levels)
    ]
