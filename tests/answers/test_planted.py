"""Rates over 200 simulated tables: faults that are planted are found, clean fits are left alone.

Verdicts on responses read draws that scatter around the truth; what looks before sampling
reads the table alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from tests.canned import tree_of

pytestmark = pytest.mark.slow
RUNS = 200


def base(rng, levels=20, each=10):
    g = np.repeat(np.arange(levels), each)
    data = pd.DataFrame({"x": rng.normal(size=len(g)), "z": rng.normal(size=len(g)),
                         "g": [f"g{i:02d}" for i in g]})  # fmt: skip
    return data, g, rng.normal(0, 0.5, levels)


def outcomes(rng, data, u, g):
    p = 1 / (1 + np.exp(-(0.5 * data["x"] + u[g])))
    return rng.binomial(1, p)


def separated(rng, fault):
    data, g, u = base(rng)
    data["y"] = (data["x"] > 0.1).astype(int) if fault else outcomes(rng, data, u, g)
    return bg.check("y ~ x + z + (1 | g)", data, family="bernoulli")


def collinear(rng, fault):
    data, g, u = base(rng)
    data["y"] = outcomes(rng, data, u, g)
    data["w"] = 2 * data["x"] - data["z"] if fault else rng.normal(size=len(g))
    return bg.check("y ~ x + z + w + (1 | g)", data, family="bernoulli")


def one_row(rng, fault):
    data, g, u = base(rng)
    data["y"] = data["x"] + u[g] + rng.normal(size=len(g))
    data["h"] = [f"r{i}" for i in range(len(g))] if fault else data["g"]
    return bg.check("y ~ x + (1 | h)", data)


def both_dispersions(rng, fault):
    data, g, u = base(rng)
    data["y"] = rng.poisson(np.exp(1 + u[g]) * rng.gamma(2, 0.5, len(g)))
    family = "negative_binomial" if fault else "poisson"
    return bg.check("y ~ x + (1 | g) + (1 | observation)", data, family=family)


def counts(rng, change):
    data, g, u = base(rng)
    data["y"] = change(np.exp(1 + 0.2 * data["x"].to_numpy() + u[g]))
    truth = {"intercept": 1.0, "beta": [0.2], "sd_g": [0.5], "u_g": u[:, None]}
    tree = tree_of("y ~ x + (1 | g)", data, truth, family="poisson", spread=0.02)
    return bg.diagnose(tree).findings


def over_dispersed(rng, fault):
    def change(mu):
        mean = rng.gamma(2, 0.5, len(mu)) if fault else 1.0
        return rng.poisson(mu * mean)

    return counts(rng, change)


def too_many_zeros(rng, fault):
    return counts(rng, lambda mu: rng.poisson(mu) * (rng.random(len(mu)) > (0.3 if fault else 0)))


def in_order(rng, fault):
    data, g, u = base(rng)
    e = rng.normal(size=(20, 10))
    if fault:
        for t in range(1, 10):
            e[:, t] = 0.6 * e[:, t - 1] + 0.8 * e[:, t]
    own = u + e.mean(axis=1)
    data["y"] = (u[:, None] + e).ravel()
    truth = {"intercept": 0.0, "sd_g": [0.5], "u_g": own[:, None], "sigma": 1.0}
    return bg.diagnose(tree_of("y ~ 1 + (1 | g)", data, truth, spread=0.02)).findings


def misshapen(rng, fault):
    data, g, u = base(rng)
    e = rng.exponential(size=len(g)) - 1 if fault else rng.normal(size=len(g))
    data["y"] = u[g] + e
    truth = {"intercept": 0.0, "sd_g": [0.5], "u_g": u[:, None], "sigma": 1.0}
    return bg.diagnose(tree_of("y ~ 1 + (1 | g)", data, truth, spread=0.02)).findings


def confounded(rng, fault):
    data, g, u = base(rng, levels=60, each=8)
    data["x"] += (1.5 * u if fault else rng.normal(0, 0.7, 60))[g]
    data["y"] = 1 + 0.3 * data["x"] + u[g] + rng.normal(0, 0.5, len(g))
    truth = {"intercept": 1.0, "beta": [0.3], "sd_g": [0.5], "u_g": u[:, None], "sigma": 0.5}
    return bg.diagnose(tree_of("y ~ x + (1 | g)", data, truth, spread=0.05)).findings


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (separated, "separation"),
        (collinear, "rank_deficient"),
        (one_row, "one_row_groups"),
        (both_dispersions, "olre_dispersion"),
        (over_dispersed, "overdispersion"),
        (too_many_zeros, "excess_zeros"),
        (in_order, "residual_autocorrelation"),
        (misshapen, "residual_distribution"),
        (confounded, "group_covariate_correlation"),
    ],
)
def test_rates(make, name):
    hits = {
        fault: np.mean(
            [
                name in {f.name for f in make(np.random.default_rng([seed, fault]), bool(fault))}
                for seed in range(RUNS)
            ]
        )
        for fault in (0, 1)
    }
    assert hits[1] >= 0.95, hits
    assert hits[0] <= 0.05, hits
