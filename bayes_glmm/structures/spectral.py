"""Proper fields on a map whose dependence is a parameter: dense, by eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import linalg

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.structures.adjacency import Graph
from bayes_glmm.structures.laplacian import precision
from bayes_glmm.structures.structure import Array, Factor, Text, Values


@dataclass(frozen=True, eq=False)
class Part:
    """One connected part of a map.

    Attributes
    ----------
    places : ndarray of int, shape (n,)
        Its areas.
    vectors : ndarray, shape (n, n)
    values : ndarray, shape (n,)
        Eigenvectors and eigenvalues of the Laplacian (Leroux), or of the borders
        divided by the square roots of both numbers of neighbours (CAR).
    divisor : ndarray, shape (n,)
        Square root of the number of neighbours (CAR), or one (Leroux).
    """

    places: NDArray[np.int64]
    vectors: Array
    values: Array
    divisor: Array

    def effect(self, z: Any, precisions: Any, maths: Maths) -> Any:
        """Return effects whose variances have a geometric mean of one.

        The root of the precision is the symmetric one: it does not depend on the
        choice of eigenvectors, so that latents mean the same on every machine.
        """
        V, each = self.vectors, 1 / self.divisor[:, None]
        root = maths.column(1 / maths.sqrt(precisions))
        field = each * maths.product(V, root * maths.product(V.T, z))
        variance = each**2 * maths.product(V**2, maths.column(1 / precisions))
        typical = maths.product(np.full((1, len(V)), 1 / len(V)), maths.log(variance))
        return field * maths.exp(-typical / 2)

    def means(self, share: Array, precisions: Array) -> tuple[float, float]:
        """Return weighted sums of the covariance's diagonal and of all of it."""
        variance = (self.vectors**2 @ (1 / precisions)) / self.divisor**2
        waves = self.vectors.T @ (share / self.divisor)
        typical = np.exp(np.log(variance).mean())
        return float(share @ variance / typical), float(waves @ (waves / precisions) / typical)


@dataclass(frozen=True, eq=False)
class SpectralFactor(Factor):
    """Leroux's field or a proper CAR.

    Attributes
    ----------
    model : {"leroux", "car"}
    parts : tuple of Part
        Connected parts of two areas and more.
    lone : ndarray of int
        Areas without a neighbour: independent, variance one.
    rows : ndarray of int, shape (n_levels,)
        Each level's place when parts and lone areas are laid end to end.
    """

    diagonal: ClassVar[bool] = True
    model: str
    parts: tuple[Part, ...]
    lone: NDArray[np.int64]
    rows: NDArray[np.int64]

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        blocks = [
            part.effect(z[part.places], self._precisions(part, hyper), maths) for part in self.parts
        ]
        return maths.stack_rows([*blocks, z[self.lone]])[self.rows]

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return the means of the covariance's diagonal and of all of it."""
        laid = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        diagonal = whole = 0.0
        for part in self.parts:
            share, laid = laid[: len(part.places)], laid[len(part.places) :]
            one, all_ = part.means(share, self._precisions(part, hyper))
            diagonal, whole = diagonal + one, whole + all_
        return float(diagonal + laid.sum()), float(whole + laid @ laid)

    def _precisions(self, part: Part, hyper: Values) -> Any:
        mix = hyper["mix"]
        return mix * part.values + (1 - mix) if self.model == "leroux" else 1 - mix * part.values


def spectral_factor(
    graph: Graph, model: str, levels: Text, rows: NDArray[np.int64]
) -> SpectralFactor:
    """Prepare Leroux's field or a proper CAR; every area keeps its latent."""
    sizes = np.bincount(graph.component)
    members = np.split(np.argsort(graph.component, kind="stable"), np.cumsum(sizes)[:-1])
    parts = tuple(_part(graph, model, places) for places in members if len(places) > 1)
    lone = np.flatnonzero(graph.island)
    laid = np.concatenate([*(p.places for p in parts), lone]).astype(np.int64)
    place = np.empty_like(laid)
    place[laid] = np.arange(len(laid))
    return SpectralFactor(levels, graph.labels, model, parts, lone, place[rows])


def _part(graph: Graph, model: str, places: NDArray[np.int64]) -> Part:
    R: sp.csr_matrix = precision(graph)[places][:, places]
    if model == "leroux":
        values, vectors = linalg.eigh(R.toarray())
        return Part(places, vectors, np.maximum(values, 0.0), np.ones(len(places)))
    root = np.sqrt(R.diagonal())
    values, vectors = linalg.eigh((sp.diags(R.diagonal()) - R).toarray() / np.outer(root, root))
    return Part(places, vectors, np.clip(values, -1.0, 1.0), root)
