"""Coordinates move the sampler and never the model: densities, derivatives, draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from bayes_glmm.engine import choose, kernel
from bayes_glmm.engine.choose import (
    adaptive,
    choose_coordinates,
    collapsed,
    frozen,
    levels,
    planned,
    scales,
)
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.laplace import Problem, approximate_problem
from bayes_glmm.engine.pattern import FIXED
from bayes_glmm.engine.program import write_program
from bayes_glmm.fitting.prepare import prepare
from tests.basis import in_basis
from tests.engine.test_kernel import designed

PRIORS = {"sd": bg.Prior("HalfNormal", sigma=0.8)}
CASES = [
    (family, link, structure)
    for family, link in (
        ("gaussian", "identity"), ("poisson", "log"), ("bernoulli", "logit"),
        ("student_t", "identity"), ("negative_binomial", "log"), ("binomial", "probit"),
    )
    for structure in ("none", "intercept", "slope", "independent", "nested", "crossed")
]  # fmt: skip


def approximated(family, link, structure):
    _, design, priors = designed(family, link, structure, PRIORS)
    plain = write_program(design, priors)
    return design, priors, plain, approximate_problem(Problem.of(plain))


def in_coordinates(kind, family, link, structure):
    design, priors, plain, found = approximated(family, link, structure)
    if kind == "adaptive":
        return design, priors, planned(plain, adaptive(found), kind).program
    if kind == "collapsed":
        return design, priors, planned(plain, collapsed(found), kind).program
    informed = levels(found)
    centred = write_program(design, priors, informed)
    return design, priors, planned(centred, frozen(found, informed), kind).program


def differences(f, x, h=1e-5):
    """Five-point derivative."""
    out = np.empty_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        out[i] = (8 * (f(x + step) - f(x - step)) - f(x + 2 * step) + f(x - 2 * step)) / (12 * h)
    return out


def value(program, z):
    return kernel.log_density(program.buffer, z, np.empty_like(z))


def restored(program, z, noise=None):
    out = np.empty((len(z), program.n_dim))
    kernel.restore(program.buffer, z, noise, out)
    return out


@pytest.mark.parametrize("kind", ["adaptive", "frozen"])
@pytest.mark.parametrize(("family", "link", "structure"), CASES)
def test_moved_density_is_the_programs_with_the_maps_volume(kind, family, link, structure):
    """The map's Jacobian by differences, so that its formula is not used twice."""
    _, _, program = in_coordinates(kind, family, link, structure)
    plain = write_program(program.design, program.priors, program.informed, signed=program.signed)
    z = np.random.default_rng(1).normal(0, 0.5, program.n_dim)
    gradient = np.empty_like(z)
    moved = kernel.log_density(program.buffer, z, gradient)

    def mapped(at):
        return restored(program, at[None])[0]

    h = 1e-5
    columns = [
        (
            8 * (mapped(z + h * e) - mapped(z - h * e))
            - mapped(z + 2 * h * e)
            + mapped(z - 2 * h * e)
        )
        / (12 * h)
        for e in np.eye(len(z))
    ]
    volume = np.linalg.slogdet(np.stack(columns, 1))[1]
    base = np.zeros_like(z)
    constant = np.linalg.slogdet(program.plan.factor)[1]
    if kind == "frozen":
        constant -= np.log(program.plan.values[program.plan.pattern.symbolic.diagonal]).sum()
    expected = kernel.log_density(plain.buffer, mapped(z), base) + volume - constant
    assert moved == pytest.approx(expected, rel=1e-8)
    slopes = differences(lambda at: value(program, at), z)
    assert np.abs(gradient - slopes).max() <= 1e-6 * max(1, np.abs(slopes).max())


@pytest.mark.parametrize("structure", ["slope", "nested", "crossed"])
def test_groups_taken_apart_are_another_map_of_the_same_density(monkeypatch, structure):
    """Without what joins crossed groups the factor is not the mode's, and the density is."""
    monkeypatch.setattr(choose, "PER_ROW_FROZEN", 0)
    whole = approximated("poisson", "log", structure)[3].problem.pattern
    test_moved_density_is_the_programs_with_the_maps_volume("frozen", "poisson", "log", structure)
    _, _, program = in_coordinates("frozen", "poisson", "log", structure)
    apart = program.plan.pattern
    joined = [(s.left.group, s.right.group) for s in apart.segments if s.left is not s.right]
    assert len(joined) == 1 and joined[0][1] == FIXED
    assert apart.symbolic.n == whole.symbolic.n
    if structure != "slope":
        assert apart.symbolic.size < whole.symbolic.size


