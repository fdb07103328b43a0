"""Formulas of several parameters in the kernel: each predictor has its columns and groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.engine.choose import adaptive, collapsed_coordinates, frozen, levels, planned
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.kernel import log_density, restore
from bayes_glmm.engine.laplace import Problem, approximate, positive
from bayes_glmm.engine.merge import arrange_rows
from bayes_glmm.engine.plan import Plan
from bayes_glmm.engine.program import uncovered, write_program
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis
from tests.engine.test_kernel import hold_to_the_oracle, jacobian

CASES = {
    "numbers": ("gaussian", {"mu": "y ~ x + (1 | a)", "sigma": "~ w + x"}),
    "scales of groups": ("gaussian", {"mu": "y ~ x + (1 + x | a)", "sigma": "~ w + (1 | a)"}),
    "no intercept": ("student_t", {"mu": "y ~ 0 + x", "sigma": "~ 0 + w + (0 + x | b)"}),
    "three": (
        "zero_inflated_negative_binomial",
        {"mu": "c ~ x + (1 | a)", "zi": "~ w + (1 | b)", "dispersion": "~ x"},
    ),
    "one of two": (
        "hurdle_negative_binomial",
        {"mu": "c ~ x + (1 | a)", "hurdle": "~ x + (1 + x | b)"},
    ),
    "shares": ("beta", {"mu": "s ~ x", "dispersion": "~ w + (1 | a)"}),
    "smooth": ("poisson", {"mu": "c ~ s(x, k=6) + (1 + w | a)"}),
    "surface": ("gaussian", {"mu": "y ~ t2(x, w, k=4) + x", "sigma": "~ s(w, k=5) + (1 | a)"}),
    "smooth by": ("gaussian", {"mu": "y ~ s(x, by=b, k=5) + b"}),
    "offset": ("negative_binomial", {"mu": "c ~ x + offset(w)", "dispersion": "~ (1 | a)"}),
}


def table(n=60):
    rng = np.random.default_rng(12)
    data = pd.DataFrame({"x": rng.normal(1, 1, n), "w": rng.uniform(0, 1, n)})
    data["a"], data["b"] = rng.choice(list("pqrst"), n), rng.choice(list("uvw"), n)
    data["y"], data["c"] = rng.normal(2, 1, n), rng.poisson(2, n) * rng.integers(0, 2, n)
    data["s"] = rng.uniform(0.05, 0.95, n)
    return data


def designed(case):
    family, formulas = CASES[case]
    spec = parse(formulas, family=family)
    return spec, in_basis(spec, Schema.learn(spec, table()).apply(table()))


def volume(program, point) -> float:
    """Log volume of the coordinates' map, that of the other formulas' numbers too."""
    design, priors = program.design, program.priors
    total = jacobian(program, point)
    for s in design.smooths:
        sd = point[f"sd_{s.name}"]
        total += np.log(sd).sum() + np.log(sd[s.part]).sum()
    for p in (p for name, p in design.predictors.items() if name != "mu"):
        names = [p.intercept_name] * p.intercept + [f"{p.beta}[{c}]" for c in p.coefficients]
        total += sum(np.log(priors[name]["sigma"]) for name in names)
        for g in p.groups:
            sd = np.atleast_1d(point[f"sd_{g.name}"])
            total += np.log(sd).sum()
            cov = sd[:, None] * point.get(f"corr_{g.name}", np.eye(len(sd))) * sd
            total += 0.5 * g.n_levels * np.linalg.slogdet(cov)[1]
            L = point.get(f"corr_chol_{g.name}", np.eye(1))
            total += sum((i + 2) * np.log(L[i, i]) for i in range(1, len(L)))
    return total


@pytest.mark.parametrize("case", CASES)
def test_the_density_is_the_oracles(case):
    """As rows are given, and as the kernel sorts them."""
    _, (design, priors) = designed(case)
    assert uncovered(design, priors) is None
    for rows in (None, arrange_rows(design)):
        program = write_program(design, priors, rows=rows)
        hold_to_the_oracle(program, design, priors, volume=volume, far=2e-5)


def test_sums_over_several_blocks_of_rows_are_the_oracles():
    data = smooth_table()
    spec = parse({"mu": "y ~ s(x, k=6) + z + (1 | g)", "sigma": "~ s(z, k=5)"}, family="gaussian")
    design, priors = in_basis(spec, Schema.learn(spec, data).apply(data))
    program = write_program(design, priors)
    hold_to_the_oracle(program, design, priors, volume=volume, far=1e-3)


@pytest.mark.parametrize("kind", ["adaptive", "frozen"])
@pytest.mark.parametrize("case", ["scales of groups", "three", "offset", "smooth", "surface"])
def test_moved_coordinates_have_the_same_density(case, kind):
    """Up to the volume of their map, by differences of it."""
    _, (design, priors) = designed(case)
    plain = write_program(design, priors, rows=arrange_rows(design))
    found = approximate(plain)
    assert found is not None
    if kind == "frozen" and design.smooths:
        return  # such coordinates are not chosen for them
    if kind == "adaptive":
        moved = planned(plain, adaptive(found, fold=False), kind).program
    else:
        informed = levels(found)
        plain = write_program(design, priors, informed, rows=plain.rows)
        moved = planned(plain, frozen(found, informed), kind).program
    rng, h = np.random.default_rng(2), 1e-5
    for _ in range(3):
        z = rng.normal(0, 0.5, moved.n_sampled)
        columns = [
            (restored(moved, z + h * e) - restored(moved, z - h * e)) / (2 * h)
            for e in np.eye(len(z))
        ]
        expected = log_density(plain.buffer, restored(moved, z), np.empty_like(z))
        expected += np.linalg.slogdet(np.stack(columns, 1))[1]
        expected -= np.linalg.slogdet(moved.plan.factor)[1]  # constants, which are left out
        if kind == "frozen":
            expected += np.log(moved.plan.values[moved.plan.pattern.symbolic.diagonal]).sum()
        assert log_density(moved.buffer, z, np.empty_like(z)) == pytest.approx(expected, abs=1e-6)


def restored(program, z):
    assert isinstance(program.plan, Plan)
    out = np.empty((1, program.n_dim))
    restore(program.buffer, z[None].copy(), None, out)
    return out[0]


def test_weights_are_second_derivatives_of_all_pairs_of_predictors():
    """By second differences of the value; what is negative is left out of each row's matrix."""
    _, (design, priors) = designed("three")
    problem = Problem.of(write_program(design, priors))
    eta, h = np.random.default_rng(6).normal(0, 0.3, (3, design.n_rows)), 1e-3
    W = problem.weights(eta, np.zeros(0))
    value = lambda e: problem.rows(e, np.zeros(0))[0]  # noqa: E731
    for row in (0, 7):
        steps = [h * np.outer(np.arange(3) == p, np.arange(design.n_rows) == row) for p in range(3)]
        for p, a in enumerate(steps):
            for q, b in enumerate(steps):
                ends = (
                    value(eta + a + b)
                    - value(eta + a - b)
                    - value(eta - a + b)
                    + value(eta - a - b)
                )
                assert W[p, q, row] == pytest.approx(-ends / (4 * h * h), rel=1e-3, abs=1e-4)
    kept, raw = positive(W), np.linalg.eigvalsh(W.T)
    np.testing.assert_allclose(np.linalg.eigvalsh(kept.T), np.maximum(raw, 0), atol=1e-12)
    assert (raw < -1e-3).any() and (raw.min(axis=1) > 0).any()


