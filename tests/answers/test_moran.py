"""Moran's I by its dense formula, and what it finds in space."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.diagnose.moran import Space, spaces
from bayes_glmm.errors import ArgumentError
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import Fit, make_tree
from tests.canned import bernoulli_tree, tree_of

SIDE, EACH = 9, 4


def lattice():
    """Return places on a grid, and the covariance of effects that fade with distance."""
    x, y = (v.ravel().astype(float) for v in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    names = [f"v{i:02d}" for i in range(len(x))]
    places = pd.DataFrame({"village": names, "x": x, "y": y})
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    return places, np.exp(-apart / 2.5)


def counts(related, seed=0):
    """Return counts in villages whose effects are related or not, and their effects."""
    places, K = lattice()
    rng = np.random.default_rng(seed)
    u = 0.7 * rng.multivariate_normal(np.zeros(len(K)), K if related else np.eye(len(K)))
    index = np.repeat(np.arange(len(K)), EACH)
    data = places.iloc[index].reset_index(drop=True)
    return data.assign(cases=rng.poisson(np.exp(1.5 + u[index]))), u


def plain_tree(related, seed=0):
    data, u = counts(related, seed)
    truth = {"intercept": 1.5, "sd_village": [0.7], "u_village": u[:, None]}
    return tree_of("cases ~ 1 + (1 | village)", data, truth, family="poisson", spread=0.05)


def structured_tree(related, seed=0):
    """Return a model of space itself, with effects as they were."""
    data, u = counts(related, seed)
    space = {"P": bg.coordinates("x", "y", kernel="exponential")}
    prepared = prepare("cases ~ 1 + (1 | gr(village, P))", data, space, family="poisson")
    schema, design = prepared.require()
    one = np.exp(np.random.default_rng(seed).normal(0, 0.03, (2, 200)))
    posterior = {
        "intercept": 1.5 * one, "sd_village": 0.7 * one[..., None], "range_village": 2.5 * one,
        "u_village": one[..., None, None] * u[:, None], "z_village": np.zeros((2, 200, len(u), 1)),
    }  # fmt: skip
    stats_of = {"diverging": one < 0, "energy": np.random.default_rng(1).random(one.shape)}
    return make_tree(
        posterior, stats_of, prepared.spec, schema, design, data,
        resolve_priors(prepared.spec, design), {}, prepared.structures,
    )  # fmt: skip


def test_the_statistic_is_that_of_the_dense_formula():
    rng = np.random.default_rng(1)
    pairs = np.array([[0, 1], [1, 2], [2, 3], [0, 3], [3, 4]])
    W = np.zeros((5, 5))
    W[pairs[:, 0], pairs[:, 1]] = 1
    W += W.T
    z = rng.normal(size=(3, 5))
    away = z - z.mean(axis=1, keepdims=True)
    expected = 5 / W.sum() * ((away @ W) * away).sum(axis=1) / (away**2).sum(axis=1)
    space = Space("g", np.array(list("abcde")), np.arange(5), pairs)
    np.testing.assert_allclose(space.moran(z), expected, rtol=1e-12)


@pytest.mark.parametrize("related", [True, False])
def test_neighbours_that_are_given(related):
    near = bg.nearest_neighbours(lattice()[0], "village", "x", "y", k=4)
    found = bg.moran(plain_tree(related), "village", near).iloc[0]
    assert found["places"] == SIDE**2 and found["pairs"] >= 2 * SIDE * (SIDE - 1)
    assert abs(found["replicated"]) < 0.05 and abs(found["permuted"]) < 0.02
    p = found[["p_predictive", "p_permutation"]]
    assert (p < 0.01).all() if related else (p > 0.02).all()
    assert found["moran"] > 0.2 if related else abs(found["moran"]) < 0.2
    again = bg.moran(plain_tree(related), "village", near).iloc[0]
    pd.testing.assert_series_equal(found, again)


def test_effects_of_places_hide_what_is_common_to_them():
    near = bg.nearest_neighbours(lattice()[0], "village", "x", "y", k=4)
    found = bg.moran(plain_tree(True), "village", near, groups="known").iloc[0]
    assert found["moran"] < 0.2


def test_a_model_of_space_is_held_against_space():
    tree = structured_tree(True)
    found = bg.moran(tree).iloc[0]
    assert found["p_permutation"] < 0.01 and found["replicated"] > 0.2
    assert 0.02 < found["p_predictive"] < 0.98
    report = bg.diagnose(tree)
    assert "residual autocorrelation in space" in report.looked_at
    assert not report["residual_spatial_autocorrelation"]


def test_more_than_the_model_of_space_says_is_found():
    tree = structured_tree(True)
    tree["posterior"]["range_village"] = tree["posterior"]["range_village"] * 0.02
    (finding,) = bg.diagnose(tree)["residual_spatial_autocorrelation"]
    assert "village" in finding.message and finding.figure > finding.threshold


def test_only_places_with_rows_count():
    tree = plain_tree(False)
    assert not list(spaces(Fit.of(tree)))
    near = bg.nearest_neighbours(lattice()[0], "village", "x", "y", k=4)
    elsewhere = pd.DataFrame({"from": ["v00", "far"], "to": ["far", "away"]})
    plain = bg.moran(tree, "village", near)
    wider = bg.moran(tree, "village", pd.concat([near, elsewhere], ignore_index=True))
    pd.testing.assert_frame_equal(plain, wider)


def test_what_does_not_fit_is_refused():
    tree = bernoulli_tree()
    with pytest.raises(ArgumentError, match="nearest_neighbours"):
        bg.moran(tree)
    pairs = pd.DataFrame({"from": ["p00"], "to": ["p01"]})
    with pytest.raises(ArgumentError, match="'person'"):
        bg.moran(tree, "persons", pairs)
    with pytest.raises(ArgumentError, match="Only 1 pairs"):
        bg.moran(tree, "person", pairs)
    with pytest.raises(ArgumentError, match="'known'"):
        bg.moran(tree, "person", pairs, groups="typical")
