"""Random effects of single rows whose spread is known: meta-analysis, and its relatives.

Beside metafor's estimates stand posteriors by quadrature on a grid, written here: a row of
one level has the density of its error, averaged over its effect.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import bayes_glmm as bg

DATA = Path(__file__).parents[1] / "data"
SHORT = {"chains": 4, "draws": 1500, "seed": 5, "progress": False}
PRIORS = {"intercept": bg.Prior("Normal", mu=0, sigma=2), "sd": bg.Prior("HalfNormal", sigma=1)}


def vaccine() -> pd.DataFrame:
    """Log risk ratios of thirteen trials of BCG (Colditz et al. 1994), as metafor's escalc."""
    arms = pd.read_csv(DATA / "bcg.csv", dtype={"study": str})
    t, c = (arms[arms.treat == k].reset_index(drop=True) for k in (1, 0))
    effect = np.log(t.events / t.n) - np.log(c.events / c.n)
    error = np.sqrt(1 / t.events - 1 / t.n + 1 / c.events - 1 / c.n)
    return pd.DataFrame({"study": t.study, "effect": effect, "error": error})


def calendars() -> pd.DataFrame:
    """Effects of 56 schools in 11 districts."""
    data = pd.read_csv(DATA / "konstantopoulos.csv", dtype={"district": str, "study": str})
    return data.assign(error=np.sqrt(data.variance))


def grid_of(log_density, low=-0.8, high=1.4) -> dict[str, tuple[float, float]]:
    """Mean and sd of the intercept and of the sd of effects, on a grid under ``PRIORS``."""
    b, s = np.linspace(low, high, 80), np.linspace(1e-3, 1.8, 72)
    log_p = stats.norm.logpdf(b, 0, 2)[:, None] + stats.halfnorm.logpdf(s) + log_density(b, s)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    found = {}
    for name, values, axis in (("intercept", b, 1), ("sd", s, 0)):
        share = p.sum(axis=axis)
        mean = share @ values
        found[name] = (mean, float(np.sqrt(share @ (values - mean) ** 2)))
    return found


def normal(y, error):
    """Log density of rows whose effects are integrated out."""

    def log_density(b, s):
        spread = np.sqrt(error[:, None] ** 2 + s**2)
        return np.array([stats.norm.logpdf(y[:, None], m, spread).sum(axis=0) for m in b])

    return log_density


def averaged(density, y):
    """Log density of rows, averaged over their effects by Gauss and Hermite."""
    z, w = np.polynomial.hermite_e.hermegauss(40)
    log_w = np.log(w / w.sum())

    def log_density(b, s):
        eta = b[:, None, None] + s[:, None] * z  # one row's predictor at each node
        return sum(special.logsumexp(density(v, eta) + log_w, axis=2) for v in y)

    return log_density


def agrees(tree, group: str, exact: dict[str, tuple[float, float]]) -> None:
    """Means within 4 Monte-Carlo errors, sds within a tenth."""
    table = bg.summary(tree).set_index("parameter")
    for name, row in (("intercept", "intercept"), ("sd", f"sd_{group}[intercept]")):
        found, (mean, sd) = table.loc[row], exact[name]
        assert abs(found["mean"] - mean) < 4 * found["mcse"] + 0.01 * sd, name
        assert found["sd"] == pytest.approx(sd, rel=0.1), name


@pytest.mark.fit
def test_a_meta_analysis_of_one_row_a_study():
    """REML of metafor: -0.7145 (0.1798), tau² 0.3132; without the term 0.0405 for 0.1798."""
    data = vaccine()
    formula = "effect | se(error) ~ 1 + (1 | study)"
    tree = bg.fit(formula, data, priors=PRIORS, **SHORT)
    agrees(tree, "study", grid_of(normal(data.effect.to_numpy(), data.error.to_numpy()), -2.2, 0.6))
    table = bg.summary(tree).set_index("parameter")
    assert abs(table.loc["intercept", "mean"] + 0.7145) < 0.15 * 0.1798
    assert 1.0 < table.loc["intercept", "sd"] / 0.1798 < 1.25  # tau is not known
    low, high = table.loc["sd_study[intercept]", ["eti89_lb", "eti89_ub"]]
    assert low < np.sqrt(0.3132) < high
    new = bg.predictions(tree, data.head(1).assign(study="a new one"), groups="new")
    assert float(new["sd"].iloc[0]) > 0.5


