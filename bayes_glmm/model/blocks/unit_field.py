r"""A latent Gaussian field at unit scale, and its map to the effects of levels.

Given parameters :math:`\rho`, :math:`u \sim N(0, Q(\rho)^{-1})`, and the effects of the levels in
units of their standard deviation are :math:`A D(\rho) u`. With several correlated terms each node
has a row of them, and the precision is :math:`Q \otimes R^{-1}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Text, Values
from bayes_glmm.model.blocks.field_precision import Precision, identity

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class UnitField:
    """Nodes of a field, their precision, and the map from nodes to levels.

    Attributes
    ----------
    nodes : ndarray of str, shape (n_nodes,)
        Labels; a node keeps its meaning when levels are added.
    precision : Precision
    levels : sparse matrix, shape (n_levels, n_nodes)
        The effect of each level from the scaled nodes: A.
    scales : callable or None
        Parameters and :class:`Maths` -> the size of each node, shape (n_nodes,): D. None where
        all are one.
    """

    nodes: Text
    precision: Precision
    levels: sp.csr_matrix
    scales: Callable[[Values, Maths], Any] | None = None

    def scale(self, hyper: Values, maths: Maths = NUMPY) -> Any:
        """Return the size of each node, shape (n_nodes,)."""
        return np.ones(len(self.nodes)) if self.scales is None else self.scales(hyper, maths)

    def effects(self, u: Array, hyper: Values) -> Array:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return np.asarray(self.levels @ (self.scale(hyper)[:, None] * u))

    def log_density(self, u: Array, hyper: Values, R: Array) -> float:
        r"""Return the log-density of the field.

        It is :math:`\tfrac12(\log|Q \otimes R^{-1}| - r \log 2\pi - u'(Q \otimes R^{-1})u)` with
        r the rank: with constraints the density on their null space.

        Parameters
        ----------
        u : ndarray, shape (n_nodes, n_terms)
        hyper : mapping of str to float
        R : ndarray, shape (n_terms, n_terms)
            Correlations of the terms.
        """
        q, rank = len(R), self.precision.rank
        Q = correlated(self.precision.matrix(hyper), R)
        volume = q * self.precision.log_determinant(hyper) - rank * np.linalg.slogdet(R)[1]
        x = np.ravel(u)
        return float(volume - rank * q * LOG_2PI - x @ (Q @ x)) / 2

    def conditional(
        self, known: UnitField, u: Array, hyper: Values, among: Any = slice(None)
    ) -> tuple[Array, Array]:
        r"""Return mean and covariance of unit-scale effects given another field's nodes.

        Nodes of both are the same by their labels. With k the known nodes and n the others,
        :math:`u_n \mid u_k \sim N(-Q_{nn}^{-1} Q_{nk} u_k, Q_{nn}^{-1})`.

        Parameters
        ----------
        known : UnitField
            That of the levels with data; all of its nodes are among this field's.
        u : ndarray, shape (n_known_nodes, n_terms)
        among : index
            The levels that are asked for.

        Returns
        -------
        mean : ndarray, shape (n_levels, n_terms)
        covariance : ndarray, shape (n_levels, n_levels)
            Of each term; of terms with correlations R it is the Kronecker product with R.
        """
        places = places_among(self.nodes, known.nodes)
        old = places >= 0
        Q = self.precision.matrix(hyper).toarray()
        covariance = np.linalg.inv(Q[np.ix_(~old, ~old)])
        mean = np.zeros((len(old), u.shape[1]))
        mean[old] = u[places[old]]
        mean[~old] = -covariance @ Q[np.ix_(~old, old)] @ mean[old]
        AD = (self.levels @ sp.diags(self.scale(hyper))).toarray()[among]
        new = AD[:, ~old]
        return AD @ mean, new @ covariance @ new.T


def correlated(Q: sp.csc_matrix, R: Array) -> sp.csc_matrix:
    """Return the precision of nodes by terms, node after node: ``Q`` times the inverse of R."""
    return sp.csc_matrix(sp.kron(Q, np.linalg.inv(R)))


def indicator(places: Places, size: int) -> sp.csr_matrix:
    """Return the matrix that picks a node for each level; rows of -1 are zero."""
    rows = np.flatnonzero(places >= 0)
    entries = (np.ones(len(rows)), (rows, places[rows]))
    return sp.csr_matrix(entries, shape=(len(places), size))


def places_among(labels: Text, known: Text) -> Places:
    """Return the position of each label among known ones, -1 where it is not known."""
    place = {label: i for i, label in enumerate(known.tolist())}
    return np.array([place.get(label, -1) for label in labels.tolist()], np.int64)


def independent(levels: Text) -> UnitField:
    """Return the field of levels that are not related."""
    n = len(levels)
    return UnitField(levels, identity(n), indicator(np.arange(n), n))
