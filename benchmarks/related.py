"""Time to a worst ESS of 400 with related levels, beside a dense Cholesky factor in PyMC.

``python -m benchmarks.related [n]`` simulates a pedigree and fits a Gaussian and a Poisson
response twice: by this package, and by a PyMC graph that multiplies the dense Cholesky
factor of the same relationship matrix, sampled by nutpie. Same data, same priors, one core;
seconds of the processor, compilation included.
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


def ours(family: str, ped: pd.DataFrame, table: pd.DataFrame) -> Any:
    priors = {k: v for k, v in PRIORS.items() if k != "sigma" or family == "gaussian"}
    return bg.fit(
        f"{family} ~ 1 + (1 | gr(animal, A))", table, family=family, priors=priors,
        structures={"A": bg.pedigree(ped)}, chains=2, cores=1, draws=1000, progress=False,
    )["posterior"].to_dataset()  # fmt: skip


def dense(family: str, table: pd.DataFrame, A: np.ndarray) -> Any:
    import nutpie
    import pymc as pm

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
    return nutpie.sample(
        compiled, chains=2, cores=1, draws=1000, tune=1000, seed=1, progress_bar=False
    )["posterior"].to_dataset()


def worst(posterior: Any) -> float:
    """Return the least bulk ESS of the population's parameters."""
    names = [v for v in posterior.data_vars if v.split("_")[0] in ("intercept", "sd", "sigma")]
    return min(float(arviz_stats.ess(posterior[name]).min()) for name in names)


def main(n: int) -> None:
    warnings.simplefilter("ignore")
    ped, table, A = animals(n)
    for family in ("gaussian", "poisson"):
        spent = {}
        for name, run in (
            ("bayes_glmm", lambda f=family: ours(f, ped, table)),
            ("dense PyMC", lambda f=family: dense(f, table, A)),
        ):
            run_one = time.process_time()
            posterior = run()
            seconds = time.process_time() - run_one
            ess = worst(posterior)
            spent[name] = seconds * ENOUGH / ess
            print(
                f"{family:9s} {name:11s} {seconds:7.1f} s with compilation, worst ESS {ess:6.0f}, "
                f"{spent[name]:8.1f} s to {ENOUGH}; sd "
                f"{float(posterior[[v for v in posterior if v.startswith('sd')][0]].mean()):.3f}",
                flush=True,
            )
        print(f"{family:9s} ratio {spent['dense PyMC'] / spent['bayes_glmm']:.1f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
