"""The density of the field against the PyMC graph: all blocks, and all combinations of two."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pymc.logprob.basic import conditional_logp
from pytensor.compile.mode import Mode
from scipy import special, stats

from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.maths.field_maths import NUMPY
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.field import FieldDensity
from bayes_glmm.model.graph import build_graph
from bayes_glmm.model.latent_effects import SmoothField, fixed_field
from bayes_glmm.model.variable_table import variables
from bayes_glmm.model.variables import Role, Variable
from bayes_glmm.spec.priors import Prior
from tests.model.terms import LEVELS, MODELS, QUICK, TERMS, covering, formulas, table

POINTS, DIRECTIONS = 25, 4
QUICK_MODELS = ("excess zeros", "thresholds by item", "priors of several kinds")
MODE = Mode(linker="py", optimizer=None)
type Point = dict[str, np.ndarray]


def natural(variable: Variable, x: np.ndarray) -> np.ndarray:
    """Return values that a variable can have from free numbers of its shape."""
    if variable.role is Role.THRESHOLD:
        return np.cumsum(np.exp(x / 2)) - 1
    match variable.support:
        case "positive":
            return np.exp(0.6 * x - 0.5)
        case "unit":
            return special.expit(x)
        case "one to two":
            return 1 + special.expit(x)
        case "simplex":
            return special.softmax(x)
        case "correlation":
            L = np.tril(x, -1) + 2 * np.eye(len(x))
            return L / np.linalg.norm(L, axis=1, keepdims=True)
    return 0.6 * x


@dataclass
class Both:
    """A model's graph, without any transform, and its field."""

    given: Any
    options: dict[str, Any]

    def __post_init__(self) -> None:
        data = self.options.pop("data", table())
        prepared = prepare(self.given, data, **self.options)
        design = prepared.require()[1]
        priors = resolve_priors(prepared.spec, design)
        self.field = FieldDensity.of(design, priors)
        model = build_graph(prepared.spec, design, priors, "natural")
        self.names = [rv.name.removeprefix("reference_") for rv in model.free_RVs]
        free = {rv: rv.type(name=rv.name) for rv in model.free_RVs}
        seen = {rv: model.rvs_to_values[rv] for rv in model.observed_RVs}
        parts = conditional_logp({**free, **seen}, warn_rvs=False).values()
        inputs, total = list(free.values()), pt.sum([part.sum() for part in parts])
        own: dict[str, Any] = {"mode": MODE, "on_unused_input": "ignore"}
        self.value = pytensor.function(inputs, total, **own)
        self.gradient = pytensor.function(inputs, pytensor.grad(total, inputs), **own)
        known = variables(self.field.design)
        self.variables = [known[name] for name in self.names]

    def free(self, rng: np.random.Generator) -> Point:
        return {v.name: rng.normal(size=v.shape) for v in self.variables}

    def natural(self, free: Point) -> Point:
        return {v.name: natural(v, free[v.name]) for v in self.variables}

    def of_graph(self, values: Point) -> float:
        return float(self.value(*values.values()))

    def of_field(self, values: Point) -> float:
        """Return the field's density of the graph's variables: it has others for effects."""
        values, volume = dict(values), 0.0
        for block in self.field.blocks:
            if isinstance(block, SmoothField):
                scale = block.scale(values)
                values[block.effects] = values[block.effects] / scale
                volume -= np.log(scale).sum()
                continue
            group = block.group
            if group.factor is None:
                sd = values[group.sd]
                values[group.effects] = values[group.effects] / sd
                volume -= group.n_levels * np.log(sd).sum()
                continue
            u, own = nodes(group.factor, values.pop(group.latents), block, values)
            values[group.effects] = u
            volume += own
        return self.field.log_density(values) + volume


