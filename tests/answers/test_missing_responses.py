"""Rows without a response, ``missing="predict"``: set aside, said, predicted."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.predict.missing_responses import with_missing_responses
from bayes_glmm.errors import DataError, DesignError, ResultError, SpecError
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.results.fit import Fit
from tests.canned import tree_of

FORMULA = "y ~ x + (1 | site)"
TRUTH = {"intercept": 1.0, "beta": [0.5], "sd_site": [2.0], "u_site": [[-1.0], [1.0]], "sigma": 0.7}


def table() -> pd.DataFrame:
    data = pd.DataFrame(
        {"y": [1.0, 2.5, 0.5, 3.0, 2.0, 1.5, np.nan, np.nan, np.nan, np.nan],
         "x": [0.0, 1.0, 0.5, 2.0, 1.5, 0.2, 1.0, 1.0, 3.0, 1.0],
         "site": list("ABABAB") + ["A", "B", "C", "C"]},
        index=[f"r{i}" for i in range(10)],
    )  # fmt: skip
    return data


@pytest.fixture(scope="module")
def tree():
    prepared = prepare(FORMULA, table(), missing="predict")
    fitted = tree_of(FORMULA, prepared.data, TRUTH, missing="predict")
    return with_missing_responses(fitted, prepared.aside, 5)


def test_rows_without_a_response_are_set_aside_and_said():
    prepared = prepare(FORMULA, table(), missing="predict")
    assert prepared.aside.index.tolist() == ["r6", "r7", "r8", "r9"]
    assert prepared.design.n_rows == 6 and prepared.dropped == ()
    (found,) = [f for f in prepared.findings if f.name == "predicted_rows"]
    assert found.severity == "info" and found.rows == ("r6", "r7", "r8", "r9")
    assert "4 rows without 'y' are predicted, not fitted: r6, r7, r8, r9." in found.message
    assert "1 levels occur in them only and are drawn as new ones: site=C" in found.message


def test_predictions_are_those_of_known_and_of_new_levels(tree):
    draws = tree["predictions"]["y"]
    assert draws.dims == ("chain", "draw", "observation")
    assert draws["observation"].values.tolist() == ["r6", "r7", "r8", "r9"]
    values = draws.values.reshape(1000, 4)
    post = {k: v.values.reshape(1000, -1) for k, v in tree["posterior"].to_dataset().items()}
    means = post["intercept"] + post["beta"] * np.array([1.0, 1.0, 3.0, 1.0])
    means[:, :2] += post["u_site"]
    left = values - means
    np.testing.assert_allclose(left.mean(axis=0)[:2], 0, atol=4 * 0.7 / np.sqrt(1000))
    np.testing.assert_allclose(left.std(axis=0)[:2], 0.7, rtol=0.12)
    np.testing.assert_allclose(left.std(axis=0)[2:], np.hypot(0.7, 2.0), rtol=0.12)
    apart = np.corrcoef(left[:, 2], left[:, 3])[0, 1]
    assert apart == pytest.approx(4 / 4.49, abs=0.05), "rows of one new level share its effect"


def test_one_call_tabulates_them(tree, tmp_path):
    found = bg.missing_responses(tree)
    assert found["row"].tolist() == ["r6", "r7", "r8", "r9"]
    assert found["new_levels"].tolist() == ["", "", "site=C", "site=C"]
    assert found["site"].tolist() == list("ABCC")
    np.testing.assert_allclose(
        found["mean"], tree["predictions"]["y"].mean(("chain", "draw")), rtol=1e-12
    )
    assert found.attrs["scale"] == "y (response)"
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(bg.missing_responses(again), found)
    assert bg.missing_responses(tree, draws=True).sizes["row"] == 4
    assert Fit.of(again).spec.missing == "predict"
    assert bg.ModelSpec.from_toml(Fit.of(again).spec.to_toml()) == Fit.of(again).spec


def test_a_fit_without_such_rows_says_so():
    data = table().dropna()
    tree = tree_of(FORMULA, data, TRUTH)
    with pytest.raises(ResultError, match="missing='predict'"):
        bg.missing_responses(tree)
    assert len(prepare(FORMULA, data, missing="predict").aside) == 0


def test_what_cannot_be_predicted_is_an_error_that_names_it():
    data = table()
    data.loc["r7", "x"] = np.nan
    messages = " ".join(f.message for f in bg.check(FORMULA, data, missing="predict").errors)
    assert "'x' has missing values in row r7" in messages and "'y'" in messages
    data = table().assign(arm=["u", "v"] * 4 + ["w", "u"])
    (found,) = bg.check("y ~ arm", data, missing="predict").errors
    assert "cannot be predicted" in found.message and "'w' in row r8" in found.message
    with pytest.raises(DesignError, match="cannot be predicted"):
        bg.build_model("y ~ arm", data, missing="predict")
    with pytest.raises(DataError, match="nothing is left"):
        bg.check(FORMULA, table().assign(y=np.nan), missing="predict")
    with pytest.raises(SpecError, match="'error', 'drop' or 'predict'"):
        bg.parse(FORMULA, missing="guess")
    with pytest.raises(DesignError, match="'y' has missing values"):
        bg.build_model(FORMULA, table())


def test_counts_of_an_unknown_total_are_not_predicted():
    data = pd.DataFrame({"a": [1.0, 2, 3, 0, np.nan], "b": [2.0, 1, 0, 3, 2], "n": [3, 3, 3, 3, 5]})
    found = bg.check("cbind(a, b) ~ 1", data, family="multinomial", missing="predict")
    (error,) = [f for f in found if f.name == "predicted_rows"]
    assert error.severity == "error" and "trials(n)" in error.message
    known = bg.check("cbind(a, b) | trials(n) ~ 1", data, family="multinomial", missing="predict")
    assert [f.severity for f in known if f.name == "predicted_rows"] == ["info"]


def test_dropped_rows_are_counted_and_listed_whatever_lacks_a_value():
    """In covariates' models, formulas of other parameters, and modifiers; not in mi() itself."""
    n = 12
    rng = np.random.default_rng(1)
    data = pd.DataFrame(
        {"y": rng.normal(size=n), "bmi": rng.normal(size=n), "z": rng.normal(size=n),
         "v": rng.normal(size=n), "w": np.ones(n), "site": list("abcd") * 3},
        index=[f"r{i}" for i in range(n)],
    )  # fmt: skip
    for row, column in enumerate(["y", "bmi", "z", "v", "w", "site"]):
        data[column] = data[column].astype(object if column == "site" else float)
        data.loc[f"r{row}", column] = None if column == "site" else np.nan
    formula = {
        "mu": "y | weights(w) ~ mi(bmi) + (1 | site)", "sigma": "~ v", "bmi": "bmi ~ z",
    }  # fmt: skip
    prepared = prepare(formula, data, missing="drop")
    assert prepared.dropped == ("r0", "r2", "r3", "r4", "r5")
    (found,) = [f for f in prepared.findings if f.name == "dropped_rows"]
    assert found.message == "5 rows with missing values are left out: r0, r2, r3, r4, r5."
    assert prepared.design.rows.tolist()[0] == "r1"
    assert prepared.design.covariates["bmi"].factor.labels.tolist() == ["r1"]


@pytest.mark.slow
def test_a_fit_predicts_what_was_hidden():
    rng = np.random.default_rng(2)
    site = np.repeat([f"s{i}" for i in range(12)], 10)
    x = rng.normal(size=120)
    y = 1 + 0.8 * x + np.repeat(rng.normal(0, 1, 12), 10) + rng.normal(0, 0.5, 120)
    data = pd.DataFrame({"y": y, "x": x, "site": site})
    hidden = rng.random(120) < 0.3
    hidden[-10:] = True
    tree = bg.fit(FORMULA, data.assign(y=np.where(hidden, np.nan, y)), missing="predict",
                  draws=300, chains=2, seed=3, progress=False)  # fmt: skip
    assert json.loads(tree.attrs["bayes_glmm"])["predicted"] == [
        str(i) for i in np.flatnonzero(hidden)
    ]
    found = bg.missing_responses(tree)
    lower, upper = (found.iloc[:, k] for k in (-2, -1))
    inside = (y[hidden] > lower.to_numpy()) & (y[hidden] < upper.to_numpy())
    assert 0.75 < inside.mean() <= 1
    near = found["new_levels"] == ""
    assert np.corrcoef(found["mean"][near], y[hidden][near])[0, 1] > 0.8
