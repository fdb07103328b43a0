"""Programs that are not well formed: tapes for the interpreter, and whole models for the kernel.

``python -m tests.native.malformed COUNT`` gives that many, half of them tapes, to a library that
checks itself, a piece in each process, and says what became of them. ``--library FOLDER`` names one
that is compiled already.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bayes_glmm.engine.codes import COLLAPSED, PLAIN
from bayes_glmm.engine.program import write_program
from bayes_glmm.engine.records import PLAN, PROGRAM
from bayes_glmm.families import get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape import Tape
from bayes_glmm.maths.tape_derivatives import gradient
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.native import library
from bayes_glmm.native.library import ADDRESS, INTEGER, entry, pointer
from bayes_glmm.native.tape_program import interpret
from bayes_glmm.native.tape_program import write_program as write_tape
from bayes_glmm.native.tape_records import REPEAT, UNLESS
from tests.engine.test_coordinates import in_coordinates
from tests.engine.test_interpreted import MODELS, modelled
from tests.native.sanitized import ROOT, compile_in, environment

PIECE = 50_000
SAID = (0, 3, 4)
"""What the density of a sound program says: a number, no gradient, or no value."""
WORDS = (-1, 0, 1, 2, 7, 100, 2**31, 2**40, 2**62, -(2**63))


def tapes() -> list:
    """Programs with and without loops, to start from."""
    tape = Tape()
    a, b = tape.input("a"), tape.input("b")
    total = TAPE.total(lambda k, a, b: TAPE.exp(-b * k) * a, 5, a, b)
    logs = TAPE.log_total(lambda k, a, b: a * k - b, 3, a, b)
    found = record_density(get_family("tweedie"), get_family("tweedie").link("log"))
    chosen = TAPE.where(b < 1.0, a * b, TAPE.exp(a) + b)
    return [
        write_tape([chosen, a + b], [chosen], data=[], numbers=["b"]),
        write_tape([total, a * b], [logs], data=[], numbers=["b"]),
        write_tape(
            [found.value],
            gradient(found.value, found.parameters),
            data=["y"],
            numbers=["dispersion", "power"],
        ),
    ]


def mutant(program, rng):
    """A program with some of its integers changed; columns, constants and outputs keep their arrays."""
    sizes, records, outputs = (a.copy() for a in (program.sizes, program.records, program.outputs))
    for _ in range(rng.integers(1, 4)):
        where = records if rng.random() < 0.8 else outputs
        place = rng.integers(len(where)), rng.integers(where.shape[1])
        near = int(where[place]) + int(rng.integers(-3, 4))
        where[place] = rng.choice(
            [near, int(rng.integers(0, 200)), -1, 2**40, int(rng.integers(-(2**62), 2**62))]
        )
    if rng.random() < 0.1:
        sizes[rng.choice([2, 4])] += rng.integers(-4, 5)
    loops = (records[:, 0] == REPEAT) & (np.abs(records[:, 2]) < 10**7)
    records[loops, 2] %= 40  # a loop of millions is well formed, and slow
    return sizes, records, outputs


def unlike(rng):
    """A program of integers at random."""
    sizes = np.array(
        [3, 2, rng.integers(0, 5), 3, rng.integers(0, 5), rng.integers(1, 12), 2], np.int64
    )
    slots = int(sizes[:5].sum()) + 1
    records = rng.integers(-1, slots + 1, (sizes[5], 5))
    records[:, 0] = rng.integers(0, UNLESS + 1, sizes[5])
    return sizes, records, rng.integers(0, slots, (2, 2))


def run(sizes, records, outputs, n=40) -> int:
    """Run with as many arrays as the sizes say, all of them of n numbers."""
    arrays = [np.full(n, 0.5) for _ in range(int(sizes[3]) + int(sizes[6]))]
    constants = np.full(max(int(sizes[0]), 1), 0.5)
    numbers = np.full(max(int(sizes[1]), 1), 0.5)
    found = [np.ascontiguousarray(a, np.int64) for a in (sizes, records, outputs)]
    return interpret(*found, constants, n, numbers, arrays[: sizes[3]], arrays[sizes[3] :])


def spoil_tapes(count: int, seed: int) -> Counter:
    """Run malformed tapes; return how many had each fault, 0 for none."""
    rng, seeds, codes = np.random.default_rng(seed), tapes(), Counter()
    for k in range(count):
        made = unlike(rng) if k % 3 == 0 else mutant(seeds[k % len(seeds)], rng)
        codes[run(*made)] += 1
    return codes


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
    return [program.buffer for program in (*moved, *plain)]


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


def piece(folder: Path, kind: str, count: int, seed: int) -> None:
    """Run some on a library of another folder, and write what became of them."""
    library.HERE = folder
    assert library.present()
    codes = (spoil_tapes if kind == "tapes" else spoil_buffers)(count, seed)
    sys.stdout.write(" ".join(f"{code}:{codes[code]}" for code in sorted(codes)))


def pieces(folder: Path, count: int) -> int:
    """Run all in pieces; return how many processes crashed."""
    crashed, env = 0, environment()
    for kind in ("tapes", "buffers"):
        for seed, first in enumerate(range(0, count // 2, PIECE)):
            size = min(PIECE, count // 2 - first)
            command = [sys.executable, "-m", "tests.native.malformed", str(size)]
            command += ["--library", str(folder), "--piece", kind, "--seed", str(seed)]
            done = subprocess.run(
                command, cwd=ROOT, env=env, capture_output=True, text=True, check=False
            )
            crashed += done.returncode != 0
            said = done.stdout if done.returncode == 0 else f"CRASHED: {done.stderr[-3000:]}"
            sys.stdout.write(f"{size} {kind}, seed {seed}: {said}\n")
            sys.stdout.flush()
    return crashed


def main() -> None:
    """Do what the command line asks for; end with status 1 if a process crashed."""
    parser = argparse.ArgumentParser(description="Run malformed programs on a checked library.")
    parser.add_argument("count", type=int)
    parser.add_argument("--library", type=Path, metavar="FOLDER")
    parser.add_argument("--piece", choices=("tapes", "buffers"), help="in this process alone")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.piece:
        piece(given.library, given.piece, given.count, given.seed)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = given.library or Path(made)
        if not given.library:
            compile_in(folder)
        raise SystemExit(int(pieces(folder, given.count) > 0))


if __name__ == "__main__":
    main()
