"""Log-likelihoods of ordered categories in C, with slopes and curvatures."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from bayes_glmm.native.library import ADDRESS, INTEGER, NUMBER, entry, pointer
from bayes_glmm.native.rows_printed import RowData, RowSums, row_sums
from bayes_glmm.native.rows_table import CUMULATIVE_LINKS


def category_data(y: ArrayLike, n_categories: int, weights: ArrayLike | None = None) -> RowData:
    """Compute what rows of the cumulative family in C read of the data.

    Parameters
    ----------
    y : array_like, shape (n,)
        Numbers of categories from 0 to ``n_categories - 1``.
    n_categories : int
        Two or more.
    weights : array_like, shape (n,), optional

    Returns
    -------
    RowData
    """
    code = np.asarray(y, np.float64)
    assert ((code >= 0) & (code < n_categories)).all()
    kind = np.where(code == 0, 0.0, np.where(code == n_categories - 1, 2.0, 1.0))
    w = None if weights is None else np.ascontiguousarray(weights, np.float64)
    return RowData("cumulative", np.stack([kind, code]), w, 0.0)


def cumulative_rows(
    data: RowData, link: str, eta: ArrayLike, own: ArrayLike, second: bool = False
) -> RowSums:
    """Return the log-likelihood of ordered categories with its derivatives.

    Parameters
    ----------
    data : RowData
        As of :func:`category_data`.
    link : str
        One of :data:`.CUMULATIVE_LINKS`.
    eta : array_like, shape (n,)
        Predictor, link scale.
    own : array_like, shape (n_categories,)
        The thresholds in order, and the discrimination.
    second : bool
        Whether second derivatives are wanted.

    Returns
    -------
    RowSums
        Its parameters are those of ``own``.
    """
    eta, own = (np.ascontiguousarray(x, np.float64) for x in (eta, own))
    n, k = len(eta), len(own)
    columns = np.array([pointer(column) for column in data.columns], np.int64)
    run = entry("printed_cumulative", NUMBER, *[INTEGER] * 4, *[ADDRESS] * 9)
    read = (pointer(columns, np.int64), *map(pointer, (data.weights, eta, own)))
    return row_sums(
        partial(run, CUMULATIVE_LINKS[link], int(second), n, k, *read), data.constant, n, k, second
    )
