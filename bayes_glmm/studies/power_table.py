"""What simulated studies found: power, coverage, and errors of sign and size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.studies.jobs import Record

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Against:
    """What an answer is held against, and whether on the log scale."""

    null: float
    ratio: bool

    def away(self, value: Any) -> Any:
        """Return the signed distance from it."""
        if self.ratio:
            return np.log(value) - np.log(self.null)
        return np.asarray(value) - self.null


def power_table(
    grid: pd.DataFrame,
    truths: Sequence[Mapping[str, float]],
    records: Sequence[Record],
    n: int,
    against: Against,
    prob: float,
) -> pd.DataFrame:
    """Tabulate what the studies of each design found, ``n`` records for each."""
    rows = []
    for which, truth in enumerate(truths):
        own = records[which * n : (which + 1) * n]
        good = [r["answers"] for r in own if "error" not in r]
        if not good:
            raise ArgumentError(f"No study of design {which + 1} was fitted: {own[0]['error']}")
        for name, value in truth.items():
            found = np.array([answer[name] for answer in good])
            design = grid.iloc[which].to_dict()
            rows.append({**design, "question": name, **_row(found, value, against)})
    table = pd.DataFrame(rows)
    table = table.astype({c: grid[c].dtype for c in grid.columns})
    table.attrs = {
        "estimand": "what studies with these parameters would find",
        "designs": [str(c) for c in grid.columns],
        "null": against.null,
        "prob": prob,
        "failures": [
            {"design": k // n, "study": k % n, "error": r["error"]}
            for k, r in enumerate(records) if "error" in r
        ],
    }  # fmt: skip
    return table


def _row(found: Array, truth: float, against: Against) -> dict[str, float]:
    """Summarise intervals and medians, shape (n_studies, 3), of studies of one design."""
    low, middle, high = found.T
    clear = (low > against.null) | (high < against.null)
    share, wanted = float(clear.mean()), float(against.away(truth))
    away = against.away(middle[clear])
    some = clear.any() and wanted != 0
    return {
        "truth": truth,
        "n": len(found),
        "power": share,
        "power_se": float(np.sqrt(share * (1 - share) / len(found))),
        "width": float((high - low).mean()),
        "coverage": float(((low <= truth) & (truth <= high)).mean()),
        "estimate": float(middle.mean()),
        "sign_error": float((np.sign(away) != np.sign(wanted)).mean()) if some else np.nan,
        "exaggeration": float(np.abs(away).mean() / abs(wanted)) if some else np.nan,
    }
