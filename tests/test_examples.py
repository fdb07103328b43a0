"""Every example runs from start to end, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def test_there_are_examples() -> None:
    assert SCRIPTS
    assert NOTEBOOKS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_scripts_are_short(script: Path) -> None:
    assert len(script.read_text("utf-8").splitlines()) < 80


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_are_stored_without_outputs(notebook: Path) -> None:
    import nbformat

    for cell in nbformat.read(notebook, as_version=4).cells:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_ask_one_question_and_end_with_what_to_report(notebook: Path) -> None:
    import nbformat

    cells = nbformat.read(notebook, as_version=4).cells
    words = [c.source for c in cells if c.cell_type == "markdown"]
    title = words[0].splitlines()[0]
    assert title.startswith("# ") and title.endswith("?")
    headings = [line for text in words for line in text.splitlines() if line.startswith("#")]
    assert headings[-1] == "## What to report"
    assert "Markdown(" in cells[-1].source and "bg.quote(" in cells[-1].source


def test_every_example_is_in_the_table() -> None:
    table = (EXAMPLES / "README.md").read_text("utf-8")
    for path in (*SCRIPTS, *NOTEBOOKS):
        assert f"[{path.name}]({path.name})" in table


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.name)
def test_scripts_run(script: Path, tmp_path: Path) -> None:
    environment = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_notebooks_run(notebook: Path, tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    book = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    assert any(cell.get("outputs") for cell in book.cells)
