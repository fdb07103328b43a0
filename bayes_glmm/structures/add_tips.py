"""New levels on an old tree: where the rows of a table say they branch off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayes_glmm.errors import ArgumentError, DataError, MissingDataError, listed
from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.structures.level_labels import match, text_of
from bayes_glmm.structures.rooted_tree import Tree


def grafted(
    tree: Tree,
    nodes: Text,
    levels: Text,
    data: pd.DataFrame,
    column: str,
    where: tuple[str, str],
    height: float,
) -> tuple[Tree, Text]:
    """Add levels as tips of the tree.

    Parameters
    ----------
    tree : Tree
        Lengths in heights.
    nodes : ndarray of str, shape (n_nodes,)
    levels : ndarray of str
        New levels.
    data : pandas.DataFrame
        Rows of the new levels.
    column : str
        The column of levels in ``data``.
    where : tuple of str
        Columns of the node that a level branches off from, and of the length of its
        branch in the tree's own unit.
    height : float
        Height of the tree in its own unit.

    Raises
    ------
    MissingDataError
        A column or a value is missing.
    DataError
        A level has several places, or a length is negative.
    UnknownLevelError
        The tree has no such node.
    """
    absent = [name for name in where if name not in data.columns]
    if absent:
        raise MissingDataError(
            f"New levels of {column!r} are grafted by the columns {listed(where)}, and the data "
            f"lack {listed(absent)}."
        )
    marked = [level for level in levels.tolist() if level.startswith("[")]
    if marked:
        raise ArgumentError(f"Levels may not begin with a square bracket: {listed(marked)}.")
    mine = data[column].map(text_of).isin(levels)
    rows = data.loc[mine, [column, *where]].drop_duplicates()
    owners = rows[column].map(text_of)
    several = owners[owners.duplicated()].unique().tolist()
    if several:
        raise DataError(f"Levels branch off in several places: {listed(several)}. Give one each.")
    found = rows.set_index(owners).reindex(pd.Index(levels.astype(object)))
    if found[list(where)].isna().to_numpy().any():
        gone = found.index[found[list(where)].isna().any(axis=1)]
        raise MissingDataError(f"{listed(where)} are missing for new levels: {listed(gone)}.")
    at = match(
        np.array([text_of(v) for v in found[where[0]]], np.str_),
        nodes,
        "The new levels",
        "the tree",
    )
    length = pd.to_numeric(found[where[1]], errors="coerce").to_numpy(np.float64)
    wrong = levels[~(np.isfinite(length) & (length >= 0))]
    if len(wrong):
        raise DataError(f"Branches of new levels must be zero or longer: {listed(wrong)}.")
    longer = replace(
        tree,
        names=(*tree.names, *levels.tolist()),
        parent=np.concatenate([tree.parent, at]),
        length=np.concatenate([tree.length, length / height]),
    )
    return longer, np.concatenate([nodes, levels])
