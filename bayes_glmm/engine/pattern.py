"""Which effects meet in a row: the sparse precision of everything linear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.related_levels import Law
from bayes_glmm.engine.sparse import Symbolic
from bayes_glmm.native import scatter

type Array = NDArray[np.float64]
type Ints = NDArray[np.int64]
FIXED = -1


@dataclass(frozen=True, eq=False)
class Reading:
    """Where rows read the effects of a part.

    Attributes
    ----------
    predictor : int
    index : ndarray of int32, shape (n_rows,)
        Unit of each row.
    values : ndarray, shape (n_rows, width) or (n_rows, 0)
        What the effects multiply; no columns for a column of ones.
    """

    predictor: int
    index: NDArray[np.int32]
    values: Array


@dataclass(frozen=True, eq=False)
class Part:
    """The effects of one group, or the fixed effects of a predictor, in the order of elimination.

    Attributes
    ----------
    group : int
        Number of the group; ``FIXED`` or below for intercept and coefficients.
    units, width : int
        Levels and terms; one unit of all coefficients where they are fixed.
    offset : int
        Place of the first of them.
    readings : tuple of Reading
        One, or several where rows have several units or several predictors the same effects.
    tied : bool
        Whether these are coefficients of a smooth: of one unit, with one standard deviation.
    """

    group: int
    units: int
    width: int
    offset: int
    readings: tuple[Reading, ...]
    tied: bool = False

    @property
    def fixed(self) -> bool:
        """Whether these are intercept and coefficients."""
        return self.group <= FIXED


@dataclass(frozen=True, eq=False)
class Meeting:
    """Rows in which a reading of one part meets one of another.

    Attributes
    ----------
    left, right : Reading
    pair : ndarray of int32, shape (n_rows,)
        Number of each row's pair; the number of pairs where a row has none.
    """

    left: Reading
    right: Reading
    pair: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Segment:
    """Pairs of units of two parts that meet in some row.

    Attributes
    ----------
    left, right : Part
        The left one is eliminated first, or the same.
    units : ndarray, shape (n_pairs, 2)
    meetings : tuple of Meeting
    places : ndarray, shape (n_pairs, left.width, right.width)
        Where the products go in the vector of values; -1 above the diagonal.
    """

    left: Part
    right: Part
    units: Ints
    meetings: tuple[Meeting, ...]
    places: Ints

    @property
    def diagonal(self) -> bool:
        """Whether each unit of a part meets itself: all units, in order."""
        return meets_itself(self.left, self.right, self.units)


@dataclass(frozen=True, eq=False)
class FieldPlaces:
    """Where the prior precision of a part's related units goes.

    Attributes
    ----------
    places : ndarray, shape (n_entries, n_terms)
        Of each entry of the field's law and each term, in the vector of values.
    """

    part: Part
    law: Law
    places: Ints

    @property
    def terms(self) -> int:
        """Terms of each node; a smooth's coefficients are nodes of one."""
        return terms_of(self.part)


@dataclass(frozen=True, eq=False)
class Pattern:
    """The precision's pattern, its elimination, and where its rows come from.

    Vectors of all effects are in the order of the parts.

    Attributes
    ----------
    order : ndarray, shape (n,)
        Coordinate of the program of each effect.
    eliminated : ndarray, shape (n,)
        The effects in the order of their elimination.
    fields : tuple of FieldPlaces
        Of the parts whose units are related.
    """

    parts: tuple[Part, ...]
    segments: tuple[Segment, ...]
    symbolic: Symbolic
    order: Ints
    eliminated: Ints
    fields: tuple[FieldPlaces, ...] = ()

    @property
    def independent(self) -> Array:
        """The prior precision of each effect whose unit is not related to others; zero of others."""
        out = np.ones(self.symbolic.n)
        for field in self.fields:
            out[span(field.part)] = 0.0
        return out

    @property
    def cost(self) -> int:
        """Products that one factorisation takes."""
        return len(self.symbolic.targets) + (self.symbolic.n - self.symbolic.tail) ** 3 // 3

    def products(self, weights: Array) -> list[Array]:
        """Sum weight times outer product of the rows' values, pair by pair.

        Parameters
        ----------
        weights : ndarray, shape (n_predictors, n_predictors, n_rows)
        """
        out = []
        for segment in self.segments:
            pairs, *shape = segment.places.shape
            G = np.zeros((pairs + 1, *shape))  # the last is of rows without a pair
            for met in segment.meetings:
                own = weights[met.left.predictor, met.right.predictor]
                scatter.products(own, met.left.values, met.right.values, met.pair, G)
            out.append(G[:pairs])
        return out

    def gather(self, slope: Array) -> list[Array]:
        """Sum each row's derivatives, shape (n_predictors, n_rows), over the effects it used, by part."""
        out = []
        for part in self.parts:
            total = np.zeros((part.units, part.width))
            for one in part.readings:
                scatter.gather(slope[one.predictor], one.values, one.index, total)
            out.append(total)
        return out

    def predict(self, base: Array, effects: Sequence[Array]) -> Array:
        """Add effects, one array of shape (units, width) per part, to predictors of that base.

        Parameters
        ----------
        base : ndarray, shape (n_predictors, n_rows)
        """
        eta = base.copy()
        for part, effect in zip(self.parts, effects, strict=True):
            for one in part.readings:
                scatter.predict(eta[one.predictor], one.values, one.index, effect)
        return eta


def meets_itself(left: Part, right: Part, units: Ints) -> bool:
    """Whether pairs of units, shape (n_pairs, 2), are those of a part's units with themselves."""
    return left is right and bool((units[:, 0] == units[:, 1]).all())


def terms_of(part: Part) -> int:
    """Return the terms of each node of a part."""
    return 1 if part.tied else part.width


def span(part: Part) -> slice:
    """Return where a part's effects are among all."""
    return slice(part.offset, part.offset + part.units * part.width)
