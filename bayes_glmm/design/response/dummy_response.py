"""Sound responses to build a design with, before there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.response.response_schema import ResponseSchema, learn_response, trials_of
from bayes_glmm.design.table.columns import require_columns
from bayes_glmm.design.terms.expressions import variables
from bayes_glmm.errors import DataError, listed
from bayes_glmm.families import Family, get_family
from bayes_glmm.spec.model import ModelSpec

PAIRS = ((0.0, 1.0), (1.0, 2.0), (0.25, 0.75), (-2.0, -1.0), (10.0, 11.0), (100.0, 101.0))
"""Pairs of responses; those of most families are among one of them."""


def with_placeholder(
    spec: ModelSpec, table: pd.DataFrame, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, ResponseSchema | None]:
    """Return the table with sound responses, such as zeros and ones, and what the column held."""
    return PLACEHOLDERS[get_family(spec.family).response](spec, table, parameters)


def _with_numbers(
    spec: ModelSpec, table: pd.DataFrame, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, ResponseSchema | None]:
    """Return the table with two numbers in turn, or the two levels of the column."""
    column = spec.response.column
    named = None
    if column in map(str, table.columns):
        learned = learn_response(spec, table.loc[table[column].notna()])
        named = learned if len(learned.levels) == 2 else None
    if spec.success is not None and named is None:
        raise DataError(
            f"success={spec.success!r} needs a column {column!r} with two levels: add it."
        )
    turn = np.arange(len(table)) % 2
    placeholder: Any = _sound(get_family(spec.family), turn)
    if named is not None:
        placeholder = np.array(named.levels, dtype=object)[turn]
        placeholder = placeholder == "True" if not named.named else placeholder
    return table.assign(**{column: placeholder}), named


def _sound(family: Family, turn: NDArray[np.intp]) -> NDArray[Any]:
    """Return two numbers in turn that the family can have: zero and one if it can."""
    for first, second in PAIRS:
        found = np.where(turn, second, first)
        if not any(rows.any() for rows, _ in family.invalid(found, np.ones(len(turn)))):
            return found.astype(np.int64) if (found == np.rint(found)).all() else found
    return turn


def _with_unordered(
    spec: ModelSpec, table: pd.DataFrame, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, ResponseSchema]:
    """Return the table with all categories of the column in turn."""
    learned = _learned(spec, table)
    if learned is None:
        raise DataError(
            f"The names of the categories are read from the column {spec.response.column!r}, the "
            "reference first: add it as pandas.Categorical([...], categories=[...]); its values are "
            "replaced."
        )
    return _turned(spec, table, learned)


def _with_ordered(
    spec: ModelSpec, table: pd.DataFrame, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, ResponseSchema]:
    """Return the table with all categories in turn: those of the column, or 1, 2, ..."""
    learned = _learned(spec, table)
    if learned is None:
        n = 1 + np.size(list(_thresholds(parameters))) // _n_ladders(spec, table)
        names = tuple(map(str, range(1, n + 1)))
        learned = ResponseSchema(spec.response.column, names, ordered=True)
    return _turned(spec, table, learned)


def _learned(spec: ModelSpec, table: pd.DataFrame) -> ResponseSchema | None:
    """Return the categories of the column, where the table has it."""
    column = spec.response.column
    if column not in map(str, table.columns):
        return None
    return learn_response(replace(spec, success=None), table.loc[table[column].notna()])


def _turned(
    spec: ModelSpec, table: pd.DataFrame, learned: ResponseSchema
) -> tuple[pd.DataFrame, ResponseSchema]:
    codes = _in_turn(spec, table, learned)
    return table.assign(**{spec.response.column: as_categories(codes, learned)}), learned


def _n_ladders(spec: ModelSpec, table: pd.DataFrame) -> int:
    """Return how many groups have thresholds of their own."""
    call = spec.response.modifier("thres")
    if call is None:
        return 1
    columns = list(variables(call))
    require_columns(table, columns)
    return max(1, len(table[columns].drop_duplicates()))


def _in_turn(spec: ModelSpec, table: pd.DataFrame, learned: ResponseSchema) -> Any:
    """Return all categories in turn, or within each group with thresholds those that it has."""
    call, n = spec.response.modifier("thres"), len(learned.levels)
    if call is None:
        return np.arange(len(table)) % n
    if learned.thresholds is None:
        return table.groupby(list(variables(call)), observed=True).cumcount().to_numpy() % n
    cuts, codes = learned.thresholds.apply(table, learned.levels), np.zeros(len(table), np.intp)
    for g, seen in enumerate(cuts.seen):
        rows = np.flatnonzero(cuts.index == g)
        codes[rows] = np.resize(seen, len(rows))
    return codes


def _with_columns(
    spec: ModelSpec, table: pd.DataFrame, parameters: Mapping[str, Any]
) -> tuple[pd.DataFrame, None]:
    """Return the table with sound counts or shares, the row's total kept."""
    columns = spec.response.columns
    if get_family(spec.family).lack("trials"):
        return table.assign(**dict.fromkeys(columns, 1 / len(columns))), None
    total = trials_of(spec, table, {}, required=False)
    if total is None:
        raise DataError(
            f"Counts of {listed(columns)} are drawn out of a total: add these columns, whose sums "
            f"it is, or write {spec.response.name} | trials(n) with a column n."
        )
    rest = dict.fromkeys(columns[1:], 0.0)
    return table.assign(**{columns[0]: total, **rest}), None


PLACEHOLDERS = {
    "number": _with_numbers,
    "ordered": _with_ordered,
    "unordered": _with_unordered,
    "columns": _with_columns,
}
"""How sound responses are made, by how the table holds them."""


def _thresholds(parameters: Mapping[str, Any]) -> Any:
    given = parameters.get("threshold", ())
    return given.values() if isinstance(given, Mapping) else np.atleast_1d(given)


def as_categories(codes: Any, learned: ResponseSchema) -> pd.Categorical:
    """Return codes as the categories that were learned."""
    return pd.Categorical.from_codes(codes, list(learned.levels), ordered=learned.ordered)
