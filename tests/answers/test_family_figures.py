"""Figures of answers that depend on the family, beside NumPy's and SciPy's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.answers.meta.study_effects import Arms, Shift
from bayes_glmm.answers.predict.student_effects import averages
from bayes_glmm.answers.predict.trajectories import trajectories
from bayes_glmm.errors import ArgumentError
from bayes_glmm.results.fit import Fit
from tests import every
from tests.canned import slope_tree, tree_of


def draws_of(tree, name):
    values = tree["posterior"][name].values
    return values.reshape(-1, *values.shape[2:])


MEANS = {
    "zero_inflated_poisson": lambda eta, d: (1 - d("zi")) * np.exp(eta),
    "hurdle_poisson": lambda eta, d: (1 - d("hurdle")) * np.exp(eta) / -np.expm1(-np.exp(eta)),
    "lognormal": lambda eta, d: np.exp(eta + d("sigma") ** 2 / 2),
    "hurdle_lognormal": lambda eta, d: (1 - d("hurdle")) * np.exp(eta + d("sigma") ** 2 / 2),
    "gaussian": lambda eta, d: eta,
    "beta": lambda eta, d: 1 / (1 + np.exp(-eta)),
}


@pytest.mark.parametrize("family", MEANS)
def test_a_threshold_is_held_against_the_mean_response_with_all_varying_terms(family):
    tree = every.tree(family, right="x + f + (1 + x | g)")
    data = Fit.of(tree).data
    X = np.array([data.x.mean(), (data.f == "b").mean()])
    u = draws_of(tree, "u_g") @ np.array([1.0, data.x.mean()])
    eta = draws_of(tree, "intercept")[:, None] + draws_of(tree, "beta") @ X[:, None] + u
    mean = MEANS[family](eta, lambda name: draws_of(tree, name)[:, None])
    threshold = float(np.quantile(mean, 0.45))
    found = bg.rank(tree, "g", threshold=threshold).set_index("level")["p_above"]
    levels = [str(v) for v in tree["posterior"]["g"].values]
    np.testing.assert_allclose(found[levels], (mean > threshold).mean(axis=0), atol=1e-12)


def test_a_threshold_knows_means_of_covariates_without_an_intercept():
    tree = every.tree("poisson", right="0 + x + (1 | g)")
    x = Fit.of(tree).data.x.mean()
    mean = np.exp(draws_of(tree, "beta")[:, :1] * x + draws_of(tree, "u_g")[:, :, 0])
    threshold = float(np.quantile(mean, 0.5))
    found = bg.rank(tree, "g", threshold=threshold).set_index("level")["p_above"]
    levels = [str(v) for v in tree["posterior"]["g"].values]
    np.testing.assert_allclose(found[levels], (mean > threshold).mean(axis=0), atol=1e-12)


def test_a_threshold_knows_the_formulas_of_other_parameters():
    tree = every.tree("zero_inflated_poisson", zi="~ x + (1 | g)")
    data = Fit.of(tree).data
    X = np.array([data.x.mean(), (data.f == "b").mean()])
    eta = draws_of(tree, "intercept") + draws_of(tree, "beta") @ X
    zi = 1 / (1 + np.exp(-draws_of(tree, "intercept_zi") - draws_of(tree, "beta_zi")[:, 0] * X[0]))
    mean = (1 - zi[:, None]) * np.exp(eta[:, None] + draws_of(tree, "u_g")[:, :, 0])
    threshold = float(np.quantile(mean, 0.5))
    found = bg.rank(tree, "g", threshold=threshold).set_index("level")["p_above"]
    levels = [str(v) for v in tree["posterior"]["g"].values]
    np.testing.assert_allclose(found[levels], (mean > threshold).mean(axis=0), atol=1e-12)
    with pytest.raises(ArgumentError, match="categories"):
        bg.rank(every.tree("cumulative"), "g", threshold=1.0)


@pytest.mark.parametrize("quantile", [0.5, 0.8])
def test_raw_quantiles_are_those_of_each_levels_own_rows(quantile):
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(list("abcd"), 9), "x": rng.normal(size=36)})
    data["y"] = 2 + data.x + rng.gumbel(size=36)
    truth = {"intercept": 2.0, "beta": [1.0], "sd_g": [0.5], "u_g": np.zeros((4, 1)), "sigma": 1.0}
    tree = tree_of("y ~ x + (1 | g)", data, truth,
                   family=f"asymmetric_laplace(quantile={quantile})")  # fmt: skip
    left = data.y - draws_of(tree, "intercept").mean() - data.x * draws_of(tree, "beta").mean()
    place = int(np.ceil(9 * quantile)) - 1  # the only minimum: nine times the share is no integer
    exact = [np.sort(left[data.g == g])[place] for g in "abcd"]
    np.testing.assert_allclose(bg.shrinkage(tree, "g")["raw"], exact, atol=1e-5)


def one_row_far_away(right, extra, y, **own):
    data = pd.DataFrame({"g": list("abcdefgh"), "y": [y] + [0.0] * 7})
    formula = {"mu": f"y ~ 1 + {right}", **own} if own else f"y ~ 1 + {right}"
    return tree_of(formula, data, {"intercept": 0.0, **extra}, spread=1e-6)


@pytest.mark.parametrize("y", [2.5, -4.0])
def test_redrawn_effects_have_students_tails(y):
    extra = {"sd_g": [1.0], "u_g": np.zeros((8, 1)), "nu_g": 3.0, "sigma": 1e-3}
    tree = one_row_far_away("(1 | gr(g, dist='student'))", extra, y)
    found = bg.residuals(tree, groups="new", n=1000)["pit"][0]
    exact = stats.t.cdf(y, 3)
    assert abs(found - exact) < 4.5 * np.sqrt(exact * (1 - exact) / 1000)
    assert abs(found - stats.norm.cdf(y)) > abs(found - exact)


def test_redrawn_effects_that_predictors_share_are_the_same():
    extra = {
        "sd_g": [1.0, 1.0], "corr_g": np.array([[1.0, 0.95], [0.95, 1.0]]),
        "corr_chol_g": np.linalg.cholesky([[1.0, 0.95], [0.95, 1.0]]), "u_g": np.zeros((8, 2)),
        "intercept_sigma": 0.0,
    }  # fmt: skip
    tree = one_row_far_away("(1 |p| g)", extra, -2.5, sigma="~ 1 + (1 |p| g)")
    rng = np.random.default_rng(1)
    u = rng.multivariate_normal([0, 0], [[1, 0.95], [0.95, 1]], 400_000)
    exact = stats.norm.cdf((-2.5 - u[:, 0]) / np.exp(u[:, 1])).mean()
    apart = stats.norm.cdf((-2.5 - u[:, 0]) / np.exp(rng.permutation(u[:, 1]))).mean()
    found = bg.residuals(tree, groups="new", n=1000)["pit"][0]
    assert abs(found - exact) < 4 * np.sqrt(exact * (1 - exact) / 1000)
    assert abs(apart - exact) > 4 * np.sqrt(exact * (1 - exact) / 1000)


@pytest.mark.parametrize("corr", [0.9, -0.7])
def test_effects_that_categories_share_are_averaged_together(corr):
    data = pd.DataFrame({"g": list("abcdef"), "h": 0.2, "l": 0.3, "m": 0.5})
    R = np.array([[1.0, corr, 0.0], [corr, 1.0, 0.0], [0.0, 0.0, 1.0]])
    truth = {"intercept_mu_l": 0.4, "intercept_mu_m": -0.3, "sd_g": [1.2, 0.8, 0.5], "corr_g": R,
             "corr_chol_g": np.linalg.cholesky(R), "u_g": np.zeros((6, 3)),
             "intercept_dispersion": 1.0}  # fmt: skip
    formula = {"mu": "cbind(h, l, m) ~ 1 + (1 |p| g)", "dispersion": "~ 1 + (1 |p| g)"}
    tree = tree_of(formula, data, truth, spread=1e-9, family="dirichlet")
    z, w = np.polynomial.hermite_e.hermegauss(60)
    u = np.linalg.cholesky(R[:2, :2] * np.outer([1.2, 0.8], [1.2, 0.8]))
    points = np.stack(np.meshgrid(z, z, indexing="ij"), -1) @ u.T + [0.4, -0.3]
    odds = np.concatenate([np.ones((60, 60, 1)), np.exp(points)], axis=-1)
    weights = np.outer(w, w) / w.sum() ** 2
    exact = np.einsum("ij,ijk->k", weights, odds / odds.sum(-1, keepdims=True))
    found = bg.predictions(tree, by=True).set_index("category")["mean"]
    np.testing.assert_allclose(found[["h", "l", "m"]], exact, atol=1e-5)


def test_residuals_know_the_bounds_of_truncation():
    data = pd.DataFrame({"y": [0.4, 1.0, 2.2]})
    tree = tree_of("y | trunc(0, 3) ~ 1", data, {"intercept": 0.5, "sigma": 1.0}, spread=1e-6)
    exact = stats.truncnorm(-0.5, 2.5, 0.5, 1.0)
    found = bg.residuals(tree, "pearson", n=200)
    np.testing.assert_allclose(found["fitted"], exact.mean(), rtol=1e-5)
    np.testing.assert_allclose(found["residual"], (data.y - exact.mean()) / exact.std(), atol=1e-4)
    counts = pd.DataFrame({"y": [1, 2, 5]})
    tree = tree_of("y | trunc(1, inf) ~ 1", counts, {"intercept": 0.0}, spread=1e-6,
                   family="poisson")  # fmt: skip
    mean = 1 / -np.expm1(-1)
    sd = np.sqrt(2 * mean - mean**2)  # E[y**2] = (1 + 1) / P(y > 0)
    found = bg.residuals(tree, "pearson", n=200)
    np.testing.assert_allclose(found["fitted"], mean, rtol=1e-5)
    np.testing.assert_allclose(found["residual"], (counts.y - mean) / sd, rtol=1e-4)


@pytest.mark.parametrize("family", ["lognormal", "hurdle_lognormal"])
def test_an_infinite_mean_over_the_population_is_refused(family):
    tree = every.tree(family, sigma="~ 1 + (1 | g)")
    for call in (lambda: bg.predictions(tree), lambda: bg.comparisons(tree, "f"),
                 lambda: bg.slopes(tree, "x")):  # fmt: skip
        with pytest.raises(ArgumentError, match="infinite"):
            call()
    assert not averages(Fit.of(tree)) and averages(Fit.of(every.tree(family)))
    assert np.isfinite(bg.predictions(tree, groups="known")["mean"]).all()
    assert np.isfinite(bg.predictions(every.tree("gaussian", sigma="~ 1 + (1 | g)"))["mean"]).all()


def parted(arms="ABABCDCD"):
    data = pd.DataFrame({"study": list("aabbccdd"), "treatment": list(arms), "events": 5, "n": 50})
    k = len(set(arms))
    pairs = data.study + ":" + data.treatment
    truth = {"intercept": -1.0, "beta": np.full(k - 1, 0.5), "sd_study": [0.6],
             "u_study": np.zeros((4, 1)), "sd_study_by_treatment": [0.4],
             "u_study_by_treatment": np.zeros((pairs.nunique(), 1))}  # fmt: skip
    return tree_of("events | trials(n) ~ treatment + (1 | study) + (1 | study:treatment)", data,
                   truth, family="binomial")  # fmt: skip


def test_parts_of_a_network_are_not_compared():
    tree = parted()
    for call in (bg.meta_analysis, bg.heterogeneity, bg.plot_forest):
        with pytest.raises(ArgumentError, match=r"parts of this network are: A, B; C, D"):
            call(tree, "study", "treatment")
    with pytest.raises(ArgumentError, match=r"A, B; C, D"):
        bg.comparisons(tree, "treatment")
    found = bg.meta_analysis(tree, "study", "treatment", contrast=("C", "D"))
    assert found["kind"].tolist() == ["study", "study", "average", "new study"]
    assert len(bg.comparisons(tree, "treatment", contrast=("C", "D"))) == 1
    assert len(bg.comparisons(parted("ABBCCDDA"), "treatment")) == 3


def test_what_does_not_vary_has_no_heterogeneity():
    tree = every.tree("bernoulli")
    with pytest.raises(ArgumentError, match=r"\(1 \+ f \| g\)"):
        bg.heterogeneity(tree, "g", "f")
    ax = bg.plot_forest(tree, "g", "f")
    assert "do not vary" in ax.get_xlabel()
    with pytest.raises(ArgumentError, match=r"\(1 \| f\)"):
        bg.heterogeneity(every.tree("bernoulli", right="f"), "f")
    varying = bg.heterogeneity(every.tree("bernoulli", right="f + (1 + f || g)"), "g", "f")
    assert varying["mean"][0] > 0


def test_a_new_study_has_the_tails_of_its_effects():
    data = pd.DataFrame({"study": list("abcdef"), "effect": 0.1, "error": 0.1})
    truth = {"intercept": 0.0, "sd_study": [1.0], "u_study": np.zeros((6, 1)), "nu_study": 3.0}
    tree = tree_of("effect | se(error) ~ 1 + (1 | gr(study, dist='student'))", data, truth,
                   spread=1e-6, draws=2000)  # fmt: skip
    fit = Fit.of(tree)
    drawn = Shift.of(fit, Arms.of(fit, "study", None, (None, None))).new(fit, 1)
    assert stats.kstest(drawn, stats.t(3).cdf).pvalue > 1e-4
    assert stats.kstest(drawn, stats.norm(0, np.sqrt(3)).cdf).pvalue < 1e-6


def people(n=8):
    rng = np.random.default_rng(4)
    return pd.DataFrame({"g": np.repeat(list("abcd"), n), "t": np.tile(np.arange(n), 4),
                         "y": rng.normal(size=4 * n)})  # fmt: skip


def test_trajectories_of_series_are_at_the_times_of_the_rows():
    data = people()
    tree = every.from_priors("y ~ t + (1 | g) + ar(t, g)", data)
    found = trajectories(tree, "t", "g")
    known = bg.predictions(tree, groups="known")
    np.testing.assert_allclose(found.own["mean"], known["mean"], rtol=1e-10)
    assert found.own["t"].tolist() == data["t"].tolist() and not found.alone
    assert set(found.average["t"]) == set(range(8)) and len(found.new) == 8
    assert bg.plot_trajectories(tree, "t", "ar_g").get_xlabel() == "t"


def test_trajectories_of_series_may_go_along_something_else():
    data = people().assign(x=np.random.default_rng(2).permutation(32) / 8)
    tree = every.from_priors("y ~ x + ar(t, g)", data)
    found = trajectories(tree, "x", "ar_g")
    known = bg.predictions(tree, groups="known").set_index("x")["mean"]
    at = found.own[found.own["x"].isin(data["x"])].groupby(["x", "level"])["mean"].first()
    own = dict(zip(data["x"], data["g"], strict=True))
    np.testing.assert_allclose([at[x, own[x]] for x in data["x"]], known[data["x"]], rtol=1e-10)
    assert found.levels == 4 and len(found.new) == 25 and not found.alone


def test_trajectories_of_places_have_no_band_of_strangers():
    places = {g: (float(i), float(i * i)) for i, g in enumerate("abcd")}
    data = people()
    data["east"], data["north"] = (data["g"].map(lambda g, k=k: places[g][k]) for k in (0, 1))
    tree = every.from_priors("y ~ t + (1 | gr(g, S))", data, {"S": bg.coordinates("east", "north")})
    found = trajectories(tree, "t", "g")
    assert "east" in found.alone and not len(found.new) and len(found.average) == 25


def test_trajectories_of_relatives_have_no_band_of_strangers():
    K = pd.DataFrame(0.4 + 0.6 * np.eye(4), list("abcd"), list("abcd"))
    tree = every.from_priors("y ~ t + (1 | gr(g, A))", people(), {"A": bg.kinship(K)})
    found = trajectories(tree, "t", "g")
    assert "related" in found.alone and not len(found.new) and len(found.average) == 25
    labels = bg.plot_trajectories(tree, "t", "g").get_legend_handles_labels()[1]
    assert "new g: not related to these" in labels
    assert trajectories(slope_tree(), "day", "person").alone == ""
