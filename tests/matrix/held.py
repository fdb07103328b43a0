"""How figures are held against one another, exactly or within a stated error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

type Array = np.ndarray
EXACT = 1e-8
QUADRATURE = 1e-6
UNLIKELY = 1e-7
"""Probability of a Monte Carlo check to fail where all is right; seeds are fixed."""
PROB = 0.89


def near(found: Any, expected: Any, rel: float = EXACT) -> None:
    """Hold numbers equal, up to a share of the largest."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, (found.shape, expected.shape)
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(found, expected, rtol=rel, atol=rel * finite.max(initial=0.0))


def ends(table: pd.DataFrame) -> tuple[Array, Array]:
    """Return the bounds of a table's interval."""
    low = next(c for c in table.columns if str(c).startswith("eti") and str(c).endswith("_lb"))
    return table[low].to_numpy(float), table[low.removesuffix("_lb") + "_ub"].to_numpy(float)


def summarised(table: pd.DataFrame, values: Array, rel: float = EXACT) -> None:
    """Hold means, sds and intervals to those of draws, shape (n_draws, n_rows)."""
    values = np.asarray(values, float)
    near(table["mean"], values.mean(axis=0), rel)
    near(table["sd"], values.std(axis=0, ddof=1), 10 * rel)
    low, high = np.quantile(values, [(1 - PROB) / 2, (1 + PROB) / 2], axis=0)
    near(ends(table)[0], low, rel)
    near(ends(table)[1], high, rel)


def flat(values: Array) -> Array:
    """Return draws with one axis for all that an answer has, shape (n_draws, ...)."""
    return np.asarray(values).reshape(len(values), -1)


def by_chance(found: Array, mean: Array, variance: Array, of_squares: bool = True) -> None:
    """Hold draws to the moments that each has, shape (n_draws, n).

    The mean over draws is near normal; the sum of squared distances, each over its variance, has
    the number of them as its mean.
    """
    found, mean, variance = (np.array(v, float) for v in np.broadcast_arrays(found, mean, variance))
    error = np.sqrt(variance.sum(axis=0))
    fixed = error < 1e-7 * np.maximum(np.abs(mean).sum(axis=0), 1e-300)
    near(found[:, fixed], mean[:, fixed], 1e-6)
    if fixed.all():
        return
    z = ((found - mean).sum(axis=0)[~fixed]) / error[~fixed]
    limit = stats.norm.isf(UNLIKELY / 2 / len(z)) + 1.0  # skewed responses are not quite normal
    assert np.abs(z).max() < limit, f"means are {np.abs(z).max():.1f} standard errors away"
    if of_squares:
        squares = ((found - mean) ** 2 / np.maximum(variance, 1e-300))[:, ~fixed]
        each = squares.mean(axis=0)
        spread = squares.std(axis=0, ddof=1) / np.sqrt(len(squares))
        away = np.abs(each - 1).mean()
        # a response with a heavy tail has its variance from a few draws, as their spread shows
        assert away < 1.0 + 2 * spread.mean()
        assert abs(each.mean() - 1) < 7 * max(spread.mean(), 0.02), each.mean()
