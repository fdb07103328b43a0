"""Nanoseconds per row of log-density and gradient, every family of the kernel, each of its bodies.

Run ``python benchmarks/families.py``. The model is ``y ~ x``, called as the sampler calls it; bodies take
turns in one process, and a figure is the least of fifteen turns in the thread's own time. *tape* is the
same density through the interpreter, as a user's own family has it. ``--columns here`` measures an older
state of the package by the same script: ``PYTHONPATH=FOLDER python benchmarks/families.py --columns here``.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from unittest.mock import patch

import numpy as np
import pandas as pd
from tools.calls import bound

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.engine import kernel
from bayes_glmm.engine.codes import FAMILIES
from bayes_glmm.engine.program import write_program
from bayes_glmm.families import get_family
from bayes_glmm.families.contract import Family
from bayes_glmm.model.default_priors import resolve_priors

TRIALS = 20
LEVELS = {"v1": 1, "v3": 3, "v4": 4}
TURNS, CALLS = 15, 5
type Call = Callable[[], object]


def table(family: Family, rows: int) -> pd.DataFrame:
    """Return responses that the family can have."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=rows), "t": TRIALS})
    if family.has_trials:
        data["y"] = rng.binomial(data["t"], 0.3)
    elif family.name == "bernoulli":
        data["y"] = rng.integers(0, 2, rows)
    elif family.discrete:
        data["y"] = rng.negative_binomial(2, 0.4, rows)
    else:
        data["y"] = rng.uniform(0.1, 0.9, rows)
        if "zero" in family.support or "from 0" in family.support or "hurdle" in family.name:
            data.loc[rng.random(rows) < 0.2, "y"] = 0.0
    return data


def density(family: Family, rows: int) -> Call:
    """Return a call of a family's log-density and gradient."""
    left = "y | trials(t)" if family.has_trials else "y"
    spec = bg.parse(f"{left} ~ x", family=family.name)
    data = table(family, rows)
    design = Schema.learn(spec, data).apply(data)
    program = write_program(design, resolve_priors(spec, design))
    place = (
        kernel.address("density") if hasattr(kernel, "address") else kernel.density_callback.address
    )
    near = program.start + 0.1 * np.random.default_rng(1).uniform(-1, 1, len(program.start))
    return bound(place, program.buffer, near, program)


def columns(name: str, rows: int, wanted: list[str]) -> Iterator[tuple[str, int, Call]]:
    """Yield a column, the level that the library must run for it, and its call."""
    call = density(get_family(name), rows)
    for column in wanted:
        if column == "tape":
            with patch.dict(FAMILIES, clear=True):  # as if it were no family of the package
                yield column, 0, density(get_family(name), rows)
        else:
            yield column, LEVELS.get(column, 0), call


def choose(level: int) -> bool:
    """Have the library run a level's body, 0 for the best; say whether the machine has it."""
    if not level:
        return True
    from bayes_glmm.native.library import INTEGER, entry

    return int(entry("choose", INTEGER, INTEGER)(level)) == level


def timed(name: str, rows: int, wanted: list[str]) -> dict[str, float]:
    """Return nanoseconds per row by column; NaN where the machine has no such body."""
    calls = list(columns(name, rows, wanted))
    best = {column: np.nan for column, _, _ in calls}
    for _ in range(TURNS):
        for column, level, call in calls:
            if not choose(level):
                continue
            begun = time.thread_time()
            for _ in range(CALLS):
                call()
            each = 1e9 * (time.thread_time() - begun) / CALLS / rows
            best[column] = float(np.fmin(best[column], each))
    return best


def main() -> None:
    """Read the arguments and print a line for each family as it is done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", nargs="*", default=list(FAMILIES))
    parser.add_argument(
        "--columns", nargs="*", default=[*LEVELS, "tape"], choices=[*LEVELS, "tape", "here"]
    )
    parser.add_argument("--rows", type=int, default=20_000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{'family':34}" + "".join(f"{c:>9}" for c in asked.columns) + f"   {asked.rows:,} rows")
    for name in asked.family:
        found = timed(name, asked.rows, asked.columns)
        print(f"{name:34}" + "".join(f"{found[c]:9.2f}" for c in asked.columns), flush=True)


if __name__ == "__main__":
    main()
