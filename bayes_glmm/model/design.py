"""What the data say to the model: labelled arrays, group indices, no PyMC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.maths.kernels import density
from bayes_glmm.model.blocks.group import TOLD, GroupDesign
from bayes_glmm.model.blocks.modelled import ModelledColumns, ModelledFactor
from bayes_glmm.model.thresholds import Cuts, boundaries
from bayes_glmm.model.variables import BETA, EFFECTS, INTERCEPT, SD, in_formula, named
from bayes_glmm.structures import Hyper

type Stack = Callable[..., Any]


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
class Waves:
    """What makes the coefficients of a basis of waves differ in size.

    Attributes
    ----------
    kernel : str
    frequency : ndarray, shape (n_basis,)
    dimension : int
    """

    kernel: str
    frequency: NDArray[np.float64]
    dimension: int


@dataclass(frozen=True, eq=False)
class SmoothDesign:
    """The penalised columns of one smooth term.

    Attributes
    ----------
    name : str
        ``"s_x"``, ``"t2_x_z"``, ``"hsgp_x"``.
    label : str
        The term as written.
    basis : ndarray, shape (n_rows, n_basis)
    part : ndarray of int, shape (n_basis,)
        Which standard deviation each coefficient has.
    parts : tuple of str
        Labels of the standard deviations.
    waves : Waves or None
        Of a Gaussian process.
    hyper : tuple of Hyper
        Its parameters besides the standard deviation.
    """

    name: str
    label: str
    basis: NDArray[np.float64]
    part: NDArray[np.intp]
    parts: tuple[str, ...]
    waves: Waves | None = None
    hyper: tuple[Hyper, ...] = ()

    @property
    def sd(self) -> str:
        """Name of the standard deviations."""
        return named(SD, self.name)

    @property
    def effects(self) -> str:
        """Name of the coefficients of the penalised columns."""
        return named(EFFECTS, self.name)

    def hyper_name(self, hyper: Hyper) -> str:
        """Return the name of a parameter besides the standard deviation."""
        return named(hyper.stem, self.name)

    def scales(self, hyper: Mapping[str, Any], maths: Maths) -> Any:
        """Return the coefficients' sizes in units of their standard deviation, or one."""
        if self.waves is None:
            return np.float64(1)
        kernel, frequency, dimension = vars(self.waves).values()
        return maths.sqrt(density(kernel, frequency, hyper["range"], maths, dimension))

    @property
    def told(self) -> NDArray[np.float64]:
        """Roughly how much the rows say about each coefficient, from zero to one."""
        typical = self.scales({h.stem: h.prior.median for h in self.hyper}, NUMPY)
        weight = (self.basis**2).sum(axis=0) * typical**2
        return weight / (weight + TOLD)

    def draw(
        self, sd: NDArray[Any], hyper: Mapping[str, NDArray[Any]], rng: np.random.Generator
    ) -> NDArray[Any]:
        """Draw coefficients given their sds, shape (n_draws, n_basis).

        Parameters
        ----------
        sd : ndarray, shape (n_draws, n_parts)
        hyper : mapping of str to ndarray, shape (n_draws,)
        rng : numpy.random.Generator
        """
        columns = {stem: np.asarray(value)[:, None] for stem, value in hyper.items()}
        sizes = sd[:, self.part] * self.scales(columns, NUMPY)
        return np.asarray(sizes * rng.standard_normal(sizes.shape))


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

    def group(self, name: str) -> GroupDesign:
        """Return the group of that name."""
        return next(g for g in self.groups if g.name == name)


@dataclass(frozen=True, eq=False)
class CovariateDesign:
    """The model of a covariate with missing values: normal, with a predictor of its mean.

    Attributes
    ----------
    column : str
    predictor : PredictorDesign
        Its ``parameter`` is the column's identifier: ``intercept_bmi``.
    factor : ModelledFactor
        Known values and places of missing cells.
    mean, sd : float
        Of the known values.
    """

    column: str
    predictor: PredictorDesign
    factor: ModelledFactor
    mean: float
    sd: float

    @property
    def known(self) -> NDArray[np.intp]:
        """Places of the rows whose value is known."""
        return np.flatnonzero(self.factor.codes < 0)

    @property
    def missing(self) -> NDArray[np.intp]:
        """Places of the rows without a value, in the order of ``factor.labels``."""
        rows = np.flatnonzero(self.factor.codes >= 0)
        return rows[np.argsort(self.factor.codes[rows])]


