"""Ranks of a sampler that is right are uniform, and of ones that are not, not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bayes_glmm.answers.diagnose.rank_calibration import Calibration, ranks
from bayes_glmm.answers.diagnose.uniformity import ecdf, holm
from bayes_glmm.errors import ArgumentError

ROWS = 5


def conjugate(n: int, bug: str = "", seed: int = 0, lag: float = 0.0) -> Calibration:
    """Calibrate exact draws of a normal mean with a standard normal prior."""
    rng = np.random.default_rng(seed)
    records = []
    for _ in range(n):
        mu = rng.normal()
        y = rng.normal(mu, 0.5, ROWS)
        variance = 1 / (1 + ROWS / 0.25)
        middle = variance * y.sum() / 0.25
        z = rng.normal(size=(1, 400))
        for k in range(1, 400 if lag else 0):
            z[:, k] = lag * z[:, k - 1] + np.sqrt(1 - lag**2) * z[:, k]
        spread = {"sd for variance": variance, "wide": 1.7 * variance**0.5}.get(bug, variance**0.5)
        draws = middle + {"shifted": 0.12}.get(bug, 0.0) + spread * z
        found = ranks({"mu": mu}, {"mu": draws}, rng)
        records.append({"ranks": found, "divergences": 0, "seconds": 0.1})
    return Calibration.of(records)


def test_a_right_sampler_passes_with_its_coverage():
    found = conjugate(200)
    row = found.table.iloc[0]
    assert found.passed
    assert row["p_value"] > 0.05
    for share in (50, 80, 95):
        error = np.sqrt(share / 100 * (1 - share / 100) / 200)
        assert abs(row[f"coverage{share}"] - share / 100) < 3.5 * error
    assert abs(row["mean"] - 0.5) < 3.5 / np.sqrt(12 * 200)


@pytest.mark.parametrize("bug", ["sd for variance", "wide", "shifted"])
def test_planted_bugs_are_caught(bug):
    found = conjugate(200, bug)
    assert not found.passed
    assert "not uniform: mu" in str(found)
    assert found.table["p_value"].iloc[0] < 0.01


def test_a_posterior_too_narrow_has_ranks_spread_too_wide():
    row = conjugate(100, "sd for variance").table.iloc[0]
    assert row["spread"] > 1.2
    assert row["coverage80"] < 0.6


def test_thinning_keeps_the_ranks_of_slow_chains_uniform():
    found = conjugate(100, lag=0.9)
    assert found.passed
    assert found.table["ess"].iloc[0] < 60


def test_p_values_of_uniform_numbers_are_uniform():
    rng = np.random.default_rng(1)
    for n in (30, 200):
        p_values = [ecdf(rng.uniform(size=n)).p_value for _ in range(120)]
        assert stats.kstest(p_values, "uniform").pvalue > 0.001


def test_the_band_holds_the_whole_line_as_often_as_it_says():
    rng = np.random.default_rng(2)
    inside = []
    for _ in range(150):
        found = ecdf(rng.uniform(size=150), prob=0.9)
        inside.append(((found.low <= found.share) & (found.share <= found.high)).all())
    assert abs(np.mean(inside) - 0.9) < 4 * np.sqrt(0.09 / 150)


def test_holm_is_that_of_the_definition():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_ties_are_broken_at_random():
    rng = np.random.default_rng(3)
    u = [ranks({"k": 0.0}, {"k": np.zeros((1, 50))}, rng)["k"]["u"] for _ in range(150)]
    assert stats.kstest(u, "uniform").pvalue > 0.001


def test_failures_are_listed_and_all_failing_is_an_error():
    good = {
        "ranks": ranks({"a": 0.0}, {"a": np.arange(-5.0, 5.0)[None]}, np.random.default_rng(0)),
        "divergences": 0,
        "seconds": 0.1,
    }
    found = Calibration.of([good, {"error": "DataError: no"}, good])
    assert found.failures.to_dict() == {1: "DataError: no"}
    assert found.ranks.index.tolist() == [0, 2]
    assert "1 failed: DataError: no" in str(found)
    assert isinstance(found.table, pd.DataFrame)
    with pytest.raises(ArgumentError, match="DataError: no"):
        Calibration.of([{"error": "DataError: no"}])
    with pytest.raises(ArgumentError, match="'b'"):
        found.require(["b"])
