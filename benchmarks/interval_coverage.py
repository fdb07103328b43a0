"""Coverage of intervals: population-averaged differences, and predictions for new groups.

Run as ``python -m benchmarks.interval_coverage --runs 2000``; the figures are in ``README.md``.
The truth is one set of parameters, where coverage is only asymptotic, or with ``--truth prior``
drawn anew from the model's priors, where it is exact on average.
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
from bayes_glmm.maths.links import LINKS

LEVELS = (0.5, 0.8, 0.95)
GROUPS, EACH = 40, 8
FIXED = (-0.5, 0.8, 1.0)
PRIORS = {
    "intercept": bg.Prior("Normal", mu=0, sigma=1),
    "beta[treat]": bg.Prior("Normal", mu=0, sigma=1),
    "sd_g[intercept]": bg.Prior("HalfNormal", sigma=1),
}
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
FAMILIES = {"bernoulli": "logit", "poisson": "log"}

type Array = NDArray[np.float64]
type Truth = tuple[float, float, float]


def drawn(rng: np.random.Generator) -> Truth:
    """Draw intercept, effect and sd from the priors; theirs is at the covariate's mean."""
    middle, effect, sd = rng.normal(), rng.normal(), abs(rng.normal())
    return middle - effect / 2, effect, sd


def simulated(family: str, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """Make a table of groups of rows, half of each treated."""
    intercept, effect, sd = truth
    g = np.repeat(np.arange(GROUPS), EACH)
    treat = np.tile(np.arange(EACH) % 2, GROUPS)
    mean = LINKS[FAMILIES[family]].inverse(
        intercept + effect * treat + rng.normal(0, sd, GROUPS)[g]
    )
    y = rng.binomial(1, mean) if family == "bernoulli" else rng.poisson(mean)
    return pd.DataFrame({"y": y, "treat": treat, "g": [f"g{i:02d}" for i in g]})


def true_difference(family: str, truth: Truth) -> float:
    """Return the difference of mean responses over the population of groups."""
    intercept, effect, sd = truth
    link = LINKS[FAMILIES[family]]
    low, high = (
        (link.inverse(intercept + shift + sd * NODES) * WEIGHTS).sum() / WEIGHTS.sum()
        for shift in (0.0, effect)
    )
    return float(high - low)


def new_group_coverage(family: str, truth: Truth, low: float, high: float) -> float:
    """Return how many treated groups never seen have their mean between two bounds."""
    intercept, effect, sd = truth
    link = LINKS[FAMILIES[family]]
    ends = (link.forward(np.array([low, high])) - intercept - effect) / sd
    return float(np.diff(norm.cdf(ends))[0])


def one(family: str, seed: int, prior: bool) -> tuple[list[float], list[float]]:
    """Return whether each interval covers the difference, and how much of new groups."""
    rng = np.random.default_rng(seed)
    truth = drawn(rng) if prior else FIXED
    data = simulated(family, truth, rng)
    tree = bg.fit(
        "y ~ treat + (1 | g)", data, family=family, draws=500, chains=2, cores=1, seed=seed,
        priors=PRIORS if prior else None, progress=False,
    )  # fmt: skip
    difference = bg.comparisons(tree, "treat", draws=True).values.ravel()
    row = pd.DataFrame({"treat": [1], "g": ["never seen"]})
    new = bg.predictions(tree, row, groups="new", draws=True, seed=seed).values.ravel()
    average = true_difference(family, truth)
    tails = [((1 - p) / 2, (1 + p) / 2) for p in LEVELS]
    covered = [
        float(np.quantile(difference, a) < average < np.quantile(difference, b)) for a, b in tails
    ]
    share = [new_group_coverage(family, truth, *np.quantile(new, [a, b])) for a, b in tails]
    return covered, share


def main() -> None:
    """Run and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first simulation")
    parser.add_argument("--family", choices=list(FAMILIES), default="bernoulli")
    parser.add_argument("--truth", choices=["fixed", "prior"], default="fixed")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    seeds = range(asked.first, asked.first + asked.runs)
    found = np.array([one(asked.family, seed, asked.truth == "prior") for seed in seeds])
    sys.stdout.write(
        f"{asked.family}, {asked.truth} truth, {asked.runs} simulations: coverage in percent (error)\n"
    )
    for name, values in zip(("difference", "new group"), found.swapaxes(0, 1), strict=True):
        errors = values.std(axis=0) / np.sqrt(len(values))
        cells = [
            f"{100 * m:.1f} ({100 * e:.1f})" for m, e in zip(values.mean(0), errors, strict=True)
        ]
        sys.stdout.write(f"{name:12}" + "".join(f"{c:>14}" for c in cells) + "\n")


if __name__ == "__main__":
    main()
