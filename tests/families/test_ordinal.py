"""Ordered categories: densities, simulation, answers and refusals."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.families import get_family
from bayes_glmm.model.graph import build_graph
from bayes_glmm.results.fit import Fit
from tests.basis import in_basis
from tests.canned import tree_of
from tests.graph.support import Flat, slope
from tests.graph.test_graph import compiled
from tests.oracle import log_prior, predictor_part

CASES = [
    ("cumulative", "logit"), ("cumulative", "probit"), ("cumulative", "cloglog"),
    ("sequential", "logit"), ("sequential", "probit"), ("sequential", "cloglog"),
    ("adjacent", "logit"),
]  # fmt: skip
QUICK = [("cumulative", "logit", ""), ("cumulative", "probit", "discrimination"),
         ("sequential", "cloglog", ""), ("adjacent", "logit", "cs")]  # fmt: skip
CDF = {
    "logit": special.expit,
    "probit": stats.norm.cdf,
    "cloglog": lambda x: -np.expm1(-np.exp(x)),
}

SURVIVAL = {
    "logit": lambda x: special.expit(-x),
    "probit": stats.norm.sf,
    "cloglog": lambda x: np.exp(-np.exp(x)),
}


def shares(family, link, eta, threshold, d=1.0):
    """Probabilities of the categories from their definitions, shape (n, K)."""
    eta, d = np.broadcast_arrays(np.asarray(eta, float), d)
    at = d[:, None] * (np.asarray(threshold) - eta[:, None])
    F = CDF[link](at)
    one = np.ones((len(eta), 1))
    if family == "cumulative":
        below, above = np.hstack([0 * one, F, one]), np.hstack([one, SURVIVAL[link](at), 0 * one])
        return np.where(below[:, :-1] < 0.5, np.diff(below), -np.diff(above))
    if family == "sequential":
        before = np.cumprod(np.hstack([one, 1 - F]), axis=1)
        return before * np.hstack([F, one])
    odds = np.cumprod(np.hstack([one, np.exp(-at)]), axis=1)
    return odds / odds.sum(axis=1, keepdims=True)


def table(n=24, text=True):
    rng = np.random.default_rng(4)
    codes = np.r_[0, 1, 2, 3, rng.integers(0, 4, n - 4)]
    names = ["none", "mild", "bad", "worst"]
    y = pd.Categorical.from_codes(codes, names, ordered=True) if text else codes + 1
    return pd.DataFrame(
        {"y": y, "x": rng.normal(2.0, 1.0, n), "z": rng.normal(size=n),
         "g": rng.choice(list("abcdef"), n)}
    )  # fmt: skip


@pytest.mark.parametrize(("family", "link"), CASES)
def test_probabilities_are_those_of_the_definition_and_sum_to_one(family, link):
    described, threshold = get_family(family), np.array([-1.2, 0.1, 0.9])
    eta = np.linspace(-3, 3, 41)
    own = {"threshold": threshold, "discrimination": np.array(1.4)}
    found = described.expected(eta, described.link(link), own)
    expected = shares(family, link, eta, threshold, 1.4)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("eta", [-30.0, -9.0, 9.0, 30.0])
def test_cumulative_tails_keep_their_digits(link, eta):
    """Against 80-digit arithmetic: 1 - F cancels entirely in double precision."""
    threshold = np.array([-0.5, 0.5, 1.5])
    eta = max(eta, -12.0) if link == "cloglog" else eta  # decimals end at 10**-999999
    described = get_family("cumulative")
    own = {"threshold": threshold, "discrimination": np.array(1.0)}
    found = described.logpdf(np.arange(4.0), np.full(4, eta), described.link(link), own)
    ends = np.r_[-np.inf, threshold - eta, np.inf]
    expected = [log_between(link, a, b) for a, b in pairwise(ends)]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)  # probit's integral


def log_between(link, low, high):
    """Log of the probability of an interval of the latent variable."""
    if link == "probit":
        peak = min(max(low, 0.0), high)
        ends = max(low, peak - 40), min(high, peak + 40)
        area = integrate.quad(lambda x: np.exp((peak**2 - x**2) / 2), *ends, points=None,
                              epsabs=0, epsrel=1e-12, limit=400)[0]  # fmt: skip
        return np.log(area) - peak**2 / 2 - np.log(2 * np.pi) / 2

    def above(x):
        if not np.isfinite(x):
            return Decimal(int(x < 0))
        power = Decimal(float(x)).exp()
        return 1 / (1 + power) if link == "logit" else (-power).exp()

    with localcontext() as context:
        context.prec = 80
        return float((above(low) - above(high)).ln())


@pytest.mark.parametrize(
    ("family", "link", "more"),
    [
        pytest.param(
            family, link, own, marks=[] if (family, link, own) in QUICK else pytest.mark.slow
        )
        for family, link, own in [
            *((f, k, "") for f, k in CASES),
            ("cumulative", "probit", "discrimination"),
            ("adjacent", "logit", "cs"),
            ("sequential", "probit", "cs"),
        ]
    ],
)
def test_graph_equals_the_oracle(family, link, more):
    data = table()
    formula = {"mu": "y ~ x + (1 + z | g)" + " + cs(z)" * (more == "cs")}
    formula |= {"discrimination": "~ 0 + z"} if more == "discrimination" else {}
    spec = bg.parse(formula, family=family, link=link)
    design, priors = in_basis(spec, Schema.learn(spec, data).apply(data))
    model = build_graph(spec, design, priors, "natural")
    function, flat = compiled(model), Flat(model)
    y = design.response.astype(int)

    def density(x):
        at = flat.unpack(x)
        raw = next(v for k, v in at.items() if k.startswith("threshold"))
        volume, threshold = 0.0, raw
        if family == "cumulative":
            threshold = np.cumsum(np.r_[raw[0], np.exp(raw[1:])])
            volume += raw[1:].sum()
        L = np.eye(2)
        L[1, 0] = at["corr_chol_g_cholesky_corr__"][0]
        L /= np.linalg.norm(L, axis=1, keepdims=True)
        sd = np.exp(at["sd_g_log__"])
        volume += np.log(sd).sum() + 3 * np.log(L[1, 1])
        point = {**at, "sd_g": sd, "corr_chol_g": L}
        total, eta = predictor_part(design.mu, "", priors, point, len(y))
        p, d = priors["threshold"], 1.0
        middle = threshold - design.mu.centers @ at["beta"]
        if more == "cs":
            z, parts = data["z"].to_numpy(), []
            for k, name in enumerate(("mu_none_mild", "mu_mild_bad", "mu_bad_worst")):
                density_, moved = predictor_part(
                    design.predictors[name], f"_{name}", priors, point, len(y)
                )
                np.testing.assert_allclose(moved, z * at[f"beta_{name}"][0], rtol=1e-12)
                total, middle[k] = total + density_, middle[k] - z.mean() * at[f"beta_{name}"][0]
                parts.append(threshold[k] - moved)
            threshold = np.column_stack(parts)
        total += log_prior(p.name, dict(p.parameters), middle).sum()
        if more == "discrimination":
            other = design.predictors["discrimination"]
            density_, d = predictor_part(other, "_discrimination", priors, point, len(y))
            total, d = total + density_, np.exp(d)
        found = shares(family, link, eta, threshold, d)[np.arange(len(y)), y]
        return total + np.log(found).sum() + volume

    rng = np.random.default_rng(2)
    for _ in range(10):
        x = 0.15 * rng.normal(size=flat.size)
        value, _, gradient = function(flat.unpack(x))
        assert value == pytest.approx(density(x), rel=1e-10)
        direction = rng.normal(size=flat.size)
        along = slope(density, x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-2)


@pytest.mark.parametrize(("family", "link"), CASES)
def test_simulated_shares_are_the_probabilities(family, link):
    data = table().loc[np.repeat(np.arange(24), 4_000)].reset_index(drop=True)
    truth = {"threshold": [-0.5, 0.4, 1.1], "beta": {"x": 0.3}}
    y = bg.simulate("y ~ x", data, truth, seed=1, family=family, link=link)["y"]
    counts = pd.crosstab(np.arange(len(y)) // 4_000, y).to_numpy()
    expected = 4_000 * shares(family, link, 0.3 * data["x"][::4_000].to_numpy(), [-0.5, 0.4, 1.1])
    chi = ((counts - expected) ** 2 / expected).sum()
    assert 0.0005 < stats.chi2.sf(chi, 24 * 3) < 0.9995


@pytest.fixture(scope="module")
def tree():
    truth = {
        "threshold": [-1.0, 0.2, 1.3], "beta": [0.5], "sd_g": [0.8],
        "u_g": np.linspace(-1, 1, 6)[:, None],
    }  # fmt: skip
    return tree_of("y ~ x + (1 | g)", table(), truth, family="cumulative")


def test_predicted_probabilities_sum_to_one_in_every_draw(tree):
    for groups in ("known", "typical", "population", "new"):
        found = bg.predictions(tree, groups=groups, draws=True)
        values = found.values.reshape(-1, 24, 4)
        np.testing.assert_allclose(values.sum(axis=2), 1.0, atol=1e-9)
    table_ = bg.predictions(tree, by="g", groups="known")
    assert table_.columns[:3].tolist() == ["g", "rows", "category"]
    np.testing.assert_allclose(table_.groupby("g")["mean"].sum(), 1.0)
    assert table_.attrs["scale"] == "probability"


def test_rows_have_a_row_for_each_category(tree):
    one = bg.predictions(tree, table().head(1), groups="known")
    assert one["category"].tolist() == ["none", "mild", "bad", "worst"]
    assert one["mean"].sum() == pytest.approx(1.0, rel=1e-12)


def test_population_probabilities_integrate_the_random_effect(tree):
    found = bg.predictions(tree, draws=True).values.reshape(-1, 24, 4)
    post = {k: v.values.reshape(-1, *v.shape[2:]) for k, v in Fit.of(tree).posterior.items()}
    x = table()["x"].to_numpy()
    u = np.random.default_rng(0).standard_normal(400_000)
    for draw, row in ((0, 0), (9, 5)):
        eta = post["beta"][draw] * x[row] + post["sd_g"][draw] * u
        sample = shares("cumulative", "logit", eta, post["threshold"][draw])
        error = sample.std(axis=0) / np.sqrt(len(u))
        assert (np.abs(found[draw, row] - sample.mean(axis=0)) < 4 * error).all()


def test_comparisons_have_a_row_for_each_category(tree):
    found = bg.comparisons(tree, "x", groups="typical")
    assert found["category"].tolist() == ["none", "mild", "bad", "worst"]
    assert abs(found["mean"].sum()) < 1e-9
    assert found["mean"].iloc[0] < 0 < found["mean"].iloc[-1]
    slope_ = bg.slopes(tree, "x")
    assert abs(slope_["mean"].sum()) < 1e-6


def test_summary_names_thresholds_by_their_neighbours(tree):
    names = bg.summary(tree)["parameter"].tolist()
    assert names[1:4] == ["threshold[none|mild]", "threshold[mild|bad]", "threshold[bad|worst]"]
    ratio = bg.summary(tree, exponentiate=True).set_index("parameter")
    assert ratio.loc["x", "scale"] == "odds ratio"
    assert ratio.loc["x", "mean"] == pytest.approx(np.exp(0.5), rel=0.01)


def test_result_is_read_again_with_its_order(tree, tmp_path):
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    assert bg.predictions(again, by=True).equals(bg.predictions(tree, by=True))
    assert Fit.of(again).design.response.tolist() == Fit.of(tree).design.response.tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign(y=d["y"].astype(str)), "without an order.*ordered=True"),
        (lambda d: d.assign(y=np.arange(24) / 2), "not whole, as 0.5.*Rows: 1, 3"),
        (lambda d: d.assign(y=1), "one category"),
        (lambda d: d.assign(y=d["y"].cat.add_categories("dead")), "No row.*'dead'"),
    ],
)
def test_what_is_no_ordered_response_is_named(change, message):
    found = bg.check("y ~ x", change(table()), family="cumulative")
    assert re.search(message, " ".join(f.message for f in found))


def test_thresholds_take_the_place_of_the_intercept():
    found = bg.check("y ~ 0 + x", table(), family="cumulative")
    assert "Thresholds take the place of the intercept" in found.errors[0].message
    with pytest.raises(bg.errors.SpecError, match="no parameter 'threshold'"):
        bg.check({"mu": "y ~ x", "threshold": "~ z"}, table(), family="cumulative")


def test_prior_of_thresholds_is_at_the_covariates_means():
    data = table().assign(x=lambda d: d["x"] + 2_000)
    drawn = bg.prior_predictive("y ~ x", data, family="cumulative", draws=2_000, seed=1)
    post = {k: v.values[0] for k, v in drawn["prior"].to_dataset().items()}
    middle = post["threshold"] - post["beta"] * data["x"].mean()
    iid = np.sort(np.random.default_rng(1).normal(0, 2.5, (200_000, 3)), axis=1)
    np.testing.assert_allclose(middle.mean(axis=0), iid.mean(axis=0), atol=0.2)
    assert (np.diff(post["threshold"], axis=1) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("family", "link"), [("cumulative", "probit"), ("sequential", "logit"), ("adjacent", "logit")]
)
def test_parameters_are_recovered(family, link):
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"x": rng.normal(size=900), "g": rng.integers(0, 60, 900)})
    truth = {"threshold": [-1.0, 0.0, 0.8], "beta": {"x": 0.7}, "sd_g": 0.6}
    data = bg.simulate("y ~ x + (1 | g)", data, truth, seed=2, family=family, link=link)
    tree = bg.fit("y ~ x + (1 | g)", data, family=family, link=link, chains=2, progress=False)
    found = bg.summary(tree).set_index("parameter")
    expected = {"x": 0.7, "threshold[1|2]": -1.0, "threshold[2|3]": 0.0, "threshold[3|4]": 0.8,
                "sd_g[intercept]": 0.6}  # fmt: skip
    for name, value in expected.items():
        assert abs(found.loc[name, "mean"] - value) < 3.5 * found.loc[name, "sd"]


CS = {"threshold": [-1.0, 0.2, 1.3], "beta": [0.5], "beta_mu_none_mild": [0.6],
      "beta_mu_mild_bad": [-0.4], "beta_mu_bad_worst": [0.2]}  # fmt: skip


@pytest.mark.parametrize("family", ["sequential", "adjacent"])
def test_effects_of_single_boundaries_move_these_alone(family):
    tree = tree_of("y ~ x + cs(z)", table(), CS, family=family, spread=0.0)
    found = bg.predictions(tree, draws=True).values.reshape(-1, 24, 4)[0]
    x, z = table()["x"].to_numpy(), table()["z"].to_numpy()
    moved = np.array([-1.0, 0.2, 1.3]) - z[:, None] * [0.6, -0.4, 0.2]
    np.testing.assert_allclose(found, shares(family, "logit", 0.5 * x, moved), rtol=1e-10)
    names = bg.summary(tree)["parameter"].tolist()
    assert "beta_mu_mild_bad[z]" in names
    assert bg.comparisons(tree, "z")["mean"].sum() == pytest.approx(0.0, abs=1e-12)
    drawn = bg.prior_predictive("y ~ x + cs(z)", table(), family=family, draws=20)
    assert drawn["prior"]["threshold"].shape == (1, 20, 3)
    assert "link (None)" not in set(bg.priors("y ~ x + cs(z)", table(), family=family)["scale"])
    with pytest.raises(bg.errors.ArgumentError, match="single boundaries"):
        bg.variance_partition(tree)


def test_simulated_shares_follow_effects_of_single_boundaries():
    data = table().loc[np.repeat(np.arange(6), 20_000)].reset_index(drop=True)
    y = bg.simulate("y ~ x + cs(z)", data, CS, seed=2, family="sequential")["y"]
    counts = pd.crosstab(np.arange(len(y)) // 20_000, y).to_numpy()
    x, z = data["x"].to_numpy()[::20_000], data["z"].to_numpy()[::20_000]
    moved = np.array([-1.0, 0.2, 1.3]) - z[:, None] * [0.6, -0.4, 0.2]
    expected = 20_000 * shares("sequential", "logit", 0.5 * x, moved)
    assert 0.0005 < stats.chi2.sf(((counts - expected) ** 2 / expected).sum(), 18) < 0.9995


@pytest.mark.parametrize(
    ("formula", "family", "message"),
    [
        ("y ~ x + cs(z)", "cumulative", "would cross.*sequential or adjacent"),
        ("y ~ z + cs(z)", "adjacent", "outside and inside cs"),
        ("x ~ cs(z)", "gaussian", "gaussian has none"),
        ("y ~ (1 + cs(x) | g)", "sequential", "outside random effects"),
        ("y ~ x:cs(z)", "sequential", "stands alone"),
        ({"mu": "y ~ x", "discrimination": "~ cs(z)"}, "sequential", "formula of 'mu' alone"),
    ],
)
def test_misplaced_effects_of_single_boundaries_are_refused(formula, family, message):
    found = bg.check(formula, table(), family=family)
    assert re.search(message, " ".join(f.message for f in found))
