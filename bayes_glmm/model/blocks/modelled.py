"""Columns of X whose values depend on parameters: monotonic steps, missing cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Rows = slice | NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class ModelledFactor:
    """A factor of such columns, on some rows.

    Attributes
    ----------
    kind : {"mo", "mi"}
    column : str
        The column of the table.
    variable : str
        The parameters it depends on: ``"simplex_dose"``, ``"mi_bmi"``.
    dim : str
        Their dimension.
    labels : ndarray of str
        Along that dimension: steps ``low|mid``, or rows whose value is missing.
    codes : ndarray of int, shape (n_rows,)
        Of ``mo`` each row's category from 0; of ``mi`` the position of its missing cell,
        -1 where the value is known.
    values : ndarray, shape (n_rows,)
        Where all steps are equal, and missing cells are the mean of the known ones.
    """

    kind: str
    column: str
    variable: str
    dim: str
    labels: NDArray[np.str_]
    codes: NDArray[np.intp]
    values: NDArray[np.float64]

    def evaluated(self, drawn: Any, maths: Any, codes: Any = None) -> Any:
        """Return the factor's values given its parameters.

        The one place that computes it: for draws with NumPy and for the graph with
        ``pytensor.tensor``.

        Parameters
        ----------
        drawn : array, shape (..., n_labels)
        maths : module
            ``numpy`` or ``pytensor.tensor``.
        codes : array, optional
            Symbolic ``codes``.

        Returns
        -------
        array, shape (..., n_rows)
        """
        codes = self.codes if codes is None else codes
        if self.kind == "mo":
            steps = float(len(self.labels)) * maths.cumsum(drawn, axis=-1)
            return maths.concatenate([0.0 * steps[..., :1], steps], axis=-1)[..., codes]
        if not len(self.labels):
            return self.values
        return maths.where(codes >= 0, drawn[..., maths.maximum(codes, 0)], self.values)

    def take(self, rows: Rows) -> ModelledFactor:
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

    def keys(self) -> list[NDArray[np.float64]]:
        """Return columns, shape (n_rows, 1), in which rows with other values differ."""
        codes = [a for f in self.factors for a in (f.codes.astype(float), f.values)]
        return [a[:, None] for a in (*codes, *(c.base for c in self.columns))]

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

    def share_of(self, beta: Any, drawn: Mapping[str, Any]) -> NDArray[np.float64]:
        """Return the same for draws, given those of the factors' parameters."""
        found = {f.variable: f.evaluated(drawn.get(f.variable), np) for f in self.factors}
        return np.asarray(self.share(beta, found))


def identifier(column: str) -> str:
    """Return a column's name as a part of a variable's."""
    return re.sub(r"[^A-Za-z0-9_]", "_", column)
