"""Two arms given their total, beside SciPy's distribution and metafor's exact likelihood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import logsumexp

import bayes_glmm as bg
from bayes_glmm.answers.diagnose.ppc import replicated
from bayes_glmm.errors import ArgumentError, DesignError, SpecError
from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.maths.density_maths import pytensor_maths
from bayes_glmm.results.fit import Fit
from tests.canned import tree_of

FORMULA = "events | trials(n) + against(events0, n0) ~ 1 + (1 | study)"
LINK = get_family("binomial").link("logit")
METAFOR = {
    "bcg": (-0.753810509, 0.558242673, 0.180076477, -48.3747912),
    "nielweise2007": (-1.35315828, 0.832742016, 0.350934512, -24.9444576),
}
"""CM.EL of metafor 3.8.1: log odds ratio, tau, standard error, log-likelihood."""


def pairs(seed=0, rows=40):
    """Return arms with totals of every kind: none, all, and more than an arm holds."""
    rng = np.random.default_rng(seed)
    n, others = (rng.integers(1, 60, rows).astype(float) for _ in range(2))
    total = rng.integers(0, n + others + 1).astype(float)
    total[:2], total[2] = 0, n[2] + others[2]
    y = rng.integers(np.maximum(0, total - others), np.minimum(n, total) + 1).astype(float)
    return y, n, {"total": total, "other_trials": others}


def wide(name, folder):
    data = pd.read_csv(folder / f"{name}.csv").astype({"study": str})
    high, low = (data[data["treat"] == t].set_index("study")[["events", "n"]] for t in (1, 0))
    return high.join(low.add_suffix("0")).reset_index()


@pytest.mark.parametrize("log_odds", [-6.0, -0.7, 0.0, 1.3, 6.0])
def test_density_and_moments_are_those_of_scipy(log_odds):
    y, n, seen = pairs()
    family = observe(get_family("binomial"), seen, y)
    eta = np.full((3, len(y)), log_odds)
    exact = stats.nchypergeom_fisher(
        (n + seen["other_trials"]).astype(int), n.astype(int), seen["total"].astype(int),
        np.exp(log_odds),
    )  # fmt: skip
    found = family.logpdf(y, eta, LINK, seen, n)
    assert found.shape == eta.shape
    np.testing.assert_allclose(found[1], exact.logpmf(y), rtol=1e-9, atol=1e-10)
    assert np.abs(found[:, :3]).max() < 1e-10
    mean, variance = family.moments(eta, LINK, seen, n)
    np.testing.assert_allclose(mean[0], exact.mean(), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(variance[0], exact.var(), rtol=1e-6, atol=1e-9)


def test_the_graph_has_the_same_density_and_its_slope():
    import pytensor
    import pytensor.tensor as pt

    y, n, seen = pairs(3)
    family = observe(get_family("binomial"), seen, y)
    eta = pt.dvector()
    rows = family.log_density(pytensor_maths(), y, eta, LINK, seen, n)
    slope = pytensor.grad(rows.sum(), eta)
    compiled = pytensor.function([eta], [rows, slope], mode="FAST_COMPILE")
    for at in (np.linspace(-5, 5, len(y)), np.full(len(y), 40.0), np.full(len(y), -40.0)):
        values, slopes = compiled(at)
        np.testing.assert_allclose(
            values, family.logpdf(y, at, LINK, seen, n), rtol=1e-9, atol=1e-9
        )
        mean, _ = family.moments(at, LINK, seen, n)
        np.testing.assert_allclose(slopes, y - mean, atol=1e-8)


def test_draws_have_the_distribution():
    y, n, seen = pairs(1)
    family = observe(get_family("binomial"), seen, y)
    eta = np.full((20_000, len(y)), 0.8)
    drawn = family.respond(np.random.default_rng(2), eta, LINK, seen, n)
    mean, variance = family.moments(eta[:1], LINK, seen, n)
    error = np.sqrt(variance[0] / len(eta))
    assert (np.abs(drawn.mean(axis=0) - mean[0]) <= 4.5 * error + 1e-12).all()
    np.testing.assert_allclose(drawn.var(axis=0), variance[0], rtol=0.1, atol=1e-9)
    assert (drawn >= np.maximum(0, seen["total"] - seen["other_trials"])).all()
    assert (drawn <= np.minimum(n, seen["total"])).all()


@pytest.mark.parametrize("name", list(METAFOR))
def test_metafor_maximises_the_same_likelihood(name, data_folder):
    table = wide(name, data_folder)
    y, n = (table[c].to_numpy(float) for c in ("events", "n"))
    seen = {"total": y + table["events0"], "other_trials": table["n0"].to_numpy(float)}
    seen = {k: np.asarray(v, float) for k, v in seen.items()}
    family = observe(get_family("binomial"), seen, y)
    z = np.linspace(-6, 6, 801)
    log_w = (stats.norm.logpdf(z) + np.log(z[1] - z[0]))[:, None]

    def log_likelihood(theta, tau):
        eta = theta + tau * z[:, None] * np.ones(len(y))
        return logsumexp(family.logpdf(y, eta, LINK, seen, n) + log_w, axis=0).sum()

    theta, tau, _, maximum = METAFOR[name]
    assert log_likelihood(theta, tau) == pytest.approx(maximum, abs=1e-3)
    for step in (1e-2, -1e-2):
        assert log_likelihood(theta + step, tau) < maximum
        assert log_likelihood(theta, tau + step) < maximum


def pair_tree(spread=0.05):
    data = pd.DataFrame({
        "study": list("abcdefghij"), "events": [3, 0, 0, 9, 5, 2, 1, 8, 4, 0], "n": 80,
        "events0": [7, 4, 0, 12, 3, 6, 5, 9, 9, 2], "n0": 75,
    })  # fmt: skip
    u = np.linspace(-0.6, 0.6, 10)
    truth = {"intercept": -0.7, "sd_study": [0.4], "u_study": u[:, None]}
    return tree_of(FORMULA, data, truth, spread=spread, family="binomial"), u


def test_a_meta_analysis_of_pairs():
    tree, u = pair_tree(1e-7)
    table = bg.meta_analysis(tree, "study")
    assert table.attrs["scale"] == "odds ratio" and table.attrs["none"] == 1.0
    np.testing.assert_allclose(table["median"][:10], np.exp(u - 0.7), rtol=1e-5)
    assert table["median"][10] == pytest.approx(np.exp(-0.7), rel=1e-5)
    assert table["low"][0] == "7/75" and table["high"][0] == "3/80"
    assert np.isnan(table["raw"][2]) and table["raw"][1] == 0.0
    assert table["raw"][3] == pytest.approx(
        stats.contingency.odds_ratio([[9, 71], [12, 63]]).statistic
    )
    found = bg.heterogeneity(tree, "study").set_index("quantity")["mean"]
    assert found["tau"] == pytest.approx(0.4, rel=1e-5) and np.isfinite(found["i2"])


def test_checks_before_and_after():
    tree, _ = pair_tree()
    data = Fit.of(tree).data
    (silent,) = bg.check(FORMULA, data, family="binomial")["silent_pairs"]
    assert silent.rows == ("2",) and "1 of 10" in silent.message
    prior = Fit.of(tree).priors["intercept"]
    assert prior["mu"] == 0.0
    again, mean, variance = replicated(Fit.of(tree))
    assert (again[:, 2] == 0).all() and (variance[:, 2] == pytest.approx(0))
    assert (mean <= 12).all()
    assert "overdispersion" not in {f.name for f in bg.diagnose(tree).findings}
    assert np.isfinite(bg.residuals(tree)["residual"]).all()


def test_what_pairs_do_not_know_is_refused():
    tree, _ = pair_tree()
    data = Fit.of(tree).data
    for ask in (bg.predictions, lambda t: bg.meta_analysis(t, "study", measure="difference")):
        with pytest.raises(ArgumentError, match="odds ratios and no risks"):
            ask(tree)
    with pytest.raises(ArgumentError, match="no risks"):
        bg.variance_partition(tree, scale="data")
    with pytest.raises(SpecError, match="one row for each arm"):
        bg.simulate(FORMULA, data, {"intercept": 0.0, "sd_study": [0.1]}, 1, family="binomial")
    with pytest.raises(DesignError, match="binomial family"):
        bg.check(FORMULA, data, family="beta_binomial").raise_errors()
    one = data.assign(events=data["events"].clip(upper=1))
    with pytest.raises(DesignError, match="binomial family"):  # without trials, too
        bg.check("events | against(events0, n0) ~ 1", one, family="bernoulli").raise_errors()
    counted = "cbind(events, others) | against(events0, n0) ~ 1"
    with pytest.raises(DesignError, match="binomial family"):
        bg.check(counted, one.assign(others=3), family="multinomial").raise_errors()
    with pytest.raises(DesignError, match="logit alone"):
        bg.check(FORMULA, data, family="binomial", link="probit").raise_errors()
    bad = data.assign(events0=[80, *data["events0"][1:]])
    with pytest.raises(DesignError, match="held against an arm"):
        bg.check(FORMULA, bad, family="binomial").raise_errors()
