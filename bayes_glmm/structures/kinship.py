"""A covariance that is known: a labelled matrix, such as kinship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.matrix import DenseFactor
from bayes_glmm.structures.labelled_matrices import checked, labelled, pivoted
from bayes_glmm.structures.structure import Structure


@dataclass(frozen=True, eq=False, repr=False)
class Kinship(Structure):
    """A known covariance matrix; made by :func:`kinship`.

    Attributes
    ----------
    matrix : ndarray, shape (n_labels, n_labels)
        In the order of ``labels``, which is that of text; the jitter is on its diagonal.
    jitter : float
    """

    kind: ClassVar[str] = "kinship"
    matrix: Array
    jitter: float = 0.0

    def prepare(self, levels: Text, sampled: Text | None = None) -> Factor:
        """Return a pivoted Cholesky factor: a node for every level that others do not fix.

        Takes memory for ``n_levels**2`` numbers and ``n_levels**3`` operations, once; a
        gradient of the log-density then takes ``n_levels**2``.
        """
        own = self.require(levels)
        first = np.zeros(0, np.intp) if sampled is None else self.require(sampled, "The nodes")
        others = np.setdiff1d(own, first)
        lower = np.linalg.cholesky(self.matrix[np.ix_(first, first)])
        cross = np.linalg.solve(lower, self.matrix[np.ix_(first, others)]).T
        rest = self.matrix[np.ix_(others, others)] - cross @ cross.T
        root, pivots = pivoted(rest, float(np.diag(self.matrix).max()))
        whole = np.zeros((len(self.labels), len(first) + len(pivots)))
        whole[first, : len(first)] = lower
        whole[others] = np.hstack([cross, root])
        places = np.concatenate([first, others[pivots]])
        return DenseFactor(levels, self.labels[places], whole[own], whole[places])

    def notes(self) -> tuple[str, ...]:
        """Say what was added to the diagonal."""
        return (f"{self.jitter:g} was added to the diagonal.",) if self.jitter else ()

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return labels, matrix and jitter."""
        return {"labels": self.labels, "matrix": self.matrix, "jitter": np.array(self.jitter)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what :meth:`to_arrays` wrote."""
        labels = np.asarray(arrays["labels"], dtype=np.str_)
        matrix = np.asarray(arrays["matrix"], float)
        if matrix.shape != (len(labels), len(labels)):
            raise ValueError(f"a matrix of shape {matrix.shape} for {len(labels)} labels")
        return cls(labels, matrix, float(arrays["jitter"]))


def kinship(K: Any, jitter: float | None = None) -> Kinship:
    """Take a known covariance of levels, such as relationships between animals.

    The matrix is used on its own scale: where its diagonal is one, ``sd_<level>`` is the
    standard deviation of a level. A matrix of deficient rank, such as a centred genomic
    one, is taken as it is.

    Parameters
    ----------
    K : pandas.DataFrame or xarray.DataArray, shape (n_labels, n_labels)
        Rows and columns labelled with text, in any order. Every level of the data must
        be among the labels; labels without data are allowed, and can be predicted.
    jitter : float, optional
        Added to the diagonal, in the units of ``K``; nothing is added unless given.

    Returns
    -------
    Kinship
        For ``structures={"A": ...}`` and ``(1 | gr(animal, A))``.

    Raises
    ------
    ArgumentTypeError
        ``K`` has no labels, or labels that are not text.
    ArgumentError
        Labels that differ between rows and columns, stand twice or can be mistaken for
        one another; values that are missing or not symmetric; a negative eigenvalue;
        levels that are copies of one another.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> names = ["dam", "sire", "calf"]
    >>> K = pd.DataFrame([[1, 0, 0.5], [0, 1, 0.5], [0.5, 0.5, 1]], names, names)
    >>> bg.kinship(K).labels.tolist()
    ['calf', 'dam', 'sire']
    """
    labels, matrix = labelled(K, "K")
    added = 0.0 if jitter is None else amount(jitter)
    matrix = matrix + added * np.eye(len(labels))
    return Kinship(labels, checked(labels, matrix, "K"), added)


def amount(jitter: float) -> float:
    """Return what is added to the diagonal.

    Raises
    ------
    ArgumentError
        It is no number from 0.
    """
    number = isinstance(jitter, int | float | np.number) and not isinstance(jitter, bool)
    if not number or not 0 <= jitter < np.inf:
        raise ArgumentError(f"jitter={jitter!r}: give a number from 0 that is not infinite.")
    return float(jitter)
