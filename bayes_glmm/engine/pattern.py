"""Which effects meet in a row: the sparse precision of everything linear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.linear import Grouped, Tied
from bayes_glmm.engine.related_levels import Related
from bayes_glmm.engine.sparse import Symbolic, analyse, fewest_neighbours
from bayes_glmm.native import scatter

type Array = NDArray[np.float64]
type Ints = NDArray[np.int64]
FIXED = -1


@dataclass(frozen=True, eq=False)
class Part:
    """The effects of one group, or the fixed effects of a predictor, in the order of elimination.

    Attributes
    ----------
    group : int
        Number of the group; ``FIXED`` or below for intercept and coefficients.
    predictor : int
        Of which they are terms.
    units, width : int
        Levels and terms; one unit of all coefficients where they are fixed.
    offset : int
        Place of the first of them.
    index : ndarray of int32, shape (n_rows,)
        Unit of each row.
    values : ndarray, shape (n_rows, width) or (n_rows, 0)
        What the effects multiply; no columns for a column of ones.
    tied : bool
        Whether these are coefficients of a smooth: of one unit, with one standard deviation.
    """

    group: int
    predictor: int
    units: int
    width: int
    offset: int
    index: NDArray[np.int32]
    values: Array
    tied: bool = False

    @property
    def fixed(self) -> bool:
        """Whether these are intercept and coefficients."""
        return self.group <= FIXED


@dataclass(frozen=True, eq=False)
class Segment:
    """Pairs of units of two parts that meet in some row.

    Attributes
    ----------
    left, right : Part
        The left one is eliminated first, or the same.
    units : ndarray, shape (n_pairs, 2)
    pair : ndarray of int32, shape (n_rows,)
        Number of each row's pair.
    places : ndarray, shape (n_pairs, left.width, right.width)
        Where the products go in the vector of values; -1 above the diagonal.
    """

    left: Part
    right: Part
    units: Ints
    pair: NDArray[np.int32]
    places: Ints


@dataclass(frozen=True, eq=False)
class FieldPlaces:
    """Where the prior precision of a part's related units goes.

    Attributes
    ----------
    places : ndarray, shape (n_entries, width)
        Of each entry of the field's law and each term, in the vector of values.
    """

    part: Part
    related: Related
    places: Ints


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
            left, right = segment.left, segment.right
            G, own = np.zeros(segment.places.shape), weights[left.predictor, right.predictor]
            scatter.products(own, left.values, right.values, segment.pair, G)
            out.append(G)
        return out

    def gather(self, slope: Array) -> list[Array]:
        """Sum each row's derivatives, shape (n_predictors, n_rows), over the effects it used, by part."""
        out = []
        for part in self.parts:
            total = np.zeros((part.units, part.width))
            scatter.gather(slope[part.predictor], part.values, part.index, total)
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
            scatter.predict(eta[part.predictor], part.values, part.index, effect)
        return eta


def span(part: Part) -> slice:
    """Return where a part's effects are among all."""
    return slice(part.offset, part.offset + part.units * part.width)


type Pair = tuple[Part, Part, Ints, NDArray[np.int32]]


def find_pattern(
    fixed: Sequence[tuple[int, Array, int]],
    places: Sequence[tuple[int, Grouped, tuple[int, ...], int]],
    most: int,
) -> Pattern | None:
    """Order the elimination and find what fills.

    Groups go by falling number of levels and fixed effects go last, so that
    nested groups fill nothing and crossed ones a block of the smaller group. Where units are
    related, those with the fewest neighbours go first.

    Parameters
    ----------
    fixed : sequence of (predictor, ndarray of shape (n_rows, n_fixed), first coordinate)
        Columns of intercept and coefficients of each predictor in the program's units.
    places : sequence of (predictor, GroupDesign, order of terms, first coordinate)
        Coordinates of the effects of each group.
    most : int
        Products above which there is no pattern.
    """
    parts, order, offset = [], [], 0
    for number in sorted(range(len(places)), key=lambda g: -places[g][1].n_levels):
        predictor, group, terms, first = places[number]
        if isinstance(group, Tied):
            k, columns = group.n_levels, np.ascontiguousarray(group.columns)
            index = np.zeros(len(columns), np.int32)
            parts.append(Part(number, predictor, 1, k, offset, index, columns, tied=True))
            order.append(first + np.arange(k))
            offset += k
            continue
        q, n = len(terms), len(group.index)
        values = np.zeros((n, 0)) if group.Z is None else group.Z[:, list(terms)]
        values = np.ascontiguousarray(values)
        parts.append(Part(number, predictor, group.n_levels, q, offset, group.index, values))
        order.append(first + np.arange(group.n_levels * q))
        offset += group.n_levels * q
    for predictor, columns, first in fixed:
        n, k = columns.shape
        if k:
            index = np.zeros(n, np.int32)
            parts.append(Part(FIXED - predictor, predictor, 1, k, offset, index, columns))
            order.append(first + np.arange(k))
            offset += k
    pairs = [
        (left, right, *_pairs(left, right)) for i, left in enumerate(parts) for right in parts[i:]
    ]
    everything = np.concatenate([np.zeros(0, np.int64), *order]).astype(np.int64)
    related = [(part, places[part.group][1]) for part in parts if not part.fixed]
    fields = [(part, group) for part, group in related if isinstance(group, Related)]
    return _assemble(tuple(parts), pairs, everything, most, fields)


