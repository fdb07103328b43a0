"""Seconds and memory of counting many rows in Parquet files, and of fitting the counts.

Run ``python -m benchmarks.collapse --rows 100000000``. Files of a million rows with four categorical
columns, a group of 500 and an exposure are written to a folder; a process of its own collapses
them for a Bernoulli and a Poisson model. Another fits what the first wrote, with the truth beside.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PART = 1_000_000
LEVELS = {"age": 12, "sex": 2, "plan": 5, "smoker": 2, "region": 500}
SMOKER, SD = 0.4, 0.3
INTERCEPT = {"claim": -2.2, "visits": -0.4}
COLLAPSE = """
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
    c.data.to_parquet(sys.argv[2] + "/" + family + ".parquet")
    open(sys.argv[2] + "/" + family + ".toml", "w").write(c.spec.to_toml())
found["MiB before"] = round(before)
found["peak MiB"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
sys.stdout.write(json.dumps(found, indent=1))
"""


def write(folder: Path, rows: int) -> None:
    rng = np.random.default_rng(1)
    region = np.random.default_rng(2).normal(0, SD, LEVELS["region"])
    for k in range(-(-rows // PART)):
        n = min(PART, rows - k * PART)
        code = {name: rng.integers(0, m, n, dtype=np.int32) for name, m in LEVELS.items()}
        columns = {
            name: pa.DictionaryArray.from_arrays(
                values, [f"{name}{i:03d}" for i in range(LEVELS[name])]
            )
            for name, values in code.items()
        }
        eta = SMOKER * code["smoker"] + region[code["region"]]
        years = rng.integers(6, 19, n) / 12
        odds = np.exp(INTERCEPT["claim"] + eta)
        columns["claim"] = (rng.random(n) < odds / (1 + odds)).astype(np.int8)
        columns["years"] = years
        columns["visits"] = rng.poisson(years * np.exp(INTERCEPT["visits"] + eta)).astype(np.int16)
        pq.write_table(pa.table(columns), folder / f"part{k:03d}.parquet")


def fitted(folder: Path, family: str) -> dict[str, object]:
    """Fit what was collapsed; return means and sds of what has a truth."""
    import pandas as pd

    import bayes_glmm as bg
    from bayes_glmm.results.fit import Fit

    data = pd.read_parquet(folder / f"{family}.parquet")
    spec = bg.ModelSpec.from_toml((folder / f"{family}.toml").read_text())
    wall = time.perf_counter()
    tree = bg.fit(spec, data, draws=2000, chains=2, cores=1, progress=False)
    found: dict[str, object] = {"fit s": round(time.perf_counter() - wall, 1)}
    found["banner"] = Fit.of(tree).banner
    posterior = tree["posterior"].to_dataset()
    smoker = posterior["beta"].sel(coefficient="smoker[smoker001]")
    for name, draws in (("smoker", smoker), ("sd of regions", posterior["sd_region"])):
        found[name] = [round(float(draws.mean()), 4), round(float(draws.std()), 4)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=10_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder, kept = Path(name) / "rows", Path(name) / "kept"
        folder.mkdir()
        kept.mkdir()
        write(folder, parser.parse_args().rows)
        size = sum(path.stat().st_size for path in folder.iterdir())
        run = [sys.executable, "-c", COLLAPSE, str(folder), str(kept)]
        found = subprocess.run(run, check=True, capture_output=True, text=True).stdout
        figures = json.loads(found) | {"MB of files": round(size / 1e6)}
        figures["truth"] = {"smoker": SMOKER, "sd of regions": SD}
        for family in ("bernoulli", "poisson"):
            figures[family] |= fitted(kept, family)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