@dataclass(frozen=True, eq=False)
class Design:
    """All arrays of a model on some rows.

    Attributes
    ----------
    rows : ndarray of str, shape (n_rows,)
        Row identifiers: the table's index as text.
    predictors : mapping of str to PredictorDesign
    response : ndarray, shape (n_rows,), or (n_rows, n_categories), or None
        A column for each part of a composition; ``None`` for new rows without a response.
    trials : ndarray, shape (n_rows,), or None
        Numbers of trials where the family has them.
    family, link : str
    categories : tuple of str
        Labels of a categorical response's codes 0, 1, ..., or of its columns; else empty.
    modifiers : mapping of str to ndarray, shape (n_rows,)
        How each row was observed, see :mod:`.modifiers`.
    covariates : mapping of str to CovariateDesign
        Models of columns with missing values; empty where only answers are wanted.
    cuts : Cuts or None
        Which thresholds each row has, where groups have their own.
    """

    rows: NDArray[np.str_]
    predictors: Mapping[str, PredictorDesign]
    response: NDArray[np.float64] | None
    trials: NDArray[np.float64] | None
    family: str
    link: str
    categories: tuple[str, ...] = ()
    modifiers: Mapping[str, NDArray[np.float64]] = MappingProxyType({})
    covariates: Mapping[str, CovariateDesign] = MappingProxyType({})
    cuts: Cuts | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "modifiers", MappingProxyType(dict(self.modifiers)))
        object.__setattr__(self, "predictors", MappingProxyType(dict(self.predictors)))

    @property
    def every(self) -> tuple[PredictorDesign, ...]:
        """Linear predictors of the family's parameters, and of covariates."""
        return (*self.predictors.values(), *(c.predictor for c in self.covariates.values()))

    @property
    def mu(self) -> PredictorDesign:
        """Arrays of the predictor of the conditional mean; of the second category if unordered."""
        return self.means[0]

    @property
    def means(self) -> tuple[PredictorDesign, ...]:
        """Predictors of the mean: one, or one for each unordered category but the first."""
        return tuple(p for p in self.predictors.values() if p.of_mean)

    def joined(self, eta: Mapping[str, Any], stack: Stack) -> Any:
        """Return the predictor of the mean, those of categories stacked on a last axis.

        Parameters
        ----------
        eta : mapping of str to array
            By parameter.
        stack : callable
            The library's function, as ``numpy.stack``.
        """
        if not self.mu.category:
            return eta["mu"]
        return stack([eta[p.parameter] for p in self.means], axis=-1)

    @property
    def specific(self) -> tuple[PredictorDesign, ...]:
        """Predictors of single boundaries between ordered categories, ``cs()``; else none."""
        return tuple(p for p in self.predictors.values() if p.boundary)

    def moved(self, own: Mapping[str, Any], eta: Mapping[str, Any], stack: Stack) -> dict[str, Any]:
        """Return the family's parameters with each row's thresholds: its group's, or moved.

        Groups with thresholds of their own add ``places``, see :class:`.Cuts`; single
        boundaries are moved by ``cs()``.
        """
        if self.cuts is not None:
            return {**own, **self.cuts.of_rows(own["threshold"])}
        if not self.specific:
            return dict(own)
        by = stack([eta[p.parameter] for p in self.specific], axis=-1)
        return {**own, "threshold": own["threshold"] - by}

    def threshold_centre(self, beta: Callable[[str], Any], stack: Stack) -> Any:
        """Return what the coefficients make of the covariates' means, where thresholds have priors.

        Parameters
        ----------
        beta : callable
            Gives coefficients by their variable's name, shape (..., n_coefficients).

        Returns
        -------
        array, shape (...), or (..., n_boundaries) with ``cs()``
        """
        whole: Any = beta("beta") @ self.mu.centers if self.mu.coefficients else np.float64(0)
        if not self.specific:
            return whole
        each = stack([beta(p.name("beta")) @ p.centers for p in self.specific], axis=-1)
        return each + (whole[..., None] if self.mu.coefficients else whole)

    @property
    def stated(self) -> frozenset[str]:
        """Parameters that are not one number to estimate: they have a formula, or are known."""
        return frozenset(self.predictors) | ({"sigma"} if "se" in self.modifiers else set())

    @property
    def boundaries(self) -> tuple[str, ...]:
        """Labels of the thresholds: ``low|mid``, or ``item1: low|mid`` where groups have their own."""
        return tuple(boundaries(self.categories)) if self.cuts is None else self.cuts.labels

    @property
    def ladders(self) -> tuple[slice, ...]:
        """Which thresholds follow one another: all of them, or those of each group."""
        if self.cuts is None:
            return (slice(0, len(self.categories) - 1),)
        return self.cuts.ladders

    @property
    def groups(self) -> tuple[GroupDesign, ...]:
        """Random effects of all predictors, those of the mean first.

        Effects that several predictors share come once, with all values in ``Z``.
        """
        found: dict[str, GroupDesign] = {}
        for group in (g for p in self.every for g in p.groups):
            before = found.get(group.name)
            found[group.name] = (
                group if before is None else replace(before, Z=before.values + group.values)
            )
        return tuple(found.values())

    @property
    def smooths(self) -> tuple[SmoothDesign, ...]:
        """Smooth terms of all predictors, those of the mean first."""
        return tuple(s for p in self.predictors.values() for s in p.smooths)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.rows)
