"""Groups: each row's level as an integer, and the values that varying slopes multiply."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import block_diag

from bayes_glmm.design.groups.membership import (
    member_levels,
    member_weights,
    merge_repeated,
    own_rows,
    require_members,
)
from bayes_glmm.design.table.columns import levels_of, locate, pick, unknown_levels
from bayes_glmm.design.table.tables import row_ids
from bayes_glmm.design.terms.full_rank import Columns
from bayes_glmm.design.terms.origin import Codings, Origins, Part, Shift, shift_of
from bayes_glmm.errors import DataError, listed
from bayes_glmm.model.blocks.effect_distribution import NORMAL
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.group_arrays import GroupBasis
from bayes_glmm.model.blocks.members import OneLevel, WeightedLevels
from bayes_glmm.model.blocks.student import STUDENT
from bayes_glmm.model.variables import INTERCEPT, RESERVED
from bayes_glmm.spec.effects import Membership, RandomEffect
from bayes_glmm.spec.terms import Factor
from bayes_glmm.spec.time_processes import Process

type Groups = Literal["known", "any", "ignore"]
GROUPS: tuple[Groups, ...] = ("known", "any", "ignore")

ROWS = "observation"
DISTRIBUTIONS = {own.name: own for own in (NORMAL, STUDENT)}
"""Of effects, by what a model calls them."""


@dataclass(frozen=True, eq=False)
class GroupShift:
    """The way from the reference basis of a group's terms back to their own.

    Attributes
    ----------
    centred : tuple of tuple of frozenset of Factor
        Per random effect and part, the numbers that are centred.
    back : ndarray, shape (n_terms, n_terms)
    """

    centred: tuple[tuple[frozenset[Factor], ...], ...]
    back: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupSchema:
    """What was learned about the random effects of one group.

    Attributes
    ----------
    name : str
        Identifier in the posterior.
    columns : tuple of str
        Grouping columns; empty for the observation-level random effect.
    levels : ndarray of str, shape (n_levels,)
    terms : tuple of str
        Labels of the varying coefficients.
    parts : tuple of tuple of (bool, tuple of Part)
        Per random effect, whether the intercept varies and the varying terms.
    blocks : tuple of tuple of int
    structure : str or None
    owners : tuple of str
        Where formulas of several parameters share the effects, whose each of ``parts`` is.
    members : Membership or None
        The columns are memberships of a row, not combined.
    by : (str, str) or None
        The column and the level of it whose rows alone have these effects.
    by_levels : tuple of str
        All levels of that column.
    along : str or None
        Column of times, the last of ``columns``, whose order relates the levels.
    process : Process
        How it relates them.
    dist : {"normal", "student"}
    units : ndarray, shape (n_terms,), or None
        Root mean square of each term's values over the training rows, numbers centred.
    shift : GroupShift or None
        How terms with centred numbers are made, where that is another basis.
    """

    name: str
    columns: tuple[str, ...]
    levels: NDArray[np.str_]
    terms: tuple[str, ...]
    parts: tuple[tuple[bool, tuple[Part, ...]], ...]
    blocks: tuple[tuple[int, ...], ...]
    structure: str | None = None
    owners: tuple[str, ...] = ()
    members: Membership | None = None
    by: tuple[str, str] | None = None
    by_levels: tuple[str, ...] = ()
    along: str | None = None
    process: Process = Process()
    dist: str = "normal"
    units: NDArray[np.float64] | None = None
    shift: GroupShift | None = None

    def apply(
        self, data: pd.DataFrame, columns: Columns, groups: Groups, parameter: str = "mu"
    ) -> GroupDesign:
        """Return indices and slopes on some rows, for the formula of one parameter."""
        weights = self._weights(data)
        index = np.full(len(data) if weights is None else weights.shape, -1, dtype=np.int32)
        if groups != "ignore":
            index, weights = self._index(data, weights, refuse=groups == "known")
        elif self.members is not None and weights is not None and set(self.columns) <= set(data):
            # a level named twice has one effect, whoever it is
            weights = merge_repeated(member_levels(data, self.columns)[0], weights)
        matrices = [columns.matrix(parts, ones) for ones, parts in self.parts]
        owners: list[str] = []
        for owner, matrix in zip(self.owners, matrices, strict=False):
            owners += [owner] * matrix.shape[1]
        here = np.array(owners) == parameter if owners else np.ones(len(self.terms), bool)
        z = None if self.terms == (INTERCEPT,) else np.hstack(matrices) * here
        basis = None
        if self.shift is not None:
            centred = [
                columns.matrix(parts, ones, less)
                for (ones, parts), less in zip(self.parts, self.shift.centred, strict=True)
            ]
            basis = GroupBasis(np.hstack(centred) * here, self.shift.back)
        members = OneLevel(index) if weights is None else WeightedLevels(index, weights)
        return GroupDesign(
            self.name, self.levels, members, self.terms, z, self.blocks, self.structure,
            owners=tuple(owners), distribution=DISTRIBUTIONS[self.dist], units=self.units,
            basis=basis,
        )  # fmt: skip

    def outline(self, name: str) -> GroupDesign:
        """Return the group under a name, without rows: to ask what its parts are named."""
        none, weighted = np.empty(0, np.int32), self.members is not None or self.by is not None
        return GroupDesign(
            name, self.levels, WeightedLevels(none, np.empty(0)) if weighted else OneLevel(none),
            self.terms, None, self.blocks, self.structure, units=np.ones(len(self.terms)),
            distribution=DISTRIBUTIONS[self.dist],
        )  # fmt: skip

    def names(self, data: pd.DataFrame) -> NDArray[np.str_]:
        """Return the level of each row, in the shape of its index; empty without weight."""
        codes, found, weights = self._codes(data, self._weights(data))
        names = np.append(found, "")[codes]
        return names if weights is None else np.where(weights > 0, names, "")

    def _weights(self, data: pd.DataFrame) -> NDArray[np.float64] | None:
        if self.members is not None:
            return member_weights(data, self.columns, self.members)
        return None if self.by is None else own_rows(data, *self.by, self.by_levels)

    def _codes(
        self, data: pd.DataFrame, weights: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.intp], NDArray[np.str_], NDArray[np.float64] | None]:
        if self.members is None or weights is None:
            codes, found = group_levels(data, self.columns)
            return codes if weights is None else codes[:, None], found, weights
        require_members(data, self.columns, self.members)
        codes, found = member_levels(data, self.columns)
        return codes, found, merge_repeated(codes, weights)

    def _index(
        self, data: pd.DataFrame, weights: NDArray[np.float64] | None, refuse: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.float64] | None]:
        codes, found, weights = self._codes(data, weights)
        used = np.full(codes.shape, True) if weights is None else weights > 0
        places = np.append(locate(found, self.levels), 0)
        strange = used & (places[codes] < 0)
        if refuse and strange.any():
            what = f"Group {':'.join(self.columns) or ROWS!r}"
            what += f" with {self.by[0]}={self.by[1]}" if self.by else ""
            way = "Predict for new levels with groups='new', 'typical' or 'population'."
            row, member = np.nonzero(strange.reshape(len(codes), -1))
            at, names = codes.reshape(len(codes), -1)[row, member], places[:-1].copy()
            names[np.setdiff1d(np.arange(len(found)), at)] = 0
            raise unknown_levels(what, found, names, at, data.index[row], self.levels, way)
        index = np.where(used, places[codes], 0).astype(np.int32)
        return index, weights


def group_levels(
    data: pd.DataFrame, columns: Sequence[str]
) -> tuple[NDArray[np.intp], NDArray[np.str_]]:
    """Return each row's level as a code, and the level names in order.

    Parameters
    ----------
    data : pandas.DataFrame
        Without missing values in the columns.
    columns : sequence of str
        Grouping columns; their values are joined with ``:``. None at all makes
        every row its own level.

    Returns
    -------
    codes : ndarray of int, shape (n_rows,)
    levels : ndarray of str, shape (n_levels,)

    Examples
    --------
    >>> table = pd.DataFrame({"a": ["y", "x", "y"], "b": [10, 9, 9]})
    >>> group_levels(table, ["a", "b"])[1].tolist()
    ['x:9', 'y:9', 'y:10']
    """
    if not columns:
        return np.arange(len(data)), row_ids(data.index)
    codes, levels = levels_of(pick(data, columns[0]), columns[0], times=True)
    for name in columns[1:]:
        right, names = levels_of(pick(data, name), name, times=True)
        raw, pairs = pd.factorize(codes * np.int64(len(names)) + right)
        order = np.argsort(pairs)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        first, second = np.divmod(pairs[order], len(names))
        codes = rank[raw]
        levels = np.char.add(np.char.add(levels[first], ":"), names[second])
    if len(columns) > 1 and len(set(levels.tolist())) < len(levels):
        twice = [level for level, n in Counter(levels.tolist()).items() if n > 1]
        raise DataError(
            f"Different combinations of {listed(columns)} have one name, such as {twice[0]!r}: "
            "replace the ':' inside the levels."
        )
    return codes, levels


def group_columns(effect: RandomEffect, known: set[str]) -> tuple[str, ...]:
    """Return the columns of a group; none for rows without such a column."""
    return () if effect.group == (ROWS,) and ROWS not in known else effect.columns


def group_name(columns: Sequence[str], structure: str | None = None) -> str:
    """Return the identifier of a group in the posterior.

    Examples
    --------
    >>> group_name(["school", "class no"])
    'school_by_class_no'
    >>> group_name([])
    'observation'
    """
    if not columns:
        return ROWS
    return plain_name("_by_".join(columns) + (f"_{structure}" if structure else ""))


def plain_name(text: str) -> str:
    """Return text as an identifier that no dimension of every posterior has."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    name = f"_{name}" if name[:1].isdigit() else name
    return f"{name}_group" if name in RESERVED else name


