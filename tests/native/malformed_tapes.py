"""Malformed tapes for the interpreter: good ones with some integers changed, and integers at random."""

from __future__ import annotations

from collections import Counter

import numpy as np

from bayes_glmm.families import get_family
from bayes_glmm.families.recorded import record_density
from bayes_glmm.maths.tape import Tape
from bayes_glmm.maths.tape_derivatives import gradient
from bayes_glmm.maths.tape_maths import TAPE
from bayes_glmm.native.tape_program import interpret, write_program
from bayes_glmm.native.tape_records import REPEAT, UNLESS


def tapes() -> list:
    """Programs with and without loops, to start from."""
    tape = Tape()
    a, b = tape.input("a"), tape.input("b")
    total = TAPE.total(lambda k, a, b: TAPE.exp(-b * k) * a, 5, a, b)
    logs = TAPE.log_total(lambda k, a, b: a * k - b, 3, a, b)
    found = record_density(get_family("tweedie"), get_family("tweedie").link("log"))
    chosen = TAPE.where(b < 1.0, a * b, TAPE.exp(a) + b)
    return [
        write_program([chosen, a + b], [chosen], data=[], numbers=["b"]),
        write_program([total, a * b], [logs], data=[], numbers=["b"]),
        write_program(
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
