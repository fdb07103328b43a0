"""Log-likelihoods of rows in C, with slopes and curvatures, for the families that are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bayes_glmm.maths.tape_values import evaluate
from bayes_glmm.native.library import ADDRESS, INTEGER, NUMBER, entry, pointer
from bayes_glmm.native.rows_density import RowDensity, record_rows
from bayes_glmm.native.rows_table import FAMILY_NUMBERS, LINK_NUMBERS, printed_family

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowData:
    """What rows in C read of the data, computed once.

    Attributes
    ----------
    family : str
    columns : ndarray, shape (n_columns, n)
        In the order of :attr:`.RowDensity.columns`.
    weights : ndarray, shape (n,), or None
        What each row's log-density is multiplied by; ``None`` for ones.
    constant : float
        The sum of the terms that depend on data alone.
    """

    family: str
    columns: Array
    weights: Array | None
    constant: float


@dataclass(frozen=True, eq=False)
class RowSums:
    """The log-likelihood of rows with its derivatives.

    Attributes
    ----------
    total : float
        Natural logarithm, constant terms too.
    d_eta : ndarray, shape (n,)
        Slopes by each row's predictor.
    d_own : ndarray, shape (n_own,)
        Slopes by the family's own parameters, each on its own scale.
    h_eta : ndarray, shape (n,), or None
        Second derivatives by each row's predictor, where they were asked for.
    mixed : ndarray, shape (n_own, n), or None
        Second derivatives by a parameter and each row's predictor.
    h_own : ndarray, shape (n_own, n_own), or None
        Second derivatives by the parameters.
    """

    total: float
    d_eta: Array
    d_own: Array
    h_eta: Array | None = None
    mixed: Array | None = None
    h_own: Array | None = None


def row_data(
    family: str, y: ArrayLike, trials: ArrayLike | None = None, weights: ArrayLike | None = None
) -> RowData:
    """Compute what rows in C read of the data.

    Parameters
    ----------
    family : str
        One of :data:`.FAMILY_NUMBERS`.
    y : array_like, shape (n,)
        Responses.
    trials, weights : array_like, shape (n,), optional

    Returns
    -------
    RowData
    """
    found: RowDensity = record_rows(printed_family(family))
    y = np.asarray(y, np.float64)
    given: Mapping[str, ArrayLike] = {"y": y} | ({} if trials is None else {"trials": trials})
    *columns, constant = evaluate((*found.columns, found.constant), given)
    w = None if weights is None else np.ascontiguousarray(weights, np.float64)
    each = np.broadcast_to(constant, y.shape)
    total = each.sum() if w is None else (w * np.where(w == 0, 0.0, each)).sum()
    table = np.stack([np.broadcast_to(column, y.shape) for column in columns])
    return RowData(family, np.ascontiguousarray(table), w, float(total))


def printed_rows(
    data: RowData, link: str, eta: ArrayLike, own: ArrayLike = (), second: bool = False
) -> RowSums:
    """Return the log-likelihood of rows with its derivatives.

    Parameters
    ----------
    data : RowData
    link : str
        Of the family's links.
    eta : array_like, shape (n,)
        Predictor, link scale.
    own : array_like, shape (n_own,)
        The family's parameters in its order, held ones too, each on its own scale.
    second : bool
        Whether second derivatives are wanted.

    Returns
    -------
    RowSums
    """
    eta, own = (np.ascontiguousarray(x, np.float64) for x in (eta, own))
    n, k = len(eta), len(own)
    addresses = np.array([pointer(column) for column in data.columns], np.int64)
    given = (FAMILY_NUMBERS[data.family], LINK_NUMBERS[link], int(second), n)
    read = (pointer(addresses, np.int64), *map(pointer, (data.weights, eta, own)))
    return row_sums(partial(_entry(), *given, *read, k), data.constant, n, k, second)


def row_sums(run: Callable[..., float], constant: float, n: int, k: int, second: bool) -> RowSums:
    """Let the library fill the derivatives of ``n`` rows by ``k`` parameters.

    Parameters
    ----------
    run : callable
        Takes the addresses of what it fills, in the order of the library's entries, and returns
        the sum of the rows.
    constant : float
        Added to that sum.
    second : bool
        Whether second derivatives are wanted.

    Returns
    -------
    RowSums
    """
    d_eta, d_own = np.empty(n), np.empty(k)
    h_eta, mixed, h_own = (
        (np.empty(n), np.empty((k, n)), np.empty((k, k))) if second else [None] * 3
    )
    total = run(*map(pointer, (d_eta, h_eta, mixed, d_own, h_own)))
    if h_own is not None:
        h_own = np.tril(h_own) + np.tril(h_own, -1).T
    return RowSums(total + constant, d_eta, d_own, h_eta, mixed, h_own)


def _entry() -> Callable[..., float]:
    return entry("printed", NUMBER, *[INTEGER] * 4, *[ADDRESS] * 4, INTEGER, *[ADDRESS] * 5)
