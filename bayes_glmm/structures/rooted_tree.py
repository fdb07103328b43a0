"""Rooted trees as arrays: each node after its parent, names and lengths checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, DataError, listed
from bayes_glmm.structures.file_contents import refuse_twice
from bayes_glmm.structures.level_labels import id_texts


@dataclass(frozen=True, eq=False)
class Tree:
    """A rooted tree, each node after its parent.

    Attributes
    ----------
    names : tuple of str
        Labels; empty where a node has none.
    parent : ndarray of int64, shape (n_nodes,)
        Position of each node's parent; -1 for the root, which is first.
    length : ndarray, shape (n_nodes,)
        Length of the branch to the parent, in the tree's own unit; zero for the root.
    stem : float
        Length written above the root.
    """

    names: tuple[str, ...]
    parent: NDArray[np.int64]
    length: NDArray[np.float64]
    stem: float = 0.0

    @property
    def tip(self) -> NDArray[np.bool_]:
        """Whether each node is a tip, shape (n_nodes,)."""
        tip = np.ones(len(self.names), dtype=np.bool_)
        tip[self.parent[1:]] = False
        return tip

    @cached_property
    def depth(self) -> NDArray[np.float64]:
        """Distance of each node from the root, shape (n_nodes,)."""
        depth = self.length.copy()
        for step in reversed(levels_upwards(self.parent)):
            depth[step] += depth[self.parent[step]]
        return depth


def build_tree(
    names: Sequence[str], parents: Sequence[int], lengths: Sequence[float | None]
) -> Tree:
    """Order nodes after their parents and check labels and lengths.

    Parameters
    ----------
    names : sequence of str
        Labels; empty where a node has none.
    parents : sequence of int
        Positions of the parents; -1 for the root.
    lengths : sequence of float or None
        ``None`` where a branch has no length.
    """
    parent = np.asarray(parents, dtype=np.int64)
    order = _parents_first(parent, names)
    length = np.array([np.nan if x is None else x for x in lengths], dtype=np.float64)[order]
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    above = np.where(parent[order] < 0, -1, place[parent[order]])
    named = tuple(names[int(i)] for i in order)
    stem = 0.0 if np.isnan(length[0]) else float(length[0])
    length[0] = 0.0
    _check_lengths(named, above, length, stem)
    length.flags.writeable = above.flags.writeable = False
    tree = Tree(named, above, length, stem)
    _check_names(tree)
    return tree


def _parents_first(parent: NDArray[np.int64], names: Sequence[str]) -> NDArray[np.int64]:
    """Return nodes by their distance in steps from the root; refuse loops and forests."""
    roots = np.flatnonzero(parent < 0)
    if len(roots) != 1:
        found = [names[int(i)] or "without a name" for i in roots]
        raise DataError(
            f"A tree has one root; this one has {len(roots)}"
            + (f": {listed(found)}. Join them under one node." if found else ": it is a loop.")
        )
    depth = steps_to_root(parent)
    if (depth < 0).any():
        around = [names[int(i)] for i in np.flatnonzero(depth < 0)]
        raise DataError(f"Nodes are their own ancestors: {listed(around)}. Correct their parents.")
    return np.argsort(depth, kind="stable")


def steps_to_root(parent: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each node's number of branches to the root; -1 where it has none."""
    n = len(parent)
    steps = (parent >= 0).astype(np.int64)
    above = np.where(parent >= 0, parent, np.arange(n))
    for _ in range(n.bit_length() + 1):
        steps, above = steps + steps[above], above[above]
    return np.where(parent[above] < 0, steps, -1)


def levels_upwards(parent: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return nodes by their steps from the root, the farthest first, without the root."""
    steps = steps_to_root(parent)
    order = np.argsort(-steps, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(steps[order])) + 1)[:-1]


def _check_lengths(
    names: tuple[str, ...], parent: NDArray[np.int64], length: NDArray[np.float64], stem: float
) -> None:
    missing = np.flatnonzero(np.isnan(length))
    if len(missing):
        raise DataError(
            f"{len(missing)} of {len(length) - 1} branches have no length: those above "
            f"{listed(_called(names, missing))}. Write one for each, such as a:1."
        )
    wrong = np.flatnonzero(~np.isfinite(length) | (length < 0))
    if len(wrong) or not 0 <= stem < np.inf:
        shown = listed(_called(names, wrong)) if len(wrong) else "the root"
        raise DataError(
            f"Branches must be finite and not negative; those above {shown} are not. "
            "Zero is allowed."
        )


def _called(names: tuple[str, ...], places: NDArray[np.intp]) -> list[str]:
    return [names[i] or f"unnamed node {i}" for i in places]


def _check_names(tree: Tree) -> None:
    tips = np.flatnonzero(tree.tip)
    marked = [name for name in tree.names if name.startswith("[")]
    if marked:
        raise DataError(f"Names may not begin with a square bracket: {listed(marked)}.")
    bare = sum(not tree.names[i] for i in tips)
    if bare:
        raise DataError(f"{bare} tips have no name: every tip needs one.")
    seen, twice = set[str](), list[str]()
    for i in tips:
        (twice.append if tree.names[i] in seen else seen.add)(tree.names[i])
    if twice:
        raise DataError(f"Several tips have one name: {listed(twice)}. Names must be unique.")
    both = sorted(seen & {tree.names[i] for i in np.flatnonzero(~tree.tip)})
    if both:
        raise DataError(f"Tips and inner nodes share names: {listed(both)}. Rename the inner ones.")


def read_table(table: pd.DataFrame) -> Tree:
    """Read a tree from a table of branches.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``node`` and ``parent`` (text) and ``length`` (not negative), a row
        for each branch in any order. The root is the parent without a row, or the
        node whose parent is missing.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A column is missing, or names are not text.
    DataError
        A node has two parents, there are two roots, or nodes are their own ancestors.

    Examples
    --------
    >>> rows = pd.DataFrame({"node": ["a", "b"], "parent": ["r", "r"], "length": [1.0, 2.0]})
    >>> read_table(rows).names
    ('r', 'a', 'b')
    """
    absent = [name for name in ("node", "parent", "length") if name not in table.columns]
    if absent:
        raise ArgumentError(
            f"The table of branches lacks {listed(absent)}: it needs the columns node, parent "
            "and length."
        )
    refuse_twice([c for c in table.columns if c in ("node", "parent", "length")], "The table")
    nodes = _texts(table["node"], "node")
    above = _texts(table["parent"], "parent")
    lengths = pd.to_numeric(table["length"], errors="coerce").to_numpy(np.float64).tolist()
    twice = [str(n) for n in pd.Index(nodes)[pd.Index(nodes).duplicated()].unique()]
    if twice:
        raise DataError(f"Nodes stand in several rows, with a parent each: {listed(twice)}.")
    if None in nodes:
        raise DataError("A node has no name: name every node of the table.")
    known = set(nodes)
    extra = sorted({name for name in above if name is not None and name not in known})
    names = [*(str(n) for n in nodes), *extra]
    place = {name: i for i, name in enumerate(names)}
    parents = [-1 if name is None else place[name] for name in above] + [-1] * len(extra)
    return build_tree(names, parents, [*lengths, *[None] * len(extra)])


def _texts(column: pd.Series, what: str) -> list[str | None]:
    missing = column.isna().to_numpy()
    texts = iter(id_texts(column[~missing], f"The nodes in {what!r}"))
    values = [None if gone else next(texts) for gone in missing]
    return [None if v is None or not v.strip() else v for v in values]
