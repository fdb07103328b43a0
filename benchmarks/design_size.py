"""A million rows with a hundred thousand groups: time and memory of building the design.

Run ``python benchmarks/design_size.py``. Goals: under 15 s, under 500 MB above the data.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc

import numpy as np
import pandas as pd

from bayes_glmm.design.schema import Schema
from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor


def make(rows: int, groups: int, text: bool) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    ids = rng.integers(groups, size=rows)
    return pd.DataFrame(
        {
            "y": rng.normal(size=rows),
            "x": rng.normal(size=rows),
            "g": pd.Series([f"id{i}" for i in ids], dtype="str") if text else ids,
        }
    )


def peak_megabytes(spec: ModelSpec, data: pd.DataFrame) -> float:
    """Most memory that learning and applying held at once, the design included."""
    tracemalloc.start()
    Schema.learn(spec, data).apply(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--text", action="store_true", help="text identifiers, not integers")
    asked = parser.parse_args()
    spec = ModelSpec("y", Predictor(terms=("x",), random=(RandomEffect("g", terms=("x",)),)))
    small = make(100, 10, asked.text)
    Schema.learn(spec, small).apply(small)

    data = make(asked.rows, asked.groups, asked.text)
    start = time.perf_counter()
    schema = Schema.learn(spec, data)
    learned = time.perf_counter()
    design = schema.apply(data)
    done = time.perf_counter()
    group = design.mu.group("g")
    print(f"rows {design.n_rows:,}  groups {group.n_levels:,}  slopes {group.values.shape[1]}")
    print(f"learn {learned - start:.2f} s  apply {done - learned:.2f} s  all {done - start:.2f} s")
    del schema, design, group
    print(f"peak memory above the data {peak_megabytes(spec, data):.0f} MB")


if __name__ == "__main__":
    main()
