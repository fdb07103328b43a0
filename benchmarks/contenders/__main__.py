"""One contender on one model, in a process of its own; figures go to a JSON file."""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from models import MODELS

from contenders import CONTENDERS, OURS
from contenders.base import Inputs, Settings
from contenders.measure import measure, peak_megabytes

PACKAGES = ("bayes-glmm", "bambi", "pymc", "pytensor", "nutpie", "numpyro", "jax", "numba", "numpy")


def versions() -> dict[str, str]:
    """Versions of what is installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def installed() -> dict[str, object]:
    """Who can run here, and the versions."""
    return {"missing": {k: c.missing() for k, c in CONTENDERS.items()}, "versions": versions()}


def run(contender: str, model_name: str, settings: Settings) -> dict[str, object]:
    """Import, fit and judge; only the fit is timed as the wall."""
    module, model = CONTENDERS[contender].imported(), MODELS[model_name]
    begun = time.perf_counter()
    module.load(settings)
    imported = time.perf_counter() - begun
    data = model.load()
    inputs = None if contender == OURS else Inputs.of(model, data)
    before = peak_megabytes()
    begun = time.perf_counter()
    tree = module.fit(model, data, settings, inputs)
    wall = time.perf_counter() - begun
    peak = peak_megabytes()
    figures = measure(module.read(tree, settings, inputs), wall)
    return {**figures, "imports": imported, "megabytes": peak, "megabytes_before": before}


def main() -> None:
    """Read the arguments, run, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contender", choices=CONTENDERS)
    parser.add_argument("--model", choices=MODELS)
    parser.add_argument("--out", type=Path, required=True)
    for setting in fields(Settings):
        parser.add_argument(f"--{setting.name}", type=int, default=setting.default)
    asked = parser.parse_args()
    if asked.contender is None:
        result = installed()
    else:
        warnings.simplefilter("ignore")
        settings = Settings(**{f.name: getattr(asked, f.name) for f in fields(Settings)})
        result = run(asked.contender, asked.model, settings)
    asked.out.write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
