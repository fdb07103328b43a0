"""The response column as numbers: levels and truth values become zeros and ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.response.learn_thresholds import Thresholds, learn_thresholds
from bayes_glmm.design.table.columns import kind_of, learned_codes, levels_of, numbers, pick
from bayes_glmm.design.table.tables import level_text
from bayes_glmm.design.table.written_numbers import read_text
from bayes_glmm.design.terms.expressions import States, values, variables
from bayes_glmm.errors import DataError, SpecError, listed, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.spec.model import ModelSpec


@dataclass(frozen=True)
class ResponseSchema:
    """What was learned about the response.

    Attributes
    ----------
    column : str
    levels : tuple of str
        Empty where the response is numbers.
    success : str or None
        The level that counts as one.
    named : bool
        Whether the levels are text, so that they need a family of events.
    ordered : bool
        Whether the levels are ordered categories, coded 0, 1, ...
    unordered : bool
        Whether they are categories without an order, coded in the same way.
    columns : tuple of str
        The columns of a response over several, which are its categories; else empty.
    thresholds : Thresholds or None
        Which groups have thresholds of their own.
    """

    column: str
    levels: tuple[str, ...] = ()
    success: str | None = None
    named: bool = False
    ordered: bool = False
    unordered: bool = False
    columns: tuple[str, ...] = ()
    thresholds: Thresholds | None = None

    @property
    def coded(self) -> bool:
        """Whether the levels are categories, coded 0, 1, ..."""
        return self.ordered or self.unordered

    @property
    def categories(self) -> tuple[str, ...]:
        """Labels of the categories, the reference first; empty where there are none."""
        return self.columns or (self.levels if self.coded else ())

    @property
    def counted(self) -> str:
        """Which of two levels counts as one, in words; empty where that was not chosen."""
        others = [level for level in self.levels if level != self.success]
        if self.coded or self.success is None or len(others) != 1:
            return ""
        return f"{self.column} = {self.success!r} counts as 1, {others[0]!r} as 0"

    def apply(self, data: pd.DataFrame, family: str) -> NDArray[np.float64]:
        """Return the response on some rows as numbers, shape (n_rows,).

        A response over several columns has the shape (n_rows, n_columns).

        Raises
        ------
        DataError
            Text where the family needs numbers, or not exactly two levels.
        UnknownLevelError
            A level that was not learned.
        """
        if self.columns:
            return np.column_stack([numbers(data, c, "The response") for c in self.columns])
        if not self.levels:
            return numbers(data, self.column, "The response")
        if not self.coded:
            self._require_two(family, data)
        what = f"The response {self.column!r}"
        way = f"The model learned {len(self.levels)} levels."
        codes = learned_codes(data, self.column, self.levels, what, way)
        if self.coded:
            return codes.astype(np.float64)
        return (codes == self.levels.index(str(self.success))).astype(np.float64)

    def _require_two(self, family: str, data: pd.DataFrame) -> None:
        series = pick(data, self.column)
        meant = read_text(series, self.column)
        if self.named and not get_family(family).two_valued():
            what = "levels" if isinstance(series.dtype, pd.CategoricalDtype) else "text"
            way = (
                "convert it with pandas.to_numeric, or use family='bernoulli' for two levels"
                if meant is None
                else f"it holds text {meant.message}"
            )
            raise DataError(
                f"The response {self.column!r} holds {what}, and family {family!r} needs numbers: {way}."
            )
        if len(self.levels) != 2:
            raise DataError(
                f"The response {self.column!r} has {len(self.levels)} level"
                f"{'s' if len(self.levels) != 1 else ''} ({listed(self.levels)}), and a binary "
                f"response has two: compare it with one level first, as in "
                f"data[{self.column!r}] == {self.levels[-1]!r}."
            )


def learn_response(spec: ModelSpec, data: pd.DataFrame) -> ResponseSchema:
    """Learn the levels of the response and which of them counts as one.

    Without ``success=`` that is ``True``, or the second of two levels.

    Raises
    ------
    DataError
        ``success=`` is not a level of the response.
    """
    family = get_family(spec.family)
    if spec.response.modifier("thres"):
        family.require("thresholds")
    return LEARN[family.response](spec, data)


def _learn_columns(spec: ModelSpec, data: pd.DataFrame) -> ResponseSchema:
    if not spec.response.others:
        raise SpecError(
            f"The family {spec.family!r} has a column for each category: write cbind(a, b, c) ~ ... with "
            f"their names, not {spec.response.name}."
        )
    return ResponseSchema(spec.response.column, columns=spec.response.columns)


def _learn_unordered(spec: ModelSpec, data: pd.DataFrame) -> ResponseSchema:
    series, column, kind = _single(spec, data)
    return ResponseSchema(column, _unordered(series, column, kind), unordered=True)


def _learn_ordered(spec: ModelSpec, data: pd.DataFrame) -> ResponseSchema:
    series, column, kind = _single(spec, data)
    learned = ResponseSchema(column, _categories(series, column, kind), ordered=True)
    return _with_thresholds(spec, learned, data)


def _learn_number(spec: ModelSpec, data: pd.DataFrame) -> ResponseSchema:
    (series, column, kind), success = _single(spec, data), spec.success
    if kind == "numeric" and success is None:
        return ResponseSchema(column)
    levels = ("False", "True")
    if kind != "boolean":
        levels = tuple(levels_of(series, column)[1].tolist())
    if success is not None and success not in levels:
        raise DataError(
            f"success={success!r} is not a level of the response {column!r}."
            + suggestion(success, list(levels))
        )
    if success is None and len(levels) == 2:
        success = levels[1]
    return ResponseSchema(column, levels, success, kind == "factor")


def _with_thresholds(
    spec: ModelSpec, learned: ResponseSchema, data: pd.DataFrame
) -> ResponseSchema:
    call = spec.response.modifier("thres")
    if call is None:
        return learned
    codes = learned.apply(data, spec.family or "")
    thresholds = learn_thresholds(call, data, codes.astype(np.intp), learned.levels)
    return replace(learned, thresholds=thresholds)


def _categories(series: pd.Series, column: str, kind: str) -> tuple[str, ...]:
    """Return the ordered categories of a response.

    Raises
    ------
    DataError
        Text without an order, numbers that are not whole, or a single category.
    """
    if kind == "factor" and not getattr(series.dtype, "ordered", False):
        found = levels_of(series, column)[1].tolist()
        raise DataError(
            f"The response {column!r} holds levels without an order ({listed(found)}): give it one, "
            f"as in pandas.Categorical(data[{column!r}], categories=[...], ordered=True). Without "
            "one use family='categorical'."
        )
    if kind == "numeric":
        values = series.to_numpy(float)
        bad = values != np.rint(values)
        if bad.any():
            rows = listed(str(r) for r in series.index[bad][:10])
            raise DataError(
                f"The response {column!r} holds numbers that are not whole, as {values[bad][0]:g}, "
                f"and categories are: make it an ordered pandas.Categorical. Rows: {rows}."
            )
    return _all_levels(series, column)


def _unordered(series: pd.Series, column: str, kind: str) -> tuple[str, ...]:
    """Return the categories of a response without an order, the reference first.

    Raises
    ------
    DataError
        Numbers, which could be meant as such, or a single category.
    """
    if kind == "numeric":
        raise DataError(
            f"The response {column!r} holds numbers, and family 'categorical' takes names: if they "
            f"are names of categories say so, data[{column!r}].astype(str).astype('category'); "
            "whole numbers with an order are for family='cumulative', counts for 'poisson'."
        )
    return _all_levels(series, column)


def _all_levels(series: pd.Series, column: str) -> tuple[str, ...]:
    if isinstance(series.dtype, pd.CategoricalDtype):
        levels = tuple(level_text(series.cat.categories))
    else:
        levels = tuple(levels_of(series, column)[1].tolist())
    if len(levels) < 2:
        raise DataError(f"The response {column!r} has one category: there is nothing to model.")
    return levels


def _single(spec: ModelSpec, data: pd.DataFrame) -> tuple[pd.Series, str, str]:
    """Return the one column of a response, its name and its kind."""
    name, column, family = spec.response.name, spec.response.column, spec.family
    if spec.response.others:
        first, *rest = spec.response.columns
        way = (
            f" Counts out of trials are written {first} | trials(n), with n = {first} + {rest[0]}."
        )
        raise SpecError(
            f"{name} is for the families multinomial and dirichlet, and {family!r} has one "
            f"response column.{way * (len(rest) == 1)}"
        )
    series = pick(data, column)
    return series, column, kind_of(series, column)


LEARN = {
    "number": _learn_number,
    "ordered": _learn_ordered,
    "unordered": _learn_unordered,
    "columns": _learn_columns,
}
"""How a response is learned, by how the table holds it."""


def trials_of(
    spec: ModelSpec, data: pd.DataFrame, states: States, required: bool
) -> NDArray[np.float64] | None:
    """Return the numbers of trials, or ``None`` where the model or the rows have none."""
    modifier = spec.response.modifier("trials")
    if modifier is None:
        return _totals(spec, data)
    if len(modifier.arguments) != 1:
        raise SpecError("trials() takes one column or number.")
    names = {str(c) for c in data.columns}
    if not required and not trial_columns(spec) <= names:
        return None
    return values(modifier.arguments[0], data, states, use="trials()")


def _totals(spec: ModelSpec, data: pd.DataFrame) -> NDArray[np.float64] | None:
    """Return the row sums of counts of categories, where the rows have all of them."""
    columns = spec.response.columns
    known = {str(c) for c in data.columns}
    if not spec.response.others or not set(columns) <= known:
        return None
    counts = np.column_stack([numbers(data, c, "The response") for c in columns])
    return get_family(spec.family).own_trials(counts.sum(axis=1))


def trial_columns(spec: ModelSpec) -> set[str]:
    """Name the columns that the number of trials is computed from."""
    modifier = spec.response.modifier("trials")
    return set(variables(modifier)) if modifier else set()
