"""Separation of ordered categories that cut one latent variable."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.model.design import Design
from bayes_glmm.model.variables import INTERCEPT


def sides_of_boundaries(context: Context) -> tuple[NDArray[np.float64], list[str]] | None:
    """Return on which sides of its boundaries each row asks to be, for the linear programme.

    A row's predictor is above the threshold below its category and below the one above it.
    A direction of thresholds and coefficients that takes no row's predictor nearer to
    either lets the likelihood rise for ever.

    Returns
    -------
    sides : ndarray, shape (n_sides, n_thresholds + n_coefficients)
        Each is non-negative along such a direction.
    labels : list of str
        Thresholds are named ``intercept``, whose place they take. ``None`` in place of both
        without coefficients, or where a category is empty, which is found elsewhere.

    References
    ----------
    .. [1] Albert & Anderson (1984). On the existence of maximum likelihood estimates in
       logistic regression models. *Biometrika* 71, 1-10. doi:10.1093/biomet/71.1.1
    """
    design, mu = context.design, context.design.mu
    keep = mu.scales > 0
    code, first, last = _places(design, context.y.astype(np.intp))
    n = len(design.boundaries)
    every = sum(len(seen) for seen in design.cuts.seen) if design.cuts else len(design.categories)
    if not keep.any() or len(np.unique(np.column_stack([first, code]), axis=0)) < every:
        return None
    X, above, below = (mu.X - mu.centers)[:, keep], code > 0, code < last
    up = np.hstack([-np.eye(n)[(first + code - 1)[above]], X[above]])
    down = np.hstack([np.eye(n)[(first + code)[below]], -X[below]])
    sides = np.vstack([up, down])
    sides = np.round(sides / np.maximum(np.abs(sides).max(axis=0), 1e-300), 12)
    labels = [c for c, k in zip(mu.coefficients, keep, strict=True) if k]
    return pd.DataFrame(sides).drop_duplicates().to_numpy(), [INTERCEPT] * n + labels


def _places(
    design: Design, y: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return each row's category, its group's first threshold, and its group's last category."""
    cuts = design.cuts
    if cuts is None:
        return y, np.zeros_like(y), np.full_like(y, len(design.categories) - 1)
    first = np.array([run.start for run in cuts.ladders])
    return cuts.places[cuts.index, y], first[cuts.index], cuts.places.max(axis=1)[cuts.index]
