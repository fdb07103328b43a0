"""Levels of a group: raw estimates, pooling and ranks, by loops written here."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.results.fit import Fit
from tests.canned import binomial_tree, poisson_tree, slope_tree, tree_of


def draws_of(tree, name):
    values = tree["posterior"][name].values
    return values.reshape(-1, *values.shape[2:])


@cache
def large_units_tree():
    """Incomes in four towns, in units that make deviations thousands."""
    rng = np.random.default_rng(3)
    town = np.repeat(list("abcd"), [40, 10, 3, 1])
    far = {"a": 900.0, "b": -4000.0, "c": 12000.0, "d": -30000.0}
    income = 50_000 + np.array([far[t] for t in town]) + rng.normal(0, 5000, len(town))
    data = pd.DataFrame({"income": income, "town": town})
    truth = {"intercept": 50_000.0, "sd_town": [9000.0], "sigma": 5000.0,
             "u_town": np.array([[v] for v in far.values()])}  # fmt: skip
    return tree_of("income ~ 1 + (1 | town)", data, truth)


def test_raw_estimates_of_a_gaussian_are_mean_residuals_in_any_units():
    tree = large_units_tree()
    table = bg.shrinkage(tree, "town").set_index("level")
    means = Fit.of(tree).data.groupby("town")["income"].mean()
    expected = means - draws_of(tree, "intercept").mean()
    np.testing.assert_allclose(table["raw"], expected[table.index], rtol=1e-6)
    assert table["n"].tolist() == [40, 10, 3, 1]


def test_raw_estimates_beside_slopes_leave_the_slopes_in_place():
    tree = slope_tree()
    data, u = Fit.of(tree).data, draws_of(tree, "u_person").mean(axis=0)
    table = bg.shrinkage(tree, "person").set_index("level")
    beta, alpha = draws_of(tree, "beta").mean(), draws_of(tree, "intercept").mean()
    for i, (person, rows) in enumerate(data.groupby("person")):
        left = rows["reaction"] - alpha - (beta + u[i, 1]) * rows["day"]
        assert table.loc[person, "raw"] == pytest.approx(left.mean(), rel=1e-5)


def test_raw_estimates_of_counts_are_log_rate_ratios():
    tree = poisson_tree()
    data = Fit.of(tree).data
    alpha, beta = draws_of(tree, "intercept").mean(), draws_of(tree, "beta").mean()
    expected = np.exp(alpha + beta * (data["arm"] == "treated")) * data["days"]
    sums = data.assign(expected=expected).groupby("ward")[["events", "expected", "days"]].sum()
    table = bg.shrinkage(tree, "ward").set_index("level")
    sums = sums.loc[table.index]
    np.testing.assert_allclose(table["raw"], np.log(sums["events"] / sums["expected"]), rtol=1e-4)
    np.testing.assert_allclose(table["exposure"], sums["days"])


def test_raw_estimates_without_events_are_infinite():
    data = pd.DataFrame({"y": [0, 0, 5, 7, 2, 0], "g": list("aabbcc")})
    truth = {"intercept": 0.5, "sd_g": [1.0], "u_g": [[-1.0], [1.0], [0.0]]}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson")
    raw = bg.shrinkage(tree, "g")["raw"].tolist()
    assert raw[0] == -np.inf
    assert np.isfinite(raw[1:]).all()


def test_shrinkage_is_the_share_left_open():
    tree = binomial_tree()
    table = bg.shrinkage(tree, "hospital")
    u, sd = draws_of(tree, "u_hospital")[:, :, 0], draws_of(tree, "sd_hospital")[:, 0]
    np.testing.assert_allclose(table["shrinkage"], u.var(axis=0) / np.mean(sd**2))
    np.testing.assert_allclose(table["pooled"], u.mean(axis=0))
    assert table["trials"].tolist() == Fit.of(tree).data["operations"].tolist()
    assert "banner" not in table.attrs


def test_ranks_by_sorting_each_draw():
    tree = poisson_tree()
    u = draws_of(tree, "u_ward")[:, :, 0]
    ranks = np.array([[sorted(row).index(v) + 1 for v in row] for row in u])
    table = bg.rank(tree, "ward", threshold=0.02, k=3).set_index("level")
    levels = tree["posterior"]["ward"].values
    table = table.loc[levels]
    np.testing.assert_allclose(table["expected_rank"], ranks.mean(axis=0))
    np.testing.assert_allclose(table["p_lowest"], (ranks <= 3).mean(axis=0))
    np.testing.assert_allclose(table["p_highest"], (ranks >= 10).mean(axis=0))
    np.testing.assert_allclose(table["eti89_lb"], np.quantile(ranks, 0.055, axis=0))
    treated = (Fit.of(tree).data["arm"] == "treated").mean()
    eta = draws_of(tree, "intercept")[:, None] + draws_of(tree, "beta") * treated + u
    np.testing.assert_allclose(table["p_above"], (np.exp(eta) > 0.02).mean(axis=0))


def test_deviations_have_one_row_for_each_level_and_term():
    table = bg.random_effects(slope_tree(), "person")
    u = draws_of(slope_tree(), "u_person")
    assert len(table) == 36
    assert table["term"].tolist()[:2] == ["intercept", "day"]
    np.testing.assert_allclose(table["mean"], u.mean(axis=0).ravel())
    np.testing.assert_allclose(table["sd"], u.std(axis=0, ddof=1).ravel())
    assert (table["n"] == 10).all()


def test_what_has_no_rank_is_refused():
    data = pd.DataFrame({"y": np.arange(6.0), "x": [0.0, 1, 2, 0, 1, 2], "g": list("aaabbb")})
    truth = {"intercept": 1.0, "beta": [1.0], "sd_g": [1.0], "u_g": [[0.1], [0.2]], "sigma": 1.0}
    tree = tree_of("y ~ x + (0 + x | g)", data, truth)
    for call in (bg.shrinkage, bg.rank):
        with pytest.raises(ArgumentError, match="varying intercept"):
            call(tree, "g")
    with pytest.raises(ArgumentError, match="k=0"):
        bg.rank(poisson_tree(), "ward", k=0)
    with pytest.raises(ResultError, match="ward"):
        bg.coefficients(poisson_tree(), "word")
