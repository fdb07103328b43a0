"""Scripts of R: how they are run, and what they leave to be read."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from contenders.base import Array, Fitted, Settings

WRITTEN = """
wall <- proc.time()[["elapsed"]] - began
write.csv(draws, "draws.csv", row.names = FALSE)
write.csv(nuts_params(fit), "nuts.csv", row.names = FALSE)
spent <- rstan::get_elapsed_time(stan)
write.csv(data.frame(wall, max(rowSums(spent)), sum(spent[, 2]) / sum(spent)), "time.csv",
          row.names = FALSE)
"""
"""Ends a script, with ``began``, ``fit``, its ``stan`` and a table of ``draws``, chain after chain."""


@dataclass(frozen=True, eq=False)
class Written:
    """What a script wrote: draws, steps of the sampler, and times."""

    draws: pd.DataFrame
    nuts: pd.DataFrame
    time: pd.DataFrame


def run_script(text: str, data: pd.DataFrame) -> Written:
    """Write script and table, run R, read what it leaves."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data.to_csv(place / "data.csv", index=False)
        (place / "fit.R").write_text(text + WRITTEN, "utf-8")
        subprocess.run(["Rscript", "--vanilla", "fit.R"], cwd=place, check=True)
        names = ("draws", "nuts", "time")
        return Written(*(pd.read_csv(place / f"{name}.csv") for name in names))


def classes(data: pd.DataFrame) -> str:
    """Say which columns are text."""
    return ", ".join(f'{c} = "character"' for c in data.columns if data[c].dtype.kind not in "biuf")


def fitted(found: Written, settings: Settings, named: dict[str, Array]) -> Fitted:
    """Put named draws beside the sampler's steps and times."""
    shape = settings.chains, settings.draws

    def stat(name: str) -> Array:
        rows = found.nuts[found.nuts["Parameter"] == name].sort_values(["Chain", "Iteration"])
        return rows["Value"].to_numpy().reshape(shape)

    wall, sampling, kept = map(float, found.time.iloc[0])
    steps = stat("n_leapfrog__").astype(np.int64)
    return Fitted(
        {k: v for k, v in named.items() if v.size},
        stat("divergent__") > 0,
        steps,
        sampling=sampling,
        kept=kept,
        gradient=sampling * kept * settings.chains / float(steps.sum()),
        wall=wall,
    )
