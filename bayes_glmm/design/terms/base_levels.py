"""What the coefficients of factors are differences from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bayes_glmm.design.terms.coding import LevelCoding

if TYPE_CHECKING:
    from bayes_glmm.design.schema import Schema


def base_level(coding: LevelCoding) -> str | None:
    """Return the level that the others are compared with, where the contrast has one."""
    if coding.contrast != "treatment":
        return None
    return coding.reference if coding.reference is not None else coding.levels[0]


def factor_codings(schema: Schema, *, full: bool = False) -> Iterator[LevelCoding]:
    """Yield the codings of fixed factors that have contrasts in some formula, each once.

    With ``full`` also of those that have a coefficient for every level.
    """
    learned = (*schema.predictors.values(), *schema.covariates.values())
    stated = [*schema.spec.predictors, *schema.spec.covariates]
    used = {f for p in learned for part in p.parts for f, whole in part if full or not whole}
    for factor in dict.fromkeys(f for _, p in stated for term in p.terms for f in term):
        coding = schema.codings.get(factor)
        if isinstance(coding, LevelCoding) and factor in used:
            yield coding


def references(schema: Schema) -> dict[str, str]:
    """Return the reference level of each factor by column, in the order of the formulas.

    Examples
    --------
    >>> import pandas as pd
    >>> from bayes_glmm.design.schema import Schema
    >>> from bayes_glmm.spec.formula.parsing import parse
    >>> table = pd.DataFrame({"y": [1.0, 2.0, 4.0], "arm": ["new", "old", "new"]})
    >>> references(Schema.learn(parse("y ~ arm"), table))
    {'arm': 'new'}
    """
    found = ((c.column, base_level(c)) for c in factor_codings(schema))
    return {column: level for column, level in found if level is not None}
