"""Moment matching beside exact scores, and the density it rests on beside SciPy's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.answers.compare.moment_matching import Target, coordinates
from bayes_glmm.errors import ArgumentError
from bayes_glmm.results.fit import Fit
from tests.answers import test_compare as exact
from tests.canned import bernoulli_tree, poisson_tree, slope_tree

FLAT = {name: bg.Prior("Normal", sigma=1e4) for name in ("intercept", "beta[x]")}


@pytest.fixture
def flat_priors(monkeypatch):
    """Record priors as flat as those that exact draws come from."""
    plain = exact._tree
    monkeypatch.setattr(exact, "_tree", lambda *given: plain(*given, priors=FLAT))


@pytest.mark.parametrize("pooled", [False, True])
def test_rows_that_surprise_are_scored_as_exactly(flat_priors, pooled):
    data, g, _ = exact.grouped()
    data.loc[5, "y"] = 8.0 if pooled else 20.0
    random = [("g", g, np.ones((len(data), 1)), np.array([[0.64]]))] if pooled else []
    formula = "y ~ x + (1 | g)" if pooled else "y ~ x"
    trees = {s: exact.normal_tree(formula, data, random, seed=s) for s in (0, 4)}
    before = bg.compare(trees).set_index("model")
    after = bg.compare(trees, moment_match=True).set_index("model")
    truth = exact.exact_score(
        data, np.arange(len(data)), np.eye(len(data)) + pooled * 0.64 * (g[:, None] == g)
    )
    for s in ("0", "4"):
        was, now = before.loc[s], after.loc[s]
        assert was["k_high"] == 1 and "moment_match=True" in was["verdict"]
        assert now["k_high"] == 0 and now["matched"] == 1 and now["refitted"] == 0
        assert "draws were moved for 1 row" in now["verdict"]
        assert now["elpd"] == pytest.approx(truth, abs=3.5 * now["mcse"])
        assert now["mcse"] < 0.3
        assert now["elpd"] + now["p"] == pytest.approx(was["elpd"] + was["p"])


def moves(tree, row, seed=0):
    """Return densities of draws as they are and as they are after a move, with the moved."""
    fit = Fit.of(tree)
    target = Target(fit, row, coordinates(fit, row))
    step = 0.05 * np.random.default_rng(seed).normal(size=target.draws.sizes["coordinate"])
    there = target.draws + step
    z = there.values.reshape(-1, len(step))
    moved = target._moved(z, slice(None))
    change = (target.log_joint(there) - target.log_joint(target.draws)).values.ravel()
    return fit, moved, change, target.log_row(there, 0).values.ravel()


def draws(fit, name):
    values = fit.posterior[name].values
    return values.reshape(-1, *values.shape[2:])


def test_density_of_counts_is_that_of_scipy():
    tree = poisson_tree()
    fit, moved, change, own = moves(tree, 17)
    data, design = fit.data, fit.design
    place = {level: i for i, level in enumerate(tree["posterior"]["ward"].values)}
    ward = data["ward"].map(place).to_numpy()
    treated = (data["arm"] == "treated").to_numpy(float)

    def density(one):
        intercept, beta = draws(one, "intercept"), draws(one, "beta")[:, 0]
        sd, u = draws(one, "sd_ward")[:, 0], draws(one, "u_ward")[:, :, 0]
        eta = intercept[:, None] + beta[:, None] * treated + u[:, ward]
        rows = stats.poisson.logpmf(data["events"], np.exp(eta + np.log(data["days"].to_numpy())))
        middle = intercept + beta * treated.mean()
        total = fit.priors["intercept"].frozen.logpdf(middle)
        total += fit.priors["beta[arm[treated]]"].frozen.logpdf(beta)
        total += fit.priors["sd_ward[intercept]"].frozen.logpdf(sd) + np.log(sd)
        return total + stats.norm.logpdf(u, 0, sd[:, None]).sum(axis=1) + rows.sum(axis=1), rows

    (before, _), (after, rows) = density(fit), density(moved)
    np.testing.assert_allclose(change, after - before, rtol=1e-8, atol=1e-7)
    np.testing.assert_allclose(own, rows[:, 17], rtol=1e-10)
    others = np.delete(np.arange(design.groups[0].n_levels), ward[17])
    np.testing.assert_array_equal(
        draws(moved, "u_ward")[:, others], draws(fit, "u_ward")[:, others]
    )


def test_density_of_correlated_slopes_is_that_of_scipy():
    tree = slope_tree()
    fit, moved, change, _ = moves(tree, 40)
    data = fit.data
    place = {level: i for i, level in enumerate(tree["posterior"]["person"].values)}
    person, day = data["person"].map(place).to_numpy(), data["day"].to_numpy()

    def density(one, d):
        intercept, beta = draws(one, "intercept")[d], draws(one, "beta")[d, 0]
        sd, u = draws(one, "sd_person")[d], draws(one, "u_person")[d]
        sigma = draws(one, "sigma")[d]
        mean = intercept + beta * day + u[person, 0] + u[person, 1] * day
        total = stats.norm.logpdf(data["reaction"], mean, sigma).sum()
        cov = np.outer(sd, sd) * draws(one, "corr_person")[d]
        total += stats.multivariate_normal.logpdf(u, np.zeros(2), cov).sum()
        prior = {k: p.frozen for k, p in fit.priors.items() if p.on_a_line}
        total += prior["intercept"].logpdf(intercept + beta * day.mean())
        total += prior["beta[day]"].logpdf(beta)
        total += prior["sigma"].logpdf(sigma) + np.log(sigma)
        for t, term in enumerate(("intercept", "day")):
            total += prior[f"sd_person[{term}]"].logpdf(sd[t]) + np.log(sd[t])
        return total

    for d in (0, 333, 999):
        assert change[d] == pytest.approx(density(moved, d) - density(fit, d), abs=1e-6)


def test_groups_are_refused():
    tree = bernoulli_tree()
    with pytest.raises(ArgumentError, match=r"for rows.*bg.refit"):
        bg.compare({"a": tree, "b": tree}, "person", moment_match=True)


@pytest.mark.slow
def test_matching_comes_close_to_fits_without():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(15), [1, 2, 3, 4, 5] * 3)
    data = pd.DataFrame({"x": rng.normal(size=len(g)), "g": [f"g{i:02d}" for i in g]})
    data["y"] = rng.poisson(np.exp(0.5 + 0.4 * data["x"] + rng.normal(0, 1, 15)[g]))
    fits = {
        family: bg.fit("y ~ x + (1 | g)", data, family=family, progress=False, seed=2)
        for family in ("poisson", "negative_binomial")
    }
    plain = bg.compare(fits).set_index("model")
    matched = bg.compare(fits, moment_match=True).set_index("model")
    fitted = bg.compare(fits, refit=lambda t, rows: bg.refit(t, rows, draws=2000)).set_index(
        "model"
    )
    assert plain["k_high"].sum() > 0 and (matched["k_high"] < plain["k_high"]).all()
    away = (matched["elpd"] - fitted["elpd"]).abs()
    assert (away < 4 * np.hypot(matched["mcse"], fitted["mcse"])).all()
