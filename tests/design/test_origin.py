"""The model does not depend on where a number has its zero, nor on its unit."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.reference import Way, in_reference
from bayes_glmm.spec.formula.parsing import parse

N = 120
SHIFTS = [(0.0, 1.0), (2000.0, 1.0), (-3e6, 2.5), (1e3, 1e-3)]


def table(seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=N), rng.uniform(1, 3, N)
    return pd.DataFrame(
        {
            "y": rng.normal(size=N) + x, "x": x, "z": z, "t": rng.integers(0, 2, N),
            "f": rng.choice(list("abc"), N), "h": rng.choice(list("uv"), N),
            "g": rng.choice([f"g{i}" for i in range(12)], N),
        }
    )  # fmt: skip


def design_of(formula: str, data: pd.DataFrame, **options):
    spec = parse(formula, **options)
    return spec, Schema.learn(spec, data).apply(data)


CLOSED = {
    "y ~ t * x": 1, "y ~ f * x": 1, "y ~ x * z": 2, "y ~ f * x * z": 2, "y ~ f / x": 1,
    "y ~ 0 + f + x": 1, "y ~ 0 + f + f:x": 1, "y ~ C(f, sum) * x": 1, "y ~ C(f, helmert) * h * x": 1,
    "y ~ h * f + h:f:x": 1, "y ~ wb(x, g) * t": 1,
}  # fmt: skip


@pytest.mark.parametrize("formula", CLOSED)
@pytest.mark.parametrize(("a", "b"), SHIFTS)
def test_coefficients_are_those_that_give_the_same_predictor(formula, a, b) -> None:
    """The way back against its definition: X beta + intercept = reference X gamma."""
    data = table()
    data["x"] = a + b * data["x"]
    _, design = design_of(formula, data)
    p = design.mu
    assert p.basis is not None
    gamma = np.random.default_rng(1).normal(size=len(p.coefficients) + 1)
    gamma[1:] /= np.where(p.basis.scales > 0, p.basis.scales, 1)
    user = p.basis.back @ gamma
    wanted = gamma[0] + p.basis.X @ gamma[1:]
    size = np.abs(p.X * user[1:]).max()
    np.testing.assert_allclose(user[0] + p.X @ user[1:], wanted, atol=1e-12 * max(1, size))


def _has_x(label: str) -> bool:
    return any(part == "x" or part.startswith("x_") for part in label.split(":"))


@pytest.mark.parametrize("formula", [*CLOSED, "y ~ x + (1 + x | g)", "y ~ t * x + (1 + t * x | g)"])
@pytest.mark.parametrize(("a", "b"), SHIFTS[1:])
def test_reference_columns_and_default_priors_do_not_see_origin_and_unit(formula, a, b) -> None:
    one, other = table(), table()
    other["x"] = a + b * other["x"]
    (spec, first), (_, second) = design_of(formula, one), design_of(formula, other)
    x, y = in_reference(first).mu, in_reference(second).mu
    scale = np.array([b if _has_x(c) else 1.0 for c in x.coefficients])
    if first.mu.basis is not None:
        np.testing.assert_allclose(y.X, x.X * scale, rtol=1e-8, atol=1e-8 * np.abs(scale).max())
    before, after = resolve_priors(spec, first), resolve_priors(spec, second)
    assert before.keys() == after.keys()
    for name, prior in before.items():
        stem, _, label = name.partition("[")
        factor = b if _has_x(label.removesuffix("]")) else 1.0
        if "sigma" in dict(prior.parameters):
            assert after[name]["sigma"] * factor == pytest.approx(prior["sigma"], rel=1e-7), name
        else:
            assert after[name] == prior


def test_default_of_an_interaction_is_from_centred_products() -> None:
    """2.5 s over the sd of the product of what is left of both without their means, by NumPy."""
    data = table().assign(x=lambda d: d.x + 2010)
    spec, design = design_of("y ~ t * x", data)
    product = (data.t - data.t.mean()) * (data.x - data.x.mean())
    given = resolve_priors(spec, design)["reference_beta[t:x]"]["sigma"]
    assert given == pytest.approx(2.5 * data.y.std(ddof=0) / np.std(product), rel=1e-9)


def test_correlated_slopes_have_their_defaults_at_the_mean() -> None:
    data = table().assign(x=lambda d: 3 * d.x + 500)
    priors = resolve_priors(*design_of("y ~ x + (1 + x | g)", data))
    assert "sd_g[x]" not in priors
    s = data.y.std(ddof=0)
    assert priors["reference_sd_g[x]"]["sigma"] == pytest.approx(s / data.x.std(ddof=0))
    assert priors["reference_sd_g[intercept]"]["sigma"] == pytest.approx(s)
    assert "reference_corr_g" in priors


@pytest.mark.parametrize("formula", ["y ~ x + (1 + x || g)", "y ~ x + (0 + x | g)", "y ~ 0 + x"])
def test_terms_that_depend_on_the_origin_keep_theirs_and_are_named(formula) -> None:
    data = table().assign(x=lambda d: d.x + 500)
    spec, design = design_of(formula, data)
    priors = resolve_priors(spec, design)
    assert not any(name.startswith("reference_") for name in priors)
    key = "sd_g[x]" if "|" in formula else "beta[x]"
    width = 1.0 if "|" in formula else 2.5
    assert priors[key]["sigma"] == pytest.approx(width * data.y.std(ddof=0) / data.x.std(ddof=0))
    found = [f for f in bg.check(formula, data) if f.name == "origin"]
    assert [f.severity for f in found] == ["warning"] and "center(x)" in found[0].message


def test_a_prior_that_is_given_holds_as_written() -> None:
    data = table().assign(x=lambda d: d.x + 20)
    mine = bg.Prior("Normal", mu=0, sigma=0.3)
    formula, options = "y ~ t * x + (1 + x | g)", {"priors": {"beta[t]": mine}}
    priors = resolve_priors(*design_of(formula, data, **options))
    assert priors["beta[t]"] == mine and "reference_beta[t]" not in priors
    assert "reference_beta[t:x]" in priors and "reference_sd_g[x]" in priors
    for key in ("sd", "sd_g", "sd_g[x]", "corr", "corr_g"):
        prior = bg.Prior("LKJ", eta=1) if "corr" in key else bg.Prior("HalfNormal", sigma=1)
        found = resolve_priors(*design_of(formula, data, priors={key: prior}))
        assert {"sd_g[intercept]", "sd_g[x]", "corr_g"} <= set(found)


def test_what_is_sampled_where_some_priors_are_given() -> None:
    """The sampled vector has given coefficients as they are and the others' reference values."""
    data = table().assign(x=lambda d: d.x + 20, z=lambda d: d.z + 5)
    mine = bg.Prior("Normal", mu=0, sigma=0.3)
    spec, design = design_of("y ~ t * x * z", data, priors={"beta[t]": mine, "beta[x:z]": mine})
    way = Way.of(design, resolve_priors(spec, design))
    v = np.random.default_rng(2).normal(size=len(design.mu.coefficients))
    found = way.back({"beta": v, "intercept": np.float64(0.3), "sigma": np.float64(1)})
    eta = way.design.mu.X @ v + 0.3
    np.testing.assert_allclose(design.mu.X @ found["beta"] + found["intercept"], eta, atol=1e-8)
    for label in ("t", "x:z"):
        k = design.mu.coefficients.index(label)
        assert found["beta"][k] == pytest.approx(v[k], abs=1e-12)


