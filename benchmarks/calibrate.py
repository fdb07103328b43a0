"""Simulation-based calibration of related levels: kinship, lineage and areas.

``python -m benchmarks.calibrate`` draws parameters, effects and responses with NumPy alone,
from dense covariances of its own, and ranks them in the posteriors of this package. With
``--planted`` the package is given each matrix, tree or map with its labels moved, which the
effects' quadratic form finds where relatives are close (``inbred``). Fits are kept in
``benchmarks/results/calibrate``.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import bayes_glmm as bg

type Array = NDArray[np.float64]
KEPT = Path(__file__).parent / "results" / "calibrate"
LEVELS, EACH, MOVED = 30, 4, 7
NAMES = [f"l{i:02d}" for i in range(LEVELS)]
SCALES = {"gaussian": (1.0, 1.0, 1.0), "poisson": (0.7, 0.4, 0.6)}
"""Prior sds of intercept and slope, and scale of the half-normal prior of the effects' sd."""


@dataclass(frozen=True)
class Case:
    """A structure and the same as a dense covariance of effects with a unit sd.

    Attributes
    ----------
    structure : callable
        Makes the package's structure from labels, by level.
    covariance : callable
        Of the mixing weight; returns shape (n_levels, n_levels).
    mixed : bool
        Whether there is such a weight.
    """

    structure: Callable[[list[str]], Any]
    covariance: Callable[[float], Array]
    mixed: bool = False


def kinship() -> Case:
    """Ten families of three, of half and full siblings."""
    K = np.eye(LEVELS)
    for first in range(0, LEVELS, 3):
        K[first : first + 3, first : first + 3] += 0.5 if first % 2 else 0.25
    K[np.diag_indices(LEVELS)] = 1.0
    return Case(lambda names: bg.kinship(pd.DataFrame(K, names, names)), lambda mix: K)


def inbred() -> Case:
    """Six inbred lines of five, whose members are related by 0.9."""
    line = np.arange(LEVELS) // 5
    K = 0.9 * (line[:, None] == line) + 0.1 * np.eye(LEVELS)
    return Case(lambda names: bg.kinship(pd.DataFrame(K, names, names)), lambda mix: K)


def lineage() -> Case:
    """A tree whose lineages merge two by two at random times."""
    rng = np.random.default_rng(4)
    times = np.sort(rng.uniform(0.05, 1.0, LEVELS - 1))
    times /= times[-1]
    members = [[i] for i in range(LEVELS)]
    birth, joins = dict.fromkeys(range(LEVELS), 0.0), []
    alive, shared = list(range(LEVELS)), np.eye(LEVELS)
    for at in times:
        a, b = rng.choice(alive, 2, replace=False)
        members.append(members[a] + members[b])
        shared[np.ix_(members[a], members[b])] = shared[np.ix_(members[b], members[a])] = 1 - at
        joins.append((a, b, at - birth[a], at - birth[b]))
        birth[len(members) - 1] = at
        alive = [k for k in alive if k not in (a, b)] + [len(members) - 1]

    def structure(names: list[str]) -> Any:
        text = list(names)
        for a, b, one, other in joins:
            text.append(f"({text[a]}:{one:.17g},{text[b]}:{other:.17g})")
        return bg.lineage(text[-1] + ";")

    return Case(structure, lambda mix: shared)


def areal() -> Case:
    """Thirty areas in a rectangle of six by five, as Besag, York and Mollie mixed."""
    pairs = [(i, i + 1) for i in range(LEVELS) if i % 6 < 5] + [(i, i + 6) for i in range(24)]
    R = np.zeros((LEVELS, LEVELS))
    for i, j in pairs:
        R[[i, j], [i, j]] += 1
        R[i, j] = R[j, i] = -1
    field = np.linalg.inv(R + 1 / LEVELS) - 1 / LEVELS
    field /= np.exp(np.log(np.diag(field)).mean())

    def structure(names: list[str]) -> Any:
        return bg.areal(pd.DataFrame([(names[i], names[j]) for i, j in pairs], columns=["a", "b"]))

    return Case(structure, lambda mix: mix * field + (1 - mix) * np.eye(LEVELS), mixed=True)


