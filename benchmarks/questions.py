"""Seed questions on real tables: the call, its figure, and a peer's.

Run ``python -m benchmarks.questions``; the table is kept in ``docs/questions.md``. Peers' figures
are estimates by maximum likelihood or quadrature, and without priors.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import bayes_glmm as bg

DATA = Path(__file__).parents[1] / "tests" / "data"


@dataclass(frozen=True)
class Question:
    """A question, the model that answers it, the call and the peer's answer."""

    text: str
    table: str
    formula: str
    options: dict[str, Any]
    call: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    row: dict[str, Any]
    peer: float
    who: str


QUESTIONS = (
    Question(
        "Smoking mothers: how much more wheezing on average?", "ohio",
        "resp ~ age * smoke + (1 | id)", {"family": "bernoulli"},
        "comparisons", ("smoke",), {"measure": "ratio"}, {}, 1.24299752, "lme4, standardised by quadrature",
    ),
    Question(
        "Living in town: how much more contraception?", "contraception",
        "use ~ age10 + age10sq + livch + urban + (1 | district)",
        {"family": "bernoulli"},
        "comparisons", ("urban",), {}, {}, 0.148804128, "lme4, standardised by quadrature",
    ),
    Question(
        "Seizures on progabide and placebo, averaged over people?", "epil",
        "y ~ lbase * trt + lage + V4 + (1 | subject)", {"family": "poisson"},
        "comparisons", ("trt",), {"measure": "ratio"}, {}, 0.871922351, "lme4, closed form",
    ),
    Question(
        "Treated catheters: odds of infection in the average trial?", "nielweise2007",
        "events | trials(n) ~ treat + (1 + treat || study)", {"family": "binomial"},
        "meta_analysis", ("study", "treat"), {}, {"kind": "average"}, 0.277703, "metafor UM.RS",
    ),
    Question(
        "Treated catheters: infections per catheter-day?", "nielweise2008",
        "events ~ treat + (1 + treat || study)", {"family": "poisson", "exposure": "catheter_days"},
        "meta_analysis", ("study", "treat"), {}, {"kind": "average"}, 0.626534, "metafor UM.RS",
    ),
    Question(
        "Vaccination: odds of tuberculosis in the average trial?", "bcg",
        "events | trials(n) ~ treat + (1 + treat || study)", {"family": "binomial"},
        "meta_analysis", ("study", "treat"), {}, {"kind": "average"}, 0.466926, "metafor UM.RS",
    ),
)  # fmt: skip


def read(name: str) -> pd.DataFrame:
    """Read a table as the peer's script prepared it."""
    table = pd.read_csv(DATA / f"{name}.csv")
    if name == "contraception":
        table = table.assign(age10=table["age"] / 10, age10sq=(table["age"] / 10) ** 2)
    for column in ("study", "id", "subject", "district"):
        if column in table:
            table[column] = table[column].astype(str)
    return table


def answered(question: Question) -> tuple[str, str]:
    """Return the call as written, and its figure with the interval."""
    tree = bg.fit(
        question.formula, read(question.table), draws=1000, progress=False, **question.options
    )
    table = getattr(bg, question.call)(tree, *question.arguments, **question.keywords)
    for column, value in question.row.items():
        table = table[table[column] == value]
    row = table.iloc[0]
    middle = row["median"] if "median" in table else row["mean"]
    low, high = (c for c in table if str(c).startswith("eti"))
    given = [f'"{a}"' for a in question.arguments]
    given += [f'{k}="{v}"' for k, v in question.keywords.items()]
    call = f"bg.{question.call}(tree, {', '.join(given)})"
    return call, f"{middle:.3f} [{row[low]:.3f}, {row[high]:.3f}]"


def main() -> None:
    """Write the table."""
    warnings.simplefilter("ignore")
    sys.stdout.write(
        "| question | model | call | figure [89 % interval] | peer | by |\n|---|---|---|---|---|---|\n"
    )
    for question in QUESTIONS:
        call, figure = answered(question)
        formula = question.formula.replace("|", "\\|")
        sys.stdout.write(
            f"| {question.text} | `{formula}` | `{call}` | {figure} | {question.peer:.3f} | "
            f"{question.who} |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
