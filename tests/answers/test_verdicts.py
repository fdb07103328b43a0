"""Verdicts on order, thin slopes and priors, on exact or simulated posteriors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.diagnose.verdicts_priors import log_prior, prior_draws
from bayes_glmm.results.fit import Fit, with_info
from tests.canned import binomial_tree, slope_tree, tree_of
from tests.oracle import log_lkj
from tests.oracle import log_prior as oracle_prior


def found(tree, name):
    return bg.diagnose(tree)[name]


def series(rho, seed=0, people=30, times=12):
    """Normal responses of people whose errors follow one another."""
    rng = np.random.default_rng(seed)
    u = rng.normal(0, 1, people)
    e = np.zeros((people, times))
    for t in range(times):
        fresh = rng.normal(size=people)
        e[:, t] = fresh if t == 0 else rho * e[:, t - 1] + np.sqrt(1 - rho**2) * fresh
    data = pd.DataFrame({"y": (2 + u[:, None] + e).ravel(),
                         "p": [f"p{i:02d}" for i in np.repeat(np.arange(people), times)]})  # fmt: skip
    own = u + e.mean(axis=1)
    return data, {"intercept": 2.0, "sd_p": [1.0], "u_p": own[:, None], "sigma": 1.0}


def test_residuals_that_follow_one_another_are_found():
    data, truth = series(0.5)
    (finding,) = found(tree_of("y ~ 1 + (1 | p)", data, truth), "residual_autocorrelation")
    assert finding.figure == pytest.approx(0.4, abs=0.1) and finding.threshold == 0.15
    assert "p go together" in finding.message and "time" in finding.message
    order = np.random.default_rng(1).permutation(len(data))
    mixed = data.iloc[order].reset_index(drop=True)
    assert not found(tree_of("y ~ 1 + (1 | p)", mixed, truth), "residual_autocorrelation")
    data, truth = series(0.0)
    assert not found(tree_of("y ~ 1 + (1 | p)", data, truth), "residual_autocorrelation")


def test_rows_of_one_level_need_not_stand_together():
    data, truth = series(0.5)
    by_time = data.assign(t=np.tile(np.arange(12), 30)).sort_values(["t", "p"], ignore_index=True)
    tree = tree_of("y ~ 1 + (1 | p)", by_time.drop(columns="t"), truth)
    (finding,) = found(tree, "residual_autocorrelation")
    assert finding.figure == pytest.approx(0.4, abs=0.1)


def test_counts_that_follow_one_another_are_found():
    rng = np.random.default_rng(3)
    e = np.zeros((40, 10))
    for t in range(1, 10):
        e[:, t] = 0.8 * e[:, t - 1] + rng.normal(0, 0.4, 40)
    data = pd.DataFrame({"y": rng.poisson(np.exp(1 + e)).ravel(),
                         "g": [f"g{i:02d}" for i in np.repeat(np.arange(40), 10)]})  # fmt: skip
    truth = {"intercept": 1.2, "sd_g": [0.3], "u_g": np.zeros((40, 1))}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson", spread=0.02)
    assert found(tree, "residual_autocorrelation")


def test_slopes_with_hardly_a_row_to_themselves_are_found():
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(30), 2)
    data = pd.DataFrame({"x": rng.normal(size=60), "g": [f"g{i:02d}" for i in g],
                         "y": rng.poisson(3, 60)})  # fmt: skip
    R = np.eye(2)
    truth = {"intercept": 1.0, "beta": [0.1], "sd_g": [0.5, 0.3], "corr_g": R, "corr_chol_g": R,
             "u_g": rng.normal(0, 0.3, (30, 2))}  # fmt: skip
    (finding,) = found(
        tree_of("y ~ x + (1 + x | g)", data, truth, family="poisson"), "over_specified_slopes"
    )
    assert finding.figure == 1.0 and finding.severity == "info"
    assert "at most 2 rows for 2 varying terms" in finding.message
    assert not found(slope_tree(), "over_specified_slopes")


def conjugate(prior_mean, prior_sd, n=20, sigma=1.0, seed=0):
    """Exact posterior draws of a normal mean with known spread."""
    rng = np.random.default_rng(seed)
    y = rng.normal(0, sigma, n)
    precision = 1 / prior_sd**2 + n / sigma**2
    mean = (prior_mean / prior_sd**2 + y.sum() / sigma**2) / precision
    tree = tree_of("y ~ 1", pd.DataFrame({"y": y}), {"intercept": 0.0, "sigma": sigma}, spread=0)
    posterior = tree["posterior"].to_dataset()
    draws = rng.normal(mean, precision**-0.5, posterior["intercept"].shape)
    tree = tree.copy()
    tree["posterior"] = posterior.assign(intercept=(("chain", "draw"), draws))
    priors = {"intercept": ["Normal", {"mu": prior_mean, "sigma": prior_sd}],
              "sigma": ["HalfNormal", {"sigma": sigma}]}  # fmt: skip
    return with_info(tree, priors=priors)


def test_a_prior_that_pulls_against_the_data_is_found():
    (finding,) = found(conjugate(3.0, 0.3), "prior_sensitivity")
    assert finding.severity == "warning" and finding.figure > finding.threshold == 0.05
    assert "compromise" in finding.message and "intercept" in finding.message


def test_a_parameter_that_rests_on_its_prior_is_told():
    (finding,) = found(conjugate(0.0, 0.3, n=3, sigma=20.0), "prior_sensitivity")
    assert finding.severity == "info" and "rests on its prior" in finding.message


@pytest.mark.parametrize("seed", range(4))
def test_wide_priors_are_left_alone(seed):
    tree = conjugate(0.0, 10.0, seed=seed)
    assert not found(tree, "prior_sensitivity") and not found(tree, "prior_conflict")


def test_the_log_prior_is_that_of_the_textbook():
    fit = Fit.of(slope_tree())
    given = {k: prior_draws(fit, k) for k, p in fit.priors.items() if p.support != "correlation"}
    total = log_prior(fit, given)
    expected = sum(
        oracle_prior(p.name, dict(p.parameters), given[k])
        for k, p in fit.priors.items()
        if k in given
    )
    eta = fit.priors["corr_person"]["eta"]
    L = np.linalg.cholesky(np.array([[1, 0.3], [0.3, 1]]))
    lkj = (eta - 1) * np.log(1 - 0.3**2)
    np.testing.assert_allclose(total, expected + lkj, rtol=1e-10)
    other = np.linalg.cholesky(np.array([[1, 0.8], [0.8, 1]]))
    ratio = log_lkj(L, eta) - log_lkj(other, eta)
    assert ratio == pytest.approx(lkj - (eta - 1) * np.log(1 - 0.8**2), rel=1e-12)


def test_effects_per_row_beside_a_dispersion_are_told():
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"y": rng.poisson(4, 60), "g": list("abcdef") * 10})
    formula = "y ~ 1 + (1 | g) + (1 | observation)"
    before = bg.check(formula, data, family="negative_binomial")
    truth = {"intercept": 1.4, "sd_g": [0.2], "u_g": np.zeros((6, 1)), "sd_observation": [0.3],
             "u_observation": rng.normal(0, 0.3, (60, 1)), "dispersion": 5.0}  # fmt: skip
    tree = tree_of(formula, data, truth, family="negative_binomial",
                   info={"findings": [vars(f) for f in before]})  # fmt: skip
    (finding,) = found(tree, "olre_dispersion")
    assert "cannot be told apart" in finding.message


def test_clean_fits_have_none_of_these():
    names = {f.name for f in bg.diagnose(binomial_tree()).findings}
    assert not names & {"prior_sensitivity", "residual_autocorrelation", "over_specified_slopes"}
