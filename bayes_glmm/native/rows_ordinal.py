"""Log-likelihoods of ordered categories in C, with slopes and curvatures."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_glmm.native.library import ADDRESS, INTEGER, NUMBER, entry, pointer
from bayes_glmm.native.rows_printed import RowData, RowSums, row_sums
from bayes_glmm.native.rows_table import CUMULATIVE_LINKS

type Array = NDArray[np.float64]


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
    w = None if weights is None else np.ascontiguousarray(weights, np.float64)
    return RowData("cumulative", cut_columns(code, n_categories - 1), w, 0.0)


def cut_columns(place: Array, cuts: Array | int, first: Array | int = 0) -> Array:
    """Return what a row knows of its category, shape (3, n).

    Parameters
    ----------
    place : ndarray, shape (n,)
        Number of the category in its ladder, from 0.
    cuts : ndarray of int, shape (n,), or int
        Number of thresholds of the row's ladder: one less than categories.
    first : ndarray of int, shape (n,), or int, default 0
        Where the ladder's thresholds begin among all.

    Returns
    -------
    ndarray
        What kind of category it is (0 the first, 1 between, 2 the last), and the numbers of the
        thresholds below and above; of the first and the last category they are the same.
    """
    kind = np.where(place == 0, 0.0, np.where(place == cuts, 2.0, 1.0))
    return np.stack([kind, first + np.maximum(place - 1, 0), first + np.minimum(place, cuts - 1)])


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
        partial(run, CUMULATIVE_LINKS[link], int(second), n, k - 1, *read),
        data.constant,
        n,
        k,
        second,
    )
