"""Groups: each row's level as an integer, and the values that varying slopes multiply."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.columns import levels_of, locate, pick, unknown_levels
from bayes_glmm.design.design import GroupDesign, outside_label
from bayes_glmm.design.expressions import text_of
from bayes_glmm.design.frames import row_ids
from bayes_glmm.design.terms import Codings, Columns, Part, expand, labels
from bayes_glmm.errors import DataError, SpecError, listed
from bayes_glmm.spec.model import Predictor, RandomEffect

type Groups = Literal["known", "any", "ignore"]
GROUPS: tuple[Groups, ...] = ("known", "any", "ignore")

ROWS = "observation"
_RESERVED = {"chain", "draw", "sample", "observation", "coefficient"}


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
    """

    name: str
    columns: tuple[str, ...]
    levels: NDArray[np.str_]
    terms: tuple[str, ...]
    parts: tuple[tuple[bool, tuple[Part, ...]], ...]
    blocks: tuple[tuple[int, ...], ...]
    structure: str | None = None
    owners: tuple[str, ...] = ()

    def apply(
        self, data: pd.DataFrame, columns: Columns, groups: Groups, parameter: str = "mu"
    ) -> GroupDesign:
        """Return indices and slopes on some rows, for the formula of one parameter."""
        index = np.full(len(data), -1, dtype=np.int32)
        if groups != "ignore":
            index = self._index(data, refuse=groups == "known")
        matrices = [columns.matrix(parts, ones) for ones, parts in self.parts]
        z = None
        if self.terms != ("intercept",):
            z = matrices[0] if len(matrices) == 1 else np.hstack(matrices)
        owners: list[str] = []
        for owner, matrix in zip(self.owners, matrices, strict=False):
            owners += [owner] * matrix.shape[1]
        if z is not None and owners:
            z = z * (np.array(owners) == parameter)
        return GroupDesign(
            self.name, self.levels, index, self.terms, z, self.blocks, self.structure,
            owners=tuple(owners),
        )  # fmt: skip

    def _index(self, data: pd.DataFrame, refuse: bool) -> NDArray[np.int32]:
        codes, found = group_levels(data, self.columns)
        places = locate(found, self.levels)
        if refuse and (places < 0).any():
            what = f"Group {':'.join(self.columns) or ROWS!r}"
            way = "Predict for new levels with groups='new', 'typical' or 'population'."
            raise unknown_levels(what, found, places, codes, data.index, self.levels, way)
        return places.astype(np.int32)[codes]


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


def learn_groups(
    effects: Sequence[RandomEffect],
    data: pd.DataFrame,
    codings: Codings,
    parameter: str = "mu",
) -> tuple[GroupSchema, ...]:
    """Learn the levels of every group; effects of one group share its indices.

    The name of a group in the formula of another parameter than the mean begins with
    that parameter: ``zi_site``.

    Raises
    ------
    SpecError
        A term varies twice by one group, or two groups have one name.
    """
    known = {str(c) for c in data.columns}
    merged: dict[tuple[tuple[str, ...], str | None], list[RandomEffect]] = {}
    for effect in (e for e in effects if e.shared is None):
        merged.setdefault((group_columns(effect, known), effect.structure), []).append(effect)
    uses = Counter(columns for columns, _ in merged)
    found = tuple(
        _learn_group(columns, structure, uses[columns] > 1, same, data, codings, parameter)
        for (columns, structure), same in merged.items()
    )
    twice = [name for name, n in Counter(g.name for g in found).items() if n > 1]
    if twice:
        raise SpecError(f"Two groups would both be named {twice[0]!r}: rename a column.")
    return found


def learn_shared(
    predictors: Mapping[str, Predictor], data: pd.DataFrame, codings: Codings, taken: set[str]
) -> dict[str, tuple[GroupSchema, ...]]:
    """Learn the groups whose effects several formulas share, by parameter.

    Each is the same in all its formulas; its terms of other parameters than the mean
    begin with the parameter, ``zi_intercept``, and its name is that of the group. Where
    that is taken, the name between the bars follows.
    """
    known = {str(c) for c in data.columns}
    merged: dict[tuple[Any, ...], dict[str, list[RandomEffect]]] = {}
    for parameter, predictor in predictors.items():
        for e in (e for e in predictor.random if e.shared is not None):
            places = merged.setdefault((group_columns(e, known), e.structure, e.shared), {})
            places.setdefault(parameter, []).append(e)
    found: dict[str, list[GroupSchema]] = {parameter: [] for parameter in predictors}
    for (columns, structure, shared), places in merged.items():
        name = group_name(columns)
        name = name if name not in taken else f"{name}_{shared}"
        taken.add(name)
        group = _learn_shared(name, columns, structure, places, data, codings)
        for parameter in places:
            found[parameter].append(group)
    return {parameter: tuple(groups) for parameter, groups in found.items()}


def _learn_shared(
    name: str,
    columns: tuple[str, ...],
    structure: str | None,
    places: Mapping[str, Sequence[RandomEffect]],
    data: pd.DataFrame,
    codings: Codings,
) -> GroupSchema:
    own = [
        (parameter, _learn_group(columns, structure, False, effects, data, codings, parameter))
        for parameter, effects in places.items()
    ]
    terms = tuple(outside_label(term, parameter) for parameter, g in own for term in g.terms)
    twice = [term for term, n in Counter(terms).items() if n > 1]
    if twice:
        raise SpecError(
            f"Two terms by {name} would be named {listed(twice)}: rename a column, or use two names "
            "between the bars."
        )
    return GroupSchema(
        name,
        columns,
        own[0][1].levels,
        terms,
        tuple(part for _, g in own for part in g.parts),
        (tuple(range(len(terms))),),
        structure,
        tuple(parameter for parameter, g in own for _ in g.parts),
    )


def group_columns(effect: RandomEffect, known: set[str]) -> tuple[str, ...]:
    """Return the columns of a group; none for rows without such a column."""
    return () if effect.group == (ROWS,) and ROWS not in known else effect.group


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
    text = "_by_".join(columns) + (f"_{structure}" if structure else "")
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    name = f"_{name}" if name[0].isdigit() else name
    return f"{name}_group" if name in _RESERVED else name


def _learn_group(
    columns: tuple[str, ...],
    structure: str | None,
    shared: bool,
    effects: Sequence[RandomEffect],
    data: pd.DataFrame,
    codings: Codings,
    parameter: str,
) -> GroupSchema:
    parts, twice = [], list[str]()
    terms, blocks = list[str](), list[tuple[int, ...]]()
    for effect in effects:
        own = expand(effect.intercept, effect.terms, codings)
        names = ["intercept"] * effect.intercept
        names += [label for part in own for label in labels(part, codings)]
        places = tuple(range(len(terms), len(terms) + len(names)))
        blocks += [places] if effect.correlated else [(p,) for p in places]
        terms += names
        parts.append((effect.intercept, own))
        twice += [":".join(map(text_of, t)) for t, n in Counter(effect.terms).items() if n > 1]
    twice += [term for term, n in Counter(terms).items() if n > 1]
    if twice:
        raise SpecError(
            f"{listed(twice)} would vary twice by {':'.join(columns) or ROWS}: "
            f"write each varying term once, as in (1 + x | {':'.join(columns) or ROWS})."
        )
    levels = group_levels(data, columns)[1]
    levels.flags.writeable = False
    name = group_name(columns, structure if shared else None)
    name = name if parameter == "mu" else f"{parameter}_{name}"
    return GroupSchema(name, columns, levels, tuple(terms), tuple(parts), tuple(blocks), structure)
