"""Relationship matrices by definition, sharing no code with the package."""

from __future__ import annotations

import numpy as np
import pandas as pd


def tabular(table: pd.DataFrame, id: str = "animal") -> pd.DataFrame:
    """Return A by the tabular method: each pair from the parents of the younger one.

    Emik & Terrill (1949). Systematic procedures for calculating inbreeding
    coefficients. J. Heredity 40, 51-55.
    """
    parents = {row[id]: (row["sire"], row["dam"]) for row in table.to_dict("records")}
    for pair in list(parents.values()):
        for name in pair:
            if isinstance(name, str):
                parents.setdefault(name, (None, None))
    order: list[str] = []

    def visit(name: str) -> None:
        if name not in order:
            for parent in parents[name]:
                if isinstance(parent, str):
                    visit(parent)
            order.append(name)

    for name in parents:
        visit(name)
    place = {name: i for i, name in enumerate(order)}
    A = np.zeros((len(order), len(order)))
    for i, name in enumerate(order):
        known = [place[p] for p in parents[name] if isinstance(p, str)]
        for j in range(i):
            A[i, j] = A[j, i] = 0.5 * sum(A[j, p] for p in known)
        A[i, i] = 1 + (0.5 * A[known[0], known[1]] if len(known) == 2 else 0)
    return pd.DataFrame(A, order, order)


def random_pedigree(rng: np.random.Generator, founders: int, later: int) -> pd.DataFrame:
    """Return animals with parents drawn among the elders: inbred, some parents unknown."""
    names = [f"id{rng.integers(10**6, 10**7)}x{i}" for i in range(founders + later)]
    rows: list[tuple[str, str | None, str | None]] = [(n, None, None) for n in names[:founders]]
    for i in range(founders, founders + later):
        low = max(0, i - 12)
        sire, dam = (names[int(rng.integers(low, i))] for _ in range(2))
        rows.append((names[i], sire, None if rng.random() < 0.1 else dam))
    table = pd.DataFrame(rows, columns=["animal", "sire", "dam"])
    return table.sample(frac=1, random_state=int(rng.integers(2**31))).reset_index(drop=True)
