"""Smooth terms against constructions of their own: splines by SciPy, penalties by quadrature."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from scipy.interpolate import CubicSpline

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.fitting.prepare import prepare


def table(n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    x = rng.gamma(3.0, 20.0, n)
    return pd.DataFrame({"y": np.sin(x / 30) + rng.normal(0, 0.2, n), "x": x,
                         "z": rng.uniform(-1, 1, n), "g": rng.choice(list("ab"), n)})  # fmt: skip


def predictor(formula: str, data: pd.DataFrame):
    return Schema.learn(bg.parse(formula), data).apply(data).mu


def natural_spline(x: np.ndarray, values: np.ndarray):
    """Knots at quantiles of the distinct values; SciPy's natural cubic spline through values."""
    distinct = np.unique(x)
    knots = np.quantile(distinct, np.linspace(0, 1, len(values)))
    return knots, CubicSpline(knots, values, bc_type="natural")


def test_columns_span_the_natural_splines_and_their_penalty_is_the_curvature():
    data = table()
    mu = predictor("y ~ s(x, k=8)", data)
    (smooth,) = mu.smooths
    assert mu.coefficients == ("s(x, k=8)[linear]",) and smooth.basis.shape == (80, 6)
    assert smooth.name == "s_x" and smooth.parts == ("curve",)
    whole = np.column_stack([np.ones(80), mu.X, smooth.basis])
    rng, ratios = np.random.default_rng(0), []
    for _ in range(6):
        knots, f = natural_spline(data["x"].to_numpy(), rng.normal(size=8))
        coefficients, left, *_ = np.linalg.lstsq(whole, f(data["x"].to_numpy()))
        assert np.abs(whole @ coefficients - f(data["x"].to_numpy())).max() < 1e-9
        bend, total = f(knots, 2), 0.0
        for a, b, width in zip(bend, bend[1:], np.diff(knots), strict=False):
            total += width * (a * a + a * b + b * b) / 3  # f'' is linear between knots
        b = coefficients[2:]
        ratios.append(total / (b @ b))
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-8)


def test_columns_are_centred_orthogonal_and_of_mean_square_one():
    data = table()
    mu = predictor("y ~ s(x)", data)
    Z = mu.smooths[0].basis
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(Z.T @ (data["x"] - data["x"].mean()).to_numpy(), 0, atol=1e-7)
    products = Z.T @ Z
    np.testing.assert_allclose(products, np.diag(np.diag(products)), atol=1e-9)
    assert (Z**2).sum(axis=1).mean() == pytest.approx(1)
    np.testing.assert_allclose(mu.X[:, 0], data["x"] - data["x"].mean(), atol=1e-10)


def test_a_curve_goes_on_in_a_straight_line():
    data = table()
    schema = Schema.learn(bg.parse("y ~ s(x)"), data)
    low, high = data["x"].min(), data["x"].max()
    far = pd.DataFrame(
        {"x": np.r_[low - np.arange(1, 4.0), high + np.arange(1, 4.0), (low + high) / 2]}
    )
    Z = schema.apply(far, response=False).mu.smooths[0].basis
    for part in (Z[:3], Z[3:6]):
        np.testing.assert_allclose(np.diff(part, 2, axis=0), 0, atol=1e-9)
    (coding,) = schema.smooths("mu")
    assert coding.beyond(far, schema.states).tolist() == [True] * 6 + [False]
    assert not coding.beyond(data, schema.states).any()


