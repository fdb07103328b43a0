"""Terms of every block, on one small table with small structures: singly and two by two."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

import numpy as np
import pandas as pd

import bayes_glmm as bg

LEVELS = tuple(f"l{i}" for i in range(6))
N = 36


@dataclass(frozen=True)
class Term:
    """A term of the mean, the formulas it needs besides, and the structure it names."""

    text: str
    structure: str = ""
    others: dict[str, str] = field(default_factory=dict)


def related(structure: str, slopes: bool = False) -> Term:
    return Term(f"({'1 + x' if slopes else '1'} | gr(g, {structure}))", structure)


TERMS = {
    "covariates": Term("x + arm"),
    "intercepts": Term("(1 | h)"),
    "correlated slopes": Term("(1 + x + v | g)"),
    "independent slopes": Term("(1 + x || g2)"),
    "by another column": Term("(1 | gr(h, by=arm))"),
    "memberships": Term("(1 + x | mm(g, g2))"),
    "student": Term('(1 + x | gr(h2, dist="student"))'),
    "student intercepts": Term('(1 | gr(h3, dist="student"))'),
    "shared": Term("(1 + x |p| h4)", others={"sigma": "~ v + (1 |p| h4)"}),
    "kinship": related("K", slopes=True),
    "deficient kinship": related("D"),
    "pedigree": related("A"),
    "brownian": related("T"),
    "ou": related("O", slopes=True),
    "pagel": related("P"),
    "icar": related("I"),
    "bym2": related("B", slopes=True),
    "leroux": related("L"),
    "car": related("C"),
    "series": Term("ar(t, w)"),
    "random walk": Term("rw(t3, w2)"),
    "walk of second order": Term("rw(t2, w, order=2)"),
    "places": related("E"),
    "nearest places": related("N"),
    "waves of places": related("W"),
    "spline": Term("s(v, k=5)"),
    "tensor": Term("t2(p, q, k=4)"),
    "waves": Term("hsgp(v, k=6)"),
    "monotonic": Term("mo(dose) * x"),
    "missing": Term("mi(bmi)", others={"bmi": "bmi ~ x + (1 | h)"}),
}  # fmt: skip
QUICK = [
    ("covariates", "bym2"), ("intercepts", "pedigree"), ("correlated slopes", "waves"),
    ("independent slopes", "icar"), ("by another column", "brownian"), ("memberships", "pagel"),
    ("student", "series"), ("student intercepts", "places"), ("shared", "leroux"),
    ("kinship", "nearest places"), ("deficient kinship", "tensor"), ("ou", "missing"),
    ("car", "waves of places"), ("spline", "monotonic"),
    ("random walk", "walk of second order"),
]  # fmt: skip
"""Every block once."""


def covering(size: int = 4) -> list[tuple[str, ...]]:
    """Return models of a few terms each, such that every two terms are together in one."""
    waiting, found = dict.fromkeys(combinations(TERMS, 2)), []
    while waiting:
        model = list(next(iter(waiting)))
        while len(model) < size:
            gains = {
                name: sum(tuple(sorted((name, m), key=ORDER.index)) in waiting for m in model)
                for name in TERMS
                if name not in model
            }
            model.append(max(gains, key=lambda name: gains[name]))
        model.sort(key=ORDER.index)
        for pair in combinations(model, 2):
            waiting.pop(pair, None)
        found.append(tuple(model))
    return found


ORDER = list(TERMS)


@cache
def table(names: tuple[str, ...] = LEVELS) -> pd.DataFrame:
    """Return the data, the levels of ``g`` having these names."""
    rng = np.random.default_rng(2)
    g = rng.permutation(names * 6)
    places = dict(zip(names, rng.uniform(0, 3, (6, 2)), strict=True))
    data = pd.DataFrame({"g": g, "g2": np.roll(g, 7), "h": rng.choice(list("abcd"), N)})
    for column in ("h2", "h3", "h4"):
        data[column] = rng.permutation(list("abcd") * 9)
    data["p"], data["q"] = rng.uniform(0, 1, (2, N))
    data["e"], data["n"] = np.array([places[level] for level in g]).T
    data["x"], data["v"] = rng.normal(1, 1, N), rng.uniform(0, 4, N)
    data["arm"] = np.where(np.isin(data["h"], ["a", "c"]), "old", "new")
    data["t"] = np.tile([0.0, 1, 2, 4, 4.5, 7, 8, 9, 12], 4)
    data["w"], data["w2"] = np.repeat(list("stuv"), 9), np.repeat(list("ab"), 18)
    data["t2"], data["t3"] = data["t"] ** 1.1 + 3, np.arange(N) ** 1.5
    data["dose"] = pd.Categorical.from_codes(rng.integers(0, 4, N), list("nlmh"), ordered=True)
    data["bmi"] = np.where(np.arange(N) % 9 == 4, np.nan, 25 + 3 * rng.normal(size=N))
    data["y"], data["k"] = rng.normal(1, 1, N), rng.poisson(2.0, N)
    data["b"], data["trials"] = rng.integers(0, 2, N), rng.integers(2, 9, N)
    data["rank"] = pd.Categorical.from_codes(
        np.arange(N) % 4, ["bad", "fair", "good", "best"], ordered=True
    )
    data["item"] = np.array(["i1", "i2"])[np.arange(N) // 4 % 2]
    data["status"] = np.array(["none", "left", "right", "none"])[np.arange(N) % 4]
    data["choice"] = np.array(["bus", "car", "foot"])[np.arange(N) % 3]
    data["cost"] = rng.uniform(0.1, 0.5, N)
    return data


@cache
def structures(names: tuple[str, ...] = LEVELS) -> dict[str, object]:
    """Return structures of the levels of ``g``."""
    rng = np.random.default_rng(3)
    root = rng.normal(size=(6, 6))
    a, b, c, d, e, f = names
    tree = f"((({a}:1,{b}:2)q:1,{c}:0)p:1,(({d}:0,z:1)s:1,({e}:0.5,{f}:2)r:1)o:2)root;"
    borders = pd.DataFrame({"from": [a, b, c, d], "to": [b, c, a, "m"]})
    areas = [*names, "m", "far"]
    parents = pd.DataFrame(
        {"animal": ["q", *names], "sire": [None, "s1", "q", "s1", a, "q", None],
         "dam": ["d1", "d1", "d2", "q", c, "d2", None]}
    )  # fmt: skip
    return {
        "K": bg.kinship(pd.DataFrame(root @ root.T, names, names)),
        "D": bg.kinship(pd.DataFrame(root[:, :4] @ root[:, :4].T, names, names)),
        "A": bg.pedigree(parents),
        "T": bg.lineage(tree),
        "O": bg.lineage(tree, "ou"),
        "P": bg.lineage(tree, "pagel"),
        "I": bg.areal(borders, "icar", areas=areas),
        "B": bg.areal(borders, areas=areas),
        "L": bg.areal(borders, "leroux", areas=areas),
        "C": bg.areal(borders, "car", areas=areas),
        "E": bg.coordinates("e", "n", "matern52", "exact"),
        "N": bg.coordinates("e", "n", "exponential", "nearest"),
        "W": bg.coordinates("e", "n", "gaussian", "hsgp"),
    }


def formulas(
    *names: str, levels: tuple[str, ...] = LEVELS
) -> tuple[dict[str, str], dict[str, object]]:
    """Return the formulas of a model with some terms, and the structures that they name."""
    terms = [TERMS[name] for name in names]
    found = {"mu": "y ~ " + " + ".join(term.text for term in terms)}
    for term in terms:
        found |= term.others
    return found, {t.structure: structures(levels)[t.structure] for t in terms if t.structure}


MODELS: dict[str, tuple[str | dict[str, str], dict[str, object]]] = {
    "counts": ("k ~ x + (1 + x | h) + s(v, k=5) + offset(cost)", {"family": "poisson"}),
    "no intercept": ("k ~ 0 + x + (1 | h)", {"family": "poisson"}),
    "zeros and ones": ("b ~ mo(dose) + (1 | h)", {"family": "bernoulli", "link": "probit"}),
    "trials": ("b | trials(trials) ~ x + (1 | h)", {"family": "beta_binomial"}),
    "excess zeros": (
        {"mu": "k ~ x + (1 |p| h)", "zi": "~ v + (1 |p| h) + (1 | g)"},
        {"family": "zero_inflated_negative_binomial"},
    ),
    "ordered": ("rank ~ x + (1 | h)", {"family": "cumulative"}),
    "a boundary that moves": ("rank ~ v + cs(x) + (1 | h)", {"family": "sequential"}),
    "thresholds by item": ("rank | thres(gr = item) ~ x + (1 | h)", {"family": "cumulative"}),
    "unordered": ("choice ~ x + (1 + x | h)", {"family": "categorical"}),
    "weights": ("y | weights(cost) ~ x + (1 | h)", {}),
    "censored": ("k | cens(status) ~ x + (1 | h)", {"family": "poisson"}),
    "truncated": ("k | trunc(0, 20) ~ x + (1 | h)", {"family": "poisson"}),
    "known errors": ("y | se(cost) ~ x + (1 | g)", {}),
    "a held parameter": ("y ~ x + (1 | h)", {"family": "student_t(nu=4)"}),
    "priors of several kinds": (
        "y ~ x + v + (1 + x | g)",
        {
            "priors": {
                "beta[x]": bg.Prior("Cauchy", alpha=0.2, beta=1),
                "intercept": bg.Prior("Cauchy", alpha=1, beta=2),
                "sd_g[intercept]": bg.Prior("Gamma", alpha=2, beta=1),
                "sd_g[x]": bg.Prior("InverseGamma", alpha=3, beta=1),
                "corr_g": bg.Prior("LKJ", eta=3),
            }
        },
    ),
}
"""Families, ways of observing rows, and priors."""
