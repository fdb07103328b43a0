"""Figures of the source that may only fall: whoever lowers one lowers it here too.

``python benchmarks/structure.py --json`` prints them with the files behind each number.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "benchmarks"))

from measures.branches import branches, facts  # noqa: E402
from measures.circles import circles, graph, rooms  # noqa: E402
from measures.source import File, read  # noqa: E402
from measures.words import repeated  # noqa: E402
from structure import LONG, at_root, in_engine, long  # noqa: E402

BRANCHES = {"family": 0, "link": 0}
"""Branches on families and links outside ``families/``, ``maths/`` and ``engine/``."""
BRANCHES_IN_ENGINE = 6
IN_CIRCLES = 0
"""Modules that import one another in circles, imports in functions counted."""
LONG_FILES: set[str] = set()
DOUBLE_NAMES: set[str] = set()
AT_ROOT = 8
STATE_IT = (
    "Let each family or link do in a method of its own file what the branches do, and call that. "
    "What counts as a branch is written in benchmarks/measures/branches.py"
)


@pytest.fixture(scope="module")
def files() -> list[File]:
    return read(ROOT / "bayes_glmm")


def only_falls(what: str, found: int, allowed: int, name: str, way: str) -> None:
    """Fail where a figure has risen, or has fallen and is not lowered here."""
    assert found <= allowed, f"{found} {what}, and {allowed} were there. {way}"
    assert found == allowed, (
        f"{found} {what}, fewer than the {allowed} allowed: set {name} to {found} in "
        "tests/test_structure.py, so that it stays so"
    )


def only_shrinks(what: str, found: Collection[str], known: set[str], name: str, way: str) -> None:
    """Fail where a list has a new entry, or has lost one that is still written here."""
    new, gone = sorted(set(found) - known), sorted(known - set(found))
    assert not new, f"{what}: {', '.join(new)}. {way}"
    assert not gone, (
        f"No longer so: remove {', '.join(gone)} from {name} in tests/test_structure.py"
    )


def test_code_asks_less_and_less_what_a_family_is(files: list[File]) -> None:
    found = [b for b in branches(files, facts(files)) if not in_engine(b.path)]
    for of, allowed in BRANCHES.items():
        where = Counter(b.path for b in found if b.of == of)
        listed = ", ".join(f"{path} {count}" for path, count in sorted(where.items()))
        what = f"branches on what a {of} is stand outside families/ and maths/"
        only_falls(
            what, where.total(), allowed, f"BRANCHES[{of!r}]", f"{STATE_IT}. They are: {listed}"
        )


def test_the_engine_asks_less_and_less_what_a_family_is(files: list[File]) -> None:
    found = [b for b in branches(files, facts(files)) if in_engine(b.path)]
    what = "branches on families and links stand in engine/"
    only_falls(what, len(found), BRANCHES_IN_ENGINE, "BRANCHES_IN_ENGINE", STATE_IT)


def test_files_stay_short(files: list[File]) -> None:
    way = "Move what can be understood alone into a file of its own"
    only_shrinks(f"Over {LONG} lines", long(files), LONG_FILES, "LONG_FILES", way)


def test_every_file_has_a_name_of_its_own(files: list[File]) -> None:
    way = "Name each by what it holds, so that one name is one file: variance_chart.py, not variance.py"
    only_shrinks("Two files of one name", repeated(files), DOUBLE_NAMES, "DOUBLE_NAMES", way)


def test_modules_import_one_another_in_fewer_and_fewer_circles(files: list[File]) -> None:
    found = circles(graph(files, lazy=True))
    listed = "; ".join(" - ".join(circle) for circle in found)
    way = (
        "An import in a function or under TYPE_CHECKING counts too. Move what both sides need into "
        f"a module below both, or pass it as an argument. The circles are: {listed}"
    )
    only_falls("modules lie in circles", sum(map(len, found)), IN_CIRCLES, "IN_CIRCLES", way)


def test_rooms_import_one_another_one_way(files: list[File]) -> None:
    found = circles(rooms(files, graph(files, lazy=True)))
    assert not found, (
        f"Rooms import one another in circles, imports in functions counted: {found}. Move the "
        "module that is imported backwards into the lower room"
    )


def test_few_modules_lie_at_the_root(files: list[File]) -> None:
    found = at_root(files)
    assert len(found) <= AT_ROOT, (
        f"{len(found)} modules lie at the root, and {AT_ROOT} are enough: {', '.join(found)}. Put the "
        "new one into the room that it belongs to"
    )
