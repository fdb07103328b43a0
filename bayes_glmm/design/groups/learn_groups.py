"""What is learned about the groups of a formula: their levels, terms and blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.groups.group_schema import (
    ROWS,
    GroupSchema,
    group_columns,
    group_levels,
    group_name,
    group_shift,
    plain_name,
)
from bayes_glmm.design.groups.membership import member_levels, member_weights, require_members
from bayes_glmm.design.table.columns import levels_of, pick
from bayes_glmm.design.terms.expressions import text_of
from bayes_glmm.design.terms.full_rank import Columns, expand, labels
from bayes_glmm.design.terms.origin import Codings, root_mean_square
from bayes_glmm.errors import DataError, SpecError, listed
from bayes_glmm.model.blocks.group_arrays import outside_label
from bayes_glmm.model.row_weights import Weights
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.sides import Predictor


def learn_groups(
    effects: Sequence[RandomEffect],
    data: pd.DataFrame,
    cells: Columns,
    weights: Weights = None,
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
    merged: dict[tuple[Any, ...], list[RandomEffect]] = {}
    for effect in (e for e in effects if e.shared is None):
        apart = (
            effect.structure,
            effect.members,
            effect.by,
            effect.along,
            effect.process,
            effect.dist,
        )
        key = (group_columns(effect, known), *apart)
        merged.setdefault(key, []).append(effect)
    uses = Counter(key[0] for key in merged if key[2] is None and key[4] is None)
    found = tuple(
        group
        for (columns, *_), same in merged.items()
        for group in _learn_group(columns, uses[columns] > 1, same, data, cells, weights, parameter)
    )
    twice = [name for name, n in Counter(g.name for g in found).items() if n > 1]
    if twice:
        same = [":".join(g.columns) or ROWS for g in found if g.name == twice[0]]
        raise SpecError(
            f"The groups {' and '.join(map(repr, same))} would both be named {twice[0]!r}: rename a "
            "column."
        )
    return found


def learn_shared(
    predictors: Mapping[str, Predictor],
    data: pd.DataFrame,
    cells: Columns,
    weights: Weights,
    taken: set[str],
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
        group = _learn_shared(name, columns, structure, places, data, cells, weights)
        for parameter in places:
            found[parameter].append(group)
    return {parameter: tuple(groups) for parameter, groups in found.items()}


def _learn_shared(
    name: str,
    columns: tuple[str, ...],
    structure: str | None,
    places: Mapping[str, Sequence[RandomEffect]],
    data: pd.DataFrame,
    cells: Columns,
    weights: Weights,
) -> GroupSchema:
    own = [
        (parameter, group)
        for parameter, effects in places.items()
        for group in _learn_group(columns, False, effects, data, cells, weights, parameter)
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
        owners=tuple(parameter for parameter, g in own for _ in g.parts),
        units=np.concatenate([g.units for _, g in own if g.units is not None]),
        shift=group_shift(
            [part for _, g in own for part in g.parts],
            (tuple(range(len(terms))),), cells.codings, cells.origins,
        ),
    )  # fmt: skip


def _learn_group(
    columns: tuple[str, ...],
    shared: bool,
    effects: Sequence[RandomEffect],
    data: pd.DataFrame,
    cells: Columns,
    weights: Weights,
    parameter: str,
) -> tuple[GroupSchema, ...]:
    """Learn one group; with ``by=`` one for each level of that column."""
    terms, parts, blocks = _learn_terms(columns, effects, cells.codings)
    units = [
        root_mean_square(cells.matrix(own, ones, cells.numbers(own)), weights)
        for ones, own in parts
    ]
    first = effects[0]
    name = group_name(columns, first.structure if shared else None)
    structure = first.structure
    if first.members or first.along:
        name = plain_name(first.name)
    if first.along:
        of = [*dict.fromkeys((first.along, *first.group))]
        of += [f"{option}={value}" for option, value in first.process.given]
        structure = f"{first.process.name}({', '.join(of)})"
    whole = GroupSchema(
        name if parameter == "mu" else f"{parameter}_{name}",
        columns, np.array([], np.str_), terms, parts, blocks, structure,
        members=first.members, along=first.along, process=first.process, dist=first.dist,
        units=np.concatenate(units), shift=group_shift(parts, blocks, cells.codings, cells.origins),
    )  # fmt: skip
    if first.by is not None:
        return _parted(whole, first.by, data)
    if first.members is not None:
        require_members(data, columns, first.members)
        codes, levels = member_levels(data, columns)
        used = np.unique(codes[member_weights(data, columns, first.members) > 0])
        return (_with_levels(whole, levels[used]),)
    return (_with_levels(whole, group_levels(data, columns)[1]),)


def _with_levels(schema: GroupSchema, levels: NDArray[np.str_]) -> GroupSchema:
    levels.flags.writeable = False
    return replace(schema, levels=levels)


def _parted(whole: GroupSchema, by: str, data: pd.DataFrame) -> tuple[GroupSchema, ...]:
    """Part the levels of a group by another column, refusing levels with several values of it."""
    codes, levels = group_levels(data, whole.columns)
    parts, values = levels_of(pick(data, by), by, times=True)
    pairs = np.unique(np.stack([codes, parts]), axis=1)
    several = levels[np.flatnonzero(np.bincount(pairs[0]) > 1)]
    if len(several):
        raise DataError(
            f"gr({':'.join(whole.columns)}, by={by}): {by!r} is not one value in all rows of "
            f"{listed(map(repr, several.tolist()))}. A standard deviation for each value of {by!r} needs "
            "levels that have one; write a varying slope instead."
        )
    return tuple(
        _with_levels(
            replace(
                whole,
                name=plain_name(f"{whole.name}_{value}"),
                by=(by, str(value)),
                by_levels=tuple(values.tolist()),
            ),
            levels[pairs[0][pairs[1] == k]],
        )
        for k, value in enumerate(values)
    )


def _learn_terms(
    columns: tuple[str, ...], effects: Sequence[RandomEffect], codings: Codings
) -> tuple[Any, Any, Any]:
    """Return labels, parts and blocks of the terms that vary by one group."""
    parts, twice = [], list[str]()
    terms, blocks = list[str](), list[tuple[int, ...]]()
    for effect in effects:
        own = expand(effect.intercept, effect.terms, codings)
        names = [INTERCEPT] * effect.intercept
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
    return tuple(terms), tuple(parts), tuple(blocks)