CASES = {"kinship": kinship, "inbred": inbred, "lineage": lineage, "areal": areal}


def simulator(case: Case, family: str, table: pd.DataFrame) -> Any:
    """Return a function that draws parameters and responses, label by label."""
    of_intercept, of_slope, of_sd = SCALES[family]
    x, level = table["x"].to_numpy(), table["level"].to_list()

    def simulate(rng: np.random.Generator) -> tuple[dict[str, Any], Array]:
        intercept, slope = rng.normal(0, of_intercept), rng.normal(0, of_slope)
        sd, sigma, mix = abs(rng.normal(0, of_sd)), abs(rng.normal()), rng.uniform()
        values, axes = np.linalg.eigh(case.covariance(mix))
        u = sd * axes @ (np.sqrt(np.maximum(values, 0)) * rng.normal(size=LEVELS))
        by_label = dict(zip(NAMES, u, strict=True))
        eta = intercept + slope * x + np.array([by_label[name] for name in level])
        parameters = {"intercept": intercept, "beta": [slope], "sd_level": [sd]}
        parameters |= {"u_level": by_label} | ({"mix_level": mix} if case.mixed else {})
        if family == "poisson":
            return parameters, rng.poisson(np.exp(eta)).astype(float)
        return {**parameters, "sigma": sigma}, rng.normal(eta, sigma)

    return simulate


def quadratic(case: Case) -> Callable[[Mapping[str, Array]], Array]:
    """Return the effects' size against the dense covariance, which is one on average."""

    def size(variables: Mapping[str, Array]) -> Array:
        u = variables["u_level"][..., 0] / variables["sd_level"]
        mix = np.broadcast_to(variables.get("mix_level", np.zeros(1)), len(u))
        ends = np.stack([case.covariance(0.0), case.covariance(1.0)])
        whole = ends[0] + mix[:, None, None] * (ends[1] - ends[0])
        return np.einsum("di,di->d", u, np.linalg.solve(whole, u[..., None])[..., 0]) / LEVELS

    return size


def calibrated(
    name: str, family: str, n: int, planted: bool, seed: int = 1, store: Path | None = None
) -> Any:
    """Calibrate one structure with one family, keeping fits where a folder is given."""
    case = CASES[name]()
    rng = np.random.default_rng(11)
    table = pd.DataFrame({"level": np.repeat(NAMES, EACH), "x": rng.normal(size=LEVELS * EACH)})
    table["x"] -= table["x"].mean()
    simulate = simulator(case, family, table)
    table["y"] = simulate(np.random.default_rng(12))[1]
    of_intercept, of_slope, of_sd = SCALES[family]
    given = {
        "intercept": bg.Prior("Normal", mu=0, sigma=of_intercept),
        "beta": bg.Prior("Normal", mu=0, sigma=of_slope),
        "sd": bg.Prior("HalfNormal", sigma=of_sd),
    } | ({"sigma": bg.Prior("HalfNormal", sigma=1)} if family == "gaussian" else {})
    names = NAMES[MOVED:] + NAMES[:MOVED] if planted else NAMES
    return bg.calibrate(
        "y ~ x + (1 | gr(level, S))", table, family=family, n=n, priors=given,
        structures={"S": case.structure(names)}, simulator=simulate,
        quantities={
            "quadratic": quadratic(case),
            **{f"u_level[{NAMES[k]}]": lambda v, k=k: v["u_level"][:, k, 0] for k in (0, 17)},
        },
        draws=300, tune=300, seed=seed, store=store, progress=store is not None,
    )  # fmt: skip


def main() -> None:
    """Run and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--structures", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--families", nargs="+", choices=list(SCALES), default=list(SCALES))
    parser.add_argument("--planted", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for family in asked.families:
        for name in asked.structures:
            began = time.process_time()
            kept = KEPT / f"{name}-{family}{'-planted' * asked.planted}-{asked.seed}"
            found = calibrated(name, family, asked.runs, asked.planted, asked.seed, kept)
            spent = time.process_time() - began
            sys.stdout.write(f"\n{name}, {family} ({spent:.0f} s of the processor)\n{found}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
