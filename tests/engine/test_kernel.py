"""The kernel and the graph against the oracle, in every family, link and structure."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.laplace import approximate
from bayes_glmm.engine.program import Informed, write_program
from bayes_glmm.families import get_family
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis
from tests.oracle import log_posterior

LINKS = {
    "gaussian": ("identity", "log", "inverse"),
    "student_t": ("identity", "log", "inverse"),
    "bernoulli": ("logit", "probit", "cloglog"),
    "binomial": ("logit", "probit", "cloglog"),
    "poisson": ("log", "identity", "sqrt"),
    "negative_binomial": ("log", "identity", "sqrt"),
}
STRUCTURES = {
    "none": "",
    "intercept": " + (1 | a)",
    "slope": " + (1 + x + z | a)",
    "independent": " + (1 + x || a)",
    "nested": " + (1 | a/b)",
    "crossed": " + (1 | a) + (1 + x | b)",
    "olre": " + (1 | a) + (1 | observation)",
}
CASES = [
    (family, link, structure)
    for family, links in LINKS.items()
    for link in links
    for structure in STRUCTURES
    if not (structure == "olre" and family in ("gaussian", "student_t", "bernoulli"))
]
MORE = (
    "negative_binomial1", "geometric", "beta_binomial", "beta", "gamma", "exponential", "weibull",
    "inverse_gaussian", "lognormal", "zero_inflated_poisson", "zero_inflated_negative_binomial",
    "zero_inflated_binomial", "hurdle_poisson", "hurdle_negative_binomial", "hurdle_gamma",
    "hurdle_lognormal", "generalized_poisson", "skew_normal", "asymmetric_laplace", "von_mises",
    "tweedie", "zero_one_inflated_beta", "ordered_beta",
)  # fmt: skip
CASES += [
    (family, link, structure)
    for family in MORE
    for link in get_family(family).links
    for structure in ("slope", "crossed")
    if structure == "crossed" or link == get_family(family).default_link
]
WITH_TRIALS = ("binomial", "beta_binomial", "zero_inflated_binomial")
PRIORS = {
    "beta[x]": bg.Prior("StudentT", nu=3, sigma=1.5),
    "sd": bg.Prior("HalfNormal", sigma=0.8),
}
GRAPHS = [("poisson", "log", "crossed"), ("gaussian", "identity", "slope"),
          ("bernoulli", "probit", "nested"), ("binomial", "cloglog", "olre"),
          ("negative_binomial", "log", "independent"), ("student_t", "identity", "intercept")]  # fmt: skip
PRINTED = (
    "generalized_poisson", "skew_normal", "asymmetric_laplace", "von_mises", "tweedie",
    "zero_one_inflated_beta", "ordered_beta",
)  # fmt: skip
GRAPHS += [(family, link, "intercept") for family in PRINTED for link in get_family(family).links]


def table(family: str, link: str, n: int = 24) -> pd.DataFrame:
    rng = np.random.default_rng(len(family) + len(link))
    data = pd.DataFrame(
        {"x": rng.normal(size=n), "z": rng.uniform(1, 3, n), "days": rng.uniform(1, 9, n),
         "a": rng.choice(list("pqrs"), n), "b": rng.choice(list("uvw"), n),
         "n": rng.integers(1, 40, n)}
    )  # fmt: skip
    match family:
        case "gaussian" | "student_t" | "skew_normal" | "asymmetric_laplace":
            data["y"] = rng.uniform(1, 4, n)
        case "bernoulli":
            data["y"] = rng.integers(0, 2, n)
        case "gamma" | "exponential" | "weibull" | "inverse_gaussian" | "lognormal":
            data["y"] = rng.uniform(0.5, 4, n)
        case "von_mises":
            data["y"] = rng.uniform(-2, 2, n)
        case "zero_one_inflated_beta" | "ordered_beta":
            data["y"] = [0, 0, 1, *rng.uniform(0.05, 0.95, n - 3)]
        case "hurdle_gamma" | "hurdle_lognormal" | "tweedie":
            data["y"] = [0, 0, *rng.uniform(0.5, 4, n - 2)]
        case "beta":
            data["y"] = rng.uniform(0.05, 0.95, n)
        case _ if family in WITH_TRIALS:
            data["y"] = (rng.random(n) * (data["n"] + 1)).astype(int)
        case _:
            data["y"] = rng.poisson(6, n)
            data.loc[0, "y"] = 0
    return data


def designed(family: str, link: str, structure: str, priors=PRIORS):
    response = "y | trials(n)" if family in WITH_TRIALS else "y"
    kept = {k: v for k, v in priors.items() if k != "sd" or STRUCTURES[structure]}
    spec = parse(
        f"{response} ~ x + z{STRUCTURES[structure]}", family=family, link=link, priors=kept
    )
    design = Schema.learn(spec, table(family, link)).apply(table(family, link))
    return (spec, *in_basis(spec, design))


def points(program, n, seed=0, spread=0.3):
    """Coordinates near the start where every mean is inside its domain."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(200):
        x = program.start + rng.normal(0, spread, program.n_dim)
        if np.isfinite(log_density(program.buffer, x, np.empty_like(x))):
            out.append(x)
        if len(out) == n:
            return out
    raise AssertionError("no point inside the domain")


