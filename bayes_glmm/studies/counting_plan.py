"""The columns by which equal rows are counted, and models for which counts are sufficient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bayes_glmm.design.response.modifiers import modifier_columns
from bayes_glmm.design.table.column_roles import column_roles
from bayes_glmm.errors import MissingDataError, SpecError, listed, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.families.sufficient import Sums
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.terms import Call, Expression, Number

ROWS = "rows"
SUMS = ("_n", "_y", "_square", "_size")
PURE = frozenset({"log", "exp", "sqrt", "C", "offset", "mo", "factor", "abs", "log1p", "trials"})
"""Functions of a formula that learn nothing from how often a value occurs."""


@dataclass(frozen=True)
class Plan:
    """The columns to group by and to sum."""

    spec: ModelSpec
    sums: Sums
    keys: tuple[str, ...]
    response: str
    size: str | float | None

    @property
    def columns(self) -> list[str]:
        """Columns to read."""
        size = [self.size] if isinstance(self.size, str) else []
        return list(dict.fromkeys([*self.keys, self.response, *size]))


def plan_counting(spec: ModelSpec, known: tuple[str, ...]) -> Plan:
    """Return the columns to count by; refuse models for which counts are not sufficient."""
    family = get_family(spec.family)
    family.require("sums")
    sums = family.sums
    assert sums is not None
    sums.check(spec.link)
    roles = column_roles(spec, known)
    absent = [c for c in (*roles, *spec.response.columns) if c not in known]
    if absent:
        raise MissingDataError(
            f"The table has no column {absent[0]!r}." + suggestion(absent[0], known)
        )
    if any(e.group == ("observation",) for p in spec.every.values() for e in p.random):
        if "observation" not in known:
            raise SpecError("(1 | observation) makes every row one of its own: nothing is equal.")
    odd = sorted({name for name in _functions(spec) if name not in PURE})
    if odd or spec.covariates:
        raise SpecError(
            f"{listed(odd or ['mi'])}() learns from all rows how often values occur, which counts of "
            "equal rows do not repeat: make that column in the table first."
        )
    trials = spec.response.modifier("trials")
    others = [m.function for m in spec.response.modifiers if m.function != "trials"]
    if others:
        raise SpecError(f"{listed(others)}() beside the response: such rows cannot be added up.")
    size = sums.size(spec.exposure, None if trials is None else _named(trials, known))
    keys = [c for c in roles if c not in (spec.response.column, size)]
    own = {ROWS, *SUMS} & {*keys, spec.response.column, *([size] if spec.exposure else [])}
    if own:
        raise SpecError(f"Rename the columns {listed(sorted(own))}: counts take their names.")
    return Plan(spec, sums, tuple(keys), spec.response.column, size)


def _named(trials: Call, known: tuple[str, ...]) -> str | float | None:
    """Return the column of trials, or their number."""
    number = trials.arguments[0]
    names = modifier_columns(trials, set(known))
    return next(iter(names), number.value if isinstance(number, Number) else None)


def _functions(spec: ModelSpec) -> Iterator[str]:
    def inside(expression: Expression) -> Iterator[str]:
        if isinstance(expression, Call):
            yield expression.function
            for argument in expression.arguments:
                yield from inside(argument)

    for _, predictor in spec.predictors:
        for expression in predictor.expressions:
            yield from inside(expression)
