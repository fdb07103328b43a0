"""Every body of the library runs, and all say the same; what is not finite is refused."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import numpy as np
import pytest

from bayes_glmm.engine import kernel
from bayes_glmm.engine.choose import adaptive, collapsed, planned
from bayes_glmm.engine.laplace import Problem, approximate_problem
from bayes_glmm.engine.program import write_program
from bayes_glmm.engine.records import GROUP, PROGRAM
from bayes_glmm.errors import EngineError
from bayes_glmm.native.library import INTEGER, entry, library
from tests.engine.test_kernel import CASES, designed, points

BEST = 0
NO_GRADIENT, NO_VALUE = 3, 4
SLOPES = [(family, link) for family, link, structure in CASES if structure == "slope"]


@pytest.fixture
def body() -> Iterator:
    choose = library().bg_choose
    yield lambda level: choose(INTEGER(level))
    choose(INTEGER(BEST))


def code(program, z):
    value, slope = ctypes.c_double(), np.empty_like(z)
    run = entry("density", INTEGER, ctypes.c_uint64, *[ctypes.c_void_p] * 4)
    return run(
        len(z), z.ctypes.data, slope.ctypes.data, ctypes.addressof(value), program.ctypes.data
    )


@pytest.mark.parametrize(("family", "link"), SLOPES)
def test_bodies_agree(family, link, body):
    program = write_program(*designed(family, link, "slope")[1:])
    (z,) = points(program, 1)
    found = {}
    for level in (1, 3, BEST):
        slope = np.empty_like(z)
        found[body(level)] = kernel.log_density(program.buffer, z, slope), slope
    value, slope = found[1]
    for other, change in found.values():
        assert other == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(change, slope, rtol=1e-9, atol=1e-10 * np.abs(slope).max())


@pytest.mark.parametrize("coordinates", [adaptive, collapsed])
def test_bodies_agree_in_moved_coordinates(coordinates, body):
    _, design, priors = designed("gaussian", "identity", "crossed")
    plain = write_program(design, priors)
    moved = planned(plain, coordinates(approximate_problem(Problem.of(plain))), "moved").program
    z = np.random.default_rng(2).normal(0, 0.5, moved.n_sampled)
    found = {}
    for level in (1, 3, BEST):
        slope = np.empty_like(z)
        found[body(level)] = kernel.log_density(moved.buffer, z, slope), slope
    value, slope = found[1]
    for other, change in found.values():
        assert other == pytest.approx(value, rel=1e-11)
        np.testing.assert_allclose(change, slope, rtol=1e-8, atol=1e-9 * np.abs(slope).max())


@pytest.mark.parametrize("level", [1, 3, BEST])
@pytest.mark.parametrize(("family", "link"), SLOPES)
def test_what_is_not_finite_is_refused(family, link, level, body):
    body(level)
    program = write_program(*designed(family, link, "slope")[1:])
    for at in range(program.n_dim):
        for value in (np.nan, np.inf, -np.inf):
            z = program.start.copy()
            z[at] = value
            assert code(program.buffer, z) in (NO_GRADIENT, NO_VALUE)


@pytest.mark.parametrize("level", [1, 3, BEST])
def test_far_points_are_numbers_or_refused(level, body):
    body(level)
    rng = np.random.default_rng(5)
    for family, link in SLOPES:
        program = write_program(*designed(family, link, "slope")[1:])
        for size in (1e1, 1e2, 1e3, 1e8, 1e300):
            z = program.start + rng.normal(0, size, program.n_dim)
            slope = np.empty_like(z)
            value = kernel.log_density(program.buffer, z, slope)
            refused = code(program.buffer, z)
            assert refused == (
                NO_VALUE if not np.isfinite(value) else 0 if np.isfinite(slope).all() else 3
            )


def test_words_out_of_place_are_refused_or_harmless():
    """A word of any table but the data's is changed: the program is refused, or can be run."""
    rng = np.random.default_rng(3)
    _, design, priors = designed("gaussian", "identity", "crossed")
    plain = write_program(design, priors)
    found = approximate_problem(Problem.of(plain))
    programs = [plain, planned(plain, adaptive(found), "").program]
    programs.append(planned(plain, collapsed(found), "").program)
    refused = 0
    for program in programs:
        for _ in range(4000):
            changed = program.buffer.copy()
            at = rng.integers(len(changed))
            changed[at] = rng.choice([-1, 0, 1, 2, 7, 100, 2**31, 2**62, -(2**63), len(changed)])
            try:
                kernel.check(changed)
            except EngineError:
                refused += 1
                continue
            code(changed, np.zeros(program.n_sampled))
    assert refused > 1000


@pytest.mark.parametrize("level", [-1, 4])
def test_a_row_of_a_level_that_is_not_there_is_refused(level):
    program = write_program(*designed("poisson", "log", "intercept")[1:])
    at = int(PROGRAM.read(program.buffer, "at_groups"))
    group = program.buffer[at : at + GROUP.width]
    assert GROUP.read(group, "levels") == 4
    kernel.check(program.buffer)
    program.buffer[int(GROUP.read(group, "at_index"))] = level
    with pytest.raises(EngineError, match="unsound in a group"):
        kernel.check(program.buffer)


def test_a_buffer_that_is_cut_short_is_refused():
    program = write_program(*designed("poisson", "log", "crossed")[1:]).buffer
    for length in range(len(program)):
        with pytest.raises(EngineError, match="unsound in its header"):
            kernel.check(program[:length].copy())
