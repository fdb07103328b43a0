"""The arrays of one linear predictor, and the blocks that it is the sum of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.blocks.block import Block, HasVariables, Rows
from bayes_glmm.model.blocks.fixed import FixedBlock
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.modelled import ModelledColumns
from bayes_glmm.model.blocks.smooth import SmoothDesign
from bayes_glmm.model.variables import BETA, INTERCEPT, Variable, in_formula


@dataclass(frozen=True, eq=False)
class PredictorBasis:
    """The columns of a predictor in the reference basis, see :mod:`.origin`.

    Attributes
    ----------
    X : ndarray, shape (n_rows, n_coefficients)
    modelled : ModelledColumns
    centers, scales : ndarray, shape (n_coefficients,)
        As those of the predictor.
    back : ndarray, shape (1 + n_coefficients, 1 + n_coefficients)
        Constant and coefficients on the table's scale from those in the reference basis.
    """

    X: NDArray[np.float64]
    modelled: ModelledColumns
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]
    back: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PredictorDesign:
    """The arrays of one linear predictor.

    Attributes
    ----------
    intercept : bool
    coefficients : tuple of str
        Labels of the columns of ``X``; the intercept is not one of them.
    X : ndarray, shape (n_rows, n_coefficients)
        In the user's units, not centred.
    centers : ndarray, shape (n_coefficients,)
        Column means over the training rows; zeros without an intercept.
    scales : ndarray, shape (n_coefficients,)
        Column standard deviations over the training rows.
    offset : ndarray, shape (n_rows,)
        Sum of the known terms on the link scale, ``log(exposure)`` included.
    groups : tuple of GroupDesign
    smooths : tuple of SmoothDesign
        What smooth terms add; their unpenalised columns are in ``X``.
    parameter : str
        What the predictor is of: ``"mu"``, or another parameter of the family.
    modelled : ModelledColumns
        Columns of ``X`` that depend on parameters: there ``X``, ``centers`` and
        ``scales`` have the values under equal steps, or with means in missing cells.
    category : str
        Of unordered categories that whose log odds against the first it is; else empty.
    boundary : str
        Of ordered categories the boundary that it alone moves; else empty.
    units : ndarray, shape (n_coefficients,), or None
        Standard deviation of each column over the training rows, numbers centred before they
        are multiplied: what default priors are scaled by.
    basis : PredictorBasis or None
        The columns with their numbers centred, where that is another basis.
    """

    intercept: bool
    coefficients: tuple[str, ...]
    X: NDArray[np.float64]
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]
    offset: NDArray[np.float64]
    groups: tuple[GroupDesign, ...] = ()
    parameter: str = "mu"
    smooths: tuple[SmoothDesign, ...] = ()
    modelled: ModelledColumns = ModelledColumns()
    category: str = ""
    boundary: str = ""
    units: NDArray[np.float64] | None = None
    basis: PredictorBasis | None = None

    @property
    def known(self) -> NDArray[np.float64]:
        """``X`` with zeros in the columns that depend on parameters."""
        if not self.modelled:
            return self.X
        X = self.X.copy()
        X[:, self.modelled.places] = 0.0
        return X

    @property
    def of_mean(self) -> bool:
        """Whether it is stated by the formula of the mean: of all, a category or a boundary."""
        return self.parameter == "mu" or bool(self.category or self.boundary)

    def name(self, stem: str) -> str:
        """Return a variable's name: ``"beta"``, or ``"beta_zi"`` in the formula of ``zi``."""
        return in_formula(stem, self.parameter)

    @property
    def beta(self) -> str:
        """Name of the coefficients."""
        return self.name(BETA)

    @property
    def intercept_name(self) -> str:
        """Name of the intercept."""
        return self.name(INTERCEPT)

    @property
    def fixed(self) -> FixedBlock:
        """The intercept and the coefficients as a block."""
        return FixedBlock(
            self.parameter, self.intercept, self.coefficients, self.known, self.centers,
            self.scales if self.units is None else self.units, self.modelled,
            moved=self.basis is not None,
            for_all=(bool(self.category), bool(self.category or self.boundary)),
        )  # fmt: skip

    @property
    def common(self) -> tuple[Block, ...]:
        """The blocks that a row has whatever its groups: covariates and smooths."""
        return (self.fixed, *self.smooths)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, in the order in which they are summed."""
        return (*self.common, *self.groups)

    def variables(self) -> tuple[Variable, ...]:
        """Return the variables of all its terms, in the order in which tables show them."""
        factors = self.modelled.factors
        parts: tuple[HasVariables, ...] = (*self.common, *factors, *self.groups)
        return tuple(v for part in parts for v in part.variables())

    def take(self, rows: Rows) -> PredictorDesign:
        """Return the predictor on some of its rows."""
        return replace(
            self,
            X=self.X[rows],
            offset=self.offset[rows],
            groups=tuple(g.take(rows) for g in self.groups),
            smooths=tuple(s.take(rows) for s in self.smooths),
            modelled=self.modelled.take(rows),
        )

    def group(self, name: str) -> GroupDesign:
        """Return the group of that name."""
        return next(g for g in self.groups if g.name == name)
