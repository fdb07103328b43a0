"""Neighbours of places: the graph that an areal model needs, from coordinates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    listed,
    rows_listed,
    suggestion,
)
from bayes_glmm.structures.file_contents import refuse_twice
from bayes_glmm.structures.level_labels import id_texts, text_labels


def nearest_neighbours(
    table: pd.DataFrame, id: str, x: str, y: str, k: int = 6, *, within: float | None = None
) -> pd.DataFrame:
    """Return who is next to whom among places: each with its nearest ones.

    Two places are neighbours when either is among the ``k`` nearest of the other, so
    that a place may have more than ``k``. The result is what :func:`areal` takes, for
    cells in a tissue, plots in a field or villages that share no border.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each place, or several rows that agree.
    id, x, y : str
        Columns of the labels (text) and of the coordinates, in one unit and a plane:
        degrees of longitude and latitude are to be projected first.
    k : int, default 6
        Nearest places of each; a tie is broken by the order of the labels.
    within : float, optional
        Greatest distance of neighbours, in the unit of the coordinates. A place with
        none is an island: name all of them in ``areal(..., areas=table[id].unique())``.

    Returns
    -------
    pandas.DataFrame
        ``from`` and ``to``, each pair once, sorted.

    Raises
    ------
    ArgumentTypeError, ArgumentError, DataError
        A column is absent, labels are not text, a place is missing or stands at two
        places, or there are not more than ``k`` places.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> cells = pd.DataFrame({"cell": ["a", "b", "c"], "x": [0.0, 1.0, 5.0], "y": 0.0})
    >>> bg.nearest_neighbours(cells, "cell", "x", "y", k=1).to_numpy().tolist()
    [['a', 'b'], ['b', 'c']]
    """
    places = _places(table, id, x, y)
    labels = text_labels(places.index, f"The places in {id!r}")
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k < len(labels):
        raise ArgumentError(
            f"k={k!r}: give a whole number from 1 to {len(labels) - 1}, as there are "
            f"{len(labels)} places."
        )
    if within is not None and not (isinstance(within, int | float) and within > 0):
        raise ArgumentError(f"within={within!r}: give a distance above 0.")
    pairs = nearest_pairs(places.to_numpy(), int(k), within)
    return pd.DataFrame({"from": labels[pairs[:, 0]], "to": labels[pairs[:, 1]]}, dtype=object)


def nearest_pairs(places: np.ndarray, k: int, within: float | None = None) -> np.ndarray:
    """Return pairs of positions, the smaller first, shape (n_pairs, 2)."""
    from scipy.spatial import cKDTree

    n, reach = len(places), min(len(places), k + 9)
    distance, neighbour = cKDTree(places).query(places, reach)
    itself = neighbour == np.arange(n)[:, None]
    distance = np.where(itself, np.inf, distance)
    order = np.lexsort((neighbour, distance))[:, :k]
    chosen, far = np.take_along_axis(neighbour, order, 1), np.take_along_axis(distance, order, 1)
    near = np.isfinite(far) if within is None else far <= within
    pairs = np.stack([np.repeat(np.arange(n), k), chosen.ravel()], axis=1)[near.ravel()]
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _places(table: pd.DataFrame, id: str, x: str, y: str) -> pd.DataFrame:
    """Return one row of coordinates for each label, sorted by label."""
    if not isinstance(table, pd.DataFrame):
        raise ArgumentTypeError(f"Places are a table, not {type(table).__name__}.")
    for name in (id, x, y):
        if name not in table.columns:
            raise ArgumentError(
                f"The table of places has no column {name!r}: it has {listed(table.columns)}."
                + suggestion(str(name), [str(c) for c in table.columns])
            )
    refuse_twice([c for c in table.columns if c in (id, x, y)], "The table of places")
    for name in (x, y):
        if not pd.api.types.is_numeric_dtype(table[name]):
            raise DataError(f"The coordinate {name!r} must hold numbers, not {table[name].dtype}.")
    wrong = table.index[~np.isfinite(table[[x, y]].to_numpy(dtype=float)).all(axis=1)]
    if len(wrong) or table[id].isna().any():
        gone = wrong if len(wrong) else table.index[table[id].isna()]
        raise DataError(f"A label or a coordinate is missing in {rows_listed(gone)}.")
    places = table[[id, x, y]].assign(**{id: id_texts(table[id], f"The places in {id!r}")})
    places = places.drop_duplicates().set_index(id)
    twice = places.index[places.index.duplicated()]
    if len(twice):
        raise DataError(f"These labels stand at different places: {listed(map(repr, twice))}.")
    text_labels(places.index, f"The places in {id!r}")
    return places.sort_index()
