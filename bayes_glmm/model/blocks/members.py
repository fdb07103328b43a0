"""Which levels each row has: one of them wholly, several with weights, or none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.block import Rows
from bayes_glmm.model.variables import INDEX, WEIGHTS, named

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OneLevel:
    """Every row has one level, and all of its effects.

    Attributes
    ----------
    index : ndarray of int32, shape (n_rows,)
        Position of each row's level; -1 where it is not among the levels.
    """

    stems: ClassVar[tuple[str, ...]] = (INDEX,)
    """Stems of its data in a graph."""
    whole: ClassVar[bool] = True
    """Whether a row has one level, wholly."""
    most: ClassVar[int] = 1
    """Most levels that one row has."""
    index: NDArray[np.int32]

    @property
    def shares(self) -> tuple[NDArray[np.int32], Array]:
        """Levels and how much of each a row has, both of shape (n_rows, n_members)."""
        return self.index[:, None], np.ones((len(self.index), 1))

    @property
    def length(self) -> Array | None:
        """Root of the sum of squares of a row's weights, shape (n_rows, 1); None: ones."""
        return None

    @property
    def used(self) -> NDArray[np.bool_]:
        """Whether a row has any of the group's effects."""
        return np.ones(len(self.index), bool)

    def counts(self, n_levels: int) -> NDArray[np.intp]:
        """Return the number of rows in which each level has weight."""
        index, weights = self.shares
        return np.bincount(index[(weights > 0) & (index >= 0)], minlength=n_levels)

    def average(self, n_levels: int) -> Array:
        """Return how much of each level a row has on average, shape (n_levels,)."""
        index, weights = self.shares
        known = np.where(index >= 0, weights, 0.0)
        return np.bincount(index.clip(0).ravel(), known.ravel(), n_levels) / len(index)

    def squares(self, values: Array, n_levels: int) -> Array:
        """Return sums over rows of the squares of weighted values, (n_levels, n_terms)."""
        index, weights = self.shares
        total = np.zeros((n_levels, values.shape[1]))
        for places, weight in zip(index.T, weights.T, strict=True):
            np.add.at(total, places, (weight[:, None] * values) ** 2)
        return total

    def of_rows(self, u: Any, Z: Any, maths: Maths) -> Any:
        """Return what effects add to each row, shape (..., n_rows)."""
        return maths.gather(u, self.index, Z)

    def at(self, index: NDArray[np.int32]) -> Self:
        """Return rows with other levels."""
        return replace(self, index=index)

    def take(self, rows: Rows) -> Self:
        """Return some of the rows."""
        return replace(self, index=self.index[rows])

    def with_data(self, name: str, graph: Graph) -> Self:
        """Return the rows whose levels are data of a graph."""
        return replace(self, index=graph.data(named(INDEX, name), self.index, "observation"))


@dataclass(frozen=True, eq=False)
class WeightedLevels(OneLevel):
    """A row has several levels, or has its one level only in part.

    Attributes
    ----------
    index : ndarray of int32, shape (n_rows, n_members)
    weights : ndarray, shape (n_rows, n_members)
        How much of each level's effect a row has, its levels being different.
    """

    stems: ClassVar[tuple[str, ...]] = (INDEX, WEIGHTS)
    whole: ClassVar[bool] = False
    weights: Array

    @property
    def most(self) -> int:  # type: ignore[override]
        """Most levels that one row has."""
        return self.weights.shape[1]

    @property
    def shares(self) -> tuple[NDArray[np.int32], Array]:
        """Levels and how much of each a row has, both of shape (n_rows, n_members)."""
        return self.index, self.weights

    @property
    def length(self) -> Array:
        """Root of the sum of squares of a row's weights, shape (n_rows, 1)."""
        return np.asarray(np.sqrt((self.weights**2).sum(axis=1, keepdims=True)))

    @property
    def used(self) -> NDArray[np.bool_]:
        """Whether a row has any of the group's effects."""
        return np.asarray(self.weights.any(axis=1))

    def of_rows(self, u: Any, Z: Any, maths: Maths) -> Any:
        """Return what effects add to each row, shape (..., n_rows)."""
        return maths.gather(u, self.index, Z, self.weights)

    def take(self, rows: Rows) -> Self:
        """Return some of the rows."""
        return replace(self, index=self.index[rows], weights=self.weights[rows])

    def with_data(self, name: str, graph: Graph) -> Self:
        """Return the rows whose levels and weights are data of a graph."""
        index = graph.data(named(INDEX, name), self.index)
        return replace(self, index=index, weights=graph.data(named(WEIGHTS, name), self.weights))
