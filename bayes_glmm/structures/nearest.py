"""Fields over many places: each place given its nearest neighbours among those before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.maths.kernels import FAR, KERNELS, NUGGET, embed, measure
from bayes_glmm.structures.spatial_fields import sites_of
from bayes_glmm.structures.structure import Array, Factor, Text, Values

type Places = NDArray[np.int64]
NEIGHBOURS = 15
_NOWHERE = 1e100


@dataclass(frozen=True, eq=False)
class NearestFactor(Factor):
    """A nearest-neighbour Gaussian process (Vecchia's approximation).

    Attributes
    ----------
    kernel : str
    parents : ndarray of int, shape (n_nodes, n_neighbours)
    between : ndarray, shape (n_nodes, n_neighbours, n_neighbours)
        Distances between the neighbours of each place.
    towards : ndarray, shape (n_nodes, n_neighbours)
        Distances from each place to its neighbours.
    rows : ndarray of int, shape (n_levels,)
        Each level's place.

    References
    ----------
    .. [1] Datta A, Banerjee S, Finley AO, Gelfand AE (2016). Hierarchical
       nearest-neighbor Gaussian process models for large geostatistical datasets.
       doi:10.1080/01621459.2015.1044091
    .. [2] Guinness J (2018). Permutation and grouping methods for sharpening Gaussian
       process approximations. doi:10.1080/00401706.2018.1437476
    """

    kernel: str
    parents: Places
    between: Array
    towards: Array
    rows: Places

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        if maths is NUMPY:
            weights, sd = conditionals(self.kernel, self.between, self.towards, hyper["range"])
        else:
            from bayes_glmm.maths.nearest_ops import symbolic

            weights, sd = symbolic(self.kernel, self.between, self.towards, hyper["range"])
        return maths.descend(self.parents, weights, maths.column(sd) * z)[self.rows]

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return one, the variance of the field that is approximated, and the covariance's mean."""
        weights, sd = conditionals(self.kernel, self.between, self.towards, hyper["range"])
        share = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        back = sd * sweep.ascend(self.parents, weights, share[:, None])[:, 0]
        return 1.0, float(back @ back)


def conditionals(kernel: str, between: Array, towards: Array, reach: Any) -> tuple[Array, Array]:
    """Return the weights of each place's neighbours, and the sd of the remainder."""
    keep = 1 - NUGGET[kernel]
    eye = np.eye(towards.shape[1])
    C = keep * KERNELS[kernel](np.minimum(between / reach, FAR), NUMPY)
    C = np.where(eye > 0, 1.0, C)
    c = keep * KERNELS[kernel](np.minimum(towards / reach, FAR), NUMPY)
    weights = np.linalg.solve(C, c[:, :, None])[:, :, 0]
    return weights, np.sqrt(np.maximum(1 - (weights * c).sum(axis=1), 0.0))


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

    Places are taken in blocks that double in size, each from a tree of all up to its
    end, of which at least half are earlier.

    Returns
    -------
    ndarray of int64, shape (n, m)
    """
    n = len(places)
    found = np.full((n, m), -1, dtype=np.int64)
    begin = 1
    while begin < n:
        end = min(2 * begin, n)
        tree, waiting, asked = cKDTree(places[:end]), np.arange(begin, end), 4 * m
        while len(waiting):
            asked = min(asked, end)
            near = tree.query(places[waiting], asked)[1].reshape(len(waiting), asked)
            earlier = near < waiting[:, None]
            enough = (earlier.sum(axis=1) >= np.minimum(m, waiting)) | (asked == end)
            _take(found, waiting[enough], near[enough], earlier[enough])
            waiting, asked = waiting[~enough], 2 * asked
        begin = end
    return found


def _take(found: Places, rows: Places, near: Places, earlier: NDArray[np.bool_]) -> None:
    m = found.shape[1]
    number = np.cumsum(earlier, axis=1) - 1
    row, column = np.nonzero(earlier & (number < m))
    found[rows[row], number[row, column]] = near[row, column]
