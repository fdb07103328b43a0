"""Simulated cells of a growing colony and villages on a map, with the truth behind them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

type Array = NDArray[np.float64]
CELLS, NEAREST, VILLAGES = 240, 6, 80


def cells(seed: int = 16) -> pd.DataFrame:
    """Cells of one colony: two scores of their fate, their marker, and where they lie.

    Score ``0.3 + 0.8 l + 0.6 s + Normal(0, 0.5)``: ``l`` drifts along the lineage, with
    variance one from the first division to the end; ``s`` is an intrinsic field over six
    nearest neighbours, of geometric mean variance one. Daughters lie near each other. The
    marker is present with log odds of twice the deviation from 0.3, noise left out.
    """
    rng = np.random.default_rng(seed)
    _, parent, length = _lineage(rng)
    tips = np.setdiff1d(np.arange(len(parent)), parent)
    places = 60 * _drift(rng, parent, length, 2)[tips] + rng.normal(0, 25, (CELLS, 2))
    u = 0.8 * _drift(rng, parent, length, 1)[tips, 0] + 0.6 * _field(rng, places.round(1))
    own = pd.DataFrame(
        {
            "cell": _cell_names(),
            "x_um": places[:, 0].round(1),
            "y_um": places[:, 1].round(1),
            "marker": rng.binomial(1, 1 / (1 + np.exp(-2 * u))),
        }
    )
    scores = 0.3 + u + rng.normal(0, 0.5, (2, CELLS))
    frames = [own.assign(frame=i + 1, score=score.round(4)) for i, score in enumerate(scores)]
    return pd.concat(frames, ignore_index=True)


def cells_newick(seed: int = 16) -> str:
    """Return the lineage of :func:`cells` as Newick text, height one."""
    order, parent, length = _lineage(np.random.default_rng(seed))
    tips = np.setdiff1d(order, parent)
    text = dict(zip(tips.tolist(), _cell_names(), strict=True))
    for node in order[:0:-1]:
        branch = f"{text[node]}:{length[node]:.6f}"
        above = int(parent[node])
        text[above] = f"({branch})" if above not in text else f"{text[above][:-1]},{branch})"
    return f"{text[0]};"


def villages(seed: int = 17) -> pd.DataFrame:
    """Persons tested, and found infected, in 80 villages of a square of 100 km.

    Log odds ``-1.2 + 0.5 wet + u``, ``u`` a Matérn 3/2 field with standard deviation 0.7 and
    range 20 km; ``wet`` is the standardised log share of swamp within 3 km.
    """
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 100, (VILLAGES, 2)).round(2)
    a = np.sqrt(3) * np.linalg.norm(places[:, None] - places, axis=2) / 20
    root = np.linalg.cholesky((1 + a) * np.exp(-a) + 1e-9 * np.eye(VILLAGES))
    wet = rng.normal(0, 1, VILLAGES).round(2)
    tested = rng.integers(20, 121, VILLAGES)
    eta = -1.2 + 0.5 * wet + 0.7 * root @ rng.normal(size=VILLAGES)
    return pd.DataFrame(
        {
            "village": [f"v{i:02d}" for i in range(VILLAGES)],
            "east_km": places[:, 0],
            "north_km": places[:, 1],
            "wet": wet,
            "tested": tested,
            "positive": rng.binomial(tested, 1 / (1 + np.exp(-eta))),
        }
    )


def _cell_names() -> list[str]:
    return [f"cell{i:03d}" for i in range(CELLS)]


def _lineage(rng: np.random.Generator) -> tuple[list[int], NDArray[np.int64], Array]:
    """Divide random cells until there are enough; return nodes, mothers and times, height one."""
    parent, born, alive, now = [-1], [0.0], [0], 0.0
    length = [0.0]
    while len(alive) < CELLS:
        now += rng.exponential(1 / len(alive))
        mother = alive.pop(int(rng.integers(len(alive))))
        length[mother] = now - born[mother]
        for _ in range(2):
            alive.append(len(parent))
            parent.append(mother)
            born.append(now)
            length.append(0.0)
    now += rng.exponential(1 / len(alive))
    for cell in alive:
        length[cell] = now - born[cell]
    first = length[0]
    scaled = np.array([0.0, *length[1:]]) / (now - first)
    return list(range(len(parent))), np.array(parent), scaled


def _drift(rng: np.random.Generator, parent: NDArray[np.int64], length: Array, width: int) -> Array:
    """Let independent values drift from mothers to daughters, shape (n_nodes, width)."""
    steps = rng.normal(size=(len(parent), width)) * np.sqrt(length)[:, None]
    for node in range(1, len(parent)):
        steps[node] += steps[parent[node]]
    return steps


def _field(rng: np.random.Generator, places: Array) -> Array:
    """Draw from the intrinsic field of nearest neighbours, scaled to typical variance one."""
    gaps = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(gaps, np.inf)
    near = np.zeros_like(gaps)
    np.put_along_axis(near, np.argsort(gaps, axis=1, kind="stable")[:, :NEAREST], 1.0, axis=1)
    near = np.maximum(near, near.T)
    values, vectors = np.linalg.eigh(np.diag(near.sum(axis=1)) - near)
    root = vectors[:, values > 1e-9] / np.sqrt(values[values > 1e-9])
    typical = np.exp(np.log((root**2).sum(axis=1)).mean())
    return np.asarray(root @ rng.normal(size=root.shape[1]) / np.sqrt(typical))
