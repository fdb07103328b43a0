"""Results on disk: equal when read, refused when damaged, and no PyMC in sight."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, BayesGLMMError, ResultError
from bayes_glmm.results.fit import Fit
from tests.canned import bernoulli_tree, poisson_tree, slope_tree, tree_of


@pytest.mark.parametrize("make", [poisson_tree, slope_tree, bernoulli_tree])
def test_a_saved_result_is_the_same(make, tmp_path):
    tree = make()
    back = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    xr.testing.assert_equal(back["posterior"].to_dataset(), tree["posterior"].to_dataset())
    pd.testing.assert_frame_equal(Fit.of(back).data, Fit.of(tree).data)
    pd.testing.assert_frame_equal(bg.predictions(back), bg.predictions(tree))
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]


def test_columns_with_odd_names_come_back(tmp_path):
    data = pd.DataFrame(
        {"the count/day": [0, 3, 1, 2], "my x": [0.5, 1, 2, 3], "observation": list("abab")}
    )
    truth = {
        "intercept": 0.3,
        "beta": [0.1],
        "sd_observation_group": [0.4],
        "u_observation_group": [[0.1], [0.2]],
    }
    tree = tree_of("`the count/day` ~ `my x` + (1 | observation)", data, truth, family="poisson")
    back = Fit.of(bg.load(bg.save(tree, tmp_path / "fit.nc")))
    assert list(back.data.columns) == list(data.columns[[0, 1, 2]])
    assert back.data["observation"].tolist() == list("abab")


@pytest.mark.parametrize(
    "content", [b"", b"not a file of this kind", b"\x89HDF\r\n\x1a\n" + bytes(64)]
)
def test_nonsense_is_refused(tmp_path, content):
    path = tmp_path / "bad.nc"
    path.write_bytes(content)
    with pytest.raises(ResultError, match=r"bad\.nc"):
        bg.load(path)


def test_a_cut_file_is_refused(tmp_path):
    path = bg.save(poisson_tree(), tmp_path / "fit.nc")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BayesGLMMError):
        bg.load(path)


def test_foreign_and_newer_trees_are_refused(tmp_path):
    foreign = xr.DataTree.from_dict({"posterior": xr.Dataset({"x": ("chain", np.zeros(2))})})
    with pytest.raises(ResultError, match="record"):
        bg.summary(foreign)
    newer = poisson_tree().copy()
    newer.attrs["bayes_glmm"] = newer.attrs["bayes_glmm"].replace('"format": 1', '"format": 99')
    with pytest.raises(ResultError, match="99"):
        bg.summary(newer)
    with pytest.raises(ResultError, match="no file"):
        bg.load(tmp_path / "absent.nc")
    with pytest.raises(ArgumentError, match="folder"):
        bg.save(poisson_tree(), tmp_path / "absent" / "fit.nc")


def test_answers_need_neither_pymc_nor_matplotlib(tmp_path):
    path = bg.save(poisson_tree(), tmp_path / "fit.nc")
    code = (
        "import sys, bayes_glmm as bg\n"
        f"tree = bg.load({str(path)!r})\n"
        "bg.predictions(tree, by='arm'); bg.summary(tree); bg.diagnose(tree)\n"
        "bg.variance_partition(tree, 'data'); bg.compare({'a': tree, 'b': tree}, by='ward')\n"
        "bad = {'pymc', 'pytensor', 'matplotlib', 'arviz_plots', 'nutpie'} & set(sys.modules)\n"
        "sys.exit(', '.join(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
