"""Microseconds per gradient: the compiled kernel against PyTensor's graph of the same model.

Run ``python benchmarks/gradient.py``. Both are called as the sampler calls them, through
the address of the compiled function, in turns in one process. Then the kernel alone on
simulated random intercepts, from ten thousand rows to a million, ten rows to a group.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

import numpy as np
from contenders.base import Inputs
from models import MODELS, Model
from simulated import intercepts
from tools.calls import Gradient, bound


def kernel(inputs: Inputs) -> Gradient:
    """The compiled kernel in plain coordinates, near where chains begin."""
    from bayes_glmm.engine.kernel import address
    from bayes_glmm.engine.merge import arrange_rows
    from bayes_glmm.engine.program import write_program

    rows = arrange_rows(inputs.design)
    program = write_program(inputs.design, inputs.priors, rows=rows)
    return bound(address("density"), program.buffer, near(program.start), program)


def sampled(inputs: Inputs, spec: Any) -> tuple[str, Gradient]:
    """The compiled kernel in the coordinates that a fit chooses."""
    from bayes_glmm.engine.compiled import compile_model

    chosen = compile_model(spec, inputs.design, inputs.priors, "auto")
    model = chosen.model
    return chosen.path, bound(model.address, model.buffer, model.start(1), model)


def graph(inputs: Inputs, spec: Any) -> Gradient:
    """PyTensor's numba code of the readable graph, as nutpie compiles it."""
    import nutpie

    from bayes_glmm.model.graph import build_graph

    model = nutpie.compile_pymc_model(build_graph(spec, inputs.design, inputs.priors))
    x = np.asarray(model.initial_point_func(1), np.float64)
    return bound(model.compiled_logp_func.address, model.user_data, x, model)


def near(start: np.ndarray) -> np.ndarray:
    """A point a little away from the start."""
    return start + 0.1 * np.random.default_rng(1).uniform(-1, 1, len(start))


def race(contenders: dict[str, Gradient], seconds: float) -> dict[str, float]:
    """Return microseconds per call: the best of ten turns of each."""
    best = dict.fromkeys(contenders, np.inf)
    calls = {name: calibrate(f, seconds / 10) for name, f in contenders.items()}
    for _ in range(10):
        for name, evaluate in contenders.items():
            begun = time.perf_counter()
            for _ in range(calls[name]):
                evaluate()
            best[name] = min(best[name], 1e6 * (time.perf_counter() - begun) / calls[name])
    return best


def calibrate(evaluate: Gradient, seconds: float) -> int:
    """Return how many calls take about that long."""
    begun = time.perf_counter()
    evaluate()
    return max(1, int(seconds / (time.perf_counter() - begun)))


def against_graph(model: Model, seconds: float) -> None:
    """Print microseconds of kernel and graph."""
    from bayes_glmm.design.resolve import resolve_spec

    inputs = Inputs.of(model, model.load())
    spec = resolve_spec(model.formula, family=model.family, exposure=model.exposure)
    path, chosen = sampled(inputs, spec)
    contenders = {
        "kernel, plain coordinates": kernel(inputs),
        f"kernel, {path} coordinates": chosen,
        "PyTensor's numba graph": graph(inputs, spec),
    }
    found = race(contenders, seconds)
    slowest = found["PyTensor's numba graph"]
    print(f"{model.name}, {inputs.design.n_rows:,} rows")
    for name, microseconds in found.items():
        print(f"  {name:30} {microseconds:10.1f} µs  {slowest / microseconds:6.2f} x")


def growth(family: str, sizes: list[int], seconds: float) -> None:
    """Print microseconds of the kernel as the table grows."""
    print(f"{family}, y ~ x + (1 | g), ten rows to a group, kernel in plain coordinates")
    for rows in sizes:
        model = Model(family, "y ~ x + (1 | g)", family, lambda: None)
        inputs = Inputs.of(model, intercepts(family, rows, rows // 10))
        found = race({"kernel": kernel(inputs)}, seconds)["kernel"]
        print(f"  {rows:10,} rows {found:12.1f} µs  {1000 * found / rows:6.2f} ns per row")


def main() -> None:
    """Read the arguments and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=MODELS, default="verbagg")
    parser.add_argument("--rows", type=int, nargs="*", default=[10**4, 10**5, 10**6])
    parser.add_argument("--seconds", type=float, default=1.0, help="for each turn's ten parts")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    against_graph(MODELS[asked.model], asked.seconds)
    for family in ("poisson", "bernoulli"):
        growth(family, asked.rows, asked.seconds)


if __name__ == "__main__":
    main()
