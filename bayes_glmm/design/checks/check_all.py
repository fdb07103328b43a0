"""Everything that can be said about a model on its data before sampling."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from bayes_glmm.design.checks import (
    checks_factors,
    checks_fit,
    checks_fixed,
    checks_groups,
    checks_levels,
    checks_names,
    checks_nesting,
    checks_offsets,
    checks_origin,
    checks_response,
    checks_rows,
    separation,
    separation_counts,
)
from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.design.checks.checks_table import incomplete
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.tables import to_pandas
from bayes_glmm.errors import ArgumentError, BayesGLMMError, Finding, Findings, suggestion
from bayes_glmm.model.design import Design
from bayes_glmm.model.reference import in_reference
from bayes_glmm.spec.model import ModelSpec

SEVERITIES = ("error", "warning", "info", "ignore")


@dataclass(frozen=True)
class Check:
    """One named check: what it says by default and how it looks.

    Attributes
    ----------
    name : str
    severity : {"error", "warning", "info"}
        Default; a finding keeps it unless the caller's ``actions`` change it.
    meaning : str
        One line for the documentation.
    find : callable
        ``(Context, name, severity) -> iterator of Finding``, on a built design.
    """

    name: str
    severity: str
    meaning: str
    find: Callable[[Context, str, str], Iterator[Finding]]


CHECKS = tuple(
    Check(*row)
    for row in (
        ("support", "error", "responses the family cannot have", checks_response.support),
        ("trials", "error", "trials without their family, or the reverse", checks_fit.trials),
        ("own_offset", "error", "a response that is its exposure", checks_fit.own_offset),
        (
            "modifiers",
            "error",
            "weights, bounds or errors that cannot be",
            checks_response.modifiers,
        ),
        ("silent_pairs", "info", "pairs of arms that say nothing", checks_response.silent_pairs),
        ("constant_response", "error", "a response without variation", checks_response.constant),
        (
            "empty_category",
            "warning",
            "a category without rows",
            checks_response.empty_categories,
        ),
        ("exposure", "error", "an exposure that is not above 0", checks_response.exposure),
        ("exposure_link", "warning", "an exposure that makes no rate", checks_fit.exposure_link),
        (
            "offset_scale",
            "warning",
            "an offset that looks like an exposure",
            checks_offsets.offset_scale,
        ),
        (
            "exposure_scale",
            "warning",
            "an exposure that looks logged",
            checks_offsets.exposure_scale,
        ),
        ("huge_counts", "info", "counts above ten million", checks_response.huge),
        ("constant_predictor", "error", "a column of X without variation", checks_fixed.constant),
        ("duplicate_columns", "error", "columns of X that are copies", checks_fixed.duplicates),
        ("rank_deficient", "error", "coefficients that others determine", checks_fixed.rank),
        ("few_rows", "warning", "fewer rows than coefficients", checks_fixed.few_rows),
        ("scales", "info", "predictors of very different scales", checks_fixed.scales),
        (
            "origin",
            "warning",
            "a term that depends on a zero outside of the data",
            checks_origin.origin,
        ),
        (
            "reference_level",
            "warning",
            "a reference that few rows have",
            checks_factors.reference,
        ),
        ("misspelled", "warning", "levels that a slip made two", checks_names.misspelled),
        ("missing_names", "warning", "levels named as missing values", checks_names.unnamed),
        ("single_level", "warning", "a factor with one level", checks_factors.single_level),
        ("level_per_row", "warning", "a factor that names rows", checks_factors.level_per_row),
        ("integer_codes", "info", "codes used as numbers", checks_factors.integer_codes),
        ("separation", "warning", "a predictor that splits the outcomes", separation.separation),
        ("zero_counts", "warning", "a predictor seen with zeros only", separation_counts.zeros),
        ("exact_fit", "error", "predictors that give the response", checks_fit.exact),
        ("response_by_group", "error", "a response constant within levels", checks_fit.by_group),
        ("one_level", "error", "a group with a single level", checks_groups.one_level),
        ("few_groups", "warning", "a group with fewer than five levels", checks_groups.few),
        ("one_row_groups", "error", "levels of one row each", checks_rows.one_row),
        ("over_specified", "error", "as many effects as rows", checks_rows.over_specified),
        ("olre", "error", "an observation-level effect beside its like", checks_rows.olre),
        ("olre_dispersion", "warning", "two terms for one over-dispersion", checks_rows.olre_nb),
        ("constant_slope", "warning", "a slope constant within groups", checks_groups.slopes),
        ("reused_levels", "warning", "levels numbered anew in others", checks_nesting.reused),
        ("spanned_effects", "warning", "effects that others contain", checks_nesting.spanned),
        ("same_groups", "error", "two groups with one partition", checks_groups.same),
        (
            "confounded_group",
            "warning",
            "a fixed factor equal to a group",
            checks_groups.confounded,
        ),
        ("saturated_group", "warning", "levels with a fixed mean each", checks_fit.saturated),
        ("numeric_group", "info", "a group that is also a number", checks_groups.numeric),
        ("alike_levels", "warning", "levels that look like one", checks_levels.alike),
        ("numbers_as_text", "warning", "text that was meant as numbers", checks_levels.numbers),
        ("dates_as_text", "warning", "text that was meant as dates", checks_levels.dates),
        ("counted_level", "info", "which level of an outcome counts", checks_levels.counted),
    )
)


def run_checks(
    spec: ModelSpec, data: pd.DataFrame, actions: Mapping[str, str] | None = None
) -> tuple[Findings, Schema | None, Design | None]:
    """Learn the schema, build the design, and run every check.

    Parameters
    ----------
    spec : ModelSpec
    data : pandas.DataFrame
    actions : mapping of str to str, optional
        Severity by name of check: ``"error"``, ``"warning"``, ``"info"`` or ``"ignore"``.
        That a check was left out for the size of the table remains information.

    Returns
    -------
    findings : Findings
    schema, design
        ``None`` where the data do not even make arrays; the reason is a finding.

    Raises
    ------
    ArgumentError
        An unknown check or severity in ``actions``.
    ArgumentTypeError
        ``data`` is not a table.

    Examples
    --------
    >>> from bayes_glmm.spec.formula.parsing import parse
    >>> table = pd.DataFrame({"y": [1.0, 2.5, 2.0, 4.0], "g": ["a", "a", "b", "b"]})
    >>> findings, _, _ = run_checks(parse("y ~ 1 + (1 | g)"), table)
    >>> [(f.name, f.severity) for f in findings]
    [('few_groups', 'warning')]
    """
    actions = _actions(actions)
    found, data = _complete(spec, to_pandas(data))
    faulty = bool(found)
    if not len(data) and faulty:
        return Findings(tuple(found)), None, None
    try:
        schema = Schema.learn(spec, data)
        design = schema.apply(data)
    except BayesGLMMError as error:
        found.append(Finding(_named(error), "error", str(error)))
        return Findings(tuple(found)), None, None
    context = Context(spec, data, schema, in_reference(design))
    for check in CHECKS:
        severity = actions.get(check.name, check.severity)
        if severity == "ignore":
            continue
        for finding in check.find(context, check.name, severity):
            changed = check.name in actions and finding.severity != "info"
            found.append(replace(finding, severity=severity) if changed else finding)
    return Findings(tuple(found)), None if faulty else schema, None if faulty else design


def _complete(spec: ModelSpec, data: pd.DataFrame) -> tuple[list[Finding], pd.DataFrame]:
    """Say which values are missing; return the complete rows, none where they are the fewer."""
    try:
        faults = list(incomplete(spec, data))
    except BayesGLMMError:
        return [], data
    if not faults:
        return [], data
    rows = np.logical_or.reduce([rows for _, rows in faults])
    return [finding for finding, _ in faults], data[~rows] if rows.mean() < 0.5 else data[:0]


def _named(error: BayesGLMMError) -> str:
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _actions(actions: Mapping[str, str] | None) -> dict[str, str]:
    known = [check.name for check in CHECKS]
    for name, severity in (actions or {}).items():
        if name not in known:
            raise ArgumentError(f"There is no check {name!r}." + suggestion(name, known))
        if severity not in SEVERITIES:
            raise ArgumentError(f"{name}: the severity is one of {', '.join(SEVERITIES)}.")
    return dict(actions or {})
