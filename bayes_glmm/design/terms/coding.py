"""Codings: how one factor of a term becomes columns, learned from the training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import kind_of, learned_codes, levels_of, locate, pick
from bayes_glmm.design.terms.centering import level_means, varies_within
from bayes_glmm.design.terms.contrasts import CONTRASTS, Coding, contrast_coding, full_coding
from bayes_glmm.design.terms.expressions import States, evaluate, text_of, values
from bayes_glmm.design.terms.missing_covariates import MissingCoding, learn_imputed
from bayes_glmm.design.terms.monotonic_coding import MonotonicCoding, learn_ordered
from bayes_glmm.design.terms.smooth_coding import SmoothCoding, learn_smooth
from bayes_glmm.errors import DataError, SpecError, suggestion
from bayes_glmm.spec.terms import SMOOTHS, Call, Expression, Factor, Number, Text, Variable


@dataclass(frozen=True)
class NumericCoding:
    """A factor of a term that is numbers.

    Attributes
    ----------
    expression : Variable or Call
    labels : tuple of str
        One per column.
    """

    expression: Factor
    labels: tuple[str, ...]

    def columns(self, full: bool) -> tuple[str, ...]:
        """Return the labels of the columns."""
        return self.labels

    def matrix(self, data: pd.DataFrame, states: States, full: bool) -> NDArray[np.float64]:
        """Return the columns on some rows, shape (n_rows, n_columns)."""
        found = evaluate(self.expression, data, states, use=self.labels[0])
        return found[:, None] if found.ndim == 1 else found


@dataclass(frozen=True)
class LevelCoding:
    """A factor of a term that is levels.

    Attributes
    ----------
    column : str
    levels : tuple of str
        In order.
    contrast : str
    reference : str or None
    times : bool
        Whether the values may be dates, as inside ``C()``.
    """

    column: str
    levels: tuple[str, ...]
    contrast: str = "treatment"
    reference: str | None = None
    times: bool = False

    def coding(self, full: bool) -> Coding:
        """Return the rows that stand for the levels, and the columns' names."""
        if full:
            return full_coding(self.levels)
        return contrast_coding(self.contrast, self.levels, self.reference)

    def columns(self, full: bool) -> tuple[str, ...]:
        """Return the labels of the columns."""
        return tuple(f"{self.column}[{name}]" for name in self.coding(full)[1])

    def codes(self, data: pd.DataFrame) -> NDArray[np.intp]:
        """Return each row's position in the levels, refusing unknown ones."""
        way = f"The model learned {len(self.levels)} levels: refit with rows of the new one."
        what = f"Column {self.column!r}"
        return learned_codes(data, self.column, self.levels, what, way, times=self.times)

    def matrix(self, data: pd.DataFrame, states: States, full: bool) -> NDArray[np.float64]:
        """Return the columns on some rows, shape (n_rows, n_columns)."""
        return self.coding(full)[0][self.codes(data)]


@dataclass(frozen=True)
class WithinCoding:
    """A number cut into the deviation from its group's mean, and that mean.

    Attributes
    ----------
    expression : Variable or Call
    group : str
        The grouping column.
    levels : tuple of str
    means : tuple of float
        Mean of each level over the training rows. A level that was not seen has the
        mean of its own new rows.
    """

    expression: Expression
    group: str
    levels: tuple[str, ...]
    means: tuple[float, ...]

    def columns(self, full: bool) -> tuple[str, ...]:
        """Return the labels of the columns: ``age_within`` and ``age_between``."""
        label = text_of(self.expression)
        return (f"{label}_within", f"{label}_between")

    def matrix(self, data: pd.DataFrame, states: States, full: bool) -> NDArray[np.float64]:
        """Return deviations and means, shape (n_rows, 2)."""
        x = values(self.expression, data, states, use=f"wb({self.group})")
        codes, found = levels_of(pick(data, self.group), self.group, times=True)
        places = locate(found, np.array(self.levels, dtype=np.str_))
        own = level_means(x, codes, len(found))
        means = np.where(places >= 0, np.array([*self.means, 0.0])[places], own)
        return np.column_stack([x - means[codes], means[codes]])


