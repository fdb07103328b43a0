"""What the documents say can be read by the package."""

from __future__ import annotations

import ast
import importlib.util
import re
import textwrap
from pathlib import Path

import pytest

import bayes_glmm as bg

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
STEPS = sorted((DOCS / "contributing").glob("*.md"))
TO_BE_WRITTEN = {
    "bayes_glmm/families/shifted_poisson.py", "bayes_glmm/model/blocks/white_noise.py",
    "tests/model/test_white_noise.py", "bayes_glmm/answers/predict/above.py",
    "tests/answers/test_above.py",
}  # fmt: skip
"""What the pages have their readers write."""
PLACES = (ROOT, ROOT / "bayes_glmm")
"""Where the names of files in the pages for contributors begin."""


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


def python_blocks(page: Path) -> list[str]:
    blocks = re.findall(r"^ *```python\n(.*?)^ *```$", page.read_text("utf-8"), re.M | re.S)
    return [textwrap.dedent(block) for block in blocks]


@pytest.mark.parametrize("page", [*STEPS, ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name)
def test_files_that_contributors_are_sent_to_exist(page):
    named = re.findall(
        r"[\w.*/]+\.(?:py|md|rst|json|toml)\b|(?<=`)[\w/]+/(?=`)", page.read_text("utf-8")
    )
    wanted = sorted(set(named) - TO_BE_WRITTEN)
    assert wanted
    alone = {
        path.name for place in ("bayes_glmm", "tests") for path in (ROOT / place).rglob("*.py")
    }
    missing = [
        name for name in wanted
        if name not in alone and not any(any(place.glob(name)) for place in PLACES)
    ]  # fmt: skip
    assert not missing, f"{page.name} names what is not there: {missing}"


def test_the_family_that_contributors_are_shown_is_one(tmp_path):
    module = tmp_path / "shifted_poisson.py"
    module.write_text(python_blocks(DOCS / "contributing" / "family.md")[0], "utf-8")
    spec = importlib.util.spec_from_file_location("shown_family", module)
    shown = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shown)
    assert bg.check_family(shown.ShiftedPoisson(), means=[0.3, 9.0]).passed
