"""Simulation-based calibration of families and of arrangements of groups.

``python -m benchmarks.calibrate_families`` draws parameters, effects and responses with NumPy alone,
label by label, and ranks them in the posteriors of this package: every family of the compiled kernel
with a random intercept, and slopes, nested and crossed groups and an effect of every row. Every cell has
random numbers of its own, so that chance does not repeat itself from cell to cell. Fits are kept
in ``benchmarks/results/calibrate``, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import gamma
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import bayes_glmm as bg

type Array = NDArray[np.float64]
type Draw = Callable[[np.random.Generator, Array, Array, Mapping[str, float]], Array]
KEPT = Path(__file__).parent / "results" / "calibrate"
LEVEL, SURE, LKJ = 0.05, 0.01, 2.0


def poisson(rng: Any, mu: Array, n: Array, p: Any) -> Array:
    return rng.poisson(mu).astype(float)


def negative_binomial(rng: Any, mu: Array, n: Array, p: Any) -> Array:
    return rng.poisson(mu * rng.gamma(p["dispersion"], 1 / p["dispersion"], len(mu))).astype(float)


def binomial(rng: Any, mu: Array, n: Array, p: Any) -> Array:
    return rng.binomial(n.astype(int), mu).astype(float)


def gamma_amounts(rng: Any, mu: Array, n: Array, p: Any) -> Array:
    return rng.gamma(p["shape"], mu / p["shape"])


def lognormal(rng: Any, mu: Array, n: Array, p: Any) -> Array:
    return mu * np.exp(p["sigma"] * rng.normal(size=len(mu)))


def negative_binomial1(rng: Any, mu: Array, n: Array, p: Any) -> Array:
    return rng.poisson(rng.gamma(mu / p["dispersion"], p["dispersion"])).astype(float)


def shares(rng: Any, mu: Array, p: Any) -> Array:
    return rng.beta(p["dispersion"] * mu, p["dispersion"] * (1 - mu))


def weibull(rng: Any, mu: Array, n: Array, p: Any) -> Array:
    return mu / gamma(1 + 1 / p["shape"]) * rng.weibull(p["shape"], len(mu))


def inflated(plain: Draw) -> Draw:
    """Return draws of which some are zero whatever the family draws."""

    def draw(rng: Any, mu: Array, n: Array, p: Any) -> Array:
        return np.where(rng.uniform(size=len(mu)) < p["zi"], 0.0, plain(rng, mu, n, p))

    return draw


def hurdle(plain: Draw) -> Draw:
    """Return draws of which some are zero, and the others drawn until they are not."""

    def draw(rng: Any, mu: Array, n: Array, p: Any) -> Array:
        y = plain(rng, mu, n, p)
        while (zero := y == 0).any():
            y[zero] = plain(rng, mu[zero], n[zero], p)
        return np.where(rng.uniform(size=len(mu)) < p["hurdle"], 0.0, y)

    return draw


@dataclass(frozen=True)
class Kind:
    """A family: how its responses are drawn, and the priors of its own parameters."""

    link: str
    draw: Draw
    own: Mapping[str, tuple[str, Mapping[str, float]]]


SD = ("HalfNormal", {"sigma": 1.0})
SIZE = ("Gamma", {"alpha": 5.0, "beta": 1.0})
LARGE = ("Gamma", {"alpha": 5.0, "beta": 0.5})
SHARE = ("Beta", {"alpha": 2.0, "beta": 4.0})
KINDS = {
    "gaussian": Kind("identity", lambda r, m, n, p: r.normal(m, p["sigma"]), {"sigma": SD}),
    "student_t": Kind(
        "identity",
        lambda r, m, n, p: m + p["sigma"] * r.standard_t(p["nu"], len(m)),
        {"sigma": SD, "nu": LARGE},
    ),
    "bernoulli": Kind("logit", lambda r, m, n, p: (r.uniform(size=len(m)) < m).astype(float), {}),
    "binomial": Kind("logit", binomial, {}),
    "beta_binomial": Kind(
        "logit",
        lambda r, m, n, p: r.binomial(n.astype(int), shares(r, m, p)).astype(float),
        {"dispersion": SIZE},
    ),
    "beta": Kind("logit", lambda r, m, n, p: shares(r, m, p), {"dispersion": LARGE}),
    "poisson": Kind("log", poisson, {}),
    "negative_binomial": Kind("log", negative_binomial, {"dispersion": SIZE}),
    "negative_binomial1": Kind("log", negative_binomial1, {"dispersion": SD}),
    "geometric": Kind(
        "log", lambda r, m, n, p: r.poisson(m * r.exponential(size=len(m))).astype(float), {}
    ),
    "gamma": Kind("log", gamma_amounts, {"shape": SIZE}),
    "exponential": Kind("log", lambda r, m, n, p: m * r.exponential(size=len(m)), {}),
    "weibull": Kind("log", weibull, {"shape": ("Gamma", {"alpha": 6.0, "beta": 4.0})}),
    "inverse_gaussian": Kind("log", lambda r, m, n, p: r.wald(m, p["shape"]), {"shape": SIZE}),
    "lognormal": Kind("log", lognormal, {"sigma": SD}),
    "zero_inflated_poisson": Kind("log", inflated(poisson), {"zi": SHARE}),
    "zero_inflated_negative_binomial": Kind(
        "log", inflated(negative_binomial), {"dispersion": SIZE, "zi": SHARE}
    ),
    "zero_inflated_binomial": Kind("logit", inflated(binomial), {"zi": SHARE}),
    "hurdle_poisson": Kind("log", hurdle(poisson), {"hurdle": SHARE}),
    "hurdle_negative_binomial": Kind(
        "log", hurdle(negative_binomial), {"dispersion": SIZE, "hurdle": SHARE}
    ),
    "hurdle_gamma": Kind("log", hurdle(gamma_amounts), {"shape": SIZE, "hurdle": SHARE}),
    "hurdle_lognormal": Kind("log", hurdle(lognormal), {"sigma": SD, "hurdle": SHARE}),
}
INVERSE = {"identity": lambda e: e, "log": np.exp, "logit": lambda e: 1 / (1 + np.exp(-e))}
PLACE = {"identity": (0.0, 1.0), "log": (0.7, 0.4), "logit": (0.0, 0.8)}
"""Prior mean and sd of the intercept."""
DRAWN = {
    "HalfNormal": lambda rng, p: abs(rng.normal(0, p["sigma"])),
    "Gamma": lambda rng, p: rng.gamma(p["alpha"], 1 / p["beta"]),
    "Beta": lambda rng, p: rng.beta(p["alpha"], p["beta"]),
}


@dataclass(frozen=True)
class Effect:
    """One set of levels: the posterior's name for it, the level of each row, and its terms."""

    name: str
    level: list[str]
    slope: bool = False
    correlated: bool = False


