"""Scores of models against exact predictive densities, and what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logsumexp

import bayes_glmm as bg
from bayes_glmm.answers.compare.integrated_loglik import group_log_likelihood
from bayes_glmm.answers.compare.loo import Scored, _recommendation
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, ResultError
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import Fit, make_tree
from bayes_glmm.spec.formula.parsing import parse
from tests.canned import bernoulli_tree, poisson_tree, slope_tree, tree_of

CHAINS, DRAWS = 4, 250
SIGMA = 1.0


def normal_tree(formula, data, random=(), seed=0):
    """Exact posterior draws of a normal model with known variances and flat fixed effects.

    ``random`` has, per group: its name, each row's level, its Z and the covariance.
    """
    x = data["x"].to_numpy()
    blocks, precision = [np.column_stack([np.ones(len(x)), x])], [np.zeros((2, 2))]
    for _, index, Z, cov in random:
        wide = np.zeros((len(x), (index.max() + 1) * Z.shape[1]))
        for i, level in enumerate(index):
            wide[i, level * Z.shape[1] : (level + 1) * Z.shape[1]] = Z[i]
        blocks.append(wide)
        precision.append(np.kron(np.eye(index.max() + 1), np.linalg.inv(cov)))
    W = np.hstack(blocks)
    Q = W.T @ W / SIGMA**2
    at = 0
    for block in precision:
        Q[at : at + len(block), at : at + len(block)] += block
        at += len(block)
    mean = np.linalg.solve(Q, W.T @ data["y"].to_numpy() / SIGMA**2)
    z = np.random.default_rng(seed).standard_normal((CHAINS * DRAWS, len(Q)))
    draws = (mean + np.linalg.solve(np.linalg.cholesky(Q).T, z.T).T).reshape(CHAINS, DRAWS, -1)
    ones = np.ones((CHAINS, DRAWS))
    posterior = {"intercept": draws[..., 0], "beta": draws[..., 1:2], "sigma": SIGMA * ones}
    at = 2
    for name, index, Z, cov in random:
        q, levels = Z.shape[1], index.max() + 1
        sd = np.sqrt(np.diag(cov))
        posterior[f"u_{name}"] = draws[..., at : at + levels * q].reshape(CHAINS, DRAWS, levels, q)
        posterior[f"sd_{name}"] = np.broadcast_to(sd, (CHAINS, DRAWS, q))
        if q > 1:
            R = cov / np.outer(sd, sd)
            posterior[f"corr_{name}"] = np.broadcast_to(R, (CHAINS, DRAWS, q, q))
            posterior[f"corr_chol_{name}"] = np.broadcast_to(
                np.linalg.cholesky(R), (CHAINS, DRAWS, q, q)
            )
        at += levels * q
    return _tree(formula, data, posterior)


def _tree(formula, data, posterior, **options):
    spec = parse(formula, **options)
    schema = Schema.learn(spec, data)
    design = schema.apply(data)
    stats_ = {"diverging": np.zeros((CHAINS, DRAWS), bool)}
    record = {"seed": 1, "settings": {}, "versions": {}, "data_hash": "0"}
    return make_tree(
        posterior, stats_, spec, schema, design, data, resolve_priors(spec, design), record
    )


def exact_score(data, index, V):
    """Sum the exact log predictive densities of the rows of each level, given the others."""
    X = np.column_stack([np.ones(len(data)), data["x"]])
    y, total = data["y"].to_numpy(), 0.0
    for level in np.unique(index):
        out = index == level
        rest = np.linalg.inv(V[np.ix_(~out, ~out)])
        A = np.linalg.inv(X[~out].T @ rest @ X[~out])
        beta = A @ X[~out].T @ rest @ y[~out]
        across = V[np.ix_(out, ~out)] @ rest
        away = X[out] - across @ X[~out]
        mean = X[out] @ beta + across @ (y[~out] - X[~out] @ beta)
        cov = V[np.ix_(out, out)] - across @ V[np.ix_(~out, out)] + away @ A @ away.T
        total += stats.multivariate_normal.logpdf(y[out], mean, cov)
    return total


def grouped(seed=0, groups=12, each=6, slope=0.0):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), each)
    c = np.repeat(np.arange(groups * 2), each // 2)
    x = rng.normal(size=len(g))
    y = (1 + 0.5 * x + rng.normal(0, 0.8, groups)[g] + slope * rng.normal(size=groups)[g] * x
         + rng.normal(0, 0.5, groups * 2)[c] + rng.normal(0, SIGMA, len(g)))  # fmt: skip
    names = {"g": [f"g{i:02d}" for i in g], "c": [f"c{i:02d}" for i in c]}
    return pd.DataFrame({"x": x, "y": y, **names}), g, c


def test_rows_left_out_are_predicted_as_exactly():
    data, g, _ = grouped()
    ones = np.ones((len(data), 1))
    plain = normal_tree("y ~ x", data)
    pooled = normal_tree("y ~ x + (1 | g)", data, [("g", g, ones, np.array([[0.64]]))])
    table = bg.compare({"plain": plain, "pooled": pooled}).set_index("model")
    rows, own = np.arange(len(data)), SIGMA**2 * np.eye(len(data))
    for name, V in {"plain": own, "pooled": own + 0.64 * (g[:, None] == g)}.items():
        found = table.loc[name]
        assert found["elpd"] == pytest.approx(exact_score(data, rows, V), abs=3 * found["mcse"])
        assert found["mcse"] < 0.2
    assert table.index[0] == "pooled" and table.loc["pooled", "rank"] == 1
    assert "'pooled'" in table.attrs["recommendation"]
    assert table["weight"].sum() == pytest.approx(1)


def test_groups_left_out_are_predicted_as_exactly():
    data, g, c = grouped()
    ones = np.ones((len(data), 1))
    own = SIGMA**2 * np.eye(len(data))
    V = {
        "plain": own,
        "pooled": own + 0.64 * (g[:, None] == g),
        "nested": own + 0.64 * (g[:, None] == g) + 0.25 * (c[:, None] == c),
    }
    one, two = ("g", g, ones, np.array([[0.64]])), ("g_by_c", c, ones, np.array([[0.25]]))
    trees = {
        "plain": normal_tree("y ~ x", data),
        "pooled": normal_tree("y ~ x + (1 | g)", data, [one]),
        "nested": normal_tree("y ~ x + (1 | g/c)", data, [one, two]),
    }
    table = bg.compare(trees, by="g").set_index("model")
    for name, cov in V.items():
        found = table.loc[name]
        assert found["elpd"] == pytest.approx(exact_score(data, g, cov), abs=3 * found["mcse"])
        assert found["mcse"] < 0.5
    assert table.attrs["unit"] == "g" and table.attrs["n"] == 12


def test_groups_with_slopes_left_out():
    data, g, _ = grouped(1, slope=0.6)
    Z = np.column_stack([np.ones(len(data)), data["x"]])
    cov = np.array([[0.64, 0.1], [0.1, 0.36]])
    tree = normal_tree("y ~ x + (1 + x | g)", data, [("g", g, Z, cov)])
    flat = normal_tree("y ~ x", data)
    table = bg.compare({"slopes": tree, "plain": flat}, by="g").set_index("model")
    V = SIGMA**2 * np.eye(len(data)) + (Z @ cov @ Z.T) * (g[:, None] == g)
    found = table.loc["slopes"]
    assert found["elpd"] == pytest.approx(exact_score(data, g, V), abs=3 * found["mcse"])
    assert found["mcse"] < 0.5
    again = bg.compare({"slopes": tree, "plain": flat}, by="g").set_index("model")
    pd.testing.assert_frame_equal(again, table)


def test_a_slope_alone_and_a_coarser_grouping():
    data, g, _ = grouped(2, slope=0.6)
    z = data[["x"]].to_numpy()
    tree = normal_tree("y ~ x + (0 + x | g)", data, [("g", g, z, np.array([[0.36]]))])
    V = SIGMA**2 * np.eye(len(data)) + 0.36 * (z @ z.T) * (g[:, None] == g)
    found = group_log_likelihood(Fit.of(tree), g, 12, "g", 0)
    one = [stats.multivariate_normal.logpdf(data["y"][g == k], X[g == k] @ b, V[np.ix_(g == k, g == k)])
           for X in [np.column_stack([np.ones(len(data)), data["x"]])]
           for b in [[tree["posterior"][n].values[0, 0].item() for n in ("intercept", "beta")]]
           for k in range(12)]  # fmt: skip
    np.testing.assert_allclose(found.values[0, 0], one, rtol=1e-6)
    pairs = group_log_likelihood(Fit.of(tree), g // 2, 6, "pair", 0)
    np.testing.assert_allclose(pairs.values[0, 0], np.reshape(one, (6, 2)).sum(axis=1), rtol=1e-6)


@pytest.fixture
def few_draws(monkeypatch):
    """Keep every fiftieth draw, the first of each chain among them."""
    monkeypatch.setattr("bayes_glmm.answers.compare.integrated_loglik.FEWEST", 20)
    monkeypatch.setattr("bayes_glmm.answers.compare.integrated_loglik.MOST_ROWS", 1)


def test_counts_with_an_effect_per_row_by_two_quadratures(few_draws):
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(8), 4)
    u, e = rng.normal(0, 0.6, 8), rng.normal(0, 0.5, 32)
    data = pd.DataFrame({"y": rng.poisson(np.exp(1 + u[g] + e)), "g": [f"g{i}" for i in g]})
    truth = {"intercept": 1.0, "sd_g": [0.6], "u_g": u[:, None], "sd_observation": [0.5],
             "u_observation": e[:, None]}  # fmt: skip
    formula = "y ~ 1 + (1 | g) + (1 | observation)"
    tree = tree_of(formula, data, truth, spread=0.4, family="poisson")
    found = group_log_likelihood(Fit.of(tree), g, 8, "g", 0).values
    draws = tree["posterior"]
    z, w = np.polynomial.hermite_e.hermegauss(90)
    log_w = np.log(w / w.sum())
    for chain in (1, 3):
        at = {k: float(draws[k].values[chain, 0].squeeze()) for k in
              ("intercept", "sd_g", "sd_observation")}  # fmt: skip
        eta = at["intercept"] + at["sd_g"] * z[:, None] + at["sd_observation"] * z
        y = data["y"].to_numpy()
        rows = logsumexp(stats.poisson.logpmf(y[:, None, None], np.exp(eta)) + log_w, axis=2)
        expected = logsumexp(rows.reshape(8, 4, -1).sum(axis=1) + log_w, axis=1)
        np.testing.assert_allclose(found[chain, 0], expected, atol=2e-4)


@pytest.mark.parametrize("sds", [(0.6, 1e-3), (1e-3, 0.5), (0.02, 0.02), (0.15, 0.1)])
def test_effects_with_hardly_any_spread_are_integrated_too(sds, few_draws):
    rng = np.random.default_rng(7)
    g = np.repeat(np.arange(6), 4)
    c = np.repeat(np.arange(12), 2)
    data = pd.DataFrame({"y": rng.poisson(3, 24), "g": [f"g{i}" for i in g],
                         "c": [f"c{i:02d}" for i in c]})  # fmt: skip
    truth = {"intercept": 1.1, "sd_g": [sds[0]], "u_g": np.zeros((6, 1)),
             "sd_g_by_c": [sds[1]], "u_g_by_c": np.zeros((12, 1))}  # fmt: skip
    tree = tree_of("y ~ 1 + (1 | g/c)", data, truth, spread=0.35, family="poisson")
    found = group_log_likelihood(Fit.of(tree), g, 6, "g", 0).values[2, 0]
    draw = {k: float(tree["posterior"][k].values[2, 0].squeeze()) for k in
            ("intercept", "sd_g", "sd_g_by_c")}  # fmt: skip
    z, w = np.polynomial.hermite_e.hermegauss(80)
    log_w = np.log(w / w.sum())
    eta = draw["intercept"] + draw["sd_g"] * z[:, None] + draw["sd_g_by_c"] * z
    rows = stats.poisson.logpmf(data["y"].to_numpy()[:, None, None], np.exp(eta))
    pairs = logsumexp(rows.reshape(12, 2, 80, 80).sum(axis=1) + log_w, axis=2)
    expected = logsumexp(pairs.reshape(6, 2, 80).sum(axis=1) + log_w, axis=1)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_crossed_effects_stay_as_they_were_drawn(few_draws):
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"a": np.repeat([f"a{i}" for i in range(10)], 6),
                         "b": np.tile([f"b{i}" for i in range(6)], 10)})  # fmt: skip
    a, b = np.repeat(np.arange(10), 6), np.tile(np.arange(6), 10)
    ua, ub = rng.normal(0, 1, 10), rng.normal(0, 0.7, 6)
    data["y"] = rng.binomial(1, expit(0.2 + ua[a] + ub[b]))
    truth = {"intercept": 0.2, "sd_a": [1.0], "u_a": ua[:, None], "sd_b": [0.7], "u_b": ub[:, None]}
    tree = tree_of("y ~ 1 + (1 | a) + (1 | b)", data, truth, spread=0.9, family="bernoulli")
    found = group_log_likelihood(Fit.of(tree), a, 10, "a", 0).values
    chain = int(np.abs(np.log(tree["posterior"]["sd_a"].values[:, 0, 0])).argmin())
    found = found[chain, 0]
    draw = {k: v.values[chain, 0].squeeze() for k, v in tree["posterior"].items()}
    z, w = np.polynomial.hermite_e.hermegauss(60)
    eta = draw["intercept"] + draw["u_b"][b][:, None] + draw["sd_a"] * z
    rows = stats.bernoulli.logpmf(data["y"].to_numpy()[:, None], expit(eta))
    expected = logsumexp(rows.reshape(10, 6, -1).sum(axis=1) + np.log(w / w.sum()), axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_other_effects_that_cross_are_as_they_were_drawn(few_draws):
    rng = np.random.default_rng(9)
    a, b = np.repeat(np.arange(8), 6), np.tile(np.arange(6), 8)
    c = (b + 1 + rng.integers(0, 5, 48)) % 6
    names = {"a": a, "b": b, "c": c}
    data = pd.DataFrame({k: [f"{'s' if k != 'a' else k}{i}" for i in v] for k, v in names.items()})
    ua, um, us = rng.normal(0, 1, 8), rng.normal(0, 0.7, 6), rng.normal(0, 0.4, 6)
    sigma = np.exp(0.1 + us[b])
    data["y"] = ua[a] + (um[b] + um[c]) / 2 + rng.normal(0, sigma)
    truth = {"intercept": 0.0, "sd_a": [1.0], "u_a": ua[:, None], "sd_b_and_c": [0.7],
             "u_b_and_c": um[:, None], "intercept_sigma": 0.1, "sd_sigma_b": [0.4],
             "u_sigma_b": us[:, None]}  # fmt: skip
    formula = {"mu": "y ~ 1 + (1 | a) + (1 | mm(b, c))", "sigma": "~ 1 + (1 | b)"}
    tree = tree_of(formula, data, truth, spread=0.5)
    fit = Fit.of(tree)
    found = group_log_likelihood(fit, a, 8, "a", 0).values[1, 0]
    draw = {k: np.atleast_1d(v.values[1, 0].squeeze()) for k, v in tree["posterior"].items()}
    mean = draw["intercept"] + (draw["u_b_and_c"][b] + draw["u_b_and_c"][c]) / 2
    own = np.exp(draw["intercept_sigma"] + draw["u_sigma_b"][b])
    for k in range(8):
        rows = a == k
        cov = np.diag(own[rows] ** 2) + draw["sd_a"] ** 2
        exact = stats.multivariate_normal.logpdf(data["y"][rows], mean[rows], cov)
        assert found[k] == pytest.approx(exact, abs=1e-4)
    with pytest.raises(ArgumentError, match="u?sigma_b.*lies within it|formula of another"):
        group_log_likelihood(fit, b, 6, "b", 0)
    one = np.zeros(48, int)
    with pytest.raises(ArgumentError, match="formula of another"):
        group_log_likelihood(fit, one, 1, "all", 0)


def test_models_that_predict_alike_are_not_ranked_by_noise():
    tree = poisson_tree()
    table = bg.compare({"one": tree, "other": tree.copy()})
    assert (table["elpd_diff"] == 0).all()
    assert "cannot be told apart" in table.attrs["recommendation"]


def test_rows_that_decide_their_own_fit_are_told():
    data, g, _ = grouped()
    data.loc[3, ["x", "y"]] = 40.0, -90.0
    plain = normal_tree("y ~ x", data)
    table = bg.compare({"plain": plain, "again": plain})
    assert (table["k_high"] > 0).all() and (table["k_max"] > 0.7).all()
    assert table["verdict"].str.startswith("optimistic").all()
    assert "optimistic" in table.attrs["recommendation"]


def scores(*rows):
    """A table as compare() makes it, best first, with what stands behind each row."""
    table = pd.DataFrame(rows, columns=["model", "elpd_diff", "dse", "k_high"])
    size = {"a": 5, "b": 3, "c": 4}
    return table, {
        m: Scored(SimpleNamespace(n_data_points=200), 0.0, "", size[m]) for m in table["model"]
    }


@pytest.mark.parametrize(
    ("second", "third", "said"),
    [
        (("b", -20.0, 5.0, 0), ("c", -90.0, 9.0, 0), "Use 'a': it predicts better"),
        (("b", -3.0, 0.5, 0), ("c", -90.0, 50.0, 0), "Use 'b', which has the fewest"),
        (("b", -12.0, 13.0, 0), ("c", -15.0, 14.0, 0), "Use 'b', which has the fewest"),
        (("b", -12.0, 8.0, 0), ("c", -15.0, 9.0, 0), "less than 2 standard errors"),
        (("b", -20.0, 5.0, 3), ("c", -90.0, 9.0, 0), "score of 'b' is optimistic"),
    ],
)
def test_what_is_recommended(second, third, said):
    assert said in _recommendation(*scores(("a", 0.0, 0.0, 0), second, third), "row")


def test_scores_that_are_too_good_recommend_nothing():
    table, scored = scores(("a", 0.0, 0.0, 68), ("b", -20.0, 5.0, 5))
    text = _recommendation(table, scored, "row")
    assert (
        text.startswith("Do not choose")
        and "compare by a group" in text
        and "refit=bg.refit" in text
    )


def test_what_cannot_be_compared_is_refused():
    data, g, _ = grouped()
    plain = normal_tree("y ~ x", data)
    with pytest.raises(ArgumentTypeError, match="mapping"):
        bg.compare([plain, plain])
    with pytest.raises(ArgumentError, match="two"):
        bg.compare({"a": plain})
    fewer = normal_tree("y ~ x", data.iloc[:-2])
    with pytest.raises(ResultError, match=r"different rows.*70, 71"):
        bg.compare({"a": plain, "b": fewer})
    other = normal_tree("y ~ x", data.assign(y=data["y"] + 1))
    with pytest.raises(ResultError, match="different responses"):
        bg.compare({"a": plain, "b": other})
    with pytest.raises(ResultError, match="different rows.*order"):
        bg.compare({"a": plain, "b": normal_tree("y ~ x", data.iloc[::-1])})
    with pytest.raises(ArgumentError, match="Did you mean 'person'"):
        bg.compare({"a": bernoulli_tree(), "b": bernoulli_tree()}, by="persons")
    counts = Fit.of(poisson_tree()).data.assign(events=lambda d: d["events"].astype(float))
    normal = tree_of("events ~ 1", counts, {"intercept": 5.0, "sigma": 3.0})
    with pytest.raises(ResultError, match="probabilities.*densities"):
        bg.compare({"a": poisson_tree(), "b": normal})


def test_a_row_without_a_density_leaves_no_score():
    data = pd.DataFrame({"y": [0, 1, 2, 4, 3], "x": [0.0, 1, 2, 3, 4]})
    truth = {"intercept": 0.05, "beta": [1.0]}
    tree = tree_of("y ~ x", data, truth, family="poisson", link="identity", spread=0.2)
    with pytest.raises(ResultError, match=r"'a', 'b'.*no density"):
        bg.compare({"a": tree, "b": tree.copy()})


def test_effects_that_cannot_be_integrated_are_refused():
    data, g, c = grouped()
    data["t"] = [f"t{i % 2}{j}" for i, j in enumerate(g)]
    ones = np.ones((len(data), 1))
    t = np.unique(data["t"], return_inverse=True)[1]
    one = np.array([[1.0]])
    tree = normal_tree(
        "y ~ x + (1 | c) + (1 | t)", data, [("c", c, ones, one), ("t", t, ones, one)]
    )
    with pytest.raises(ArgumentError, match="cross"):
        group_log_likelihood(Fit.of(tree), g, 12, "g", 0)
    assert len(bg.compare({"a": slope_tree(), "b": slope_tree()}))