def test_posterior_mode_at_fixed_sd_is_penalised_least_squares():
    """``min |y - f|^2 / s^2 + (b'b) / t^2``, f over all natural splines, by their knots' values."""
    data, k, s, t = table(), 9, 0.3, 0.7
    x, y = data["x"].to_numpy(), data["y"].to_numpy()
    mu = predictor(f"y ~ s(x, k={k})", data)
    Z = mu.smooths[0].basis
    C = np.column_stack([np.ones(len(x)), mu.X, Z])
    penalty = np.diag([0, 0, *[s**2 / t**2] * Z.shape[1]])
    ours = C @ np.linalg.solve(C.T @ C + penalty, C.T @ y)
    basis = np.column_stack([natural_spline(x, e)[1](x) for e in np.eye(k)])
    bends = np.column_stack(
        [natural_spline(x, e)[1](natural_spline(x, e)[0], 2) for e in np.eye(k)]
    )
    width = np.diff(natural_spline(x, np.zeros(k))[0])
    mass = np.zeros((k, k))
    for j, w in enumerate(width):
        mass[j : j + 2, j : j + 2] += w * np.array([[2, 1], [1, 2]]) / 6
    S = bends.T @ mass @ bends
    f = natural_spline(x, np.random.default_rng(1).normal(size=k))[1]
    at = np.linalg.lstsq(C, f(x))[0][2:]
    values = f(natural_spline(x, np.zeros(k))[0])
    unit = (at @ at) / (values @ S @ values)
    theirs = basis @ np.linalg.solve(basis.T @ basis + s**2 / t**2 * unit * S, basis.T @ y)
    np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_curves_by_level_are_zero_elsewhere_and_have_their_own_sd():
    data = table()
    mu = predictor("y ~ g + s(x, k=6, by=g)", data)
    (smooth,) = mu.smooths
    assert smooth.parts == ("a", "b") and smooth.name == "s_x_by_g"
    for k, level in enumerate("ab"):
        own = (data["g"] == level).to_numpy()
        columns = smooth.basis[:, smooth.part == k]
        assert (columns[~own] == 0).all()
        np.testing.assert_allclose(columns[own].mean(axis=0), 0, atol=1e-10)
        alone = predictor("y ~ s(x, k=6)", data)  # same knots, other centring
        assert columns.shape[1] == alone.smooths[0].basis.shape[1]
    with pytest.raises(bg.errors.DataError, match="'c' in row 0"):
        schema = Schema.learn(bg.parse("y ~ g + s(x, k=6, by=g)"), data)
        schema.smooths("mu")[0].evaluate(data.assign(g=["c", *data["g"][1:]]), {})


def test_curves_by_a_number_are_coefficients_that_vary():
    data = table()
    plain, varying = (predictor(f"y ~ s(x, k=6{by})", data) for by in ("", ", by=z"))
    z = data["z"].to_numpy()[:, None]
    np.testing.assert_array_equal(varying.smooths[0].basis, z * plain.smooths[0].basis)
    np.testing.assert_array_equal(varying.X, np.hstack([z, z * plain.X]))


def test_surface_spans_the_tensor_product_with_three_penalties():
    data = table(120)
    mu = predictor("y ~ t2(x, z, k=4)", data)
    (smooth,) = mu.smooths
    assert mu.coefficients == tuple(f"t2(x, z, k=4)[{p}]" for p in ("x", "z", "x:z"))
    assert np.bincount(smooth.part).tolist() == [4, 4, 4] and smooth.parts == ("x", "z", "x:z")
    x, z = data["x"].to_numpy(), data["z"].to_numpy()
    margins = [np.column_stack([natural_spline(v, e)[1](v) for e in np.eye(4)]) for v in (x, z)]
    whole = (margins[0][:, :, None] * margins[1][:, None, :]).reshape(len(x), -1)
    ours = np.column_stack([np.ones(len(x)), mu.X, smooth.basis])
    assert np.linalg.matrix_rank(ours) == 16
    left = whole - ours @ np.linalg.lstsq(ours, whole)[0]
    assert np.abs(left).max() < 1e-8
    for k in range(3):
        block = smooth.basis[:, smooth.part == k]
        assert (block**2).sum(axis=1).mean() == pytest.approx(1)
    additive = np.column_stack([np.ones(len(x)), *margins])
    own = np.column_stack([mu.X, smooth.basis[:, smooth.part == 2]])
    assert np.linalg.matrix_rank(np.column_stack([additive, own])) > np.linalg.matrix_rank(additive)


@pytest.mark.parametrize(
    ("kernel", "correlation"),
    [
        ("gaussian", lambda a: np.exp(-(a**2) / 2)),
        ("matern52", lambda a: (1 + np.sqrt(5) * a + 5 * a**2 / 3) * np.exp(-np.sqrt(5) * a)),
        ("matern32", lambda a: (1 + np.sqrt(3) * a) * np.exp(-np.sqrt(3) * a)),
    ],
)
@pytest.mark.parametrize("plane", [False, True])
def test_waves_have_the_kernels_covariance(kernel, correlation, plane):
    """Sums of waves approach the covariance of the kernel, on a line and in the plane."""
    from bayes_glmm.maths.field_maths import NUMPY

    data = table(40)
    term = f'hsgp({"x, z" if plane else "x"}, k={32 if plane else 60}, c=3, kernel="{kernel}")'
    data["x"] = data["x"] / data["x"].max()
    (smooth,) = predictor(f"y ~ {term}", data).smooths
    weights = smooth.scales({"range": 0.35}, NUMPY)
    found = (smooth.basis * weights**2) @ smooth.basis.T
    at = data[["x", "z"]].to_numpy() if plane else data[["x"]].to_numpy()
    away = np.sqrt(((at[:, None] - at[None]) ** 2).sum(axis=2))
    error = np.abs(found - correlation(away / 0.35)).max()
    assert error < (2e-2 if kernel == "matern32" else 5e-3)


