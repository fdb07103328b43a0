"""The printed C is what the densities and the printer give now."""

from __future__ import annotations

from bayes_glmm.native.c_files import SOURCES
from tools.derive.rows import texts


def test_the_printed_files_are_up_to_date():
    found = texts()
    assert found.keys() == {
        file.name for file in SOURCES.glob("printed_*.h") if "Printed by" in file.read_text()
    }
    for name, text in found.items():
        assert (SOURCES / name).read_text() == text, f"run python -m tools.derive.rows: {name}"


def test_printing_twice_gives_the_same_bytes():
    assert texts() == texts()