def test_likelihood_of_a_formula_of_sigma_is_exact():
    """Given the scales the responses are normal: SciPy's density, and its maximum."""
    rng, n = np.random.default_rng(4), 90
    g, w, x = np.repeat(np.arange(15), 6), rng.uniform(-1, 1, n), rng.normal(size=n)
    y = 1 + 0.5 * x + rng.normal(0, 0.8, 15)[g] + np.exp(-0.4 + 0.7 * w) * rng.normal(size=n)
    data = pd.DataFrame({"y": y, "x": x, "w": w, "g": [f"g{i}" for i in g]})
    table = bg.maximum_likelihood({"mu": "y ~ x + (1 | g)", "sigma": "~ w"}, data)
    names = ["intercept", "beta[x]", "intercept_sigma", "beta_sigma[w]", "sd_g[intercept]"]
    best = table.set_index("parameter").estimate[names].to_numpy()

    def exact(b, d, s, t, sd):
        cov = sd**2 * (g[:, None] == g) + np.diag(np.exp(2 * (s + t * w)))
        return stats.multivariate_normal.logpdf(y, b + d * x, cov)

    value = table.attrs["log_likelihood"]
    assert value == pytest.approx(exact(*best), abs=1e-8)
    for i in range(5):
        for step in (-1e-3, 1e-3):
            assert exact(*(best + step * (np.arange(5) == i))) < value + 1e-9


def smooth_table(n=1_500):
    """Two blocks of rows, so that sums over rows are of more than one."""
    rng = np.random.default_rng(9)
    g, x, z = rng.integers(0, 12, n), rng.uniform(0, 1, n), rng.normal(size=n)
    y = 2 + np.sin(5 * x) + 0.3 * z + rng.normal(0, 0.4, 12)[g] + 0.6 * rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "z": z, "g": [f"g{i}" for i in g]})


def normal_density(design, y, means, scale, sds):
    """Exact density of responses with everything linear integrated out, but coefficients given."""
    (smooth,), (group,) = design.mu.smooths, design.mu.groups
    own = group.index[:, None] == group.index
    cov = scale**2 * np.eye(len(y)) + sds["g"] ** 2 * own
    cov += (smooth.basis * sds["s_x"][smooth.part] ** 2) @ smooth.basis.T
    return stats.multivariate_normal.logpdf(y, means, cov)


