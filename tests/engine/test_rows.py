"""Row likelihoods against SciPy and finite differences, far into the tails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from bayes_glmm.engine import kernel
from bayes_glmm.engine.plan import Writer
from bayes_glmm.engine.records import PROGRAM
from bayes_glmm.engine.responses import responses
from tests.oracle import OWN, log_likelihood

INVERSES = {
    "identity": lambda e: e,
    "log": np.exp,
    "sqrt": np.square,
    "inverse": lambda e: 1 / e,
    "logit": special.expit,
    "probit": stats.norm.cdf,
    "cloglog": lambda e: -np.expm1(-np.exp(e)),
}
COMPLEMENTS = {
    "logit": lambda e: special.log_expit(-e),
    "probit": lambda e: stats.norm.logsf(e),
    "cloglog": lambda e: -np.exp(e),
}
LOGS = {
    "logit": special.log_expit,
    "probit": stats.norm.logcdf,
    "cloglog": lambda e: np.where(e < -30, e, np.log(-np.expm1(-np.exp(np.maximum(e, -30))))),
}


def summed(family, link, y, trials, eta, parameters):
    """The sum of rows in C, with its slopes in each predictor and in the parameters."""
    seen, writer = responses(family, link, y, trials), Writer(PROGRAM.width)
    header = PROGRAM.words(predictors=1, **seen.write(writer))
    buffer = np.concatenate([header, *writer.parts[1:]])
    d_eta, d_parameters = np.empty_like(eta), np.zeros(len(parameters))
    given = np.asarray(parameters, float)
    return (
        seen.constant + kernel.likelihood(buffer, eta, given, d_eta, d_parameters),
        d_eta,
        d_parameters,
    )


def total(family, link, y, trials, eta, parameters):
    return summed(family, link, y, trials, eta, parameters)[0]


def oracle(family, link, y, trials, eta, parameters):
    if family in ("bernoulli", "binomial"):
        ways = (
            special.gammaln(trials + 1) - special.gammaln(y + 1) - special.gammaln(trials - y + 1)
        )
        yes = np.where(y > 0, y * LOGS[link](eta), 0)
        no = np.where(trials > y, (trials - y) * COMPLEMENTS[link](eta), 0)
        return (ways + yes + no).sum()
    mu = INVERSES[link](eta)
    if family == "gaussian":
        return stats.norm.logpdf(y, mu, parameters[0]).sum()
    if family == "student_t":
        return stats.t.logpdf(y, parameters[1], mu, parameters[0]).sum()
    if family == "poisson":
        return stats.poisson.logpmf(y, mu).sum()
    names = OWN.get(family, ())
    own = dict(zip(names, parameters, strict=True))
    return log_likelihood(family, link, y, trials, eta, own).sum()


COUNTS, SHARES = ("log", "identity", "sqrt"), ("logit", "probit", "cloglog")
AMOUNTS = ("log", "inverse", "identity")
CASES = [
    (family, link, parameters)
    for family, links, parameters in (
        ("gaussian", ("identity", "log", "inverse"), (0.7,)),
        ("student_t", ("identity", "log", "inverse"), (0.7, 4.5)),
        ("bernoulli", ("logit", "probit", "cloglog"), ()),
        ("binomial", ("logit", "probit", "cloglog"), ()),
        ("poisson", ("log", "identity", "sqrt"), ()),
        ("negative_binomial", COUNTS, (1.3,)),
        ("negative_binomial1", COUNTS, (0.8,)),
        ("geometric", COUNTS, ()),
        ("beta_binomial", SHARES, (4.2,)),
        ("beta", SHARES, (6.1,)),
        ("gamma", AMOUNTS, (2.3,)),
        ("exponential", AMOUNTS, ()),
        ("weibull", AMOUNTS, (1.7,)),
        ("inverse_gaussian", AMOUNTS, (1.9,)),
        ("lognormal", ("log",), (0.6,)),
        ("zero_inflated_poisson", COUNTS, (0.3,)),
        ("zero_inflated_negative_binomial", COUNTS, (1.3, 0.3)),
        ("zero_inflated_binomial", SHARES, (0.3,)),
        ("hurdle_poisson", COUNTS, (0.4,)),
        ("hurdle_negative_binomial", COUNTS, (1.3, 0.4)),
        ("hurdle_gamma", AMOUNTS, (2.3, 0.4)),
        ("hurdle_lognormal", ("log",), (0.6, 0.4)),
    )
    for link in links
]


def table(family, link, seed):
    rng = np.random.default_rng(seed)
    n = 40
    eta = (
        rng.normal(size=n)
        if link not in ("identity", "sqrt", "inverse")
        else rng.uniform(0.5, 3, n)
    )
    trials = np.ones(n)
    if family in ("gaussian", "student_t"):
        y = rng.normal(size=n)
    elif family == "bernoulli":
        y = rng.integers(0, 2, n).astype(float)
    elif family in ("gamma", "exponential", "weibull", "inverse_gaussian", "lognormal"):
        y = rng.gamma(2.0, size=n)
    elif family in ("hurdle_gamma", "hurdle_lognormal"):
        y = np.where(rng.random(n) < 0.3, 0.0, rng.gamma(2.0, size=n))
    elif family == "beta":
        y = rng.beta(0.7, 0.9, n)
    elif family in ("binomial", "beta_binomial", "zero_inflated_binomial"):
        trials = rng.integers(1, 30, n).astype(float)
        y = np.floor(rng.random(n) * (trials + 1))
    else:
        y = rng.poisson(3, n).astype(float)
    return y, trials, eta


@pytest.mark.parametrize(("family", "link", "parameters"), CASES)
@pytest.mark.parametrize("seed", range(5))
def test_value_and_gradient(family, link, parameters, seed):
    y, trials, eta = table(family, link, seed)
    value, d_eta, d_parameters = summed(family, link, y, trials, eta, parameters)
    assert value == pytest.approx(oracle(family, link, y, trials, eta, parameters), rel=1e-12)

    def at(shift, which=0.0):
        return oracle(family, link, y, trials, eta + shift, np.asarray(parameters) + which)

    h = 1e-5
    for i in range(len(eta)):
        step = np.zeros_like(eta)
        step[i] = h
        assert d_eta[i] == pytest.approx((at(step) - at(-step)) / (2 * h), rel=1e-5, abs=1e-5)
    for j in range(len(parameters)):
        step = np.zeros(len(parameters))
        step[j] = h
        slope = (at(0, step) - at(0, -step)) / (2 * h)
        assert d_parameters[j] == pytest.approx(slope, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_probabilities_near_zero_and_one(link):
    eta = np.array(
        [-36.0, -20.0, -9.0, 3.4, 9.0, 36.0] if link != "cloglog" else [-36, -20, -3, 3, 6.0]
    )
    for success in (0.0, 1.0):
        y, trials = np.full(len(eta), success), np.ones(len(eta))
        for i in range(len(eta)):
            one = slice(i, i + 1)
            value = total("bernoulli", link, y[one], trials[one], eta[one], ())
            exact = oracle("bernoulli", link, y[one], trials[one], eta[one], ())
            assert value == pytest.approx(exact, rel=1e-10, abs=3e-16)


def test_exponentials_to_the_last_bits():
    x = np.concatenate([np.linspace(-699, 708, 20001), np.random.default_rng(0).normal(size=20000)])
    nothing = np.zeros_like(x)
    _, slope, _ = summed("poisson", "log", nothing, nothing, x, ())
    assert np.abs(-slope / np.exp(x) - 1).max() < 5e-16


def test_negative_binomial_becomes_poisson():
    y, trials, eta = table("poisson", "log", 3)
    near = total("negative_binomial", "log", y, trials, eta, (1e10,))
    assert near == pytest.approx(total("poisson", "log", y, trials, eta, ()), rel=1e-8)


def test_counts_of_a_thousand_million():
    y, eta = np.array([1e9, 0.0]), np.array([np.log(1e9), -30.0])
    value = total("poisson", "log", y, np.ones(2), eta, ())
    # the terms that cancel are near 2e10, so double precision leaves about 4e-6
    assert value == pytest.approx(-0.5 * np.log(2 * np.pi * 1e9) - np.exp(-30), abs=1e-5)


@pytest.mark.parametrize("nu", [1e5, 1e8, 1e11])
def test_student_t_with_many_degrees_of_freedom_is_normal(nu):
    """Its logarithm differs from the normal one by (z^4 - 2 z^2 - 1) / (4 nu), and by 1 / nu^2."""
    y, trials, eta = table("student_t", "identity", 3)
    value, d_eta, d_own = summed("student_t", "identity", y, trials, eta, (0.7, nu))
    z = (y - eta) / 0.7
    first = (z**4 - 2 * z**2 - 1) / 4
    normal = stats.norm.logpdf(y, eta, 0.7).sum()
    assert value == pytest.approx(normal + first.sum() / nu, rel=1e-13, abs=1e5 / nu**2)
    assert nu * d_own[1] == pytest.approx(-first.sum() / nu, abs=1e-11 + 2e5 / nu**2)
    np.testing.assert_allclose(d_eta, z / 0.7, rtol=1e2 / nu)


@pytest.mark.parametrize("size", [1e5, 1e8, 1e11])
def test_negative_binomial_of_large_size_is_poisson(size):
    """Its logarithm differs from Poisson's by ((y - mu)^2 - y) / (2 size), and by 1 / size^2."""
    rng = np.random.default_rng(8)
    y, eta = rng.poisson(np.exp(np.linspace(-1, 5.5, 40))).astype(float), np.linspace(-1, 5.5, 40)
    assert y.max() > 200
    mu = np.exp(eta)
    value, d_eta, d_own = summed("negative_binomial", "log", y, np.ones(40), eta, (size,))
    first = ((y - mu) ** 2 - y) / 2
    poisson = stats.poisson.logpmf(y, mu).sum()
    assert value == pytest.approx(poisson + first.sum() / size, abs=1e-10 + 1e9 / size**2)
    assert size * d_own[0] == pytest.approx(-first.sum() / size, abs=1e-9 + 1e9 / size**2)
    np.testing.assert_allclose(d_eta, y - mu, rtol=1e4 / size, atol=1e4 / size)