def nodes(factor, z, block, values) -> tuple[np.ndarray, float]:
    """Return what latents make of nodes, and the log volume; latents may make none."""
    L = np.linalg.cholesky(block.correlations(values))
    J = np.asarray(factor.node_values(np.eye(len(z)), block.hyper(values), NUMPY))
    made = np.abs(J).max(axis=0) > 0
    q = z.shape[1]
    volume = q * np.log(np.linalg.svd(J[:, made], compute_uv=False)).sum()
    volume += made.sum() * np.log(np.diag(L)).sum()
    idle = stats.norm.logpdf(z[~made]).sum()
    return J @ z @ L.T, volume + idle


def agree(both: Both, points: int = POINTS) -> None:
    """Compare values at some points, and slopes along some directions at the first."""
    rng = np.random.default_rng(1)
    for _ in range(points):
        values = both.natural(both.free(rng))
        value = both.of_graph(values)
        assert np.isfinite(value)
        assert both.of_field(values) == pytest.approx(value, rel=1e-10, abs=1e-10)
    x, h = both.free(rng), 1e-3
    gradient = both.gradient(*both.natural(x).values())
    for _ in range(DIRECTIONS):
        d = both.free(rng)
        at = [both.natural({k: x[k] + step * h * d[k] for k in x}) for step in (-2, -1, 1, 2)]
        moved = [slope([point[k] for point in at], h) for k in x]
        along = sum((g * m).sum() for g, m in zip(gradient, moved, strict=True))
        numeric = slope([both.of_field(point) for point in at], h)
        assert along == pytest.approx(numeric, rel=1e-6, abs=1e-6)


def slope(at: list[Any], h: float) -> Any:
    """Return the derivative by values two steps and one step before and after."""
    return (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * h)


@pytest.mark.parametrize("names", QUICK, ids="-".join)
def test_every_block_has_the_density_of_the_graph(names: tuple[str, ...]) -> None:
    given, structures = formulas(*names)
    agree(Both(given, {"structures": structures}), points=5)


@pytest.mark.slow
@pytest.mark.parametrize("name", TERMS)
def test_single_blocks_have_the_density_of_the_graph(name: str) -> None:
    given, structures = formulas(name)
    agree(Both(given, {"structures": structures}))


@pytest.mark.slow
@pytest.mark.parametrize("names", covering(), ids="-".join)
def test_every_two_blocks_have_the_density_of_the_graph(names: tuple[str, ...]) -> None:
    """Each two terms stand together in one of these models."""
    given, structures = formulas(*names)
    agree(Both(given, {"structures": structures}))


def test_every_two_blocks_are_together_in_a_model() -> None:
    together = {pair for names in covering() for pair in combinations(sorted(names), 2)}
    assert together == set(combinations(sorted(TERMS), 2))
    assert {name for names in QUICK for name in names} == set(TERMS)


@pytest.mark.parametrize(
    "name",
    [pytest.param(m, marks=[] if m in QUICK_MODELS else pytest.mark.slow) for m in MODELS],
)
def test_families_and_priors_have_the_density_of_the_graph(name: str) -> None:
    given, options = MODELS[name]
    agree(Both(given, dict(options)))


RELABELLED = (
    "independent slopes", "memberships", "kinship", "pedigree", "brownian", "ou", "pagel", "icar", "bym2",
    "leroux", "car", "series", "places", "nearest places",
)  # fmt: skip


def field_of(given: Any, data: Any, structures: Any) -> FieldDensity:
    prepared = prepare(given, data, structures=structures)
    design = prepared.require()[1]
    return FieldDensity.of(design, resolve_priors(prepared.spec, design))


def some_values(density: FieldDensity) -> Point:
    """Return values whose effects follow from what nodes are called."""
    rng, found = np.random.default_rng(8), {}
    for v in variables(density.design).values():
        found[v.name] = natural(v, rng.normal(size=v.shape))
    for block in density.blocks:
        q = len(block.group.terms)
        by_node = [[ord(c) for c in str(label)[-3:].rjust(3)] for label in block.field.nodes]
        found[block.effects] = np.cos(np.array(by_node) @ [1.0, 7.0, 31.0])[:, None] * np.ones(q)
    return found


