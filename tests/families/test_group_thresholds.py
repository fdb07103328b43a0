"""Thresholds that every group has for itself: density, labels, simulation, refusals."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.report.words import in_words
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.model import ModelSpec
from tests.canned import tree_of
from tests.families.test_ordinal import shares
from tests.graph.support import Flat, slope
from tests.graph.test_graph import compiled
from tests.oracle import log_prior, predictor_part

FAMILIES = ["cumulative", "sequential", "adjacent"]
NAMES = ["none", "mild", "bad", "worst"]
SEEN = {"ache": (0, 1, 2, 3), "cough": (0, 2), "fever": (1, 2, 3)}
LABELS = ["ache: none|mild", "ache: mild|bad", "ache: bad|worst", "cough: none|bad",
          "fever: mild|bad", "fever: bad|worst"]  # fmt: skip
OWN = {"ache": [-1.0, 0.2, 1.0], "cough": [0.3], "fever": [-0.5, 1.2]}
FORMULA = "y | thres(gr = item) ~ x + (1 | g)"
TRUTH = {"threshold": np.concatenate(list(OWN.values())), "beta": [0.5], "sd_g": [0.8],
         "u_g": np.linspace(-1, 1, 6)[:, None]}  # fmt: skip


def table(n=48):
    """Rows of three items, of which each has categories of its own."""
    rng = np.random.default_rng(7)
    item = np.resize(list(SEEN), n)
    codes = np.zeros(n, int)
    for name, seen in SEEN.items():
        rows = np.flatnonzero(item == name)
        codes[rows] = np.r_[seen, rng.choice(seen, len(rows) - len(seen))]
    y = pd.Categorical.from_codes(codes, NAMES, ordered=True)
    return pd.DataFrame({"y": y, "item": item, "x": rng.normal(1.0, 1.0, n),
                         "g": rng.choice(list("abcdef"), n)})  # fmt: skip


def of_items(family, link, eta, item, threshold, d=1.0):
    """Probabilities of all categories, item by item, shape (n, 4)."""
    found = np.zeros((len(eta), 4))
    d = np.broadcast_to(d, eta.shape)
    for name, seen in SEEN.items():
        rows = np.flatnonzero(item == name)
        found[np.ix_(rows, seen)] = shares(family, link, eta[rows], threshold[name], d[rows])
    return found


@pytest.mark.parametrize(
    ("family", "link", "more"),
    [
        ("cumulative", "logit", "discrimination"),
        pytest.param("cumulative", "probit", "", marks=pytest.mark.slow),
        pytest.param("cumulative", "cloglog", "", marks=pytest.mark.slow),
        pytest.param("sequential", "probit", "", marks=pytest.mark.slow),
        pytest.param("adjacent", "logit", "discrimination", marks=pytest.mark.slow),
    ],
)
def test_graph_equals_the_oracle(family, link, more):
    data = table()
    formula = {"mu": FORMULA} | ({"discrimination": "~ 0 + x"} if more else {})
    spec = bg.parse(formula, family=family, link=link)
    design = Schema.learn(spec, data).apply(data)
    priors = resolve_priors(spec, design)
    model = build_graph(spec, design, priors, "natural")
    function, flat = compiled(model), Flat(model)
    y, item = data["y"].cat.codes.to_numpy(), data["item"].to_numpy()

    def density(x):
        at = flat.unpack(x)
        raw = next(v for k, v in at.items() if k.startswith("threshold"))
        volume, threshold, start = at["sd_g_log__"].sum(), {}, 0
        for name, seen in SEEN.items():
            own, start = raw[start : start + len(seen) - 1], start + len(seen) - 1
            if family == "cumulative":
                volume += own[1:].sum()
                own = np.cumsum(np.r_[own[0], np.exp(own[1:])])
            threshold[name] = own
        point = {**at, "sd_g": np.exp(at["sd_g_log__"])}
        total, eta = predictor_part(design.mu, "", priors, point, len(y))
        d = 1.0
        if more:
            other = design.predictors["discrimination"]
            part, d = predictor_part(other, "_discrimination", priors, point, len(y))
            total, d = total + part, np.exp(d)
        middle = np.concatenate(list(threshold.values())) - data["x"].mean() * at["beta"][0]
        total += log_prior("Normal", {"mu": 0.0, "sigma": 2.5}, middle).sum()
        found = of_items(family, link, eta, item, threshold, d)[np.arange(len(y)), y]
        return total + np.log(found).sum() + volume

    rng = np.random.default_rng(2)
    for _ in range(10):
        x = 0.15 * rng.normal(size=flat.size)
        value, _, gradient = function(flat.unpack(x))
        assert value == pytest.approx(density(x), rel=1e-10)
        direction = rng.normal(size=flat.size)
        along = slope(density, x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-2)


@pytest.mark.parametrize("family", FAMILIES)
def test_probabilities_are_those_of_the_item_and_sum_to_one(family):
    data = table()
    tree = tree_of(FORMULA, data, TRUTH, family=family, spread=0.0)
    for groups in ("known", "typical", "population", "new"):
        found = bg.predictions(tree, data.head(3), groups=groups, draws=True).values
        found = found.reshape(-1, 3, 4)
        np.testing.assert_allclose(found.sum(axis=2), 1.0, atol=1e-9)
        for row, seen in enumerate(SEEN.values()):
            assert ((found[:, row] > 0) == np.isin(np.arange(4), seen)).all()
    eta = 0.5 * data["x"].to_numpy()
    found = bg.predictions(tree, groups="typical", draws=True).values.reshape(-1, 48, 4)[0]
    expected = of_items(family, "logit", eta, data["item"].to_numpy(), OWN)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("family", FAMILIES)
def test_simulated_shares_are_those_of_the_item(family):
    data = table().loc[np.repeat(np.arange(9), 5_000)].reset_index(drop=True)
    codes = np.array([SEEN[i][k % len(SEEN[i])] for k, i in enumerate(data["item"])])
    data["y"] = pd.Categorical.from_codes(codes, NAMES, ordered=True)
    truth = {"threshold": dict(zip(LABELS, TRUTH["threshold"], strict=True)), "beta": {"x": 0.5}}
    y = bg.simulate("y | thres(item) ~ x", data, truth, seed=3, family=family)["y"]
    assert y.cat.categories.tolist() == NAMES
    at = data.iloc[::5_000]
    counts = pd.crosstab(np.arange(len(y)) // 5_000, y).to_numpy()
    item = at["item"].to_numpy()
    expected = 5_000 * of_items(family, "logit", 0.5 * at["x"].to_numpy(), item, OWN)
    assert (counts[expected == 0] == 0).all()
    seen = expected > 0
    chi = ((counts[seen] - expected[seen]) ** 2 / expected[seen]).sum()
    assert 0.0005 < stats.chi2.sf(chi, int(seen.sum()) - 9) < 0.9995
    with pytest.raises(bg.errors.ArgumentError, match="threshold lacks fever: bad"):
        less = {**truth, "threshold": {k: 0.0 for k in LABELS[:-1]}}
        bg.simulate("y | thres(item) ~ x", data, less, seed=3, family=family)


def test_items_without_responses_are_simulated_with_categories_in_common():
    data = table().drop(columns="y")
    truth = {"threshold": [-1.0, 0.5, -0.5, 0.2, 0.0, 1.5], "beta": [0.0]}
    y = bg.simulate("y | thres(item) ~ x", data, truth, seed=1, family="cumulative")["y"]
    assert y.cat.categories.tolist() == ["1", "2", "3"]
    crossed = {**truth, "threshold": [-1.0, 0.5, 0.2, -0.5, 0.0, 1.5]}
    with pytest.raises(bg.errors.ArgumentError, match="must increase"):
        bg.simulate("y | thres(item) ~ x", data, crossed, seed=1, family="cumulative")


def test_priors_rise_within_each_item_alone():
    drawn = bg.prior_predictive(FORMULA, table(), family="cumulative", draws=2_000, seed=1)
    post = drawn["prior"].to_dataset()
    assert post["threshold"].dims == ("chain", "draw", "boundary")
    assert post["boundary"].values.tolist() == LABELS
    middle = (post["threshold"] - table()["x"].mean() * post["beta"].values).values[0]
    pairs = np.sort(np.random.default_rng(1).normal(0, 2.5, (200_000, 2)), axis=1).mean(axis=0)
    np.testing.assert_allclose(middle[:, 4:].mean(axis=0), pairs, atol=0.2)
    assert abs(middle[:, 3].mean()) < 0.2
    y = drawn["prior_predictive"]["y"].values[0]
    assert set(np.unique(y[:, table()["item"] == "cough"])) == {0.0, 2.0}


def test_summary_file_and_words_name_items_and_boundaries(tmp_path):
    tree = tree_of(FORMULA, table(), TRUTH, family="cumulative")
    names = bg.summary(tree)["parameter"].tolist()
    assert names[1:7] == [f"threshold[{label}]" for label in LABELS]
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    few = table().head(6)
    assert bg.predictions(again, few, by="item").equals(bg.predictions(tree, few, by="item"))
    assert "Each level of item has thresholds of its own." in in_words(Fit.of(again))
    drawn = bg.predictions(tree, few, kind="response", draws=True).values
    assert set(np.unique(drawn[..., few["item"] == "cough"])) == {0.0, 2.0}


def test_formula_and_schema_are_written_and_read_again():
    spec = bg.parse(FORMULA, family="sequential")
    assert spec == bg.parse("y | thres(item) ~ x + (1 | g)", family="sequential")
    assert spec.formula == "y | thres(item) ~ x + (1 | g)"
    assert ModelSpec.from_toml(spec.to_toml()) == spec
    schema = Schema.learn(spec, table())
    again = schema_from_dict(json.loads(json.dumps(schema_to_dict(schema))))
    assert again.response == schema.response
    assert again.apply(table()).boundaries == tuple(LABELS)


def test_rows_of_an_unknown_item_are_refused():
    tree = tree_of(FORMULA, table(), TRUTH, family="cumulative")
    for groups in ("known", "typical", "population", "new"):
        with pytest.raises(bg.errors.UnknownLevelError, match=r"'coughs' in rows? 0.*'cough'"):
            bg.predictions(tree, table().head(2).assign(item=["coughs", "ache"]), groups=groups)
    with pytest.raises(bg.errors.MissingDataError, match="no column 'item'"):
        bg.predictions(tree, table().drop(columns="item"))


@pytest.mark.parametrize(
    ("formula", "family", "message"),
    [
        ("y | thres(item) ~ x", "gaussian", "family gaussian has none"),
        ("y | thres(item) ~ x + cs(g)", "adjacent", "boundaries of their own"),
        ("y | thres(row) ~ x", "cumulative", "'only' .all 'none'.* has one category"),
        ("y | thres(itm) ~ x", "cumulative", "no column 'itm'.*item"),
    ],
)
def test_what_has_no_thresholds_of_its_own_is_named(formula, family, message):
    data = table().assign(row=["only", *["other"] * 47])
    data["y"] = data["y"] if family != "gaussian" else np.arange(48.0)
    found = bg.check(formula, data, family=family)
    assert re.search(message, " ".join(f.message for f in found))


@pytest.mark.parametrize("given", ["5", "", "item, gr = g", "log(x)", "gr = x + z"])
def test_thresholds_are_of_one_column(given):
    with pytest.raises(bg.errors.FormulaError, match="takes the column whose levels"):
        bg.parse(f"y | thres({given}) ~ x", family="cumulative")
