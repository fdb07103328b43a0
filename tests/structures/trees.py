"""Random trees, their Newick text and their covariances, from paths to the root."""

from __future__ import annotations

import numpy as np


class Plain:
    """A tree as dictionaries: parent and length by name, in any order."""

    def __init__(self, parent: dict[str, str], length: dict[str, float], root: str):
        self.parent, self.length, self.root = parent, length, root
        self.names = [root, *parent]
        self.tips = [n for n in self.names if n not in set(parent.values())]

    def path(self, name: str) -> list[str]:
        found = [name]
        while found[-1] != self.root:
            found.append(self.parent[found[-1]])
        return found[::-1]

    def depth(self, name: str) -> float:
        return sum(self.length[n] for n in self.path(name)[1:])

    @property
    def height(self) -> float:
        return max(self.depth(n) for n in self.tips)

    def shared(self, a: str, b: str) -> float:
        common = [x for x, y in zip(self.path(a), self.path(b), strict=False) if x == y]
        return self.depth(common[-1])

    def covariance(self, levels, model: str, value: float = 0.0) -> np.ndarray:
        h = self.height
        s = np.array([[self.shared(a, b) for b in levels] for a in levels]) / h
        d = np.array([self.depth(a) for a in levels]) / h
        if model == "brownian":
            return s
        if model == "pagel":
            return np.where(np.eye(len(d), dtype=bool), d, value * s)
        return 0.5 ** ((d[:, None] + d[None, :] - 2 * s) / value)

    def newick(self, rng: np.random.Generator, bare: frozenset[str] = frozenset()) -> str:
        below: dict[str, list[str]] = {n: [] for n in self.names}
        for child, parent in self.parent.items():
            below[parent].append(child)

        def text(name: str) -> str:
            kids = [below[name][i] for i in rng.permutation(len(below[name]))]
            inside = "(" + ",".join(map(text, kids)) + ")" if kids else ""
            label = "" if name in bare else "'" + name.replace("'", "''") + "'"
            return inside + label + (f":{self.length[name]!r}" if name != self.root else "")

        return text(self.root) + ";"


def random_tree(rng: np.random.Generator, n: int, zero: float = 0.15) -> Plain:
    """Grow a tree by hanging node after node on any earlier one: polytomies, unary nodes."""
    names = [f"n{i:03d}" for i in rng.permutation(n)]
    parent = {names[i]: names[int(rng.integers(max(0, i - 6), i))] for i in range(1, n)}
    length = {c: 0.0 if rng.random() < zero else float(rng.exponential()) for c in parent}
    return Plain(parent, length, names[0])
