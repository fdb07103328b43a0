"""The documentation site names everything that the code has, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bayes_glmm as bg
from bayes_glmm.families.table import markdown

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

from making import findings, pages, structures, templates  # noqa: E402


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """Return the pages that a build would write, without their heading matter."""
    return pages.pages()


def entries(text: str) -> list[str]:
    return re.findall(r"^### `(\w+)`$", text, re.MULTILINE)


def listed_in_toctrees(text: str) -> set[str]:
    blocks = re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return {line for line in lines if line and not line.startswith(":")}


def test_every_finding_has_one_entry_and_no_entry_is_left_over() -> None:
    written = entries((DOCS / "findings.md").read_text("utf-8"))
    assert len(written) == len(set(written))
    assert set(written) == {finding.name for finding in findings.findings()}


def test_findings_without_a_name_in_the_code_come_from_known_places() -> None:
    named_elsewhere = {
        "answers/diagnose/convergence.py",  # the measures, which are run
        "answers/diagnose/report_card.py", "studies/prior_predictive.py",  # what was stored, read back
        "design/checks/check_all.py",  # the checks' table, and names of errors
        "design/checks/checks_table.py",  # its own table
        "design/checks/checks_levels.py",  # the name that its checks are given
        "design/checks/check_context.py",  # the name that a check is given
        "families/check_family.py",  # faults, which are read
    }  # fmt: skip
    assert findings.not_written_out() == named_elsewhere


def test_a_finding_that_is_found_is_in_the_list() -> None:
    trials = bg.dataset("nielweise2008").assign(copy=lambda d: 2 * d["treat"])
    found = bg.check("events ~ treat + copy + (1 | label)", trials, family="poisson")
    missing = bg.check("events ~ nobody", trials, family="poisson")
    known = {f.name for f in findings.findings()} | set(findings.error_names())
    assert len(found)
    assert len(missing)
    assert {f.name for f in (*found, *missing)} <= known


def test_every_page_is_in_a_toctree_and_every_toctree_has_its_pages(made: dict[str, str]) -> None:
    index = (DOCS / "index.md").read_text("utf-8")
    pages_here = {p.stem for p in (*DOCS.glob("*.md"), *DOCS.glob("*.rst"))} - {"index", "errors"}
    made_here = {p.removesuffix(".md") for p in made if p.count("/") == 1} | {"made/guides/index"}
    assert listed_in_toctrees(index) == pages_here | made_here | {"contributing/index"}
    steps = {p.stem for p in (DOCS / "contributing").glob("*.md")} - {"index"}
    assert listed_in_toctrees((DOCS / "contributing" / "index.md").read_text("utf-8")) == steps
    assert "   errors" in (DOCS / "api.rst").read_text("utf-8")
    guides = listed_in_toctrees(made["made/guides/index.md"])
    assert guides == set(bg.templates()["name"])


def test_every_public_name_is_in_the_reference_once() -> None:
    text = (DOCS / "api.rst").read_text("utf-8")
    named = re.findall(r"^   (\w+)$", text, re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) - {"errors"} == set(bg.__all__) - {"__version__", "errors"}


def test_a_guide_says_all_that_its_template_does(made: dict[str, str]) -> None:
    for template in templates.all_templates():
        page = made[f"made/guides/{template.name}.md"]
        said = (template.title, template.question, template.reference, *template.cautions)
        assert all(text in page for text in said)
        for role, meaning in template.roles.items():
            assert f"| `{role}` | {meaning} |" in page
        run = '```{code-cell} python3\ntree = bg.fit("' in page
        assert run == templates.covered(template)
        assert run != ("is not run here" in page)
        assert page.count("```python\n") == (not run)


def test_every_kind_of_structure_is_in_the_table(made: dict[str, str]) -> None:
    table = made["made/parts/structures.md"]
    kinds = structures.public_kinds()
    assert len(kinds) >= 6
    assert all(f"`~bayes_glmm.{kind}`" in table for kind in kinds)
    assert {"halflife", "signal", "mix", "range"} == set(re.findall(r"`(\w+)_<level>`", table))


def test_the_command_line_is_there_with_its_options(made: dict[str, str]) -> None:
    page = made["made/commands.md"]
    for verb in ("check", "fit", "report", "predict", "explore", "scan", "templates", "demo"):
        assert f"## `bayes-glmm {verb}`" in page
    assert "`--structure" in page


def test_the_stored_table_of_families_is_that_of_the_code() -> None:
    assert (DOCS / "families.md").read_text("utf-8") == markdown()


def test_links_between_pages_lead_somewhere(made: dict[str, str]) -> None:
    for page in DOCS.glob("*.md"):
        for target in re.findall(
            r"\]\(([\w/]+\.(?:md|rst))(?:#[\w-]+)?\)", page.read_text("utf-8")
        ):
            assert (DOCS / target).is_file() or target in made, f"{page.name}: {target}"


def test_blocks_of_python_that_are_not_run_are_few_and_say_so() -> None:
    for page in DOCS.glob("*.md"):
        text = page.read_text("utf-8")
        for before in text.split("```python\n")[:-1]:
            said = "not run here" in before[-300:] or page.name in ("index.md", "changelog.md")
            assert said, page.name


@pytest.mark.slow
@pytest.mark.fit
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "-E", "-W", "--keep-going", "-q", str(DOCS)]
    done = subprocess.run(
        [*command, str(tmp_path)], cwd=ROOT, env=dict(os.environ), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "index.html").is_file()
    for page in tmp_path.rglob("*.html"):
        html = page.read_text("utf-8")
        assert "did NOT converge" not in html
        assert "site-packages" not in html
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?://", html), page
