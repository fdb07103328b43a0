"""Seconds and memory of counting many rows in Parquet files.

Run ``python -m benchmarks.collapse --rows 10000000``. Files of a million rows with four categorical
columns, a group of 500 and an exposure are written to a folder; a process of its own collapses
them for a Bernoulli and a Poisson model.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PART = 1_000_000
CODE = """
import json, resource, sys, time
import pyarrow.dataset
import bayes_glmm as bg
bg.collapse
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
found = {}
for family, response, options in (
    ("bernoulli", "claim", {}), ("poisson", "visits", {"exposure": "years"})
):
    wall, cpu = time.perf_counter(), time.process_time()
    c = bg.collapse(sys.argv[1], response + " ~ age + sex + plan + smoker + (1 | region)",
                    family=family, **options)
    found[family] = {"cells": len(c.data), "rows": c.n_rows,
                     "wall s": round(time.perf_counter() - wall, 1),
                     "cpu s": round(time.process_time() - cpu, 1)}
found["MiB before"] = round(before)
found["peak MiB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
sys.stdout.write(json.dumps(found, indent=1))
"""


def write(folder: Path, rows: int) -> None:
    rng = np.random.default_rng(1)
    levels = {"age": 12, "sex": 2, "plan": 5, "smoker": 2, "region": 500}
    for k in range(-(-rows // PART)):
        n = min(PART, rows - k * PART)
        columns = {
            name: pa.DictionaryArray.from_arrays(
                rng.integers(0, m, n, dtype=np.int32), [f"{name}{i:03d}" for i in range(m)]
            )
            for name, m in levels.items()
        }
        columns["claim"] = (rng.random(n, np.float32) < 0.1).astype(np.int8)
        columns["years"] = rng.random(n) + 0.5
        columns["visits"] = rng.poisson(0.7, n).astype(np.int16)
        pq.write_table(pa.table(columns), folder / f"part{k:03d}.parquet")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), parser.parse_args().rows)
        run = [sys.executable, "-c", CODE, name]
        sys.stdout.write(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    main()
