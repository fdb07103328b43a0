"""Rows as the kernel wants them: equal ones summed, sorted by the largest group."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from bayes_glmm.model.design import Design, PredictorDesign

type Array = NDArray[np.float64]
WORTH = 0.8


@dataclass(frozen=True, eq=False)
class Rows:
    """A design whose rows are sufficient for another's.

    Attributes
    ----------
    design : Design
        ``trials`` are numbers of rows where the family is Gaussian.
    n_given : int
        Number of rows before equal ones were summed.
    constant : float
        What to add to the log-density of these rows to get that of the given ones.
    within : float
        Sum of squares of a Gaussian response around the means of equal rows.
    """

    design: Design
    n_given: int
    constant: float = 0.0
    within: float = 0.0

    @property
    def merged(self) -> bool:
        """Whether any rows were summed."""
        return self.design.n_rows < self.n_given


def arrange_rows(design: Design) -> Rows:
    """Sum rows with equal predictors where that is exact, and sort what is left.

    Counts are sufficient for Bernoulli, binomial and (with the log link) Poisson
    rows; numbers, means and sums of squares for Gaussian ones.
    """
    alone = len(design.predictors) == 1 and not design.smooths
    return _sorted(_merged(design) if alone else Rows(design, design.n_rows))


def _sorted(rows: Rows) -> Rows:
    groups = [group for group in rows.design.mu.groups if group.whole]
    if not groups:
        return rows
    index = max(groups, key=lambda g: g.n_levels).index
    if (index[1:] >= index[:-1]).all():
        return rows
    return replace(rows, design=take(rows.design, np.argsort(index, kind="stable")))


def take(design: Design, places: NDArray[np.intp]) -> Design:
    """Return the design of some rows; group levels stay as they are."""
    return replace(
        design,
        rows=design.rows[places],
        predictors={k: p.take(places) for k, p in design.predictors.items()},
        response=None if design.response is None else design.response[places],
        trials=None if design.trials is None else design.trials[places],
        cuts=None if design.cuts is None else design.cuts.take(places),
        modifiers={k: values[places] for k, values in design.modifiers.items()},
    )


def _merged(design: Design) -> Rows:
    n = design.n_rows
    whole = Rows(design, n)
    sums = design.family in ("bernoulli", "binomial", "gaussian")
    if not (sums or (design.family, design.link) == ("poisson", "log")):
        return whole
    if (
        design.modifiers
        or set(design.predictors) != {"mu"}
        or any(g.n_levels > WORTH * n or not g.whole for g in design.mu.groups)
    ):
        return whole
    found = _equal_rows(design.mu)
    if found is None:
        return whole
    first, place = found
    y = np.asarray(design.response, np.float64)
    trials = np.ones(n) if design.trials is None else design.trials
    size = np.bincount(place).astype(np.float64)
    total = np.bincount(place, y)
    taken = take(design, first)
    if design.family == "gaussian":
        mean = total / size
        residual = y - mean[place]
        return Rows(
            replace(taken, response=mean, trials=size), n, within=float(residual @ residual)
        )
    if design.family == "poisson":
        predictors = {"mu": replace(taken.mu, offset=taken.mu.offset + np.log(size))}
        constant = gammaln(total + 1).sum() - gammaln(y + 1).sum() - total @ np.log(size)
        return Rows(replace(taken, response=total, predictors=predictors), n, float(constant))
    tried = np.bincount(place, trials)
    constant = _ways(trials, y).sum() - _ways(tried, total).sum()
    summed = replace(taken, family="binomial", response=total, trials=tried)
    return Rows(summed, n, float(constant))


def _ways(n: Array, k: Array) -> Array:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _equal_rows(mu: PredictorDesign) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Return first row and number of each set of equal rows; ``None`` if few are equal."""
    columns = [mu.offset, *mu.X.T, *(g.index for g in mu.groups)]
    columns += [z for g in mu.groups if g.Z is not None for z in g.Z.T]
    key = np.zeros(len(mu.offset), np.uint64)
    for column in columns:
        key = key * np.uint64(0x9E3779B97F4A7C15) + pd.util.hash_array(column + 0)
    _, first, place = np.unique(key, return_index=True, return_inverse=True)
    if len(first) > WORTH * len(key):
        return None
    # the hash proposes; equality decides
    if not all(np.array_equal(column, column[first][place]) for column in columns):
        return None
    return first, place
