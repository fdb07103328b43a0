"""Rows as the checks of the response see them: copies, and summaries of collapsed rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayes_glmm.answers.compare.pointwise import unweighted
from bayes_glmm.answers.predict.expected import take
from bayes_glmm.answers.predict.represented import collapsed_column, copies
from bayes_glmm.families.censoring import WEIGHTS
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
MOST = 100_000
"""Copies that are looked at; of more, evenly spaced ones."""


def by_copies(fit: Fit) -> Fit:
    """Return the fit with a row of weight ``w`` as ``w`` rows, and without rows of weight zero.

    What the rows of a table are like, how many of them are zero, say, is then what they are like
    that are weighted. Weights that are not whole are rounded in such a way that the shares are
    kept. Summaries of collapsed rows are no copies, and stay.
    """
    if WEIGHTS not in fit.design.modifiers or is_summary(fit):
        return fit
    reach = np.cumsum(copies(fit))
    n = min(MOST, max(round(reach[-1]), int((copies(fit) > 0).sum())))
    index = np.searchsorted(reach, (np.arange(n) + 0.5) / n * reach[-1])
    design = take(fit.design, index)
    again = replace(fit)
    vars(again).update(
        data=fit.data.iloc[index], design=unweighted(design),
        structures=fit.structures,
    )  # fmt: skip
    return again


def is_summary(fit: Fit) -> bool:
    """Whether rows are means plus and minus standard deviations of collapsed rows."""
    return collapsed_column(fit) is not None and not fit.family.adds_up()


def cells_of(fit: Fit) -> NDArray[np.intp]:
    """Return which of the collapsed rows' cells each row belongs to, shape (n_rows,)."""
    own = [c for c in fit.schema.used_columns if c not in fit.spec.response.columns]
    return fit.data.groupby(own, sort=False, observed=True).ngroup().to_numpy()


@dataclass(frozen=True, eq=False)
class Summaries:
    """Means plus and minus standard deviations of the rows of each cell.

    Attributes
    ----------
    cell : ndarray of int, shape (n_rows,)
    side : ndarray, shape (n_rows,)
        1 for the mean plus the sd, -1 for the mean minus the sd, 0 for the mean.
    size : ndarray, shape (n_rows,)
        Number of rows of the cell.
    """

    cell: NDArray[np.intp]
    side: Array
    size: Array

    @classmethod
    def of(cls, fit: Fit) -> Summaries:
        """Find the two rows of each cell."""
        cell, y = cells_of(fit), np.asarray(fit.design.response, float)
        middle = np.bincount(cell, y) / np.bincount(cell)
        return cls(cell, np.sign(y - middle[cell]) * (np.bincount(cell) > 1)[cell],
                   np.bincount(cell, copies(fit))[cell])  # fmt: skip

    def draw(self, rng: np.random.Generator, mean: Array, variance: Array) -> Array:
        """Draw the summaries of as many normal rows, shape (n_draws, n_rows)."""
        first, back = np.unique(self.cell, return_index=True)[1], self.cell
        n, shape = self.size[first], (len(mean), len(first))
        z = rng.standard_normal(shape) / np.sqrt(n)
        s = np.sqrt(rng.chisquare(np.maximum(n - 1, 1e-9), shape) / n)
        return np.asarray(mean + np.sqrt(variance) * (z[:, back] + self.side * s[:, back]))

    def moments(self, mean: Array, variance: Array) -> tuple[Array, Array]:
        """Return mean and variance of the summaries of normal rows, shape (n_draws, n_rows)."""
        n = self.size
        more = np.maximum(n - 1, 1e-9)
        s = np.sqrt(2 / n) * np.exp(gammaln((more + 1) / 2) - gammaln(more / 2))
        own = 1 / n + np.where(self.side == 0, 0.0, more / n - s**2)
        return mean + np.sqrt(variance) * self.side * s, variance * own
