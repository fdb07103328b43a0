"""Names of variables are spelled in one file, read from the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bayes_glmm.families import FAMILIES

PACKAGE = Path(__file__).resolve().parents[1] / "bayes_glmm"
STEMS = ("sd", "u", "z", "corr", "corr_chol", "beta", "intercept", "simplex", "mi", "nu")
SPELLED = re.compile(
    rf"(?:reference_)?(?:(?:{'|'.join(STEMS)})_|(?:beta|intercept|corr|corr_chol|simplex)(?:\[|$))"
)
HOME = "model/variables.py"
OTHER_THINGS = {
    "spec/priors.py": "parameters of distributions",
    "families/beta.py": "a family",
    "families/capabilities.py": "a capability",
    "families/ordinal.py": "a capability",
    "design/checks/checks_origin.py": "a capability",
    "design/schema.py": "a capability",
    "design/spec_io.py": "keys of stored models",
    "design/schema_io.py": "keys of stored models",
    "explore/posterior_page.py": "keys that the page reads",
}
"""Files in which such a word names something else."""
FILES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] != "engine"
    and str(path.relative_to(PACKAGE)) not in (HOME, *OTHER_THINGS)
]


def written(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Texts of a module, docstrings and messages' insides left out; of f-strings the beginning."""
    documents = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    joined = {
        id(part) for n in ast.walk(module) if isinstance(n, ast.JoinedStr) for part in n.values
    }
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            yield node.lineno, str(node.values[0].value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if not {id(node)} & (documents | joined):
                yield node.lineno, node.value


def spelled(source: str) -> list[str]:
    """Texts that begin as the name of a variable does, and are no sentence or family's name."""
    families = {family.name for family in FAMILIES} - {"beta"}
    found = [
        (line, text)
        for line, text in written(ast.parse(source))
        if SPELLED.match(text) and " " not in text and text not in families
    ]
    return [f"{line}: {text}" for line, text in found]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_variable_is_named_by_what_states_it(path: Path) -> None:
    assert not spelled(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "line",
    ['x = f"sd_{name}"', 'x = flat(fit, "beta")', 'x = "u_g"', 'x = f"corr_chol_{n}_{k}"',
     'x = "reference_beta"', 'x = f"beta[{label}]"', 'x = y["intercept"]'],
)  # fmt: skip
def test_the_rule_sees_names(line: str) -> None:
    assert spelled(line)


def test_the_rule_passes_over_other_words() -> None:
    assert not spelled('"""``"sd_g"`` of a group."""\nx = f"{a}_beta"\ny = "sd"\nz = "u"\n')


def test_all_exceptions_are_files() -> None:
    assert all((PACKAGE / name).exists() for name in (HOME, *OTHER_THINGS))
