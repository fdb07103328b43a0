"""Structured covariances of levels: matched with the model's groups by name and label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from bayes_glmm.design.groups.group_schema import GroupSchema
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.columns import numbers, pick
from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, DataError, SpecError, suggestion
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.process import most_times
from bayes_glmm.model.blocks.structured import RelatedEffects
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.structures import Structure
from bayes_glmm.structures.level_labels import id_texts
from bayes_glmm.structures.times import Series, law_of, series

type Structures = Mapping[str, Structure]


def given_structures(spec: ModelSpec, structures: Any) -> dict[str, Structure]:
    """Return the structures that a model names, refusing absent and unused ones.

    Those that the model describes and nobody gives are read, from the current folder.

    Parameters
    ----------
    spec : ModelSpec
    structures : mapping of str to Structure, or None

    Raises
    ------
    ArgumentTypeError
        It is no mapping of names to structures.
    SpecError
        The model names a structure that is not given.
    ArgumentError
        A structure is given that the model does not name.
    """
    given = {} if structures is None else structures
    if not isinstance(given, Mapping):
        raise ArgumentTypeError(
            f"structures= is a mapping of names to structures, such as {{'A': bg.kinship(K)}}, "
            f"not {type(given).__name__}."
        )
    given = _described(spec, given)
    for name, value in given.items():
        if not isinstance(value, Structure):
            raise ArgumentTypeError(
                f"structures={{{name!r}: ...}} holds {type(value).__name__}: wrap it with "
                "bg.kinship(), bg.pedigree() or another structure, which says whose rows these are."
            )
    used = {e.structure: e for p in spec.every.values() for e in p.random if e.structure}
    for name, effect in used.items():
        if name not in given:
            raise SpecError(
                f"The model names the structure {name!r} in gr({effect.name}, {name}), but "
                f"structures= does not hold it.{suggestion(name, list(given))} "
                f"Give structures={{{name!r}: bg.kinship(K)}} or another structure."
            )
    for name in given:
        if name not in used:
            raise ArgumentError(
                f"structures= holds {name!r}, but no term of the model uses it: write "
                f"(1 | gr(level, {name})), or leave it out.{suggestion(str(name), list(used))}"
            )
    return dict(given)


def _described(spec: ModelSpec, given: Mapping[str, Any]) -> Mapping[str, Any]:
    sources = {name: source for name, source in spec.structures if name not in given}
    if not sources:
        return given
    from bayes_glmm.structures.structure_files import read_sources

    return {**read_sources(sources), **given}


def bound_structures(schema: Schema, data: pd.DataFrame, given: Structures) -> dict[str, Structure]:
    """Return the structures of the levels of the training rows.

    Raises
    ------
    DataError
        Levels are not text.
    ArgumentError
        A structure that is read from columns is used for two columns of levels.
    """
    bound = dict(given)
    for predictor in (*schema.predictors.values(), *schema.covariates.values()):
        for group in predictor.groups:
            if group.structure is None:
                continue
            if group.along is not None:
                bound[group.structure] = _series(group, group.along, data)
                continue
            if not group.columns:
                raise DataError(
                    f"gr(observation, {group.structure}) needs ids to match with the structure: "
                    "add them as a column of the table, and name it in gr()."
                )
            (column,) = group.columns
            _require_ids(pick(data, column), column, group.structure)
            found = given[group.structure].bind(data, column)
            before = bound[group.structure]
            if found is not given[group.structure] and before is not given[group.structure]:
                if found.identity() != before.identity():
                    raise ArgumentError(
                        f"The structure {group.structure!r} is read from the rows of two columns "
                        f"of levels, {column!r} among them: give it twice, under two names."
                    )
            bound[group.structure] = found
    return bound


def _series(group: GroupSchema, time: str, data: pd.DataFrame) -> Series:
    """Relate times within groups, refusing times that are no numbers or stand twice."""
    numbers(data, time, group.structure)
    twice = data.duplicated(list(group.columns), keep=False).to_numpy()
    if twice.any():
        raise DataError(
            f"{group.structure}: {' and '.join(map(repr, group.columns))} stand twice in "
            f"{rows_where(data.index, twice)}: a series has one value at a time. Give a further "
            f"grouping column, as in {group.process.name}(time, a:b), or another time."
        )
    most = most_times(group.levels)
    if most < law_of(group.process).least_times:
        has = "one time" if most == 1 else f"at most {most} times"
        raise DataError(
            f"{group.structure}: every group has {has} ({rows_where(data.index, ~twice)}), which "
            "says nothing about how a value follows from those before: leave the term out."
        )
    return series(group.levels, time, group.process)


def _require_ids(series: pd.Series, column: str, structure: str) -> None:
    """Refuse levels that are no ids; whole numbers are, and match labels of these digits."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        values = pd.Series(series.cat.categories)
    else:
        values = series.dropna().drop_duplicates()
    try:
        id_texts(values, f"The levels in {column!r}, related by {structure!r},")
    except ArgumentTypeError as error:
        raise DataError(str(error)) from error


def with_factors(design: Design, structures: Structures) -> Design:
    """Return the design whose structured groups know how their levels are related.

    Raises
    ------
    UnknownLevelError
        A level that its structure does not know.
    """
    predictors = {n: _predictor(p, structures) for n, p in design.predictors.items()}
    covariates = {
        n: replace(c, predictor=_predictor(c.predictor, structures))
        for n, c in design.covariates.items()
    }
    return replace(design, predictors=predictors, covariates=covariates)


def _predictor(predictor: PredictorDesign, structures: Structures) -> PredictorDesign:
    if not any(group.structure for group in predictor.groups):
        return predictor
    return replace(predictor, groups=tuple(_group(g, structures) for g in predictor.groups))


def _group(group: GroupDesign, structures: Structures) -> GroupDesign:
    if group.structure is None:
        return group
    structure = structures[group.structure]
    structure.require(group.levels, f"The rows of {group.name!r}")
    related = RelatedEffects(structure.prepare(group.levels), structure.hyper)
    return replace(group, distribution=related)
