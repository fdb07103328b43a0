"""The predictors of a model in the kernel's order, and the coefficients of each.

The mean's intercept has a place of its own; that of any other predictor is the coefficient of a column
of ones. Columns are centred, and priors of intercepts are at the covariates' means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.read_again import ReadAgain, readings
from bayes_glmm.engine.related_levels import Law, Related, Rest
from bayes_glmm.model.blocks.chain import Chain
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.smooth import SmoothDesign
from bayes_glmm.model.design import Design, PredictorDesign

type Array = NDArray[np.float64]
type Grouped = GroupDesign | ReadAgain | Related | Rest | Tied
"""What the kernel knows as a group."""


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


@dataclass(frozen=True, eq=False)
class Tied:
    """Coefficients of a smooth that share a standard deviation, as a group without rows.

    Each of its levels is the coefficient of a column of its own.

    Attributes
    ----------
    smooth : SmoothDesign
    part : int
        Which of the smooth's standard deviations.
    """

    smooth: SmoothDesign
    part: int

    @property
    def name(self) -> str:
        """That of the smooth."""
        return self.smooth.name

    @property
    def terms(self) -> tuple[str, ...]:
        """The label of the standard deviation."""
        return (self.smooth.parts[self.part],)

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """One term alone."""
        return ((0,),)

    @property
    def places(self) -> NDArray[np.intp]:
        """Which of the smooth's coefficients these are."""
        return np.flatnonzero(self.smooth.part == self.part)

    @property
    def n_levels(self) -> int:
        """How many they are."""
        return len(self.places)

    @property
    def columns(self) -> Array:
        """The column of each, shape (n_rows, n_levels)."""
        return self.smooth.basis[:, self.places]

    @property
    def hyper(self) -> tuple[str, ...]:
        """Name of the range of a smooth by waves."""
        return tuple(self.smooth.hyper_name(h) for h in self.smooth.hyper)

    @property
    def law(self) -> Law | None:
        """The variances of waves, by their range; None where all are one."""
        spectrum = self.smooth.spectrum
        if spectrum is None:
            return None
        nodes = np.arange(self.n_levels)
        frequency = spectrum.frequency[self.places]
        chain = Chain.waves(spectrum.kernel, frequency, spectrum.dimension)
        return Law(nodes, nodes, nodes, None, 0.0, chain)

    @property
    def sizes(self) -> Array:
        """The size of what the standard deviation multiplies."""
        return np.ones(1)


def linears(design: Design) -> tuple[Linear, ...]:
    """Return the predictors: the mean's, then the others by name."""
    others = sorted(set(design.predictors) - {design.mu.parameter})
    ordered = (design.mu, *(design.predictors[name] for name in others))
    return tuple(Linear.of(p, number) for number, p in enumerate(ordered))


def all_groups(design: Design) -> list[tuple[int, Grouped]]:
    """Return the effects of all predictors, each with the number of its predictor.

    Groups come first, then the coefficients of smooths.
    """
    groups: list[tuple[int, Grouped]] = []
    again, known = shared(design), dict[str, int]()
    for one in linears(design):
        for group in one.predictor.groups:
            if group.name in again or not group.whole:
                found = readings(group, len(groups), known)
                groups += [(one.number, reading) for reading in found]
                continue
            related = Related(group) if group.structure else None
            groups.append((one.number, related or group))
            if related and related.law.own is not None:
                groups.append((one.number, Rest(related)))
    tied: list[tuple[int, Grouped]] = [
        (one.number, Tied(smooth, part))
        for one in linears(design)
        for smooth in one.predictor.smooths
        for part in range(len(smooth.parts))
    ]
    return [*groups, *tied]


def order_of(group: Grouped) -> list[int]:
    """Return the terms of a group in the order of its blocks."""
    return [t for members in group.blocks for t in members]


def scale_size(group: Grouped) -> int:
    """Return the number of coordinates of a group before its effects.

    They are those of scales, of correlations, and of a field's parameter.
    """
    if reads(group):
        return 0
    free = sum(len(b) * (len(b) - 1) // 2 for b in group.blocks)
    return len(scale_names(group)) + free + len(hypers(group))


def reads(group: Grouped) -> bool:
    """Whether a group has no effects of its own, but those of a group before it."""
    return isinstance(group, ReadAgain) and group.of is not None


def n_effects(group: Grouped) -> int:
    """Return the number of coordinates of a group's own effects."""
    return 0 if reads(group) else group.n_levels * len(group.terms)


def scale_names(group: Grouped) -> list[str]:
    """Return the names of a group's standard deviations in the order of its blocks."""
    if isinstance(group, Rest) or reads(group):
        return []
    return [f"sd_{group.name}[{group.terms[t]}]" for t in order_of(group)]


def hypers(group: Grouped) -> tuple[str, ...]:
    """Return the name of the parameter of a group's field, if it has one."""
    return group.hyper if isinstance(group, Related | Tied) else ()


def law_in(group: Grouped) -> Law | None:
    """Return the law of a group's prior precision, where it is not one everywhere."""
    return group.law if isinstance(group, Related | Tied) else None


def deviations(group: Grouped, signed: Mapping[str, float], x: Array) -> Array:
    """Return a group's standard deviations in the order of its blocks, some with a sign.

    Parameters
    ----------
    signed : mapping of str to float
        Units of those that are sampled with a sign, which goes into their effects.
    x : ndarray, shape (..., n_terms)
        Their coordinates.
    """
    units = np.array([signed.get(name, 0.0) for name in scale_names(group)])
    return np.where(units > 0, units * x, np.exp(np.where(units > 0, 0.0, x)))


def fixed_names(design: Design) -> list[str]:
    """Return the names of the priors of the mean's intercept, if any, and of all coefficients."""
    return ["intercept"] * design.mu.intercept + coefficient_names(design)


def coefficient_names(design: Design) -> list[str]:
    """Return the names of the priors of all coefficients, the mean's intercept apart."""
    return [name for one in linears(design) for name in one.names]


def shared(design: Design) -> list[str]:
    """Return the groups whose effects several predictors have."""
    found = Counter(group.name for p in design.predictors.values() for group in p.groups)
    return [name for name, times in found.items() if times > 1]