@pytest.mark.parametrize("name", RELABELLED)
def test_order_of_rows_and_names_of_levels_change_nothing(name: str) -> None:
    """Rows are shuffled; levels get names that sort in the opposite order."""
    given, structures = formulas(name)
    density = field_of(given, table(), structures)
    values = some_values(density)
    expected = density.log_density(values)
    rows = table().sample(frac=1, random_state=4)
    assert field_of(given, rows, structures).log_density(values) == pytest.approx(
        expected, rel=1e-12
    )
    names = tuple(f"l{9 - i}" for i in range(6))
    given, structures = formulas(name, levels=names)
    other = field_of(given, table(names), structures)
    moved, back = dict(values), dict(zip(names, LEVELS, strict=True))
    for old, new in zip(density.blocks, other.blocks, strict=True):
        place = {str(node): i for i, node in enumerate(old.field.nodes)}
        before = [re.sub("l[0-9]", lambda m: back[m[0]], str(node)) for node in new.field.nodes]
        moved[new.effects] = values[old.effects][[place[node] for node in before]]
    assert other.log_density(moved) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", ["kinship", "correlated slopes", "bym2"])
def test_squared_length_with_correlated_terms_is_chi_square(name: str) -> None:
    """Rows of terms are correlated, columns of nodes as their dense covariance says."""
    given, structures = formulas(name)
    density = field_of(given, table(), structures)
    (block,) = density.blocks
    values, rng = some_values(density), np.random.default_rng(9)
    field, q = block.field, len(block.group.terms)
    K = np.linalg.pinv(field.precision.matrix(block.hyper(values)).toarray(), hermitian=True)
    sizes, axes = np.linalg.eigh(K)
    sizes = np.where(sizes > 1e-9, sizes, 0.0)
    z = rng.standard_normal((3000, len(K), q)) @ np.linalg.cholesky(block.correlations(values)).T
    u = (axes * np.sqrt(sizes)) @ z
    flat = u.reshape(3000, -1)
    lengths = (flat * (block.precision(values) @ flat.T).T).sum(axis=1)
    assert stats.kstest(lengths, stats.chi2(field.precision.rank * q).cdf).pvalue > 0.01


def test_student_effects_are_one_multivariate_t_for_each_level() -> None:
    given, _ = formulas("student")
    density = field_of(given, table(), None)
    (block,) = density.blocks
    values = some_values(density)
    u = np.random.default_rng(3).normal(size=values[block.effects].shape)
    law = stats.multivariate_t(np.zeros(2), block.correlations(values), values["nu_h2"])
    assert block.log_density(u, values) == pytest.approx(law.logpdf(u).sum(), rel=1e-10)


def test_normal_coefficients_are_a_field() -> None:
    """Of the intercept at the covariates' means and the coefficients; other priors are none."""
    priors = {"intercept": Prior("Normal", mu=1, sigma=2), "beta": Prior("Normal", mu=0.3, sigma=3)}
    prepared = prepare("y ~ x + arm", table(), priors=priors)
    design = prepared.require()[1]
    density = FieldDensity.of(design, resolve_priors(prepared.spec, design))
    p = density.design.mu
    means, field = fixed_field(p.fixed, density.priors)
    u = np.array([0.4, -1.1, 0.8])
    x = means + field.scale({}) * u
    assert x == pytest.approx([1 + 2 * 0.4, 0.3 - 3 * 1.1, 0.3 + 3 * 0.8])
    values = {"intercept": x[0] - p.centers @ x[1:], "beta": x[1:]}
    rows = p.offset + p.X @ values["beta"] + values["intercept"]
    np.testing.assert_allclose(field.levels @ x, rows, atol=1e-12)
    law = stats.norm.logpdf(x, [1, 0.3, 0.3], [2, 3, 3]).sum()
    volume = np.log([2, 3, 3]).sum()
    assert field.log_density(u[:, None], {}, np.eye(1)) == pytest.approx(law + volume, rel=1e-12)
    wide = {**density.priors, "beta[x]": Prior("Cauchy", alpha=0, beta=1)}
    assert fixed_field(p.fixed, wide) is None
