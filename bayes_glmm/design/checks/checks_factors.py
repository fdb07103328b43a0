"""Checks of fixed factors: what they are compared with, and whether they are factors at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.table.columns import numbers
from bayes_glmm.design.table.spelling import near
from bayes_glmm.design.terms.base_levels import base_level, factor_codings
from bayes_glmm.design.terms.expressions import variables
from bayes_glmm.errors import Finding
from bayes_glmm.spec.terms import Call, Variable

FEW = 2
FEWER = 3.0
MOST_PAIRED = 100
PER_ROW, FEWEST = 0.9, 5
CODES = range(3, 13)
REVERSAL = 4.0
NOMINAL = frozenset(
    "area arm block brand breed category center centre city clinic cluster code color colour "
    "condition country county department dept diet district drug ethnic ethnicity genotype group grp "
    "hospital id industry kind lab location lot machine method occupation party place plate plot "
    "province race region religion school sector site species state strain treatment trt type variety "
    "ward zone".split()
)
ORDINAL = frozenset(
    "age attempt count day days depth distance dose grade hour hours item lag level minutes month "
    "months n number occasion order period position quarter rank rating round score session size "
    "stage step time trial trials visit wave week weeks year years".split()
)


def reference(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find reference levels that hardly any row has, or that are spelled nearly as another."""
    for coding in factor_codings(context.schema):
        level = base_level(coding)
        if level is None or len(coding.levels) < 2:
            continue
        codes = coding.codes(context.data)
        place = coding.levels.index(level)
        counts = np.bincount(codes, minlength=len(coding.levels))
        stands = np.bincount(codes, rows_stand_for(context), minlength=len(coding.levels))
        n, others = counts[place], np.delete(counts, place)
        weight = np.median(np.delete(stands, place)) >= FEWER * stands[place]
        rare = n <= FEW and np.median(others) >= FEWER * n and weight
        like = next(
            (other for k, other in enumerate(coding.levels[:MOST_PAIRED])
             if k != place and near(level, other, int(n), int(counts[k]))),
            None,
        )  # fmt: skip
        if not (rare or like):
            continue
        said = f"{n} row{'s' if n > 1 else ''}"
        alike = ""
        if like is not None:
            alike = (
                f" It is spelled nearly as {like!r} ({counts[coding.levels.index(like)]} rows): if they "
                "are one, write them alike in the table."
            )
        most = like or coding.levels[int(np.argmax(np.where(counts == n, -1, counts)))]
        yield context.finding(
            name, severity,
            f"The coefficients of {coding.column!r} are differences from its level {level!r}, which "
            f"{said} of {len(codes)} {'has' if n == 1 else 'have'}.{alike} Another reference is chosen by "
            f"C({coding.column}, ref={most!r}).",
            codes == place, figure=float(n), threshold=float(FEW),
        )  # fmt: skip


def rows_stand_for(context: Context) -> NDArray[np.float64]:
    """Return how many observations each row is."""
    design = context.design
    found = np.ones(design.n_rows) if design.trials is None else np.asarray(design.trials, float)
    return found * design.modifiers.get("weights", 1.0)


def single_level(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find factors that have one level in all rows."""
    for coding in factor_codings(context.schema):
        if len(coding.levels) == 1:
            yield context.finding(
                name, severity,
                f"{coding.column!r} is {coding.levels[0]!r} in every row: there is nothing to compare it "
                "with, and the model is the one without it. Check how the rows were selected, or remove it.",
            )  # fmt: skip


def level_per_row(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find factors with about as many levels as rows."""
    n = context.design.n_rows
    for coding in factor_codings(context.schema, full=True):
        k = len(coding.levels)
        if k < max(FEWEST, PER_ROW * n) or (rows_stand_for(context) > 1).any():
            continue
        own = severity if context.has_residual or context.is_binary else "info"
        yield context.finding(
            name, own,
            f"{coding.column!r} has {k} levels in {n} rows: a coefficient for nearly every row, which the "
            "priors decide. If it names the rows, remove it; if it is a number, convert it with "
            f"pandas.to_numeric; if it names groups, write (1 | {coding.column}).",
            figure=float(k), threshold=PER_ROW * n,
        )  # fmt: skip


def integer_codes(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find few whole numbers that name things rather than measure them."""
    terms = [t for _, p in context.spec.predictors for t in p.terms]
    shaped = {v for t in terms for f in t if isinstance(f, Call) for v in variables(f)}
    plain = dict.fromkeys(f.name for t in terms for f in t if isinstance(f, Variable))
    for column in plain:
        if context.schema.column(column).levels or column in shaped:
            continue
        x = numbers(context.data, column)
        found, codes = np.unique(x, return_inverse=True)
        if len(found) not in CODES or (found != np.rint(found)).any() or len(x) < 3 * len(found):
            continue
        words = _words(column)
        if words & ORDINAL or not (words & NOMINAL or _unordered(context, found, codes)):
            continue
        shown = ", ".join(f"{v:g}" for v in found[:6]) + ", ..." * (len(found) > 6)
        yield context.finding(
            name, severity,
            f"{column!r} holds the numbers {shown} and is used as a number: one slope says that each step "
            f"changes as much as the next. If they are codes, write C({column}).",
            figure=float(len(found)), threshold=float(CODES.stop - 1),
        )  # fmt: skip


def _words(column: str) -> set[str]:
    """Return the words of a column's name: ``RegionCode2`` has ``region`` and ``code``."""
    return {w.casefold() for w in re.findall(r"[A-Z]*[a-z]+|[A-Z]+", column)}


def _unordered(context: Context, found: NDArray[np.float64], codes: NDArray[np.intp]) -> bool:
    """Whether the response goes up and down along the numbers 1, 2, ..., far beyond chance."""
    y = context.y
    if (
        y.ndim == 2
        or context.design.categories
        or not np.array_equal(found, 1.0 + np.arange(len(found)))
    ):
        return False
    if context.design.trials is not None:
        y = y / np.maximum(context.design.trials, 1)
    n = np.bincount(codes)
    means = np.bincount(codes, y) / n
    left = ((y - means[codes]) ** 2).sum() / max(len(y) - len(n), 1)
    t = np.diff(means) / np.sqrt(max(left, 1e-300) * (1 / n[1:] + 1 / n[:-1]))
    return bool(t.max() > REVERSAL and t.min() < -REVERSAL)
