"""Random models and tables, drawn from a seed by NumPy alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

LEVELS = ("base", "mid", "top")
NUMBERS = ("x", "z", "year")
FAMILIES = (
    "gaussian", "student_t", "bernoulli", "binomial", "poisson", "negative_binomial", "gamma",
    "lognormal", "weibull", "exponential", "geometric", "beta", "beta_binomial",
    "zero_inflated_poisson", "inverse_gaussian", "hurdle_poisson",
)  # fmt: skip
POSITIVE = ("gamma", "lognormal", "weibull", "exponential", "inverse_gaussian")
FIXED = (
    (("x",),),
    (("z",), ("f",)),
    (("x",), ("z",), ("x", "z")),
    (("f",), ("x",), ("f", "x")),
    (("year",), ("b",), ("year", "b")),
    (("x",), ("f",), ("b",)),
    (("year",), ("z",)),
)
TYPICAL = {"x": 0.4, "z": 0.7, "year": 0.08, "f": 0.5, "b": -0.4}


@dataclass(frozen=True)
class Group:
    """Random effects: slopes, columns of the nesting from outside, and the bar."""

    slopes: tuple[str, ...] = ()
    nest: tuple[str, ...] = ("g",)
    bar: str = "|"

    @property
    def text(self) -> str:
        return f"({' + '.join(('1', *self.slopes))} {self.bar} {'/'.join(self.nest)})"


@dataclass(frozen=True, eq=False)
class Case:
    """A model in parts, a table, and rows to predict.

    Attributes
    ----------
    modifiers : tuple of (str, str)
        Function and column beside the response.
    """

    family: str
    terms: tuple[tuple[str, ...], ...]
    groups: tuple[Group, ...]
    data: Any
    new: Any
    response: str = "y"
    modifiers: tuple[tuple[str, str], ...] = ()
    exposure: str | None = None
    offset: str | None = None
    written: str | None = None

    @property
    def formula(self) -> str:
        if self.written:
            return self.written
        left = self.response
        if self.modifiers:
            left += " | " + " + ".join(f"{name}({column})" for name, column in self.modifiers)
        right = [":".join(t) for t in self.terms] + [g.text for g in self.groups]
        return f"{left} ~ {' + '.join(right)}"

    @property
    def options(self) -> dict[str, Any]:
        named = {"exposure": self.exposure, "offset": self.offset}
        return {"family": self.family, **{k: v for k, v in named.items() if v}}

    def map(self, change: Any) -> Case:
        """Change the table and the rows to predict alike."""
        return replace(self, data=change(self.data), new=change(self.new))

    @property
    def pairs(self) -> list[Any]:
        """Values of the first variable among the rows to predict."""
        return list(self.new[self.terms[0][0]])

    @property
    def numbers(self) -> list[str]:
        """Numbers whose shift leaves the span of the model as it is."""
        apart = {s for g in self.groups if g.bar == "||" for s in g.slopes}
        return [v for v in NUMBERS if any(v in t for t in self.terms) and v not in apart]


def draw(seed: int) -> Case:
    """Draw a model and a table."""
    rng = np.random.default_rng([20, seed])
    family = FAMILIES[seed % len(FAMILIES)]
    terms = FIXED[rng.integers(len(FIXED))]
    slope = next((v for v in NUMBERS if (v,) in terms), "x")
    groups = (
        (),
        (Group(),),
        (Group((slope,)),),
        (Group(nest=("g", "h")),),
        (Group(), Group(nest=("k",))),
        (Group((slope,), bar="||"),),
    )[rng.integers(6)]
    if groups and groups[0].bar == "||" and len([v for v in NUMBERS if (v,) in terms]) < 2:
        groups = (Group((slope,)), Group(nest=("k",)))
    n = int(rng.integers(90, 140))
    table = _covariates(rng, n)
    eta = _predictor(rng, table, terms, groups)
    case = Case(family, terms, groups, table, table.iloc[:0])
    if family in ("binomial", "beta_binomial"):
        table["n"] = rng.integers(4, 12, n)
        case = replace(case, modifiers=(("trials", "n"),))
    if family in ("poisson", "negative_binomial") and rng.random() < 0.6:
        table["days"] = rng.uniform(0.5, 3.0, n).round(3)
        case, eta = replace(case, exposure="days"), eta + np.log(table["days"].to_numpy())
    elif family in ("gaussian", "bernoulli", "gamma") and rng.random() < 0.4:
        table["off"] = rng.normal(0, 0.5, n).round(3)
        case, eta = replace(case, offset="off"), eta + table["off"].to_numpy()
    table["y"] = _response(rng, family, eta, table)
    table = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    return replace(case, data=table, new=table.iloc[:6].drop(columns="y").reset_index(drop=True))


def _covariates(rng: Generator, n: int) -> pd.DataFrame:
    g = rng.integers(0, 9, n)
    return pd.DataFrame(
        {
            "x": rng.normal(0.3, 1.0, n).round(3),
            "z": rng.gamma(9.0, 0.25, n).round(3),
            "year": rng.integers(2001, 2013, n),
            "f": np.array(LEVELS)[rng.choice(3, n, p=(0.45, 0.3, 0.25))],
            "b": rng.integers(0, 2, n),
            "g": [f"g{v}" for v in g],
            "h": [f"h{v}_{w}" for v, w in zip(g, rng.integers(0, 3, n), strict=True)],
            "k": [f"k{v}" for v in rng.integers(0, 8, n)],
        }
    )


def _predictor(rng: Generator, table: pd.DataFrame, terms: Any, groups: Any) -> Any:
    middle = {"x": 0.0, "z": 2.2, "year": 2006.0}
    value = {v: table[v].to_numpy(float) - middle[v] for v in NUMBERS}
    value["b"] = table["b"].to_numpy(float)
    value["f"] = np.array([(-0.2, 0.6, -0.7)[LEVELS.index(v)] for v in table["f"]])
    eta = np.full(len(table), 0.3)
    for term in terms:
        size = np.prod([TYPICAL[v] for v in term]) * rng.uniform(0.5, 1.2)
        eta += size * np.prod([value[v] for v in term], axis=0)
    for group in groups:
        for column in group.nest:
            at = pd.factorize(table[column])[0]
            eta += rng.normal(0, 0.5, at.max() + 1)[at]
            for v in group.slopes:
                eta += rng.normal(0, 0.7 * TYPICAL[v], at.max() + 1)[at] * value[v]
    return eta


def _response(rng: Generator, family: str, eta: Any, table: pd.DataFrame) -> Any:
    n, p, mu = len(eta), 1 / (1 + np.exp(-eta)), np.exp(np.clip(eta, -3, 3.5))
    match family:
        case "gaussian":
            return rng.normal(eta, 0.8)
        case "student_t":
            return eta + 0.7 * rng.standard_t(5, n)
        case "bernoulli":
            return rng.binomial(1, p)
        case "binomial":
            return rng.binomial(table["n"], p)
        case "beta_binomial":
            return rng.binomial(table["n"], np.clip(rng.beta(6 * p, 6 * (1 - p)), 1e-9, 1 - 1e-9))
        case "poisson":
            return rng.poisson(mu)
        case "negative_binomial":
            return rng.poisson(mu * rng.gamma(3, 1 / 3, n))
        case "geometric":
            return rng.poisson(mu * rng.gamma(1, 1, n))
        case "zero_inflated_poisson" | "hurdle_poisson":
            return rng.poisson(mu + 0.5) * rng.binomial(1, 0.75, n)
        case "gamma":
            return mu * rng.gamma(4, 0.25, n)
        case "lognormal":
            return mu * np.exp(rng.normal(0, 0.5, n))
        case "weibull":
            return mu * rng.weibull(2.0, n)
        case "exponential":
            return mu * rng.exponential(size=n)
        case "inverse_gaussian":
            return rng.wald(mu, 5 * mu)
        case "beta":
            return np.clip(rng.beta(8 * p, 8 * (1 - p)), 1e-3, 1 - 1e-3)
    raise ValueError(family)
