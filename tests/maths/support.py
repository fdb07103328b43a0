"""Rows of every family with moderate numbers, and its density in NumPy by the tape's inputs."""

from __future__ import annotations

import itertools
import re

import numpy as np

from bayes_glmm.families import FAMILIES
from bayes_glmm.maths.tape_derivatives import gradient, hessian
from bayes_glmm.maths.tape_values import evaluate

RANGES = {
    "sigma": (0.4, 2.0), "nu": (2.5, 30.0), "dispersion": (0.4, 6.0), "shape": (0.5, 5.0),
    "zi": (0.1, 0.6), "hurdle": (0.1, 0.6), "zoi": (0.1, 0.6), "coi": (0.2, 0.8),
    "lower": (-2.0, -0.5), "gap": (0.5, 3.0), "skew": (-3.0, 3.0), "quantile": (0.1, 0.9),
    "concentration": (0.2, 8.0), "power": (1.15, 1.85), "discrimination": (0.5, 2.0),
}  # fmt: skip
"""Of parameters beside the mean, each on its own scale."""
PREDICTORS = {
    "logit": (-2.0, 2.0), "probit": (-1.5, 1.5), "cloglog": (-2.0, 0.7), "log": (-1.0, 2.0),
    "identity": (0.5, 6.0), "sqrt": (0.6, 2.5), "inverse": (0.2, 2.0), "tan_half": (-2.0, 2.0),
}  # fmt: skip
N_ROWS = 24
A = np.array([-2.0, -0.3, 0.4, 1.7, 3.0])
B = np.array([0.6, 2.0, 0.4, 0.9, 1.1])
"""Of any sign, and above zero."""
CASES = [(f.name, link) for f in FAMILIES for link in f.links]


def rows(family, link: str, n_categories: int = 3, seed: int = 0, n: int = N_ROWS) -> dict:
    """Inputs of the family's density by name, one number a row; every category occurs."""
    rng = np.random.default_rng(seed)
    own = {}
    for p in family.parameters:
        if p.vector:
            steps = rng.uniform(0.3, 1.2, (n, n_categories - 1))
            own |= numbered(p.name, np.cumsum(steps, axis=1) - 1.0)
        elif p.fixed is None:
            own[p.name] = rng.uniform(*RANGES[p.name], n)
    if "predictor" in family.by_category:
        eta = numbered("eta", rng.uniform(-1.5, 1.5, (n, n_categories - 1)))
    else:
        eta = {"eta": rng.uniform(*PREDICTORS[link], n)}
    return own | eta | responses(family, link, eta, own, n_categories, rng)


def responses(family, link, eta, own, n_categories, rng) -> dict:
    n = len(next(iter(eta.values())))
    trials = {"trials": rng.integers(2, 30, n).astype(float)} if family.has_trials else {}
    if family.name == "multinomial":
        y = rng.multinomial(trials["trials"].astype(int), np.full(n_categories, 1 / n_categories))
        return numbered("y", y.astype(float)) | trials
    if "stored" in family.by_category:
        return numbered("y", rng.dirichlet(np.full(n_categories, 2.0), n))
    if "expected" in family.by_category:
        return {"y": np.arange(n) % n_categories * 1.0}
    known = {p.name: p.fixed for p in family.parameters if p.fixed is not None}
    mu = family.link(link).inverse(eta["eta"])
    y = family.simulate(rng, mu, own | known, trials.get("trials"))
    if family.support == "numbers from 0 to 1":
        y[::5], y[1::5] = 0.0, 1.0
    elif family.discrete or family.support == "zero and positive numbers":
        y[::5] = 0.0
    return {"y": y} | trials


def numbered(name: str, columns: np.ndarray) -> dict:
    return {f"{name}[{k}]": columns[:, k] for k in range(columns.shape[1])}


def together(inputs: dict) -> dict:
    """Numbered inputs as arrays with a last axis."""
    found: dict = {}
    for name, value in inputs.items():
        stem = re.sub(r"\[\d+\]$", "", name)
        found.setdefault(stem, []).append((name != stem, np.asarray(value)))
    return {
        stem: np.stack([v for _, v in parts], axis=-1) if parts[0][0] else parts[0][1]
        for stem, parts in found.items()
    }


