"""Every planted error is found by the quick tests that are named for it, and fits in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.mutants import run
from tests.mutants.run import ALL, FOUND, LIBRARY, PASSED, ROOT, copied, planted, ran, text_with


def test_every_error_fits_in_one_place_of_the_package():
    assert len([m for m in ALL if m.in_c]) >= 20
    assert len([m for m in ALL if not m.in_c]) >= 20
    assert len({m.name for m in ALL}) == len(ALL)
    for mutant in ALL:
        changed = text_with(mutant, (ROOT / mutant.place).read_text("utf-8"))
        if not mutant.in_c:
            compile(changed, mutant.file, "exec")
        assert all((ROOT / test.split("::")[0]).exists() for test in mutant.tests)


@pytest.mark.parametrize("in_c", [False, True])
def test_an_error_leaves_nothing_behind(tmp_path, monkeypatch, in_c):
    mutant = next(m for m in ALL if m.in_c == in_c)
    files = [tmp_path / mutant.place, tmp_path / LIBRARY]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(ROOT / mutant.place, files[0])
    files[1].write_bytes(b"clean")
    monkeypatch.setattr(run, "compile_in", lambda folder: (folder / LIBRARY).write_bytes(b"new"))

    def state():
        return [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]

    before = state()
    with planted(mutant, tmp_path):
        changed = [file.read_bytes() != old for file, (old, _) in zip(files, before, strict=True)]
        assert changed == [True, in_c]
    assert state() == before


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    return copied(tmp_path_factory.mktemp("mutants"))


@pytest.mark.slow
def test_without_an_error_the_same_tests_pass(copy):
    assert ran(dict.fromkeys(t for m in ALL for t in m.tests), copy) == (PASSED, "")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", ALL, ids=lambda m: m.name)
def test_an_error_is_found(mutant, copy):
    with planted(mutant, copy):
        assert ran(mutant.tests, copy)[0] == FOUND
