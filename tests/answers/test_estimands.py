"""The four estimands on models with several groups, slopes and rows as groups."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import special

import bayes_glmm as bg
from bayes_glmm.answers.predict import expected
from bayes_glmm.errors import ArgumentError, MissingDataError, UnknownLevelError
from bayes_glmm.results.fit import Fit
from tests.canned import bernoulli_tree, binomial_tree, poisson_tree, slope_tree, tree_of

ALL = ("known", "typical", "new", "population")


def draws_of(tree, name):
    values = tree["posterior"][name].values
    return values.reshape(-1, *values.shape[2:])


def drawn(tree, *args, **kwargs):
    values = bg.predictions(tree, *args, draws=True, **kwargs).values
    return values.reshape(-1, values.shape[-1])


@cache
def crossed_tree():
    """Yes or no by item and person, with a slope that varies over persons."""
    rng = np.random.default_rng(8)
    n = 60
    data = pd.DataFrame({
        "y": rng.integers(0, 2, n), "x": rng.normal(size=n), "item": rng.choice(list("abcd"), n),
        "person": [f"p{i % 5}" for i in range(n)],
    })  # fmt: skip
    corr = np.array([[1, -0.4], [-0.4, 1]])
    truth = {
        "intercept": -0.5, "beta": [0.8], "sd_person": [1.2, 0.7], "corr_person": corr,
        "corr_chol_person": np.linalg.cholesky(corr), "u_person": rng.normal(size=(5, 2)),
        "sd_item": [0.9], "u_item": rng.normal(size=(4, 1)),
    }  # fmt: skip
    return tree_of("y ~ x + (1 + x | person) + (1 | item)", data, truth, family="bernoulli")


@cache
def olre_tree():
    """Counts with an effect of every row."""
    rng = np.random.default_rng(9)
    data = pd.DataFrame({"y": rng.poisson(5, 30), "x": np.arange(30.0)})
    truth = {"intercept": 1.5, "beta": [0.01], "sd_observation": [0.8],
             "u_observation": rng.normal(0, 0.8, (30, 1))}  # fmt: skip
    return tree_of("y ~ x + (1 | observation)", data, truth, family="poisson")


def test_variances_of_all_groups_add_up_along_each_row():
    tree, x = crossed_tree(), np.array([-1.0, 0.0, 2.0])
    found = drawn(tree, pd.DataFrame({"x": x}))
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    weights = weights / weights.sum()
    sds, items = draws_of(tree, "sd_person"), draws_of(tree, "sd_item")[:, 0]
    for d in (0, 17, 999):
        for i, xi in enumerate(x):
            a, b = sds[d]
            variance = a**2 + 2 * xi * -0.4 * a * b + xi**2 * b**2 + items[d] ** 2
            eta = draws_of(tree, "intercept")[d] + draws_of(tree, "beta")[d, 0] * xi
            exact = (special.expit(eta + np.sqrt(variance) * nodes) * weights).sum()
            assert found[d, i] == pytest.approx(exact, abs=1e-6)


def test_new_levels_average_to_the_population():
    rows = pd.DataFrame({"x": 1.0, "person": [f"q{i}" for i in range(300)],
                         "item": [f"j{i}" for i in range(300)]})  # fmt: skip
    new = drawn(crossed_tree(), rows, groups="new", by=True).mean()
    population = drawn(crossed_tree(), rows, by=True).mean()
    assert new == pytest.approx(population, abs=0.003)
    assert abs(drawn(crossed_tree(), rows, groups="typical", by=True).mean() - population) > 0.02


def test_known_levels_stay_themselves_among_new_ones():
    rows = pd.DataFrame({"x": [1.0, 1.0], "person": ["p1", "zz"], "item": ["a", "a"]})
    new = drawn(crossed_tree(), rows, groups="new")
    own = drawn(crossed_tree(), rows.iloc[:1], groups="known")
    np.testing.assert_allclose(new[:, 0], own[:, 0], rtol=1e-12)
    assert np.abs(new[:, 1] - own[:, 0]).max() > 0.1


def test_new_levels_are_independent_and_have_the_covariance_of_their_terms():
    data = pd.DataFrame(
        {"y": np.arange(8.0), "x": np.tile([0.0, 1], 4), "g": np.repeat(["a", "b"], 4)}
    )
    corr = np.array([[1, -0.8], [-0.8, 1]])
    truth = {"intercept": 0.0, "beta": [0.0], "sd_g": [1.0, 3.0], "corr_g": corr, "sigma": 1.0,
             "corr_chol_g": np.linalg.cholesky(corr), "u_g": np.zeros((2, 2))}  # fmt: skip
    tree = tree_of("y ~ x + (1 + x | g)", data, truth, spread=1e-6)
    rows = pd.DataFrame(
        {"x": np.tile([0.0, 1], 20), "g": np.repeat([f"new{i}" for i in range(20)], 2)}
    )
    found = drawn(tree, rows, groups="new")
    intercepts, slopes = found[:, ::2], found[:, 1::2] - found[:, ::2]
    assert intercepts.std() == pytest.approx(1, rel=0.03)
    assert slopes.std() == pytest.approx(3, rel=0.03)
    assert np.corrcoef(intercepts.ravel(), slopes.ravel())[0, 1] == pytest.approx(-0.8, abs=0.02)
    between = np.corrcoef(intercepts.T) - np.eye(20)
    assert np.abs(between).max() < 0.15


def test_a_new_level_does_not_depend_on_the_other_rows():
    rows = pd.DataFrame({"x": 0.5, "person": ["n1", "n2", "n3", "n1"], "item": list("azbz")})
    whole = drawn(crossed_tree(), rows, groups="new", seed=4)
    part = drawn(crossed_tree(), rows.iloc[[2, 0]], groups="new", seed=4)
    np.testing.assert_allclose(part, whole[:, [2, 0]], rtol=1e-12)
    other = drawn(crossed_tree(), rows, groups="new", seed=5)
    assert np.abs(other - whole).max() > 0.1


@pytest.mark.parametrize("groups", ALL)
@pytest.mark.parametrize("kind", ["expected", "response"])
@pytest.mark.parametrize("make", [poisson_tree, binomial_tree, slope_tree])
def test_blocks_change_nothing(make, kind, groups, monkeypatch):
    whole = bg.predictions(make(), groups=groups, kind=kind)
    averaged = bg.predictions(make(), groups=groups, kind=kind, by=True)
    monkeypatch.setattr(expected, "CELLS", 7000)
    parts = bg.predictions(make(), groups=groups, kind=kind)
    pd.testing.assert_frame_equal(parts, whole, rtol=1e-11)
    again = bg.predictions(make(), groups=groups, kind=kind, by=True)
    pd.testing.assert_frame_equal(again, averaged, rtol=1e-11)
    np.testing.assert_allclose(parts.attrs["mcse"], whole.attrs["mcse"], rtol=1e-8)


def test_equal_seeds_give_equal_responses_and_others_do_not():
    first, same = (drawn(poisson_tree(), kind="response", seed=3) for _ in range(2))
    assert first.tobytes() == same.tobytes()
    assert first.tobytes() != drawn(poisson_tree(), kind="response", seed=4).tobytes()


def test_population_responses_have_the_population_spread():
    rows = pd.DataFrame({"day": [9.0]})
    y = drawn(slope_tree(), rows, kind="response")[:, 0]
    sd = np.sqrt(25**2 + 81 * 36 + 2 * 9 * 0.3 * 150 + 25**2)
    assert y.std() == pytest.approx(sd, rel=0.08)
    assert y.mean() == pytest.approx(340, abs=4 * sd / np.sqrt(1000))


def test_rows_as_groups_widen_the_population():
    tree = olre_tree()
    rows = pd.DataFrame({"x": [3.0]})
    eta = draws_of(tree, "intercept") + 3.0 * draws_of(tree, "beta")[:, 0]
    exact = np.exp(eta + draws_of(tree, "sd_observation")[:, 0] ** 2 / 2)
    np.testing.assert_allclose(drawn(tree, rows)[:, 0], exact, rtol=1e-12)


def test_another_row_of_the_same_number_is_not_the_training_row():
    tree = olre_tree()
    own = drawn(tree, groups="known")
    same = drawn(tree, pd.DataFrame({"x": [4.0]}, index=[4]), groups="known")
    np.testing.assert_allclose(same[:, 0], own[:, 4], rtol=1e-12)
    other = pd.DataFrame({"x": [0.5, 0.7]})
    with pytest.raises(UnknownLevelError, match="new row 0"):
        bg.predictions(tree, other, groups="known")
    spread = np.log(drawn(tree, other, groups="new"))[:, 0].std()
    assert spread == pytest.approx(0.8, rel=0.15)


def test_a_ratio_of_averages_is_taken_inside_each_draw():
    tree = bernoulli_tree()
    month, alpha, beta = (
        np.tile(np.arange(7.0), 60),
        draws_of(tree, "intercept"),
        draws_of(tree, "beta"),
    )
    risk = [special.expit(alpha[:, None] + beta[:, :1] * new + beta[:, 1:] * month).mean(axis=1)
            for new in (0, 1)]  # fmt: skip
    found = bg.comparisons(tree, "arm", measure="ratio", groups="typical").iloc[0]
    assert found["mean"] == pytest.approx((risk[1] / risk[0]).mean(), rel=1e-12)
    assert abs(found["mean"] - risk[1].mean() / risk[0].mean()) > 1e-6


def test_a_step_of_a_number_is_one_unit_unless_told():
    tree = slope_tree()
    slope = draws_of(tree, "beta").mean()
    for contrast, size, text in ((None, 1, "+1"), (2.5, 2.5, "+2.5"), ((1, 4), 3, "4 - 1")):
        row = bg.comparisons(tree, "day", contrast=contrast).iloc[0]
        assert row["mean"] == pytest.approx(size * slope)
        assert row["contrast"] == text


def test_contrasts_by_cell_standardise_over_the_cell():
    tree = poisson_tree()
    table = bg.comparisons(tree, "arm", measure="difference", groups="typical", by="ward")

    data, alpha, beta = Fit.of(tree).data, draws_of(tree, "intercept"), draws_of(tree, "beta")
    for ward, row in table.set_index("ward").iterrows():
        days = data.days[data.ward == ward].to_numpy()
        effect = (np.exp(alpha[:, None] + np.log(days)) * (np.exp(beta) - 1)).mean(axis=1)
        assert row["mean"] == pytest.approx(effect.mean(), rel=1e-12)


def test_draws_carry_the_labels_of_the_table():
    table = bg.predictions(poisson_tree(), by="arm")
    array = bg.predictions(poisson_tree(), by="arm", draws=True)
    assert array.dims == ("chain", "draw", "row")
    assert array["arm"].values.tolist() == table["arm"].tolist() == ["control", "treated"]
    np.testing.assert_allclose(array.mean(("chain", "draw")), table["mean"])
    assert array.attrs["groups"] == table.attrs["groups"] == "population"


def test_attributes_name_estimand_scale_and_integration():
    attrs = bg.predictions(bernoulli_tree(), by=True).attrs
    assert "population" in attrs["estimand"]
    assert attrs["scale"] == "probability"
    assert "error below" in attrs["integration"]
    assert bg.predictions(poisson_tree(), per=1000).attrs["integration"] == "closed form"
    assert "1000 of days" in bg.predictions(poisson_tree(), per=1000).attrs["scale"]


def test_all_rows_are_averaged_by_true_and_by_nothing():
    pd.testing.assert_frame_equal(
        bg.predictions(poisson_tree(), by=[]), bg.predictions(poisson_tree(), by=True)
    )


def test_what_cannot_be_predicted_is_refused():
    with pytest.raises(ArgumentError, match="no rows"):
        bg.predictions(slope_tree(), pd.DataFrame({"day": []}))
    rows = pd.DataFrame({"hospital": ["A"]})
    assert bg.predictions(binomial_tree(), rows, groups="known").attrs["scale"] == "probability"
    with pytest.raises(MissingDataError, match="operations"):
        bg.predictions(binomial_tree(), rows, groups="known", kind="response")
    cells = pd.DataFrame({"day": [1.0, 2.0], "sex": ["f", None]})
    with pytest.raises(MissingDataError, match=r"sex.*row 1"):
        bg.predictions(slope_tree(), cells, by="sex")
    with pytest.raises(ArgumentError, match="levels"):
        bg.comparisons(poisson_tree(), "arm", contrast=2.0)
    with pytest.raises(UnknownLevelError, match="treated"):
        bg.comparisons(poisson_tree(), "arm", contrast=("control", "treeted"))
    with pytest.raises(ArgumentError, match="comparisons"):
        bg.slopes(poisson_tree(), "arm")


def test_inputs_are_left_alone():
    tree = poisson_tree()
    before = tree.copy(deep=True)
    rows = pd.DataFrame({"arm": ["control"], "days": [10.0], "ward": ["new"]}, index=["r"])
    kept = rows.copy()
    bg.predictions(tree, rows, groups="new", per=1000)
    bg.comparisons(tree, "arm", rows)
    pd.testing.assert_frame_equal(rows, kept)
    assert tree.identical(before)


def test_the_number_needed_is_one_over_the_difference():
    tree = bernoulli_tree()
    draws = bg.comparisons(tree, "arm", draws=True).values.ravel()
    row = bg.number_needed(tree, "arm").iloc[0]
    assert row["number_needed"] == pytest.approx(1 / abs(draws.mean()))
    low, high = np.quantile(draws, [0.055, 0.945])
    assert high < 0 and row["events"] == "fewer"
    assert (row["eti89_lb"], row["eti89_ub"]) == pytest.approx((-1 / low, -1 / high))
    assert row["p_fewer"] == (draws < 0).mean() == 1
    assert row["contrast"] == "new - old"
    other = bg.number_needed(tree, "arm", contrast=("new", "old")).iloc[0]
    assert other["events"] == "more" and other["p_fewer"] == 0
    assert other["number_needed"] == pytest.approx(row["number_needed"])
    assert (other["eti89_lb"], other["eti89_ub"]) == pytest.approx((-1 / low, -1 / high))


def test_a_number_needed_has_no_end_where_the_difference_may_be_zero():
    data = Fit.of(bernoulli_tree()).data
    truth = {"intercept": -1.0, "beta": [-0.02, -0.3], "sd_person": [3.0],
             "u_person": np.zeros((60, 1))}  # fmt: skip
    formula = "y ~ arm + month + (1 | person)"
    tree = tree_of(formula, data, truth, family="bernoulli", spread=0.1)
    row = bg.number_needed(tree, "arm").iloc[0]
    draws = bg.comparisons(tree, "arm", draws=True).values.ravel()
    low, high = np.quantile(draws, [0.055, 0.945])
    assert low < 0 < high and np.isinf(row["eti89_ub"])
    toward = -low if draws.mean() < 0 else high
    assert row["eti89_lb"] == pytest.approx(1 / toward)
    assert row["eti89_lb"] < row["number_needed"]


def test_a_number_needed_is_of_probabilities():
    with pytest.raises(ArgumentError, match="probabilities"):
        bg.number_needed(poisson_tree(), "arm")