def test_slopes_carry_back_by_their_definition() -> None:
    """u on the table's scale by hand: intercepts lose slope times the mean."""
    data = table().assign(x=lambda d: d.x + 40)
    spec, design = design_of("y ~ x + (1 + x | g)", data)
    way = Way.of(design, resolve_priors(spec, design))
    rng, c = np.random.default_rng(5), data.x.mean()
    sd, r = np.array([1.3, 0.4]), 0.3
    inside = {
        "beta": np.array([0.7]), "intercept": np.float64(1), "sigma": np.float64(1), "sd_g": sd,
        "corr_g": np.array([[1, r], [r, 1]]), "u_g": rng.normal(size=(12, 2)),
    }  # fmt: skip
    out = way.back(inside)
    u = inside["u_g"]
    np.testing.assert_allclose(out["u_g"], np.column_stack([u[:, 0] - c * u[:, 1], u[:, 1]]))
    variance = sd[0] ** 2 + c**2 * sd[1] ** 2 - 2 * c * r * sd[0] * sd[1]
    np.testing.assert_allclose(out["sd_g"], [np.sqrt(variance), sd[1]])
    cov = r * sd[0] * sd[1] - c * sd[1] ** 2
    assert out["corr_g"][0, 1] == pytest.approx(cov / np.sqrt(variance) / sd[1])
    assert out["intercept"] == pytest.approx(1 - 0.7 * c)


