"""Without the compiled library, or with a wrong one: what goes on, and what says so."""

from __future__ import annotations

import platform
import shutil

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import EngineError
from bayes_glmm.native import library, scatter
from bayes_glmm.structures.ancestry import inbreeding
from bayes_glmm.structures.sparse_inverse import recurse
from tests.canned import poisson_tree
from tests.native.test_library import factor, pedigree, relationships

FOUND = library.library_file()


@pytest.fixture(autouse=True)
def _fresh():
    forget()
    yield
    forget()


def forget():
    library.library.cache_clear()
    library.entry.cache_clear()


@pytest.fixture
def hidden(monkeypatch, tmp_path):
    """A folder in place of the one that has the library."""
    monkeypatch.setattr(library, "HERE", tmp_path)
    return tmp_path


def test_what_needs_it_names_the_platform_and_the_way_out(hidden):
    assert not library.present()
    with pytest.raises(EngineError) as said:
        scatter.gather(np.ones(1), np.zeros((1, 0)), np.zeros(1, np.int32), np.zeros((1, 1)))
    for word in (platform.system(), platform.machine(), 'engine="nuts"', "CC", "answers"):
        assert word in str(said.value)


def test_answers_and_saved_fits_go_on(hidden, tmp_path):
    tree = poisson_tree()
    bg.save(tree, tmp_path / "fit.nc")
    kept = bg.load(tmp_path / "fit.nc")
    assert bg.summary(kept).equals(bg.summary(tree))
    table = pd.DataFrame({"arm": ["control", "treated"], "days": 100.0})
    assert len(bg.predictions(kept, table)) == 2


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.filterwarnings("ignore")
def test_the_readable_graph_is_sampled(hidden):
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(8), 6)
    y = rng.normal(size=8)[group] + rng.normal(size=48)
    table = pd.DataFrame({"y": y, "g": [f"g{i}" for i in group]})
    tree = bg.fit(
        "y ~ 1 + (1 | g)", table, engine="nuts", draws=100, chains=2, seed=1, progress=False
    )
    assert tree["posterior"].sizes["draw"] == 100


def test_pedigrees_and_maps_go_on_with_the_same_numbers(hidden):
    rng = np.random.default_rng(4)
    parents = pedigree(rng)
    wanted = np.diag(relationships(parents)) - 1
    np.testing.assert_allclose(inbreeding(parents), wanted, rtol=0, atol=1e-13)
    Q, columns = factor(rng)
    np.testing.assert_allclose(recurse(*columns), np.diag(np.linalg.inv(Q)), rtol=1e-12)


def test_a_library_of_other_sources_is_refused(monkeypatch, tmp_path):
    folder = tmp_path / "native"
    shutil.copytree(library.SOURCES, folder)
    monkeypatch.setattr(library, "SOURCES", folder)
    library.library()
    with (folder / "scatter.h").open("a") as file:
        file.write("/* another */\n")
    forget()
    with pytest.raises(EngineError, match=r"made from other C files than those in .*hatch_build"):
        library.library()


def test_a_library_in_an_installed_package_has_no_sources_to_agree_with(monkeypatch, tmp_path):
    monkeypatch.setattr(library, "SOURCES", tmp_path / "native")
    assert library.library().bg_source()


def test_a_file_that_is_none_is_refused_by_name(hidden):
    (hidden / FOUND.name).write_bytes(b"not a library")
    with pytest.raises(EngineError, match=rf"{FOUND.name} is not for {platform.system()}"):
        library.library()
