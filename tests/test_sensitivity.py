"""Fits under other priors, beside what normal theory says of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, IncompleteWarning
from bayes_glmm.studies import sensitivity
from tests.scan.support import tree_of

N, SIGMA = 12, 2.0
PRIORS = {
    "intercept": bg.Prior("Normal", mu=1, sigma=0.5),
    "sigma": bg.Prior("HalfNormal", sigma=SIGMA),
}


def normal() -> pd.DataFrame:
    return pd.DataFrame({"y": np.random.default_rng(5).normal(3, SIGMA, N)})


def exact(data: pd.DataFrame, prior: bg.Prior, seed: int) -> np.ndarray:
    """Draws of a normal mean, given the standard deviation, in one chain of 4,000."""
    precision = N / SIGMA**2 + 1 / prior["sigma"] ** 2
    mean = (data["y"].sum() / SIGMA**2 + prior["mu"] / prior["sigma"] ** 2) / precision
    return np.random.default_rng(seed).normal(mean, precision**-0.5, (1, 4000))


@pytest.fixture
def fitted(monkeypatch):
    data = normal()

    def fit(spec, rows, **options):
        priors = dict(spec.priors)
        if priors["intercept"]["sigma"] > 10:
            raise ValueError("too wide")
        draws = {"intercept": exact(rows, priors["intercept"], 1)}
        draws["sigma"] = SIGMA + np.random.default_rng(2).normal(0, 0.1, (1, 4000))
        return tree_of("y ~ 1", rows, None, draws, priors=priors)

    monkeypatch.setattr(sensitivity, "fit_whole", fit)
    return fit(bg.parse("y ~ 1", priors=PRIORS), data)


def test_means_move_as_normal_theory_says(fitted, tmp_path):
    with pytest.warns(IncompleteWarning, match="100, which could not be fitted"):
        table = bg.prior_sensitivity(fitted, (0.5, 2, 100), executor=ThreadPoolExecutor(2))
    assert "prior scale 100" in table.attrs["banner"]
    found = table.set_index(["parameter", "prior_scale"])
    y = normal()["y"].mean()
    for factor in (0.5, 1.0, 2.0):
        weight = N / SIGMA**2 / (N / SIGMA**2 + 1 / (0.5 * factor) ** 2)
        row = found.loc[("intercept", factor)]
        assert row["mean"] == pytest.approx(weight * y + (1 - weight), abs=0.02)
        assert row["eti89_ub"] - row["eti89_lb"] == pytest.approx(2 * 1.598 * row["sd"], rel=0.05)
        assert row["prior"] == repr(bg.Prior("Normal", mu=1, sigma=0.5 * factor))
    first, wide = found.loc[("intercept", 1.0)], found.loc[("intercept", 2.0)]
    assert wide["shift"] == pytest.approx((wide["mean"] - first["mean"]) / first["sd"])
    assert found.loc[("sigma", 0.5), "prior"] == "Prior('HalfNormal', sigma=1)"
    assert table.attrs["failures"] == [{"prior_scale": 100.0, "error": "ValueError: too wide"}]
    only = bg.prior_sensitivity(fitted, [2], ["sigma"], store=tmp_path)
    assert only.set_index(["parameter", "prior_scale"]).loc[("intercept", 2.0), "shift"] == 0
    assert only["prior"].str.contains("sigma=4").any()


def test_what_cannot_be_scaled_is_refused(fitted):
    with pytest.raises(ArgumentError, match="positive numbers"):
        bg.prior_sensitivity(fitted, (0.5, 0))
    with pytest.raises(ArgumentError, match="intercept"):
        bg.prior_sensitivity(fitted, priors=["intercpt"])


@pytest.mark.parametrize(
    "prior",
    [
        bg.Prior("Normal", sigma=2), bg.Prior("StudentT", nu=3, sigma=2), bg.Prior("Cauchy"),
        bg.Prior("Laplace", b=3), bg.Prior("Logistic", s=2), bg.Prior("HalfNormal", sigma=2),
        bg.Prior("HalfStudentT", nu=3, sigma=1), bg.Prior("HalfCauchy", beta=2),
        bg.Prior("Exponential", lam=3), bg.Prior("Gamma", alpha=2, beta=3),
        bg.Prior("InverseGamma", alpha=2, beta=3), bg.Prior("LogNormal", mu=1, sigma=0.5),
    ],
)  # fmt: skip
def test_widened_priors_are_those_of_multiples(prior):
    q = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(prior.widened(3).frozen.ppf(q), 3 * prior.frozen.ppf(q), rtol=1e-12)


def test_priors_without_a_scale_stay():
    for prior in (bg.Prior("Beta", alpha=2, beta=3), bg.Prior("LKJ", eta=2)):
        assert prior.widened(2) == prior
    moved = bg.Prior("Normal", mu=5, sigma=1).widened(2)
    assert moved.frozen.cdf(5) == stats.norm.cdf(0)


@pytest.mark.slow
def test_a_model_is_fitted_again():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.poisson(3, 60), "g": rng.choice(list("abcdef"), 60)})
    tree = bg.fit("y ~ 1 + (1 | g)", data, family="poisson", draws=500, progress=False)
    found = bg.prior_sensitivity(tree, (0.1, 10), ["sd_g[intercept]"], draws=500)
    sd = found[found["parameter"] == "sd_g[intercept]"].set_index("prior_scale")["mean"]
    assert sd[0.1] < sd[1.0] < sd[10.0] * 1.1
