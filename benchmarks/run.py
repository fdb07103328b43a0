"""Compare the package with its peers: same tables, same priors, processes of their own.

Run ``python benchmarks/run.py``; see ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from contenders import CONTENDERS
from contenders.base import Settings
from models import MODELS, Model
from tools.launch import HERE, launch
from tools.tables import add_gaps, markdown

PEERS = HERE.parent / "build" / "peers" / "bin" / "python"
KINDS = ("cold", "warm")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    usual = [m.name for m in MODELS.values() if not m.large]
    add("--models", nargs="+", choices=(*MODELS, "all"), default=usual, metavar="MODEL",
        help=f"of {', '.join(MODELS)}; all of them with 'all'")  # fmt: skip
    add("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS),
        metavar="CONTENDER", help=f"of {', '.join(CONTENDERS)}")  # fmt: skip
    add("--runs", nargs="+", choices=KINDS, default=list(KINDS),
        help="cold: empty caches; warm: a later process with the same caches")  # fmt: skip
    add("--repeats", type=int, default=1, help="warm runs; each has another seed")
    for setting in fields(Settings):
        add(f"--{setting.name}", type=int, default=setting.default)
    add("--timeout", type=float, default=600.0, help="seconds for one process")
    add("--python", default=str(PEERS if PEERS.exists() else sys.executable),
        help="interpreter of the contenders; build/peers when it is there")  # fmt: skip
    add("--out", type=Path, default=HERE / "results", help="folder of bench.json and bench.md")
    asked = parser.parse_args()
    if "all" in asked.models:
        asked.models = list(MODELS)
    return asked


def plan(asked: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Yield the kind and number of each round; a first one that fills the caches is not kept."""
    yield ("cold" if "cold" in asked.runs else "first"), 0
    if "warm" in asked.runs:
        yield from (("warm", i) for i in range(1, asked.repeats + 1))


def rounds(
    asked: argparse.Namespace, model: Model, names: list[str], caches: Path
) -> Iterator[dict[str, Any]]:
    """Run one model: in every round each contender once, so that all see the same machine."""
    settings = {f.name: getattr(asked, f.name) for f in fields(Settings)}
    names = [n for n in names if not model.only or n in model.only]
    gone: set[str] = set()
    for kind, number in plan(asked):
        for name in names:
            if name in gone:
                continue
            own = {**settings, "seed": settings["seed"] + number}
            options = [f"--{k}={v}" for k, v in own.items()]
            options += ["--contender", name, "--model", model.name]
            figures = launch(asked.python, options, caches / model.name / name, asked.timeout)
            say(model.name, name, kind, figures)
            if "failed" in figures:
                gone.add(name)
            elif kind == "first":
                continue
            about = {"model": model.name, "contender": name, "kind": kind, "seed": own["seed"]}
            yield {**about, **figures}


def say(model: str, contender: str, kind: str, figures: dict[str, Any]) -> None:
    """Show what one run did."""
    if "failed" in figures:
        told = f"FAILED: {figures['failed']}"
    else:
        told = (
            f"{figures['wall']:7.2f} s  worst ESS {figures['ess_worst']:6.0f}  "
            f"{figures['ess_per_second']:7.1f}/s  {figures['divergences']} divergences"
        )
    print(f"{time.strftime('%H:%M:%S')}  {model:18} {contender:13} {kind:5} {told}", flush=True)


def main() -> None:
    """Ask who is there, run, write after every model."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        caches = Path(folder)
        there = launch(asked.python, [], caches / "none", asked.timeout)
        if "failed" in there:
            sys.exit(f"{asked.python} cannot run contenders: {there['failed']}")
        skipped = {n: there["missing"][n] for n in asked.contenders if there["missing"][n]}
        for name, why in skipped.items():
            print(f"skipped: {name} ({why})")
        names = [n for n in asked.contenders if n not in skipped]
        header = {
            "date": time.strftime("%Y-%m-%d %H:%M"),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "python": platform.python_version(),
            "versions": ", ".join(f"{k} {v}" for k, v in there["versions"].items()),
            "settings": str(Settings(**{f.name: getattr(asked, f.name) for f in fields(Settings)})),
        }
        runs: list[dict[str, Any]] = []
        for model in (MODELS[n] for n in asked.models):
            runs.extend(rounds(asked, model, names, caches))
            add_gaps(runs)
            write(asked.out, runs, skipped, header)
    print(f"\n{(asked.out / 'bench.md').read_text('utf-8')}\nwritten to {asked.out}")


def write(out: Path, runs: list, skipped: dict[str, str], header: dict[str, Any]) -> None:
    """Write the JSON and the markdown."""
    out.mkdir(parents=True, exist_ok=True)
    models = [{k: v for k, v in asdict(MODELS[n]).items() if k != "load"}
              for n in dict.fromkeys(r["model"] for r in runs)]  # fmt: skip
    whole = {"header": header, "skipped": skipped, "models": models, "runs": runs}
    (out / "bench.json").write_text(json.dumps(whole, indent=1), "utf-8")
    (out / "bench.md").write_text(markdown(runs, skipped, header), "utf-8")


if __name__ == "__main__":
    main()
