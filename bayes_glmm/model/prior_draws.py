"""Draws from the priors: what blocks take theirs from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.variables import element
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PriorDraws:
    """Priors, how many draws, and where they come from.

    Attributes
    ----------
    priors : mapping of str to Prior
        By plain names.
    n : int
        Number of draws.
    rng : numpy.random.Generator
    values : dict of str to ndarray, shape (n, ...)
        What was drawn before.
    """

    priors: Mapping[str, Prior]
    n: int
    rng: np.random.Generator
    values: dict[str, Any] = field(default_factory=dict)

    def number(self, name: str) -> Array:
        """Draw one number, shape (n,)."""
        return self.numbers(name, self.n)

    def numbers(self, name: str, size: int | tuple[int, ...]) -> Array:
        """Draw several of one prior, shape ``size``."""
        return np.asarray(self.priors[name].frozen.rvs(size=size, random_state=self.rng), float)

    def vector(self, name: str, labels: Sequence[str]) -> Array:
        """Draw numbers that have a prior each, shape (n, n_labels)."""
        return np.column_stack([self.number(element(name, label)) for label in labels])


def lkj_factors(q: int, eta: float, n: int, rng: np.random.Generator) -> Array:
    """Draw Cholesky factors of correlation matrices by the onion method, shape (n, q, q).

    References
    ----------
    .. [1] Lewandowski, Kurowicka & Joe (2009). Generating random correlation matrices.
       *J. Multivariate Analysis* 100, 1989-2001. doi:10.1016/j.jmva.2009.04.008
    """
    L = np.zeros((n, q, q))
    L[:, 0, 0] = 1.0
    for i in range(1, q):
        square = rng.beta(i / 2, eta + (q - 1 - i) / 2, n)
        direction = rng.standard_normal((n, i))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        L[:, i, :i] = np.sqrt(square)[:, None] * direction
        L[:, i, i] = np.sqrt(1 - square)
    return L
