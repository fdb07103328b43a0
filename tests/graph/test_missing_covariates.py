"""Covariates with missing values, ``mi(x)``: density, closed form, answers, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import bayes_glmm as bg
from bayes_glmm.answers.compare.pointwise import with_log_likelihood
from bayes_glmm.answers.predict.profiles import profile
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import (
    ArgumentError,
    DataError,
    EngineError,
    FormulaError,
    MissingDataError,
    SpecError,
)
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.results.fit import Fit
from bayes_glmm.studies.prior_predictive import draw_parameters
from tests.canned import tree_of
from tests.graph.support import Flat, natural, slope
from tests.graph.support import table as plain
from tests.graph.test_graph import assert_double_precision, compiled
from tests.oracle import log_posterior, log_prior, predictor_part

GAPS, OTHER = [1, 4, 10], [4, 7]
IDS = [f"r{i}" for i in range(12)]


def table(family: str = "gaussian") -> pd.DataFrame:
    rng = np.random.default_rng(8)
    data = plain(family).set_axis(IDS)
    data["bmi"], data["chol"] = 25 + 3 * rng.normal(size=12), rng.normal(size=12)
    data.iloc[GAPS, data.columns.get_loc("bmi")] = np.nan
    data.iloc[OTHER, data.columns.get_loc("chol")] = np.nan
    return data


OWN = {"bmi": "bmi ~ x + (1 | b)"}
CASES = {
    "gaussian": {"mu": "y ~ mi(bmi) + z + (1 | a)", **OWN},
    "poisson": {"mu": "y ~ mi(bmi) * z", **OWN},
    "bernoulli": {"mu": "y ~ mi(bmi):mi(chol) + mi(chol) + x", **OWN, "chol": "chol ~ 1"},
}
COLUMNS = {
    "mi(bmi)": lambda d, f: f["bmi"],
    "mi(bmi):z": lambda d, f: f["bmi"] * d["z"],
    "mi(chol)": lambda d, f: f["chol"],
    "mi(bmi):mi(chol)": lambda d, f: f["bmi"] * f["chol"],
}
SLOW = ("poisson",)


@pytest.mark.parametrize(
    "family", [pytest.param(c, marks=[pytest.mark.slow] * (c in SLOW)) for c in CASES]
)
def test_density_and_gradient_equal_the_oracle(family):
    data = table(family)
    spec = bg.parse(CASES[family], family=family, priors={"beta": bg.Prior("Normal", sigma=0.1)})
    design = Schema.learn(spec, data).apply(data)
    priors = resolve_priors(spec, design)
    model = build_graph(spec, design, priors)
    function, flat = compiled(model), Flat(model)
    assert_double_precision(model, function)
    own = {name: c.predictor for name, c in design.covariates.items()}

    def density(x):
        coordinates = flat.unpack(x)
        both = replace(design, predictors=dict(design.predictors) | own, covariates={})
        point, total = natural(both, priors, coordinates)
        filled = {}
        for name, predictor in own.items():
            prior, eta = predictor_part(predictor, f"_{name}", priors, point, 12)
            log_sigma = float(coordinates[f"sigma_{name}_log__"])
            sigma, p = np.exp(log_sigma), priors[f"sigma_{name}"]
            gaps = np.flatnonzero(data[name].isna())
            filled[name] = data[name].to_numpy(copy=True)
            filled[name][gaps] = eta[gaps] + sigma * coordinates[f"mi_{name}_standardized__"]
            total += prior + log_prior(p.name, dict(p.parameters), sigma) + log_sigma
            total += stats.norm.logpdf(filled[name], eta, sigma).sum() + len(gaps) * log_sigma
        X = design.mu.X.copy()
        for k, label in enumerate(design.mu.coefficients):
            X[:, k] = COLUMNS[label](data, filled) if label in COLUMNS else X[:, k]
        there = replace(design, predictors={"mu": replace(design.mu, X=X)}, covariates={})
        return total + log_posterior(there, priors, point)

    rng = np.random.default_rng(1)
    for _ in range(15):
        x = rng.normal(0, 0.3, flat.size)
        value, _, gradient = function(flat.unpack(x))
        assert value == pytest.approx(density(x), rel=1e-10, abs=0)
        direction = rng.normal(size=flat.size)
        along = slope(density, x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-3)


def test_missing_values_have_the_conditional_of_the_normal_distribution():
    """Given all parameters, x and y are jointly normal: mean and variance of x given y are known."""
    data = table()
    spec = bg.parse({"mu": "y ~ mi(bmi) + z", "bmi": "bmi ~ x"})
    design = Schema.learn(spec, data).apply(data)
    model = build_graph(spec, design, resolve_priors(spec, design), "natural")
    function, flat = compiled(model), Flat(model)
    a, b, c, sigma, alpha, gamma, s = 1.0, 0.15, -0.4, 0.7, 24.0, 1.5, 2.5
    x, z, y = (data[k].to_numpy()[GAPS] for k in "xzy")
    middle = alpha + gamma * x
    joint = np.array([[s**2, b * s**2], [b * s**2, b**2 * s**2 + sigma**2]])
    weight = joint[0, 1] / joint[1, 1]
    mean = middle + weight * (y - (a + b * middle + c * z))
    variance = joint[0, 0] - weight * joint[0, 1]
    here = {
        "intercept": a, "beta": [b, c], "sigma_log__": np.log(sigma), "intercept_bmi": alpha,
        "beta_bmi": [gamma], "sigma_bmi_log__": np.log(s),
    }  # fmt: skip
    place = list(flat.shapes).index("mi_bmi")
    before = sum(int(np.prod(v)) for v in list(flat.shapes.values())[:place])

    def gradient(values):
        point = {k: np.asarray(here.get(k, 0), float).reshape(v) for k, v in flat.shapes.items()
                 if k != "mi_bmi"} | {"mi_bmi": np.asarray(values)}  # fmt: skip
        return function({k: point[k] for k in flat.shapes})[2][before : before + 3]

    np.testing.assert_allclose(gradient(mean), 0, atol=1e-9)
    step = gradient(mean + [1.0, 0, 0]) - gradient(mean)
    np.testing.assert_allclose(step, [-1 / variance, 0, 0], atol=1e-9)


FORMULA = {"mu": "y ~ mi(bmi) * x + (1 | a)", "bmi": "bmi ~ z + (1 | b)"}
TRUTH = {
    "intercept": 1.0, "beta": [0.1, 0.3, -0.02], "sd_a": [0.4], "u_a": [[0.3], [-0.2], [0.0], [0.5]],
    "intercept_bmi": 25.0, "beta_bmi": [0.5], "sigma_bmi": 3.0, "sd_bmi_b": [1.0],
    "u_bmi_b": [[0.5], [0.0], [-0.5]], "mi_bmi": [24.0, 27.0, 22.0],
}  # fmt: skip


@pytest.fixture(scope="module")
def tree():
    return tree_of(FORMULA, table("poisson"), TRUTH, family="poisson")


def draws_of(tree):
    return {
        k: v.values.reshape(-1, *v.shape[2:]) for k, v in tree["posterior"].to_dataset().items()
    }


def filled(post, data):
    bmi = np.tile(data["bmi"].to_numpy(), (len(post["intercept"]), 1))
    bmi[:, GAPS] = post["mi_bmi"]
    return bmi


def eta_of(post, data, bmi):
    b, x = post["beta"], data["x"].to_numpy()
    return post["intercept"][:, None] + b[:, [0]] * bmi + b[:, [1]] * x + b[:, [2]] * bmi * x


def test_answers_on_training_rows_use_the_draws_of_missing_values(tree):
    post, data = draws_of(tree), table("poisson")
    eta = eta_of(post, data, filled(post, data))
    expected = np.exp(eta + post["sd_a"] ** 2 / 2)
    found = bg.predictions(tree, draws=True).values.reshape(-1, 12)
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    given = bg.predictions(tree, data.iloc[::-1], draws=True).values.reshape(-1, 12)
    np.testing.assert_allclose(given[:, ::-1], expected, rtol=1e-10)
    a = [list("pqrs").index(k) for k in data["a"]]
    rows = stats.poisson.logpmf(data["y"], np.exp(eta + post["u_a"][:, a, 0]))
    log = with_log_likelihood(tree)["log_likelihood"]
    assert list(log.data_vars) == ["y"]
    np.testing.assert_allclose(log["y"].values.reshape(-1, 12), rows, rtol=1e-9)
    part = bg.variance_partition(tree, draws=True)["variance"].values.reshape(1000, -1)
    np.testing.assert_allclose(part[:, 0], eta.var(axis=1), rtol=1e-8)


def test_population_mean_is_that_of_brute_force():
    data = table("bernoulli")
    truth = {
        "intercept": -2.0, "beta": [0.1], "sd_a": [1.5], "u_a": np.zeros((4, 1)), "mi_bmi": [30, 20, 25],
        "intercept_bmi": 25.0, "sigma_bmi": 3.0,
    }  # fmt: skip
    text = {"mu": "y ~ mi(bmi) + (1 | a)", "bmi": "bmi ~ 1"}
    tree = tree_of(text, data, truth, spread=0.0, family="bernoulli")
    found = bg.predictions(tree, draws=True).values.reshape(-1, 12)[0]
    v = 1.5 * np.random.default_rng(4).standard_normal(1_000_000)
    for row, bmi in ((1, 30.0), (4, 20.0), (0, data["bmi"].iloc[0])):
        sample = special.expit(-2 + 0.1 * bmi + v)
        assert abs(found[row] - sample.mean()) < 4 * sample.std() / 1000


def test_new_rows_need_a_value(tree):
    data = table("poisson")
    post, row = draws_of(tree), data.iloc[[0]].assign(bmi=23.0)
    found = bg.predictions(tree, row, groups="typical", draws=True).values.ravel()
    np.testing.assert_allclose(
        found, np.exp(eta_of(post, row, np.array([[23.0]]))[:, 0]), rtol=1e-10
    )
    with pytest.raises(
        MissingDataError, match="'bmi' is missing in row n1.*give these rows a value"
    ):
        bg.predictions(tree, data.iloc[[1]].set_axis(["n1"]))
    with pytest.raises(MissingDataError, match="'bmi' is missing in row new row r1"):
        bg.predictions(tree, data.iloc[[1]].assign(x=9.0))
    known = bg.predictions(tree, data.iloc[[0]].assign(x=9.0))
    assert known["row"].tolist() == ["r0"]


def test_comparisons_keep_missing_values_and_leave_out_what_cannot_move(tree):
    post, data = draws_of(tree), table("poisson")
    bmi = filled(post, data)
    found = bg.comparisons(tree, "x", contrast=(0, 1), groups="typical", draws=True).values.ravel()
    ends = [np.exp(eta_of(post, data.assign(x=v), bmi)).mean(axis=1) for v in (0.0, 1.0)]
    np.testing.assert_allclose(found, ends[1] - ends[0], rtol=1e-9)
    some = np.flatnonzero(data["bmi"].notna())
    step = bg.comparisons(tree, "bmi", groups="typical", draws=True)
    assert step.attrs["left_out"] == "3 rows in which bmi is missing"
    ends = [np.exp(eta_of(post, data, bmi + d))[:, some].mean(axis=1) for d in (0, 1)]
    np.testing.assert_allclose(step.values.ravel(), ends[1] - ends[0], rtol=1e-9)
    with pytest.raises(ArgumentError, match="missing in all rows"):
        bg.slopes(tree, "bmi", data.iloc[GAPS])
    bg.comparisons(tree, "bmi", contrast=(20, 30))
    curve = profile(tree, "x")
    assert curve.attrs["left_out"] == "3 rows in which bmi is missing"
    with pytest.raises(ArgumentError, match="no explanatory variable"):
        bg.comparisons(tree, "z")


def test_tables_and_files(tree, tmp_path):
    scale = bg.summary(tree).set_index("parameter")["scale"]
    assert (
        scale["beta_bmi[z]"] == scale["sigma_bmi"] == scale["sd_bmi_b[intercept]"] == "units of bmi"
    )
    assert bg.random_effects(tree, "bmi_b").attrs["scale"] == "units of bmi"
    assert tree["posterior"]["mi_bmi"].dims[-1] == "bmi_missing"
    assert tree["posterior"]["bmi_missing"].values.tolist() == ["r1", "r4", "r10"]
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(bg.summary(again), bg.summary(tree))
    pd.testing.assert_frame_equal(bg.predictions(again), bg.predictions(tree))
    spec = Fit.of(tree).spec
    assert spec.formula == {
        "mu": "y ~ mi(bmi) + x + mi(bmi):x + (1 | a)",
        "bmi": "bmi ~ z + (1 | b)",
    }
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    listed = bg.priors(spec, table("poisson")).set_index("parameter")["scale"]
    assert listed["beta_bmi[z]"] == "units of bmi"
    assert bg.diagnose(tree) is not None
    bg.shrinkage(tree, "a")
    with pytest.raises(EngineError, match=r"mi\(\)"):
        bg.fit(spec, table("poisson"), engine="laplace")


def test_priors_draw_missing_values_from_the_covariates_model():
    data = table()
    spec = bg.parse(
        {"mu": "y ~ mi(bmi)", "bmi": "bmi ~ 1"},
        priors={
            "intercept_bmi": bg.Prior("Normal", mu=20, sigma=1),
            "sigma_bmi": bg.Prior("HalfNormal", sigma=1),
        },
    )
    design = Schema.learn(spec, data).apply(data)
    drawn = draw_parameters(design, resolve_priors(spec, design), 20_000, np.random.default_rng(1))
    z = (drawn["mi_bmi"] - drawn["intercept_bmi"][:, None]) / drawn["sigma_bmi"][:, None]
    assert stats.kstest(z[:, 0], "norm").pvalue > 1e-3
    assert abs(drawn["mi_bmi"].mean() - 20) < 0.1
    truth = {"intercept": 0, "beta": [1.0], "sigma": 1e-9, "mi_bmi": dict(zip(
        ["r1", "r4", "r10"], [1, 2, 3], strict=True))}  # fmt: skip
    y = bg.simulate({"mu": "y ~ mi(bmi)", "bmi": "bmi ~ 1"}, data, truth, seed=1)["y"]
    np.testing.assert_allclose(y.iloc[GAPS], [1, 2, 3], atol=1e-6)


def test_a_complete_column_is_allowed():
    data = table().fillna(24.0)
    found = bg.check({"mu": "y ~ mi(bmi)", "bmi": "bmi ~ x"}, data)
    assert found.passed
    spec = bg.parse({"mu": "y ~ mi(bmi)", "bmi": "bmi ~ x"})
    design = Schema.learn(spec, data).apply(data)
    model = build_graph(spec, design, resolve_priors(spec, design))
    assert "mi_bmi" not in model.named_vars
    assert np.isfinite(model.compile_logp(mode="FAST_COMPILE")(model.initial_point()))


def test_other_missing_values_are_still_refused_or_dropped():
    data = table()
    data.loc["r2", "z"] = np.nan
    text = {"mu": "y ~ mi(bmi) + x", "bmi": "bmi ~ z"}
    (found,) = bg.check(text, data).errors
    assert "'z' has missing values in row r2" in found.message
    kept, dropped = Schema.learn(bg.parse(text), data.drop("r2")).drop_missing(data)
    assert dropped == ("r2",) and kept["bmi"].isna().sum() == 3
    (found,) = bg.check(text, table().replace({"bmi": {table()["bmi"].iloc[0]: np.inf}})).errors
    assert "'bmi' has infinite values in row r0" in found.message


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ mi(bmi)", r"mi\(bmi\) needs a model of 'bmi'"),
        ({"mu": "y ~ mi(bmi)", "bmi": "~ x"}, r"mi\(bmi\) needs a model of 'bmi'.*bmi ~ 1"),
        ({"mu": "y ~ mi(bmi)", "bmi": "bmy ~ x"}, r"begins with bmi ~.*\n.*\n +\^"),
        ({"mu": "y ~ x", "bmi": "bmi ~ x"}, r"no mi\(bmi\) in the others"),
        ({"mu": "y ~ mi(bmi) + bmi", "bmi": "bmi ~ x"}, "and elsewhere"),
        ({"mu": "y ~ mi(bmi) + (1 + bmi | a)", "bmi": "bmi ~ x"}, "and elsewhere"),
        ({"mu": "y ~ mi(bmi)", "bmi": "bmi ~ y"}, "'y' is also a term"),
        ({"mu": "y ~ mi(bmi)", "bmi": "bmi ~ bmi"}, "complete columns"),
        ({"mu": "y ~ mi(u) + mi(v)", "u": "u ~ mi(v)", "v": "v ~ 1"}, "complete columns"),
        ({"mu": "y ~ mi(b) + (1 |p| a)", "b": "b ~ 1 + (1 |p| a)"}, "stands at one only|shares no"),
        ("y ~ log(mi(bmi))", "stand alone or in an interaction"),
        ("y ~ (1 + mi(bmi) | a)", "cannot vary by group"),
    ],
)  # fmt: skip
def test_mistakes_in_formulas(formula, message):
    with pytest.raises(FormulaError, match=message):
        bg.parse(formula)


def test_mistakes_in_tables():
    data = table()
    with pytest.raises(DataError, match=r"needs numbers.*'b'"):
        Schema.learn(bg.parse({"mu": "y ~ mi(b)", "b": "b ~ x"}), data)
    few = data.assign(bmi=[0, 1, np.nan] * 4)
    with pytest.raises(DataError, match=r"'bmi' has 2 different"):
        Schema.learn(bg.parse({"mu": "y ~ mi(bmi)", "bmi": "bmi ~ x"}), few)
    with pytest.raises(DataError, match=r"'bmi' has 0 different"):
        Schema.learn(bg.parse({"mu": "y ~ mi(bmi)", "bmi": "bmi ~ x"}), data.assign(bmi=np.nan))
    named = data.rename(columns={"bmi": "sigma"})
    with pytest.raises(SpecError, match="rename the column"):
        Schema.learn(bg.parse({"mu": "y ~ mi(sigma)", "sigma": "sigma ~ x"}), named)
    with pytest.raises(MissingDataError, match="'a' has missing values in row r0"):
        data.loc["r0", "a"] = None
        text = {"mu": "y ~ mi(bmi)", "bmi": "bmi ~ x + (1 | a)"}
        Schema.learn(bg.parse(text), data)