def jacobian(program, point) -> float:
    """Log volume of the coordinates' map, written from the definitions."""
    design, priors, total = program.design, program.priors, 0.0
    scale = {"Normal": "sigma", "StudentT": "sigma"}
    if design.mu.intercept:
        total += np.log(priors["intercept"][scale[priors["intercept"].name]])
    for label in design.mu.coefficients:
        total += np.log(priors[f"beta[{label}]"][scale[priors[f"beta[{label}]"].name]])
    for g in design.mu.groups:
        sd = np.atleast_1d(point[f"sd_{g.name}"])
        total += np.log(sd).sum()
        cov = sd[:, None] * point.get(f"corr_{g.name}", np.eye(len(sd))) * sd
        total += 0.5 * g.n_levels * np.linalg.slogdet(cov)[1]
        wide = [b for b in g.blocks if len(b) > 1]
        for number in range(len(wide)):
            L = point[f"corr_chol_{g.name}" + ("" if len(wide) == 1 else f"_{number}")]
            total += sum((i + 2) * np.log(L[i, i]) for i in range(1, len(L)))
    for name in program.vectors:
        steps = [np.diff(point[name][run]) for run in program.design.ladders]
        total += np.log(np.concatenate(steps)).sum()
        total += len(steps) * np.log(priors[name][scale[priors[name].name]])
    for name in set(program.names) - set(program.vectors):
        v, support = point[name], priors[name].support
        match support:
            case "real":
                total += np.log(priors[name][scale[priors[name].name]])
            case "one to two":
                total += np.log((v - 1) * (2 - v))
            case _:
                total += np.log(v * (1 - v) if support == "unit" else v)
    return total


def hold_to_the_oracle(program, design, priors, *, volume=jacobian, slopes=None, far=1e-6):
    """Hold a program's density at ten points, and its derivatives at the last, to the oracle's.

    ``volume`` is that of the coordinates' map; ``slopes`` how many derivatives are asked for, all
    by default, and ``far`` what they may be apart by the error of differences.
    """

    def exact(x):
        point = expand(program, x)
        return log_posterior(design, priors, point) + volume(program, point)

    for x in points(program, 10):
        gradient = np.empty_like(x)
        assert log_density(program.buffer, x, gradient) == pytest.approx(exact(x), rel=1e-10)
    h = 1e-5
    for i in range(len(x) if slopes is None else slopes):
        step = h * (np.arange(len(x)) == i)
        slope = (exact(x + step) - exact(x - step)) / (2 * h)
        assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=far)


@pytest.mark.parametrize(("family", "link", "structure"), CASES)
def test_kernel_equals_the_oracle(family, link, structure):
    _, design, priors = designed(family, link, structure)
    program = write_program(design, priors)
    for x in points(program, 25):
        point = expand(program, x)
        gradient = np.empty_like(x)
        value = log_density(program.buffer, x, gradient)
        expected = log_posterior(design, priors, point) + jacobian(program, point)
        assert value == pytest.approx(expected, rel=1e-10)

    def at(x):
        point = expand(program, x)
        return log_posterior(design, priors, point) + jacobian(program, point)

    # links with an edge have steep densities near it, where differences are not exact
    spread = 0.3 if link in ("log", "logit", "probit", "cloglog") else 0.02
    x, h = points(program, 1, seed=5, spread=spread)[0], 1e-5
    value = log_density(program.buffer, x, gradient)
    slopes = np.empty_like(x)
    for i in range(len(x)):
        step = np.zeros_like(x)
        step[i] = h
        # five points, so that the oracle's own error is below the tolerance
        slopes[i] = (8 * (at(x + step) - at(x - step)) - at(x + 2 * step) + at(x - 2 * step)) / (
            12 * h
        )
    size = max(1.0, np.abs(slopes).max())
    assert np.abs(gradient - slopes).max() <= 1e-6 * size


