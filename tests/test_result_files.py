"""Files that are damaged, foreign or hostile."""

from __future__ import annotations

import json

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_glmm as bg
from bayes_glmm.errors import BayesGLMMError, ResultError
from bayes_glmm.results.fit import Fit
from tests.canned import binomial_tree, slope_tree, tree_of


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return bg.save(binomial_tree(), tmp_path_factory.mktemp("saved") / "fit.nc").read_bytes()


def test_any_changed_byte_is_noticed(saved, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "fit.nc"
    for place in rng.integers(0, len(saved) - 90, 60):
        changed = bytearray(saved)
        changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        with pytest.raises(ResultError, match="changed since it was saved"):
            bg.load(path)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.9, 0.9999])
def test_a_truncated_file_is_refused_or_whole(saved, tmp_path, share):
    path = tmp_path / "fit.nc"
    path.write_bytes(saved[: int(share * len(saved))])
    try:
        tree = bg.load(path)
    except ResultError:
        assert share < 0.9999
    else:
        assert tree.identical(binomial_tree())


def test_other_readers_of_the_format_read_it(saved, tmp_path):
    path = tmp_path / "fit.nc"
    path.write_bytes(saved)
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        assert set(tree.children) == {"posterior", "sample_stats", "observed_data", "constant_data"}


def hostile(saved, path, change):
    """Write the file with a change and without its seal."""
    path.write_bytes(saved[: saved.rindex(b"\nbayes_glmm sha256 ")])
    with h5py.File(path, "r+") as file:
        change(file, path)
    return path


def _outside(file, path):
    secret = path.with_name("secret")
    secret.write_bytes(bytes(range(80)))
    del file["posterior/intercept"]
    file["posterior"].create_dataset(
        "intercept", (10,), "f8", external=[(str(secret), 0, h5py.h5f.UNLIMITED)]
    )


def _link(file, path):
    del file["posterior/intercept"]
    file["posterior/intercept"] = h5py.ExternalLink("other.nc", "/posterior/intercept")


def _soft(file, path):
    del file["posterior/intercept"]
    file["posterior/intercept"] = h5py.SoftLink("/observed_data/y")


def _huge(file, path):
    del file["posterior/intercept"]
    file["posterior"].create_dataset("intercept", (10**7, 10**6), "f8", chunks=(1000, 10))


@pytest.mark.parametrize(
    ("change", "message"),
    [(_outside, "another file"), (_link, "link"), (_soft, "link"), (_huge, "larger than the file")],
)
def test_a_file_may_not_reach_out_or_blow_up(saved, tmp_path, change, message):
    with pytest.raises(ResultError, match=message):
        bg.load(hostile(saved, tmp_path / "fit.nc", change))


def test_draws_of_another_model_are_refused(tmp_path):
    tree = binomial_tree().copy()
    short = tree["posterior"].to_dataset().isel(hospital=slice(0, 4))
    tree["posterior"] = xr.DataTree(short)
    with pytest.raises(ResultError, match="shape"):
        bg.load(bg.save(tree, tmp_path / "fit.nc"))
    tree["posterior"] = xr.DataTree(
        binomial_tree()["posterior"].to_dataset().drop_vars("intercept")
    )
    with pytest.raises(ResultError, match="intercept"):
        bg.load(bg.save(tree, tmp_path / "fit.nc"))


def _places(record, path=()):
    for key, value in record.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from _places(value, (*path, key))


@pytest.mark.parametrize("value", [None, 5, "x", [], {}])
def test_records_of_any_shape_are_read_or_refused(value):
    tree = binomial_tree()
    record = tree.attrs["bayes_glmm"]
    refused = 0
    for path in _places(json.loads(record)):
        changed = json.loads(record)
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        copy = tree.copy()
        copy.attrs["bayes_glmm"] = json.dumps(changed)
        try:
            Fit.of(copy)
        except BayesGLMMError:
            refused += 1
    assert refused > 10


def test_every_kind_of_column_comes_back(tmp_path):
    data = pd.DataFrame({
        "y": [0.5, 1.5, 2.0, 4.0], "flag": [True, False, True, False],
        "size": pd.Categorical(["big", "small", "big", "small"], ["small", "big"]),
        "Größe (m)": [1, 2, 4, 3], "g": ["é", "ü/2", "é", "ü/2"],
    }, index=["r1", "r2", "r3", "r4"])  # fmt: skip
    truth = {
        "intercept": 1.0,
        "beta": [0.1, 0.2, 0.3],
        "sigma": 1.0,
        "sd_g": [1.0],
        "u_g": [[0.1], [0.2]],
    }
    tree = tree_of("y ~ flag + size + `Größe (m)` + (1 | g)", data, truth)
    back = Fit.of(bg.load(bg.save(tree, tmp_path / "fit.nc")))
    found = back.data
    assert found.index.tolist() == data.index.tolist()
    for column in data:
        assert found[column].tolist() == data[column].tolist()
    assert found["size"].cat.categories.tolist() == ["small", "big"]
    assert found["flag"].dtype == bool
    assert back.posterior["g"].values.tolist() == ["é", "ü/2"]
    before, after = Fit.of(tree).design, back.design
    assert before.mu.X.tobytes() == after.mu.X.tobytes()


def test_a_failed_save_leaves_the_old_file(saved, tmp_path, monkeypatch):
    path = bg.save(slope_tree(), tmp_path / "fit.nc")
    before = path.read_bytes()

    def full(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", full)
    with pytest.raises(OSError, match="no space"):
        bg.save(binomial_tree(), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["fit.nc"]
