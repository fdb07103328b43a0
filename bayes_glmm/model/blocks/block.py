"""What every block of a linear predictor states about itself, in its own file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.variables import Variable

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph
    from bayes_glmm.model.prior_draws import PriorDraws
    from bayes_glmm.model.stated import Stated

type Values = Mapping[str, Any]
"""Variables by name: arrays whose first axes are draws, or symbolic ones of a graph."""
type Rows = slice | NDArray[np.intp]


class HasVariables(Protocol):
    """What states variables: a block, a factor of a column, a whole predictor."""

    def variables(self) -> tuple[Variable, ...]:
        """Return them, in the order in which tables show them."""


class Block(ABC):
    """A part of a linear predictor: its variables, and what they add to the rows.

    The arrays of a block are known. Its variables are arguments, by their names, so that one
    formula serves draws, stated numbers and the graph.
    """

    @abstractmethod
    def variables(self) -> tuple[Variable, ...]:
        """Return its variables, in the order in which tables show them."""

    @property
    @abstractmethod
    def names(self) -> frozenset[str]:
        """What its variables, dimensions and data of a graph may be named, in any model."""

    @abstractmethod
    def rows(self, values: Values, maths: Maths) -> Iterator[Any]:
        """Yield what each part of the block adds to the rows, shape (..., n_rows).

        Parameters
        ----------
        values : mapping of str to array, shape (..., variable's own)
        maths : Maths
            Functions of the arrays' library.
        """

    @abstractmethod
    def state(self, graph: Graph) -> None:
        """State its variables in a PyMC graph, with their priors, into ``graph.values``."""

    @abstractmethod
    def with_data(self, graph: Graph) -> Self:
        """Return the block whose arrays are data of a PyMC graph."""

    @abstractmethod
    def draw(self, source: PriorDraws) -> dict[str, NDArray[Any]]:
        """Draw its variables from their priors, shape (n_draws, ...)."""

    @abstractmethod
    def read(self, stated: Stated) -> dict[str, NDArray[Any]]:
        """Return its variables as a user stated them; effects that are not stated are zero."""

    @abstractmethod
    def take(self, rows: Rows) -> Self:
        """Return the block on some of its rows."""


class RandomBlock(Block):
    """A block of effects that have a distribution, with standard deviations as its scale."""

    @property
    @abstractmethod
    def sd(self) -> str:
        """Name of the standard deviations."""

    @property
    @abstractmethod
    def effects(self) -> str:
        """Name of the effects."""

    @abstractmethod
    def simulate(self, stated: Stated, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return stated effects, else effects drawn from stated standard deviations."""
