"""The interface of a block of a linear predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.variables import Variable

if TYPE_CHECKING:
    from bayes_glmm.model.blocks.factor import Hyper
    from bayes_glmm.model.graph_variables import Graph
    from bayes_glmm.model.prior_draws import PriorDraws
    from bayes_glmm.model.stated import Stated

type Values = Mapping[str, Any]
"""Variables by name: arrays whose first axes are draws, or symbolic ones of a graph."""
type Rows = slice | NDArray[np.intp]


class HasVariables(Protocol):
    """Anything that states variables: a block, a factor of a column, a predictor."""

    def variables(self) -> tuple[Variable, ...]:
        """Return them, in the order in which tables show them."""


class Block(ABC):
    """A part of a linear predictor: its variables, and what they add to the rows.

    A block holds known arrays only. Its variables are passed by name: one formula serves
    draws, stated numbers and the graph.
    """

    @abstractmethod
    def variables(self) -> tuple[Variable, ...]:
        """Return its variables, in the order in which tables show them."""

    @property
    @abstractmethod
    def names(self) -> frozenset[str]:
        """All names that its variables, dimensions and graph data can have, in any model."""

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

    @property
    @abstractmethod
    def hyper(self) -> tuple[Hyper, ...]:
        """Parameters besides the standard deviations."""

    @abstractmethod
    def hyper_name(self, hyper: Hyper) -> str:
        """Return the name of a parameter besides the standard deviations."""

    def hyper_values(self, values: Values) -> dict[str, Any]:
        """Return parameters besides the standard deviations by stem."""
        return {h.stem: values[self.hyper_name(h)] for h in self.hyper}

    def drawn_hyper(self, source: PriorDraws) -> dict[str, NDArray[np.float64]]:
        """Draw them from their priors, by stem, shape (n_draws,)."""
        return {h.stem: source.number(self.hyper_name(h)) for h in self.hyper}

    def stated_hyper(self, stated: Stated) -> dict[str, NDArray[np.float64]]:
        """Return stated ones by stem, as one draw, shape (1,)."""
        return {h.stem: stated.within(self.hyper_name(h), h.support)[None] for h in self.hyper}

    @abstractmethod
    def simulate(self, stated: Stated, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return stated effects, else effects drawn from stated standard deviations."""
