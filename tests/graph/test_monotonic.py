"""Monotonic effects of ordered covariates, ``mo(x)``: density, answers, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.answers.predict.profiles import profile
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import (
    ArgumentError,
    DataError,
    EngineError,
    FormulaError,
    PriorError,
    SpecError,
    UnknownLevelError,
)
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph
from bayes_glmm.results.fit import Fit
from bayes_glmm.studies.prior_predictive import draw_parameters
from tests.canned import tree_of
from tests.graph.support import Flat, natural, slope
from tests.graph.support import table as plain
from tests.graph.test_graph import assert_double_precision, compiled
from tests.oracle import log_posterior

LEVELS = ["none", "low", "mid", "high"]


def table(family: str = "gaussian") -> pd.DataFrame:
    data = plain(family)
    codes = np.array([0, 1, 2, 3, 3, 1, 0, 2, 1, 0, 3, 2])
    dose = pd.Categorical.from_codes(codes, [*LEVELS, "unused"], ordered=True)
    return data.assign(dose=dose, grade=np.array([5, 7, 7, 9, 5, 9, 5, 7, 9, 9, 5, 7]))


def simplex(free):
    """Return shares from the sampler's coordinates and the log volume of the change."""
    s = np.exp([*free, -np.sum(free)])
    s /= s.sum()
    inner = (np.diag(s) - np.outer(s, s)) @ np.vstack([np.eye(len(free)), -np.ones(len(free))])
    return s, np.linalg.slogdet(inner[:-1])[1]


def walked(shares, codes):
    """Sum the steps below each category, row by row."""
    return np.array([len(shares) * sum(shares[:k]) for k in codes])


def _mu_values(data, shares):
    dose, z = walked(shares["simplex_dose"], data["dose"].cat.codes), data["z"].to_numpy()
    return {"mo(dose)": dose, "mo(dose):z": dose * z}


def _two_values(data, shares):
    dose = walked(shares["simplex_dose"], data["dose"].cat.codes)
    grade = walked(shares["simplex_grade"], (data["grade"] - 5) // 2)
    return {"mo(dose)": dose, "mo(grade)": grade, "mo(dose):mo(grade)": dose * grade}


def _text_values(data, shares):
    grade = walked(shares["simplex_grade"], (data["grade"] - 5) // 2)
    return {f"mo(grade):b[{b}]": grade * (data["b"] == b) for b in "vw"} | {"mo(grade)": grade}


CASES = {
    "interaction": ("gaussian", "y ~ mo(dose) * z + x + (1 | a)", _mu_values),
    "two": ("poisson", "y ~ mo(dose) * mo(grade)", _two_values),
    "levels": ("bernoulli", "y ~ mo(grade) * b + z", _text_values),
}


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[pytest.mark.slow] * (c == "two")) for c in CASES]
)
def test_density_and_gradient_equal_the_oracle(case):
    family, formula, values = CASES[case]
    data = table(family)
    spec = bg.parse(formula, family=family, priors={"simplex_grade": bg.Prior("Dirichlet", alpha=2)}
                    if "grade" in formula else {})  # fmt: skip
    design = Schema.learn(spec, data).apply(data)
    priors = resolve_priors(spec, design)
    model = build_graph(spec, design, priors)
    function, flat = compiled(model), Flat(model)
    assert_double_precision(model, function)
    names = sorted({f.variable for f in design.mu.modelled.factors})

    def density(x):
        coordinates, total, shares = flat.unpack(x), 0.0, {}
        for name in names:
            shares[name], volume = simplex(coordinates[f"{name}_simplex__"])
            alpha = 2.0 if name == "simplex_grade" else 1.0
            total += volume + stats.dirichlet.logpdf(shares[name], [alpha] * len(shares[name]))
        X, found = design.mu.X.copy(), values(data, shares)
        for label, column in found.items():
            X[:, design.mu.coefficients.index(label)] = column
        point, volume = natural(design, priors, coordinates)
        there = replace(design, predictors={"mu": replace(design.mu, X=X)})
        return total + volume + log_posterior(there, priors, point)

    rng = np.random.default_rng(1)
    for _ in range(15):
        x = rng.normal(0, 0.3, flat.size)
        value, _, gradient = function(flat.unpack(x))
        assert value == pytest.approx(density(x), rel=1e-10, abs=0)
        direction = rng.normal(size=flat.size)
        along = slope(density, x, direction)
        assert abs(gradient @ direction - along) <= 1e-6 * max(abs(along), 1e-3)


