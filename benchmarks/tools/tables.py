"""Tables of runs: medians over repeats, and ratios to the best peer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import geometric_mean, median
from typing import Any

OURS = "bayes_glmm"
COLUMNS = (
    ("wall", "wall s", ".2f"),
    ("setup", "setup s", ".2f"),
    ("sampling", "sampling s", ".2f"),
    ("ess_bulk", "bulk ESS", ".0f"),
    ("ess_tail", "tail ESS", ".0f"),
    ("r_hat", "R-hat", ".3f"),
    ("divergences", "div.", ".0f"),
    ("ess_per_second", "ESS/s", ".1f"),
    ("seconds_to_400", "s to 400", ".2f"),
    ("megabytes", "MB", ".0f"),
    ("steps_per_draw", "steps/draw", ".1f"),
    ("microseconds_per_gradient", "µs/gradient", ".1f"),
    ("imports", "imports s", ".2f"),
    ("gap", "gap", ".2f"),
)
type Runs = list[dict[str, Any]]
type Key = tuple[str, str, str]


def medians(runs: Runs) -> dict[Key, dict[str, float]]:
    """Return each figure's median over repeats, by model, contender and kind of run."""
    out: dict[Key, dict[str, float]] = {}
    for key in dict.fromkeys((r["model"], r["contender"], r["kind"]) for r in runs):
        own = [r for r in runs if (r["model"], r["contender"], r["kind"]) == key]
        good = [r for r in own if "failed" not in r]
        row = {"runs": len(own), "failures": len(own) - len(good)}
        for name, _, _ in COLUMNS:
            known = [r[name] for r in good if r.get(name) is not None]
            if known:
                row[name] = median(known)
        out[key] = row
    return out


def add_gaps(runs: Runs) -> None:
    """Add to each run how far its estimates are from ours.

    ``gap`` is the largest difference between posterior means of a fixed effect, an sd, a
    correlation or a parameter of the family, in posterior sds: whether it is one model.
    """
    for run in runs:
        ours = [r for r in runs if r["model"] == run["model"] and r["contender"] == OURS]
        ours = [r["estimates"] for r in ours if "failed" not in r]
        if "failed" in run or run["contender"] == OURS or not ours:
            continue
        shared = [
            abs(run["estimates"][name][0] - median(o[name][0] for o in ours)) / max(sd, 1e-300)
            for name, (_, sd) in ours[0].items()
            if name in run["estimates"]
        ]
        run["gap"] = max(shared, default=math.nan)


def ratios(found: dict[Key, dict[str, float]], kind: str) -> dict[str, tuple[str, float]]:
    """Return each model's best peer, and our worst ESS per second over that peer's."""
    out = {}
    for model in dict.fromkeys(key[0] for key in found):
        speed = {
            key[1]: row["ess_per_second"]
            for key, row in found.items()
            if key[0] == model and key[2] == kind and "ess_per_second" in row
        }
        peers = {k: v for k, v in speed.items() if k != OURS and v > 0}
        if OURS in speed and peers:
            best = max(peers, key=peers.__getitem__)
            out[model] = best, speed[OURS] / peers[best]
    return out


def markdown(runs: Runs, skipped: dict[str, str], header: dict[str, Any]) -> str:
    """Return the whole report."""
    found = medians(runs)
    kinds = list(dict.fromkeys(key[2] for key in found))
    lines = ["# Benchmark", "", *(f"- {k}: {v}" for k, v in header.items())]
    lines += [f"- skipped: {name} ({why})" for name, why in skipped.items()]
    for kind in kinds:
        compared = ratios(found, kind)
        if compared:
            lines += ["", f"## Worst ESS per second over the best peer's, {kind} runs", ""]
            lines += grid(
                ("model", "best peer", "ratio"),
                ((model, best, f"{ratio:.2f}") for model, (best, ratio) in compared.items()),
            )
            mean = geometric_mean([max(r, 1e-12) for _, r in compared.values()])
            lines += ["", f"Geometric mean over {len(compared)} models: {mean:.2f}"]
    for model in dict.fromkeys(key[0] for key in found):
        lines += ["", f"## {model}", "", *grid(("contender", "run", *(c[1] for c in COLUMNS)), (
            (key[1], key[2], *(f"{row[n]:{how}}" if n in row else "" for n, _, how in COLUMNS))
            for key, row in found.items() if key[0] == model
        ))]  # fmt: skip
        own = [r for r in runs if r["model"] == model]
        notes = {f"{r['contender']}: {note}" for r in own for note in r.get("notes", ())}
        failed = {
            f"{r['contender']} failed ({r['kind']}): {r['failed']}" for r in own if "failed" in r
        }
        lines += ["", *(f"- {line}" for line in (*sorted(notes), *sorted(failed)))]
    return "\n".join(lines) + "\n"


def grid(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return the lines of a markdown table."""
    head = list(head)
    body = [f"| {' | '.join(cells)} |" for cells in ([*row] for row in rows)]
    return [f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|", *body]
