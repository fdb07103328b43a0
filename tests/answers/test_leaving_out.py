"""Refits without rows or groups, beside exact predictive densities of normal models."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.answers.compare.leaving_out import unseen_log_likelihood
from bayes_glmm.errors import ArgumentError, EngineError, ResultError, UnknownLevelError
from bayes_glmm.results.fit import Fit
from bayes_glmm.studies import kfold as refitting
from tests.answers.test_compare import SIGMA, exact_score, grouped, normal_tree
from tests.canned import poisson_tree, slope_tree, tree_of

COV = np.array([[0.64]])


def exact_refit(formula, grouping):
    """Return a refit that draws from the exact posterior of the rows that are left."""

    def refit(tree, without, **options):
        data = Fit.of(tree).data
        rest = data[~data.index.isin(without)]
        if not grouping:
            return normal_tree(formula, rest, seed=len(rest))
        index = np.unique(rest["g"], return_inverse=True)[1]
        ones = np.ones((len(rest), 1))
        return normal_tree(formula, rest, [("g", index, ones, COV)], seed=len(rest))

    return refit


def models():
    data, g, _ = grouped()
    data.index = data.index.astype(str)
    ones = np.ones((len(data), 1))
    plain = normal_tree("y ~ x", data)
    pooled = normal_tree("y ~ x + (1 | g)", data, [("g", g, ones, COV)])
    own = SIGMA**2 * np.eye(len(data))
    return data, g, {"plain": (plain, own), "pooled": (pooled, own + 0.64 * (g[:, None] == g))}


@pytest.fixture
def exact(monkeypatch):
    def refit(tree, without, **options):
        pooled = "g" in Fit.of(tree).data
        formula = "y ~ x + (1 | g)" if pooled else "y ~ x"
        return exact_refit(formula, pooled)(tree, without)

    monkeypatch.setattr(refitting, "refit", refit)
    return refit


@pytest.mark.parametrize("by", [None, "g"])
def test_parts_are_scored_as_exactly(exact, by):
    data, g, trees = models()
    table = bg.kfold({name: tree for name, (tree, _) in trees.items()}, k=6, by=by)
    part = np.array(table.attrs["part"])
    assert np.bincount(part)[1:].tolist() == [len(part) // 6] * 6
    index = np.arange(len(data)) if by is None else g
    table = table.set_index("model")
    for name in ("plain", "pooled") if by is None else ("pooled",):
        V, whole = trees[name][1], 0.0
        for unit in np.unique(index):
            kept = (part[index] != part[unit]) | (index == unit)
            whole += predictive(data[kept], V[np.ix_(kept, kept)], (index == unit)[kept])
        assert table.loc[name, "elpd"] == pytest.approx(whole, abs=4 * table.loc[name, "mcse"])
        assert table.loc[name, "mcse"] < 0.5
    assert table.index[0] == "pooled"
    assert table["weight"].sum() == pytest.approx(1)


def predictive(data, V, out):
    """Return the exact log predictive density of some rows given the others."""
    X, y = np.column_stack([np.ones(len(data)), data["x"]]), data["y"].to_numpy()
    rest = np.linalg.inv(V[np.ix_(~out, ~out)])
    A = np.linalg.inv(X[~out].T @ rest @ X[~out])
    beta = A @ X[~out].T @ rest @ y[~out]
    across = V[np.ix_(out, ~out)] @ rest
    away = X[out] - across @ X[~out]
    mean = X[out] @ beta + across @ (y[~out] - X[~out] @ beta)
    cov = V[np.ix_(out, out)] - across @ V[np.ix_(~out, out)] + away @ A @ away.T
    return stats.multivariate_normal.logpdf(y[out], mean, cov)


def test_scores_do_not_depend_on_where_fits_are_done_and_are_kept(exact, monkeypatch, tmp_path):
    tree = models()[2]["pooled"][0]
    here = bg.kfold(tree, k=6, by="g")
    there = bg.kfold(tree, k=6, by="g", executor=ThreadPoolExecutor(3), store=tmp_path)
    pd.testing.assert_frame_equal(here, there)
    assert here.attrs["pointwise"] == there.attrs["pointwise"]
    monkeypatch.setattr(refitting, "refit", None)
    pd.testing.assert_frame_equal(here, bg.kfold(tree, k=6, by="g", store=tmp_path))
    with pytest.raises(EngineError, match="seed"):
        bg.kfold(tree, k=6, by="g", seed=2, store=tmp_path)


def test_a_part_that_cannot_be_fitted_without_is_in_no_score(exact, monkeypatch):
    data, _, trees = models()
    whole = bg.kfold({name: tree for name, (tree, _) in trees.items()}, k=6)
    part = np.array(whole.attrs["part"])
    odd = set(data.index[part == 2])

    def fails(tree, without, **options):
        if odd == set(without) and "g" in Fit.of(tree).data:
            raise ValueError("no step")
        return exact(tree, without, **options)

    monkeypatch.setattr(refitting, "refit", fails)
    table = bg.kfold({name: tree for name, (tree, _) in trees.items()}, k=6)
    assert table.attrs["failures"] == [
        {"model": "pooled", "part": 2, "error": "ValueError: no step"}
    ]
    assert "parts 2 are in no score" in table.attrs["banner"]
    for name in trees:
        before, after = (t.attrs["pointwise"][name] for t in (whole, table))
        assert after == [v for v, p in zip(before, part, strict=True) if p != 2]
        assert table.set_index("model").loc[name, "elpd"] == pytest.approx(sum(after))


def test_where_hardly_a_part_is_left_scores_are_of_that_part_or_refused(exact, monkeypatch):
    tree = models()[2]["plain"][0]
    part = np.array(bg.kfold(tree, k=3).attrs["part"])
    rows = np.array(Fit.of(tree).data.index)

    def fails(tree, without, **options):
        if set(without) & set(rows[part > least]):
            raise ValueError("no step")
        return exact(tree, without, **options)

    monkeypatch.setattr(refitting, "refit", fails)
    least = 1
    table = bg.kfold(tree, k=3)
    assert len(table.attrs["pointwise"]["model"]) == (part == 1).sum()
    least = 0
    with pytest.raises(
        ArgumentError, match="0 rows are left to score: 3 of 3 fits failed.*no step"
    ):
        bg.kfold(tree, k=3)


def test_rows_with_a_high_k_are_fitted_without():
    data, _, trees = models()
    data.loc["5", "y"] = 20.0
    V = trees["plain"][1]
    tree = normal_tree("y ~ x", data)
    other = normal_tree("y ~ x", data, seed=3)
    before = bg.compare({"a": tree, "b": other}).set_index("model")
    assert before.loc["a", "k_high"] >= 1 and "bg.refit" in before.loc["a", "verdict"]
    after = bg.compare({"a": tree, "b": other}, refit=exact_refit("y ~ x", False))
    after = after.set_index("model")
    assert after.loc["a", "k_high"] == 0
    assert after.loc["a", "refitted"] == before.loc["a", "k_high"]
    assert "fits without" in after.loc["a", "verdict"]
    exactly = exact_score(data, np.arange(len(data)), V)
    assert after.loc["a", "elpd"] == pytest.approx(exactly, abs=4 * after.loc["a", "mcse"])
    assert after.loc["a", "mcse"] < 0.7


def test_a_new_level_is_averaged_over_inside_each_draw():
    tree = slope_tree()
    fit = Fit.of(tree)
    rows = fit.data.iloc[:10].assign(person="new")
    values = unseen_log_likelihood(fit, rows)
    draws = {k: fit.posterior[k].values.reshape(1000, -1)[7] for k in
             ("intercept", "beta", "sigma", "sd_person", "corr_person")}  # fmt: skip
    Z = np.column_stack([np.ones(10), rows["day"]])
    sd = draws["sd_person"]
    cov = Z @ (np.outer(sd, sd) * draws["corr_person"].reshape(2, 2)) @ Z.T
    cov += draws["sigma"] ** 2 * np.eye(10)
    mean = draws["intercept"] + draws["beta"] * rows["day"]
    exact = stats.multivariate_normal.logpdf(rows["reaction"], mean, cov)
    assert values[7] == pytest.approx(exact, abs=1.5)
    known = unseen_log_likelihood(fit, fit.data.iloc[:10])
    assert (known > values).mean() > 0.9


def test_what_cannot_be_left_out_is_refused():
    with pytest.raises(ArgumentError, match="no such row"):
        bg.refit(poisson_tree(), ["999"])
    with pytest.raises(ArgumentError, match="nothing is left"):
        bg.refit(poisson_tree(), [str(i) for i in range(120)])
    with pytest.raises(ArgumentError, match="2 to the 12 wards"):
        bg.kfold(poisson_tree(), k=13, by="ward")
    with pytest.raises(ArgumentError, match="'ward'"):
        bg.kfold(poisson_tree(), by="wrad")
    with pytest.raises(ResultError, match="different"):
        bg.kfold({"a": poisson_tree(), "b": slope_tree()})
    data = pd.DataFrame({"y": np.arange(6.0), "x": list("aabbcc")})
    truth = {"intercept": 0.0, "beta": [2.0, 4.0], "sigma": 1.0}
    tree = tree_of("y ~ x", data, truth)
    part = Fit.of(tree).data.assign(x="d")
    with pytest.raises(UnknownLevelError):
        unseen_log_likelihood(Fit.of(tree), part)


def test_a_refit_is_of_the_other_rows_with_the_same_priors(monkeypatch):
    given = {}

    def fit(spec, rows, **options):
        given.update(spec=spec, rows=rows, options=options)

    monkeypatch.setattr(refitting, "fit_whole", fit)
    tree = poisson_tree()
    whole = Fit.of(tree)
    out = list(whole.data.index[[0, 7]])
    bg.refit(tree, out, chains=3)
    assert list(given["rows"].index) == [i for i in whole.data.index if i not in out]
    assert dict(given["spec"].priors) == whole.priors
    assert given["spec"].formula == whole.spec.formula
    assert (given["options"]["chains"], given["options"]["seed"]) == (3, whole.info["seed"])


@pytest.mark.slow
def test_a_refit_keeps_model_priors_and_rows():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"y": rng.poisson(3, 60), "x": rng.normal(size=60),
                         "g": rng.choice(list("abcdef"), 60)})  # fmt: skip
    # with 300 draws a chain R-hat is above 1.01 by chance
    tree = bg.fit("y ~ x + (1 | g)", data, family="poisson", draws=1000, progress=False)
    again = bg.refit(tree, ["0", "7"], draws=1000)
    a, b = Fit.of(tree), Fit.of(again)
    assert b.priors == a.priors and b.spec.formula == a.spec.formula
    assert list(b.data.index) == [i for i in a.data.index if i not in ("0", "7")]
    table = bg.kfold(tree, k=3, draws=600)
    assert np.isfinite(table["elpd"][0]) and table["mcse"][0] < 2
