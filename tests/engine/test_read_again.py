"""Rows of several levels, parts of levels, and effects that several formulas share, in the kernel."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.resolve import resolve_spec
from bayes_glmm.engine import choose
from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.laplace import Problem, approximate_problem
from bayes_glmm.engine.program import uncovered, write_program
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.reference import Way
from tests.engine.test_related import hold_to_the_field, hold_to_the_plain

N = 80
CASES = {
    "members": ("poisson", {"mu": "c ~ x + (1 | mm(g1, g2))"}),
    "weights": (
        "gaussian",
        {"mu": "y ~ (1 + x | mm(g1, g2, g3, weights=c(w1, w2, w3))) + (1 | h)"},
    ),
    "by": ("bernoulli", {"mu": "b ~ x + (1 + x | gr(h, by=k))"}),
    "shared": ("gaussian", {"mu": "y ~ x + (1 + x |p| h)", "sigma": "~ (1 |p| h)"}),
    "shared by three": (
        "zero_inflated_negative_binomial",
        {"mu": "c ~ x + (1 |p| h)", "zi": "~ (1 |p| h)", "dispersion": "~ (1 |p| h) + (1 | k)"},
    ),
    "members and numbers": ("gaussian", {"mu": "y ~ (1 | mm(g1, g2)) + s(x, k=5)"}),
}


@cache
def table() -> pd.DataFrame:
    rng = np.random.default_rng(14)
    data = pd.DataFrame({"x": rng.normal(1, 1, N), "h": rng.choice(list("abcdefg"), N)})
    for k in (1, 2, 3):
        data[f"g{k}"], data[f"w{k}"] = rng.choice(list("pqrstu"), N), rng.uniform(0, 1, N)
    data.loc[:9, "w3"] = 0.0
    data["k"] = np.where(data["h"].isin(list("abc")), "low", "high")
    data["y"], data["c"], data["b"] = rng.normal(size=N), rng.poisson(2, N), rng.integers(0, 2, N)
    return data


@cache
def designed(case):
    family, formulas = CASES[case]
    prepared = prepare(resolve_spec(formulas, family=family), table())
    _, design = prepared.require()
    way = Way.of(design, resolve_priors(prepared.spec, design))
    return way.design, way.priors


@pytest.mark.parametrize("case", CASES)
def test_the_density_and_its_gradient_are_the_fields(case):
    design, priors = designed(case)
    assert uncovered(design, priors) is None
    for rows in (None, choose.arrange_rows(design)):
        hold_to_the_field(write_program(design, priors, rows=rows), 3, 0.3)


@pytest.mark.parametrize("case", CASES)
def test_the_precision_is_that_of_dense_second_derivatives(case):
    """What rows say about everything linear, by differences of the density's gradient."""
    program = write_program(*designed(case))
    problem = Problem.of(program)
    x = program.start + np.random.default_rng(5).normal(0, 0.1, program.n_dim)
    inner = problem.solve(x, x[problem.pattern.order], observed=True)
    assert inner is not None
    x[problem.pattern.order] = inner.w
    gradient = lambda p: (log_density(program.buffer, p, g := np.empty_like(p)), g)[1]  # noqa: E731
    order = problem.pattern.order[problem.pattern.eliminated]
    rows, h = [], 1e-4
    for i in order:
        step = h * (np.arange(len(x)) == i)
        rows.append((gradient(x - step) - gradient(x + step))[order] / (2 * h))
    factor, s = inner.factor, problem.pattern.symbolic
    L = np.zeros((s.n, s.n))
    L[range(s.tail), range(s.tail)] = factor.values[: s.tail]
    for j in range(s.tail):
        low, high = s.edges[j], s.edges[j + 1]
        L[s.rows[low - s.tail : high - s.tail], j] = factor.values[low:high]
    L[s.tail :, s.tail :] = np.tril(factor.tail.T)
    np.testing.assert_allclose(L @ L.T, np.stack(rows), rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("kind", ["adaptive", "collapsed"])
@pytest.mark.parametrize("case", CASES)
def test_moved_coordinates_have_the_same_density(case, kind):
    design, priors = designed(case)
    if kind == "collapsed" and not choose.collapses(design, priors):
        return
    plain = write_program(design, priors)
    found = approximate_problem(Problem.of(plain))
    plan = getattr(choose, kind)(found, fold=False)
    moved = choose.planned(plain, plan, kind).program
    hold_to_the_plain(moved, plain)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::bayes_glmm.errors.UnconvergedWarning")  # of the graph
@pytest.mark.parametrize("case", CASES)
def test_a_fit_is_the_graphs(case):
    """Means of parameters within five standard errors of Monte Carlo."""
    family, formulas = CASES[case]
    settings = {"family": family, "chains": 2, "seed": 5, "progress": False, "draws": 2000}
    trees = [bg.fit(formulas, table(), engine=e, **settings) for e in ("auto", "nuts")]
    assert trees[0].attrs["mode"] != "graph" == trees[1].attrs["mode"]
    a, b = (bg.summary(tree).set_index("parameter") for tree in trees)
    assert list(a.index) == list(b.index)
    apart = np.abs(a["mean"] - b["mean"]) / np.hypot(a["mcse"], b["mcse"])
    assert apart.max() <= 5, apart