def test_likelihood_of_a_smooth_is_exact():
    data = smooth_table(300)
    formula = "y ~ s(x, k=6) + z + (1 | g)"
    found = bg.maximum_likelihood(formula, data).set_index("parameter")
    spec = parse(formula, family="gaussian")
    design = Schema.learn(spec, data).apply(data)
    columns = [f"beta[{c}]" for c in design.mu.coefficients]
    means = found.estimate["intercept"] + design.mu.X @ found.estimate[columns].to_numpy()
    sds = {
        "g": found.estimate["sd_g[intercept]"],
        "s_x": found.estimate[
            [f"sd_s_x[{part}]" for part in design.mu.smooths[0].parts]
        ].to_numpy(),
    }
    exact = normal_density(design, data["y"].to_numpy(), means, found.estimate["sigma"], sds)
    assert found.attrs["log_likelihood"] == pytest.approx(exact, abs=1e-7)


def test_a_smooth_is_integrated_out_of_normal_responses():
    """The collapsed density of two points differs as the exact one of the scales does."""
    data = smooth_table()
    spec = parse("y ~ s(x, k=6) + z + (1 | g)", family="gaussian")
    design, priors = in_basis(spec, Schema.learn(spec, data).apply(data))
    chosen = collapsed_coordinates(design, priors)
    program, mu = chosen.program, design.mu
    rng, y = np.random.default_rng(1), np.asarray(design.response)
    scales = [priors["intercept"], *(priors[f"beta[{c}]"] for c in mu.coefficients)]
    X = np.column_stack([np.ones(len(y)), mu.X - mu.centers])
    known = (X * [p["sigma"] ** 2 for p in scales]) @ X.T  # coefficients are integrated out too
    values = []
    for _ in range(2):
        z = rng.normal(0, 0.3, program.n_sampled)
        point = expand(program, z)
        total = log_density(program.buffer, z, np.empty_like(z))
        cov = point["sigma"] ** 2 * np.eye(len(y)) + known
        cov += point["sd_g"] ** 2 * (mu.groups[0].index[:, None] == mu.groups[0].index)
        sd = point["sd_s_x"][mu.smooths[0].part]
        cov += (mu.smooths[0].basis * sd**2) @ mu.smooths[0].basis.T
        exact = stats.multivariate_normal.logpdf(y, X @ [p["mu"] for p in scales], cov)
        sds = {"sigma": point["sigma"], "sd_g[intercept]": point["sd_g"][0]}
        sds |= {
            f"sd_s_x[{part}]": v
            for part, v in zip(mu.smooths[0].parts, point["sd_s_x"], strict=True)
        }
        for name, value in sds.items():
            exact += priors[name].frozen.logpdf(value)
            exact += 0.0 if name in program.signed else np.log(value)
        values.append(total - exact)
    assert values[0] == pytest.approx(values[1], abs=1e-6)


def test_what_is_left_to_the_graph_is_said():
    data = table()
    spec = parse('y ~ x + (1 | gr(a, dist="student"))', family="gaussian")
    design, priors = in_basis(spec, Schema.learn(spec, data).apply(data))
    assert uncovered(design, priors) == "Student's t of a"
    with pytest.raises(bg.errors.EngineError, match="for one formula"):
        bg.maximum_likelihood({"mu": "y ~ x + (1 | a)", "sigma": "~ w"}, data, quadrature=5)
    with pytest.raises(bg.errors.EngineError, match="integrates effects out exactly"):
        bg.fit({"mu": "y ~ x + (1 | a)", "sigma": "~ w"}, data, engine="collapsed")


@pytest.mark.fit
@pytest.mark.filterwarnings("ignore::bayes_glmm.errors.UnconvergedWarning")  # of the graph
@pytest.mark.parametrize("case", ["scales of groups", "one of two", "smooth"])
def test_a_fit_is_the_graphs(case):
    """Means of parameters within four standard errors of Monte Carlo."""
    family, formulas = CASES[case]
    settings = {"family": family, "chains": 2, "seed": 5, "progress": False}
    ours = bg.fit(formulas, table(), draws=2000, **settings)
    theirs = bg.fit(formulas, table(), draws=1000, engine="nuts", **settings)
    paths = [Fit.of(tree).info["settings"]["path"] for tree in (ours, theirs)]
    assert paths[0] != "graph" == paths[1]
    a, b = (bg.summary(r).set_index("parameter") for r in (ours, theirs))
    assert list(a.index) == list(b.index)
    assert (np.abs(a["mean"] - b["mean"]) <= 4 * np.hypot(a["mcse"], b["mcse"])).all()
