"""Columns that have one value in each level of a group are read by level; the density is the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.design.schema import Schema
from bayes_glmm.engine import level_columns
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.program import write_program
from bayes_glmm.engine.records import COLUMN, PROGRAM
from bayes_glmm.spec.formula.parsing import parse
from tests.basis import in_basis
from tests.engine.test_kernel import hold_to_the_oracle, jacobian, points
from tests.oracle import log_posterior

LEVELS = {"a": "pqrs", "b": "uvwxyzt"}
HOMES = {
    "(1 | a) + (1 | b)": {"by_a": ("a", 0), "by_b": ("b", 0)},
    "(0 + x + z | a) + (1 | b)": {"by_a": None, "by_b": ("b", 0)},
    "(1 + x | a)": {"by_a": ("a", 0), "by_b": None},
    "(x || a) + (1 | a:b)": {"by_a": ("a", 0), "by_b": ("a_by_b", 0)},
    "(1 | row)": {"by_a": None, "by_b": None},
}


def designed(random, n=120, without=""):
    """A table where ``by_a`` has one value in each level of ``a``, and ``by_b`` of ``b``; ``x`` varies."""
    rng = np.random.default_rng(11)
    data = pd.DataFrame({name: rng.choice(list(levels), n) for name, levels in LEVELS.items()})
    data["row"] = [f"r{i}" for i in range(n)]
    for name, levels in LEVELS.items():
        data[f"by_{name}"] = data[name].map(dict(zip(levels, rng.normal(size=7), strict=False)))
    data["x"], data["z"] = rng.normal(size=(2, n))
    data["y"] = rng.poisson(3, n)
    spec = parse(f"y ~ x + by_a + by_b + {random}", family="poisson")
    return in_basis(spec, Schema.learn(spec, data).apply(data[data.a != without]))


def homes(program):
    """By coefficient the group and term whose effects it moves, or ``None``."""
    mu, at = program.design.mu, int(PROGRAM.read(program.buffer, "at_fixed"))
    found = {}
    for j, name in enumerate(mu.coefficients):
        words = program.buffer[at + j * COLUMN.width :][: COLUMN.width]
        group, term = (int(COLUMN.read(words, k)) for k in ("group", "term"))
        found[name] = None if group < 0 else (mu.groups[group].name, term)
    return found


@pytest.mark.parametrize("random", HOMES)
def test_the_density_is_the_oracles(random):
    design, priors = designed(random)
    program = write_program(design, priors)
    assert homes(program) == {"x": None, **HOMES[random]}
    hold_to_the_oracle(program, design, priors, slopes=4, far=1e-5)


@pytest.mark.parametrize("random", HOMES)
@pytest.mark.parametrize("n", [120, 140_000])
def test_reading_by_level_is_reading_by_row(random, n, monkeypatch):
    """Long tables are cut into shares, whose sums over levels are whole before columns see them."""
    if random == "(1 | row)" and n > 1_000:
        return
    design, priors = designed(random, n)
    by_level = write_program(design, priors)
    monkeypatch.setattr(level_columns, "ROWS_A_LEVEL", np.inf)
    by_row = write_program(design, priors)
    assert set(homes(by_row).values()) == {None}
    x = points(by_row, 1)[0]
    found, expected = np.empty_like(x), np.empty_like(x)
    value = log_density(by_row.buffer, x, expected)
    assert log_density(by_level.buffer, x, found) == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10 * np.abs(expected).max())


def test_a_level_without_rows_does_not_matter():
    """Rows that a design was not learned from may lack one of its levels."""
    design, priors = designed("(1 | a) + (1 | b)", without="q")
    assert design.mu.groups[0].n_levels == 4
    program = write_program(design, priors)
    assert homes(program) == {"x": None, "by_a": ("a", 0), "by_b": ("b", 0)}
    x = points(program, 1)[0]
    point = expand(program, x)
    exact = log_posterior(design, priors, point) + jacobian(program, point)
    assert log_density(program.buffer, x, np.empty_like(x)) == pytest.approx(exact, rel=1e-10)
