"""Within and between: sums, means, and the contrast that they are for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, DataError, MissingDataError


def table(seed=0):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=60), "z": rng.integers(0, 9, 60),
                         "g": rng.choice(list("abcdefg"), 60), "k": rng.choice([1, 2], 60)})  # fmt: skip
    return data.set_index(pd.Index([f"r{i}" for i in range(60)]))


def test_parts_add_up_and_are_means_and_deviations():
    data = table()
    kept = data.copy()
    found = bg.within_between(data, ["x", "z"], "g")
    assert list(found) == ["x_within", "x_between", "z_within", "z_between"]
    for name in ("x", "z"):
        np.testing.assert_allclose(found[f"{name}_within"] + found[f"{name}_between"], data[name])
        means = data.groupby("g")[name].transform("mean")
        np.testing.assert_allclose(found[f"{name}_between"], means)
    assert found.index.equals(data.index)
    share = data.groupby("g")["x"].transform("mean").var() / data["x"].var()
    assert found.attrs["share_between"]["x"] == pytest.approx(share)
    pd.testing.assert_frame_equal(data, kept)


def test_several_columns_make_one_group():
    data = table()
    found = bg.within_between(data, "x", ["g", "k"])
    means = data.groupby(["g", "k"])["x"].transform("mean")
    np.testing.assert_allclose(found["x_between"], means)


def test_the_peers_decomposition_of_the_exam_data(data_folder):
    data = pd.read_csv(data_folder / "exam.csv")
    found = bg.within_between(data, "standLRT", "school")
    X = np.column_stack([np.ones(len(data)), found])
    least = np.linalg.lstsq(X, data["normexam"], rcond=None)[0]
    centred = data[["normexam", "standLRT"]] - data.groupby("school")[
        ["normexam", "standLRT"]
    ].transform("mean")
    fixed_effects = (centred["normexam"] @ centred["standLRT"]) / (centred["standLRT"] ** 2).sum()
    assert least[1] == pytest.approx(fixed_effects, rel=1e-9)
    assert abs(least[2] - least[1]) > 0.1


def test_what_cannot_be_cut_is_refused():
    data = table()
    hole = data.copy()
    hole.loc[["r3", "r7"], "x"] = np.nan
    with pytest.raises(MissingDataError, match=r"'?x'?.*r3.*r7"):
        bg.within_between(hole, "x", "g")
    hole = data.copy()
    hole.loc["r5", "g"] = None
    with pytest.raises(MissingDataError, match=r"g.*r5"):
        bg.within_between(hole, "x", "g")
    with pytest.raises(MissingDataError, match="no column 'y'|'y'"):
        bg.within_between(data, "y", "g")
    with pytest.raises(DataError, match="numbers"):
        bg.within_between(data.assign(t="u"), "t", "g")
    with pytest.raises(DataError, match="nothing within"):
        bg.within_between(data.assign(c=data["g"].map(ord)), "c", "g")
    with pytest.raises(ArgumentError, match="already has a column 'x_within'"):
        bg.within_between(data.assign(x_within=1.0), "x", "g")
    with pytest.raises(ArgumentError, match="twice"):
        bg.within_between(data, ["x", "x"], "g")
    with pytest.raises(ArgumentError, match="at least one"):
        bg.within_between(data, [], "g")
