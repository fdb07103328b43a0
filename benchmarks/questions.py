"""Seed questions on real tables: the call, its figure, and a peer's.

Run ``python -m benchmarks.questions``; the table is kept in ``docs/questions.md``. Peers' figures
are estimates by maximum likelihood or quadrature, and without priors, but for those of brms.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from dataclasses import dataclass
from functools import cache
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


TREATED = pd.DataFrame({"treatment": ["terbinafine"], "time": [12.0]})
WARM = pd.DataFrame({"temp": ["warm"], "contact": ["yes"]})
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
        "meta_analysis", ("study", "treat"), {}, {"kind": "average"}, 0.277703,
        "metafor UM.RS, arms -1/2 and 1/2",
    ),
    Question(
        "The same with arms coded as the peer does?", "nielweise2007",
        "events | trials(n) ~ treat12 + (1 + treat12 || study)", {"family": "binomial"},
        "meta_analysis", ("study", "treat12"), {}, {"kind": "average"}, 0.277703, "metafor UM.RS",
    ),
    Question(
        "The same given the infections of both arms?", "nielweise2007 in pairs",
        "events | trials(n) + against(events0, n0) ~ 1 + (1 | study)", {"family": "binomial"},
        "meta_analysis", ("study",), {}, {"kind": "average"}, 0.258423, "metafor CM.EL",
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
    Question(
        "Which hospital has the most deaths? Expected rank of H of 12", "surgical",
        "deaths | trials(operations) ~ 1 + (1 | hospital)", {"family": "binomial"},
        "rank", ("hospital",), {}, {"level": "H"}, 11.457, "brms, sd ~ half-normal(1)",
    ),
    Question(
        "Nail infections: how much do patients differ? Their sd (logit)", "toenail",
        "outcome ~ treatment * time + (1 | patientID)", {"family": "bernoulli"},
        "summary", (), {}, {"parameter": "sd_patientID[intercept]"}, 4.0004621, "lme4, 25 nodes",
    ),
    Question(
        "Treated for a year: risk of a typical patient?", "toenail",
        "outcome ~ treatment * time + (1 | patientID)", {"family": "bernoulli"},
        "predictions", (TREATED,), {"groups": "typical"}, {}, 0.000299660, "lme4, effect of zero",
    ),
    Question(
        "Treated for a year: average risk of patients?", "toenail",
        "outcome ~ treatment * time + (1 | patientID)", {"family": "bernoulli"},
        "predictions", (TREATED,), {}, {}, 0.0325941, "lme4, standardised by quadrature",
    ),
    Question(
        "What does the better treatment change on average?", "toenail",
        "outcome ~ treatment * time + (1 | patientID)", {"family": "bernoulli"},
        "comparisons", ("treatment",), {}, {}, -0.0362104, "lme4, standardised by quadrature",
    ),
    Question(
        "Warm wine: how much more bitter? (log odds of each step)", "wine",
        "rating ~ temp + contact + (1 | judge)", {"family": "cumulative"},
        "summary", (), {}, {"parameter": "temp[warm]"}, 3.06189719, "exact quadrature",
    ),
    Question(
        "Share of judges who call warm wine with contact most bitter?", "wine",
        "rating ~ temp + contact + (1 | judge)", {"family": "cumulative"},
        "predictions", (WARM,), {}, {"category": "5"}, 0.278240015, "exact quadrature",
    ),
    Question(
        "Ticks on grouse chicks per 100 m of height (log): Poisson", "grouseticks",
        "TICKS ~ YEAR + cHEIGHT100 + (1 | BROOD) + (1 | LOCATION)", {"family": "poisson"},
        "summary", (), {}, {"parameter": "cHEIGHT100"}, -2.354603, "lme4",
    ),
    Question(
        "The same with an effect for each row", "grouseticks",
        "TICKS ~ YEAR + cHEIGHT100 + (1 | BROOD) + (1 | LOCATION) + (1 | observation)",
        {"family": "poisson"},
        "summary", (), {}, {"parameter": "cHEIGHT100"}, -2.376041, "lme4",
    ),
    Question(
        "The same, negative binomial", "grouseticks",
        "TICKS ~ YEAR + cHEIGHT100 + (1 | BROOD) + (1 | LOCATION)", {"family": "negative_binomial"},
        "summary", (), {}, {"parameter": "cHEIGHT100"}, -2.367842, "glmmTMB",
    ),
    Question(
        "Do birds breed less as they age? All of them (log)", "selective_sim",
        "y ~ age + (1 | id)", {"family": "poisson"},
        "summary", (), {}, {"parameter": "age"}, -0.0656495, "lme4",
    ),
    Question(
        "The same within a bird, those that die early set apart", "selective_sim",
        "y ~ wb(age, id) + (1 | id)", {"family": "poisson"},
        "summary", (), {}, {"parameter": "age_within"}, -0.0790689, "lme4",
    ),
    Question(
        "And between birds, by their mean age?", "selective_sim",
        "y ~ wb(age, id) + (1 | id)", {"family": "poisson"},
        "summary", (), {}, {"parameter": "age_between"}, 0.0681494, "lme4",
    ),
    Question(
        "Mice: what share of CD8 is inherited?", "mouse_hs",
        "cd8 ~ sex + (1 | gr(id, K))", {},
        "variance_partition", (), {}, {"component": "icc[id]"}, 0.650568, "exact REML",
    ),
)  # fmt: skip


def read(name: str) -> pd.DataFrame:
    """Read a table as the peer's script prepared it."""
    name, _, paired = name.partition(" in ")
    table = pd.read_csv(DATA / f"{name}.csv")
    if name == "contraception":
        table = table.assign(age10=table["age"] / 10, age10sq=(table["age"] / 10) ** 2)
    if name == "grouseticks":
        height = (table["HEIGHT"] - table["HEIGHT"].mean()) / 100
        table = table.assign(cHEIGHT100=height, YEAR=table["YEAR"].astype(str))
    if name == "nielweise2007":
        table["treat12"] = table["treat"] - 0.5
    for column in ("study", "id", "subject", "district", "patientID", "judge", "BROOD", "LOCATION"):
        if column in table:
            table[column] = table[column].astype(str)
    if name == "mouse_hs":
        table = table.dropna(subset="cd8")
    if paired:
        treated, control = (table[table["treat"] == t].set_index("study") for t in (1, 0))
        pair = treated[["events", "n"]].join(control[["events", "n"]].add_suffix("0"))
        table = pair.reset_index()
    return table


