"""Shares of variance against closed forms, quadrature written here, and peers' figures."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import bayes_glmm as bg
from bayes_glmm.answers.variance.hermite_variance import hermite
from bayes_glmm.errors import ArgumentError
from bayes_glmm.families import FAMILIES
from bayes_glmm.results.fit import Fit
from tests.canned import bernoulli_tree, poisson_tree, slope_tree, tree_of

REFERENCES = Path(__file__).parents[1] / "references"
SD = {"a": 0.7, "b": 0.4}


@cache
def crossed(family: str, link: str | None = None, formula: str = "", **own: float):
    """Two crossed groups around a slope; all draws are the truth."""
    rng = np.random.default_rng(8)
    n = 90
    data = pd.DataFrame({"x": np.repeat(np.linspace(-1, 1, 15), 6),
                         "a": [f"a{i}" for i in rng.integers(0, 9, n)],
                         "b": [f"b{i}" for i in rng.integers(0, 6, n)]})  # fmt: skip
    data["n"] = rng.uniform(0.5, 3, n)
    data["y"] = rng.integers(0, 2, n)
    if family in ("gamma", "lognormal", "beta", "student_t", "gaussian"):
        data["y"] = rng.uniform(0.2, 0.8, n)
    formula = formula or "y ~ x + (1 | a) + (1 | b)"
    truth: dict = {"intercept": 0.3, **({"beta": [0.5]} if "x" in formula else {}), **own}
    for g in SD:
        if f"| {g})" in formula:
            truth |= {f"sd_{g}": [SD[g]], f"u_{g}": np.zeros((data[g].nunique(), 1))}
    options = {"exposure": "n"} if family == "poisson" else {}
    return tree_of(formula, data, truth, spread=0.0, family=family, link=link, **options)


def shares(tree, scale="latent"):
    return bg.variance_partition(tree, scale).set_index("component")["mean"]


def gauss(n=80):
    z, w = np.polynomial.hermite_e.hermegauss(n)
    return z, w / w.sum()


def test_gaussian_shares_are_ratios_of_variances_in_every_draw():
    tree = slope_tree()
    found = bg.variance_partition(tree, draws=True)["share"]
    data, draws = Fit.of(tree).data, tree["posterior"]
    day = data["day"].to_numpy()
    sd, r = draws["sd_person"].values, draws["corr_person"].values[..., 0, 1]
    person = (
        sd[..., 0, None] ** 2 + 2 * (r * sd[..., 0] * sd[..., 1])[..., None] * day
        + (sd[..., 1, None] * day) ** 2
    ).mean(axis=-1)  # fmt: skip
    fixed = draws["beta"].values[..., 0] ** 2 * day.var()
    residual = draws["sigma"].values ** 2
    whole = person + fixed + residual
    by_name = dict(zip(found["component"].values, np.moveaxis(found.values, 2, 0), strict=True))
    for name, expected in {
        "fixed": fixed / whole, "person": person / whole, "residual": residual / whole,
        "icc[person]": person / (person + residual), "r2_marginal": fixed / whole,
        "r2_conditional": (fixed + person) / whole,
    }.items():  # fmt: skip
        np.testing.assert_allclose(by_name[name], expected, rtol=1e-10)
    same = bg.variance_partition(tree, "data", draws=True)["share"]
    np.testing.assert_allclose(same, found, rtol=1e-9)


@pytest.mark.parametrize("table", ["ohio", "toenail", "verbagg"])
def test_latent_shares_of_the_peers(table, data_folder):
    known = json.loads((REFERENCES / "variance.json").read_text())[table]
    data = pd.read_csv(data_folder / f"{table}.csv", dtype=dict.fromkeys(known["groups"], str))
    terms = " + ".join(f"(1 | {g})" for g in known["groups"])
    truth = {"intercept": -1.0}
    for group, sd in known["groups"].items():
        truth |= {f"sd_{group}": [sd], f"u_{group}": np.zeros((data[group].nunique(), 1))}
    formula = f"{known['response']} ~ 1 + {terms}"
    found = shares(tree_of(formula, data, truth, spread=0.0, family="bernoulli"))
    for component, share in known["shares"].items():
        assert found[component] == pytest.approx(share, abs=5e-9)


def test_poisson_on_both_scales_in_closed_form():
    tree = crossed("poisson")
    data = Fit.of(tree).data
    va, vb = SD["a"] ** 2, SD["b"] ** 2
    mean = data["n"] * np.exp(0.3 + 0.5 * data["x"] + (va + vb) / 2)
    squared = float((mean**2).mean())
    a, b = squared * np.expm1(va), squared * np.expm1(vb)
    both = squared * np.expm1(va + vb)
    total = mean.var(ddof=0) + both + mean.mean()
    found = shares(tree, "data")
    expected = {
        "fixed": mean.var(ddof=0) / total, "a": a / total, "b": b / total,
        "interaction": (both - a - b) / total, "residual": mean.mean() / total,
        "icc[a]": a / (both + mean.mean()), "r2_conditional": 1 - mean.mean() / total,
    }  # fmt: skip
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name
    latent = shares(tree)
    own, fixed = np.log1p(1 / mean.mean()), 0.25 * data["x"].var(ddof=0)
    assert latent["a"] == pytest.approx(va / (va + vb + fixed + own), rel=1e-9)
    assert latent["icc[b]"] == pytest.approx(vb / (va + vb + own), rel=1e-9)


def test_the_expected_variance_and_correlation_of_poisson_lognormal_counts():
    tree = crossed("poisson", formula="y ~ 1 + (1 | a)")
    table = bg.variance_partition(tree, "data").set_index("component")
    v, n = SD["a"] ** 2, Fit.of(tree).data["n"].to_numpy()
    rng = np.random.default_rng(1)
    u = rng.normal(0, SD["a"], 400_000)
    pair = rng.poisson(np.exp(0.3 + u + np.log(n.mean())), (2, len(u)))
    m = n * np.exp(0.3 + v / 2)
    assert table.loc["a", "variance"] == pytest.approx((m**2).mean() * np.expm1(v))
    stryhn = n.mean() * np.exp(0.3 + v / 2) * np.expm1(v)
    assert np.corrcoef(pair)[0, 1] == pytest.approx(stryhn / (stryhn + 1), abs=0.01)
    one = tree_of(
        "y ~ 1 + (1 | a)", Fit.of(tree).data.drop(columns="n"),
        {"intercept": 0.3 + np.log(n.mean()), "sd_a": [SD["a"]], "u_a": np.zeros((9, 1))},
        spread=0.0, family="poisson",
    )  # fmt: skip
    assert shares(one, "data")["icc[a]"] == pytest.approx(stryhn / (stryhn + 1), rel=1e-9)


@pytest.mark.parametrize(
    ("link", "inverse"),
    [("logit", expit), ("probit", stats.norm.cdf), ("cloglog", lambda e: -np.expm1(-np.exp(e)))],
)
def test_probabilities_of_two_groups_by_two_quadratures(link, inverse):
    tree = crossed("bernoulli", link)
    eta = (0.3 + 0.5 * Fit.of(tree).data["x"]).to_numpy()
    z, w = gauss()
    p = inverse(eta[:, None, None] + SD["a"] * z[:, None] + SD["b"] * z)
    mean = np.einsum("nij,i,j->n", p, w, w)
    given_a, given_b = np.einsum("nij,j->ni", p, w), np.einsum("nij,i->nj", p, w)
    a = (((given_a - mean[:, None]) ** 2) @ w).mean()
    b = (((given_b - mean[:, None]) ** 2) @ w).mean()
    both = np.einsum("nij,i,j->n", (p - mean[:, None, None]) ** 2, w, w).mean()
    noise = np.einsum("nij,i,j->n", p * (1 - p), w, w).mean()
    total = mean.var() + both + noise
    found = shares(tree, "data")
    assert total == pytest.approx(mean.mean() * (1 - mean.mean()), rel=1e-9)
    for name, value in {"fixed": mean.var(), "a": a, "b": b, "residual": noise}.items():
        assert found[name] == pytest.approx(value / total, rel=1e-7), name
    assert found["r2_conditional"] == pytest.approx(1 - noise / total, rel=1e-7)


def test_probit_covariances_are_orthant_probabilities():
    tree = crossed("bernoulli", "probit", formula="y ~ 1 + (1 | a) + (1 | b)")
    v = 1 + SD["a"] ** 2 + SD["b"] ** 2
    p = stats.norm.cdf(0.3 / np.sqrt(v))
    found = shares(tree, "data")
    for group, sd in SD.items():
        r = sd**2 / v
        both = stats.multivariate_normal.cdf([0.3 / np.sqrt(v)] * 2, cov=[[1, r], [r, 1]])
        assert found[f"icc[{group}]"] == pytest.approx((both - p**2) / (p * (1 - p)), rel=1e-5)


def test_a_wide_person_effect_by_quadrature():
    tree = crossed("bernoulli", formula="y ~ 1 + (1 | a)")
    tree = tree_of("y ~ 1 + (1 | a)", Fit.of(tree).data,
                   {"intercept": -2.0, "sd_a": [4.0], "u_a": np.zeros((9, 1))},
                   spread=0.0, family="bernoulli")  # fmt: skip
    u = np.linspace(-40, 40, 200_001)
    w = stats.norm.pdf(u, 0, 4) * (u[1] - u[0])
    p = expit(-2 + u)
    mean = (p * w).sum()
    icc = ((p - mean) ** 2 * w).sum() / (mean * (1 - mean))
    assert shares(tree, "data")["icc[a]"] == pytest.approx(icc, rel=1e-8)


def test_zeros_and_over_dispersion_by_simulation():
    own = {"dispersion": 1.5, "zi": 0.3}
    tree = crossed("zero_inflated_negative_binomial", formula="y ~ x + (1 | a)", **own)
    x = Fit.of(tree).data["x"].to_numpy()
    rng = np.random.default_rng(2)
    u = rng.normal(0, SD["a"], (60_000, 1))
    mu = np.exp(0.3 + 0.5 * x + u)
    y = rng.poisson(mu * rng.gamma(1.5, 1 / 1.5, mu.shape)) * (rng.random(mu.shape) > 0.3)
    v = SD["a"] ** 2
    mean = 0.7 * np.exp(0.3 + 0.5 * x + v / 2)
    total = float(mean.var() + (mean**2).mean() * np.expm1(v))
    squares = (mean**2).mean() * np.exp(v) / 0.49
    noise = mean.mean() + 0.7 * squares / 1.5 + 0.21 * squares
    assert y.var() == pytest.approx(total + noise, rel=0.03)
    table = bg.variance_partition(tree, "data").set_index("component")
    assert table.loc["residual", "variance"] == pytest.approx(noise, rel=1e-9)
    assert table.loc["r2_conditional", "mean"] == pytest.approx(total / (total + noise), rel=1e-9)


def test_an_effect_per_row_is_not_explained():
    data = Fit.of(crossed("poisson", formula="y ~ 1 + (1 | a)")).data
    truth = {"intercept": 0.3, "sd_a": [0.7], "u_a": np.zeros((9, 1)), "sd_observation": [0.5],
             "u_observation": np.zeros((90, 1))}  # fmt: skip
    formula = "y ~ 1 + (1 | a) + (1 | observation)"
    tree = tree_of(formula, data, truth, spread=0.0, family="poisson")
    va, vo = 0.49, 0.25
    own = np.log1p(np.exp(-0.3 - (va + vo) / 2))
    table = bg.variance_partition(tree).set_index("component")
    assert table.loc["observation", "kind"] == "over-dispersion"
    assert "icc[observation]" not in table.index
    assert table.loc["r2_conditional", "mean"] == pytest.approx(va / (va + vo + own))
    m = np.exp(0.3 + (va + vo) / 2)
    whole = m**2 * np.expm1(va + vo) + m
    found = shares(tree, "data")
    assert found["r2_conditional"] == pytest.approx(m**2 * np.expm1(va) / whole, rel=1e-9)


def test_varying_slopes_count_row_by_row():
    rng = np.random.default_rng(4)
    x = np.tile(np.arange(6.0), 20)
    data = pd.DataFrame({"x": x, "g": [f"g{i:02d}" for i in np.repeat(np.arange(20), 6)],
                         "y": rng.poisson(2, 120)})  # fmt: skip
    R = np.array([[1.0, -0.4], [-0.4, 1.0]])
    sd = np.array([0.6, 0.2])
    truth = {"intercept": 0.2, "beta": [0.1], "sd_g": sd, "corr_g": R,
             "corr_chol_g": np.linalg.cholesky(R), "u_g": np.zeros((20, 2))}  # fmt: skip
    tree = tree_of("y ~ x + (1 + x | g)", data, truth, spread=0.0, family="poisson")
    z = np.column_stack([np.ones(120), x])
    v = np.einsum("ni,ij,nj->n", z, sd[:, None] * R * sd, z)
    mean = np.exp(0.2 + 0.1 * x + v / 2)
    g = (mean**2 * np.expm1(v)).mean()
    found = shares(tree, "data")
    assert found["icc[g]"] == pytest.approx(g / (g + mean.mean()), rel=1e-9)
    table = bg.variance_partition(tree).set_index("component")
    assert table.loc["g", "variance"] == pytest.approx(v.mean(), rel=1e-12)


PLAIN = [f for f in FAMILIES if f.response == "number" and not f.lack("average")]


@pytest.mark.parametrize("family", PLAIN, ids=lambda f: f.name)
def test_components_add_up_in_every_family(family):
    inside = {p.name: 0.2 for p in family.parameters if p.prior(1.0).support == "unit"}
    own = {p.name: 1.5 for p in family.parameters} | inside
    own |= {"nu": 8.0} if "nu" in own else {}
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"x": rng.normal(size=40), "g": list("abcdefgh") * 5, "t": 9,
                         "y": rng.uniform(0.2, 0.8, 40)})  # fmt: skip
    if family.discrete:
        data["y"] = rng.integers(0, 2, 40)
    left = "y | trials(t)" if family.has_trials else "y"
    truth = {"intercept": 0.1, "beta": [0.2], "sd_g": [0.4], "u_g": np.zeros((8, 1)), **own}
    tree = tree_of(f"{left} ~ x + (1 | g)", data, truth, spread=0.01, family=family.name)
    for scale in ("latent", "data"):
        table = bg.variance_partition(tree, scale)
        parts = table[~table["kind"].isin(["icc", "r2"])]
        assert parts["mean"].sum() == pytest.approx(1, rel=1e-9)
        assert (table["mean"] >= 0).all() and (parts["variance"] >= 0).all()
        assert not table[["mean", "sd"]].isna().any().any()


def test_an_infinite_variance_leaves_nothing_to_the_others():
    tree = crossed("student_t", sigma=1.0, nu=1.5)
    found = shares(tree)
    assert found["residual"] == 1 and found["a"] == found["r2_conditional"] == 0


def test_means_are_averaged_inside_each_draw_and_labelled():
    tree = poisson_tree()
    table = bg.variance_partition(tree, "data")
    found = bg.variance_partition(tree, "data", draws=True)
    assert found["share"].dims == ("chain", "draw", "row")
    assert found["component"].values.tolist() == table["component"].tolist()
    np.testing.assert_allclose(found["share"].mean(("chain", "draw")), table["mean"])
    parts = ~table["kind"].isin(["icc", "r2"]).to_numpy()
    spread = found["variance"].mean(("chain", "draw")).values[parts]
    np.testing.assert_allclose(spread, table["variance"][parts])
    assert table.attrs["scale"] == "response" and table.attrs["error"] == 0
    assert bg.variance_partition(bernoulli_tree()).attrs["scale"] == "link (logit)"


def test_pieces_of_rows_give_the_same(monkeypatch):
    tree = poisson_tree()
    whole = bg.variance_partition(tree, "data")
    monkeypatch.setattr("bayes_glmm.answers.variance.partition.CELLS", 400_000)
    pd.testing.assert_frame_equal(bg.variance_partition(tree, "data"), whole, rtol=1e-10)


def test_of_many_rows_a_sample_is_enough_and_is_told(monkeypatch):
    rng = np.random.default_rng(9)
    data = pd.DataFrame({"x": rng.normal(size=2000), "g": rng.choice(list("abcdefgh"), 2000),
                         "y": rng.poisson(2, 2000)})  # fmt: skip
    truth = {"intercept": 0.3, "beta": [0.2], "sd_g": [0.5], "u_g": np.zeros((8, 1))}
    tree = tree_of("y ~ x + (1 | g)", data, truth, spread=0.0, family="poisson")
    mean = np.exp(0.3 + 0.2 * data["x"] + 0.125)
    g = (mean**2).mean() * np.expm1(0.25)
    monkeypatch.setattr("bayes_glmm.answers.variance.partition.MOST", 1_000_000)
    table = bg.variance_partition(tree, "data").set_index("component")
    assert table.attrs["rows"] == "1000 of 2000 different ones"
    assert table.loc["icc[g]", "mean"] == pytest.approx(g / (g + mean.mean()), rel=0.02)


def test_what_has_no_shares_is_refused():
    with pytest.raises(ArgumentError, match="latent"):
        bg.variance_partition(poisson_tree(), "later")
    with pytest.raises(ArgumentError, match="inverse link"):
        bg.variance_partition(crossed("gaussian", "inverse", sigma=0.3))


def test_hermite_polynomials_are_orthonormal():
    z, w = gauss(60)
    basis = hermite(z, 12)
    np.testing.assert_allclose((basis * w) @ basis.T, np.eye(13), atol=1e-10)
