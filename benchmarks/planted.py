"""Faults that are planted in simulated tables, and which checks find them after a fit.

Run as ``python -m benchmarks.planted --runs 200``; the figures are in ``README.md``. Each table
has 20 groups of 10 rows (60 of 8 where covariates and groups are confounded). Clean tables of
the same models are fitted too: there any finding worse than information is false, by its name.
Tables whose fault is found before sampling are not fitted.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import bayes_glmm as bg

PLAIN = "y ~ x + z + (1 | g)"
BERNOULLI, POISSON = {"family": "bernoulli"}, {"family": "poisson"}

type Make = Callable[[np.random.Generator, bool], pd.DataFrame]


@dataclass(frozen=True)
class Fault:
    """A fault: the name of what has to find it, and how tables with and without are made."""

    text: str
    finding: str
    make: Make
    formula: str
    options: dict[str, Any]
    faulty: tuple[str, dict[str, Any]] | None = None


def grouped(rng: np.random.Generator, levels: int = 20, each: int = 10, sd: float = 0.5) -> Any:
    """Return covariates, each row's group and its effect."""
    g = np.repeat(np.arange(levels), each)
    data = pd.DataFrame({"x": rng.normal(size=len(g)), "z": rng.normal(size=len(g))})
    return data.assign(g=[f"g{i:02d}" for i in g]), g, rng.normal(0, sd, levels)[g]


def outcomes(rng: np.random.Generator, data: pd.DataFrame, u: Any) -> Any:
    """Draw yes or no."""
    return rng.binomial(1, 1 / (1 + np.exp(-(0.5 * data["x"] + u))))


def separated(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Let one covariate tell all outcomes."""
    data, _, u = grouped(rng)
    return data.assign(y=(data["x"] > 0.1).astype(int) if fault else outcomes(rng, data, u))


def collinear(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Make a covariate of two others."""
    data, _, u = grouped(rng)
    w = 2 * data["x"] - data["z"] if fault else rng.normal(size=len(data))
    return data.assign(y=outcomes(rng, data, u), w=w)


def one_row(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Give every row a group of its own."""
    data, _, u = grouped(rng)
    h = [f"r{i}" for i in range(len(data))] if fault else data["g"]
    return data.assign(y=data["x"] + u + rng.normal(size=len(data)), h=h)


def twice(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Make over-dispersed counts; the fault is in the model."""
    data, _, u = grouped(rng)
    return data.assign(y=rng.poisson(np.exp(1 + u) * rng.gamma(2, 0.5, len(data))))


def dispersed(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Let the mean of every row vary."""
    data, _, u = grouped(rng)
    extra = rng.gamma(2, 0.5, len(data)) if fault else 1.0
    return data.assign(y=rng.poisson(np.exp(1 + 0.2 * data["x"] + u) * extra))


def zeros(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Turn some counts to zero."""
    data, _, u = grouped(rng)
    kept = rng.random(len(data)) > (0.3 if fault else 0.0)
    return data.assign(y=rng.poisson(np.exp(1 + 0.2 * data["x"] + u)) * kept)


def flat(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Let groups not differ."""
    data, _, u = grouped(rng, sd=0.0 if fault else 0.5)
    return data.assign(y=data["x"] + u + rng.normal(size=len(data)))


def flat_counts(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Let groups of counts not differ."""
    data, _, u = grouped(rng, sd=0.0 if fault else 0.5)
    return data.assign(y=rng.poisson(np.exp(1.5 + 0.2 * data["x"] + u)))


def confounded(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Let a covariate go with the effects of the groups."""
    data, g, u = grouped(rng, 60, 8)
    data["x"] += 1.5 * u if fault else rng.normal(0, 0.7, 60)[g]
    return data.assign(y=1 + 0.3 * data["x"] + u + rng.normal(0, 0.5, len(data)))


def in_order(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Let errors last from row to row."""
    data, _, u = grouped(rng)
    e = rng.normal(size=(20, 10))
    for t in range(1, 10 if fault else 1):
        e[:, t] = 0.6 * e[:, t - 1] + 0.8 * e[:, t]
    return data.assign(y=data["x"] + u + e.ravel())


def skewed(rng: np.random.Generator, fault: bool) -> pd.DataFrame:
    """Make errors with another shape."""
    data, _, u = grouped(rng)
    e = rng.exponential(size=len(data)) - 1 if fault else rng.normal(size=len(data))
    return data.assign(y=data["x"] + u + e)


BOTH = "y ~ x + (1 | g) + (1 | observation)"
FAULTS = (
    Fault("over-dispersion", "overdispersion", dispersed, PLAIN, POISSON),
    Fault("excess zeros", "excess_zeros", zeros, PLAIN, POISSON),
    Fault("near-zero sd", "near_zero_sd", flat, PLAIN, {}),
    Fault("near-zero sd, counts", "near_zero_sd", flat_counts, PLAIN, POISSON),
    Fault("confounded effect", "group_covariate_correlation", confounded, "y ~ x + (1 | g)", {}),
    Fault("autocorrelation", "residual_autocorrelation", in_order, PLAIN, {}),
    Fault("skewed errors", "residual_distribution", skewed, PLAIN, {}),
    Fault("separation", "separation", separated, PLAIN, BERNOULLI),
    Fault("collinearity", "rank_deficient", collinear, "y ~ x + z + w + (1 | g)", BERNOULLI),
    Fault("one-row groups", "one_row_groups", one_row, "y ~ x + (1 | h)", {}),
    Fault(
        "OLRE and negative binomial", "olre_dispersion", twice, BOTH, POISSON,
        (BOTH, {"family": "negative_binomial"}),
    ),
)  # fmt: skip


def found(fault: Fault, planted: bool, seed: int) -> set[str]:
    """Return the names of findings worse than information."""
    data = fault.make(np.random.default_rng([seed, planted]), planted)
    formula, options = fault.faulty if planted and fault.faulty else (fault.formula, fault.options)
    judged = bg.check(formula, data, **options)
    names = {f.name for f in judged if f.severity != "info"}
    if judged.errors or (planted and fault.finding in names):
        return names
    tree = bg.fit(
        formula, data, draws=300, chains=2, cores=1, seed=seed, progress=False, **options
    )  # fmt: skip
    return {f.name for f in bg.diagnose(tree).findings if f.severity != "info"}


def main() -> None:
    """Run and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--only", help="one fault, by what has to find it")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.stdout.write("| planted | found by | found | named when clean |\n|---|---|---|---|\n")
    clean: dict[tuple[str, str], list[set[str]]] = {}
    for fault in (f for f in FAULTS if asked.only in (None, f.finding)):
        model = fault.formula, str(fault.options)
        if model not in clean:
            clean[model] = [found(fault, False, seed) for seed in range(asked.runs)]
        hits = [fault.finding in found(fault, True, seed) for seed in range(asked.runs)]
        false = np.mean([fault.finding in names for names in clean[model]])
        sys.stdout.write(
            f"| {fault.text} | `{fault.finding}` | {np.mean(hits):.1%} | {false:.1%} |\n"
        )
        sys.stdout.flush()
    sys.stdout.write("\nClean fits, by model, with findings:\n")
    for (formula, options), named in clean.items():
        counts = Counter(name for names in named for name in names)
        rates = ", ".join(f"`{k}` {v / len(named):.1%}" for k, v in counts.most_common())
        sys.stdout.write(f"- `{formula}` {options}: {rates or 'none'}\n")


if __name__ == "__main__":
    main()
