"""Wald tests against dense generalised least squares, Bayes factors against dense densities."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, ResultError, UnknownLevelError
from bayes_glmm.results.fit import Fit
from bayes_glmm.scan.reml import two_sided
from bayes_glmm.scan.scanning import genomic_inflation
from tests.scan.support import around, cohort, dense_wald, filled, tree_of

HERE = Path(__file__).resolve().parent
DATA = HERE.parent / "data"
FORMULA = "y ~ x + (1 | gr(id, K))"
PRIOR_SD = 0.3


@cache
def made(repeats=1, formula=FORMULA, n_draws=40):
    data, genotypes, K, person = cohort(repeats=repeats)
    rng = np.random.default_rng(9)
    draws = around(rng, n_draws, intercept=2.0, beta=[0.5], sd_id=[0.8], sigma=1.0)
    if " x " not in formula:
        del draws["beta"]
    if " 0 " in formula:
        del draws["intercept"]
    tree = tree_of(formula, data, {"K": bg.kinship(K)}, draws)
    return tree, data, genotypes, K, person


@pytest.mark.parametrize("repeats", [1, 2])
def test_wald_is_dense_gls_at_the_optimum_of_each_marker(repeats):
    tree, data, genotypes, K, person = made(repeats)
    found = bg.scan(tree, genotypes.iloc[::-1], precision="double")
    wide = K.to_numpy()[np.ix_(person, person)]
    counts = filled(genotypes.to_numpy())[person]
    W = np.column_stack([np.ones(len(data)), data["x"]])
    for j in (0, 1, 5):
        known = dense_wald(data["y"].to_numpy(), np.column_stack([W, counts[:, j]]), wide)
        row = found.loc[j, ["effect", "se", "p", "ratio"]].to_numpy(float)
        np.testing.assert_allclose(row[:3], known[:3], rtol=1e-8)
        np.testing.assert_allclose(row[3], known[3], rtol=1e-5)


def test_a_model_without_intercept_keeps_the_level_of_markers():
    tree, data, genotypes, K, person = made(formula="y ~ 0 + x + (1 | gr(id, K))")
    found = bg.scan(tree, genotypes, precision="double")
    counts = filled(genotypes.to_numpy())[person]
    wide = K.to_numpy()[np.ix_(person, person)]
    X = np.column_stack([data["x"], counts[:, 3]])
    known = dense_wald(data["y"].to_numpy(), X, wide)
    row = found.loc[3, ["effect", "se", "p"]].to_numpy(float)
    np.testing.assert_allclose(row, known[:3], rtol=1e-8)


def test_single_precision_moves_p_by_less_than_a_thousandth():
    tree, _, genotypes, _, _ = made(2)
    double, single = (bg.scan(tree, genotypes, precision=p) for p in ("double", "single"))
    assert (double["log10_p"] - single["log10_p"]).abs().max() < 1e-4
    assert (double["log10_bf"] - single["log10_bf"]).abs().max() < 1e-4


def covariance(data, K, person, sd, sigma, priors):
    """Of the response with the coefficients integrated out, and its mean."""
    X = np.column_stack([np.ones(len(data)), data["x"] - data["x"].mean()])
    names = ["intercept", "beta[x]"]
    values = [dict(priors[name].parameters) for name in names]
    V0 = np.diag([v["sigma"] ** 2 for v in values])
    wide = K.to_numpy()[np.ix_(person, person)]
    V = sd**2 * wide + sigma**2 * np.eye(len(data)) + X @ V0 @ X.T
    return V, X @ [v["mu"] for v in values]


@pytest.mark.parametrize("repeats", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_bayes_factor_is_the_mean_ratio_of_marginal_likelihoods(repeats):
    tree, data, genotypes, K, person = made(repeats)
    found = bg.scan(tree, genotypes, precision="double", draws=40, prior_sd=PRIOR_SD)
    counts = filled(genotypes.to_numpy())[person]
    posterior = tree["posterior"].to_dataset()
    pairs = zip(posterior["sd_id"].values.ravel(), posterior["sigma"].values.ravel(), strict=True)
    y, priors = data["y"].to_numpy(), Fit.of(tree).priors
    logs, means, squares = [], [], []
    for sd, sigma in pairs:
        V, mean = covariance(data, K, person, sd, sigma, priors)
        null = stats.multivariate_normal.logpdf(y, mean, V)
        for j in (0, 1, 4):
            g = counts[:, j] - counts[:, j].mean()
            with_marker = V + PRIOR_SD**2 * np.outer(g, g)
            logs.append(stats.multivariate_normal.logpdf(y, mean, with_marker) - null)
            pull = PRIOR_SD**2 * np.linalg.solve(with_marker, g)
            means.append(pull @ (y - mean))
            squares.append(PRIOR_SD**2 - PRIOR_SD**2 * pull @ g + means[-1] ** 2)
    logs, means, squares = (np.array(v).reshape(-1, 3) for v in (logs, means, squares))
    factors = np.exp(logs)
    middle = (factors * means).sum(0) / factors.sum(0)
    spread = np.sqrt((factors * squares).sum(0) / factors.sum(0) - middle**2)
    row = found.loc[[0, 1, 4]]
    np.testing.assert_allclose(row["log10_bf"], np.log10(factors.mean(0)), atol=1e-9)
    np.testing.assert_allclose(row["effect_mean"], middle, rtol=1e-8)
    np.testing.assert_allclose(row["effect_sd"], spread, rtol=1e-8)


def half_t(prior):
    given = dict(prior.parameters)
    return stats.t(given["nu"], scale=given["sigma"])


def grid_of(data, K, person, priors, extra=None):
    """Log of prior times likelihood on a grid of both logarithms of sds."""
    nodes = np.linspace(-3.5, 1.8, 61)
    y = data["y"].to_numpy()
    prior = [half_t(priors[k]) for k in ("sd_id[intercept]", "sigma")]
    heights = np.empty((61, 61))
    for a, sd in enumerate(np.exp(nodes)):
        for b, sigma in enumerate(np.exp(nodes)):
            V, mean = covariance(data, K, person, sd, sigma, priors)
            V = V if extra is None else V + extra
            heights[a, b] = stats.multivariate_normal.logpdf(y, mean, V, allow_singular=True)
            heights[a, b] += prior[0].logpdf(sd) + prior[1].logpdf(sigma) + np.log(sd * sigma)
    return np.exp(nodes), heights


@pytest.mark.slow
def test_mean_over_null_draws_is_the_ratio_of_whole_marginal_likelihoods():
    data, genotypes, K, person = cohort(seed=4, n=24, m=3)
    first = around(np.random.default_rng(1), 2, intercept=2.0, beta=[0.5], sd_id=[0.8], sigma=1.0)
    priors = Fit.of(tree_of(FORMULA, data, {"K": bg.kinship(K)}, first)).priors
    nodes, null = grid_of(data, K, person, priors)
    weight = np.exp(null - null.max()).ravel()
    rng = np.random.default_rng(2)
    at = rng.choice(len(weight), 4000, p=weight / weight.sum())
    draws = {"intercept": np.zeros((1, 4000)), "beta": np.zeros((1, 4000, 1)),
             "sd_id": nodes[at // 61][None, :, None], "sigma": nodes[at % 61][None]}  # fmt: skip
    tree = tree_of(FORMULA, data, {"K": bg.kinship(K)}, draws)
    found = bg.scan(tree, genotypes, precision="double", draws=4000, prior_sd=PRIOR_SD)
    for j in (0, 2):
        g = genotypes.to_numpy()[person, j]
        g = g - g.mean()
        _, whole = grid_of(data, K, person, priors, PRIOR_SD**2 * np.outer(g, g))
        known = np.log10(np.exp(whole - null.max()).sum() / weight.sum())
        row = found.loc[j]
        assert 0 < row["log10_bf_mcse"] < 0.02
        assert abs(row["log10_bf"] - known) < 4 * row["log10_bf_mcse"]


@cache
def mice(response):
    data = pd.read_csv(DATA / "mouse_hs.csv", dtype={"id": str})
    table = pd.read_csv(DATA / "mouse_hs_geno.csv", dtype={"id": str}).set_index("id")
    Z = table.to_numpy(float)
    Z = Z - Z.mean(0)
    K = pd.DataFrame(Z @ Z.T / Z.shape[1], table.index, table.index)
    rng = np.random.default_rng(3)
    draws = around(rng, 64, intercept=0.1, beta=[0.1], sd_id=[1.1], sigma=0.7)
    tree = tree_of(f"{response} ~ sex + (1 | gr(id, K))", data, {"K": bg.kinship(K)}, draws)
    return tree, table


@pytest.mark.parametrize("response", ["mch", "cd8"])
def test_mice_as_gemma_has_them(response):
    known = json.loads((HERE / "mouse_hs_gwas.json").read_text())[response]
    tree, table = mice(response)
    found = bg.scan(tree, table).set_index("marker").loc[known["marker"]]
    assert (found["log10_p"] + np.log10(known["p"])).abs().max() < 1e-3
    assert ((found["effect"] - known["effect"]) / known["se"]).abs().max() < 2e-3
    np.testing.assert_allclose(found["se"], known["se"], rtol=1e-3)
    assert genomic_inflation(found["p"].to_numpy()) == pytest.approx(known["inflation"], abs=2e-3)


def test_markers_that_cannot_be_tested_are_listed_with_the_reason():
    tree, data, genotypes, _, _ = made()
    by_id = data.set_index("id")["x"].reindex(genotypes.index)
    shown = genotypes.assign(same=1.0, none=np.nan, covariate=(by_id - by_id.min()) / np.ptp(by_id))
    found = bg.scan(tree, shown)
    last = found.tail(3)
    assert last["note"].tolist() == ["monomorphic", "no calls", "made up by the covariates"]
    assert last[["p", "effect", "log10_bf"]].isna().all(axis=None)
    assert found.attrs["not_tested"] == dict.fromkeys(last["note"], 1)
    assert found["missing"].tolist()[:2] == [0, 2]
    assert found.attrs["n_tested"] == 10


def test_rows_of_the_genotypes_may_be_in_any_order_and_more():
    tree, _, genotypes, _, _ = made()
    more = pd.concat([genotypes, genotypes.iloc[:2].set_axis(["q1", "q2"])]).sample(
        frac=1, random_state=1
    )
    one, other = bg.scan(tree, genotypes), bg.scan(tree, more)
    pd.testing.assert_frame_equal(one, other)
    assert other.attrs["further_individuals"] == 2
    with pytest.raises(UnknownLevelError, match="genotypes lacks 1 of 50 levels"):
        bg.scan(tree, genotypes.iloc[1:])


def test_covariates_given_later_are_as_if_in_the_model():
    tree, data, genotypes, K, person = made(formula="y ~ 1 + (1 | gr(id, K))")
    later = pd.DataFrame({"x": data["x"].to_numpy()}, index=data["id"])
    found = bg.scan(
        tree, genotypes, covariates=later.sample(frac=1, random_state=2), precision="double"
    )
    known = bg.scan(made()[0], genotypes, precision="double")
    np.testing.assert_allclose(found["p"], known["p"], rtol=1e-8)
    assert (found["log10_bf"] - known["log10_bf"]).abs().max() < 0.3
    with pytest.raises(ArgumentError, match="make one another up"):
        bg.scan(made()[0], genotypes, covariates=later)


def test_chromosomes_are_left_out_of_the_relationships():
    data, genotypes, _, _ = cohort(m=120)
    whole = genotypes.fillna(1.0)
    places = pd.DataFrame({"marker": whole.columns, "chromosome": np.repeat(["1", "2", "X"], 40)})
    G = bg.genomic(whole)
    rng = np.random.default_rng(5)
    draws = around(rng, 1000, intercept=2.0, beta=[0.5], sd_id=[0.8], sigma=1.0)
    tree = tree_of(FORMULA, data, {"K": G}, draws)
    found = bg.scan(tree, whole, loco=True, markers=places, precision="double")
    rest = bg.genomic(whole.iloc[:, 40:])
    order = [list(rest.labels).index(i) for i in data["id"]]
    K = rest.matrix[np.ix_(order, order)]
    counts = whole.loc[data["id"]].to_numpy()
    X = np.column_stack([np.ones(len(data)), data["x"], counts[:, 7]])
    known = dense_wald(data["y"].to_numpy(), X, K)
    np.testing.assert_allclose(
        found.loc[7, ["effect", "se", "p"]].astype(float), known[:3], rtol=1e-4
    )
    assert found["chromosome"].tolist() == np.repeat(["1", "2", "X"], 40).tolist()
    with pytest.raises(ArgumentError, match="needs the chromosome"):
        bg.scan(tree, whole, loco=True)
    with pytest.raises(ArgumentError, match="not those of these genotypes"):
        bg.scan(made()[0], whole, loco=True, markers=places)


def test_other_models_and_sources_are_refused_by_name():
    tree, _, genotypes, _, _ = made()
    draws = around(np.random.default_rng(0), 4, intercept=2.0, beta=[0.5], sd_id=[0.8], sigma=1.0)
    with pytest.raises(ArgumentTypeError, match="without labels"):
        bg.scan(tree, genotypes.to_numpy())
    with pytest.raises(ArgumentError, match="'s0' of 'p.*' is 7"):
        bg.scan(tree, genotypes.assign(s0=7.0))
    with pytest.raises(ArgumentError, match="There is no file"):
        bg.scan(tree, "nowhere")
    with pytest.raises(ArgumentError, match="lacks 9 of 10 markers"):
        bg.scan(tree, genotypes, markers=pd.DataFrame({"marker": ["s0"], "chromosome": ["1"]}))
    with pytest.raises(ArgumentError, match="prior_sd"):
        bg.scan(tree, genotypes, prior_sd=-1.0)
    repeated = made(2)
    with pytest.raises(ResultError, match="no related levels"):
        bg.scan(tree_of("y ~ x + (1 | id)", repeated[1], None, draws), genotypes)


def test_p_of_large_statistics_keeps_its_logarithm():
    t = np.array([0.5, 30.0, 38.0, 120.0])
    p, log10_p = two_sided(t, 1995)
    np.testing.assert_allclose(p[:2], 2 * stats.t.sf(t[:2], 1995), rtol=1e-8)
    np.testing.assert_allclose(log10_p[:2], -np.log10(p[:2]), rtol=1e-12)
    log_pdf = stats.t(1995).logpdf
    for value, found in zip(t[2:], log10_p[2:], strict=True):
        tail, _ = integrate.quad(lambda s, v=value: np.exp(log_pdf(s) - log_pdf(v)), value, np.inf)
        known = -(np.log(2 * tail) + log_pdf(value)) / np.log(10)
        assert found == pytest.approx(known, rel=1e-8)
