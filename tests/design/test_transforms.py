from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from formulaic import model_matrix
from scipy.interpolate import BSpline, CubicSpline

from bayes_glmm.design.schema import Schema
from bayes_glmm.design.terms.expressions import evaluate, learn, text_of
from bayes_glmm.errors import DataError, SpecError
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import Arithmetic, Call, Expression, Number, Text, Variable

X, G = Variable("x"), Variable("g")


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 120
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "x": rng.gamma(3.0, 2.0, size=n),
            "z": rng.normal(100.0, 3.0, size=n),
            "w": rng.integers(0, 4, size=n),
            "t": ["a", "b"] * (n // 2),
        },
        index=[f"r{i}" for i in range(n)],
    )


def call(name: str, *arguments: object, **options: float) -> Call:
    def wrap(a: object) -> Expression:
        return a if not isinstance(a, int | float) else Number(float(a))

    given = tuple((key, wrap(value)) for key, value in options.items())
    return Call(name, tuple(wrap(a) for a in arguments), given)


def columns(expression: Expression, rows: pd.DataFrame, new: pd.DataFrame | None = None):
    return evaluate(expression, rows if new is None else new, learn(expression, rows))


@pytest.mark.parametrize(
    ("expression", "formula"),
    [
        (call("log", X), "np.log(x)"),
        (call("exp", call("center", X)), "np.exp(center(x))"),
        (call("sqrt", X), "np.sqrt(x)"),
        (call("center", X), "center(x)"),
        (call("scale", X), "scale(x)"),
        (call("standardize", call("log", X)), "scale(np.log(x))"),
        (call("log", Arithmetic("/", X, Number(7.0))), "np.log(x / 7)"),
        (call("poly", X), "poly(x)"),
        (call("poly", X, 4), "poly(x, 4)"),
        (call("poly", Variable("z"), degree=5), "poly(z, 5)"),
        (call("poly", Variable("w"), 3), "poly(w, 3)"),
        (call("bs", X), "bs(x, df=3)"),
        (call("bs", X, df=6), "bs(x, df=6)"),
        (call("bs", X, 7, 2), "bs(x, df=7, degree=2)"),
        (call("bs", X, df=4, degree=1), "bs(x, df=4, degree=1)"),
        (call("bs", X, knots=5.0), "bs(x, knots=[5.0])"),
    ],
)
def test_values_agree_with_formulaic(table: pd.DataFrame, expression: Call, formula: str) -> None:
    found = columns(expression, table)
    expected = model_matrix(f"0 + {formula}", table).to_numpy(dtype=float)
    expected = expected[:, 0] if found.ndim == 1 else expected
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("df", [2, 3, 5, 9])
def test_natural_spline_spans_what_formulaic_spans(table: pd.DataFrame, df: int) -> None:
    found = columns(call("cr", X, df), table)
    expected = model_matrix(f"0 + cr(x, df={df}, constraints='center')", table).to_numpy()
    assert found.shape == expected.shape == (len(table), df)
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-9)
    fitted = found @ np.linalg.lstsq(found, expected, rcond=None)[0]
    np.testing.assert_allclose(fitted, expected, atol=1e-9)


def test_natural_spline_is_scipys_and_straight_outside(table: pd.DataFrame) -> None:
    expression = call("cr", X, 4)
    knots = np.array(learn(expression, table)[text_of(expression)]["knots"])
    outside = pd.DataFrame({"x": np.linspace(-20, 60, 400)})
    basis = np.column_stack([np.ones(400), columns(expression, table, outside)])
    at_knots = np.column_stack([np.ones(5), columns(expression, table, pd.DataFrame({"x": knots}))])
    spline = CubicSpline(knots, at_knots, bc_type="natural")
    x = outside["x"].to_numpy()
    low, high = knots[0], knots[-1]
    expected = spline(np.clip(x, low, high))
    expected += np.where(x < low, x - low, 0)[:, None] * spline(low, 1)
    expected += np.where(x > high, x - high, 0)[:, None] * spline(high, 1)
    np.testing.assert_allclose(basis, expected, atol=1e-9)


def test_b_splines_are_scipys_on_new_rows(table: pd.DataFrame) -> None:
    expression = call("bs", X, 6)
    low, high = table["x"].min(), table["x"].max()
    inner = np.quantile(table["x"], [0.25, 0.5, 0.75])
    knots = np.r_[[low] * 4, inner, [high] * 4]
    new = pd.DataFrame({"x": np.linspace(low, high, 50)})
    expected = BSpline.design_matrix(new["x"].to_numpy(), knots, 3).toarray()[:, 1:]
    np.testing.assert_allclose(columns(expression, table, new), expected, atol=1e-12)