def related(table: pd.DataFrame) -> pd.DataFrame:
    """Return the centred relationship matrix of the mice, as the peer's script has it."""
    counts = pd.read_csv(DATA / "mouse_hs_geno.csv", index_col=0)
    z = counts - counts.mean()
    return (z @ z.T / z.shape[1]).loc[table["id"], table["id"]]


@cache
def fitted(name: str, formula: str, options: tuple[tuple[str, str], ...]) -> Any:
    """Fit a model once."""
    table = read(name)
    structures = {"K": bg.kinship(related(table))} if name == "mouse_hs" else None
    return bg.fit(
        formula, table, draws=1000, seed=1, progress=False, structures=structures, **dict(options)
    )


def answered(question: Question) -> tuple[str, str]:
    """Return the call as written, and its figure with the interval."""
    tree = fitted(question.table, question.formula, tuple(question.options.items()))
    table = getattr(bg, question.call)(tree, *question.arguments, **question.keywords)
    for column, value in question.row.items():
        table = table[table[column].astype(str) == value]
    row = table.iloc[0]
    middle = row[next(c for c in ("median", "mean", "expected_rank") if c in table)]
    low, high = (c for c in table if str(c).startswith("eti"))
    given = ["row" if isinstance(a, pd.DataFrame) else f'"{a}"' for a in question.arguments]
    given += [f'{k}="{v}"' for k, v in question.keywords.items()]
    call = f"bg.{question.call}({', '.join(['tree', *given])})"
    return call, f"{middle:.3g} [{row[low]:.3g}, {row[high]:.3g}]"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", help="tables")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.stdout.write(
        "| question | model | call | figure [89 % interval] | peer | by |\n|---|---|---|---|---|---|\n"
    )
    for question in (q for q in QUESTIONS if not asked.only or q.table in asked.only):
        call, figure = answered(question)
        formula = question.formula.replace("|", "\\|")
        sys.stdout.write(
            f"| {question.text} | `{formula}` | `{call}` | {figure} | {question.peer:.3g} | "
            f"{question.who} |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
