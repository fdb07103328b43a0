"""Every planted error is found by the quick tests that are named for it, and fits in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.run import FOUND, PASSED, ROOT, copied, planted, ran, text_with
from tests.mutants.table import MUTANTS


def test_every_error_fits_in_one_place_of_the_package():
    assert len(MUTANTS) >= 20
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        text = (ROOT / "bayes_glmm" / mutant.file).read_text("utf-8")
        changed = text_with(mutant, text)
        compile(changed, mutant.file, "exec")
        assert all((ROOT / test.split("::")[0]).exists() for test in mutant.tests)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    return copied(tmp_path_factory.mktemp("mutants"))


@pytest.mark.slow
def test_without_an_error_the_same_tests_pass(copy):
    assert ran(dict.fromkeys(t for m in MUTANTS for t in m.tests), copy) == (PASSED, "")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_an_error_is_found(mutant, copy):
    with planted(mutant, copy):
        assert ran(mutant.tests, copy)[0] == FOUND