def test_waves_are_refused_far_from_the_rows():
    data = table()
    schema = Schema.learn(bg.parse("y ~ hsgp(x)"), data)
    with pytest.raises(bg.errors.DataError, match="row 0 lie|row 0"):
        schema.apply(data.assign(x=[1e4, *data["x"][1:]]))


FORMULAS = (
    "y ~ s(x)", "y ~ z + s(log(x), k=7)", "y ~ g + s(x, by=g)", "y ~ s(x, k=5, by=z)", "y ~ t2(x, z)",
    "y ~ t2(x, z, k=4)", "y ~ hsgp(x)", 'y ~ hsgp(x, z, k=6, c=1.8, kernel="gaussian")',
)  # fmt: skip


@pytest.mark.parametrize("formula", FORMULAS)
def test_text_toml_and_json_bring_the_same_columns(formula):
    data = table()
    spec = bg.parse(formula)
    assert spec.formula == formula and bg.ModelSpec.from_toml(spec.to_toml()) == spec
    schema, design = prepare(spec, data).require()
    again = schema_from_dict(json.loads(json.dumps(schema_to_dict(schema)))).apply(data)
    few = schema.apply(data[10:20])
    for one, other, part in zip(again.smooths, design.smooths, few.smooths, strict=True):
        assert one.basis.tobytes() == other.basis.tobytes() and one.name == other.name
        assert part.basis.tobytes() == np.ascontiguousarray(other.basis[10:20]).tobytes()
    assert again.mu.X.tobytes() == design.mu.X.tobytes()


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ s(x):z", "y ~ z*s(x)", "y ~ z + z:s(x)", "y ~ (1 + s(x) | g)", "y ~ log(s(x))", "y ~ s()",
        "y ~ s(x, by=3)", "y ~ s(x, k=2.5)", "y ~ s(x, df=3)", "y ~ t2(x)", "y ~ hsgp(x, kernel=rbf)",
        "y ~ s(x, z)", "y ~ te(x, z)", "y ~ offset(s(x))",
    ],
)  # fmt: skip
def test_mistakes_are_shown_with_a_caret(formula):
    with pytest.raises(bg.errors.FormulaError, match=r"\^"):
        bg.parse(formula)


@pytest.mark.parametrize(
    ("formula", "change", "words"),
    [
        ("y ~ s(x)", {"x": [1.0, 2, 3, 4] * 20}, ("s(x)", "10 knots", "4", "k=4")),
        ("y ~ s(x, k=3)", {"x": [1.0, 2] * 40}, ("s(x, k=3)", "2", "column itself")),
        ("y ~ s(x)", {"x": 1.0}, ("s(x)", "same value")),
        ("y ~ s(x)", {"x": "a"}, ("s(x)", "numbers", "'x'")),
        ("y ~ s(x)", {"x": [np.nan] + [1.0, 2] * 39 + [1]}, ("'x'", "missing", "0")),
        ("y ~ s(x, k=2)", {}, ("at least 3",)),
        ("y ~ s(x) + s(x, k=5)", {}, ("s_x", "another term")),
        ("y ~ g + s(x, by=g)", {"g": ["c", "c"] + ["a", "b"] * 39}, ("g=c", "0, 1")),
        ("y ~ t2(x, x)", {}, ("different columns",)),
        ('y ~ hsgp(x, kernel="exponental")', {}, ("exponental",)),
        ("y ~ hsgp(x, c=0.5)", {}, ("c is the box",)),
        ("y ~ hsgp(x)", {"x": 2.0}, ("same value",)),
    ],
)
def test_malformed_columns_are_refused(formula, change, words):
    message = " ".join(f.message for f in bg.check(formula, table().assign(**change)).errors)
    assert all(word in message for word in words), message
