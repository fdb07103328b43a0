"""Coverage of intervals: population-averaged differences, and predictions for new groups.

Run as ``python -m benchmarks.interval_coverage --runs 300``; the figures are in ``README.md``.
"""

from __future__ import annotations

import argparse
import sys
import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

import bayes_glmm as bg
from bayes_glmm.families.links import LINKS

LEVELS = (0.5, 0.8, 0.95)
GROUPS, EACH = 40, 8
INTERCEPT, EFFECT, SD = -0.5, 0.8, 1.0
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
FAMILIES = {"bernoulli": "logit", "poisson": "log"}

type Array = NDArray[np.float64]


def simulated(family: str, rng: np.random.Generator) -> pd.DataFrame:
    """Make a table of groups of rows, half of each treated."""
    g = np.repeat(np.arange(GROUPS), EACH)
    treat = np.tile(np.arange(EACH) % 2, GROUPS)
    mean = LINKS[FAMILIES[family]].inverse(
        INTERCEPT + EFFECT * treat + rng.normal(0, SD, GROUPS)[g]
    )
    y = rng.binomial(1, mean) if family == "bernoulli" else rng.poisson(mean)
    return pd.DataFrame({"y": y, "treat": treat, "g": [f"g{i:02d}" for i in g]})


def true_difference(family: str) -> float:
    """Return the difference of mean responses over the population of groups."""
    link = LINKS[FAMILIES[family]]
    low, high = (
        (link.inverse(INTERCEPT + shift + SD * NODES) * WEIGHTS).sum() / WEIGHTS.sum()
        for shift in (0.0, EFFECT)
    )
    return float(high - low)


def new_group_coverage(family: str, low: float, high: float) -> float:
    """Return how many treated groups never seen have their mean between two bounds."""
    link = LINKS[FAMILIES[family]]
    ends = (link.forward(np.array([low, high])) - INTERCEPT - EFFECT) / SD
    return float(np.diff(norm.cdf(ends))[0])


def one(family: str, seed: int) -> tuple[list[float], list[float]]:
    """Return whether each interval covers the difference, and how much of new groups."""
    data = simulated(family, np.random.default_rng(seed))
    tree = bg.fit(
        "y ~ treat + (1 | g)", data, family=family, draws=500, chains=2, cores=1, seed=seed,
        progress=False,
    )  # fmt: skip
    difference = bg.comparisons(tree, "treat", draws=True).values.ravel()
    row = pd.DataFrame({"treat": [1], "g": ["never seen"]})
    new = bg.predictions(tree, row, groups="new", draws=True, seed=seed).values.ravel()
    truth = true_difference(family)
    tails = [((1 - p) / 2, (1 + p) / 2) for p in LEVELS]
    covered = [
        float(np.quantile(difference, a) < truth < np.quantile(difference, b)) for a, b in tails
    ]
    share = [new_group_coverage(family, *np.quantile(new, [a, b])) for a, b in tails]
    return covered, share


def main() -> None:
    """Run and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="seed of the first simulation")
    parser.add_argument("--family", choices=list(FAMILIES), default="bernoulli")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    found = np.array(
        [one(asked.family, seed) for seed in range(asked.first, asked.first + asked.runs)]
    )
    sys.stdout.write(f"{asked.family}, {asked.runs} simulations: coverage in percent (error)\n")
    for name, values in zip(("difference", "new group"), found.swapaxes(0, 1), strict=True):
        errors = values.std(axis=0) / np.sqrt(len(values))
        cells = [
            f"{100 * m:.1f} ({100 * e:.1f})" for m, e in zip(values.mean(0), errors, strict=True)
        ]
        sys.stdout.write(f"{name:12}" + "".join(f"{c:>14}" for c in cells) + "\n")


if __name__ == "__main__":
    main()
