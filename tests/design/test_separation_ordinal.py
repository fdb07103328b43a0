"""Separation of ordered categories, with thresholds in common and by group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

import bayes_glmm as bg


def table(y, x):
    y = pd.Categorical.from_codes(y, ["low", "mid", "high"], ordered=True)
    z = np.random.default_rng(1).normal(size=len(y))
    return pd.DataFrame({"y": y, "x": np.asarray(x, float), "z": z,
                         "item": np.resize(["a", "b"], len(y))})  # fmt: skip


def found(formula, data, family="cumulative"):
    findings = bg.check(formula, data, family=family)
    return [f.message for f in findings if f.name == "separation"]


CODES = np.repeat([0, 1, 2], 8)
OVERLAP = np.random.default_rng(3).normal(size=24) + 0.5 * CODES
CASES = {
    "overlap": (OVERLAP, False),
    "all categories apart": (CODES + np.linspace(0, 0.5, 24), True),
    "one value only in the last category": (np.r_[np.zeros(16), np.resize([0, 1], 8)], True),
    "a value in the middle only": (np.r_[np.zeros(8), np.resize([0, 1], 8), np.zeros(8)], False),
}


def least(data):
    """The smallest loss of proportional odds that a box of steep coefficients holds."""
    y, x = data["y"].cat.codes.to_numpy(), data["x"].to_numpy() - data["x"].mean()

    def loss(at):
        ends = np.r_[-np.inf, at[0], at[0] + np.exp(at[1]), np.inf]
        p = special.expit(ends[y + 1] - at[2] * x) - special.expit(ends[y] - at[2] * x)
        return -np.log(np.maximum(p, 1e-300)).sum()

    best = {}
    for reach in (8.0, 16.0):
        box = [(-60, 60), (-6, 5), (-reach, reach)]
        starts = [[0.0, 0.0, b] for b in (-6.0, 0.0, 6.0)]
        best[reach] = min(optimize.minimize(loss, s, bounds=box).fun for s in starts)
    return best


@pytest.mark.parametrize("name", CASES)
def test_separation_is_found_where_the_likelihood_has_no_maximum(name):
    x, separated = CASES[name]
    data = table(CODES, x)
    best = least(data)
    assert (best[8.0] - best[16.0] > 1e-5) == separated
    messages = found("y ~ x", data)
    assert bool(messages) == separated
    if separated:
        assert messages[0].startswith("x separates") and "categories" in messages[0]


def test_coefficients_that_do_not_separate_are_not_named():
    (message,) = found("y ~ x + z", table(CODES, CODES + np.linspace(0, 0.5, 24)))
    assert message.startswith("x separates all categories from one another")


@pytest.mark.parametrize(("other", "separated"), [([0, 1, 2], True), ([2, 1, 0], False)])
def test_all_groups_with_thresholds_of_their_own_must_be_apart(other, separated):
    x = np.random.default_rng(2).normal(size=24)
    codes, item = np.zeros(24, int), np.resize(["a", "b"], 24)
    for name, order in (("a", [0, 1, 2]), ("b", other)):
        rows = np.flatnonzero(item == name)
        codes[rows[np.argsort(x[rows])]] = np.repeat(order, 4)
    messages = found("y | thres(item) ~ x", table(codes, x))
    assert bool(messages) == separated
    assert all(m.startswith("x separates all categories") for m in messages)
