"""Autocorrelated series against dense covariances: ``rho ** |t - s|`` within a group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import make_tree
from bayes_glmm.structures import read_structure
from bayes_glmm.structures.times import series
from tests.graph.test_terms import Compiled, common, often, table

LABELS = np.array(["a:0", "a:1", "a:2.5", "a:7", "b:1", "b:-3", "c:4"])


def dense(labels, rho):
    pairs = [str(name).rsplit(":", 1) for name in labels]
    return np.array(
        [[(g == h) * rho ** abs(float(s) - float(t)) for h, t in pairs] for g, s in pairs]
    )


@pytest.mark.parametrize("rho", [1e-6, 0.3, 0.9, 0.999999])
def test_covariance_is_the_dense_one(rho):
    factor = series(LABELS, "t").prepare(LABELS)
    np.testing.assert_allclose(factor.covariance({"rho": rho}), dense(LABELS, rho), atol=1e-12)
    mean = factor.mean_variance({"rho": rho})
    assert mean == pytest.approx((1.0, dense(LABELS, rho).mean()), rel=1e-10)


def test_new_times_are_drawn_given_their_neighbours():
    """Before, between (twice in one gap) and after the known times, and in a group of its own."""
    known = series(LABELS, "t")
    new = np.array(["a:-1", "a:-2", "a:3", "a:6.5", "a:9", "b:0", "d:1", "a:1"])
    longer = known.extend(new[:-1], pd.DataFrame(), "g")
    sampled = known.prepare(LABELS).nodes
    factor = longer.prepare(np.concatenate([new, LABELS]), sampled)
    assert factor.nodes[: len(sampled)].tolist() == sampled.tolist()
    both = np.concatenate([new, LABELS])
    np.testing.assert_allclose(factor.covariance({"rho": 0.7}), dense(both, 0.7), atol=1e-12)
    again = read_structure("series", longer.to_arrays())
    assert again.identity() == longer.identity()


def test_prior_makes_typical_neighbours_uniformly_correlated():
    (rho,) = series(np.array(["a:0", "a:4", "a:8", "b:1", "b:5"]), "t").hyper
    draws = rho.prior.frozen.rvs(size=4000, random_state=1) ** 4
    assert stats.kstest(draws, "uniform").pvalue > 0.01


@pytest.mark.parametrize("family", often("poisson"))
def test_density_and_gradient_equal_those_of_a_dense_normal(family):
    data = table(family)
    model = Compiled(
        "y ~ x + ar(week, person)", family, data, {"rho": bg.Prior("Beta", alpha=2, beta=3)}
    )
    rows = [f"{p}:{w:g}" for p, w in zip(data["person"], data["week"], strict=True)]
    (group,) = model.design.mu.groups
    assert group.name == "ar_person" and sorted(group.levels) == sorted(rows)

    def oracle(p):
        rho, sd = p["rho_ar_person"], p["sd_ar_person"][0]
        nodes = [f"p{i}:{w:g}" for i in range(6) for w in (0, 1, 2.5, 7)]
        root = np.linalg.cholesky(dense(nodes, rho))
        u = dict(zip(nodes, sd * root @ p["z_ar_person"][:, 0], strict=True))
        total = stats.norm.logpdf(p["z_ar_person"]).sum() + stats.halfnorm.logpdf(sd)
        total += stats.beta.logpdf(rho, 2, 3)
        return total + common(family, data, p, np.array([u[name] for name in rows]))

    model.agrees(oracle)


def test_one_series_of_all_rows_and_groups_of_two_columns():
    data = table("gaussian").assign(t=np.arange(24) * 2.0)
    group = prepare("y ~ 1 + ar(t)", data).require()[1].mu.groups[0]
    assert group.name == "ar_t" and (group.factor.parents >= 0).sum() == 23
    data["half"] = np.arange(24) % 2
    group = prepare("y ~ 1 + ar(t, person:half)", data).require()[1].mu.groups[0]
    assert group.name == "ar_person_by_half" and (group.factor.parents >= 0).sum() == 12
    for text in ("y ~ 1 + ar(t)", "y ~ x + ar(t, person:half)", "y ~ 1 + (1 | g) + ar(`a b`, g)"):
        spec = bg.parse(text)
        assert spec.formula == text and bg.ModelSpec.from_toml(spec.to_toml()) == spec


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"week": [0.0, 0, 2, 7] * 6}, ("'person' and 'week'", "rows 0, 1", "stand twice")),
        ({"week": list("abcd") * 6}, ("'week'", "numbers")),
        ({"week": [np.nan, 1, 2, 3] * 6}, ("'week'", "missing", "0")),
        ({"person": [f"q{i}" for i in range(24)]}, ("every group has one time",)),
    ],
)
def test_malformed_series_are_refused(change, words):
    found = bg.check("y ~ 1 + ar(week, person)", table("gaussian").assign(**change)).errors
    message = " ".join(f.message for f in found)
    assert all(word in message for word in words), message


WRONG = ("ar()", "ar(t, t)", "ar(t):x", "x - ar(t)", "ar(t, g, h)", "(ar(t))")


@pytest.mark.parametrize("text", WRONG)
def test_mistakes_are_shown_with_a_caret(text):
    with pytest.raises(bg.errors.FormulaError, match=r"\^"):
        bg.parse(f"y ~ {text}")


def test_simulated_series_have_the_correlation_per_unit_of_time():
    data = pd.DataFrame({"t": np.tile([0.0, 1.0, 3.0], 4000), "g": np.repeat(np.arange(4000), 3)})
    given = {"intercept": 0.0, "sd_ar_g": [2.0], "rho_ar_g": 0.6, "sigma": 1e-9}
    y = bg.simulate("y ~ 1 + ar(t, g)", data, given, seed=1)["y"].to_numpy().reshape(-1, 3)
    expected = 4 * np.array([[1, 0.6, 0.216], [0.6, 1, 0.36], [0.216, 0.36, 1]])
    error = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / 4000)
    assert (np.abs(np.cov(y.T) - expected) < 4 * error).all()


def prior_tree(n: int = 6000):
    """Draws of the prior around fixed scales as a fitted tree."""
    data = pd.DataFrame({"y": [0.1, 0.3, 0.2, 0.5, -0.1], "t": [0.0, 1, 4, 2, 3],
                         "g": ["a", "a", "a", "b", "b"]})  # fmt: skip
    prepared = prepare("y ~ 1 + ar(t, g)", data)
    schema, design = prepared.require()
    priors = resolve_priors(prepared.spec, design)
    (group,) = design.mu.groups
    z = np.random.default_rng(2).normal(size=(1, n, 5, 1))
    nodes = ["a:0", "a:1", "a:4", "b:2", "b:3"]
    assert group.factor.nodes.tolist() == nodes
    root = 2.0 * np.linalg.cholesky(dense(nodes, 0.7))
    u = (root @ z[0])[None, :, [nodes.index(level) for level in group.levels]]
    posterior = {"intercept": np.zeros((1, n)), "sigma": np.ones((1, n)), "z_ar_g": z, "u_ar_g": u,
                 "sd_ar_g": np.full((1, n, 1), 2.0), "rho_ar_g": np.full((1, n), 0.7)}  # fmt: skip
    stats_ = {"diverging": np.zeros((1, n), bool)}
    info = {"seed": 1, "settings": {"draws": n}, "versions": {}, "data_hash": "0",
            "structures": {k: s.identity() for k, s in prepared.structures.items()}}  # fmt: skip
    return make_tree(
        posterior, stats_, prepared.spec, schema, design, data, priors, info, prepared.structures
    )


def test_times_that_were_not_observed_are_predicted_from_their_neighbours(tmp_path):
    tree = bg.load(bg.save(prior_tree(), tmp_path / "fit.nc"))
    rows = pd.DataFrame({"t": [0.0, 2.0, 3.0, 6.0, 5.0, 1.0], "g": ["a", "a", "a", "a", "b", "c"]})
    found = bg.predictions(tree, rows, groups="new", draws=True).values.reshape(-1, 6)
    names = [f"{g}:{t:g}" for g, t in zip(rows["g"], rows["t"], strict=True)]
    expected = 4 * dense(names, 0.7)
    error = np.sqrt((np.outer(np.diag(expected), np.diag(expected)) + expected**2) / len(found))
    assert (np.abs(np.cov(found.T) - expected) < 4.5 * error).all()
    known = bg.predictions(tree, rows[:1], groups="known", draws=True).values.ravel()
    np.testing.assert_allclose(known, found[:, 0])
    with pytest.raises(bg.errors.UnknownLevelError, match="a:2"):
        bg.predictions(tree, rows[1:2], groups="known")
    share = bg.variance_partition(tree).set_index("component").loc["ar_g", "variance"]
    own = dense(["a:0", "a:1", "a:4", "b:2", "b:3"], 0.7)
    assert share == pytest.approx(4 * (1 - own.mean()), rel=1e-8)
    assert "rho_ar_g" in bg.summary(tree)["parameter"].tolist()