def test_equal_steps_are_the_codes():
    data = table()
    design = Schema.learn(bg.parse("y ~ mo(dose) + mo(grade):z"), data).apply(data)
    codes = data["dose"].cat.codes.to_numpy()
    np.testing.assert_array_equal(design.mu.X[:, 0], codes)
    np.testing.assert_array_equal(design.mu.X[:, 1], (data["grade"] - 5) // 2 * data["z"])
    np.testing.assert_array_equal(design.mu.known, 0 * design.mu.X)
    (dose, grade) = design.mu.modelled.factors
    assert dose.labels.tolist() == ["none|low", "low|mid", "mid|high"]
    assert grade.labels.tolist() == ["5|7", "7|9"]
    assert design.mu.centers[0] == pytest.approx(codes.mean())


FORMULA = {"mu": "y ~ mo(dose) * z + (1 | a)", "sigma": "~ mo(dose)"}
SHARES = {"simplex_dose": [0.7, 0.1, 0.2], "simplex_dose_sigma": [0.2, 0.5, 0.3]}


def _canned(formula=FORMULA, drop=(), **more):
    truth = {
        "intercept": 1.0, "beta": [0.5, 0.3, -0.2], "sd_a": [0.6],
        "u_a": [[0.3], [-0.2], [0.0], [0.5]], "intercept_sigma": 0.2, "beta_sigma": [0.4], **SHARES,
    }  # fmt: skip
    truth = {k: v for k, v in (truth | more).items() if k not in drop}
    tree = tree_of(formula, table(), truth)
    for name in SHARES:
        if name in tree["posterior"]:
            raw = np.abs(tree["posterior"][name])
            tree["posterior"][name] = raw / raw.sum(raw.dims[-1])
    return tree


@pytest.fixture(scope="module")
def tree():
    return _canned()


def draws_of(tree):
    return {
        k: v.values.reshape(-1, *v.shape[2:]) for k, v in tree["posterior"].to_dataset().items()
    }


def expected(post, data, suffix="", *, draw):
    dose = walked(post[f"simplex_dose{suffix}"][draw], data["dose"].cat.codes)
    b = post[f"beta{suffix}"][draw]
    eta = post[f"intercept{suffix}"][draw] + b[0] * dose
    return eta if suffix else eta + b[1] * data["z"] + b[2] * dose * data["z"]


def test_predictions_follow_the_steps_of_each_draw(tree):
    data, post = table(), draws_of(tree)
    found = bg.predictions(tree, draws=True).values.reshape(-1, 12)
    typical = bg.predictions(tree, data, groups="typical", draws=True).values.reshape(-1, 12)
    spread = bg.predictions(tree, data, groups="typical", kind="response", draws=True)
    error = spread.values.reshape(-1, 12) - typical
    for draw in (0, 11, 500):
        np.testing.assert_allclose(found[draw], expected(post, data, draw=draw), rtol=1e-12)
        np.testing.assert_allclose(typical[draw], expected(post, data, draw=draw), rtol=1e-12)
    sigma = np.exp([expected(post, data, "_sigma", draw=d) for d in range(1000)])
    np.testing.assert_allclose((error / sigma).std(axis=0), 1, atol=0.12)


def test_population_means_are_those_of_brute_force():
    data = table("poisson")
    truth = {
        "intercept": 0.3, "beta": [0.4, 0.2], "sd_a": [0.7], "u_a": np.zeros((4, 1)),
        "simplex_dose": [0.6, 0.1, 0.3],
    }  # fmt: skip
    tree = tree_of("y ~ mo(dose) + z + (1 | a)", data, truth, spread=0.0, family="poisson")
    found = bg.predictions(tree, draws=True).values.reshape(-1, 12)[0]
    v = 0.7 * np.random.default_rng(4).standard_normal(1_000_000)
    dose = walked(truth["simplex_dose"], data["dose"].cat.codes)
    for row in (1, 6):
        sample = np.exp(0.3 + 0.4 * dose[row] + 0.2 * data["z"][row] + v)
        assert abs(found[row] - sample.mean()) < 4 * sample.std() / 1000


def test_one_row_or_many_give_the_same(tree):
    """Rows that the design shows alike under equal steps may differ in a draw."""
    data = table().iloc[[1, 2]].assign(z=[4.0, 2.0])
    both = bg.predictions(tree, data, groups="typical", draws=True).values
    for k in range(2):
        one = bg.predictions(tree, data.iloc[[k]], groups="typical", draws=True).values
        np.testing.assert_array_equal(both[..., [k]], one)


def test_comparisons_and_profiles_step_through_the_categories(tree):
    post, z = draws_of(tree), table()["z"].mean()
    found = bg.comparisons(tree, "dose", draws=True)
    assert found["contrast"].values.tolist() == ["low - none", "mid - none", "high - none"]
    b, s = post["beta"], post["simplex_dose"]
    step = (b[:, 0] + b[:, 2] * z) * 3 * s[:, 0]
    np.testing.assert_allclose(found.values.reshape(1000, 3)[:, 0], step, rtol=1e-9)
    assert profile(tree, "dose")["dose"].astype(str).tolist() == LEVELS


def test_tables_name_the_steps(tree, tmp_path):
    found = bg.summary(tree).set_index("parameter")["scale"]
    assert found["simplex_dose[none|low]"] == "share of all steps"
    assert "simplex_dose_sigma[mid|high]" in found and "beta_sigma[mo(dose)]" in found
    bg.shrinkage(tree, "a")
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(bg.summary(again), bg.summary(tree))
    pd.testing.assert_frame_equal(bg.predictions(again), bg.predictions(tree))
    spec = Fit.of(tree).spec
    assert spec.formula == {"mu": "y ~ mo(dose) + z + mo(dose):z + (1 | a)", "sigma": "~ mo(dose)"}
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    assert bg.diagnose(tree) is not None


def test_variance_follows_the_draws(tree):
    post, data = draws_of(tree), table()
    found = bg.variance_partition(tree, draws=True)["variance"].values.reshape(1000, -1)[:, 0]
    for draw in (0, 9):
        mine = np.var(expected(post, data, draw=draw))
        assert found[draw] == pytest.approx(mine, rel=1e-9)


def test_log_likelihood_is_that_of_each_row(tree):
    from bayes_glmm.answers.compare.pointwise import with_log_likelihood

    found = with_log_likelihood(tree)["log_likelihood"]["y"].values.reshape(-1, 12)
    post, data = draws_of(tree), table()
    a = [list("pqrs").index(k) for k in data["a"]]
    for draw in (0, 40):
        mu = expected(post, data, draw=draw) + post["u_a"][draw, a, 0]
        sigma = np.exp(expected(post, data, "_sigma", draw=draw))
        np.testing.assert_allclose(found[draw], stats.norm.logpdf(data["y"], mu, sigma), rtol=1e-9)


def test_priors_and_simulation():
    data = table()
    spec = bg.parse("y ~ mo(dose)", priors={"simplex": bg.Prior("Dirichlet", alpha=3)})
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    design = Schema.learn(spec, data).apply(data)
    priors = resolve_priors(spec, design)
    drawn = draw_parameters(design, priors, 20_000, np.random.default_rng(1))
    first = drawn["simplex_dose"][:, 0]
    assert stats.kstest(first, stats.beta(3, 6).cdf).pvalue > 1e-3
    listed = bg.priors(spec, data).set_index("parameter")
    assert listed.loc["simplex_dose", "prior"] == "Prior('Dirichlet', alpha=3)"
    assert listed.loc["simplex_dose", "scale"] == "simplex"
    truth = {"intercept": 1, "beta": [2.0], "sigma": 1e-9, "simplex_dose": {
        "none|low": 0.5, "low|mid": 0.0, "mid|high": 0.5}}  # fmt: skip
    y = bg.simulate("y ~ mo(dose)", data, truth, seed=1)["y"]
    codes = data["dose"].cat.codes
    np.testing.assert_allclose(y, 1 + np.array([0, 3, 3, 6])[codes], atol=1e-6)
    with pytest.raises(ArgumentError, match="sum to 1"):
        bg.simulate("y ~ mo(dose)", data, truth | {"simplex_dose": [0.5, 0.1, 0.1]}, seed=1)
    with pytest.raises(PriorError, match="shares that sum to one"):
        bg.priors("y ~ mo(dose)", data, priors={"simplex_dose": bg.Prior("Normal")})


def test_mistakes_name_column_and_rows():
    data = table()
    with pytest.raises(DataError, match=r"mo\(a\) needs an order.*p, q, r, s"):
        Schema.learn(bg.parse("y ~ mo(a)"), data)
    with pytest.raises(DataError, match=r"mo\(w\).*0.5, in rows 0, 3"):
        Schema.learn(bg.parse("y ~ mo(w)"), data.assign(w=[0.5, 1, 2, 0.5] * 3))
    with pytest.raises(DataError, match="'w' has one category"):
        Schema.learn(bg.parse("y ~ mo(w)"), data.assign(w=3))
    with pytest.raises(DataError, match="true or false"):
        Schema.learn(bg.parse("y ~ mo(w)"), data.assign(w=[True, False] * 6))
    schema = Schema.learn(bg.parse("y ~ mo(grade)"), data)
    with pytest.raises(UnknownLevelError, match="'grade' has unknown level '6' in row 3"):
        schema.apply(data.assign(grade=[5, 5, 5, 6, *[7] * 8]))
    with pytest.raises(EngineError, match=r"mo\(\)"):
        bg.fit("y ~ mo(grade)", data, engine="collapsed")
    with pytest.raises(EngineError, match=r"mo\(\)"):
        bg.maximum_likelihood("y ~ mo(grade)", data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("y ~ log(mo(x))", "stand alone or in an interaction"),
        ("y ~ offset(mo(x))", "stand alone or in an interaction"),
        ("y ~ mo(x + z)", "takes one ordered column"),
        ("y ~ mo(log(x))", "takes one ordered column"),
        ("y ~ mo(x, 3)", "takes 1 argument"),
        ("y ~ x + (1 + mo(x) | g)", r"cannot vary by group.*\n.*\n +\^"),
    ],
)
def test_formulas_show_the_place(text, message):
    with pytest.raises(FormulaError, match=message):
        bg.parse(text)
    with pytest.raises(SpecError, match="cannot vary by group"):
        bg.RandomEffect("g", (bg.spec.model.Call("mo", (bg.spec.model.Variable("x"),)),))
