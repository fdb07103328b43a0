"""Nearest neighbours among earlier places, for nearest-neighbour Gaussian processes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.kernels import embed, measure
from bayes_glmm.model.blocks.array_types import Array, Places, Text
from bayes_glmm.model.blocks.nearest import NearestFactor
from bayes_glmm.structures.spatial_fields import sites_of

NEIGHBOURS = 15
_NOWHERE = 1e100


def nearest_factor(
    levels: Text, points: Array, kernel: str, distance: str, sampled: Text | None
) -> NearestFactor:
    """Prepare a nearest-neighbour Gaussian process at the places of some levels."""
    places, names, rows = sites_of(points, sampled, shuffle=True)
    embedded = embed(places, distance)
    parents = earlier_neighbours(embedded, min(NEIGHBOURS, max(len(names) - 1, 1)))
    near = embedded[np.maximum(parents, 0)]
    gone = parents < 0
    towards = measure(np.linalg.norm(near - embedded[:, None], axis=2), distance)
    between = measure(np.linalg.norm(near[:, :, None] - near[:, None], axis=3), distance)
    towards[gone] = _NOWHERE
    between[gone[:, :, None] | gone[:, None, :]] = _NOWHERE
    np.einsum("ijj->ij", between)[:] = 0.0
    return NearestFactor(levels, names, kernel, parents, between, towards, rows)


def earlier_neighbours(places: Array, m: int) -> Places:
    """Return the ``m`` nearest among the places before each; -1 where there are fewer.

    Blocks of places double in size. Each block queries a tree of all places up to its end; at
    least half of these come before the block.

    Returns
    -------
    ndarray of int64, shape (n, m)
    """
    from scipy.spatial import cKDTree

    n = len(places)
    neighbours = np.full((n, m), -1, dtype=np.int64)
    begin = 1
    while begin < n:
        end = min(2 * begin, n)
        tree, waiting, asked = cKDTree(places[:end]), np.arange(begin, end), 4 * m
        while len(waiting):
            asked = min(asked, end)
            near = tree.query(places[waiting], asked)[1].reshape(len(waiting), asked)
            earlier = near < waiting[:, None]
            enough = (earlier.sum(axis=1) >= np.minimum(m, waiting)) | (asked == end)
            _take(neighbours, waiting[enough], near[enough], earlier[enough])
            waiting, asked = waiting[~enough], 2 * asked
        begin = end
    return neighbours


def _take(neighbours: Places, rows: Places, near: Places, earlier: NDArray[np.bool_]) -> None:
    m = neighbours.shape[1]
    number = np.cumsum(earlier, axis=1) - 1
    row, column = np.nonzero(earlier & (number < m))
    neighbours[rows[row], number[row, column]] = near[row, column]
