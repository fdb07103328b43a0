"""Every planted error is found by the quick tests that are named for it, and fits in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.run import ALL, FOUND, PASSED, ROOT, copied, planted, ran, text_with


def test_every_error_fits_in_one_place_of_the_package():
    assert len([m for m in ALL if m.in_c]) >= 20
    assert len([m for m in ALL if not m.in_c]) >= 20
    assert len({m.name for m in ALL}) == len(ALL)
    for mutant in ALL:
        changed = text_with(mutant, (ROOT / mutant.place).read_text("utf-8"))
        if not mutant.in_c:
            compile(changed, mutant.file, "exec")
        assert all((ROOT / test.split("::")[0]).exists() for test in mutant.tests)


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