def test_polynomials_are_orthonormal_and_lead_upwards(table: pd.DataFrame) -> None:
    found = columns(call("poly", X, 6), table)
    np.testing.assert_allclose(found.T @ found, np.eye(6), atol=1e-10)
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-10)
    far = columns(call("poly", X, 6), table, pd.DataFrame({"x": [1e4]}))
    assert (far > 0).all()


@pytest.mark.parametrize("name", ["center", "scale", "poly", "bs", "cr"])
def test_new_rows_use_what_was_learned(table: pd.DataFrame, name: str) -> None:
    expression = call(name, X)
    new = table.iloc[[5, 3, 3, 80]]
    everything = columns(expression, table)
    assert (columns(expression, table, new) == everything[[5, 3, 3, 80]]).all()


def test_states_nest_and_survive_json(table: pd.DataFrame) -> None:
    expression = call("poly", call("scale", call("log", X)), 3)
    states = learn(expression, table)
    assert [k for k, v in states.items() if v] == ["scale(log(x))", "poly(scale(log(x)), 3)"]
    again = json.loads(json.dumps(states))
    assert (evaluate(expression, table, again) == evaluate(expression, table, states)).all()


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (call("log", Arithmetic("+", X, Number(1.0))), "log(x + 1)"),
        (call("bs", X, df=5), "bs(x, df=5)"),
        (call("log", Variable("body mass")), "log(`body mass`)"),
        (
            call("exp", Arithmetic("*", X, Arithmetic("-", G, Number(0.5)))),
            "exp(x * (g - 0.5))",
        ),
    ],
)
def test_text_of_expressions(expression: Call, text: str) -> None:
    assert text_of(expression) == text


def refused(expression: Expression, rows: pd.DataFrame, error: type, match: str) -> None:
    with pytest.raises(error, match=match):
        columns(expression, rows)


@pytest.mark.parametrize(
    ("name", "values", "match"),
    [
        ("log", [1.0, 0.0, -2.0], r"log\(x\).*rows b, c"),
        ("sqrt", [1.0, 0.0, -2.0], r"sqrt\(x\).*row c"),
        ("exp", [1.0, 800.0, 2.0], r"exp\(x\).*row b"),
        ("scale", [2.0, 2.0, 2.0], "all values are equal"),
        ("cr", [1.0, 2.0, 2.0], "too few distinct"),
        ("bs", [1.0, 2.0, 3.0], "too few distinct"),
    ],
)
def test_values_without_a_result_name_their_rows(name: str, values: list, match: str) -> None:
    refused(call(name, X), pd.DataFrame({"x": values}, index=list("abc")), DataError, match)


def test_division_by_zero_and_ties(table: pd.DataFrame) -> None:
    rows = pd.DataFrame({"x": [1.0, 0.0]})
    divided = call("center", Arithmetic("/", Number(1.0), X))
    refused(divided, rows, DataError, r"1 / x: .*finite.* row 1")
    refused(call("poly", Variable("w"), 4), table, DataError, "more than 4 distinct values")
    refused(call("bs", Variable("w"), 9), table, DataError, "too few distinct values")


@pytest.mark.parametrize(
    ("expression", "error", "match"),
    [
        (call("lag", X), SpecError, "log"),
        (call("log", call("poly", X, 2)), SpecError, "several columns"),
        (call("log", X, 2), SpecError, "no such option"),
        (call("poly", X, knots=2), SpecError, "it takes degree"),
        (call("poly", X, Text("a")), SpecError, "options are numbers"),
        (call("poly", X, 2.5), DataError, "whole number"),
        (call("poly", X, 0), DataError, "whole number"),
        (call("bs", X, df=2), DataError, "at least the degree"),
        (call("bs", X, knots=1e6), DataError, "inner knots"),
        (call("log", Text("x")), SpecError, "needed"),
        (call("log", Variable("t")), DataError, r"log\(t\) needs numbers, but column 't'"),
        (call("log"), SpecError, r"\(\)"),
    ],
)
def test_wrong_calls_are_refused(
    table: pd.DataFrame, expression: Call, error: type, match: str
) -> None:
    with pytest.raises(error, match=match):
        Schema.learn(ModelSpec("y", Predictor(terms=((expression,),))), table)


def test_outside_the_spline_is_refused_on_new_rows(table: pd.DataFrame) -> None:
    schema = Schema.learn(ModelSpec("y", Predictor(terms=((call("bs", X),),))), table)
    new = table.head(3).assign(x=[1.0, 1e3, -1e3])
    with pytest.raises(DataError, match=r"bs\(x\).*outside the training range.*rows .*r1, r2"):
        schema.apply(new)
