r"""Sparse precision matrices of fields at unit scale, as functions of their parameters.

Three forms serve all blocks: a sum of fixed matrices, :math:`Q(\rho) = \sum_k a_k(\rho) M_k`; a
recursion, in which each node is normal given earlier ones; the inverse of a dense covariance.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Values

STEP = 1e-30


class Precision(ABC):
    r"""The precision of a field, :math:`p(u) \propto \exp(-u'Q(\rho)u/2)`.

    Each matrix accepts real and complex parameters. Derivatives use the complex step [1]_,
    :math:`Q'(\rho) = \mathrm{Im}\,Q(\rho + ih) / h`, exact to rounding.

    Attributes
    ----------
    stems : tuple of str
        The parameters that it depends on.

    References
    ----------
    .. [1] Squire & Trapp (1998). Using complex variables to estimate derivatives of real
       functions. *SIAM Review* 40, 110-112. doi:10.1137/S003614459631241X
    """

    stems: tuple[str, ...]

    @property
    @abstractmethod
    def size(self) -> int:
        """Number of nodes."""

    @property
    def constraint(self) -> sp.csr_matrix:
        """Rows C of ``C u = 0``, shape (n_constraints, size): one for each part with a free level."""
        return sp.csr_matrix((0, self.size))

    @property
    def rank(self) -> int:
        """Dimension of the space in which the field lies."""
        return self.size - self.constraint.shape[0]

    @property
    def elimination(self) -> Places | None:
        """An elimination order with little fill-in, where one is known."""
        return None

    @property
    @abstractmethod
    def pattern(self) -> sp.csc_matrix:
        """The sparsity pattern of Q for any parameters: ones, shape (size, size)."""

    @abstractmethod
    def matrix(self, hyper: Values) -> sp.csc_matrix:
        """Return Q for real or complex parameters: both triangles, shape (size, size)."""

    @abstractmethod
    def log_volume(self, hyper: Values) -> Any:
        r"""Return :math:`\log|Q|` for real or complex parameters.

        With constraints it is the determinant on their null space: the sum of the logarithms of
        the non-zero eigenvalues.
        """

    def derivative(self, hyper: Values) -> dict[str, sp.csc_matrix]:
        """Return the derivative of Q by each parameter, on the pattern of Q."""
        derivatives = {}
        for stem in self.stems:
            stepped = self.matrix(_stepped(hyper, stem))
            derivatives[stem] = sp.csc_matrix(stepped.imag / STEP)
        return derivatives

    def log_determinant(self, hyper: Values) -> float:
        """Return the logarithm of the (pseudo-)determinant of Q."""
        return float(np.real(self.log_volume(hyper)))

    def log_determinant_derivative(self, hyper: Values) -> dict[str, float]:
        """Return the derivative of :meth:`log_determinant` by each parameter."""
        return {
            stem: float(np.imag(self.log_volume(_stepped(hyper, stem))) / STEP)
            for stem in self.stems
        }


def _ones(matrix: Any) -> sp.csc_matrix:
    pattern = sp.csc_matrix(matrix)
    pattern.data = np.ones(pattern.nnz)
    return pattern


def _stepped(hyper: Values, stem: str) -> dict[str, Any]:
    return {**hyper, stem: hyper[stem] + 1j * STEP}


@dataclass(frozen=True, eq=False)
class SumPrecision(Precision):
    r""":math:`Q(\rho) = \sum_k a_k(\rho) M_k`.

    Attributes
    ----------
    parts : tuple of sparse matrix, shape (size, size)
        The :math:`M_k`, symmetric.
    weights : callable
        Parameters and :class:`Maths` -> the :math:`a_k`, as many as parts.
    volume : callable
        Parameters and :class:`Maths` -> :math:`\log|Q|`.
    stems : tuple of str
    fixed : sparse matrix, shape (n_constraints, size), or None
        The constraints, if there are any.
    """

    parts: tuple[sp.csc_matrix, ...]
    weights: Callable[[Values, Maths], Sequence[Any]]
    volume: Callable[[Values, Maths], Any]
    stems: tuple[str, ...] = ()
    fixed: sp.csr_matrix | None = None

    @property
    def size(self) -> int:
        """Number of nodes."""
        return int(self.parts[0].shape[0])

    @property
    def constraint(self) -> sp.csr_matrix:
        """The constraints."""
        return super().constraint if self.fixed is None else self.fixed

    @property
    def pattern(self) -> sp.csc_matrix:
        """The union of the parts' patterns."""
        return _ones(sum(abs(part) for part in self.parts))

    def matrix(self, hyper: Values) -> sp.csc_matrix:
        """Return the sum."""
        pairs = zip(self.weights(hyper, NUMPY), self.parts, strict=True)
        return sp.csc_matrix(sum(weight * part for weight, part in pairs))

    def log_volume(self, hyper: Values) -> Any:
        """Return the stated log-determinant."""
        return self.volume(hyper, NUMPY)


