"""Columns of X whose values depend on parameters: monotonic steps, missing cells."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.block import Rows, Values
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import INDEX, Variable, named

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph


@dataclass(frozen=True, eq=False)
class ModelledFactor(ABC):
    """A factor of such columns, on some rows.

    Attributes
    ----------
    column : str
        The column of the table.
    variable : str
        The parameters it depends on: ``"simplex_dose"``, ``"mi_bmi"``.
    dim : str
        Their dimension.
    labels : ndarray of str
        Along that dimension.
    codes : ndarray of int, shape (n_rows,)
        Which of the parameters each row's value depends on.
    values : ndarray, shape (n_rows,)
        Without the parameters: under equal steps, or with means in missing cells.
    """

    words: ClassVar[str]
    """What its column is, for reports: ``{0}`` stands for the column's name."""
    column: str
    variable: str
    dim: str
    labels: NDArray[np.str_]
    codes: NDArray[np.intp]
    values: NDArray[np.float64]

    @property
    def names(self) -> frozenset[str]:
        """What its variable, dimension and data of a graph may be named."""
        return frozenset({self.variable, self.dim, named(INDEX, self.variable)})

    @abstractmethod
    def variables(self) -> tuple[Variable, ...]:
        """Return its parameters, if it has any."""

    @abstractmethod
    def evaluated(self, drawn: Any, maths: Maths) -> Any:
        """Return the factor's values given its parameters, shape (..., n_rows).

        Parameters
        ----------
        drawn : array, shape (..., n_labels), or None
            None where there are no parameters.
        """

    @abstractmethod
    def read(self, stated: Stated) -> dict[str, NDArray[Any]]:
        """Return its parameters as a user stated them."""

    @abstractmethod
    def state(self, graph: Graph) -> None:
        """State parameters that have a prior of their own."""

    @abstractmethod
    def with_data(self, graph: Graph) -> Self:
        """Return the factor whose codes are data of a graph."""

    @abstractmethod
    def draw(self, source: PriorDraws) -> dict[str, NDArray[Any]]:
        """Draw parameters that have a prior of their own, shape (n_draws, n_labels)."""

    def take(self, rows: Rows) -> Self:
        """Return the factor on some of its rows."""
        return replace(self, codes=self.codes[rows], values=self.values[rows])


@dataclass(frozen=True, eq=False)
class ModelledColumn:
    """A column of X that is a product of modelled factors and of known values.

    Attributes
    ----------
    place : int
        Its place in ``X``, which holds its values at those of its factors.
    base : ndarray, shape (n_rows,)
        The known part of the product.
    factors : tuple of str
        Variables of its modelled factors.
    shifts : tuple of float
        What is taken off each of them before it is multiplied.
    """

    place: int
    base: NDArray[np.float64]
    factors: tuple[str, ...]
    shifts: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ModelledColumns:
    """All such columns of one predictor, and the factors that they are made of."""

    columns: tuple[ModelledColumn, ...] = ()
    factors: tuple[ModelledFactor, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.columns)

    @property
    def places(self) -> list[int]:
        """Their places in ``X``."""
        return [c.place for c in self.columns]

    def take(self, rows: Rows) -> ModelledColumns:
        """Return them on some of the rows."""
        columns = tuple(replace(c, base=c.base[rows]) for c in self.columns)
        return ModelledColumns(columns, tuple(f.take(rows) for f in self.factors))

    def with_data(self, graph: Graph) -> ModelledColumns:
        """Return the columns whose codes are data of a graph."""
        return replace(self, factors=tuple(f.with_data(graph) for f in self.factors))

    def keys(self) -> list[NDArray[np.float64]]:
        """Return columns, shape (n_rows, 1), in which rows with other values differ."""
        codes = [a for f in self.factors for a in (f.codes.astype(float), f.values)]
        return [a[:, None] for a in (*codes, *(c.base for c in self.columns))]

    def rows(self, beta: Any, values: Values, maths: Maths) -> Any:
        """Return what the columns add to the predictor, shape (..., n_rows).

        Parameters
        ----------
        beta : array, shape (..., n_coefficients)
        values : mapping of str to array, shape (..., n_labels)
            Parameters of the factors, by name.
        """
        known = {
            f.variable: f.evaluated(values[f.variable] if len(f.labels) else None, maths)
            for f in self.factors
        }
        return self.share(beta, known)

    def share(self, beta: Any, values: Mapping[str, Any]) -> Any:
        """Return what the columns add to the predictor.

        Parameters
        ----------
        beta : array, shape (..., n_coefficients)
        values : mapping of str to array, shape (..., n_rows)
            Of each factor, by its variable, as :meth:`ModelledFactor.evaluated` gives it.
        """
        total: Any = 0.0
        for column in self.columns:
            product: Any = column.base
            for name, shift in zip(column.factors, column.shifts, strict=True):
                product = product * (values[name] - np.float64(shift))
            total = total + beta[..., column.place, None] * product
        return total

    @property
    def variables(self) -> list[str]:
        """The parameters that the columns depend on; none of a column without missing cells."""
        return [f.variable for f in self.factors if len(f.labels)]


def identifier(column: str) -> str:
    """Return a column's name as a part of a variable's."""
    return re.sub(r"[^A-Za-z0-9_]", "_", column)
