"""The part of a tree that leads to some levels.

Inner nodes that neither branch nor have data are passed over. A node that was passed
over when the model was fitted can be needed later, to graft a new level on its branch:
it is then drawn between its neighbours above and below, whose values are known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.model.blocks.tree import LineageFactor
from bayes_glmm.structures.rooted_tree import Tree, levels_upwards

type Places = NDArray[np.int64]


def skeleton(
    tree: Tree, nodes: Text, model: str, levels: Text, sampled: Text | None
) -> LineageFactor:
    """Return the nodes that some levels need, those sampled before them first.

    Things are counted twice over: ``i`` is the line that passes the tree's node ``i``,
    and under Pagel's model ``n + i`` is the value of the level there.
    """
    n, pagel = len(nodes), model == "pagel"
    lines = np.char.add(np.char.add("[to ", nodes), "]") if pagel else nodes
    names = np.concatenate([lines, nodes]) if pagel else nodes
    recorded = _places(levels, nodes.astype(object))
    known = np.array([], np.int64) if sampled is None else _places(sampled, names.astype(object))
    if (known < 0).any():
        raise ArgumentError("The result's nodes are not those of this tree: use the tree it has.")

    kept, values = _kept(tree, model, recorded, known)
    new = np.concatenate([np.flatnonzero(kept), n + np.flatnonzero(values)])
    things = np.concatenate([known, new[~np.isin(new, known)]])
    place = np.full(2 * n, -1, dtype=np.int64)
    place[things] = np.arange(len(things))

    at, own = things % n, things >= n
    old = np.zeros(n, dtype=np.bool_)
    old[known[known < n]] = True
    first = np.arange(len(things)) < len(known)
    up = np.where(
        first, _above(tree, old)[own.astype(int), at], _above(tree, kept)[own.astype(int), at]
    )
    down = np.where(own | first, -1, _below(tree, known)[at])
    up, down = _without_length(tree, up, down, at, n)
    parents = np.stack([np.where(up < 0, -1, place[up]), np.where(down < 0, -1, place[down])], 1)
    depth = tree.depth
    return LineageFactor(
        levels=levels,
        nodes=names[things],
        model=model,
        parents=parents if (down >= 0).any() else parents[:, :1],
        depth=depth[at],
        above=np.where(up < 0, 0.0, depth[up % n]),
        below=np.where(down < 0, np.nan, depth[down % n]),
        own=own,
        own_below=down >= n,
        rows=place[recorded + n * pagel],
    )


def _places(labels: Text, among: NDArray[Any]) -> Places:
    return np.asarray(pd.Index(among).get_indexer(pd.Index(labels.astype(object))), np.int64)


def _kept(
    tree: Tree, model: str, recorded: Places, known: Places
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which lines and which values of levels are needed."""
    n = len(tree.names)
    has = np.zeros(n, dtype=np.bool_)
    has[recorded] = True
    needed = has.copy()
    needed[known % n] = True
    for step in levels_upwards(tree.parent):
        needed[tree.parent[step[needed[step]]]] = True
    children = np.bincount(tree.parent[1:][needed[1:]], minlength=n)
    kept = children >= 2
    kept[0] = model == "ou"
    kept |= has & (children >= 1) if model == "pagel" else has
    kept[0] &= model != "pagel"  # the line at the root has not moved yet
    kept[known[known < n]] = True
    return kept, has if model == "pagel" else np.zeros(n, dtype=np.bool_)


def _above(tree: Tree, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the nearest kept line strictly above each node, and that at or above it."""
    n = len(kept)
    reach = np.where(kept, np.arange(n), tree.parent)
    for _ in range(n.bit_length() + 1):
        reach = np.where(reach < 0, -1, np.where(kept[reach], reach, reach[reach]))
    parent = tree.parent
    return np.stack([np.where(parent < 0, -1, reach[parent]), reach])


def _below(tree: Tree, known: Places) -> Places:
    """Return the nearest sampled thing below or at each node that was not sampled."""
    n = len(tree.names)
    found = np.full(n, -1, dtype=np.int64)
    found[known[known >= n] % n] = known[known >= n]
    found[known[known < n]] = known[known < n]
    sampled = found >= 0
    for step in levels_upwards(tree.parent) if len(known) else ():
        carrying = step[found[step] >= 0]
        above = tree.parent[carrying]
        free = ~sampled[above]
        found[above[free]] = found[carrying[free]]
    found[known[known < n]] = -1
    return found


def _without_length(
    tree: Tree, up: Places, down: Places, at: Places, n: int
) -> tuple[Places, Places]:
    """Take a node at the place of a neighbour for its child, by a branch of length zero."""
    depth = tree.depth
    at_top = (down >= 0) & (up >= 0) & (depth[at] == depth[up % n])
    at_top |= (down >= 0) & (up < 0) & (depth[at] == 0)
    down = np.where(at_top, -1, down)
    at_end = (down >= 0) & (down < n) & (depth[at] == depth[down % n])
    return np.where(at_end, down, up), np.where(at_end, -1, down)
