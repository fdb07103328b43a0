"""Priors of shapes and concentrations decide nothing at any coefficient of variation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from scipy.special import expit, gamma

import bayes_glmm as bg

N = 150
FIT = {"seed": 1, "draws": 700, "chains": 2, "progress": False}


def gamma_density(y, eta, k):
    return stats.gamma.logpdf(y, k, scale=np.exp(eta) / k)


def weibull_density(y, eta, k):
    return stats.weibull_min.logpdf(y, k, scale=np.exp(eta) / gamma(1 + 1 / k))


def inverse_gaussian_density(y, eta, k):
    return stats.invgauss.logpdf(y, np.exp(eta) / k, scale=k)


def beta_density(y, eta, k):
    p = expit(eta)
    return stats.beta.logpdf(y, p * k, (1 - p) * k)


def drawn(family: str, cv: float, rng: np.random.Generator, eta: np.ndarray) -> np.ndarray:
    mu = np.exp(eta)
    match family:
        case "gamma":
            return mu * rng.gamma(1 / cv**2, cv**2, N)
        case "inverse_gaussian":
            return rng.wald(mu, mu.mean() / cv**2)
        case "weibull":
            k = optimize.brentq(
                lambda k: np.sqrt(gamma(1 + 2 / k) / gamma(1 + 1 / k) ** 2 - 1) - cv, 0.3, 100
            ) if cv > 0.015 else 1.283 / cv  # fmt: skip
            return mu / gamma(1 + 1 / k) * rng.weibull(k, N)
    p = expit(eta)
    k = 0.25 / (0.25 * cv) ** 2
    return np.clip(rng.beta(p * k, (1 - p) * k), 1e-9, 1 - 1e-9)


def maximum(density, y, x) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and standard errors of intercept, slope and log shape, by numerical derivatives."""

    def loss(v):
        with np.errstate(all="ignore"):
            value = -density(y, v[0] + v[1] * x, np.exp(v[2])).sum()
        return value if np.isfinite(value) else 1e12

    spread = np.std(np.log(y / y.mean()))
    start = np.array([np.log(y.mean()), 0.0, -2 * np.log(spread)])
    for _ in range(4):
        start = optimize.minimize(loss, start, method="Nelder-Mead",
                                  options={"xatol": 1e-10, "fatol": 1e-10, "maxiter": 4000}).x  # fmt: skip
    step = np.array([1e-3, 1e-3, 1e-2]) * max(spread, 1e-3)
    step[2] = 1e-2
    H = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            a, b = np.eye(3)[i] * step, np.eye(3)[j] * step
            H[i, j] = (loss(start + a + b) - loss(start + a - b) - loss(start - a + b)
                       + loss(start - a - b)) / (4 * step[i] * step[j])  # fmt: skip
    return start, np.sqrt(np.diag(np.linalg.inv(H)))


DENSITIES = {
    "gamma": gamma_density, "weibull": weibull_density,
    "inverse_gaussian": inverse_gaussian_density, "beta": beta_density,
}  # fmt: skip
CASES = [(f, cv) for f in DENSITIES for cv in (0.005, 0.05, 0.3, 1.0, 2.0) if f != "beta" or cv < 1]
QUICK = [("gamma", 0.005), ("weibull", 0.05), ("inverse_gaussian", 2.0), ("beta", 0.05)]


@pytest.mark.parametrize(
    ("family", "cv"),
    [pytest.param(*c, marks=[pytest.mark.slow] * (c not in QUICK)) for c in CASES],
)
def test_widths_are_those_of_maximum_likelihood(family, cv) -> None:
    rng = np.random.default_rng(11)
    x = rng.normal(size=N)
    y = drawn(family, cv, rng, 0.4 * x * min(1.0, 3 * cv))
    data = pd.DataFrame({"y": y, "x": x})
    link = "logit" if family == "beta" else "log"
    tree = bg.fit("y ~ x", data, family=family, link=link, **FIT)
    point, se = maximum(DENSITIES[family], y, x)
    table = bg.summary(tree).set_index("parameter")
    assert table["sd"]["x"] == pytest.approx(se[1], rel=0.1)
    assert table["mean"]["x"] == pytest.approx(point[1], abs=0.2 * se[1])
    name = "dispersion" if family == "beta" else "shape"
    assert np.log(table["mean"][name]) == pytest.approx(point[2], abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("concentration", [0.5, 30.0, 3000.0])
def test_dirichlet_is_as_concentrated_as_the_shares(concentration) -> None:
    rng = np.random.default_rng(3)
    y = rng.dirichlet(concentration * np.array([0.2, 0.3, 0.5]), N).clip(1e-6)
    data = pd.DataFrame(y / y.sum(axis=1, keepdims=True), columns=["a", "b", "c"])
    tree = bg.fit("cbind(a, b, c) ~ 1", data, family="dirichlet", **FIT)
    found = bg.summary(tree).set_index("parameter")["mean"]["dispersion"]
    assert found == pytest.approx(concentration, rel=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("concentration", [0.3, 5.0, 4000.0])
def test_von_mises_is_as_concentrated_as_the_angles(concentration) -> None:
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"y": rng.vonmises(0.5, concentration, 300)})
    tree = bg.fit("y ~ 1", data, family="von_mises", **FIT)
    found = bg.summary(tree).set_index("parameter")["mean"]["concentration"]
    assert found == pytest.approx(stats.vonmises.fit(data["y"], fscale=1)[0], rel=0.15)
