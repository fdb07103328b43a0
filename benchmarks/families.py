"""Nanoseconds per row of log-density and gradient: every family against Poisson.

Run ``python benchmarks/families.py``. The graph of ``y ~ x`` is compiled by numba with the
gradient in all parameters, as the engine does where it has no kernel of its own, and
called in turns in one process. ``--family`` names some of them; compiling all takes a
quarter of an hour.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.families import FAMILIES, get_family
from bayes_glmm.families.contract import Family
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.graph import build_graph

TRIALS, CATEGORIES = 20, 5
LIMIT = 3.0


def table(family: Family, rows: int) -> pd.DataFrame:
    """Return responses that the family can have."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=rows), "t": TRIALS})
    if family.response != "number":
        data["y"] = rng.integers(1, CATEGORIES + 1, rows)
    elif family.has_trials:
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


def compiled(name: str, rows: int) -> Callable[[], object]:
    """Return a call of the compiled log-density and gradient of a family."""
    import nutpie
    from gradient import bound

    family = get_family(name)
    left = "y | trials(t)" if family.has_trials else "y"
    spec = bg.parse(f"{left} ~ x", family=name)
    data = table(family, rows)
    design = Schema.learn(spec, data).apply(data)
    graph = build_graph(spec, design, resolve_priors(spec, design))
    model = nutpie.compile_pymc_model(graph)
    x = np.asarray(model.initial_point_func(1), np.float64)
    return bound(model.compiled_logp_func.address, model.user_data, x, model)


def timed(names: list[str], rows: int) -> Iterator[tuple[str, float, float]]:
    """Compile one after the other; give ns per row, and how many times Poisson's that is.

    Poisson's turn comes right before and after each, so that a busy machine slows both.
    """
    poisson = compiled("poisson", rows)
    for name in names:
        other = compiled(name, rows)
        best = {"poisson": np.inf, name: np.inf}
        for _ in range(15):
            for which, call in (("poisson", poisson), (name, other)):
                begun = time.thread_time()
                for _ in range(5):
                    call()
                best[which] = min(best[which], (time.thread_time() - begun) / 5)
        yield name, 1e9 * best[name] / rows, best[name] / best["poisson"]


def main() -> None:
    """Read the arguments and print a line for each family as it is done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--family", nargs="*", default=[f.name for f in FAMILIES])
    parser.add_argument("--rows", type=int, default=20_000)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(f"{'family':34} {'ns per row':>10} {'x Poisson':>10}   {asked.rows:,} rows")
    for name, each, ratio in timed(asked.family, asked.rows):
        mark = "  *" if ratio > LIMIT else ""
        print(f"{name:34} {each:10.1f} {ratio:10.2f}{mark}", flush=True)


if __name__ == "__main__":
    main()
