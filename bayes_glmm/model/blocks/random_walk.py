r"""``rw(time, group)``: random walks of first or second order in each group, at any spacing.

A walk of order one is Brownian motion, one of order two an integrated Wiener process, whose slope
is Brownian motion [1]_. Both leave the level free, the second also the slope: their law is one of
contrasts, with the generalised covariance

.. math:: G_1(h) = -|h| / 2, \qquad G_2(h) = |h|^3 / 12.

The intercept and the covariates carry level and trend. In each group the values at the training
times therefore sum to zero; with order two, so do their products with time. With B an orthonormal
basis of the complement, the values are normal with covariance :math:`B (B'GB) B'`. One divisor for
all groups sets the geometric mean of the variances to one [2]_: the standard deviation means the
same for any unit of time and any number of times.

References
----------
.. [1] Lindgren & Rue (2008). On the second-order random walk model for irregular locations.
   *Scandinavian Journal of Statistics* 35, 691-700. doi:10.1111/j.1467-9469.2008.00610.x
.. [2] Sørbye & Rue (2014). Scaling intrinsic Gaussian Markov random field priors in spatial
   modelling. *Spatial Statistics* 8, 39-51. doi:10.1016/j.spasta.2013.06.004
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import solve_triangular

from bayes_glmm.errors import ArgumentError, listed
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Text, Values
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import constant
from bayes_glmm.model.blocks.process import Learned, TimeProcess, ordered, parsed
from bayes_glmm.model.blocks.unit_field import UnitField, indicator


@dataclass(frozen=True)
class RandomWalk(TimeProcess):
    """A random walk in each group.

    Attributes
    ----------
    order : {1, 2}
        Order of the differences that are independent at equal spacing.
    """

    order: int = 1

    @property
    def least_times(self) -> int:
        """One more than the number of constraints, on the level and the slope."""
        return self.order + 1

    def learn(self, levels: Text) -> dict[str, float]:
        """Return the unit of time, and the divisor of the variances."""
        gaps = [np.diff(times) for _, times in _groups(levels).values()]
        unit = float(np.median(np.concatenate(gaps))) if any(map(len, gaps)) else 1.0
        walks = self._walks(levels, levels, unit)
        variances = np.concatenate([(walk.root**2).sum(axis=1) for walk in walks if walk.rank])
        return {"unit": unit, "scale": float(np.exp(np.log(variances).mean()))}

    def factor(self, levels: Text, known: Text, learned: Learned) -> WalkFactor:
        """Return the walks; a new time is drawn given the training times of its group.

        A group without training rows is an independent walk.

        Raises
        ------
        ArgumentError
            A group has one training time, from which a walk of order two has no direction.
        """
        both = np.concatenate([known, levels[~np.isin(levels, known)]])
        walks = self._walks(both, known, learned["unit"])
        place = {
            name: i for i, name in enumerate(np.concatenate([w.levels for w in walks]).tolist())
        }
        rows = np.array([place[name] for name in levels.tolist()], dtype=np.int64)
        nodes = np.concatenate([walk.nodes for walk in walks])
        return WalkFactor(levels, nodes, tuple(walks), rows, learned["scale"])

    def _walks(self, levels: Text, known: Text, unit: float) -> list[Walk]:
        """Return the walk of each group, training times first."""
        walks: list[Walk] = []
        short: list[str] = []
        for name, (labels, times) in _groups(levels).items():
            old = np.isin(labels, known)
            old = old if old.any() else ~old
            order = np.argsort(~old, kind="stable")  # training times first, further ones after
            n = int(old.sum())
            short += [name] if n < min(self.order, len(labels)) else []
            walks.append(
                Walk(labels[order], (times[order] - times[old].mean()) / unit, n, self.order)
            )
        if short:
            raise ArgumentError(
                f"rw(order=2): the groups {listed(map(repr, short))} have one training time each, "
                "from which a walk has no direction: predict them with groups='population' or 'typical'."
            )
        return walks


def _groups(levels: Text) -> dict[str, tuple[Text, Array]]:
    """Return levels and times of each group, in order of time."""
    levels = ordered(levels)
    codes, names, times = parsed(levels)
    return {name: (levels[codes == g], times[codes == g]) for g, name in enumerate(names.tolist())}


@dataclass(frozen=True, eq=False)
class Walk:
    """The walk of one group, not yet scaled.

    Attributes
    ----------
    levels : ndarray of str, shape (n_times,)
        Training levels, and further ones after them.
    times : ndarray, shape (n_times,)
    n_known : int
        How many levels are training levels.
    order : {1, 2}
    """

    levels: Text
    times: Array
    n_known: int
    order: int

    @property
    def trend(self) -> Array:
        """The constrained directions: level and, of order two, slope; (n_known, 1 or 2)."""
        n = self.n_known
        return np.vander(self.times[:n], min(self.order, n), increasing=True)

    @property
    def rank(self) -> int:
        """Number of latents."""
        return len(self.times) - self.trend.shape[1]

    @property
    def nodes(self) -> Text:
        """Labels of the latents: the levels, less one for each column of the trend."""
        return self.levels[self.trend.shape[1] :]

    @cached_property
    def _generalised(self) -> Array:
        distance = np.abs(self.times[:, None] - self.times)
        return -distance / 2 if self.order == 1 else distance**3 / 12

    @cached_property
    def _basis(self) -> Array:
        """Orthonormal basis of the trend's complement, shape (n_known, n_known - n_trend)."""
        return np.linalg.qr(self.trend, mode="complete")[0][:, self.trend.shape[1] :]

    @cached_property
    def _chol(self) -> Array:
        n, B = self.n_known, self._basis
        return np.linalg.cholesky(B.T @ self._generalised[:n, :n] @ B)

    @cached_property
    def _further(self) -> tuple[Array, Array]:
        """Weights of training values for further ones, and a root of the conditional covariance.

        This is universal kriging, the best linear prediction without bias in the trend: with K the
        generalised covariance and X the trend, the weights solve the system ``[[K, X], [X', 0]]``.
        """
        n, d = self.n_known, self.trend.shape[1]
        K, X = self._generalised, np.vander(self.times, d, increasing=True)
        system = np.block([[K[:n, :n], X[:n]], [X[:n].T, np.zeros((d, d))]])
        side = np.vstack([K[:n, n:], X[n:].T])
        solved = np.linalg.solve(system, side)
        return solved[:n].T, np.linalg.cholesky(K[n:, n:] - side.T @ solved)

    @cached_property
    def root(self) -> Array:
        """The values from the latents, shape (n_times, rank)."""
        n, root = self.n_known, self._basis @ self._chol
        if n == len(self.times):
            return root
        weights, chol = self._further
        return np.block([[root, np.zeros((n, len(chol)))], [weights @ root, chol]])

    def latents(self, values: Array) -> Array:
        """Return the latents of training values, shape (n_draws, rank, n_terms): those of :attr:`root`."""
        flat = np.moveaxis(self._basis.T @ values, 1, 0)
        z = solve_triangular(self._chol, flat.reshape(len(flat), -1), lower=True)
        return np.moveaxis(z.reshape(flat.shape), 0, 1)

    @property
    def precision(self) -> Array:
        """The precision of the values on the trend's complement, shape (n_times, n_times)."""
        n, B = self.n_known, self._basis
        precision = B @ np.linalg.inv(self._chol @ self._chol.T) @ B.T
        if n == len(self.times):
            return precision
        weights, chol = self._further
        P = np.linalg.inv(chol @ chol.T)
        return np.block([[precision + weights.T @ P @ weights, -weights.T @ P], [-P @ weights, P]])

    @property
    def log_determinant(self) -> float:
        """Log pseudo-determinant of the precision, on the trend's complement."""
        roots = [self._chol] + ([self._further[1]] if self.n_known < len(self.times) else [])
        return -2 * float(sum(np.log(np.diag(root)).sum() for root in roots))

    @property
    def constraint(self) -> Array:
        """Rows whose products with the values are zero, shape (1 or 2, n_times)."""
        further = len(self.times) - self.n_known
        return np.hstack([self.trend.T, np.zeros((self.trend.shape[1], further))])


