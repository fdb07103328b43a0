"""Effects of one group correlated across formulas, ``(1 |p| site)``: density and answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.errors import ArgumentError, FormulaError, SpecError
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.results.fit import Fit
from bayes_glmm.studies.prior_predictive import draw_parameters
from tests.canned import tree_of
from tests.graph.support import Flat, natural, slope, table
from tests.graph.test_graph import assert_double_precision, compiled
from tests.oracle import log_posterior

CASES = {
    "location and scale": ("gaussian", {"mu": "y ~ x + (1 + x |p| a)", "sigma": "~ z + (1 |p| a)"}),
    "counts and zeros": (
        "zero_inflated_poisson",
        {"mu": "y ~ x + (1 |p| a) + (1 | b)", "zi": "~ (1 |p| a) + (1 | b)"},
    ),
    "successes and zeros": (
        "zero_inflated_binomial",
        {"mu": "y | trials(n) ~ x + (1 |q| b)", "zi": "~ z + (0 + z |q| b)"},
    ),
    "one formula": ("poisson", {"mu": "y ~ x + (1 |p| a) + (0 + x |p| a)"}),
    "one formula of 0 and 1": ("bernoulli", {"mu": "y ~ x + (1 |p| a) + (0 + x |p| a)"}),
}


def density(design, priors, flat, x) -> float:
    """Log-density with the Jacobian; effects are stated once and enter each predictor.

    Here the mean's predictor holds the shared group, and others have its share as an offset.
    """
    shared = next(g for g in design.mu.groups if g.name in ("a", "b") and len(g.terms) > 1)
    bare = {
        name: p if name == "mu"
        else replace(p, groups=tuple(g for g in p.groups if g.name != shared.name))
        for name, p in design.predictors.items()
    }  # fmt: skip
    point, volume = natural(replace(design, predictors=bare), priors, flat.unpack(x))
    u = point[f"u_{shared.name}"]
    for name, p in design.predictors.items():
        theirs = [g for g in p.groups if g.name == shared.name]
        if name != "mu" and theirs:
            share = (theirs[0].Z * u[theirs[0].index]).sum(axis=1)
            bare[name] = replace(bare[name], offset=p.offset + share)
    return volume + log_posterior(replace(design, predictors=bare), priors, point)


SLOW = ("successes and zeros", "one formula of 0 and 1")


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[pytest.mark.slow] * (c in SLOW)) for c in CASES]
)
def test_density_and_gradient_equal_the_oracle(case):
    family, formula = CASES[case]
    data = table(family)
    spec = bg.parse(formula, family=family)
    design = Schema.learn(spec, data).apply(data)
    priors = resolve_priors(spec, design)
    model = build_graph(spec, design, priors)
    function, flat = compiled(model), Flat(model)
    assert_double_precision(model, function)
    rng = np.random.default_rng(1)
    for _ in range(15):
        x = flat.centre(design, priors) + rng.normal(0, 0.4, flat.size)
        value, _, gradient = function(flat.unpack(x))
        assert value == pytest.approx(density(design, priors, flat, x), rel=1e-10, abs=0)
        direction = rng.normal(size=flat.size)
        along = slope(lambda at: density(design, priors, flat, at), x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-3)


def test_one_formula_with_a_name_is_one_block():
    data = table("poisson")
    named, plain = (
        Schema.learn(bg.parse(text, family="poisson"), data).apply(data).mu.groups
        for text in ("y ~ x + (1 |p| a) + (0 + x |p| a)", "y ~ x + (1 + x | a)")
    )
    assert [g.terms for g in named] == [g.terms for g in plain] == [("intercept", "x")]
    assert named[0].blocks == plain[0].blocks
    np.testing.assert_array_equal(named[0].Z, plain[0].Z)


FORMULA = {"mu": "y ~ x + (1 + x |p| a)", "zi": "~ z + (1 |p| a)"}
CORR = np.array([[1.0, 0.3, -0.7], [0.3, 1.0, 0.2], [-0.7, 0.2, 1.0]])
SD = np.array([0.6, 0.4, 1.2])
U = np.random.default_rng(3).multivariate_normal(np.zeros(3), SD[:, None] * CORR * SD, 4)


@pytest.fixture(scope="module")
def tree():
    truth = {
        "intercept": 1.0, "beta": [0.5], "intercept_zi": -1.0, "beta_zi": [0.4], "sd_a": SD,
        "corr_a": CORR, "corr_chol_a": np.linalg.cholesky(CORR), "u_a": U,
    }  # fmt: skip
    return tree_of(FORMULA, table("zero_inflated_poisson"), truth, family="zero_inflated_poisson")


def draws_of(tree):
    return {
        k: v.values.reshape(-1, *v.shape[2:]) for k, v in tree["posterior"].to_dataset().items()
    }


def test_terms_of_other_parameters_begin_with_their_name(tree):
    fit = Fit.of(tree)
    assert [g.name for g in fit.groups] == ["a"]
    assert fit.group("a").terms == ("intercept", "x", "zi_intercept")
    names = bg.summary(tree).set_index("parameter")["scale"]
    assert names["sd_a[x]"] == "link (log)"
    assert names["sd_a[zi_intercept]"] == "link of zi (logit)"
    assert names["corr_a[intercept, zi_intercept]"] == "correlation"
    assert names.index.is_unique
    found = bg.random_effects(tree, "a")
    assert found.attrs["scale"] == "link (log); link of zi (logit)"


def test_population_mean_integrates_over_correlated_predictors(tree):
    """Against effects of all formulas drawn together, for single posterior draws."""
    found = bg.predictions(tree, draws=True).values.reshape(-1, 12)
    post, data = draws_of(tree), Fit.of(tree).data
    z = np.random.default_rng(5).standard_normal((1_000_000, 3))
    apart = []
    for draw in (0, 7):
        p = {k: w[draw] for k, w in post.items()}
        u = z @ (p["sd_a"][:, None] * np.linalg.cholesky(p["corr_a"])).T
        for row in (0, 5):
            x, w = data["x"].iloc[row], data["z"].iloc[row]
            mu = np.exp(p["intercept"] + p["beta"][0] * x + u[:, 0] + u[:, 1] * x)
            zi = special.expit(p["intercept_zi"] + p["beta_zi"][0] * w + u[:, 2])
            sample = mu * (1 - zi)
            error = sample.std() / 1000
            assert abs(found[draw, row] - sample.mean()) < 4 * error
            apart.append(abs(mu.mean() * (1 - zi).mean() - sample.mean()) / error)
    assert min(apart) > 20, "the correlation matters in this test"


def test_population_responses_have_that_mean(tree):
    rows = Fit.of(tree).data.iloc[[0] * 400]
    mean = bg.predictions(tree, rows.iloc[:1], draws=True).values.mean()
    drawn = bg.predictions(tree, rows, kind="response", draws=True).values.reshape(1000, 400)
    error = drawn.std() / np.sqrt(drawn.size)
    assert abs(drawn.mean() - mean) < 5 * error


def test_known_and_new_levels_have_one_set_of_effects(tree):
    fit, post = Fit.of(tree), draws_of(tree)
    data, a = fit.data, [list("pqrs").index(k) for k in fit.data["a"]]
    x, z = (data[k].to_numpy() for k in "xz")
    u = post["u_a"][:, a]
    mu = np.exp(post["intercept"][:, None] + post["beta"] * x + u[..., 0] + u[..., 1] * x)
    zi = special.expit(post["intercept_zi"][:, None] + post["beta_zi"] * z + u[..., 2])
    found = bg.predictions(tree, groups="known", draws=True).values.reshape(-1, 12)
    np.testing.assert_allclose(found, mu * (1 - zi), rtol=1e-10)
    many = data.iloc[[0] * 2000].assign(a=[f"new {i}" for i in range(2000)])
    new = bg.predictions(tree, many, groups="new", draws=True).values.reshape(1000, -1)
    whole = bg.predictions(tree, many.iloc[:1], draws=True).values.reshape(1000)
    gap = (new.mean(axis=1) - whole) / (new.std(axis=1) / np.sqrt(2000))
    assert abs(gap.mean()) < 0.5


def test_coefficients_add_each_formulas_own(tree):
    post = draws_of(tree)
    found = bg.coefficients(tree, "a").set_index(["level", "term"])["mean"]
    expected = post["intercept_zi"].mean() + post["u_a"][:, 1, 2].mean()
    assert found["q", "zi_intercept"] == pytest.approx(expected, rel=1e-12)
    expected = post["beta"].mean() + post["u_a"][:, 0, 1].mean()
    assert found["p", "x"] == pytest.approx(expected, rel=1e-12)


def test_variance_of_the_mean_counts_its_own_terms(tree):
    post, x = draws_of(tree), Fit.of(tree).data["x"].to_numpy()
    share = bg.variance_partition(tree, draws=True)["variance"]
    found = share.values.reshape(1000, -1)[:, 1]
    sd, r = post["sd_a"], post["corr_a"][:, 0, 1]
    expected = sd[:, 0] ** 2 + 2 * r * sd[:, 0] * sd[:, 1] * x.mean()
    np.testing.assert_allclose(found, expected + sd[:, 1] ** 2 * (x**2).mean(), rtol=1e-10)
    assert "interaction" not in bg.variance_partition(tree, scale="data")["component"].tolist()


def test_files_schema_and_text_keep_the_name(tree, tmp_path):
    spec = Fit.of(tree).spec
    assert spec.formula == {"mu": "y ~ x + (1 + x |p| a)", "zi": "~ z + (1 |p| a)"}
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(bg.summary(again), bg.summary(tree))
    schema = Fit.of(tree).schema
    assert schema_from_dict(schema_to_dict(schema)).spec == spec
    assert Fit.of(again).group("a").owners == ("mu", "mu", "zi")
    assert "sd_a[zi_intercept]" in bg.priors(spec, table("zero_inflated_poisson")).values
    bg.diagnose(tree)


def test_priors_and_simulation_draw_them_together():
    data = table("gaussian")
    formula = {"mu": "y ~ 1 + (1 |p| a)", "sigma": "~ 1 + (1 |p| a)"}
    spec = bg.parse(formula, priors={"corr_a": bg.Prior("LKJ", eta=1)})
    design = Schema.learn(spec, data).apply(data)
    drawn = draw_parameters(design, resolve_priors(spec, design), 20_000, np.random.default_rng(1))
    r = drawn["corr_a"][:, 0, 1]
    assert stats.kstest(r, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    z = drawn["u_a"] / drawn["sd_a"][:, None, :]
    assert np.corrcoef(z[r > 0.9][:, 0].T)[0, 1] > 0.85
    truth = {
        "intercept": 0.0, "intercept_sigma": 0.0, "corr_a": [[1, 1], [1, 1]],
        "sd_a": {"intercept": 1.0, "sigma_intercept": 1.0},
    }  # fmt: skip
    rows = pd.DataFrame({"a": np.repeat([f"g{i}" for i in range(300)], 200)})
    y = bg.simulate(formula, rows, truth, seed=2)["y"].groupby(rows["a"])
    assert np.corrcoef(y.mean(), np.log(y.std()))[0, 1] > 0.9


def test_a_structure_can_be_shared():
    levels = list("pqrs")
    K = pd.DataFrame(0.5 * np.eye(4) + 0.5, levels, levels)
    formula = {"mu": "y ~ 1 + (1 |p| gr(a, K))", "sigma": "~ 1 + (1 |p| gr(a, K))"}
    model = bg.build_model(formula, table("gaussian"), structures={"K": bg.kinship(K)})
    point = model.initial_point()
    point["z_a"] = np.random.default_rng(1).normal(size=point["z_a"].shape)
    assert np.isfinite(model.compile_logp(mode="FAST_COMPILE")(point))
    assert [v.name for v in model.free_RVs].count("z_a") == 1


def test_a_plain_group_keeps_its_name():
    data = table("gaussian")
    spec = bg.parse({"mu": "y ~ x + (1 | a) + (0 + x |p| a)", "sigma": "~ 1 + (1 |p| a)"})
    design = Schema.learn(spec, data).apply(data)
    assert [g.name for g in design.groups] == ["a", "a_p"]
    assert design.groups[1].terms == ("x", "sigma_intercept")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ (1 ||p| g)", r"write \|, not \|\|.*\n.*\n +\^"),
        ("y ~ (1 |p|| g)", r"write \|, not \|\|"),
        ("y ~ (1 |3| g)", "name stands between"),
        ("y ~ (1 |p|q| g)", "ends with its group"),
        ("y ~ (1 |`p`| g)", "without back-quotes"),
    ],
)
def test_mistakes_are_shown(text, message):
    with pytest.raises(FormulaError, match=message):
        bg.parse(text)


def test_what_cannot_be_is_refused(tree):
    with pytest.raises(SpecError, match=r"\|p\| joins effects of g .* one only"):
        bg.parse({"mu": "y ~ (1 |p| g)", "sigma": "~ (1 |p| h)"})
    with pytest.raises(SpecError, match="cannot keep them independent"):
        bg.RandomEffect("g", ("x",), correlated=False, shared="p")
    with pytest.raises(SpecError, match="would vary twice by a"):
        Schema.learn(bg.parse("y ~ (1 |p| a) + (1 + x |p| a)"), table("gaussian"))
    with pytest.raises(
        ArgumentError, match="a lies within it, in the formula of another parameter"
    ):
        bg.compare({"one": tree, "two": tree}, by="a")
