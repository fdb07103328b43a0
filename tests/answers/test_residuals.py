"""Quantile residuals beside exact distribution functions, and what they reveal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.answers.diagnose.ppc import replicated
from bayes_glmm.answers.diagnose.residuals import Pit, pit_residuals
from bayes_glmm.errors import ArgumentError
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import Fit, make_tree
from tests.canned import bernoulli_tree, poisson_tree, slope_tree, tree_of


def draws_of(tree, name):
    values = tree["posterior"][name].values
    return values.reshape(-1, *values.shape[2:])


def test_counts_lie_between_the_two_ends_of_their_step():
    tree = poisson_tree()
    data = Fit.of(tree).data
    found = bg.residuals(tree, n=1000, seed=4)
    wards = [str(w) for w in tree["posterior"]["ward"].values]
    place = np.array([wards.index(w) for w in data["ward"]])
    eta = (
        draws_of(tree, "intercept")[:, None] + draws_of(tree, "u_ward")[:, place, 0]
        + draws_of(tree, "beta") * (data["arm"] == "treated").to_numpy()
        + np.log(data["days"].to_numpy())
    )  # fmt: skip
    y = data["events"].to_numpy()
    low, high = (stats.poisson.cdf(k, np.exp(eta)).mean(axis=0) for k in (y - 1, y))
    error = 4 * np.sqrt(0.25 / 1000)
    assert ((found["pit"] > low - error) & (found["pit"] < high + error)).all()
    np.testing.assert_allclose(found["residual"], stats.norm.ppf(found["pit"]), rtol=1e-12)
    np.testing.assert_allclose(found["fitted"], np.exp(eta).mean(axis=0), rtol=1e-10)
    inside = (found["pit"] - low) / (high - low)
    assert stats.kstest(inside, "uniform").pvalue > 1e-4


def test_continuous_responses_have_their_distribution_function():
    tree = slope_tree()
    found = bg.residuals(tree, n=1000)
    pearson = bg.residuals(tree, kind="pearson")
    inner = found["pit"].between(0.02, 0.98)
    expected = stats.norm.cdf(pearson["residual"])
    np.testing.assert_allclose(found["pit"][inner], expected[inner], atol=0.08)
    assert abs(found["pit"] - expected).mean() < 0.015
    pd.testing.assert_frame_equal(found, bg.residuals(tree, n=1000))


def test_redrawn_effects_have_the_populations_spread():
    tree = slope_tree()
    data = Fit.of(tree).data
    found = bg.residuals(tree, groups="new", n=1000)
    day = data["day"].to_numpy()
    sd = np.sqrt(25**2 + 2 * 0.3 * 25 * 6 * day + 36 * day**2 + 25**2)
    z = (data["reaction"].to_numpy() - 250 - 10 * day) / sd
    inner = np.abs(z) < 2
    np.testing.assert_allclose(found["residual"][inner], z[inner], atol=0.3)
    assert "redrawn" in found.attrs["estimand"]


def test_random_effects_of_another_shape_are_seen_when_redrawn_only():
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(60), 10)
    u = rng.choice([-1.5, 1.5], 60)
    data = pd.DataFrame({"y": u[g] + rng.normal(0, 0.5, 600), "g": [f"g{i:02d}" for i in g]})
    truth = {"intercept": 0.0, "sd_g": [1.5], "u_g": u[:, None], "sigma": 0.5}
    fit = Fit.of(tree_of("y ~ 1 + (1 | g)", data, truth, spread=0.02))

    def tail(groups):
        found = pit_residuals(fit, groups)
        distance = Pit.distance(found.observed[None])[0]
        return (Pit.distance(found.replicated) >= distance).mean()

    assert tail("known") > 0.05
    assert tail("new") < 0.01


def test_relatives_are_redrawn_together():
    levels = [f"a{i}" for i in range(40)]
    K = pd.DataFrame(0.999 + 0.001 * np.eye(40), levels, levels)
    data = pd.DataFrame({"y": np.arange(40.0), "a": levels})
    structures = {"K": bg.kinship(K)}
    prepared = prepare("y ~ 1 + (1 | gr(a, K))", data, structures)
    schema, design = prepared.require()
    one = np.ones((2, 200))
    posterior = {"intercept": 0 * one, "sd_a": 2 * one[..., None], "sigma": 0.01 * one,
                 "u_a": np.zeros((2, 200, 40, 1)), "z_a": np.zeros((2, 200, 40, 1))}  # fmt: skip
    stats_of = {"diverging": one < 0, "energy": one}
    tree = make_tree(posterior, stats_of, prepared.spec, schema, design, data,
                     resolve_priors(prepared.spec, design), {}, prepared.structures)  # fmt: skip
    again, _, _ = replicated(Fit.of(tree), n=400, redraw=["a"])
    assert again.std(axis=1).max() < 0.3
    assert again.mean(axis=1).std() == pytest.approx(2.0, rel=0.12)


def test_distances_are_those_of_kolmogorov():
    values = np.random.default_rng(2).uniform(size=(3, 50))
    exact = [stats.kstest(row, "uniform").statistic for row in values]
    np.testing.assert_allclose(Pit.distance(values), exact, rtol=1e-12)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ArgumentError, match="'quantile'"):
        bg.residuals(bernoulli_tree(), kind="deviance")
    with pytest.raises(ArgumentError, match="'new'"):
        bg.residuals(bernoulli_tree(), groups="population")


def test_skewed_errors_are_found_and_normal_ones_are_not():
    rng = np.random.default_rng(8)
    g, u = np.repeat(np.arange(20), 10), rng.normal(0, 0.5, 20)
    truth = {"intercept": 0.0, "sd_g": [0.5], "u_g": u[:, None], "sigma": 1.0}
    for e, wanted in ((rng.exponential(size=200) - 1, 1), (rng.normal(size=200), 0)):
        data = pd.DataFrame({"y": u[g] + e, "g": [f"g{i:02d}" for i in g]})
        tree = tree_of("y ~ 1 + (1 | g)", data, truth, spread=0.02)
        assert len(bg.diagnose(tree)["residual_distribution"]) == wanted


@pytest.mark.fit
@pytest.mark.parametrize(("each", "extra"), [(2, ""), (10, " + (1 | observation)")])
def test_effects_of_few_rows_are_not_taken_for_a_wrong_family(each, extra):
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(400 // each), each)
    x, own = rng.normal(size=400), rng.normal(0, 0.8, 400) if extra else 0.0
    eta = 0.5 + 0.3 * x + rng.normal(0, 1.0, 400 // each)[g] + own
    data = pd.DataFrame({"y": rng.poisson(np.exp(eta)), "x": x, "g": g})
    tree = bg.fit(f"y ~ x + (1 | g){extra}", data, family="poisson", seed=1, progress=False)
    assert not bg.diagnose(tree)["residual_distribution"]
    assert abs(bg.residuals(tree, groups="new")["residual"].std() - 1) < 0.1
    if extra:
        assert bg.residuals(tree)["residual"].std() == pytest.approx(1.0, abs=0.1)


def test_effects_of_single_rows_do_not_make_residuals_look_too_regular():
    rng = np.random.default_rng(14)
    u = rng.normal(0, 0.6, 150)
    data = pd.DataFrame({"y": rng.poisson(np.exp(2.0 + u))})
    own = (np.log(data["y"].to_numpy() + 0.5) - 2.0)[:, None]
    truth = {"intercept": 2.0, "sd_observation": [0.6], "u_observation": own}
    tree = tree_of("y ~ 1 + (1 | observation)", data, truth, family="poisson", spread=0.05)
    assert not bg.diagnose(tree)["residual_distribution"]
    heavy = data.assign(y=np.where(rng.random(150) < 0.25, 60 + data["y"], data["y"]))
    own = (np.log(heavy["y"].to_numpy() + 0.5) - 2.0)[:, None]
    tree = tree_of(
        "y ~ 1 + (1 | observation)", heavy, truth | {"u_observation": own}, family="poisson"
    )
    assert "groups='new'" in bg.diagnose(tree)["residual_distribution"][0].message


def test_some_groups_can_be_redrawn_and_others_kept():
    tree = poisson_tree()
    kept, _, _ = replicated(Fit.of(tree), n=100, redraw=[])
    anew, _, _ = replicated(Fit.of(tree), n=100, redraw=["ward"])
    assert not np.array_equal(kept, anew)
