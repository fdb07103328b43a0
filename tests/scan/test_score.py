"""Screens: saddle-point tails against exact ones, scores against their definition."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.results.fit import Fit
from bayes_glmm.scan import refits
from bayes_glmm.scan.saddle import log_tails
from tests.scan.support import around, cohort, filled, tree_of


def test_tails_of_rare_outcomes_are_those_of_all_outcomes_enumerated():
    rng = np.random.default_rng(0)
    g, p = rng.uniform(-0.4, 2.0, 15), rng.uniform(0.01, 0.12, 15)
    outcomes = np.array(list(product((0, 1), repeat=15)), float)
    chance = np.exp(outcomes @ np.log(p) + (1 - outcomes) @ np.log1p(-p))
    total = (outcomes - p) @ g
    sd = np.sqrt((g**2 * p * (1 - p)).sum())
    for z in (2.5, 3.5, 4.5, 5.5):
        upper, lower = log_tails(g, p, np.ones(15), z * sd)
        exact = chance[total >= z * sd].sum()
        assert abs(np.log10(np.exp(upper) / exact)) < 0.12
        assert np.exp(lower) < 1e-3
        if z > 3:
            assert abs(np.log10(stats.norm.sf(z) / exact)) > 0.3


def test_tails_of_poisson_sums_are_those_of_simulated_ones():
    rng = np.random.default_rng(1)
    g, mean = rng.uniform(0.2, 2.0, 12), rng.uniform(0.02, 0.4, 12)
    total = (rng.poisson(mean, (1_000_000, 12)) - mean) @ g
    sd = np.sqrt(g**2 @ mean)
    for z in (2.2, 3.0, 3.8):
        upper, _ = log_tails(g, mean, np.zeros(0), z * sd)
        known = (total >= z * sd).mean()
        assert abs(np.exp(upper) / known - 1) < 0.05 + 4 / np.sqrt(1e6 * known)


def test_a_single_binomial_beyond_its_end_has_the_chance_of_its_end():
    upper, _ = log_tails(np.ones(1), np.array([0.5]), np.array([5.0]), 4.5)
    assert upper == pytest.approx(5 * np.log(0.1))


def binary(family, repeats=2):
    data, genotypes, K, person = cohort(seed=3, n=40, m=6, repeats=repeats)
    rng = np.random.default_rng(8)
    eta = -0.6 + 0.5 * data["x"].to_numpy() + 0.5 * filled(genotypes.to_numpy())[person, 0]
    data["y"] = (
        rng.poisson(np.exp(eta))
        if family == "poisson"
        else rng.random(len(eta)) < 1 / (1 + np.exp(-eta))
    )
    data["y"] = data["y"].astype(int)
    draws = around(rng, 20, intercept=0.5, beta=[0.5], sd_id=[0.7])
    tree = tree_of("y ~ x + (1 | gr(id, K))", data, {"K": bg.kinship(K)}, draws, family=family)
    return tree, data, genotypes, K, person


@pytest.mark.parametrize("family", ["bernoulli", "poisson"])
def test_score_and_its_variance_are_those_at_the_penalised_mode(family):
    tree, data, genotypes, K, person = binary(family)
    found = bg.scan(tree, genotypes, precision="double")
    sd = float(tree["posterior"]["sd_id"].mean())
    n = len(data)
    X = np.column_stack([np.ones(n), data["x"]])
    root = sd * np.linalg.cholesky(K.to_numpy() + 1e-10 * np.eye(len(K)))[person]
    y = data["y"].to_numpy(float)

    def loss(at):
        eta = X @ at[:2] + root @ at[2:]
        inside = np.exp(eta) if family == "poisson" else np.logaddexp(0, eta)
        mean = np.exp(eta) if family == "poisson" else 1 / (1 + np.exp(-eta))
        value = inside.sum() - y @ eta + 0.5 * at[2:] @ at[2:]
        return value, np.concatenate([X.T @ (mean - y), root.T @ (mean - y) + at[2:]])

    mode = optimize.minimize(
        loss, np.zeros(2 + root.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-8}
    )
    eta = X @ mode.x[:2] + root @ mode.x[2:]
    mean = np.exp(eta) if family == "poisson" else 1 / (1 + np.exp(-eta))
    W = mean if family == "poisson" else mean * (1 - mean)
    S = np.linalg.inv(np.diag(1 / W) + root @ root.T)
    P = S - S @ X @ np.linalg.solve(X.T @ S @ X, X.T @ S)
    counts = filled(genotypes.to_numpy())[person]
    for j in range(4):
        score, variance = counts[:, j] @ (y - mean), counts[:, j] @ P @ counts[:, j]
        assert found.loc[j, "se"] == pytest.approx(variance**-0.5, rel=1e-5)
        assert found.loc[j, "effect"] == pytest.approx(score / variance, rel=1e-4, abs=1e-5)
        z = score / np.sqrt(variance)
        assert found.loc[j, "p_normal"] == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-3)
    assert "approximate" in found.attrs["method"]
    assert found.attrs["scale"] == ("link (log)" if family == "poisson" else "link (logit)")


def test_links_that_are_not_canonical_are_refused():
    data, genotypes, K, _ = cohort(n=40, m=3)
    data["y"] = (data["y"] > data["y"].median()).astype(int)
    draws = around(np.random.default_rng(0), 5, intercept=0.5, beta=[0.5], sd_id=[0.7])
    tree = tree_of(
        "y ~ x + (1 | gr(id, K))", data, {"K": bg.kinship(K)}, draws, family="bernoulli",
        link="probit",
    )  # fmt: skip
    with pytest.raises(ResultError, match="link 'probit'"):
        bg.scan(tree, genotypes)


def test_the_best_markers_are_fitted_again_with_everything_else_as_it_was(monkeypatch):
    tree, data, genotypes, _, _ = binary("poisson")
    asked = []

    def sample(spec, rows, **options):
        asked.append((spec, rows, options))
        draws = around(np.random.default_rng(0), 20, intercept=0.5, beta=[0.5, 0.3], sd_id=[0.7])
        return tree_of(
            spec, rows, options["structures"], {k: np.repeat(v, 4, 0) for k, v in draws.items()}
        )

    monkeypatch.setattr("bayes_glmm.fitting.fit_model.fit_whole", sample)
    found = bg.scan(tree, genotypes, refit=2, prior_sd=0.4, chains=1, refit_draws=50)
    best = found["p"].nsmallest(2).index
    assert set(found.index[found["refit_mean"].notna()]) == set(best)
    spec, rows, options = asked[0]
    assert spec.formula == "y ~ x + marker + (1 | gr(id, K))"
    assert dict(spec.priors)["beta[marker]"] == bg.Prior("Normal", mu=0, sigma=0.4)
    assert {k: v for k, v in dict(spec.priors).items() if "marker" not in k} == Fit.of(tree).priors
    assert options["draws"] == 50
    assert options["chains"] == 1
    counts = pd.Series(filled(genotypes.to_numpy())[:, best[0]], genotypes.index)
    np.testing.assert_allclose(rows[refits.NAME], counts[data["id"]])
    with pytest.raises(ArgumentError, match="go with refit="):
        bg.scan(tree, genotypes, chains=2)
