"""Related levels with their laws by definition: rows over independent standard normal numbers.

``rows(labels)`` gives a matrix F for nodes and levels alike, so that their covariance is FF'. It
is made of dense textbook matrices and shares no code with the package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import bayes_glmm as bg
from bayes_glmm.structures.times import series
from tests.structures import test_areal, test_coordinates, test_series
from tests.structures.oracle import random_pedigree, tabular
from tests.structures.trees import random_tree

type Rows = Callable[[list[str]], np.ndarray]
NAMES = (
    "kinship", "deficient", "pedigree", "brownian", "ou", "pagel", "icar", "bym2", "leroux", "car",
    "series", "exact", "nearest", "hsgp",
)  # fmt: skip


@dataclass(frozen=True)
class Related:
    """Levels with data, others without, and the law of all of them at some parameters."""

    known: Any
    longer: Any
    levels: np.ndarray
    new: np.ndarray
    hyper: dict[str, float]
    rows: Callable[[dict[str, float]], Rows]


def root(K: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(K)
    return vectors * np.sqrt(np.maximum(values, 0))


def by_label(labels: list[str], F: np.ndarray) -> Rows:
    at = {name: i for i, name in enumerate(labels)}
    return lambda wanted: F[[at[name] for name in wanted]]


def split(labels: Any, n: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    mixed = np.random.default_rng(seed).permutation(np.array(labels, dtype=np.str_))
    return mixed[:n], mixed[n:]


def related(name: str) -> Related:
    """Return the case of that name."""
    rng = np.random.default_rng(11)
    match name:
        case "kinship" | "deficient":
            return matrix(rng, 12, 9 if name == "deficient" else 12)
        case "pedigree":
            table = random_pedigree(rng, 5, 14)
            A = tabular(table)
            levels, new = split(A.index, 10)
            F = by_label(A.index.tolist(), np.linalg.cholesky(A.to_numpy()))
            found = bg.pedigree(table)
            return Related(found, found, levels, new, {}, lambda _: F)
        case "brownian" | "ou" | "pagel":
            return tree(rng, name)
        case "icar" | "bym2" | "leroux" | "car":
            return areas(rng, name)
        case "series":
            levels = np.array(["a:0", "a:1", "a:2.5", "a:7", "b:1", "b:-3", "c:4"])
            new = np.array(["a:-1", "a:3", "a:6.5", "a:9", "b:0", "d:1"])
            both = [*levels.tolist(), *new.tolist()]
            found = series(levels, "t")
            longer = found.extend(new, pd.DataFrame(), "g")

            def law(hyper):
                return by_label(both, root(test_series.dense(both, hyper["rho"])))

            return Related(found, longer, levels, new, {"rho": 0.7}, law)
    return places(rng, name)


def matrix(rng: np.random.Generator, n: int, rank: int) -> Related:
    F = rng.normal(size=(n, rank)) / np.sqrt(rank)
    names = [f"id{i:02d}" for i in range(n)]
    levels, new = split(names, 8)
    found = bg.kinship(pd.DataFrame(F @ F.T, names, names))
    return Related(found, found, levels, new, {}, lambda _: by_label(names, F))


def tree(rng: np.random.Generator, model: str) -> Related:
    """Trees with polytomies, nodes with one child, and branches of length zero."""
    grown = random_tree(rng, 26)
    found = bg.lineage(grown.newick(rng), model)
    levels, new = split(found.labels, 14)
    hyper = {"ou": {"halflife": 0.4}, "pagel": {"signal": 0.7}}.get(model, {})
    names = grown.names

    def law(at):
        K = grown.covariance(names, model, *at.values())
        if model != "pagel":
            return by_label(names, root(K))
        shared = at["signal"] * grown.covariance(names, "brownian")
        lines = [f"[to {n}]" for n in names]
        return by_label([*names, *lines], root(np.block([[K, shared], [shared, shared]])))

    return Related(found, found, levels, new, hyper, law)


def areas(rng: np.random.Generator, model: str) -> Related:
    """Two connected parts, and two areas without a neighbour."""
    edges, labels = test_areal.borders(rng, [9, 5]), test_areal.named(16)
    found = bg.areal(edges, model, areas=labels.tolist())
    levels, new = split(labels, 11)
    hyper = {} if model == "icar" else {"mix": 0.65}

    def law(at):
        if model in ("leroux", "car"):
            K = test_areal.dense(edges, labels, model, at["mix"])
            return by_label(labels.tolist(), root(K))
        F = root(test_areal.dense(edges, labels, "icar"))
        mix = at.get("mix", 1.0)
        shared, own = np.hstack([F, 0 * F]), np.hstack([0 * F, np.eye(len(F))])
        levels_ = np.sqrt(mix) * shared + np.sqrt(1 - mix) * own
        every = [*labels, *np.char.add("map:", labels), *np.char.add("own:", labels)]
        return by_label(every, np.vstack([levels_, shared, own]))

    return Related(found, found, levels, new, hyper, law)


def places(rng: np.random.Generator, method: str) -> Related:
    """Places in the plane, two of them shared by two levels each; new ones inside the map."""
    data, kernel = test_coordinates.table(rng, 14), "gaussian" if method == "hsgp" else "matern32"
    data.loc[12:, ["e", "n"]] = data.loc[:1, ["e", "n"]].to_numpy()
    levels, new = split(data["site"], 10)
    strange, middle = data["site"].isin(new), data[["e", "n"]].mean()
    data.loc[strange, ["e", "n"]] = middle + (data.loc[strange, ["e", "n"]] - middle) / 4
    known = data[data["site"].isin(levels)]
    found = bg.coordinates("e", "n", kernel, method).bind(known, "site")
    longer = found.extend(new, data[data["site"].isin(new)], "site")
    points = data[["e", "n"]].to_numpy()
    distinct = np.unique(points, axis=0)
    of = [int(np.flatnonzero((distinct == p).all(axis=1))[0]) for p in points]

    def law(at):
        if method == "hsgp":
            basis, sizes = waves(longer.box, points, at["range"])
            names = [f"wave:{i},{j}" for i, j in sizes]
            power = np.array(list(sizes.values()))
            every = [*data["site"], *names]
            return by_label(every, np.vstack([basis * np.sqrt(power), np.eye(len(names))]))
        K = test_coordinates.matern("matern32", test_coordinates.apart(distinct), at["range"])
        F = root(K)
        every = [*data["site"], *(f"{x!r} {y!r}" for x, y in distinct.tolist())]
        return by_label(every, np.vstack([F[of], F]))

    return Related(found, longer, levels, new, {"range": 0.9}, law)


def waves(box: np.ndarray, points: np.ndarray, reach: float) -> tuple[np.ndarray, dict]:
    """Eigenfunctions of the Laplacian in the box, and the Gaussian kernel's spectral density."""
    centre, edge, number = box
    columns, power = [], {}
    for i in range(1, int(number[0]) + 1):
        for j in range(1, int(number[1]) + 1):
            w = np.pi * np.array([i, j]) / (2 * edge)
            columns.append(np.prod(np.sin(w * (points - centre + edge)) / np.sqrt(edge), axis=1))
            power[i, j] = 2 * np.pi * reach**2 * np.exp(-(reach**2) * (w @ w) / 2)
    return np.stack(columns, axis=1), power
