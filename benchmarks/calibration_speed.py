"""Seconds of many calibration fits: one after another in this process, and on two Dask workers.

Run ``python -m benchmarks.calibration_speed``. A Poisson model with a random intercept, 20 groups, 100
rows, 400 draws after a warm-up of 400; the kernel is compiled before. Seconds of the processor
stand beside those of the clock, which other work on the machine stretches.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd

import bayes_glmm as bg

PRIORS = {
    "intercept": bg.Prior("Normal", mu=1, sigma=0.7),
    "beta": bg.Prior("Normal", mu=0, sigma=0.5),
    "sd": bg.Prior("HalfNormal", sigma=0.7),
}


def calibrated(n: int, executor: Any = None) -> bg.Calibration:
    rng = np.random.default_rng(3)
    g = np.repeat([f"g{i:02d}" for i in range(20)], 5)
    x = rng.normal(size=100)
    table = pd.DataFrame({"y": rng.poisson(3, 100), "x": x - x.mean(), "g": g})
    return bg.calibrate(
        "y ~ x + (1 | g)", table, n=n, family="poisson", priors=PRIORS, draws=400, tune=400,
        progress=False, executor=executor,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fits", type=int, default=1000)
    n = parser.parse_args().fits
    calibrated(20)
    wall, cpu = time.perf_counter(), time.process_time()
    here = calibrated(n)
    figures: dict[str, Any] = {
        "one process": {
            "wall s": round(time.perf_counter() - wall, 1),
            "cpu s": round(time.process_time() - cpu, 1),
            "in fits s": round(float(here.fits["seconds"].sum()), 1),
        }
    }
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        calibrated(20, client)  # imports and loading of the kernel
        before = client.run(time.process_time)
        wall = time.perf_counter()
        there = calibrated(n, client)
        wall = time.perf_counter() - wall
        after = client.run(time.process_time)
    spent = [round(after[k] - before[k], 1) for k in after]
    figures["two workers"] = {"wall s": round(wall, 1), "cpu s of each": spent}
    figures["times as fast, wall"] = round(figures["one process"]["wall s"] / wall, 2)
    figures["times as fast, cpu"] = round(figures["one process"]["cpu s"] / max(spent), 2)
    figures["same bytes"] = here.ranks.to_numpy().tobytes() == there.ranks.to_numpy().tobytes()
    figures["failed"] = len(here.failures)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
