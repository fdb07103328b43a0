"""Group-mean centring: a covariate as deviations from its group's mean, and that mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

ROUNDING = 1e-12


def level_means(x: Array, codes: NDArray[np.intp], n_levels: int) -> Array:
    """Return the mean of each level over its rows, shape (n_levels,)."""
    return np.bincount(codes, x, n_levels) / np.bincount(codes, minlength=n_levels)


def varies_within(x: Array, means: Array) -> bool:
    """Whether any row differs from its group's mean by more than rounding.

    Parameters
    ----------
    x, means : ndarray, shape (n_rows,)
    """
    size = max(float(np.abs(x).max(initial=0.0)), 1e-300)
    return bool((np.abs(x - means) > ROUNDING * size).any())
