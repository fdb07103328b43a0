"""Predictions are the mean of the response, not of a component, beside brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.families import get_family
from tests.canned import tree_of

SD = 0.7
OWN = {
    "zero_inflated_poisson": {"zi": 0.3},
    "zero_inflated_negative_binomial": {"dispersion": 1.5, "zi": 0.3},
    "hurdle_poisson": {"hurdle": 0.4},
    "hurdle_negative_binomial": {"dispersion": 1.5, "hurdle": 0.4},
    "hurdle_lognormal": {"sigma": 0.8, "hurdle": 0.4},
    "lognormal": {"sigma": 0.8},
    "gamma": {"shape": 2.0},
}


def fitted(name: str):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({
        "y": rng.integers(1, 6, 40).astype(float), "x": rng.normal(size=40),
        "g": rng.choice(list("abcde"), 40),
    })  # fmt: skip
    u = np.linspace(-1, 1, 5)[:, None]
    truth = {"intercept": 0.2, "beta": [0.5], "sd_g": [SD], "u_g": u, **OWN[name]}
    return data, u, tree_of("y ~ x + (1 | g)", data, truth, spread=1e-9, family=name)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("groups", ["typical", "known", "population"])
def test_expected_response_equals_simulated_responses(name, groups):
    data, u, tree = fitted(name)
    rows = data.head(3)
    found = bg.predictions(tree, rows, groups=groups)["mean"].to_numpy()
    rng, n = np.random.default_rng(2), 400_000
    eta = 0.2 + 0.5 * rows.x.to_numpy()
    if groups == "known":
        eta = eta + u[[list("abcde").index(g) for g in rows.g], 0]
    eta = np.broadcast_to(eta, (n, 3))
    if groups == "population":
        eta = eta + SD * rng.normal(size=(n, 3))
    own = {k: np.float64(v) for k, v in OWN[name].items()}
    y = get_family(name).simulate(rng, np.exp(eta), own)
    assert (np.abs(found - y.mean(axis=0)) < 4.5 * y.std(axis=0) / np.sqrt(n)).all()


@pytest.mark.parametrize("name", ["zero_inflated_poisson", "hurdle_poisson"])
def test_new_observations_have_that_mean(name):
    data, _, tree = fitted(name)
    rows = pd.concat([data.head(1)] * 300)
    drawn = bg.predictions(tree, rows.reset_index(drop=True), groups="population", kind="response")
    expected = bg.predictions(tree, data.head(1), groups="population")["mean"].iloc[0]
    assert drawn["mean"].mean() == pytest.approx(expected, rel=0.02)