def constant(
    matrix: Any, log_determinant: float, fixed: sp.csr_matrix | None = None
) -> SumPrecision:
    """Return a precision without parameters."""
    return SumPrecision(
        (sp.csc_matrix(matrix),), lambda _, __: (1.0,), lambda _, __: log_determinant, (), fixed
    )


def identity(size: int) -> SumPrecision:
    """Return the precision of independent nodes of variance one."""
    return constant(sp.identity(size, format="csc"), 0.0)


@dataclass(frozen=True, eq=False)
class RecursivePrecision(Precision):
    r"""Each node given earlier ones, :math:`u_i \sim N(\sum_k w_{ik} u_{p(i,k)}, s_i^2)`.

    With W the weights, :math:`Q = (I - W)' S^{-2} (I - W)` and :math:`\log|Q| = -2\sum\log s_i`;
    eliminating the last nodes first adds no entry to I - W.

    Attributes
    ----------
    parents : ndarray of int, shape (size, n_parents)
        -1 for none, otherwise below the row's own number.
    steps : callable
        Parameters and :class:`Maths` -> weights, shape (size, n_parents), and sds, (size,).
    stems : tuple of str
    """

    parents: Places
    steps: Callable[[Values, Maths], tuple[Any, Any]]
    stems: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.parents)

    @property
    def elimination(self) -> Places:
        """The last nodes first."""
        return np.arange(self.size)[::-1]

    @property
    def pattern(self) -> sp.csc_matrix:
        """Nodes, their parents, and the parents of one node among themselves."""
        T = self._system(-np.ones((1, 1)))
        return _ones(T.T @ T)

    def matrix(self, hyper: Values) -> sp.csc_matrix:
        """Return ``(I - W)' S^-2 (I - W)``."""
        weights, sd = self.steps(hyper, NUMPY)
        T = self._system(weights)
        return sp.csc_matrix(T.T @ sp.diags(1 / sd**2) @ T)

    def _system(self, weights: Any) -> sp.csr_matrix:
        """Return ``I - W``."""
        rows, columns = np.nonzero(self.parents >= 0)
        given = np.broadcast_to(weights, self.parents.shape)[rows, columns]
        entries = (given, (rows, self.parents[rows, columns]))
        W = sp.csr_matrix(entries, shape=(self.size, self.size))
        return sp.csr_matrix(sp.identity(self.size) - W)

    def log_volume(self, hyper: Values) -> Any:
        """Return ``-2 sum(log s)``."""
        return -2 * np.log(self.steps(hyper, NUMPY)[1]).sum()


@dataclass(frozen=True, eq=False)
class DensePrecision(Precision):
    """The inverse of a dense covariance.

    Attributes
    ----------
    nodes : int
    covariance : callable
        Parameters and :class:`Maths` -> the covariance, shape (nodes, nodes).
    stems : tuple of str
    """

    nodes: int
    covariance: Callable[[Values, Maths], Array]
    stems: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Number of nodes."""
        return self.nodes

    @property
    def pattern(self) -> sp.csc_matrix:
        """Full: ones everywhere."""
        return sp.csc_matrix(np.ones((self.nodes, self.nodes)))

    def matrix(self, hyper: Values) -> sp.csc_matrix:
        """Return the inverse; all its entries are stored."""
        return sp.csc_matrix(np.linalg.inv(self.covariance(hyper, NUMPY)))

    def log_volume(self, hyper: Values) -> Any:
        """Return minus the log-determinant of the covariance."""
        sign, size = np.linalg.slogdet(self.covariance(hyper, NUMPY))
        return -(size + 1j * np.angle(sign))
