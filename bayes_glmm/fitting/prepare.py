"""A model and a table made ready: everything that is known before sampling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import pandas as pd

from bayes_glmm.design.checks.check_all import run_checks
from bayes_glmm.design.checks.checks_structures import alike
from bayes_glmm.design.groups.structure_matching import (
    bound_structures,
    given_structures,
    with_factors,
)
from bayes_glmm.design.resolve import Model, resolve_spec
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.column_roles import drop_missing
from bayes_glmm.design.table.missing_rows import left_out, predicted, set_aside
from bayes_glmm.design.table.tables import to_pandas
from bayes_glmm.errors import DataError, Finding, Findings, listed
from bayes_glmm.fitting.options import FormulaOptions
from bayes_glmm.model.design import Design
from bayes_glmm.spec.model import ModelSpec

if TYPE_CHECKING:
    from bayes_glmm.spec.priors import Prior
    from bayes_glmm.structures import Structure


@dataclass(frozen=True, eq=False)
class Prepared:
    """A model with the table it was given: everything known before sampling."""

    spec: ModelSpec
    data: pd.DataFrame
    dropped: tuple[str, ...]
    findings: Findings
    schema: Schema | None
    design: Design | None
    structures: Mapping[str, Structure]
    aside: pd.DataFrame

    def require(self) -> tuple[Schema, Design]:
        """Return schema and design, raising what the checks found wrong."""
        self.findings.raise_errors()
        assert self.schema is not None and self.design is not None
        return self.schema, self.design


def prepare(
    model: Model,
    data: Any,
    structures: Mapping[str, Structure] | None = None,
    *,
    priors: Mapping[str, Prior] | None = None,
    **options: Unpack[FormulaOptions],
) -> Prepared:
    """Resolve the model, drop rows when asked to, run every check, relate the levels."""
    spec = resolve_spec(model, priors=priors, **options)
    bound: Mapping[str, Structure] = given_structures(spec, structures)
    table = to_pandas(data)
    dropped: tuple[str, ...] = ()
    aside = table.iloc[:0]
    if spec.missing == "drop":
        table, dropped = drop_missing(spec, table)
    if spec.missing == "predict":
        table, aside = set_aside(spec, table)
    findings, schema, design = run_checks(spec, table)
    findings = Findings((*findings, *left_out(dropped)))
    if len(aside) and schema is not None:
        found = predicted(schema, aside)
        findings = Findings((*findings, found))
        schema, design = (None, None) if found.severity == "error" else (schema, design)
    if schema is not None and design is not None:
        try:
            bound = bound_structures(schema, table, bound)
            design = with_factors(design, bound)
            findings = Findings((*findings, *alike(design, bound)))
        except DataError as error:
            said = f"{error}{_whose(spec, structures)}"
            unrelated = Finding("structure_levels", "error", said)
            findings, schema, design = Findings((*findings, unrelated)), None, None
    return Prepared(spec, table, dropped, findings, schema, design, bound, aside)


def _whose(spec: ModelSpec, given: Mapping[str, Structure] | None) -> str:
    """Say which structures are a template's example, where nobody gave others."""
    own = [name for name, source in spec.structures if source.bundled and name not in (given or {})]
    if not own:
        return ""
    return (
        f" {listed(own)} was read from the template's own example: give yours, by structures= or "
        f"--structure {own[0]}={dict(spec.structures)[own[0]].kind}:FILE."
    )
