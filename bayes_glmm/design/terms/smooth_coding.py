"""Smooth terms: what ``s()``, ``t2()`` and ``hsgp()`` learn from the training rows and replay."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import kind_of, levels_of, pick
from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.design.terms.expressions import States, text_of, values
from bayes_glmm.design.terms.smooth_bases import (
    WAVES,
    Columns,
    curve,
    default_waves,
    learn_curve,
    learn_surface,
    learn_waves,
    shortest_range,
    surface,
    waves,
)
from bayes_glmm.design.terms.stateful import State
from bayes_glmm.errors import DataError, SpecError, suggestion
from bayes_glmm.model.blocks.factor import Hyper
from bayes_glmm.model.blocks.smooth import SmoothDesign, SpectralBasis
from bayes_glmm.model.variables import RANGE
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.terms import SMOOTHS, Call, Expression, Number, Text, Variable

__all__ = ["SMOOTHS", "SmoothCoding", "learn_smooth"]

type Array = NDArray[np.float64]

KNOTS = {"s": 10, "t2": 5}
BOX = 2.5
CURVE = "curve"
NEAR = 1e-3
"""Share of the extent within which rows are not yet beyond it."""


@dataclass(frozen=True, eq=False)
class SmoothCoding:
    """A smooth function of one or two columns.

    Attributes
    ----------
    call : Call
        As written.
    levels : tuple of str
        Levels of ``by=``, each with a curve of its own; empty without, or where
        ``by=`` holds numbers.
    states : tuple of State
        What was learned: of every curve; of both margins and their product; of the box.
    """

    call: Call
    levels: tuple[str, ...]
    states: tuple[State, ...]

    @property
    def label(self) -> str:
        """The call as it stands in labels."""
        return text_of(self.call)

    @property
    def name(self) -> str:
        """Identifier in the posterior: ``s_x``, ``s_x_by_g``, ``t2_x_z``."""
        by = _option(self.call, "by")
        parts = [self.call.function, *map(text_of, self.call.arguments)]
        parts += ["by", by.name] if isinstance(by, Variable) else []
        return re.sub(r"[^A-Za-z0-9_]+", "_", "_".join(parts)).strip("_")

    @property
    def parts(self) -> tuple[str, ...]:
        """What has a standard deviation of its own."""
        if self.call.function == "t2":
            x, z = map(text_of, self.call.arguments)
            return x, z, f"{x}:{z}"
        return self.levels or (CURVE,)

    def columns(self, full: bool) -> tuple[str, ...]:
        """Return the labels of the unpenalised columns."""
        if self.call.function == "hsgp":
            return ()
        if self.call.function == "t2":
            return tuple(f"{self.label}[{part}]" for part in self.parts)
        if self.levels:
            return tuple(f"{self.label}[{level}]" for level in self.levels)
        numeric = _option(self.call, "by") is not None
        return (*([f"{self.label}[level]"] * numeric), f"{self.label}[linear]")

    def matrix(self, data: pd.DataFrame, states: States, full: bool) -> Array:
        """Return the unpenalised columns on some rows, shape (n_rows, n_columns)."""
        return self.evaluate(data, states).fixed

    def evaluate(self, data: pd.DataFrame, states: States) -> Columns:
        """Return all columns on some rows."""
        x = self._variables(data, states)
        match self.call.function:
            case "hsgp":
                self._require_box(x, data)
                basis, _ = waves(x, self.states[0])
                return Columns(np.zeros((len(x), 0)), basis, np.zeros(basis.shape[1], np.intp))
            case "t2":
                first, second, both = self.states
                return surface(x[:, 0], x[:, 1], (first, second, both))
        return self._curves(x[:, 0], data, states)

    def _curves(self, x: Array, data: pd.DataFrame, states: States) -> Columns:
        by = _option(self.call, "by")
        if not self.levels:
            z, basis = curve(x, self.states[0])
            fixed = (z * self.states[0]["line"][1])[:, None]
            if by is not None:
                factor = values(by, data, states, use=self.label)[:, None]
                fixed, basis = np.hstack([factor, factor * fixed]), factor * basis
            return Columns(fixed, basis, np.zeros(basis.shape[1], np.intp))
        codes = self._codes(data)
        lines, bases = [], []
        for k, state in enumerate(self.states):
            z, basis = curve(x, state)
            own = (codes == k)[:, None]
            lines.append(own * (z * state["line"][1])[:, None])
            bases.append(own * basis)
        part = np.repeat(np.arange(len(bases)), [b.shape[1] for b in bases])
        return Columns(np.hstack(lines), np.hstack(bases), part)

    def _codes(self, data: pd.DataFrame) -> NDArray[np.intp]:
        by = _option(self.call, "by")
        assert isinstance(by, Variable)
        codes, found = levels_of(pick(data, by.name), by.name)
        strange = [level for level in found.tolist() if level not in self.levels]
        if strange:
            rows = rows_where(data.index, np.isin(found[codes], strange))
            raise DataError(
                f"{self.label} has no curve for {strange[0]!r} in {rows}: it learned "
                f"{', '.join(map(repr, self.levels))}."
            )
        order = {level: k for k, level in enumerate(self.levels)}
        return np.array([order[level] for level in found.tolist()], np.intp)[codes]

    def design(self, data: pd.DataFrame, states: States) -> SmoothDesign:
        """Return the penalised columns on some rows, with what they depend on."""
        found = self.evaluate(data, states)
        own: tuple[SpectralBasis | None, tuple[Hyper, ...]] = (None, ())
        if self.call.function == "hsgp":
            own = self._waves()
        return SmoothDesign(self.name, self.label, found.basis, found.part, self.parts, *own)

    def _waves(self) -> tuple[SpectralBasis, tuple[Hyper, ...]]:
        state, kernel = self.states[0], _kernel(self.call)
        _, frequency = waves(np.zeros((1, len(state["half"]))), state)
        low = shortest_range(state, kernel)
        high = max(2 * max(state["half"]), 4 * low)
        middle, width = np.log(low * high) / 2, np.log(high / low) / 4
        prior = Prior("LogNormal", mu=float(middle), sigma=float(width))
        unit = text_of(self.call.arguments[0])
        meaning = f"distance over which the curve agrees, units of {unit}"
        found = SpectralBasis(kernel, frequency, len(state["half"]))
        return found, (Hyper(RANGE, "positive", prior, meaning),)

    def _variables(self, data: pd.DataFrame, states: States) -> Array:
        each = [values(a, data, states, use=self.label) for a in self.call.arguments]
        return np.stack(each, axis=1)

    def _require_box(self, x: Array, data: pd.DataFrame) -> None:
        state = self.states[0]
        centre, half, edge = (np.array(state[k]) for k in ("centre", "half", "edge"))
        outside = (np.abs(x - centre) > (half + edge) / 2).any(axis=1)
        if outside.any():
            raise DataError(
                f"{self.label} says nothing so far from the training rows: "
                f"{rows_where(data.index, outside)} lie outside of "
                f"{', '.join(f'{m - r:g} to {m + r:g}' for m, r in zip(centre, half, strict=True))}. "
                "s() continues in a straight line."
            )

    def beyond(self, data: pd.DataFrame, states: States) -> NDArray[np.bool_]:
        """Return which rows lie where a curve is continued in a straight line."""
        outside = np.zeros(len(data), dtype=bool)
        if self.call.function == "hsgp":
            return outside
        for d, x in enumerate(self._variables(data, states).T):
            state = self.states[d]
            z, knots = (x - state["line"][0]) / state["line"][1], state["knots"]
            slack = NEAR * (knots[-1] - knots[0])
            outside |= (z < knots[0] - slack) | (z > knots[-1] + slack)
        return outside


def learn_smooth(call: Call, data: pd.DataFrame, states: States) -> SmoothCoding:
    """Learn a smooth term from the training rows.

    Raises
    ------
    DataError
        A column has too few distinct values, or a level of ``by=`` has.
    SpecError
        An option has no such value.
    """
    label = text_of(call)
    x = [values(a, data, states, use=label) for a in call.arguments]
    for argument, column in zip(call.arguments, x, strict=True):
        if np.ptp(column) == 0:
            raise DataError(f"{label}: {text_of(argument)} has the same value in every row.")
    match call.function:
        case "hsgp":
            return _learn_waves(call, x)
        case "t2":
            if call.arguments[0] == call.arguments[1]:
                raise SpecError(f"{label}: a surface is over two different columns.")
            own = [_learn_curve(call, a, c, c) for a, c in zip(call.arguments, x, strict=True)]
            margins = (own[0], own[1])
            return SmoothCoding(call, (), (*margins, learn_surface(x[0], x[1], margins)))
    by = _option(call, "by")
    if (
        by is None
        or not isinstance(by, Variable)
        or kind_of(pick(data, by.name), by.name) == "numeric"
    ):
        return SmoothCoding(call, (), (_learn_curve(call, call.arguments[0], x[0], x[0]),))
    return _learn_by(call, by.name, x[0], data)


def _learn_by(call: Call, by: str, x: Array, data: pd.DataFrame) -> SmoothCoding:
    codes, levels = levels_of(pick(data, by), by)
    few = [k for k in range(len(levels)) if len(np.unique(x[codes == k])) < 3]
    if few:
        rows = rows_where(data.index, codes == few[0])
        raise DataError(
            f"{text_of(call)}: a curve needs three distinct values of {text_of(call.arguments[0])}, "
            f"and {by}={levels[few[0]]} has fewer, in {rows}: join it with another level."
        )
    found = (_learn_curve(call, call.arguments[0], x[codes == k], x) for k in range(len(levels)))
    return SmoothCoding(call, tuple(levels.tolist()), tuple(found))


def _learn_curve(call: Call, argument: Expression, x: Array, every: Array) -> State:
    k, distinct = _count(call, "k", KNOTS[call.function]), np.unique(every)
    if k < 3:
        raise SpecError(f"{text_of(call)}: k is the number of knots, at least 3.")
    if len(distinct) < k:
        raise DataError(
            f"{text_of(call)}: {k} knots need as many distinct values, and "
            f"{text_of(argument)} has {len(distinct)}: "
            + (
                f"write k={len(distinct)} or fewer."
                if len(distinct) > 3
                else "use the column itself, or C()."
            )
        )
    return learn_curve(x, distinct, k)


def _learn_waves(call: Call, x: list[Array]) -> SmoothCoding:
    box = _option(call, "c") or Number(BOX)
    if not isinstance(box, Number) or not 1.1 <= box.value <= 20:
        raise SpecError(f"{text_of(call)}: c is the box over the data's extent, from 1.1 to 20.")
    k = _count(call, "k", default_waves(_kernel(call), box.value, len(x)))
    return SmoothCoding(call, (), (learn_waves(np.stack(x, axis=1), box.value, (k,) * len(x)),))


def _kernel(call: Call) -> str:
    match _option(call, "kernel"):
        case None:
            return "matern52"
        case Text(kernel) if kernel in WAVES:
            return kernel
        case Text(kernel):
            raise SpecError(
                f"{text_of(call)}: there is no kernel {kernel!r} for waves."
                + suggestion(kernel, [*WAVES])
            )
    raise SpecError(f'{text_of(call)}: kernel is text, as in kernel="matern52".')


def _option(call: Call, name: str) -> Expression | None:
    return dict(call.options).get(name)


def _count(call: Call, name: str, default: int) -> int:
    value = _option(call, name)
    return int(value.value) if isinstance(value, Number) else default


def smooth_codings(codings: Iterable[object]) -> list[SmoothCoding]:
    """Return those codings that are smooth terms."""
    return [coding for coding in codings if isinstance(coding, SmoothCoding)]
