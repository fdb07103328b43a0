"""Fitted trees without sampling: draws made around known values."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from bayes_glmm.design.schema import Schema
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.reference import plain_priors
from bayes_glmm.results.fit import make_tree
from bayes_glmm.spec.formula.parsing import parse

CHAINS, DRAWS = 4, 250


def tree_of(
    formula: str,
    data: pd.DataFrame,
    truth: dict,
    *,
    spread=0.05,
    seed=0,
    info=None,
    draws=DRAWS,
    **options,
):
    """Make a tree whose draws scatter around ``truth`` with independent normal noise."""
    spec = parse(formula, **options)
    schema = Schema.learn(spec, data)
    design = schema.apply(data)
    rng = np.random.default_rng(seed)
    posterior = {}
    for name, value in truth.items():
        value = np.asarray(value, float)
        noise = rng.normal(0, spread, (CHAINS, draws, *value.shape))
        positive = name.startswith("sd_") or name in ("sigma", "dispersion", "nu")
        posterior[name] = value * np.exp(noise) if positive else value + noise
        if name.startswith("corr_"):
            posterior[name] = np.broadcast_to(value, noise.shape).copy()
    stats = {
        "diverging": np.zeros((CHAINS, draws), bool),
        "energy": rng.normal(size=(CHAINS, draws)),
        "tree_depth": np.full((CHAINS, draws), 3),
        "reached_max_treedepth": np.zeros((CHAINS, draws), bool),
    }
    record = {"seed": 1, "settings": {"draws": draws}, "versions": {}, "data_hash": "0"} | (
        info or {}
    )
    # the draws are on the table's scale, and so are their priors: as if a user had given them
    priors = plain_priors(resolve_priors(spec, design))
    return make_tree(posterior, stats, spec, schema, design, data, priors, record)


@cache
def poisson_tree(seed: int = 0):
    """Counts with exposure in twelve wards."""
    rng = np.random.default_rng(seed)
    n, wards = 120, [f"w{i}" for i in range(12)]
    ward = rng.choice(wards, n)
    u = rng.normal(0, 0.5, 12)
    arm = rng.choice(["control", "treated"], n)
    days = rng.uniform(50, 500, n)
    order = np.array([wards.index(w) for w in ward])
    eta = np.log(days) - 4 - 0.4 * (arm == "treated") + u[order]
    data = pd.DataFrame(
        {"events": rng.poisson(np.exp(eta)), "arm": arm, "ward": ward, "days": days}
    )
    levels = sorted(wards)
    effects = np.array([[u[wards.index(w)]] for w in levels if w in set(ward)])
    truth = {"intercept": -4.0, "beta": [-0.4], "sd_ward": [0.5], "u_ward": effects}
    return tree_of("events ~ arm + (1 | ward)", data, truth, family="poisson", exposure="days")


@cache
def binomial_tree(seed: int = 1):
    """Deaths among operations in ten hospitals."""
    rng = np.random.default_rng(seed)
    hospitals = list("ABCDEFGHIJ")
    u = rng.normal(0, 0.4, 10)
    n = rng.integers(40, 800, 10)
    deaths = rng.binomial(n, 1 / (1 + np.exp(2.5 - u)))
    data = pd.DataFrame({"hospital": hospitals, "deaths": deaths, "operations": n})
    truth = {"intercept": -2.5, "sd_hospital": [0.4], "u_hospital": u[:, None]}
    return tree_of(
        "deaths | trials(operations) ~ 1 + (1 | hospital)", data, truth, family="binomial"
    )


@cache
def slope_tree(seed: int = 2):
    """Reaction times of eighteen people over ten days, correlated slopes."""
    rng = np.random.default_rng(seed)
    people = [f"{i:02d}" for i in range(18)]
    corr = np.array([[1.0, 0.3], [0.3, 1.0]])
    sd = np.array([25.0, 6.0])
    u = rng.multivariate_normal(np.zeros(2), sd[:, None] * corr * sd, 18)
    person, day = np.repeat(np.arange(18), 10), np.tile(np.arange(10.0), 18)
    y = 250 + 10 * day + u[person, 0] + u[person, 1] * day + rng.normal(0, 25, 180)
    data = pd.DataFrame({"reaction": y, "day": day, "person": np.array(people)[person]})
    truth = {
        "intercept": 250.0, "beta": [10.0], "sd_person": sd, "corr_person": corr,
        "corr_chol_person": np.linalg.cholesky(corr), "u_person": u, "sigma": 25.0,
    }  # fmt: skip
    return tree_of("reaction ~ day + (1 + day | person)", data, truth)


@cache
def bernoulli_tree(seed: int = 3):
    """Yes or no over visits, with a person effect as large as toenail's."""
    rng = np.random.default_rng(seed)
    person, month = np.repeat(np.arange(60), 7), np.tile(np.arange(7.0), 60)
    arm = np.where(person % 2, "new", "old")
    u = rng.normal(0, 3.0, 60)
    eta = -1 - 0.3 * month - 0.5 * (arm == "new") + u[person]
    y = rng.binomial(1, 1 / (1 + np.exp(-eta)))
    data = pd.DataFrame({"y": y, "arm": pd.Categorical(arm, ["old", "new"]), "month": month,
                         "person": [f"p{i:02d}" for i in person]})  # fmt: skip
    truth = {"intercept": -1.0, "beta": [-0.5, -0.3], "sd_person": [3.0], "u_person": u[:, None]}
    return tree_of("y ~ arm + month + (1 | person)", data, truth, family="bernoulli")
