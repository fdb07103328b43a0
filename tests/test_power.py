"""Design analysis: what studies of some size find."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError
from bayes_glmm.plots import plot_power
from bayes_glmm.studies.planned_tables import planned, resized
from bayes_glmm.studies.power_table import Against, _row, power_table

TRUTH = {"intercept": 0.0, "beta": {"treat": 0.6}, "sd_g": 0.5, "sigma": 1.0}


def pilot() -> pd.DataFrame:
    return pd.DataFrame({"g": np.repeat(["a", "b"], 4), "treat": [0, 1] * 4})


def test_groups_are_copied_in_order():
    table = resized(pilot(), "g", groups=5, size=6)
    assert table["g"].value_counts(sort=False).to_dict() == {
        "a": 6, "b": 6, "a (2)": 6, "b (2)": 6, "a (3)": 6,
    }  # fmt: skip
    assert table["treat"].tolist() == [0, 1, 0, 1, 0, 1] * 5
    assert resized(pilot(), "g", size=2)["g"].tolist() == ["a", "a", "b", "b"]


def test_wrong_designs_are_named():
    with pytest.raises(ArgumentError, match="by=None"):
        planned(pilot(), {"groups": 3}, None)
    with pytest.raises(ArgumentError, match="not by persons"):
        planned(pilot(), {"persons": 3}, "g")
    made = planned(lambda persons: pilot().head(persons), {"persons": 3}, None)
    assert len(made) == 3


def test_figures_are_those_of_normal_theory():
    rng = np.random.default_rng(1)
    truth, se = 0.3, 0.2
    middle = rng.normal(truth, se, 200_000)
    found = np.stack([middle - 1.96 * se, middle, middle + 1.96 * se], axis=1)
    row = _row(found, truth, Against(0.0, ratio=False))
    right, wrong = stats.norm.sf(1.96 - truth / se), stats.norm.cdf(-1.96 - truth / se)
    assert row["power"] == pytest.approx(right + wrong, abs=0.005)
    assert row["sign_error"] == pytest.approx(wrong / (right + wrong), abs=0.002)
    clear = middle[np.abs(middle) > 1.96 * se]
    assert row["exaggeration"] == pytest.approx(np.abs(clear).mean() / truth, abs=0.01)
    assert row["coverage"] == pytest.approx(0.95, abs=0.003)
    ratios = _row(np.exp(found), np.exp(truth), Against(1.0, ratio=True))
    for name in ("power", "sign_error", "exaggeration", "coverage"):
        assert ratios[name] == pytest.approx(row[name])


def test_without_an_effect_power_is_the_false_positive_rate():
    found = np.tile([[-1.0, 0.5, 2.0], [0.1, 0.5, 0.9]], (5, 1))
    row = _row(found, 0.0, Against(0.0, ratio=False))
    assert row["power"] == 0.5
    assert np.isnan(row["sign_error"])


def test_failures_are_listed_by_design():
    good = {"answers": {"b": [0.1, 0.2, 0.3]}, "divergences": 0}
    grid = pd.DataFrame({"groups": [5, 9]})
    table = power_table(
        grid, [{"b": 0.2}] * 2, [good, {"error": "X: no"}, good, good], 2, Against(0.0, False), 0.9
    )
    assert table["n"].tolist() == [1, 2]
    assert table["groups"].tolist() == [5, 9]
    assert table.attrs["failures"] == [{"design": 0, "study": 1, "error": "X: no"}]
    axes = plot_power(table)
    assert axes[0].get_xlabel() == "groups"


def test_more_groups_find_more():
    table = bg.power(
        "y ~ treat + (1 | g)", TRUTH, pilot(), "beta[treat]", n=6, by="g",
        designs=[{"groups": 5, "size": 6}, {"groups": 40, "size": 6}],
        draws=150, chains=1, progress=False,
    )  # fmt: skip
    assert table["truth"].tolist() == [0.6, 0.6]
    assert table["width"].iloc[1] < 0.6 * table["width"].iloc[0]
    assert table["power"].iloc[1] == 1.0
    with pytest.raises(ArgumentError, match=r"beta\[treat\]"):
        bg.power("y ~ treat + (1 | g)", TRUTH, resized(pilot(), "g", 6), "beta[treatment]", n=2)


def test_comparisons_know_their_true_value():
    truth = {"intercept": 0.2, "beta": {"treat": 0.7}, "sd_g": 0.6}
    table = bg.power(
        "y ~ treat + (1 | g)", truth, resized(pilot(), "g", 12, 8),
        {"variable": "treat", "measure": "ratio"}, n=3, family="poisson",
        draws=150, chains=1, progress=False,
    )  # fmt: skip
    assert table["truth"].iloc[0] == pytest.approx(np.exp(0.7))
    assert table.attrs["null"] == 1.0
    assert table["estimate"].between(1.3, 3.2).all()
