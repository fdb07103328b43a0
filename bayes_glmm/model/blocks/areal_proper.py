"""Proper fields on a map whose dependence is a parameter: dense, by eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.array_types import Array, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import SumPrecision
from bayes_glmm.model.blocks.unit_field import UnitField, indicator


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
    borders : sparse matrix, shape (n, n)
        One for every two neighbours.
    """

    places: NDArray[np.int64]
    vectors: Array
    values: Array
    divisor: Array
    borders: sp.csr_matrix

    def effect(self, z: Any, precisions: Any, maths: Maths) -> Any:
        """Return effects whose variances have a geometric mean of one.

        The root of the precision is the symmetric one: it does not depend on the
        choice of eigenvectors, so that latents mean the same on every machine.
        """
        V, each = self.vectors, 1 / self.divisor[:, None]
        root = maths.column(1 / maths.sqrt(precisions))
        field = each * maths.product(V, root * maths.product(V.T, z))
        return field * maths.exp(-self.log_typical(precisions, maths) / 2)

    def log_typical(self, precisions: Any, maths: Maths) -> Any:
        """Return the mean of the logarithms of the variances that are not yet scaled, (1, 1)."""
        V, each = self.vectors, 1 / self.divisor[:, None]
        variance = each**2 * maths.product(V**2, maths.column(1 / precisions))
        return maths.product(np.full((1, len(V)), 1 / len(V)), maths.log(variance))

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
        return self.node_values(z, hyper, maths)[self.rows]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values of all areas, parts and lone areas laid end to end."""
        blocks = [
            part.effect(z[part.places], self._precisions(part, hyper), maths) for part in self.parts
        ]
        return maths.stack_rows([*blocks, z[self.lone]])

    def field(self) -> UnitField:
        r"""Return the values of all areas.

        In one connected part :math:`Q = g(\rho) (\rho R + (1 - \rho) I)` (Leroux) or
        :math:`g(\rho) (D - \rho W)` (CAR), and :math:`\log|Q|` follows from the eigenvalues.
        """
        laid = np.concatenate([*(p.places for p in self.parts), self.lone]).astype(np.int64)
        n = len(laid)
        matrices, end = [], 0
        for part in self.parts:
            number = sp.diags(np.asarray(part.borders.sum(axis=1)).ravel())
            pair = (number - part.borders, sp.identity(len(part.places)))
            for matrix in pair if self.model == "leroux" else (number, -part.borders):
                matrices.append(_placed(matrix, end, n))
            end += len(part.places)
        matrices.append(_placed(sp.identity(len(self.lone)), end, n))
        precision = SumPrecision(tuple(matrices), self._weights, self._log_volume, ("mix",))
        return UnitField(self.nodes[laid], precision, indicator(self.rows, n))

    def _weights(self, hyper: Values, maths: Maths) -> list[Any]:
        """Return the weights of the fixed matrices, two for each part."""
        mix, found = hyper["mix"], []
        for part in self.parts:
            g = maths.exp(part.log_typical(self._precisions(part, hyper), maths))[0, 0]
            found += [g * mix, g * (1 - mix)] if self.model == "leroux" else [g, g * mix]
        return [*found, 1.0]

    def _log_volume(self, hyper: Values, maths: Maths) -> Any:
        """Return the log-determinant of the precision."""
        total: Any = 0.0
        for part in self.parts:
            each = self._precisions(part, hyper)
            typical = part.log_typical(each, maths)[0, 0]
            own = maths.log(each).sum() + 2 * np.log(part.divisor).sum()
            total = total + len(part.places) * typical + own
        return total

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


def _placed(matrix: Any, begin: int, n: int) -> sp.csc_matrix:
    """Return a matrix as a diagonal block of a larger one."""
    block = sp.coo_matrix(matrix)
    entries = (block.data, (block.row + begin, block.col + begin))
    return sp.csc_matrix(entries, shape=(n, n))