def loosen(pattern: Pattern, coupled: int) -> Pattern:
    """Return the pattern without what joins two groups, or fixed effects to another group.

    A matrix that is positive stays so: it falls into one block per group, of which
    ``coupled`` has the fixed effects with it.
    """
    pairs = [
        (s.left, s.right, s.units, s.pair)
        for s in pattern.segments
        if s.left is s.right or (s.left.group == coupled and s.right.fixed)
    ]
    found = _assemble(pattern.parts, pairs, pattern.order, np.iinfo(np.int64).max)
    assert found is not None
    return found


def _assemble(
    parts: tuple[Part, ...],
    pairs: Sequence[Pair],
    order: Ints,
    most: int,
    fields: Sequence[tuple[Part, Related]] = (),
) -> Pattern | None:
    """Analyse the matrix that has these pairs of parts, and the precisions of these fields."""
    n, nothing = len(order), np.zeros(0, np.int64)
    meeting = [_entries(left, right, units) for left, right, units, _ in pairs]
    within = [_field_entries(part, related) for part, related in fields]
    every = [*meeting, *within]
    rows = np.concatenate([nothing, *(row for row, _ in every)])
    columns = np.concatenate([nothing, *(column for _, column in every)])
    last = [part for part in parts if part.fixed or part.tied]
    eliminated = np.arange(n)
    if fields:
        late = np.concatenate([nothing, *(eliminated[span(part)] for part in last)])
        eliminated = fewest_neighbours(n, rows, columns, late)
    place = np.empty(n, np.int64)
    place[eliminated] = np.arange(n)
    row, column = np.maximum(place[rows], place[columns]), np.minimum(place[rows], place[columns])
    below = row > column
    symbolic = analyse(n, row[below], column[below], most)
    if symbolic is None:
        return None
    found, at = symbolic.places(row, column), 0
    segments, places = [], []
    for left, right, units, pair in pairs:
        shape = (len(units), left.width, right.width)
        here = slice(at, at + int(np.prod(shape)))
        own = found[here]
        if left is right:
            own = np.where(rows[here] >= columns[here], own, -1)
        segments.append(Segment(left, right, units, pair, own.reshape(shape)))
        at = here.stop
    for part, related in fields:
        size = len(related.law.rows) * part.width
        own = found[at : at + size].reshape(-1, part.width)
        places.append(FieldPlaces(part, related, own))
        at += size
    return Pattern(parts, tuple(segments), symbolic, order, eliminated, tuple(places))


def _pairs(left: Part, right: Part) -> tuple[Ints, NDArray[np.int32]]:
    """Return the pairs of units that meet, shape (n_pairs, 2), and each row's pair."""
    if left is right:
        units = np.arange(left.units)
        return np.stack([units, units], 1), left.index
    if right.fixed or right.tied:
        units = np.arange(left.units)
        return np.stack([units, np.zeros_like(units)], 1), left.index
    key = left.index.astype(np.int64) * right.units + right.index
    found, pair = np.unique(key, return_inverse=True)
    return np.stack([found // right.units, found % right.units], 1), pair.astype(np.int32)


def _field_entries(part: Part, related: Related) -> tuple[Ints, Ints]:
    """Return row and column of each entry of a field's law for each term, flattened."""
    terms = np.arange(part.width)
    row, column = (
        part.offset + unit[:, None] * part.width + terms
        for unit in (related.law.rows, related.law.columns)
    )
    return row.ravel(), column.ravel()


def _entries(left: Part, right: Part, units: Ints) -> tuple[Ints, Ints]:
    """Return row and column of each product of each pair, flattened."""
    qa, qb = left.width, right.width
    shape = (len(units), qa, qb)
    a = left.offset + units[:, 0, None, None] * qa + np.arange(qa)[:, None]
    b = right.offset + units[:, 1, None, None] * qb + np.arange(qb)
    a, b = np.broadcast_to(a, shape).ravel(), np.broadcast_to(b, shape).ravel()
    return (a, b) if left is right else (b, a)
