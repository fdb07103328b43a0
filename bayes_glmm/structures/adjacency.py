"""Who borders whom: graphs of areas from edge tables, maps and libpysal graphs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    MissingDependencyError,
    listed,
)
from bayes_glmm.structures.level_labels import Text, id_texts, text_labels


@dataclass(frozen=True, eq=False)
class Graph:
    """Areas and their borders, each border once.

    Attributes
    ----------
    labels : ndarray of str, shape (n_areas,)
        Sorted.
    pairs : ndarray of int64, shape (n_borders, 2)
        Places of the two areas, the smaller first, sorted.
    """

    labels: Text
    pairs: NDArray[np.int64]

    @cached_property
    def neighbours(self) -> sp.csr_matrix:
        """Symmetric matrix of zeros and ones, shape (n_areas, n_areas)."""
        n, (i, j) = len(self.labels), self.pairs.T
        ones = np.ones(2 * len(self.pairs))
        return sp.csr_matrix((ones, (np.r_[i, j], np.r_[j, i])), shape=(n, n))

    @cached_property
    def component(self) -> NDArray[np.int64]:
        """Number of each area's connected component, shape (n_areas,)."""
        return connected_components(self.neighbours, directed=False)[1].astype(np.int64)

    @cached_property
    def island(self) -> NDArray[np.bool_]:
        """Whether each area is without a neighbour, shape (n_areas,)."""
        return np.bincount(self.pairs.ravel(), minlength=len(self.labels)) == 0


def read_graph(source: Any, areas: Iterable[str] | None, column: str | None) -> Graph:
    """Read a graph of areas.

    Parameters
    ----------
    source : pandas.DataFrame, GeoDataFrame or libpysal graph
        A table of two columns of labels, a row for each border (either direction, or
        both); a map with an area in each row; or a graph of libpysal.
    areas : iterable of str, optional
        All areas, needed where some have no neighbour and stand in no border.
    column : str, optional
        Column of a map that holds the labels; its index otherwise.

    Raises
    ------
    ArgumentError, ArgumentTypeError, DataError
        Labels or borders are malformed; the message names them.
    MissingDependencyError
        A map needs libpysal to find who borders whom.
    """
    if not isinstance(source, pd.DataFrame) and hasattr(source, "to_pandas"):
        source = source.to_pandas()
    if hasattr(source, "geometry") and hasattr(source, "sindex"):
        source = _contiguity(source, column)
    if isinstance(source, pd.DataFrame):
        left, right = _columns(source)
        return graph_of(left, right, areas)
    if hasattr(source, "to_adjlist") and not hasattr(source, "adjacency"):
        source = import_module("libpysal.graph").Graph.from_W(source)
    if hasattr(source, "adjacency"):
        return _libpysal(source, areas)
    raise ArgumentTypeError(
        "Borders are a table with two columns of labels, a GeoDataFrame or a libpysal graph, "
        f"not {type(source).__name__}. A bare matrix has no labels: make a table of its pairs."
    )


def graph_of(left: Sequence[Any], right: Sequence[Any], areas: Iterable[str] | None) -> Graph:
    """Return the graph of pairs of labels; pairs given twice, or both ways, are one."""
    ends = [*left, *right]
    gone = int(pd.isna(pd.Series(ends, dtype=object)).sum())
    if gone:
        raise DataError(
            f"{gone} ends of borders are missing. An area without a neighbour is named in areas=."
        )
    left, right = (id_texts(side, "The borders") for side in (left, right))
    distinct = list(dict.fromkeys([*left, *right]))
    listed_areas = None if areas is None else text_labels(list(areas), "The areas")
    found = text_labels(distinct, "The borders") if distinct else np.array([], np.str_)
    if listed_areas is not None:
        extra = sorted(set(found.tolist()) - set(listed_areas.tolist()))
        if extra:
            raise DataError(f"Borders name areas that areas= lacks: {listed(map(repr, extra))}.")
        found = listed_areas
    if not len(found):
        raise DataError("There is no area: the table of borders is empty and areas= not given.")
    labels = np.sort(found)
    place = pd.Index(labels.astype(object))
    i, j = (place.get_indexer(pd.Index(side, dtype=object)) for side in (left, right))
    own = np.unique(labels[i[i == j]])
    if len(own):
        raise DataError(f"Areas border themselves: {listed(own)}. Leave these rows out.")
    pairs = np.unique(np.sort(np.stack([i, j], axis=1).astype(np.int64), axis=1), axis=0)
    return Graph(labels, pairs.reshape(-1, 2))


def _columns(table: pd.DataFrame) -> tuple[list[Any], list[Any]]:
    if table.shape[1] != 2:
        raise ArgumentError(
            f"A table of borders has two columns of labels, not {table.shape[1]} "
            f"({listed(table.columns)}): choose them, as in edges[['from', 'to']]. Weights are "
            "not taken: every border counts one."
        )
    return table.iloc[:, 0].tolist(), table.iloc[:, 1].tolist()


def _contiguity(source: Any, column: str | None) -> Any:
    """Return libpysal's graph of areas that share a point or more (queen)."""
    if column is not None and column not in source.columns:
        raise ArgumentError(f"The map has no column {column!r}: it has {listed(source.columns)}.")
    try:
        contiguity = import_module("libpysal.graph").Graph.build_contiguity
    except ImportError as error:
        raise MissingDependencyError(
            'Who borders whom on a map is found by libpysal: pip install "bayes_glmm[spatial]", or '
            "give a table with two columns of labels."
        ) from error
    areas = source if column is None else source.set_index(column)
    labels = text_labels(areas.index, "The areas of the map")
    shapeless = (areas.geometry.isna() | areas.geometry.is_empty).to_numpy()
    if shapeless.any():
        raise DataError(
            f"Areas without a shape: {listed(map(repr, labels[shapeless].tolist()))}. Leave them "
            "out, or give a table of borders and all areas in areas=."
        )
    kinds = sorted({str(k) for k in areas.geom_type} - {"Polygon", "MultiPolygon"})
    if kinds:
        raise DataError(
            f"The map holds {listed(kinds)}: who borders whom needs polygons. Places that are "
            "points have neighbours by bg.nearest_neighbours()."
        )
    return contiguity(areas, rook=False)


def _libpysal(source: Any, areas: Iterable[str] | None) -> Graph:
    """Read the series of weights by (focal, neighbor); islands have a zero with themselves."""
    weights = source.adjacency
    if callable(weights) or not isinstance(weights, pd.Series) or weights.index.nlevels != 2:
        raise ArgumentTypeError(
            "The graph has no series of adjacencies: use libpysal.graph.Graph, or a table with two "
            "columns of labels."
        )
    focal, other = (weights.index.get_level_values(k).tolist() for k in (0, 1))
    pairs = [(a, b, w) for a, b, w in zip(focal, other, weights, strict=True) if a != b]
    wrong = sorted({str(a) for a, _, w in pairs if w != 1})
    if wrong:
        raise DataError(
            f"Borders have weights other than one, at {listed(wrong)}: every border counts one, so "
            "give the graph before it is standardised (transform 'B')."
        )
    everyone = list(dict.fromkeys([*focal, *other])) if areas is None else areas
    return graph_of([a for a, _, _ in pairs], [b for _, b, _ in pairs], everyone)
