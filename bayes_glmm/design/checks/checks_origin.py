"""Checks of where numbers have their zero, in terms that depend on it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.groups.group_schema import GroupSchema, effect_shifts
from bayes_glmm.design.predictor_schema import PredictorSchema
from bayes_glmm.design.terms.expressions import text_of
from bayes_glmm.design.terms.full_rank import Columns
from bayes_glmm.design.terms.origin import shift_of, unspanned
from bayes_glmm.errors import Finding, listed
from bayes_glmm.spec.terms import Call, Factor, Variable

FAR = 5.0
OWN_ORIGIN = ("center", "scale", "standardize", "poly", "bs", "cr", "wb", "mi")
"""Functions whose columns do not move with the origin of what is inside, or have it known."""


def origin(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find terms whose meaning depends on a zero that lies outside of the data.

    Where a product stands without its margins, an intercept is missing or effects of one
    group are independent, the model is another one at every origin of the number.
    """
    schema = context.schema
    cells = Columns(context.data, schema.codings, schema.states)
    for label, learned in chain(schema.predictors.items(), schema.covariates.items()):
        where = "" if label == "mu" else f" in the formula of {label!r}"
        for factor, why in {
            **dict(_fixed(learned, context)),
            **dict(_varying(learned, context)),
        }.items():
            x = cells.factor(factor)[:, 0]
            if x.min() <= 0 <= x.max() or not x.std() > 0:
                continue
            away, text = abs(float(x.mean())) / float(x.std()), text_of(factor)
            yield context.finding(
                name, severity if away > FAR else "info",
                f"{text!r}{where} has its zero outside of the data (from {x.min():g} to {x.max():g}), and "
                f"{why}: the model is another one at every zero. Write center({text}) in its "
                "place, or subtract a value that means something.",
                figure=away, threshold=FAR,
            )  # fmt: skip


def _fixed(learned: PredictorSchema, context: Context) -> Iterator[tuple[Factor, str]]:
    schema = context.schema
    ones = learned.intercept or context.family.lack("intercept") is not None
    shift = shift_of(learned.parts, ones, schema.codings, schema.origins)
    for factor in unspanned(learned.parts, shift, schema.codings):
        if _has_origin(factor):
            yield (
                factor,
                "there is no intercept, or no term of its own, that a change of it could go to",
            )


def _varying(learned: PredictorSchema, context: Context) -> Iterator[tuple[Factor, str]]:
    for group in learned.groups:
        for factor in _free(group, context):
            if _has_origin(factor):
                by = listed(group.columns) or "observation"
                yield (
                    factor,
                    (f"its slope varies by {by} without an intercept that it is correlated with"),
                )


def _free(group: GroupSchema, context: Context) -> Iterator[Factor]:
    codings, origins = context.schema.codings, context.schema.origins
    for _, parts, shift, together in effect_shifts(group.parts, group.blocks, codings, origins):
        if together:
            yield from unspanned(parts, shift, codings)
        else:
            yield from (f for part in parts for f, _ in part if f in origins)


def _has_origin(factor: Factor) -> bool:
    return isinstance(factor, Variable) or (
        isinstance(factor, Call) and factor.function not in OWN_ORIGIN
    )
