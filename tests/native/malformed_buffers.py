"""Malformed buffers for the kernel: sound models with some of their words changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import numpy as np

from bayes_glmm.engine.codes import COLLAPSED, PLAIN
from bayes_glmm.engine.program import write_program
from bayes_glmm.engine.records import PLAN, PROGRAM
from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer
from tests.engine import test_ordered, test_predictors, test_read_again, test_related
from tests.engine.test_coordinates import in_coordinates
from tests.engine.test_interpreted import MODELS, modelled

SAID = (0, 3, 4)
"""What the density of a sound program says: a number, no gradient, or no value."""
WORDS = (-1, 0, 1, 2, 7, 100, 2**31, 2**40, 2**62, -(2**63))


@cache
def buffers() -> list:
    """Models in all coordinates, with rows of their own, printed and interpreted ones."""
    moved = [
        in_coordinates(kind, family, link, structure)[2]
        for kind, family, link, structure in (
            ("adaptive", "gaussian", "identity", "crossed"),
            ("collapsed", "gaussian", "identity", "crossed"),
            ("frozen", "poisson", "log", "crossed"),
            ("adaptive", "zero_inflated_poisson", "log", "slope"),
        )
    ]
    plain = [write_program(*modelled(*MODELS[name][:2])[1:]) for name in MODELS]
    several = [write_program(*test_predictors.designed(case)[1]) for case in ("three", "surface")]
    ordered = [
        write_program(*test_ordered.designed("thres", random)[1]) for random in ("slope", "crossed")
    ]
    related = [
        test_related.placed(case, kind)[1]
        for case, kind in (
            ("slopes and a share", "collapsed"),
            ("map and rest", "adaptive"),
            ("half-life", "taylor"),
            ("two", "adaptive"),
        )
    ]
    own = [write_program(*test_related.designed(case)[1:]) for case in ("map", "waves alone")]
    own += [write_program(*test_read_again.designed(case)) for case in ("weights", "shared")]
    every = (*moved, *plain, *several, *ordered, *related, *own)
    return [program.buffer for program in every]


def places_of(buffer) -> np.ndarray:
    """Where words are that say how many, which or where: data are far larger as integers."""
    return np.flatnonzero(np.abs(buffer) <= 2 * len(buffer))


def spoiled(buffer, places, rng):
    """A model's buffer with one to three of its words changed."""
    changed = buffer.copy()
    for _ in range(rng.integers(1, 4)):
        at = rng.choice(places) if rng.random() < 0.9 else rng.integers(len(buffer))
        near = int(np.clip(changed[at], -(2**62), 2**62)) + int(rng.integers(-3, 4))
        other = int(buffer[rng.choice(places)])
        changed[at] = rng.choice([near, near, other, other, int(rng.choice(WORDS)), len(buffer)])
    return changed


@dataclass(frozen=True)
class Sizes:
    """A sound buffer's mode, and how many coordinates it has, samples, and integrates out."""

    mode: int
    dim: int
    sampled: int
    rest: int


def sizes_of(buffer) -> Sizes:
    """Read how many coordinates a sound buffer has."""
    dim, mode = (int(PROGRAM.read(buffer, name)) for name in ("dim", "mode"))
    if mode == PLAIN:
        return Sizes(mode, dim, dim, 0)
    at = int(PROGRAM.read(buffer, "at_plan"))
    plan = buffer[at : at + PLAN.width]
    theta, scalars = (int(PLAN.read(plan, name)) for name in ("theta", "scalars"))
    return Sizes(mode, dim, theta if mode == COLLAPSED else dim, scalars)


def ran(buffer) -> int:
    """Ask whether a buffer is sound; where it is, run it at a point: return what was wrong, or zero."""
    program = pointer(buffer, np.int64)
    fault = entry("check_program", INTEGER, INTEGER, ADDRESS)(len(buffer), program)
    if fault:
        return fault
    sizes = sizes_of(buffer)
    z = np.linspace(-0.5, 0.5, sizes.sampled)
    slope, value = np.empty_like(z), np.empty(1)
    density = entry("density", INTEGER, INTEGER, *[ADDRESS] * 4)
    said = density(len(z), pointer(z), pointer(slope), pointer(value), program)
    assert said in SAID
    if sizes.mode != PLAIN:
        noise = np.zeros(sizes.rest) if sizes.mode == COLLAPSED else None
        out = np.empty(sizes.dim)
        restore = entry("restore", INTEGER, ADDRESS, INTEGER, INTEGER, *[ADDRESS] * 3)
        restore(program, 1, len(z), pointer(z), pointer(noise), pointer(out))
    return 0


def spoil_buffers(count: int, seed: int) -> Counter:
    """Run malformed buffers; return how many had each fault, 0 for none."""
    rng, seeds, codes = np.random.default_rng(seed), buffers(), Counter()
    places = [places_of(buffer) for buffer in seeds]
    for k in range(count):
        which = k % len(seeds)
        codes[ran(spoiled(seeds[which], places[which], rng))] += 1
    return codes