@pytest.mark.slow
@pytest.mark.fit
def test_effects_within_studies_within_districts():
    """REML of metafor: 0.185 (0.085), variances 0.065 and 0.033."""
    tree = bg.fit("effect | se(error) ~ 1 + (1 | district/study)", calendars(), **SHORT)
    table = bg.summary(tree).set_index("parameter")
    assert abs(table.loc["intercept", "mean"] - 0.185) < 0.15 * 0.085
    assert 0.95 < table.loc["intercept", "sd"] / 0.085 < 1.25
    for name, variance in (("district", 0.065), ("district_by_study", 0.033)):
        low, high = table.loc[f"sd_{name}[intercept]", ["eti89_lb", "eti89_ub"]]
        assert low < np.sqrt(variance) < high


@pytest.mark.slow
@pytest.mark.fit
@pytest.mark.parametrize("group", ["study", "observation"])
def test_a_sigma_that_is_held(group):
    rng = np.random.default_rng(2)
    y = 0.4 + rng.normal(0, 0.3, 40) + rng.normal(0, 0.1, 40)
    data = pd.DataFrame({"y": y, "study": [f"s{k}" for k in range(40)]})
    formula = f"y ~ 1 + (1 | {group})"
    tree = bg.fit(formula, data, family="gaussian(sigma=0.1)", priors=PRIORS, **SHORT)
    agrees(tree, group, grid_of(normal(y, np.full(40, 0.1))))


ROWS = {
    "exponential": lambda y, eta: stats.expon.logpdf(y, scale=np.exp(eta)),
    "gamma(shape=1)": lambda y, eta: stats.gamma.logpdf(y, 1, scale=np.exp(eta)),
    "gamma(shape=4)": lambda y, eta: stats.gamma.logpdf(y, 4, scale=np.exp(eta) / 4),
    "weibull(shape=2)": lambda y, eta: stats.weibull_min.logpdf(
        y, 2, scale=np.exp(eta) / special.gamma(1.5)
    ),
    "lognormal(sigma=0.5)": lambda y, eta: stats.lognorm.logpdf(y, 0.5, scale=np.exp(eta)),
    "beta(dispersion=20)": lambda y, eta: stats.beta.logpdf(
        y, 20 * special.expit(eta), 20 * special.expit(-eta)
    ),
    "student_t(sigma=0.3,nu=5)": lambda y, eta: stats.t.logpdf(y, 5, eta, 0.3),
    "von_mises(concentration=8)": lambda y, eta: stats.vonmises.logpdf(y, 8, 2 * np.arctan(eta)),
    "negative_binomial(dispersion=3)": lambda y, eta: stats.nbinom.logpmf(
        y, 3, 3 / (3 + np.exp(eta))
    ),
}


def made(family: str, rng: np.random.Generator, n: int = 80) -> np.ndarray:
    """Responses of rows that each have an effect of their own."""
    eta = 0.3 + rng.normal(0, 0.7, n)
    match family.partition("(")[0]:
        case "exponential":
            return rng.exponential(np.exp(eta))
        case "gamma":
            k = 1 if "=1" in family else 4
            return rng.gamma(k, np.exp(eta) / k)
        case "weibull":
            return rng.weibull(2, n) * np.exp(eta) / special.gamma(1.5)
        case "lognormal":
            return np.exp(rng.normal(eta, 0.5))
        case "beta":
            return rng.beta(20 * special.expit(eta), 20 * special.expit(-eta))
        case "student_t":
            return eta + 0.3 * rng.standard_t(5, n)
        case "von_mises":
            turned = 2 * np.arctan(eta) + rng.vonmises(0, 8, n)
            return np.arctan2(np.sin(turned), np.cos(turned))
        case "negative_binomial":
            return rng.poisson(np.exp(eta) * rng.gamma(3, 1 / 3, n)).astype(float)
    raise AssertionError(family)


@pytest.mark.fit
@pytest.mark.parametrize(
    "family",
    [pytest.param(f, marks=[] if f == "exponential" else pytest.mark.slow) for f in ROWS],
)
def test_the_posterior_is_that_of_quadrature(family):
    y = made(family, np.random.default_rng(4))
    data = pd.DataFrame({"y": y, "row": [f"r{k}" for k in range(len(y))]})

    tree = bg.fit("y ~ 1 + (1 | row)", data, family=family, priors=PRIORS, **SHORT)
    agrees(tree, "row", grid_of(averaged(ROWS[family], y)))
