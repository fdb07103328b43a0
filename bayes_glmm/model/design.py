"""What the data say to the model: labelled arrays, group indices, no PyMC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.blocks.block import Block
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.missing_covariate import CovariateDesign
from bayes_glmm.model.blocks.smooth import SmoothDesign
from bayes_glmm.model.predictor_design import PredictorBasis, PredictorDesign
from bayes_glmm.model.thresholds import Cuts, boundaries

__all__ = ["CovariateDesign", "Design", "PredictorBasis", "PredictorDesign"]

type Stack = Callable[..., Any]


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
        whole: Any = beta(self.mu.beta) @ self.mu.centers if self.mu.coefficients else np.float64(0)
        if not self.specific:
            return whole
        each = stack([beta(p.beta) @ p.centers for p in self.specific], axis=-1)
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
    def blocks(self) -> tuple[Block, ...]:
        """All blocks of all predictors, each once: covariates, then smooths, then groups."""
        return (*(p.fixed for p in self.every), *self.smooths, *self.groups)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.rows)
