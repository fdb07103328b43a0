"""Which effects meet in a row, and in which order they are eliminated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.linear import Grouped, Tied, law_in, reads
from bayes_glmm.engine.pattern import (
    FIXED,
    FieldPlaces,
    Meeting,
    Part,
    Pattern,
    Reading,
    Segment,
    meets_itself,
    span,
    terms_of,
)
from bayes_glmm.engine.read_again import ReadAgain
from bayes_glmm.engine.related_levels import Law
from bayes_glmm.engine.sparse import analyse, fewest_neighbours

type Array = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Pair = tuple[Part, Part, Ints, tuple[Meeting, ...]]


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
        if reads(group):
            continue
        if isinstance(group, Tied):
            k, columns = group.n_levels, np.ascontiguousarray(group.columns)
            one = Reading(predictor, np.zeros(len(columns), np.int32), columns)
            parts.append(Part(number, 1, k, offset, (one,), tied=True))
            order.append(first + np.arange(k))
            offset += k
            continue
        q = len(terms)
        again = [
            (p, other)
            for p, other, *_ in places
            if isinstance(other, ReadAgain) and other.of == number
        ]
        read = tuple(_reading(p, other, terms) for p, other in ((predictor, group), *again))
        parts.append(Part(number, group.n_levels, q, offset, read))
        order.append(first + np.arange(group.n_levels * q))
        offset += group.n_levels * q
    for predictor, columns, first in fixed:
        n, k = columns.shape
        if k:
            one = Reading(predictor, np.zeros(n, np.int32), columns)
            parts.append(Part(FIXED - predictor, 1, k, offset, (one,)))
            order.append(first + np.arange(k))
            offset += k
    pairs = [
        (left, right, *found)
        for i, left in enumerate(parts)
        for right in parts[i:]
        for found in (_pairs(left, right), *_within(left, right))
    ]
    everything = np.concatenate([np.zeros(0, np.int64), *order]).astype(np.int64)
    laws = [(part, law_in(places[part.group][1])) for part in parts if not part.fixed]
    fields = [(part, law) for part, law in laws if law is not None]
    return _assemble(tuple(parts), pairs, everything, most, fields)


def loosen(pattern: Pattern, coupled: int) -> Pattern:
    """Return the pattern without what joins two groups, or fixed effects to another group.

    A matrix that is positive stays so: it falls into one block per group, of which
    ``coupled`` has the fixed effects with it.
    """
    pairs = [
        (s.left, s.right, s.units, s.meetings)
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
    fields: Sequence[tuple[Part, Law]] = (),
) -> Pattern | None:
    """Analyse the matrix that has these pairs of parts, and the precisions of these fields."""
    n, nothing = len(order), np.zeros(0, np.int64)
    meeting = [_entries(left, right, units) for left, right, units, _ in pairs]
    within = [_field_entries(part, law) for part, law in fields]
    every = [*meeting, *within]
    rows = np.concatenate([nothing, *(row for row, _ in every)])
    columns = np.concatenate([nothing, *(column for _, column in every)])
    last = [part for part in parts if part.fixed or part.tied]
    eliminated = np.arange(n)
    if any(not part.tied for part, _ in fields):
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
    for left, right, units, meetings in pairs:
        shape = (len(units), left.width, right.width)
        here = slice(at, at + int(np.prod(shape)))
        own = found[here]
        if meets_itself(left, right, units):
            own = np.where(rows[here] >= columns[here], own, -1)
        segments.append(Segment(left, right, units, meetings, own.reshape(shape)))
        at = here.stop
    for part, law in fields:
        size = len(law.rows) * terms_of(part)
        own = found[at : at + size].reshape(-1, terms_of(part))
        places.append(FieldPlaces(part, law, own))
        at += size
    return Pattern(parts, tuple(segments), symbolic, order, eliminated, tuple(places))


def _reading(predictor: int, group: Grouped, terms: tuple[int, ...]) -> Reading:
    assert not isinstance(group, Tied)
    index = group.index
    values = np.zeros((len(index), 0)) if group.Z is None else group.Z[:, list(terms)]
    return Reading(predictor, index, np.ascontiguousarray(values))


def _pairs(left: Part, right: Part) -> tuple[Ints, tuple[Meeting, ...]]:
    """Return the pairs of units that meet, shape (n_pairs, 2), and where; of a part the diagonal."""
    both = [(a, b) for a in left.readings for b in right.readings]
    if left is right:
        units = np.arange(left.units)
        meetings = [
            Meeting(a, b, np.where(a.index == b.index, a.index, left.units).astype(np.int32))
            for a, b in both
        ]
        return np.stack([units, units], 1), tuple(meetings)
    if right.fixed or right.tied:
        units = np.arange(left.units)
        meetings = [Meeting(a, b, a.index) for a, b in both]
        return np.stack([units, np.zeros_like(units)], 1), tuple(meetings)
    keys = [a.index.astype(np.int64) * right.units + b.index for a, b in both]
    found, pair = np.unique(np.concatenate(keys), return_inverse=True)
    own = np.split(pair.astype(np.int32), len(keys))
    meetings = [Meeting(a, b, one) for (a, b), one in zip(both, own, strict=True)]
    return np.stack([found // right.units, found % right.units], 1), tuple(meetings)


def _within(left: Part, right: Part) -> list[tuple[Ints, tuple[Meeting, ...]]]:
    """Return the pairs of different units of one part that meet in a row, the first one the lower."""
    if left is not right or len(left.readings) == 1:
        return []
    both = [(a, b) for a in left.readings for b in left.readings if a is not b]
    keys = [
        np.where(a.index < b.index, a.index.astype(np.int64) * left.units + b.index, -1)
        for a, b in both
    ]
    found = np.unique(np.concatenate(keys))
    found = found[found >= 0]
    if not len(found):
        return []
    meetings = [
        Meeting(a, b, np.where(k >= 0, np.searchsorted(found, k), len(found)).astype(np.int32))
        for (a, b), k in zip(both, keys, strict=True)
    ]
    return [(np.stack([found // left.units, found % left.units], 1), tuple(meetings))]


def _field_entries(part: Part, law: Law) -> tuple[Ints, Ints]:
    """Return row and column of each entry of a field's law for each term, flattened."""
    width = terms_of(part)
    row, column = (
        part.offset + node[:, None] * width + np.arange(width) for node in (law.rows, law.columns)
    )
    return row.ravel(), column.ravel()


def _entries(left: Part, right: Part, units: Ints) -> tuple[Ints, Ints]:
    """Return row and column of each product of each pair, flattened."""
    qa, qb = left.width, right.width
    shape = (len(units), qa, qb)
    a = left.offset + units[:, 0, None, None] * qa + np.arange(qa)[:, None]
    b = right.offset + units[:, 1, None, None] * qb + np.arange(qb)
    a, b = np.broadcast_to(a, shape).ravel(), np.broadcast_to(b, shape).ravel()
    return (a, b) if meets_itself(left, right, units) else (b, a)