def effect_shifts(
    parts: Sequence[tuple[bool, tuple[Part, ...]]],
    blocks: Sequence[tuple[int, ...]],
    codings: Codings,
    origins: Origins,
) -> Iterator[tuple[bool, tuple[Part, ...], Shift, bool]]:
    """Yield each random effect's parts, what can be centred in them, and whether it is correlated."""
    at = 0
    for ones, own in parts:
        found = shift_of(own, ones, codings, origins)
        places = set(range(at, at + len(found.back) - (not ones)))
        at += len(places)
        yield ones, own, found, any(places <= set(block) for block in blocks)


def group_shift(
    parts: Sequence[tuple[bool, tuple[Part, ...]]],
    blocks: Sequence[tuple[int, ...]],
    codings: Codings,
    origins: Origins,
) -> GroupShift | None:
    """Return the way back of correlated terms; independent ones are another model elsewhere.

    Parameters
    ----------
    parts : sequence of (bool, tuple of Part)
        Of each random effect, as those of :class:`GroupSchema`.
    blocks : sequence of tuple of int
    """
    centred: list[tuple[frozenset[Factor], ...]] = []
    ways: list[NDArray[np.float64]] = []
    for ones, own, found, together in effect_shifts(parts, blocks, codings, origins):
        way = found.back[int(not ones) :, int(not ones) :]  # no row of a constant that is not there
        centred.append(found.centred if together else (frozenset[Factor](),) * len(own))
        ways.append(way if together else np.eye(len(way)))
    back = block_diag(*ways)
    if np.array_equal(back, np.eye(len(back))):
        return None
    return GroupShift(tuple(centred), back)
