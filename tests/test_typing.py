"""Type checkers see what a call takes and gives: options, words of arguments, and ``draws=``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CALLS = Path("tests") / "typed" / "calls.py"
STATED = re.compile(r"#\s(?:error: \"(?P<error>\w+)\"|(?P<type>\w+))$")
FOUND = re.compile(r"calls\.py:(\d+): (error|note): (.*)")
REVEALED = re.compile(r'Revealed type is "(.*)"')


@pytest.mark.slow
def test_mypy_reads_calls_as_they_are_meant() -> None:
    options = ("--strict", "--config-file", "pyproject.toml", "--follow-imports", "silent")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, str(CALLS)],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    revealed: dict[int, str] = {}
    errors: dict[int, list[str]] = {}
    for line, kind, text in FOUND.findall(done.stdout):
        if kind == "error":
            errors.setdefault(int(line), []).append(text)
        elif shown := REVEALED.fullmatch(text):
            revealed[int(line)] = shown[1].rpartition(".")[2]
    lines = (ROOT / CALLS).read_text("utf-8").splitlines()
    stated = {n: m for n, text in enumerate(lines, 1) if (m := STATED.search(text))}
    assert {n: m["type"] for n, m in stated.items() if m["type"]} == revealed, done.stdout
    assert {n for n, m in stated.items() if m["error"]} == errors.keys(), done.stdout
    for line, texts in errors.items():
        name = stated[line]["error"]
        assert [text for text in texts if f'"{name}"' in text] == texts, texts