@pytest.mark.parametrize("terms", [1, 2, 5, 10, 20])
def test_the_priors_sd_of_the_predictor_stays_within_a_factor_of_two(terms) -> None:
    """As docs/priors.md says: from 1 to 20 terms and 1 to 6 groups, by simulation."""
    rng = np.random.default_rng(8)
    data = pd.DataFrame(rng.normal(3, 2, (400, terms)), columns=[f"x{i}" for i in range(terms)])
    groups = min(6, 1 + terms // 3)
    for k in range(groups):
        data[f"g{k}"] = rng.integers(0, 20, 400).astype(str)
    data["y"] = rng.integers(0, 2, 400)
    formula = "y ~ " + " + ".join(
        [f"x{i}" for i in range(terms)] + [f"(1 | g{k})" for k in range(groups)]
    )
    priors = bg.priors(formula, data, family="bernoulli").set_index("parameter")["prior"]
    spec, design = design_of(formula, data, family="bernoulli")
    own = resolve_priors(spec, design)
    assert len(priors) == len(own)
    total = own["intercept"]["sigma"] ** 2
    total += sum(
        (own[f"beta[x{i}]"]["sigma"] * data[f"x{i}"].std(ddof=0)) ** 2 for i in range(terms)
    )
    total += sum(
        2 * own[f"sd_g{k}[intercept]"]["sigma"] ** 2 for k in range(groups)
    )  # t4: nu/(nu-2)
    least = np.sqrt(2.5**2 + 2.5**2 + 2)
    assert least * 0.999 <= np.sqrt(total) <= 2 * least


def test_origins_survive_json() -> None:
    data = table().assign(x=lambda d: d.x + 20)
    schema = Schema.learn(parse("y ~ t * x + (1 + x | g)"), data)
    again = schema_from_dict(json.loads(json.dumps(schema_to_dict(schema))))
    one, two = schema.apply(data), again.apply(data)
    np.testing.assert_array_equal(one.mu.basis.X, two.mu.basis.X)
    np.testing.assert_array_equal(one.mu.basis.back, two.mu.basis.back)
    np.testing.assert_array_equal(one.mu.groups[0].basis.Z, two.mu.groups[0].basis.Z)


def test_rows_that_stand_for_several_have_the_priors_of_those() -> None:
    """Weights and trials count: the same defaults as the single rows."""
    rng = np.random.default_rng(4)
    single = pd.DataFrame({"x": rng.choice([1.0, 2.0, 7.0], 300), "t": rng.integers(0, 2, 300)})
    single["y"] = rng.integers(0, 2, 300)
    few = single.groupby(["x", "t"], as_index=False).agg(k=("y", "sum"), n=("y", "size"))
    one = resolve_priors(*design_of("y ~ t * x", single, family="bernoulli"))
    two = resolve_priors(*design_of("k | trials(n) ~ t * x", few, family="binomial"))
    for name in one:
        for key, value in one[name].parameters:
            assert two[name][key] == pytest.approx(value, rel=1e-9), name
    weighted = single.groupby(["x", "t", "y"], as_index=False).size()
    three = resolve_priors(*design_of("y | weights(size) ~ t * x", weighted, family="poisson"))
    four = resolve_priors(*design_of("y ~ t * x", single, family="poisson"))
    for name in four:
        for key, value in four[name].parameters:
            assert three[name][key] == pytest.approx(value, rel=1e-9), name


def test_every_pair_of_a_product_is_found() -> None:
    """Three numbers: each lower term takes its share, by expanding the product."""
    data = table().assign(x=lambda d: d.x + 3, z=lambda d: d.z + 5, w=lambda d: d.x * d.z)
    _, design = design_of("y ~ x * z * w", data)
    labels = ("", *design.mu.coefficients)
    c = {name: data[name].mean() for name in "xzw"}
    column = design.mu.basis.back[:, labels.index("x:z:w")]
    for k in range(4):
        for kept in combinations("xzw", k):
            gone = [name for name in "xzw" if name not in kept]
            wanted = np.prod([-c[name] for name in gone]) if gone else 1.0
            assert column[labels.index(":".join(kept))] == pytest.approx(wanted)
