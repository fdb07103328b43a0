"""A Gaussian model with one structure, collapsed by its eigendecomposition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.engine import choose
from bayes_glmm.engine.compiled import compile_model
from bayes_glmm.engine.rotated import Rotation, rotated_graph, rotates, with_effects
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from tests.graph.test_graph import compiled


def relatives(n=24, seed=1):
    rng = np.random.default_rng(seed)
    ids = [f"m{i:02d}" for i in range(n)]
    A = rng.normal(size=(n, 2 * n))
    K = A @ A.T / (2 * n)
    return pd.DataFrame(K, ids, ids)


def prepared(formula="y ~ x + (1 | gr(mouse, A))", repeats=2, **options):
    K = relatives()
    rng = np.random.default_rng(2)
    mouse = np.repeat(K.index.to_numpy(), repeats)[rng.permutation(24 * repeats)]
    x = rng.normal(size=len(mouse))
    u = pd.Series(rng.multivariate_normal(np.zeros(24), K), K.index)
    y = 3 + 0.5 * x + 0.8 * u[mouse].to_numpy() + 0.6 * rng.normal(size=len(mouse))
    data = pd.DataFrame({"y": y, "x": x, "mouse": mouse, "known": 0.1 * x**2})
    given = prepare(formula, data, structures={"A": bg.kinship(K)}, offset="known", **options)
    _, design = given.require()
    return given, design, resolve_priors(given.spec, design), K, data


def test_density_is_that_of_the_dense_normal():
    _, design, priors, K, data = prepared()
    assert rotates(design)
    model = rotated_graph(design, priors, Rotation.of(design.groups[0]))
    bare = compiled(model)
    rng = np.random.default_rng(3)
    Z = (data["mouse"].to_numpy()[:, None] == K.index.to_numpy()).astype(float)
    C = Z @ K.to_numpy() @ Z.T
    found, expected = [], []
    for _ in range(6):
        point = {v.name: 0.3 * rng.normal(size=value.shape) for v, value in
                 ((v, np.asarray(model.initial_point()[v.name])) for v in model.value_vars)}  # fmt: skip
        names = {
            n: v for n, v in zip((v.name for v in model.value_vars), point.values(), strict=True)
        }
        p = {}
        sd, sigma = np.exp(names["sd_mouse_log__"][0]), np.exp(names["sigma_log__"])
        prior = priors["beta[x]"]
        p["beta"] = prior["mu"] + prior["sigma"] * names["beta_standardized__"]
        prior = priors["intercept"]
        middle = prior["mu"] + prior["sigma"] * names["intercept_standardized__"]
        intercept = float(np.squeeze(middle)) - design.mu.centers @ p["beta"]
        mean = data["known"] + intercept + p["beta"][0] * data["x"]
        V = sd**2 * C + sigma**2 * np.eye(len(data))
        expected.append(stats.multivariate_normal.logpdf(data["y"], mean, V))
        parts = stats.norm.logpdf(np.squeeze(names["beta_standardized__"]))
        parts += stats.norm.logpdf(np.squeeze(names["intercept_standardized__"]))
        for name, value in (("sd_mouse[intercept]", sd), ("sigma", sigma)):
            parts += priors[name].frozen.logpdf(value) + np.log(value)
        found.append(bare(names)[0] - parts)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_effects_are_drawn_from_their_conditional_distribution():
    _, design, priors, K, data = prepared()
    rotation = Rotation.of(design.groups[0])
    n = 60_000
    draws = {
        "intercept": np.full((1, n), 3.1), "beta": np.full((1, n, 1), 0.4),
        "sd_mouse": np.full((1, n, 1), 0.9), "sigma": np.full((1, n), 0.7),
    }  # fmt: skip
    out = with_effects(design, rotation, draws, seed=5)
    u = out["u_mouse"][0, :, :, 0]
    levels = design.groups[0].levels
    K = K.loc[levels, levels].to_numpy()
    Z = (data["mouse"].to_numpy()[:, None] == levels).astype(float)
    left = data["y"] - data["known"] - 3.1 - 0.4 * data["x"]
    precision = np.linalg.inv(0.81 * K) + Z.T @ Z / 0.49
    cov = np.linalg.inv(precision)
    mean = cov @ Z.T @ left / 0.49
    error = np.sqrt(np.diag(cov) / n)
    assert (np.abs(u.mean(axis=0) - mean) < 4.5 * error).all()
    np.testing.assert_allclose(np.cov(u.T), cov, atol=6 * np.diag(cov).max() / np.sqrt(n))
    z = out["z_mouse"][0, :, :, 0]
    np.testing.assert_allclose(0.9 * z @ rotation.root.T, u, atol=1e-10)


@pytest.mark.parametrize(
    "formula", ["y ~ x + (1 + x | gr(mouse, A))", "y ~ x + (1 | gr(mouse, A)) + (1 | mouse)"]
)
def test_other_models_are_not_rotated(formula):
    assert not rotates(prepared(formula)[1])
    assert not rotates(prepared("y ~ x + (1 | gr(mouse, A))", link="log")[1])


def test_the_engine_is_chosen_by_itself(monkeypatch):
    """Few levels are integrated out by the kernel, and turned where each factor would take long."""
    given, design, priors, _, _ = prepared()
    for most, noted in ((choose.PER_UNIT, False), (-np.inf, True)):
        monkeypatch.setattr(choose, "PER_UNIT", most)
        sampled = compile_model(given.spec, design, priors, "auto")
        assert sampled.path == "collapsed"
        assert ["integrated out" in note for note in sampled.notes] == [True] * noted


@pytest.mark.slow
def test_posterior_equals_the_plain_graph(monkeypatch):
    """Means within 4 Monte Carlo errors, spreads within 10 %, effects included."""
    monkeypatch.setattr(choose, "PER_UNIT", -np.inf)
    _, _, _, K, data = prepared()
    given = {"structures": {"A": bg.kinship(K)}, "offset": "known", "progress": False, "seed": 4}
    fast, plain = (
        bg.fit("y ~ x + (1 | gr(mouse, A))", data, engine=e, chains=4, draws=2_000, **given)
        for e in ("auto", "nuts")
    )
    for name in ("intercept", "beta", "sd_mouse", "sigma", "u_mouse"):
        a, b = (t["posterior"][name].values for t in (fast, plain))
        a, b = (v.reshape(4, 2_000, -1) for v in (a, b))
        error = np.hypot(
            *(v.reshape(4, 20, 100, -1).mean(axis=2).std(axis=(0, 1)) / np.sqrt(80) for v in (a, b))
        )
        assert (np.abs(a.mean(axis=(0, 1)) - b.mean(axis=(0, 1))) < 4 * error).all()
        np.testing.assert_allclose(a.std(axis=(0, 1)), b.std(axis=(0, 1)), rtol=0.12)
