"""Simulated values found again by sampling: shared effects, monotonic steps, missing covariates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.results.fit import Fit

pytestmark = pytest.mark.slow
SETTINGS = {"draws": 2000, "tune": 1000, "chains": 2, "seed": 4, "progress": False}


def assert_near(tree, truth: dict[str, float], most: float = 3.5) -> None:
    """Every stated value lies within a few posterior standard deviations of the mean."""
    assert Fit.of(tree).info["converged"], Fit.of(tree).banner
    found = bg.summary(tree).set_index("parameter")
    away = {k: (found.loc[k, "mean"] - v) / found.loc[k, "sd"] for k, v in truth.items()}
    assert max(map(abs, away.values())) < most, away


def test_effects_that_two_formulas_share():
    """Few rows a level, which suits the coordinates of the graph."""
    rows = pd.DataFrame({"site": np.repeat([f"s{i}" for i in range(100)], 5)})
    formula = {"mu": "y ~ 1 + (1 |p| site)", "sigma": "~ 1 + (1 |p| site)"}
    truth = {
        "intercept": 2.0, "intercept_sigma": 0.5, "corr_site": [[1, -0.8], [-0.8, 1]],
        "sd_site": {"intercept": 1.0, "sigma_intercept": 0.5},
    }  # fmt: skip
    tree = bg.fit(formula, bg.simulate(formula, rows, truth, seed=7), **SETTINGS)
    assert_near(tree, {
        "intercept": 2.0, "intercept_sigma": 0.5, "sd_site[intercept]": 1.0,
        "sd_site[sigma_intercept]": 0.5, "corr_site[intercept, sigma_intercept]": -0.8,
    })  # fmt: skip
    assert (
        bg.summary(tree).set_index("parameter")["sd"]["corr_site[intercept, sigma_intercept]"]
        < 0.25
    )


def test_steps_of_a_monotonic_effect():
    rng = np.random.default_rng(3)
    levels = ["none", "low", "mid", "high"]
    dose = pd.Categorical(rng.choice(levels, 800), levels, ordered=True)
    rows = pd.DataFrame({"dose": dose, "z": rng.normal(size=800)})
    truth = {
        "intercept": 0.2, "beta": [0.4, 0.3, 0.1], "simplex_dose": [0.6, 0.3, 0.1],
    }  # fmt: skip
    data = bg.simulate("y ~ mo(dose) * z", rows, truth, seed=2, family="poisson")
    tree = bg.fit("y ~ mo(dose) * z", data, family="poisson", **SETTINGS)
    assert_near(tree, {
        "intercept": 0.2, "mo(dose)": 0.4, "z": 0.3, "mo(dose):z": 0.1,
        "simplex_dose[none|low]": 0.6, "simplex_dose[low|mid]": 0.3, "simplex_dose[mid|high]": 0.1,
    })  # fmt: skip


def test_a_covariate_that_is_missing_because_of_the_response():
    """Dropping rows would bias the slope; the joint model does not."""
    rng = np.random.default_rng(5)
    site = np.repeat([f"s{i}" for i in range(20)], 20)
    age = rng.normal(size=400)
    bmi = 1 + 0.6 * age + np.repeat(rng.normal(0, 0.5, 20), 20) + rng.normal(0, 1, 400)
    y = 0.5 + 1.0 * bmi - 0.4 * age + rng.normal(0, 0.8, 400)
    data = pd.DataFrame({"y": y, "age": age, "site": site, "bmi": bmi})
    data.loc[(y > 1) & (rng.random(400) < 0.7), "bmi"] = np.nan
    formula = {"mu": "y ~ mi(bmi) + age", "bmi": "bmi ~ age + (1 | site)"}
    tree = bg.fit(formula, data, **SETTINGS)
    assert_near(tree, {
        "intercept": 0.5, "mi(bmi)": 1.0, "age": -0.4, "sigma": 0.8,
        "intercept_bmi": 1.0, "beta_bmi[age]": 0.6, "sigma_bmi": 1.0, "sd_bmi_site[intercept]": 0.5,
    })  # fmt: skip
    gaps = data["bmi"].isna().to_numpy()
    filled = tree["posterior"]["mi_bmi"].mean(("chain", "draw")).values
    assert np.corrcoef(filled, bmi[gaps])[0, 1] > 0.6
