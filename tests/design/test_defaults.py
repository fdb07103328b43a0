"""Default priors: scales and centres from the data, and the user's in their place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayes_glmm import Prior
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import PriorError
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.spec.formula.parsing import parse


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    n = 40
    return pd.DataFrame(
        {"y": rng.normal(300, 50, n), "x": rng.normal(5, 2, n), "k": rng.poisson(6, n),
         "days": rng.uniform(100, 900, n), "n": rng.integers(5, 30, n), "g": list("abcd") * 10}
    ).assign(s=lambda d: d.n // 3)  # fmt: skip


def resolved(formula, data, **options):
    spec = parse(formula, **options)
    return resolve_priors(spec, Schema.learn(spec, data).apply(data))


def test_gaussian_defaults(data):
    priors = resolved("y ~ x + (1 + x | g)", data.assign(x=data.x - data.x.mean()))
    s = data.y.std(ddof=0)
    assert list(priors) == ["intercept", "beta[x]", "sd_g[intercept]", "sd_g[x]", "corr_g", "sigma"]
    assert priors["intercept"] == Prior("Normal", mu=data.y.mean(), sigma=2.5 * s)
    assert priors["beta[x]"].name == "Normal" and priors["beta[x]"]["mu"] == 0
    assert priors["beta[x]"]["sigma"] == pytest.approx(2.5 * s / data.x.std(ddof=0), rel=0.02)
    assert priors["sd_g[intercept]"] == Prior("HalfStudentT", nu=4, sigma=s)
    assert priors["sd_g[x]"]["sigma"] == pytest.approx(s / data.x.std(ddof=0))
    assert priors["corr_g"] == Prior("LKJ", eta=2)
    assert priors["sigma"] == Prior("HalfStudentT", nu=4, sigma=s)


def test_units_carry_over(data):
    """A response and a covariate in other units give the same model."""
    one = resolved("y ~ x + (1 | g)", data)
    two = resolved("y ~ x + (1 | g)", data.assign(y=1000 * data.y, x=data.x / 7))
    for name in ("intercept", "sd_g[intercept]", "sigma"):
        assert two[name]["sigma"] == pytest.approx(1000 * one[name]["sigma"])
    assert two["beta[x]"]["sigma"] == pytest.approx(7000 * one["beta[x]"]["sigma"])


@pytest.mark.parametrize("link", ["log", "inverse"])
def test_sigma_is_in_units_of_the_response_whatever_the_link(data, link):
    priors = resolved("y ~ x", data, link=link)
    assert priors["sigma"]["sigma"] == pytest.approx(data.y.std(ddof=0))
    middle = {"log": np.log(data.y.mean()), "inverse": 1 / data.y.mean()}[link]
    assert priors["intercept"]["mu"] == pytest.approx(middle)


def test_intercept_knows_exposure_offsets_and_trials(data):
    rate = resolved("k ~ x", data, family="poisson", exposure="days")["intercept"]
    assert rate["mu"] == pytest.approx(np.log(data.k.sum() / data.days.sum()), abs=0.01)
    assert rate["sigma"] == 2.5
    plain = resolved("k ~ x", data, family="poisson")["intercept"]
    assert plain["mu"] == pytest.approx(np.log(data.k.mean()), abs=0.01)
    share = resolved("s | trials(n) ~ x", data, family="binomial")["intercept"]
    p = data.s.sum() / data.n.sum()
    assert share["mu"] == pytest.approx(np.log(p / (1 - p)), abs=0.01)
    moved = resolved("y ~ x", data.assign(o=40.0), offset="o")["intercept"]
    assert moved["mu"] == pytest.approx(data.y.mean() - 40)


def test_mean_outside_the_links_domain_leaves_the_centre_at_zero(data):
    prior = resolved("y ~ x", data.assign(y=data.y - 1000), link="log")["intercept"]
    assert prior["mu"] == 0


def test_no_intercept_has_no_prior(data):
    assert list(resolved("y ~ 0 + x", data)) == ["beta[x]", "sigma"]


def test_the_most_specific_key_wins(data):
    a, b, c = Prior("Normal", sigma=1), Prior("Normal", sigma=2), Prior("Normal", sigma=3)
    both = resolved("y ~ x + days + k", data, priors={"beta": a, "beta[x]": b, "days": c})
    assert [both[f"beta[{t}]"] for t in ("x", "days", "k")] == [b, c, a]
    h = [Prior("HalfNormal", sigma=s) for s in (1, 2, 3)]
    sds = resolved(
        "y ~ x + (1 + x | g) + (1 | n)", data,
        priors={"sd": h[0], "sd_g": h[1], "sd_g[x]": h[2], "corr": Prior("LKJ", eta=5)},
    )  # fmt: skip
    assert [sds[k] for k in ("sd_n[intercept]", "sd_g[intercept]", "sd_g[x]")] == h
    assert sds["corr_g"] == Prior("LKJ", eta=5)


def test_unknown_targets_are_errors_with_the_nearest(data):
    with pytest.raises(PriorError, match="'sd_g'"):
        resolved("y ~ x + (1 | g)", data, priors={"sd_gg": Prior("HalfNormal", sigma=1)})
    with pytest.raises(PriorError, match="no parameter 'corr'"):
        resolved("y ~ x + (1 | g)", data, priors={"corr": Prior("LKJ", eta=1)})
    with pytest.raises(PriorError, match="no parameter 'sigma'"):
        resolved("k ~ x", data, family="poisson", priors={"sigma": Prior("HalfNormal", sigma=1)})


@pytest.mark.parametrize(
    ("target", "prior", "wanted"),
    [
        ("sd_g", Prior("Normal", sigma=1), "positive"),
        ("beta", Prior("HalfNormal", sigma=1), "any number"),
        ("corr_g", Prior("Normal", sigma=1), "LKJ"),
        ("sigma", Prior("LKJ", eta=1), "positive"),
    ],
)
def test_wrong_supports_are_errors_that_say_what_to_use(data, target, prior, wanted):
    with pytest.raises(PriorError, match=wanted):
        resolved("y ~ x + (1 + x | g)", data, priors={target: prior})


def test_families_own_parameters(data):
    priors = resolved("k ~ x", data, family="negative_binomial")
    assert priors["dispersion"] == Prior("InverseGamma", alpha=0.4, beta=0.3)
    priors = resolved("y ~ x", data, family="student_t")
    assert priors["nu"] == Prior("Gamma", alpha=2, beta=0.1)
    assert priors["sigma"]["sigma"] == pytest.approx(data.y.std(ddof=0))
