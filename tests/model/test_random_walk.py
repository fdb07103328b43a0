"""Random walks: their covariance, scale, continuation and refusals, by dense formulas."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, DataError, FormulaError

TIMES = {"a": [0.0, 1.0, 1.5, 4.0, 9.0, 9.5], "b": [2.0, 3.0, 7.0], "c": [5.0]}


def table(shift=0.0, unit=1.0):
    rows = [(g, shift + unit * t) for g, times in TIMES.items() for t in times]
    data = pd.DataFrame(rows, columns=["g", "t"])
    return data.assign(y=np.arange(float(len(data))))


def walk(s, t, order):
    """Covariance of Brownian motion, or of its integral, that begin at zero with time zero."""
    a, b = np.minimum(s, t), np.maximum(s, t)
    return a if order == 1 else a**2 * (3 * b - a) / 6


def constrained(times, order):
    """Covariance of the values without their level and, of order two, their trend."""
    t = np.asarray(times)
    X = np.vander(t, min(order, len(t)), increasing=True)
    P = np.eye(len(t)) - X @ np.linalg.pinv(X)
    return P @ walk(t[:, None], t, order) @ P


def scaled(order):
    """Covariances of the groups, scaled so that their variances have geometric mean one."""
    each = {g: constrained(t, order) for g, t in TIMES.items()}
    variances = [v for g, C in each.items() if len(TIMES[g]) > order for v in np.diag(C)]
    return {g: C / np.exp(np.mean(np.log(variances))) for g, C in each.items()}


def factor_of(data, order):
    from bayes_glmm.fitting.prepare import prepare

    prepared = prepare(f"y ~ 1 + rw(t, g, order={order})", data)
    (group,) = prepared.require()[1].groups
    return group


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("shift", "unit"), [(0.0, 1.0), (-1e5, 365.25), (3.0, 1e-6)])
def test_covariance_is_that_of_the_projected_walk(order, shift, unit):
    group = factor_of(table(shift, unit), order)
    found = group.distribution.factor.covariance({})
    codes = np.array(["abc".index(level[0]) for level in group.levels])
    times = np.array([float(level.rpartition(":")[2]) for level in group.levels])
    each = scaled(order)
    for g, name in enumerate(TIMES):
        rows = np.flatnonzero(codes == g)[np.argsort(times[codes == g])]
        np.testing.assert_allclose(found[np.ix_(rows, rows)], each[name], atol=1e-9)
    np.testing.assert_array_equal(found[codes[:, None] != codes], 0)


@pytest.mark.parametrize("order", [1, 2])
def test_equal_spacing_of_order_one_is_the_inverse_of_squared_differences(order):
    t = np.arange(7.0)
    data = pd.DataFrame({"g": "a", "t": t, "y": t})
    found = factor_of(data, order).distribution.factor.covariance({})
    by_time = np.argsort([float(x.rpartition(":")[2]) for x in factor_of(data, order).levels])
    found = found[np.ix_(by_time, by_time)]
    D = np.diff(np.eye(7), n=order, axis=0)
    Q = D.T @ D
    if order == 1:
        want = np.linalg.pinv(Q)
        np.testing.assert_allclose(found, want / np.exp(np.log(np.diag(want)).mean()), atol=1e-12)
    trend = np.vander(t, order)
    np.testing.assert_allclose(trend.T @ found, 0, atol=1e-10)
    assert np.linalg.matrix_rank(found, tol=1e-8) == 7 - order


@cache
def fitted(order):
    data = table().assign(y=np.random.default_rng(1).normal(size=10))
    formula = f"y ~ 1 + rw(t, g, order={order})"
    return bg.fit(formula, data, draws=1500, tune=500, chains=2, seed=1, progress=False)


@pytest.mark.parametrize("order", [1, 2])
def test_new_times_are_those_of_a_walk_with_a_free_trend_given_the_old_ones(order):
    tree, known, t = fitted(order), np.array(TIMES["a"]), np.array([2.5, 12.0])
    draws = tree["posterior"].to_dataset().stack(sample=("chain", "draw"))
    u = draws["u_rw_g"].sel(rw_g=[f"a:{x:g}" for x in known]).squeeze("rw_g_term").values
    sd = draws["sd_rw_g"].values.ravel()
    new = pd.DataFrame({"g": "a", "t": t})
    found = bg.predictions(tree, new, groups="new", draws=True).stack(sample=("chain", "draw"))
    each = {g: constrained(C, order) for g, C in TIMES.items() if len(C) > order}
    size = np.exp(np.mean(np.log([v for C in each.values() for v in np.diag(C)])))
    both = np.concatenate([known, t])
    K, X = walk(both[:, None], both, order) / size, np.vander(both, order, increasing=True)
    K = K + 1e6 * X @ X.T  # a level and a trend that are free, but for the width of their prior
    W = np.linalg.solve(K[:6, :6], K[:6, 6:]).T
    root = np.linalg.cholesky(K[6:, 6:] - W @ K[:6, 6:])
    apart = found.values.reshape(2, -1) - draws["intercept"].values - W @ u
    z = np.linalg.solve(root, apart / sd)
    n = z.shape[1]
    assert (np.abs(z.mean(axis=1)) < 4 / np.sqrt(n)).all()
    np.testing.assert_allclose(np.cov(z), np.eye(2), atol=4 * np.sqrt(2 / n))


def test_a_formula_is_written_and_read_again():
    text = "y ~ 1 + rw(t, g, order=2) + rw(t) + (1 | g)"
    spec = bg.parse(text)
    assert bg.parse(spec.formula) == spec == bg.ModelSpec.from_toml(spec.to_toml())
    assert bg.parse("y ~ rw(t, g, order=1)").formula == "y ~ 1 + rw(t, g)"


def test_a_fit_is_saved_and_answers_the_same(tmp_path):
    tree = fitted(2)
    bg.save(tree, tmp_path / "walk.nc")
    again, new = bg.load(tmp_path / "walk.nc"), pd.DataFrame({"g": ["b", "z"], "t": [8.0, 1.0]})
    one, other = (bg.predictions(x, new, groups="new", draws=True) for x in (tree, again))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("formula", "error", "says"),
    [
        ("y ~ rw(t, g, order=3)", FormulaError, "use 1 or 2"),
        ("y ~ rw(t, g, ordr=2)", FormulaError, "order"),
        ("y ~ ar(t, g, order=2)", FormulaError, "takes no options"),
        ("y ~ x:rw(t, g)", FormulaError, "rw()"),
        ("y ~ rw(t, g, order=two)", FormulaError, "whole number"),
    ],
)
def test_what_the_grammar_refuses(formula, error, says):
    with pytest.raises(error, match=says.replace("(", r"\(").replace(")", r"\)")):
        bg.parse(formula)


def test_what_the_data_cannot_say_is_refused():
    two = table()[lambda d: (d["g"] == "c") | (d["g"] == "b") & (d["t"] < 5)]
    with pytest.raises(DataError, match="at most 2 times"):
        bg.fit("y ~ 1 + rw(t, g, order=2)", two, draws=10, progress=False)
    with pytest.raises(DataError, match=r"stand twice.*rw\(time"):
        bg.fit("y ~ 1 + rw(t, g)", pd.concat([two, two], ignore_index=True), progress=False)
    with pytest.raises(ArgumentError, match="'c' have one training time"):
        bg.predictions(fitted(2), pd.DataFrame({"g": ["c"], "t": [8.0]}), groups="new")