def density(family, link, inputs: dict) -> np.ndarray:
    """The package's density in NumPy."""
    given = together(inputs)
    own = {p.name: given.get(p.name, p.fixed) for p in family.parameters}
    own = {name: np.asarray(value, float) for name, value in own.items()}
    if "places" in given:
        own["places"] = given["places"].astype(int)
    y, eta, trials = given["y"], given["eta"], given.get("trials")
    return family.logpdf(y, eta, link, own, trials)


def slope(function, inputs: dict, direction: dict, step: float = 4e-3) -> np.ndarray:
    """The derivative of a function of inputs by central differences of eighth order.

    ``direction`` says how much each input changes, row by row.
    """
    weights = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
    total = 0.0
    for k, weight in enumerate(weights, 1):
        ends = [
            function(inputs | {n: inputs[n] + side * k * step * d for n, d in direction.items()})
            for side in (1, -1)
        ]
        total = total + weight * (ends[0] - ends[1])
    return total / step


def directions(inputs: dict, names: list[str], seed: int = 1) -> dict:
    """A direction for each row, in proportion to the inputs' sizes."""
    rng = np.random.default_rng(seed)
    return {n: rng.uniform(0.3, 1, N_ROWS) * np.clip(np.abs(inputs[n]), 0.25, 1) *
            rng.choice([-1, 1], N_ROWS) for n in names}  # fmt: skip


def smooth(family, link, inputs: dict) -> np.ndarray:
    """Rows whose density has no corner within the reach of differences."""
    if family.lack("curvature"):
        mu = link.inverse(inputs["eta"])
        places = [inputs[n] for n in ("y", "least", "most", "upper") if n in inputs]
        return np.min([np.abs(place - mu) for place in places], axis=0) > 0.2
    if family.name == "generalized_poisson":  # a possible count enters where the end passes it
        ends = [
            last_count(link, inputs, *turn) for turn in itertools.product((-0.03, 0.03), repeat=2)
        ]
        return np.ptp(np.floor(np.minimum(ends, 20)), axis=0) == 0
    return np.ones(N_ROWS, bool)


def last_count(link, inputs: dict, *turn: float) -> np.ndarray:
    """Where the counts of the generalised Poisson distribution end, moved a little."""
    eta, spread = (inputs[n] * (1 + t) for n, t in zip(("eta", "dispersion"), turn, strict=True))
    root = np.sqrt(np.minimum(spread, 1 - 1e-9))
    return link.inverse(eta) / (1 - root)


def check(family, link, inputs: dict, found, by_entry=False, tolerance=1e-12) -> None:
    """Hold a recorded density and its derivatives to the density in NumPy."""
    by = found.predictors + found.parameters
    names = [node.data for node in by]
    slopes, curvatures = gradient(found.value, by), hessian(found.value, by)
    keep = smooth(family, link, inputs)
    assert keep.sum() > N_ROWS / 3

    def value(x):
        return density(family, link, x)

    def first(x):
        return [np.broadcast_to(v, N_ROWS) for v in evaluate(slopes, x)]

    close(evaluate([found.value], inputs)[0], value(inputs), tolerance)
    assert np.isfinite(value(inputs)).all()
    g = np.array(first(inputs))
    H = np.array(
        [[np.broadcast_to(v, N_ROWS) for v in evaluate(row, inputs)] for row in curvatures]
    )
    ways = [{n: np.clip(np.abs(inputs[n]), 0.25, 1)} for n in names] if by_entry else []
    for way in ways or [directions(inputs, names)]:
        d = np.array([way.get(n, np.zeros(N_ROWS)) for n in names])
        close((g * d).sum(axis=0)[keep], slope(value, inputs, way)[keep], 1e-6)
        for row, want in zip(H, slope(lambda x: np.array(first(x)), inputs, way), strict=True):
            close((row * d).sum(axis=0)[keep], want[keep], 1e-6)


def close(found, wanted, tolerance: float) -> None:
    """Equal in proportion to the wanted size, or to a hundredth."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert np.isfinite(found).all()
    gap = np.abs(found - wanted) / np.maximum(np.abs(wanted), 1e-2)
    assert gap.max() < tolerance, gap


def two(tape):
    """Two inputs of a tape, for the numbers of ``A`` and ``B``."""
    return tape.input("a"), tape.input("b")