type FactorCoding = (
    NumericCoding | LevelCoding | WithinCoding | SmoothCoding | MonotonicCoding | MissingCoding
)


def learn_coding(factor: Factor, data: pd.DataFrame, states: States) -> FactorCoding:
    """Learn from the training rows whether a factor is numbers or levels, and which.

    Raises
    ------
    DataError
        The column cannot be used that way, or has too few levels.
    """
    match factor:
        case Call("C", arguments, options):
            column, contrast, reference = _read_c(arguments, options, text_of(factor))
            return _learn_levels(data, column, contrast, reference, times=True)
        case Call("mo", (Variable(name),)):
            return learn_ordered(name, data)
        case Call("mi", (Variable(name),)):
            return learn_imputed(name, data)
        case Call("mo" | "mi" as function):
            raise SpecError(f"{text_of(factor)}: {function}() takes the name of a column.")
        case Call("wb", (inside, Variable(group))):
            return _learn_within(inside, group, data, states)
        case Call(function) if function in SMOOTHS:
            return learn_smooth(factor, data, states)
        case Variable(name) if kind_of(pick(data, name), name) != "numeric":
            return _learn_levels(data, name, "treatment", None)
    label = factor.name if isinstance(factor, Variable) else text_of(factor)
    width = evaluate(factor, data, states, use=label)
    if width.ndim == 1:
        return NumericCoding(factor, (label,))
    return NumericCoding(factor, tuple(f"{label}[{k + 1}]" for k in range(width.shape[1])))


def _learn_within(
    inside: Expression, group: str, data: pd.DataFrame, states: States
) -> WithinCoding:
    x = values(inside, data, states, use="wb()")
    codes, levels = levels_of(pick(data, group), group, times=True)
    means = level_means(x, codes, len(levels))
    if not varies_within(x, means[codes]):
        raise DataError(
            f"wb({text_of(inside)}, {group}): {text_of(inside)} is the same in all rows of every "
            f"{group}, so that nothing varies within; use the column itself."
        )
    return WithinCoding(inside, group, tuple(levels.tolist()), tuple(means.tolist()))


def _learn_levels(
    data: pd.DataFrame, column: str, contrast: str, reference: str | None, times: bool = False
) -> LevelCoding:
    levels = tuple(levels_of(pick(data, column), column, times=times)[1].tolist())
    if len(levels) > 2000:
        raise DataError(
            f"Column {column!r} has {len(levels)} levels, too many for fixed effects: "
            f"use it as a group, (1 | {column}), or convert it to numbers."
        )
    coding = LevelCoding(column, levels, contrast, reference, times)
    coding.coding(full=False)
    return coding


def _read_c(
    arguments: tuple[Expression, ...], options: tuple[tuple[str, Expression], ...], text: str
) -> tuple[str, str, str | None]:
    if not arguments or not isinstance(arguments[0], Variable):
        raise SpecError(f"{text}: C() takes the name of a column first.")
    contrast, reference = "treatment", None
    words = [*((None, a) for a in arguments[1:]), *options]
    for name, value in words:
        word = _word(value, text)
        if name == "contrast" or (name is None and word.casefold() in CONTRASTS):
            contrast = word.casefold()
        elif name in ("ref", "reference") or (name is None and isinstance(value, Text | Number)):
            reference = word
        else:
            known = suggestion(word, [*CONTRASTS]) if name is None else " Known: ref, contrast."
            raise SpecError(f"{text}: unknown {name or word!r} in C().{known}")
    return arguments[0].name, contrast, reference


def _word(value: Expression, text: str) -> str:
    match value:
        case Variable(word) | Text(word):
            return word
        case Number():
            return text_of(value)
    raise SpecError(f"{text}: C() takes a column, a contrast and ref=.")