@pytest.mark.parametrize(("family", "link", "structure"), GRAPHS)
def test_graph_equals_the_oracle(family, link, structure):
    spec, design, priors = designed(family, link, structure, {"sd": PRIORS["sd"]})
    program = write_program(design, priors)
    for x, found in held_to_the_graph(spec, program):
        point = expand(program, x)
        expected = log_posterior(design, priors, point) + jacobian(program, point)
        assert found == pytest.approx(expected, rel=1e-10)


def held_to_the_graph(spec, program, n_points: int = 25):
    """Hold a program's density and gradient to the graph's; yield points and the density there."""
    from pytensor.compile.mode import Mode

    from bayes_glmm.model.graph import build_graph

    design, priors = program.design, program.priors
    model = build_graph(spec, design, priors)
    mode = Mode(linker="py", optimizer=None)
    density, slope = model.compile_logp(mode=mode), model.compile_dlogp(mode=mode)
    initial = model.initial_point()
    assert {v.name for v in model.unobserved_RVs} == set(expand(program, program.start))
    # the graph has a parameter that is any real number as it is, the kernel as its prior has it
    standardised = {
        name: (priors[name]["mu"], priors[name]["sigma"])
        for name in program.names
        if priors[name].support == "real"
    }
    volume = sum(np.log(scale) for _, scale in standardised.values())
    order = sorted(initial, key=lambda s: (not s.startswith("intercept"), not s.startswith("beta")))
    for x in points(program, n_points):
        at, values = 0, {}
        for name in order:
            size = initial[name].size
            location, scale = standardised.get(name, (0.0, 1.0))
            values[name] = location + scale * x[at : at + size].reshape(initial[name].shape)
            at += size
        gradient = np.empty_like(x)
        value = log_density(program.buffer, x, gradient)
        values |= _factors(model, expand(program, x))
        found = density(values) + volume
        assert found == pytest.approx(value, rel=1e-10)
        flat = dict(
            zip(
                _places(model, initial),
                np.split(slope(values), _edges(model, initial)),
                strict=True,
            )
        )
        ours = np.concatenate([flat[name] * standardised.get(name, (0, 1))[1] for name in order])
        tied = np.concatenate([np.full(flat[name].size, "corr_chol" in name) for name in order])
        limit = 1e-9 * max(1.0, np.abs(gradient).max())
        assert np.abs((ours - gradient)[~tied]).max() <= limit
        # PyMC numbers the free entries of a correlation factor in another order
        assert np.abs(np.sort(ours[tied]) - np.sort(gradient[tied])).max(initial=0) <= limit
        yield x, found


def _factors(model, point):
    """Coordinates of correlation factors, in PyMC's own numbering."""
    out = {}
    for rv in model.free_RVs:
        if rv.name.startswith("corr_chol"):
            forward = model.rvs_to_transforms[rv].forward(point[rv.name], *rv.owner.inputs)
            out[model.rvs_to_values[rv].name] = forward.eval()
    return out


def _places(model, initial):
    return [v.name for v in model.value_vars if v.name in initial]


def _edges(model, initial):
    return np.cumsum([initial[name].size for name in _places(model, initial)])[:-1]


def test_informed_coordinates_are_the_same_density():
    _, design, priors = designed("poisson", "log", "crossed")
    rng = np.random.default_rng(3)
    informed = {}
    for g in design.mu.groups:
        q = len(g.terms)
        M = rng.normal(size=(g.n_levels, q, q))
        informed[g.name] = Informed(M @ np.swapaxes(M, 1, 2), rng.normal(size=(g.n_levels, q)))
    plain = write_program(design, priors)
    moved = write_program(design, priors, informed)
    for x in points(moved, 5):
        point = expand(moved, x)
        total = log_posterior(design, priors, point) + jacobian(plain, point)
        for g in design.mu.groups:
            sd = np.atleast_1d(point[f"sd_{g.name}"])
            R = point.get(f"corr_{g.name}", np.eye(len(sd)))
            cov = sd[:, None] * R * sd
            A = np.linalg.cholesky(cov)
            for W in informed[g.name].weight:
                total -= 0.5 * np.linalg.slogdet(np.eye(len(sd)) + A.T @ W @ A)[1]
        gradient = np.empty_like(x)
        assert log_density(moved.buffer, x, gradient) == pytest.approx(total, rel=1e-10)


