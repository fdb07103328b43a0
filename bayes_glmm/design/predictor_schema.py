"""What is learned about one linear predictor: its columns, where they are centred, its groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.groups.group_schema import GroupSchema
from bayes_glmm.design.groups.learn_groups import learn_groups, learn_shared
from bayes_glmm.design.terms.full_rank import Columns, expand, labels
from bayes_glmm.design.terms.origin import (
    Codings,
    Part,
    Shift,
    centrable,
    moments,
    origin_of,
    shift_of,
)
from bayes_glmm.design.terms.stateful import State
from bayes_glmm.errors import DataError, SpecError, listed
from bayes_glmm.model.design import PredictorBasis
from bayes_glmm.model.row_weights import Weights
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import Factor


@dataclass(frozen=True, eq=False)
class LearnedBasis:
    """What was learned about the columns of a predictor in the reference basis.

    Attributes
    ----------
    shift : Shift
    ones : bool
        Whether the constant is in the model, as an intercept or thresholds.
    centers, scales : ndarray, shape (n_coefficients,)
        Means and standard deviations of the columns over the training rows.
    """

    shift: Shift
    ones: bool
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PredictorSchema:
    """What was learned about one linear predictor.

    Attributes
    ----------
    intercept : bool
    coefficients : tuple of str
        Labels of the columns of ``X``.
    parts : tuple of Part
        The products that make the columns.
    centers, scales : ndarray, shape (n_coefficients,)
        Means (zeros without an intercept or thresholds) and standard deviations (dividing by
        n_rows) of the columns over the training rows.
    groups : tuple of GroupSchema
    units : ndarray, shape (n_coefficients,), or None
        Standard deviations of the columns with their numbers centred before they are multiplied.
    basis : LearnedBasis or None
        How columns with centred numbers are made, where that is another basis.
    """

    intercept: bool
    coefficients: tuple[str, ...]
    parts: tuple[Part, ...]
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]
    groups: tuple[GroupSchema, ...]
    units: NDArray[np.float64] | None = None
    basis: LearnedBasis | None = None


def learn_origins(
    data: pd.DataFrame, codings: Codings, states: Mapping[str, State], weights: Weights
) -> tuple[Columns, dict[Factor, tuple[float, ...]]]:
    """Learn where numbers are centred; return also the columns that know it."""
    plain = Columns(data, codings, states)
    origins = {
        factor: origin_of(plain.factor(factor), weights)
        for factor, coding in codings.items()
        if centrable(coding)
    }
    return Columns(data, codings, states, origins), origins


def learn_predictor(
    parameter: str,
    predictor: Predictor,
    data: pd.DataFrame,
    cells: Columns,
    weights: Weights,
    cut: bool,
) -> PredictorSchema:
    """Learn the columns and groups of one formula; with ``cut``, thresholds are its constant."""
    if cut and not predictor.intercept:
        raise SpecError(
            "Thresholds take the place of the intercept: leave 0 + out of the formula of an "
            "ordered response."
        )
    codings, ones = cells.codings, predictor.intercept
    parts = expand(ones, predictor.terms, codings)
    names = tuple(label for part in parts for label in labels(part, codings))
    _refuse_twice(names)
    groups = learn_groups(predictor.random, data, cells, weights, parameter)
    centers, scales = moments(cells.matrix(parts), weights)
    units = scales
    if any(len(part) > 1 for part in parts):
        units = moments(cells.matrix(parts, centred=cells.numbers(parts)), weights)[1]
    shift, basis = shift_of(parts, ones, codings, cells.origins), None
    if names and (shift.mixes or any(g.shift is not None for g in groups)):
        own = moments(cells.matrix(parts, centred=shift.centred), weights)
        basis = LearnedBasis(shift, ones, own[0] * ones, own[1])
    return PredictorSchema(
        ones and not cut, names, parts, centers * ones, scales, groups, units, basis
    )  # fmt: skip


def basis_on_rows(learned: PredictorSchema, cells: Columns, suffix: str) -> PredictorBasis | None:
    """Return the columns of a predictor in the reference basis, where that is another."""
    if learned.basis is None:
        return None
    shift = learned.basis.shift
    return PredictorBasis(
        cells.matrix(learned.parts, centred=shift.centred),
        cells.modelled(learned.parts, suffix, shift.centred),
        learned.basis.centers,
        learned.basis.scales,
        shift.back,
    )


def with_shared(
    learned: Mapping[str, PredictorSchema],
    stated: Mapping[str, Predictor],
    data: pd.DataFrame,
    cells: Columns,
    weights: Weights,
    covariates: Mapping[str, PredictorSchema],
) -> dict[str, PredictorSchema]:
    """Add the groups that several formulas share, refusing two groups of one name."""
    plain = [g.name for p in (*learned.values(), *covariates.values()) for g in p.groups]
    shared = learn_shared(stated, data, cells, weights, set(plain))
    joint = {id(g): g.name for groups in shared.values() for g in groups}
    twice = [name for name, n in Counter([*plain, *joint.values()]).items() if n > 1]
    if twice:
        raise SpecError(
            f"Groups of different formulas would both be named {twice[0]!r}: rename a column."
        )
    return {
        name: replace(p, groups=(*p.groups, *shared[name])) if shared[name] else p
        for name, p in learned.items()
    }


def _refuse_twice(names: Iterable[str]) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise DataError(f"Several coefficients would be named {listed(twice)}: rename a column.")
