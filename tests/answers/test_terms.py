"""Answers about rows of several levels, and about levels with sds of their own."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

import bayes_glmm as bg
from bayes_glmm.results.fit import Fit
from tests.canned import tree_of

MEMBERS = "y ~ x + (1 | mm(a, b, weights=c(v, w)))"
EFFECTS = np.array([[0.5], [-0.4], [1.1], [0.2]])


@cache
def members_tree():
    """Counts of rows that belong to two of four levels, the second one not always."""
    rng = np.random.default_rng(0)
    n = 60
    data = pd.DataFrame({"x": rng.normal(size=n), "a": rng.choice(list("pqrs"), n),
                         "b": rng.choice(list("pqrs"), n).astype(object), "v": 1.0,
                         "w": rng.choice([0.0, 1.0], n)})  # fmt: skip
    data.loc[data["w"] == 0, "b"] = None
    data["y"] = rng.poisson(3, n)
    truth = {"intercept": 1.0, "beta": [0.3], "sd_a_and_b": [0.7], "u_a_and_b": EFFECTS}
    return tree_of(MEMBERS, data, truth, spread=1e-9, family="poisson")


def test_predictions_weigh_the_memberships():
    rows = pd.DataFrame({"x": 0.0, "a": ["p", "p", "q"], "b": ["q", None, "zz"], "v": 1.0,
                         "w": [1.0, 0.0, 3.0]})  # fmt: skip
    tree = members_tree()
    with pytest.raises(bg.errors.UnknownLevelError, match="'zz' in row 2"):
        bg.predictions(tree, rows, groups="known")
    known = bg.predictions(tree, rows[:2], groups="known")["mean"]
    np.testing.assert_allclose(known, np.exp([1.0 + 0.05, 1.5]), rtol=1e-6)
    typical = bg.predictions(tree, rows, groups="typical")["mean"]
    np.testing.assert_allclose(typical, np.e, rtol=1e-6)
    population = bg.predictions(tree, rows, groups="population")["mean"]
    share = np.array([0.5, 1.0, 1 / 16 + 9 / 16])
    np.testing.assert_allclose(population, np.exp(1 + 0.49 * share / 2), rtol=1e-6)
    new = bg.predictions(tree, rows, groups="new", draws=True).values
    logs = np.log(new.reshape(-1, 3))
    assert logs[:, 2].std() == pytest.approx(0.75 * 0.7, rel=0.1)
    np.testing.assert_allclose(logs[:, 0], 1.05, rtol=1e-6)


def test_a_level_that_a_row_names_twice_is_one_over_the_population():
    rows = pd.DataFrame(
        {"x": 0.0, "a": ["p", "p", None], "b": ["p", "q", None], "v": 1.0, "w": 1.0}
    )
    tree = members_tree()
    found = bg.predictions(tree, rows, groups="population")["mean"]
    np.testing.assert_allclose(found, np.exp(1 + 0.49 * np.array([1.0, 0.5, 0.5]) / 2), rtol=1e-6)
    without = bg.predictions(tree, rows.drop(columns=["a", "b"]), groups="population")["mean"]
    np.testing.assert_allclose(without, found[1], rtol=1e-12)


def test_variance_counts_the_squares_of_the_weights():
    tree = members_tree()
    table = bg.variance_partition(tree).set_index("component")
    fit = Fit.of(tree)
    a, b, w = (fit.data[c].to_numpy() for c in ("a", "b", "w"))
    share = np.where((w == 0) | (a == b), 1.0, 0.5)
    assert table.loc["a_and_b", "variance"] == pytest.approx(0.49 * share.mean(), rel=1e-6)


def test_a_saved_result_still_knows_absent_memberships(tmp_path):
    tree = members_tree()
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    one, other = (bg.predictions(t, groups="known")["mean"] for t in (tree, again))
    np.testing.assert_array_equal(one, other)
    assert Fit.of(again).design.groups[0].counts.sum() < 120


def test_levels_have_effects_and_no_raw_estimates():
    tree = members_tree()
    table = bg.random_effects(tree, "a_and_b").set_index("level")
    np.testing.assert_allclose(table["mean"], EFFECTS[:, 0], atol=1e-6)
    with pytest.raises(bg.errors.ArgumentError, match="one level each"):
        bg.shrinkage(tree, "a_and_b")
    assert bg.diagnose(tree) is not None
    with pytest.raises(bg.errors.ArgumentError, match="weights of its levels"):
        bg.compare({"one": tree, "other": tree}, by="a_and_b")


@cache
def by_tree():
    rng = np.random.default_rng(1)
    person = np.repeat([f"p{i}" for i in range(8)], 5)
    arm = np.where(person < "p4", "old", "new")
    data = pd.DataFrame({"y": rng.poisson(3, 40), "person": person, "arm": arm})
    truth = {"intercept": 1.0, "beta": [0.2], "sd_person_new": [0.2], "sd_person_old": [0.9],
             "u_person_new": rng.normal(0, 0.2, (4, 1)),
             "u_person_old": rng.normal(0, 0.9, (4, 1))}  # fmt: skip
    return tree_of("y ~ arm + (1 | gr(person, by=arm))", data, truth, spread=1e-9, family="poisson")


def test_each_part_of_by_is_averaged_over_its_own_sd():
    rows = pd.DataFrame({"arm": ["old", "new"], "person": ["p0", "q9"]})
    tree = by_tree()
    found = bg.predictions(tree, rows, groups="population")["mean"]
    expected = np.exp([1.2 + 0.81 / 2, 1.0 + 0.04 / 2])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    new = np.log(bg.predictions(tree, rows, groups="new", draws=True).values.reshape(-1, 2))
    u = bg.random_effects(tree, "person_old").set_index("level")["mean"]
    np.testing.assert_allclose(new[:, 0], 1.2 + u["p0"], rtol=1e-6)
    assert new[:, 1].std() == pytest.approx(0.2, rel=0.1)
    with pytest.raises(bg.errors.UnknownLevelError, match="arm=new"):
        bg.predictions(tree, rows, groups="known")
    with pytest.raises(bg.errors.DataError, match="'middle'"):
        bg.predictions(tree, rows.assign(arm="middle"), groups="new")


def test_rows_of_several_levels_belong_to_no_one_study():
    calls = (bg.meta_analysis, bg.heterogeneity, bg.plot_forest)
    for tree, group in ((members_tree(), "a_and_b"), (by_tree(), "person_old")):
        for call in calls:
            with pytest.raises(bg.errors.ArgumentError, match="no one study"):
                call(tree, group)
    with pytest.raises(bg.errors.ArgumentError, match="no one study"):
        bg.plot_network(by_tree(), "person_old", "arm")
    for call in calls:  # two kinds of persons, each with a standard deviation of its own
        with pytest.raises(bg.errors.ArgumentError, match="no one distribution"):
            call(by_tree(), "person")


def test_simulated_memberships_come_back_as_their_weighted_sums():
    rng = np.random.default_rng(2)
    n = 4000
    data = pd.DataFrame({"a": rng.choice(list("pqrs"), n), "b": rng.choice(list("pqrs"), n),
                         "v": rng.uniform(size=n), "w": rng.uniform(size=n)})  # fmt: skip
    given = {"intercept": 0.0, "sd_a_and_b": [1.0], "u_a_and_b": EFFECTS, "sigma": 0.5}
    made = bg.simulate("y ~ 1 + (1 | mm(a, b, weights=c(v, w)))", data, given, seed=3)
    X = np.zeros((n, 4))
    total = made["v"] + made["w"]
    for name, weight in (("a", "v"), ("b", "w")):
        share = (made[weight] / total).to_numpy()
        X += (made[name].to_numpy()[:, None] == list("pqrs")) * share[:, None]
    estimate, *_ = np.linalg.lstsq(X, made["y"])
    error = 0.5 * np.sqrt(np.diag(np.linalg.inv(X.T @ X)))
    assert (np.abs(estimate - EFFECTS[:, 0]) < 4 * error).all()


@cache
def smooth_tree():
    """Counts along a curve that is known, with groups that are averaged over."""
    rng = np.random.default_rng(4)
    n = 150
    data = pd.DataFrame({"x": np.sort(rng.uniform(0, 10, n)), "z": rng.normal(size=n),
                         "g": rng.choice(list("abcdef"), n)})  # fmt: skip
    data["y"] = rng.poisson(np.exp(1 + np.sin(data["x"])))
    wave = np.array([2.0, -1.5, 0.5, 1.0, -0.7, 0.3, 0.2, -0.1])
    truth = {"intercept": 1.0, "beta": [0.1], "sd_s_x": [0.6], "u_s_x": 0.6 * wave, "sd_g": [0.5],
             "u_g": rng.normal(0, 0.5, (6, 1))}  # fmt: skip
    return tree_of("y ~ s(x) + (1 | g)", data, truth, spread=0.02, family="poisson")


def test_curves_are_part_of_typical_and_population_predictions():
    tree = smooth_tree()
    fit = Fit.of(tree)
    (smooth,) = fit.design.mu.smooths
    x = fit.data["x"].to_numpy()
    post = fit.posterior.stack(sample=("chain", "draw"))
    curve = smooth.basis @ post["u_s_x"].values
    eta = post["intercept"].values + np.outer(x - x.mean(), post["beta"].values[0]) + curve
    typical = bg.predictions(tree, groups="typical")["mean"]
    np.testing.assert_allclose(typical, np.exp(eta).mean(axis=1), rtol=1e-10)
    average = np.exp(eta + post["sd_g"].values[0] ** 2 / 2).mean(axis=1)
    np.testing.assert_allclose(bg.predictions(tree)["mean"], average, rtol=1e-10)
    fixed = bg.variance_partition(tree).set_index("component").loc["fixed", "variance"]
    assert fixed == pytest.approx((eta.var(axis=0)).mean(), rel=1e-8)
    names = bg.summary(tree)["parameter"].tolist()
    assert "s(x)[linear]" in names and "sd_s_x[curve]" in names and "u_s_x" not in "".join(names)


def test_beyond_the_rows_a_curve_is_straight_and_says_so():
    tree = smooth_tree()
    rows = pd.DataFrame({"x": [11.0, 12.0, 13.0, 5.0]})
    with pytest.warns(bg.errors.ExtrapolationWarning, match=r"s\(x\).*straight line.*rows 0, 1, 2"):
        found = bg.predictions(tree, rows, groups="typical", draws=True).values.reshape(-1, 4)
    np.testing.assert_allclose(np.diff(np.log(found[:, :3]), 2), 0, atol=1e-8)


def test_smooth_terms_are_no_groups():
    tree = smooth_tree()
    findings = bg.diagnose(tree).findings
    assert not [f for f in findings if "s_x" in f.message and f.name == "few_groups"]
    with pytest.raises(bg.errors.BayesGLMMError, match="no group"):
        bg.random_effects(tree, "s_x")
    assert bg.slopes(tree, "x")["mean"].notna().all()


def test_simulated_curves_have_the_given_spread():
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": rng.uniform(0, 1, 400)})
    rms = []
    for seed in range(200):
        given = {"intercept": 0.0, "beta": [0.0], "sd_s_x": [1.3], "sigma": 1e-9}
        rms.append((bg.simulate("y ~ s(x)", data, given, seed=seed)["y"] ** 2).mean())
    error = np.std(rms) / np.sqrt(len(rms))
    assert abs(np.mean(rms) - 1.3**2) < 4 * error


@cache
def student_tree(family: str, link: str, nu: float = 3.0):
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"y": np.arange(40) % 2, "g": np.repeat(list("abcdefgh"), 5)})
    truth = {"intercept": 0.7, "sd_g": [1.5], "u_g": rng.normal(0, 1, (8, 1)), "nu_g": nu}
    truth |= {"sigma": 1.0} if family == "gaussian" else {}
    return tree_of('y ~ 1 + (1 | gr(g, dist="student"))', data, truth, spread=1e-9, family=family,
                   link=link)  # fmt: skip


@pytest.mark.parametrize(
    ("link", "nu"),
    [("logit", 3.0), ("probit", 1.2), ("cloglog", 40.0)]
    + [pytest.param(link, 1.2, marks=pytest.mark.slow) for link in ("logit", "cloglog")],
)
def test_population_averages_integrate_over_students_t(link, nu):
    """Against SciPy's integral of the inverse link over the density of Student's t."""
    inverse = {
        "logit": special.expit,
        "probit": special.ndtr,
        "cloglog": lambda eta: -np.expm1(-np.exp(np.minimum(eta, 50))),
    }[link]
    found = bg.predictions(student_tree("bernoulli", link, nu))["mean"].iloc[0]
    expected = sum(
        integrate.quad(lambda t: inverse(0.7 + 1.5 * t) * stats.t.pdf(t, nu), *ends, limit=400)[0]
        for ends in ((-np.inf, -5), (-5, 0), (0, 5), (5, np.inf))
    )
    assert found == pytest.approx(expected, abs=1e-6)


def test_means_that_do_not_exist_are_refused_with_the_reason():
    with pytest.raises(bg.errors.ArgumentError, match="tails.*log link"):
        bg.predictions(student_tree("poisson", "log"))
    with pytest.raises(bg.errors.ArgumentError, match="1 degrees of freedom"):
        bg.predictions(student_tree("gaussian", "identity", 0.8))
    assert bg.predictions(student_tree("gaussian", "identity"))["mean"].iloc[0] == pytest.approx(
        0.7
    )
    typical = bg.predictions(student_tree("poisson", "log"), groups="typical")
    assert typical["mean"].iloc[0] == pytest.approx(np.exp(0.7))


def test_new_levels_have_the_tails_of_students_t():
    tree = student_tree("gaussian", "identity")
    rows = pd.DataFrame({"g": [f"new{i}" for i in range(20)]})
    new = bg.predictions(tree, rows, groups="new", draws=True).values.ravel()
    assert stats.kstest((new - 0.7) / 1.5, "t", args=(3,)).pvalue > 0.01
    y = bg.predictions(tree, rows, kind="response", draws=True).values.ravel()
    rng = np.random.default_rng(0)
    same = 0.7 + 1.5 * rng.standard_t(3, len(y)) + rng.normal(size=len(y))
    assert stats.ks_2samp(y, same).pvalue > 0.01
    share = bg.variance_partition(tree).set_index("component").loc["g", "variance"]
    assert share == pytest.approx(1.5**2 * 3, rel=1e-6)
    made = bg.simulate('y ~ 1 + (1 | gr(g, dist="student"))', pd.DataFrame({"g": np.arange(4000)}),
                       {"intercept": 0, "sd_g": [2.0], "nu_g": 3.0, "sigma": 1e-9}, seed=1)["y"]  # fmt: skip
    assert stats.kstest(made / 2, "t", args=(3,)).pvalue > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("make", [members_tree, by_tree, lambda: student_tree("poisson", "log")])
def test_reports_show_what_there_is(make, tmp_path):
    """No raw estimates for rows of several levels, and no average that does not exist."""
    bg.report(make(), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ("average over the population" in text) == ("Student t" not in text)
    assert ("Estimates of own rows" in text) == ("Student t" in text)


@pytest.mark.slow
def test_a_fit_finds_the_curve_and_the_effects():
    """NUTS; the truth within four posterior standard deviations everywhere."""
    rng = np.random.default_rng(7)
    n = 400
    data = pd.DataFrame({"x": rng.uniform(0, 6, n), "a": rng.choice(list("pqrs"), n),
                         "b": rng.choice(list("pqrs"), n)})  # fmt: skip
    effect = dict(zip("pqrs", EFFECTS[:, 0] - EFFECTS.mean(), strict=True))
    own = (data["a"].map(effect) + data["b"].map(effect)) / 2
    data["y"] = np.sin(data["x"]) + own + rng.normal(0, 0.4, n)
    tree = bg.fit("y ~ s(x) + (1 | mm(a, b))", data, draws=2500, chains=2, progress=False, seed=2)
    assert tree.attrs["mode"] == "collapsed"
    rows = pd.DataFrame({"x": np.linspace(0.2, 5.8, 15)})
    draws = bg.predictions(tree, rows, groups="typical", draws=True).values.reshape(-1, 15)
    shape = draws - draws.mean(axis=1, keepdims=True)
    truth = np.sin(rows["x"]) - np.sin(rows["x"]).mean()
    assert (np.abs(shape.mean(axis=0) - truth) < 4 * shape.std(axis=0)).all()
    u = bg.random_effects(tree, "a_and_b", draws=True).values.reshape(-1, 4)
    u = u - u.mean(axis=1, keepdims=True)
    away = np.abs(u.mean(axis=0) - np.array([effect[level] for level in "pqrs"]))
    assert (away < 4 * u.std(axis=0)).all()