@dataclass(frozen=True, eq=False)
class WalkFactor(Factor):
    """Walks of all groups, divided by one number.

    Attributes
    ----------
    walks : tuple of Walk
    rows : ndarray of int, shape (n_levels,)
        Each level's place among the levels of all walks.
    scale : float
        The divisor of the variances.
    """

    walks: tuple[Walk, ...]
    rows: Places
    scale: float

    @cached_property
    def _root(self) -> sp.csr_matrix:
        blocks = [sp.csr_matrix(walk.root) for walk in self.walks]
        return sp.csr_matrix(sp.block_diag(blocks) / np.sqrt(self.scale))

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return maths.product(self._root[self.rows], z)

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values at the times of all groups, shape (n_times, n_terms)."""
        return maths.product(self._root, z)

    def latents(self, values: Array, hyper: Values, rng: np.random.Generator) -> Array:
        """Return latents of training values, walk by walk."""
        out, at = [], 0
        for walk in self.walks:
            n = len(walk.times)
            out.append(walk.latents(values[:, at : at + n]) * np.sqrt(self.scale))
            at += n
        return np.concatenate(out, axis=1)

    def field(self) -> UnitField:
        """Return the field of values at the times of all groups, constrained by the trends."""
        Q = sp.block_diag([sp.csc_matrix(walk.precision) for walk in self.walks]) * self.scale
        fixed = sp.csr_matrix(
            sp.block_diag([sp.csr_matrix(walk.constraint) for walk in self.walks])
        )
        volume = sum(walk.log_determinant for walk in self.walks)
        volume += len(self.nodes) * np.log(self.scale)
        levels = np.concatenate([walk.levels for walk in self.walks])
        return UnitField(levels, constant(Q, volume, fixed), indicator(self.rows, len(levels)))
