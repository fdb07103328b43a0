"""What the documents say can be read by the package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import bayes_glmm as bg

DOCS = Path(__file__).resolve().parents[1] / "docs"


def formulas() -> list[str]:
    rows = [r for r in (DOCS / "coming_from.md").read_text("utf-8").splitlines() if r[:1] == "|"]
    last = [re.split(r"(?<!\\)\|", row)[-2].strip() for row in rows[2:]]
    return [text.strip("`").replace(r"\|", "|") for text in last]


@pytest.mark.parametrize("text", formulas())
def test_formulas_beside_those_of_other_packages_are_read(text):
    formula = ast.literal_eval(text) if text.startswith("{") else text
    zero_inflated = isinstance(formula, dict) and "zi" in formula
    family = "zero_inflated_poisson" if zero_inflated else "gaussian"
    spec = bg.parse(formula, family=family)
    assert bg.parse(spec.formula, family=family) == spec


def test_the_table_is_not_empty():
    assert len(formulas()) > 15
