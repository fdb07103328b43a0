"""Single rows at the edges: counts of 0 and 1e9, probabilities near 0 and 1, and slopes there."""

from __future__ import annotations

import numpy as np
import pytest

from bayes_glmm.families import FAMILIES
from tests.graph.support import interpreted
from tests.oracle import log_likelihood

OWN = {"sigma": 0.8, "nu": 6.0, "dispersion": 1.7, "shape": 2.3, "zi": 0.3, "hurdle": 0.4,
       "skew": 2.0, "zoi": 0.3, "coi": 0.4, "lower": -1.0, "gap": 2.5, "quantile": 0.3,
       "concentration": 2.5, "power": 1.4}  # fmt: skip
PLAIN = [family for family in FAMILIES if family.response == "number"]
PAIRS = [(family, link) for family in PLAIN for link in family.links]
EPS = np.finfo(float).eps


def rows(family, link):
    """Return responses, predictors and trials, every response at every predictor."""
    n = None
    if family.has_trials:
        y, n = np.array([[0.0, 1, 1, 0, 1e9, 5e8], [1.0, 1, 2, 1e9, 1e9, 1e9]])
    elif family.name == "bernoulli":
        y = np.array([0.0, 1])
    elif family.discrete:
        y = np.array([0.0, 1, 7, 1e9])
    elif family.support == "numbers between 0 and 1":
        y = np.array([1e-9, 0.2, 0.5, 1 - 1e-9])
    elif family.support == "numbers from 0 to 1":
        y = np.array([0.0, 1e-9, 0.2, 1 - 1e-9, 1.0])
    elif family.support == "positive numbers":
        y = np.array([1e-6, 0.3, 1, 40])
        y = np.append(y, 0.0) if family.name.startswith("hurdle") else y
    elif family.support == "zero and positive numbers":
        y = np.array([0.0, 1e-6, 0.3, 1, 40])
    elif family.support == "angles from -pi to pi":
        y = np.array([-np.pi, -1e-9, 0.3, 3.1])
    else:
        y = np.array([-1e9, -1, 0, 3, 1e9])
    eta = {
        "logit": [-700.0, -40, -3, 0, 3, 40, 700],
        "probit": [-35.0, -9, -1, 0, 1, 9, 35],
        "cloglog": [-700.0, -40, -21, -3, 0, 2, 5],
        "log": [-30.0, -1, 0, 2, 20.7],
        "identity": [1e-9, 0.3, 6, 1e9],
        "sqrt": [1e-5, 0.3, 6, 31622.0],
        "inverse": [0.01, 0.3, 6, 1e9],
        "tan_half": [-1e9, -6, 0, 0.3, 40],
    }[link]
    y, eta = (a.ravel() for a in np.meshgrid(y, eta))
    return y, eta, None if n is None else np.tile(n, len(eta) // len(n))


def built(family, link, y, n):
    """Compile row-wise log-density and its slope in the predictor."""
    import pymc as pm
    import pytensor
    import pytensor.tensor as pt

    eta = pt.dvector("eta")
    with pm.Model():
        own = {p.name: pt.as_tensor(np.float64(OWN[p.name])) for p in family.parameters}
        observed = y.astype(np.int64) if family.discrete else y
        trials = None if n is None else pt.as_tensor(n)
        variable = family.likelihood("y", eta, family.link(link), own, trials, observed=observed)
    value = pm.logp(variable, observed)
    slope = pytensor.grad(value.sum(), eta)
    return pytensor.function([eta], [value, slope], mode=interpreted())


def summands(family, link, y, eta, n):
    """Size of the largest number that enters a row's density, whose rounding it inherits."""
    size = np.abs(log_likelihood(family.name, link, y, n, eta, OWN))
    if family.name == "beta_binomial" or "zi" in {p.name for p in family.parameters}:
        size = size + 1  # numbers near one cancel, or are summed inside a logarithm
    if family.discrete:
        count = y if n is None else n
        return size + count * np.log(count + 2) + np.abs(y * eta)
    mu = family.link(link).inverse(eta)
    return size + (np.abs(y) + np.abs(mu)) / OWN["sigma"] * (np.abs(y - mu) / OWN["sigma"] + 1)


@pytest.mark.parametrize(("family", "link"), PAIRS, ids=lambda p: getattr(p, "name", p))
def test_rows_equal_the_oracle_and_slopes_its_differences(family, link):
    """Relative error 1e-10 of the row's value, or 8 roundings of its largest summand.

    The second is needed where log-factorials near 2e10 cancel to a density of -11:
    each of them has an error of 4e-6 in double precision, whoever computes it.
    """
    y, eta, n = rows(family, link)
    value, slope = built(family, link, y, n)(eta)
    expected = log_likelihood(family.name, link, y, n, eta, OWN)
    assert np.isfinite(expected).all() and np.isfinite(value).all()
    rounding = 8 * EPS * summands(family, link, y, eta, n)
    assert (np.abs(value - expected) <= 1e-10 * np.abs(expected) + rounding + 1e-300).all()
    own = {k: np.float64(v) for k, v in OWN.items()}
    ours = family.logpdf(y, eta, family.link(link), own, n)
    assert (np.abs(value - ours) <= 1e-10 * np.abs(ours) + rounding + 1e-300).all()

    assert np.isfinite(slope).all()
    h = 1e-4 * np.minimum(1, np.abs(eta) + (0 if eta.min() > 0 and link != "log" else 1))

    def at(k):
        return log_likelihood(family.name, link, y, n, eta + k * h, OWN)

    with np.errstate(invalid="ignore"):
        differences = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
    noise = 20 * EPS * summands(family, link, y, eta, n) / h
    ok = np.isfinite(differences)
    assert ok.mean() > 0.9
    if family.name == "asymmetric_laplace":  # no slope where the response is the quantile
        ends = (y - family.link(link).inverse(eta + k * h) for k in (-2, 2))
        ok &= np.prod(np.sign(list(ends)), axis=0) > 0
    gap = np.abs(slope - differences)[ok]
    assert (gap <= (1e-6 * np.abs(differences) + noise + 1e-12)[ok]).all()


@pytest.mark.parametrize("name", ["poisson", "negative_binomial"])
def test_negative_means_have_no_density_and_a_finite_slope(name):
    from bayes_glmm.families import get_family

    family = get_family(name)
    value, slope = built(family, "identity", np.array([0.0, 3, 3]), None)(np.array([-1.0, -2, 2]))
    assert value[0] == value[1] == -np.inf and np.isfinite(value[2])
    assert np.isfinite(slope).all()


def test_a_thousand_million_near_its_mean_is_not_plus_753():
    from bayes_glmm.families import get_family

    y = np.array([1e9])
    value, _ = built(get_family("poisson"), "log", y, None)(np.log(y))
    assert value[0] == pytest.approx(-0.5 * np.log(2 * np.pi * 1e9), abs=2e-5)
