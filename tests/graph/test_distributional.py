"""Formulas for the parameters of a family beside its mean: the same exact oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

import bayes_glmm as bg
from bayes_glmm.answers.predict.predictor_draws import parameters
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import SpecError
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.results.fit import Fit
from tests.canned import tree_of
from tests.graph.support import Flat, oracle, points, slope, table
from tests.graph.test_graph import assert_double_precision, compiled

CASES = {
    "zi with a group": ("zero_inflated_poisson", {"zi": "~ z + (1 + x | b)"}),
    "hurdle and shape": ("hurdle_gamma", {"hurdle": "~ x", "shape": "~ 1"}),
    "sigma": ("gaussian", {"sigma": "~ z + (1 | a)"}),
    "skew": ("skew_normal", {"skew": "~ 0 + x", "sigma": "~ offset(z)"}),
    "dispersion": ("negative_binomial", {"dispersion": "~ x"}),
}


@pytest.mark.parametrize("case", CASES)
def test_density_and_gradient_equal_the_oracle(case):
    family, others = CASES[case]
    data = table(family)
    spec = bg.parse({"mu": "y ~ x + (1 | a)", **others}, family=family)
    design = Schema.learn(spec, data).apply(data)
    priors = resolve_priors(spec, design)
    model = build_graph(spec, design, priors)
    function, flat = compiled(model), Flat(model)
    assert_double_precision(model, function)
    rng = np.random.default_rng(1)

    def density(x):
        return oracle(design, priors, flat, x)[0]

    for x in points(design, priors, flat):
        with_volume, plain, gradient = function(flat.unpack(x))
        expected = oracle(design, priors, flat, x)
        assert with_volume == pytest.approx(expected[0], rel=1e-10, abs=0)
        assert plain == pytest.approx(expected[1], rel=1e-10, abs=0)
        direction = rng.normal(size=flat.size)
        along = slope(density, x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-3)


def test_a_parameter_that_the_family_lacks_is_refused():
    with pytest.raises(SpecError, match="'zi'.*dispersion"):
        bg.check({"mu": "y ~ x", "zi": "~ x"}, table("poisson"), family="negative_binomial")


def test_default_priors_lie_around_those_of_the_plain_parameter():
    data = table("gaussian")
    found = bg.priors({"mu": "y ~ x", "sigma": "~ x"}, data).set_index("parameter")
    plain = bg.priors("y ~ x", data).set_index("parameter")
    middle = stats.t.ppf(0.75, 4) * np.std(data["y"])
    assert plain.loc["sigma", "scale"] == "family"
    assert "sigma" not in found.index
    assert found.loc["intercept_sigma", "scale"] == "link (log)"
    low, high = found.loc["intercept_sigma", ["q2.5", "q97.5"]]
    assert (low + high) / 2 == pytest.approx(np.log(middle), rel=1e-6)


TRUTH = {
    "intercept": 1.0, "beta": {"x": 0.5}, "sd_a": 0.6,
    "intercept_zi": -1.0, "beta_zi": {"z": 0.4}, "sd_zi_b": 0.8,
}  # fmt: skip
FORMULA = {"mu": "y ~ x + (1 | a)", "zi": "~ z + (1 | b)"}


def test_simulated_means_are_those_of_both_predictors():
    data = table("zero_inflated_poisson", 12)
    rows = data.loc[np.repeat(data.index, 4_000)].reset_index(drop=True)
    u, v = {"p": 0.3, "q": -0.2, "r": 0.0, "s": 0.5}, {"u": 0.5, "v": 0.0, "w": -0.5}
    given = {**TRUTH, "u_a": u, "u_zi_b": v}
    y = bg.simulate(FORMULA, rows, given, seed=3, family="zero_inflated_poisson")["y"]
    mean = y.groupby(np.arange(len(y)) // 4_000).mean().to_numpy()
    mu = np.exp(1 + 0.5 * data["x"] + data["a"].map(u))
    zi = special.expit(-1 + 0.4 * data["z"] + data["b"].map(v))
    spread = np.sqrt((1 - zi) * mu * (1 + zi * mu) / 4_000)
    assert (np.abs(mean - (1 - zi) * mu) < 4 * spread).all()


@pytest.fixture(scope="module")
def tree():
    truth = {
        "intercept": 1.0, "beta": [0.5], "sd_a": [0.6], "u_a": [[0.3], [-0.2], [0.0], [0.5]],
        "intercept_zi": -1.0, "beta_zi": [0.4], "sd_zi_b": [0.8], "u_zi_b": [[0.5], [0.0], [-0.5]],
    }  # fmt: skip
    return tree_of(FORMULA, table("zero_inflated_poisson"), truth, family="zero_inflated_poisson")


def test_predictions_use_the_formula_of_zi(tree):
    fit = Fit.of(tree)
    own = parameters(fit, fit.design)["zi"]
    post = {k: v.values.reshape(-1, *v.shape[2:]) for k, v in fit.posterior.items()}
    data, b = fit.data, list("uvw")
    eta = post["intercept_zi"][:, None] + post["beta_zi"] * data["z"].to_numpy()
    eta = eta + post["u_zi_b"][:, [b.index(k) for k in data["b"]], 0]
    np.testing.assert_allclose(own, special.expit(eta), rtol=1e-12)


def test_population_mean_integrates_both_predictors(tree):
    """Against random effects drawn by the million for single posterior draws."""
    found = bg.predictions(tree, draws=True).values.reshape(-1, 12)
    fit = Fit.of(tree)
    post = {k: v.values.reshape(-1, *v.shape[2:]) for k, v in fit.posterior.items()}
    x, z = (fit.data[k].to_numpy() for k in "xz")
    rng = np.random.default_rng(5)
    u, v = rng.standard_normal((2, 1_000_000))
    for draw in (0, 7):
        p = {k: w[draw] for k, w in post.items()}
        for row in (0, 5):
            mu = np.exp(p["intercept"] + p["beta"][0] * x[row] + p["sd_a"][0] * u)
            zi = special.expit(p["intercept_zi"] + p["beta_zi"][0] * z[row] + p["sd_zi_b"][0] * v)
            sample = mu * (1 - zi)
            error = sample.std() / 1000
            assert abs(found[draw, row] - sample.mean()) < 4 * error


def test_answers_name_the_parameter(tree):
    names = bg.summary(tree)["parameter"].tolist()
    assert {"intercept_zi", "beta_zi[z]", "sd_zi_b[intercept]"} <= set(names)
    effects = bg.random_effects(tree, "zi_b")
    assert effects.attrs["scale"] == "link of zi (logit)"
    with pytest.raises(bg.errors.ArgumentError, match="formula of 'zi'"):
        bg.rank(tree, "zi_b")


def test_result_survives_the_disk(tree, tmp_path):
    path = bg.save(tree, tmp_path / "fit.nc")
    again = bg.load(path)
    assert bg.summary(again).equals(bg.summary(tree))
    assert Fit.of(again).spec == Fit.of(tree).spec


def test_log_likelihood_is_that_of_each_row(tree):
    from bayes_glmm.answers.compare.pointwise import with_log_likelihood

    found = with_log_likelihood(tree)["log_likelihood"]["y"].values.reshape(-1, 12)
    fit = Fit.of(tree)
    post = {k: v.values.reshape(-1, *v.shape[2:]) for k, v in fit.posterior.items()}
    data = fit.data
    a = [list("pqrs").index(k) for k in data["a"]]
    mu = np.exp(post["intercept"][:, None] + post["beta"] * data["x"].to_numpy()
                + post["u_a"][:, a, 0])  # fmt: skip
    zi = parameters(fit, fit.design)["zi"]
    y = data["y"].to_numpy()
    plain = (1 - zi) * stats.poisson.pmf(y, mu)
    np.testing.assert_allclose(found, np.log(np.where(y == 0, zi, 0) + plain), rtol=1e-9)


def test_prior_predictive_follows_the_formula():
    data = table("gaussian")
    tree = bg.prior_predictive(
        {"mu": "y ~ 1", "sigma": "~ 0 + x"}, data, draws=2_000, seed=1,
        priors={"beta_sigma": bg.Prior("Normal", mu=2, sigma=0.01)},
    )  # fmt: skip
    drawn = tree["prior_predictive"]
    error = (drawn["y"] - drawn["mu"]).values[0]
    np.testing.assert_allclose(np.log(error.std(axis=0)), 2 * data["x"], atol=0.1)
