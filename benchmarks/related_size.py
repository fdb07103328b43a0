"""Memory and cost of a gradient with related levels, and large ones sampled.

``python -m benchmarks.related_size`` builds Poisson models with one row for each of 200, 1,000,
5,000 and 20,000 levels, each in a process of its own, and writes microseconds per gradient and
the process's peak memory. ``--sample`` fits a pedigree of 20,000 animals and a tree of
10,000 tips, 2 chains one after the other.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

SIZES = (200, 1_000, 5_000, 20_000)
DENSE = 5_000
"""More levels than these are not tried where the structure is a dense matrix."""


def names(n: int) -> np.ndarray:
    return np.array([f"l{i:05d}" for i in range(n)])


def pedigree(n: int, rng: np.random.Generator) -> Any:
    """Five generations, each of the parents drawn from the one before."""
    import bayes_glmm as bg

    size, label = n // 5, names(n)
    both = np.full((n, 2), -1)
    for i in range(size, n):
        low = (i // size - 1) * size
        both[i] = rng.choice(np.arange(low, low + size), 2, replace=False)
    parents = [[label[p] if p >= 0 else None for p in column] for column in both.T]
    return bg.pedigree(pd.DataFrame({"animal": label, "sire": parents[0], "dam": parents[1]}))


def tree(n: int, rng: np.random.Generator) -> Any:
    """Lineages that merge two by two, at a rate of one for each lineage."""
    import bayes_glmm as bg

    label, now = names(n).tolist(), 0.0
    alive, born, rows = list(label), dict.fromkeys(label, 0.0), []
    while len(alive) > 1:
        now += rng.exponential(1 / len(alive))
        node = f"n{len(rows)}"
        for _ in range(2):
            k = int(rng.integers(len(alive)))
            alive[k], alive[-1] = alive[-1], alive[k]
            child = alive.pop()
            rows.append((child, node, now - born[child]))
        alive.append(node)
        born[node] = now
    rows.append((alive[0], None, 0.0))
    return bg.lineage(pd.DataFrame(rows, columns=["node", "parent", "length"]))


def areas(n: int, rng: np.random.Generator) -> Any:
    """Nearest neighbours among random places, six each, BYM2."""
    import bayes_glmm as bg

    x, y = rng.uniform(size=(2, n))
    table = pd.DataFrame({"l": names(n), "x": x, "y": y})
    return bg.areal(bg.nearest_neighbours(table, "l", "x", "y"))


def places(n: int, rng: np.random.Generator) -> Any:
    """An exponential field by nearest neighbours."""
    import bayes_glmm as bg

    return bg.coordinates("x", "y", "exponential", "nearest")


def matrix(n: int, rng: np.random.Generator) -> Any:
    """A dense relationship matrix."""
    import bayes_glmm as bg

    z = rng.normal(size=(n, n))
    return bg.kinship(pd.DataFrame(z @ z.T / n + 0.1 * np.eye(n), names(n), names(n)))


KINDS: dict[str, Callable[[int, np.random.Generator], Any]] = {
    "pedigree": pedigree, "tree": tree, "areas": areas, "places": places, "matrix": matrix,
}  # fmt: skip


def given(kind: str, n: int) -> dict[str, Any]:
    """Return the arguments of a fit; effects of the pedigree and the tree follow the structure."""
    from bayes_glmm.maths.field_maths import NUMPY

    rng = np.random.default_rng(1)
    structure, x, y = KINDS[kind](n, rng), *rng.uniform(size=(2, n))
    u = rng.normal(size=n)
    if kind in ("pedigree", "tree"):
        factor = structure.prepare(names(n))
        u = factor.effect(rng.normal(size=(len(factor.nodes), 1)), {}, NUMPY)[:, 0]
    data = pd.DataFrame({"l": names(n), "x": x, "y": y, "count": rng.poisson(np.exp(1 + 0.7 * u))})
    return {
        "model": "count ~ 1 + (1 | gr(l, S))", "data": data, "family": "poisson",
        "structures": {"S": structure},
    }  # fmt: skip


def gradient(kind: str, n: int) -> float:
    """Return microseconds per gradient of the graph that the engine samples."""
    from bayes_glmm.engine.compiled import compile_model
    from bayes_glmm.fitting.prepare import prepare
    from bayes_glmm.model.default_priors import resolve_priors
    from benchmarks.tools.calls import bound

    asked = given(kind, n)
    prepared = prepare(asked.pop("model"), asked.pop("data"), **asked)
    design = prepared.require()[1]
    priors = resolve_priors(prepared.spec, design)
    model = compile_model(prepared.spec, design, priors, "auto").model.model
    x = np.asarray(model.initial_point_func(1), np.float64)
    call = bound(model.compiled_logp_func.address, model.user_data, x, model)
    times, repeats = [], 3 if n * n > 10**7 and kind == "matrix" else 50
    for _ in range(5):
        began = time.process_time()
        for _ in range(repeats):
            call()
        times.append((time.process_time() - began) / repeats)
    return 1e6 * min(times)


def sampled(kind: str, n: int) -> str:
    """Fit, and return seconds of the processor, ESS and R-hat of the parameters."""
    import arviz_stats

    import bayes_glmm as bg

    asked = given(kind, n)
    began = time.process_time()
    tree = bg.fit(
        asked.pop("model"), asked.pop("data"), **asked,
        chains=2, cores=1, draws=500, tune=500, progress=False,
    )  # fmt: skip
    spent = time.process_time() - began
    post = tree["posterior"].to_dataset()[["intercept", "sd_l"]]
    ess, rhat = arviz_stats.ess(post), arviz_stats.rhat(post)
    steps = float(tree["sample_stats"]["n_steps"].mean())
    worst_u = float(arviz_stats.ess(tree["posterior"]["u_l"]).min())
    return (
        f"{spent:.0f} s, {steps:.0f} gradients a draw, ESS of 1,000: intercept "
        f"{float(ess['intercept']):.0f}, sd {float(ess['sd_l'].min()):.0f}, worst effect "
        f"{worst_u:.0f}; R-hat {max(float(rhat[v].max()) for v in rhat):.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("WHAT", "KIND", "N"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        warnings.simplefilter("ignore")
        what, kind, n = asked.one[0], asked.one[1], int(asked.one[2])
        said = sampled(kind, n) if what == "sample" else f"{gradient(kind, n):9.1f} us"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        print(f"{kind:9s} {n:6,d} {said}, peak {peak:,.0f} MB", flush=True)
        return
    cases = [("gradient", k, n) for k in KINDS for n in SIZES if k != "matrix" or n <= DENSE]
    if asked.sample:
        cases = [("sample", "pedigree", 20_000), ("sample", "tree", 10_000)]
    for case in cases:
        command = [sys.executable, "-m", "benchmarks.related_size", "--one", *map(str, case)]
        subprocess.run(command, check=False)


if __name__ == "__main__":
    main()