@dataclass(frozen=True)
class Arrangement:
    """A formula's random part, its table, and what is in it."""

    terms: str
    table: pd.DataFrame
    effects: tuple[Effect, ...]


def table_of(rows: int, **columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    x = rng.normal(size=rows)
    return pd.DataFrame({"x": x - x.mean(), "n": rng.integers(3, 10, rows), **columns})


def one(rows: int = 5, levels: int = 20, terms: str = "(1 | g)", **how: bool) -> Arrangement:
    g = [f"g{i:02d}" for i in range(levels) for _ in range(rows)]
    return Arrangement(terms, table_of(len(g), g=g), (Effect("g", g, **how),))


def nested() -> Arrangement:
    a = [f"a{i}" for i in range(8) for _ in range(16)]
    b = [f"b{i}" for _ in range(8) for i in range(4) for _ in range(4)]
    both = [f"{i}:{j}" for i, j in zip(a, b, strict=True)]
    return Arrangement(
        "(1 | a/b)", table_of(128, a=a, b=b), (Effect("a", a), Effect("a_by_b", both))
    )


def crossed() -> Arrangement:
    a = [f"a{i}" for i in range(10) for _ in range(12)]
    b = [f"b{i}" for _ in range(10) for i in range(12)]
    return Arrangement(
        "(1 | a) + (1 | b)", table_of(120, a=a, b=b), (Effect("a", a), Effect("b", b))
    )


def every_row() -> Arrangement:
    plain = one()
    rows = [str(i) for i in range(len(plain.table))]
    effects = (*plain.effects, Effect("observation", rows))
    return Arrangement("(1 | g) + (1 | observation)", plain.table, effects)


ARRANGEMENTS: dict[str, Callable[[], Arrangement]] = {
    "intercept": one,
    "slopes": lambda: one(8, terms="(1 + x | g)", slope=True, correlated=True),
    "independent": lambda: one(8, terms="(1 + x || g)", slope=True),
    "nested": nested,
    "crossed": crossed,
    "every_row": every_row,
}
PLAIN = ("gaussian", "bernoulli", "poisson")
CELLS = [("intercept", family) for family in KINDS]
CELLS += [
    (name, family) for name in ("slopes", "independent", "nested", "crossed") for family in PLAIN
]
CELLS += [("every_row", "poisson"), ("every_row", "binomial")]


def scale_of(link: str) -> float:
    """Return the scale of the priors of effects and of the slope."""
    return 1.0 if link == "identity" else 0.5


def effects_of(
    rng: np.random.Generator, effect: Effect, scale: float, x: Array
) -> tuple[dict[str, Any], Array]:
    """Draw sds, their correlation and the effects by label; return them and their sum by row."""
    terms = 2 if effect.slope else 1
    sd = np.abs(rng.normal(0, scale, terms))
    rho = 2 * rng.beta(LKJ, LKJ) - 1 if effect.correlated else 0.0
    by_label = {}
    for label in dict.fromkeys(effect.level):
        z = rng.normal(size=terms)
        if effect.correlated:
            z[1] = rho * z[0] + np.sqrt(1 - rho**2) * z[1]
        by_label[label] = sd * z
    drawn = np.array([by_label[label] for label in effect.level])
    found: dict[str, Any] = {f"sd_{effect.name}": sd, f"u_{effect.name}": by_label}
    if effect.correlated:
        found[f"corr_{effect.name}"] = [[1, rho], [rho, 1]]
    return found, drawn[:, 0] + (drawn[:, 1] * x if effect.slope else 0.0)


def simulator(kind: Kind, arranged: Arrangement) -> Any:
    """Return a function that draws parameters and responses."""
    x, n = arranged.table["x"].to_numpy(), arranged.table["n"].to_numpy(float)
    (middle, spread), scale = PLACE[kind.link], scale_of(kind.link)

    def simulate(rng: np.random.Generator) -> tuple[dict[str, Any], Array]:
        intercept, slope = rng.normal(middle, spread), rng.normal(0, scale)
        parameters: dict[str, Any] = {"intercept": intercept, "beta": [slope]}
        eta = intercept + slope * x
        for effect in arranged.effects:
            found, added = effects_of(rng, effect, scale, x)
            parameters |= found
            eta = eta + added
        own = {name: DRAWN[prior](rng, values) for name, (prior, values) in kind.own.items()}
        return parameters | own, kind.draw(rng, INVERSE[kind.link](eta), n, own)

    return simulate


def calibrated(name: str, family: str, runs: int, fresh: int = 0) -> Any:
    """Calibrate one arrangement with one family; ``fresh`` numbers runs with other seeds."""
    kind, arranged = KINDS[family], ARRANGEMENTS[name]()
    simulate = simulator(kind, arranged)
    (middle, spread), scale = PLACE[kind.link], scale_of(kind.link)
    priors = {
        "intercept": bg.Prior("Normal", mu=middle, sigma=spread),
        "beta": bg.Prior("Normal", mu=0, sigma=scale),
        "sd": bg.Prior("HalfNormal", sigma=scale),
    }
    if any(effect.correlated for effect in arranged.effects):
        priors["corr"] = bg.Prior("LKJ", eta=LKJ)
    priors |= {name: bg.Prior(prior, **values) for name, (prior, values) in kind.own.items()}
    response = "y | trials(n)" if "binomial" in family and "negative" not in family else "y"
    table = arranged.table.assign(y=simulate(np.random.default_rng(12))[1])
    group = arranged.effects[0]
    levels = sorted(set(group.level))
    return bg.calibrate(
        f"{response} ~ x + {arranged.terms}", table, family=family, n=runs, priors=priors,
        simulator=simulate,
        quantities={
            f"u_{group.name}[{levels[k]}]": lambda v, k=k: v[f"u_{group.name}"][:, k, -1]
            for k in (0, len(levels) // 2)
        },
        draws=300, tune=300, seed=crc32(f"{name}-{family}".encode()) + fresh,
        store=KEPT / f"{name}-{family}{'-again' * fresh}", progress=True,
    )  # fmt: skip


def main() -> None:
    """Run and write a line for each cell, and tables of those that are not uniform.

    By chance some of so many quantities are not: such a cell is run again with other random
    numbers and three times as many simulations. Ends with status 1 where it fails again.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--families", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument(
        "--structures", nargs="+", choices=list(ARRANGEMENTS), default=list(ARRANGEMENTS)
    )
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    cells = [c for c in CELLS if c[0] in asked.structures and c[1] in asked.families]
    if not cells:
        parser.error("no cell has one of these arrangements and one of these families")
    wrong = []
    for name, family in cells:
        if not uniform(name, family, asked.runs, 0, LEVEL):
            wrong += [] if uniform(name, family, 3 * asked.runs, 1, SURE) else [f"{name} {family}"]
    sys.stdout.write(f"{len(cells)} cells, not uniform again: {', '.join(wrong) or 'none'}\n")
    raise SystemExit(int(bool(wrong)))


def uniform(name: str, family: str, runs: int, fresh: int, level: float) -> bool:
    """Calibrate a cell, write a line about it, and say whether its ranks are uniform."""
    began = time.process_time()
    found = calibrated(name, family, runs, fresh)
    worst = found.table.sort_values("p_value").iloc[0]
    sys.stdout.write(
        f"{name:12} {family:32} {len(found.ranks):5d} fits {len(found.failures):4d} failed  "
        f"{time.process_time() - began:6.1f} s  least uniform {worst['quantity']:24} "
        f"p {worst['p_value']:.4f}  adjusted {worst['p_adjusted']:.3f}\n"
    )
    right = bool(worst["p_adjusted"] >= level)
    if not right:
        sys.stdout.write(f"{found.table.to_string()}\n")
    sys.stdout.flush()
    return right


if __name__ == "__main__":
    main()
