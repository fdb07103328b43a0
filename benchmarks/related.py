"""Time to a worst ESS of 400 with related levels, beside a dense Cholesky factor in PyMC.

``python -m benchmarks.related [n]`` simulates a pedigree and fits a Gaussian and a Poisson
response twice: by this package, and by a PyMC graph that multiplies the dense Cholesky
factor of the same relationship matrix, sampled by nutpie. Same data, same priors, one core;
seconds of the processor.
"""

from __future__ import annotations

import sys
import time
import warnings
from typing import Any

import arviz_stats
import numpy as np
import pandas as pd

import bayes_glmm as bg

PRIORS = {
    "intercept": bg.Prior("Normal", mu=0, sigma=5),
    "sd": bg.Prior("HalfNormal", sigma=1),
    "sigma": bg.Prior("HalfNormal", sigma=1),
}
ENOUGH = 400


def animals(n: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return a pedigree of five generations, records with known parameters, and A."""
    rng = np.random.default_rng(seed)
    names = np.array([f"a{i:05d}" for i in range(n)])
    size = n // 5
    parents = np.full((n, 2), -1)
    for i in range(size, n):
        low = (i // size - 1) * size
        parents[i] = rng.choice(np.arange(low, low + size), 2, replace=False)
    A = np.zeros((n, n))
    for i, (s, d) in enumerate(parents):
        known = s >= 0
        A[i, :i] = A[:i, i] = (A[s, :i] + A[d, :i]) / 2 if known else 0
        A[i, i] = 1 + (A[s, d] / 2 if known else 0)
    u = 0.8 * np.linalg.cholesky(A + 1e-10 * np.eye(n)) @ rng.normal(size=n)
    table = pd.DataFrame({"animal": names, "gaussian": 1 + u + rng.normal(size=n),
                          "poisson": rng.poisson(np.exp(1 + u))})  # fmt: skip
    ped = pd.DataFrame({"animal": names}).assign(
        sire=[names[s] if s >= 0 else None for s in parents[:, 0]],
        dam=[names[d] if d >= 0 else None for d in parents[:, 1]],
    )
    return ped, table, A


def ours(family: str, ped: pd.DataFrame, table: pd.DataFrame) -> tuple[Any, float, float]:
    """Return draws, and seconds of compiling and of sampling."""
    from bayes_glmm.engine.compiled import compile_model
    from bayes_glmm.engine.run import sample_compiled
    from bayes_glmm.engine.settings import choose_settings
    from bayes_glmm.fitting.prepare import prepare
    from bayes_glmm.model.default_priors import resolve_priors

    priors = {k: v for k, v in PRIORS.items() if k != "sigma" or family == "gaussian"}
    began = time.process_time()
    prepared = prepare(
        f"{family} ~ 1 + (1 | gr(animal, A))", table, family=family, priors=priors,
        structures={"A": bg.pedigree(ped)},
    )  # fmt: skip
    design = prepared.require()[1]
    resolved = resolve_priors(prepared.spec, design)
    sampled = compile_model(prepared.spec, design, resolved, "auto")
    ready = time.process_time()
    settings = choose_settings(chains=2, cores=1, draws=1000, progress=False)
    found = sample_compiled(sampled, settings).posterior
    return found, ready - began, time.process_time() - ready


def dense(family: str, table: pd.DataFrame, A: np.ndarray) -> tuple[Any, float, float]:
    """Return draws, and seconds of compiling and of sampling."""
    import nutpie
    import pymc as pm

    began = time.process_time()
    with pm.Model() as model:
        root = pm.Data("root", np.linalg.cholesky(A + 1e-10 * np.eye(len(A))))
        intercept = pm.Normal("intercept", 0, 5)
        sd = pm.HalfNormal("sd", 1)
        eta = intercept + sd * (root @ pm.Normal("z", shape=len(A)))
        if family == "gaussian":
            pm.Normal("y", eta, pm.HalfNormal("sigma", 1), observed=table[family])
        else:
            pm.Poisson("y", pm.math.exp(eta), observed=table[family])
    compiled = nutpie.compile_pymc_model(model)
    ready = time.process_time()
    tree = nutpie.sample(
        compiled, chains=2, cores=1, draws=1000, tune=1000, seed=1, progress_bar=False
    )
    found = {k: v.values for k, v in tree["posterior"].items()}
    return found, ready - began, time.process_time() - ready


def worst(posterior: Any) -> tuple[float, float]:
    """Return the least bulk ESS of the population's parameters, and the mean of their sd."""
    names = [v for v in posterior if v.split("_")[0] in ("intercept", "sd", "sigma")]
    draws = {name: np.asarray(posterior[name]).reshape(2, 1000) for name in names}
    sd = next(v for name, v in draws.items() if name.startswith("sd"))
    return min(float(arviz_stats.ess(v)) for v in draws.values()), float(sd.mean())


def main(n: int) -> None:
    warnings.simplefilter("ignore")
    ped, table, A = animals(n)
    for family in ("gaussian", "poisson"):
        spent: dict[str, tuple[float, float]] = {}
        for name, run in (
            ("bayes_glmm", lambda f=family: ours(f, ped, table)),
            ("dense PyMC", lambda f=family: dense(f, table, A)),
        ):
            posterior, compiling, sampling = run()
            ess, sd = worst(posterior)
            long = sampling * ENOUGH / ess
            spent[name] = (long, long + compiling)
            print(
                f"{family:9s} {name:11s} compiling {compiling:6.1f} s, sampling {sampling:7.1f} s, "
                f"worst ESS {ess:6.0f}, {long:8.2f} s of sampling to {ENOUGH}; sd {sd:.3f}",
                flush=True,
            )
        warm, cold = (spent["dense PyMC"][k] / spent["bayes_glmm"][k] for k in (0, 1))
        print(f"{family:9s} ratio {warm:.1f} sampling, {cold:.1f} with compilation", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
