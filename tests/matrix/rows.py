"""The rows that every model of the matrix has, and how the levels of ``g`` are related."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd

import bayes_glmm as bg
from tests.matrix.laws import LAWS, LINKS, ORDERED, TRIALS, UNORDERED, categories

N, EACH = 48, 4
LEVELS = [f"g{i:02d}" for i in range(N // EACH)]
PARTS = ["low", "mid", "high"]
DOSES = ["no", "some", "much"]
RING = pd.DataFrame({"a": LEVELS, "b": [*LEVELS[1:], LEVELS[0]]})
NEWICK = (
    "((((g00:1,g01:1):1,(g02:1,g03:1):1):1,((g04:1,g05:1):1,(g06:1,g07:1):1):1):1,"
    "((g08:1,g09:1):1,(g10:1,g11:1):1):2);"
)


@cache
def covariates() -> pd.DataFrame:
    """All columns but the response; every level of ``g`` has both values of ``f`` twice."""
    rng = np.random.default_rng(0)
    g = np.repeat(np.arange(len(LEVELS)), EACH)
    data = pd.DataFrame({
        "x": rng.normal(0.2, 1, N).round(3),
        "z": rng.gamma(4, 0.5, N).round(3),
        "f": np.tile(["a", "b"], N // 2),
        "d": pd.Categorical(rng.choice(DOSES, N), DOSES, ordered=True),
        "g": np.array(LEVELS)[g],
        "h": [f"h{i}" for i in rng.integers(0, 6, N)],
        "t": np.tile(np.arange(EACH), len(LEVELS)),
        "k": np.where(g % 2, "old", "new"),
        "a": [f"m{i}" for i in rng.integers(0, 5, N)],
        "b": [f"m{i}" for i in rng.integers(0, 5, N)],
        "v": 1.0,
        "w": rng.choice([0.0, 1.0, 2.0], N),
        "item": np.tile(["i1", "i2"], N // 2),
        "days": rng.uniform(1, 3, N).round(3),
        "off": rng.normal(0, 0.3, N).round(3),
        "n": rng.integers(4, 12, N),
        "copies": rng.integers(1, 4, N).astype(float),
        "error": rng.uniform(0.3, 0.7, N).round(3),
        "status": np.where(np.arange(N) % 4 == 0, "right", "none"),
        "east": (g % 4) + 0.1 * (g // 4),
        "north": (g // 4).astype(float),
        "m": np.where(rng.random(N) < 0.15, np.nan, rng.normal(1, 0.5, N).round(3)),
    })  # fmt: skip
    data["other_n"] = rng.integers(4, 12, N)
    data["other"] = rng.binomial(data["other_n"], 0.4)
    return data


MIDDLE = {"logit": 0.2, "log": 1.1, "identity": 2.0, "tan_half": 0.15}
OTHERS = {"log": 0.7, "logit": -0.8, "identity": 0.5}
"""Middles of intercepts, by link: of the mean, and of another parameter."""
OWN = {"sigma": 0.5, "nu": 6.0, "skew": 1.0, "lower": -1.5, "gap": math.e, "power": 1.5, "zi": 1 / 3,
       "hurdle": 1 / 3, "zoi": 1 / 3, "coi": 1 / 3, "dispersion": 3.0, "shape": 3.0,
       "concentration": 3.0, "quantile": 0.5}  # fmt: skip
CUTS = np.array([-0.5, 0.6])


@cache
def table(family: str) -> pd.DataFrame:
    """Return all columns, with a response that the family draws around the middle of the draws."""
    data, rng, law = covariates().copy(), np.random.default_rng(1), LAWS[family]
    slope = 0.2 * (data["x"] - data["x"].mean() + (data["f"] == "b")).to_numpy()
    if family in (*ORDERED, *UNORDERED):
        eta = slope if family in ORDERED else np.stack([0.2 + slope] * 2, -1)
        p = categories(family, eta, CUTS if family in ORDERED else None, np.ones(1))
        if family == "multinomial":
            data[PARTS] = np.array(
                [rng.multinomial(n, q) for n, q in zip(data["n"], p, strict=True)]
            )
        elif family == "dirichlet":
            data[PARTS] = np.array([rng.dirichlet(3 * q) for q in p]).clip(1e-3)
            data[PARTS] = data[PARTS].div(data[PARTS].sum(axis=1), axis=0)
        else:
            codes = np.array([rng.choice(3, p=q) for q in p])
            data["y"] = pd.Categorical(np.array(PARTS)[codes], PARTS, ordered=family in ORDERED)
        return data
    mu = LINKS[law.link][0](MIDDLE[law.link] + slope)
    own = {name: np.full(N, value) for name, value in OWN.items()}
    y = law.draw(rng, mu, own, data["n"].to_numpy() if family in TRIALS else None)
    data["y"] = y.astype(int) if np.array_equal(y, np.rint(y)) else y
    return data


def strangers(family: str) -> pd.DataFrame:
    """Rows to predict: two levels that the model knows, and one in three rows that it does not."""
    found = table(family).iloc[[0, 5, 10, 15, 20, 33]].copy()
    found["g"] = ["g00", "new one", "new one", "g03", "new one", "g08"]
    found["h"] = ["h0", "new one", "new one", "h1", "new one", "h2"]
    found["a"] = ["m0", "new one", "new one", "m1", "new one", "m2"]
    found["k"] = ["new", "old", "old", "old", "old", "new"]
    found["east"], found["north"] = [0.0, 1.5, 1.5, 3.0, 1.5, 0.2], [0.0, 1.2, 1.2, 0.0, 1.2, 2.0]
    found["sire"], found["dam"] = "g00", "g02"
    found["m"] = found["m"].fillna(1.2)
    return found.set_axis([f"r{i}" for i in range(len(found))])


PARENTS = pd.DataFrame({
    "animal": LEVELS,
    "sire": [None] * 4 + [LEVELS[i % 2] for i in range(8)],
    "dam": [None] * 4 + [LEVELS[2 + i // 2 % 2] for i in range(8)],
})  # fmt: skip


@cache
def genotypes() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(3).integers(0, 3, (len(LEVELS), 40)), LEVELS)


@cache
def relationship() -> pd.DataFrame:
    A = np.random.default_rng(2).normal(size=(len(LEVELS), 30))
    K = A @ A.T / 30 + 0.3
    return pd.DataFrame(K, LEVELS, LEVELS)


@cache
def structures() -> dict[str, bg.structures.Structure]:
    """Every structure by its name in formulas."""
    return {
        "K": bg.kinship(relationship()),
        "A": bg.pedigree(PARENTS),
        "M": bg.genomic(genotypes()),
        **{m: bg.lineage(NEWICK, model=m) for m in ("brownian", "ou", "pagel")},
        **{m: bg.areal(RING, model=m) for m in ("bym2", "icar", "leroux", "car")},
        **{m: bg.coordinates("east", "north", method=m) for m in ("exact", "nearest", "hsgp")},
    }
