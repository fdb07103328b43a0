"""README tells the truth: its example runs, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bayes_glmm as bg

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_the_two_commands_are_targets() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in ("demo", "test"):
        assert f"make {target}\n" in README
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_every_public_name_it_mentions_is_there() -> None:
    names = set(re.findall(r"\bbg\.(\w+)", README))
    assert len(names) > 10
    assert names <= set(bg.__all__)


def test_every_file_it_names_is_there() -> None:
    named = re.findall(r"\]\((?!http)([^)]+)\)|`([\w/]+\.(?:py|md))`", README)
    paths = [first or second for first, second in named]
    assert paths
    assert all((ROOT / path).is_file() for path in paths)


@pytest.mark.fit
def test_the_example_has_ten_lines_and_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in example.splitlines() if line]) <= 10
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    assert "The chains converged" in capsys.readouterr().out
    assert (tmp_path / "hospitals.html").stat().st_size > 10_000