@pytest.mark.parametrize("structure", ["none", "intercept", "slope", "nested", "crossed"])
def test_collapsed_density_is_the_marginal_normal(structure):
    """Against SciPy's multivariate normal of the response, dense."""
    design, priors, program = in_coordinates("collapsed", "gaussian", "identity", structure)
    mu, y = design.mu, design.response
    rng = np.random.default_rng(2)
    gaps = []
    for _ in range(5):
        z = rng.normal(0, 0.7, program.n_sampled)
        gradient = np.empty_like(z)
        found = kernel.log_density(program.buffer, z, gradient)
        slopes = differences(lambda at: value(program, at), z)
        assert np.abs(gradient - slopes).max() <= 1e-6 * max(1, np.abs(slopes).max())
        noise = np.zeros((1, program.plan.pattern.symbolic.n))
        point = {k: v[0] for k, v in expand_at(program, z, noise).items()}
        columns = np.column_stack([np.ones(len(y)), mu.X - mu.centers])
        given = [priors["intercept"], *(priors[f"beta[{c}]"] for c in mu.coefficients)]
        mean = mu.offset + columns @ [p["mu"] for p in given]
        cov = columns @ np.diag([p["sigma"] ** 2 for p in given]) @ columns.T
        cov += np.eye(len(y)) * point["sigma"] ** 2
        total = np.log(point["sigma"]) + priors["sigma"].frozen.logpdf(point["sigma"])
        for g in mu.groups:
            sd = np.atleast_1d(point[f"sd_{g.name}"])
            R = point.get(f"corr_{g.name}", np.eye(len(sd)))
            same = g.index[:, None] == g.index[None, :]
            cov += same * (g.values @ (sd[:, None] * R * sd) @ g.values.T)
            names = [f"sd_{g.name}[{t}]" for t in g.terms]
            total += sum(priors[n].frozen.logpdf(s) for n, s in zip(names, sd, strict=True))
            total += sum(
                0 if n in program.signed else np.log(s) for n, s in zip(names, sd, strict=True)
            )
            for b in (b for b in g.blocks if len(b) > 1):
                L = np.linalg.cholesky(R[np.ix_(b, b)])
                eta, n = priors[f"corr_{g.name}"]["eta"], len(b)
                # LKJ density of the factor, and the unit rows' Jacobian
                total += sum((n - i - 1 + 2 * eta - 2) * np.log(L[i, i]) for i in range(1, n))
                total += sum((i + 2) * np.log(L[i, i]) for i in range(1, n))
        total += stats.multivariate_normal(mean, cov).logpdf(y)
        gaps.append(found - total)
    # LKJ's normalising constant is left to the kernel's own oracle
    assert np.ptp(gaps) <= 1e-8
    if structure != "slope" and structure != "crossed":
        assert np.abs(gaps).max() <= 1e-8


def expand_at(program, z, noise):
    plain = write_program(program.design, program.priors, signed=program.signed)
    return expand(plain, restored(program, z[None], noise))


@pytest.mark.parametrize("structure", ["intercept", "slope", "nested", "crossed"])
def test_what_was_integrated_out_is_drawn_from_its_conditional(structure):
    """Mean and covariance of effects at one point of the scales, dense algebra beside."""
    design, priors, program = in_coordinates("collapsed", "gaussian", "identity", structure)
    plain = write_program(design, priors, signed=program.signed)
    z = np.random.default_rng(3).normal(0, 0.5, program.n_sampled)
    n = program.plan.pattern.symbolic.n
    middle = restored(program, z[None], np.zeros((1, n)))[0]
    each = restored(program, np.tile(z, (n, 1)), np.eye(n)) - middle
    order = program.plan.pattern.order
    cov = each[:, order].T @ each[:, order]
    scratch = np.empty(plain.n_dim)
    precision = np.empty((n, n))
    h = 1e-4
    for i in range(n):
        up, down = middle.copy(), middle.copy()
        up[order[i]] += h
        down[order[i]] -= h
        kernel.log_density(plain.buffer, up, scratch)
        high = scratch[order].copy()
        kernel.log_density(plain.buffer, down, scratch)
        precision[i] = (scratch[order] - high) / (2 * h)
    np.testing.assert_allclose(cov @ precision, np.eye(n), atol=1e-6)
    kernel.log_density(plain.buffer, middle, scratch)
    assert np.abs(scratch[order]).max() < 1e-7


def test_rule_follows_the_model():
    chosen = {
        (family, structure): choose_coordinates(*designed(family, link, structure, priors)[1:]).kind
        for family, link, structure, priors in (
            ("gaussian", "identity", "crossed", PRIORS),
            ("gaussian", "log", "intercept", PRIORS),
            ("poisson", "log", "nested", PRIORS),
            ("gaussian", "identity", "none", {"beta": bg.Prior("StudentT", nu=3)}),
        )
    }
    assert list(chosen.values()) == ["collapsed", "adaptive", "adaptive", "adaptive"]


def test_a_scale_gets_a_sign_where_it_may_be_zero_once_others_follow(data_folder):
    """With the sd of the level held, that of the slope looks far from zero; it is not."""
    data = pd.read_csv(data_folder / "contraception.csv").assign(
        decades=lambda d: d.age / 10, squared=lambda d: d.decades**2
    )
    formula = "use ~ decades + squared + livch + urban + (1 + urban | district)"
    ready = prepare(formula, data, family="bernoulli")
    _, design = ready.require()
    plain = write_program(*in_basis(ready.spec, design))
    signed = scales(approximate_problem(Problem.of(plain)), fold=True)[2]
    assert list(signed) == ["sd_district[urban[Y]]"]
    assert scales(approximate_problem(Problem.of(plain)), fold=False)[2] == {}
