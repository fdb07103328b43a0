"""The predictors of a model in the kernel's order, and the coefficients of each.

The mean's intercept has a place of its own; that of any other predictor is the coefficient of a column
of ones. Columns are centred, and priors of intercepts are at the covariates' means.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design, PredictorDesign

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Linear:
    """A predictor, and its coefficients as the kernel numbers them.

    Attributes
    ----------
    number : int
        Zero is the mean.
    intercept : bool
        Whether the first coefficient is the intercept, which the mean's is not.
    names : tuple of str
        Of the coefficients' priors.
    """

    predictor: PredictorDesign
    number: int
    intercept: bool
    names: tuple[str, ...]

    @classmethod
    def of(cls, predictor: PredictorDesign, number: int) -> Linear:
        """Number a predictor."""
        ones = number > 0 and predictor.intercept
        first = (predictor.intercept_name,) if ones else ()
        names = (*first, *(f"{predictor.beta}[{c}]" for c in predictor.coefficients))
        return cls(predictor, number, ones, names)

    @property
    def columns(self) -> Array:
        """The column of each coefficient, shape (n_rows, n_names)."""
        X = self.predictor.X - self.predictor.centers
        return np.concatenate([np.ones((len(X), int(self.intercept))), X], axis=1)


def linears(design: Design) -> tuple[Linear, ...]:
    """Return the predictors: the mean's, then the others by name."""
    others = sorted(set(design.predictors) - {design.mu.parameter})
    ordered = (design.mu, *(design.predictors[name] for name in others))
    return tuple(Linear.of(p, number) for number, p in enumerate(ordered))


def all_groups(design: Design) -> list[tuple[int, GroupDesign]]:
    """Return the groups of all predictors, with the number of the predictor that each is in."""
    return [(one.number, group) for one in linears(design) for group in one.predictor.groups]


def coefficient_names(design: Design) -> list[str]:
    """Return the names of the priors of all coefficients, the mean's intercept apart."""
    return [name for one in linears(design) for name in one.names]


def shared(design: Design) -> list[str]:
    """Return the groups whose effects several predictors have."""
    found = Counter(group.name for p in design.predictors.values() for group in p.groups)
    return [name for name, times in found.items() if times > 1]