def test_laplace_finds_restricted_maximum_likelihood_of_sleepstudy():
    data = pd.read_csv("tests/data/sleepstudy.csv")
    # flat on the logarithm, where the mode is taken: the restricted likelihood decides alone
    flat = bg.Prior("LogNormal", mu=3, sigma=100)
    wide = {"intercept": bg.Prior("Normal", sigma=1e5), "beta": bg.Prior("Normal", sigma=1e5)}
    spec = parse(
        "Reaction ~ Days + (1 + Days || Subject)", priors=wide | {"sd": flat, "sigma": flat}
    )
    design = Schema.learn(spec, data).apply(data)
    found = approximate(write_program(*in_basis(spec, design)))
    at = expand(found.problem.program, found.x)
    # lme4: lmer(Reaction ~ Days + (Days || Subject), sleepstudy), REML
    assert at["sd_Subject"] == pytest.approx([25.0513, 5.9882], rel=2e-3)
    assert at["sigma"] == pytest.approx(25.5653, rel=2e-3)
    assert at["beta"][0] == pytest.approx(10.4673, rel=1e-4)


def test_bernoulli_rows_are_binomial_counts():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"y": rng.integers(0, 2, 60), "x": np.repeat([0.0, 1.0, 2.0], 20)})
    counts = rows.groupby("x", as_index=False).agg(y=("y", "sum"), n=("y", "size"))
    values = []
    for formula, data, family in (
        ("y ~ x", rows, "bernoulli"),
        ("y | trials(n) ~ x", counts, "binomial"),
    ):
        spec = parse(formula, family=family, priors={
            "intercept": bg.Prior("Normal", sigma=2), "beta": bg.Prior("Normal", sigma=1)})  # fmt: skip
        design = Schema.learn(spec, data).apply(data)
        program = write_program(*in_basis(spec, design))
        at = [
            log_density(program.buffer, np.array(x), np.empty(2)) for x in ([0.1, 0.2], [-1.0, 0.7])
        ]
        values.append(at[0] - at[1])
    assert values[0] == pytest.approx(values[1], abs=1e-11)


def test_doubling_the_exposure_is_adding_log_two():
    data = table("poisson", "log")
    prior = {"intercept": bg.Prior("Normal", mu=1, sigma=2)}
    twice = data.assign(days=2 * data.days)
    logged = data.assign(known=np.log(data.days) + np.log(2))
    values = []
    for frame, how in ((twice, {"exposure": "days"}), (logged, {"offset": "known"})):
        spec = parse("y ~ x + (1 | a)", family="poisson", priors=prior, **how)
        design = Schema.learn(spec, frame).apply(frame)
        program = write_program(*in_basis(spec, design))
        values.append(log_density(program.buffer, program.start, np.empty(program.n_dim)))
    assert values[0] == pytest.approx(values[1], rel=1e-12)


def test_order_of_rows_and_names_of_levels_change_nothing():
    data = table("poisson", "log")
    renamed = data.sample(frac=1, random_state=1).assign(a=lambda d: "ward " + d.a)
    values = []
    for frame in (data, renamed):
        spec = parse("y ~ x + (1 + x | a)", family="poisson")
        design = Schema.learn(spec, frame).apply(frame)
        program = write_program(*in_basis(spec, design))
        x = np.linspace(-0.4, 0.4, program.n_dim)
        values.append(log_density(program.buffer, program.start + x, np.empty_like(x)))
    assert values[0] == pytest.approx(values[1], rel=1e-11)


@pytest.mark.parametrize("family", ["zero_inflated_poisson", "hurdle_poisson", "hurdle_gamma"])
@pytest.mark.parametrize("at", [40.0, -800.0])
def test_shares_that_round_to_an_end_raise_nothing_in_the_sampler(family, at, capfd):
    """Its callback has nobody to raise to: what it wrote before would be taken for the density."""
    data = pd.DataFrame({"y": np.random.default_rng(0).poisson(1, 30) * 1.0})
    spec = parse("y ~ 1", family=family)
    design = Schema.learn(spec, data).apply(data)
    program = write_program(*in_basis(spec, design))
    z = program.start.copy()
    z[-1] = at
    value = log_density(program.buffer, z, np.empty_like(z))
    assert value == -np.inf or (at < 0 and family == "zero_inflated_poisson" and value < -100)
    assert "ZeroDivisionError" not in capfd.readouterr().err
