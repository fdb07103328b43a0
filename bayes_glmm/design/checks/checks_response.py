"""Checks of the response, its trials, and known terms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.response.modifiers import faults
from bayes_glmm.design.table.columns import numbers
from bayes_glmm.design.terms.expressions import values
from bayes_glmm.errors import Finding, SpecError, listed
from bayes_glmm.families.censoring import observe
from bayes_glmm.families.sufficient import COLLAPSED

HUGE = 1e7


def support(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find responses and trials that the family cannot have."""
    column = context.spec.response.name
    for rows, message in context.family.invalid(context.y, context.design.trials):
        if rows.any():
            yield context.finding(name, severity, f"Response {column!r} {message}.", rows)


def modifiers(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find weights, intervals, bounds and standard errors that cannot be."""
    column, given = context.spec.response.column, dict(context.design.modifiers)
    for rows, message in faults(context.y, given) if context.y.ndim == 1 else ():
        if rows.any():
            yield context.finding(name, severity, f"Response {column!r} {message}.", rows)
    if "se" in given and (why := context.family.lack("known_errors")):
        yield context.finding(name, severity, why)
    yield from _collapsed(context, name, severity)
    try:
        observe(context.family, given, context.y).link(context.design.link)
    except SpecError as error:
        yield context.finding(name, severity, str(error))


def _collapsed(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find counts of collapsed rows beside what bg.collapse does not make."""
    call = context.spec.response.modifier(COLLAPSED)
    if call is None:
        return
    weighted = context.spec.response.modifier("weights") is not None
    sums = context.family.sums
    if sums is None or not sums.stated(context.design.link, weighted=weighted):
        yield context.finding(
            name, severity,
            "collapsed() is what bg.collapse writes beside sums of Poisson counts (log link), and "
            "beside the weights of Gaussian rows: take spec and data from there, or weights(n) for "
            "equal rows.",
        )  # fmt: skip
        return
    number = values(call.arguments[0], context.data, context.schema.states, use="collapsed()")
    if not (number > 0).all():
        yield context.finding(
            name, severity,
            "collapsed() counts the rows that became one: a number above 0 is needed.",
            ~(number > 0),
        )  # fmt: skip


def silent_pairs(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find pairs of arms whose total leaves one outcome only: they say nothing."""
    seen, trials = context.design.modifiers, context.design.trials
    if "total" not in seen or trials is None:
        return
    least = np.maximum(0.0, seen["total"] - seen["other_trials"])
    fixed = least == np.minimum(trials, seen["total"])
    if fixed.any():
        yield context.finding(
            name, severity,
            f"{int(fixed.sum())} of {len(fixed)} rows say nothing about the odds ratio: given the total "
            "of both arms, which is none or all of their trials, only one outcome can be. They keep "
            "their place, and the other rows decide.",
            fixed,
        )  # fmt: skip


def constant(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find a response that does not vary."""
    y, trials = context.y, context.design.trials
    if y.ndim == 2:
        same = bool(np.ptp(y / np.maximum(y.sum(axis=1, keepdims=True), 1e-300), axis=0).max() == 0)
    elif trials is None:
        same = np.ptp(y) == 0
    else:
        same = not y.any() or bool((y == trials).all())
    if len(y) < 2 or not same:
        return
    if y.ndim == 2:
        value = "made of the same shares"
    else:
        value = f"{y[0]:g}" if trials is None or not y.any() else "equal to its trials"
    yield context.finding(
        name, severity,
        f"Response {context.spec.response.name!r} is {value} in every row: there is nothing to "
        "model; check the column, or how the rows were selected.",
    )  # fmt: skip


def empty_categories(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find categories of a response that no row is in."""
    labels = context.design.categories
    if not labels:
        return
    y, stated, join = context.y, *context.family.rests_on()
    counts = y.sum(axis=0) if y.ndim == 2 else np.bincount(y.astype(np.intp), minlength=len(labels))
    empty = [repr(label) for label, n in zip(labels, counts, strict=True) if n == 0]
    if empty:
        yield context.finding(
            name, severity,
            f"No row of {context.spec.response.name!r} is in the category {listed(empty)}: its "
            f"{stated} rest on their prior; join it to {join}, or remove it"
            f"{' with Series.cat.remove_unused_categories()' if y.ndim == 1 else ''}.",
        )  # fmt: skip


def exposure(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find exposures that have no logarithm; offsets are refused before they are arrays."""
    column = context.spec.exposure
    if column is None:
        return
    bad = ~(numbers(context.data, column) > 0)
    if bad.any():
        yield context.finding(
            name, severity,
            f"The exposure {column!r} must be above 0, for it is logged: correct or remove "
            "these rows.",
            bad,
        )  # fmt: skip


def huge(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find counts so large that their unit is in doubt."""
    rows = (context.y > HUGE).reshape(len(context.y), -1).any(axis=1)
    if context.family.lack("residual") and rows.any():
        yield context.finding(
            name, severity,
            f"Response {context.spec.response.column!r} has counts up to {context.y.max():.3g}: if "
            "they refer to a size or a time, give it as exposure; else consider a larger unit, or "
            "gaussian on the logarithm.",
            rows, figure=float(context.y.max()), threshold=HUGE,
        )  # fmt: skip
