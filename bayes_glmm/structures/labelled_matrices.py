"""Labelled covariance matrices: read, put in canonical order, and refused with names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg.lapack import dpstrf

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, listed
from bayes_glmm.structures.level_labels import text_labels

type Array = NDArray[np.float64]
type Text = NDArray[np.str_]
ASYMMETRY = 1e-8
NEGATIVE = 1e-6
"""A negative eigenvalue up to this share of the largest variance is rounding in a file."""
RANK = 1e-10
COPIES = 1e-9


def labelled(K: Any, what: str) -> tuple[Text, Array]:
    """Return labels in the order of text, and the matrix in that order.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        As :func:`bayes_glmm.kinship` says.
    """
    rows, columns, values = _parts(K, what)
    left = text_labels(rows, f"The rows of {what}")
    right = text_labels(columns, f"The columns of {what}")
    for one, other, where in ((left, right, "columns"), (right, left, "rows")):
        absent = np.setdiff1d(one, other)
        if len(absent):
            raise ArgumentError(
                f"{what} has {listed(map(repr, absent.tolist()))} among its "
                f"{'rows' if where == 'columns' else 'columns'} but not among its {where}: "
                "both must hold the same labels."
            )
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"{what} must hold numbers: {error}.") from error
    matrix = matrix[np.ix_(np.argsort(left), np.argsort(right))]
    return np.sort(left), matrix


def _parts(K: Any, what: str) -> tuple[Any, Any, Any]:
    if isinstance(K, pd.DataFrame):
        return K.index, K.columns, K.to_numpy()
    dims = getattr(K, "dims", None)
    if isinstance(dims, tuple) and len(dims) == 2 and all(d in K.coords for d in dims):
        return (*(_plain(K.coords[d].values) for d in dims), K.values)
    raise ArgumentTypeError(
        f"{what} must be a square table with labels on its rows and columns (a pandas DataFrame, "
        f"or an xarray DataArray with coordinates), not {type(K).__name__}: without labels "
        "nothing says which row is which level, and a wrong order is not seen in any diagnostic. "
        "Write pandas.DataFrame(K, index=ids, columns=ids)."
    )


def _plain(labels: NDArray[Any]) -> list[Any]:
    return labels.tolist()


def checked(labels: Text, matrix: Array, what: str) -> Array:
    """Return the symmetric matrix, refusing what is no covariance.

    Raises
    ------
    ArgumentError
        Missing values, asymmetry, no variance, copies, a negative eigenvalue.
    """
    _refuse_holes(labels, matrix, what)
    scale = float(np.abs(matrix).max())
    apart = np.abs(matrix - matrix.T)
    i, j = np.unravel_index(int(apart.argmax()), apart.shape)
    if apart[i, j] > ASYMMETRY * scale:
        raise ArgumentError(
            f"{what} is not symmetric: {matrix[i, j]:g} for ({str(labels[i])!r}, {str(labels[j])!r}) but "
            f"{matrix[j, i]:g} the other way. Are rows and columns labelled in the same way?"
        )
    matrix = (matrix + matrix.T) / 2
    none = np.diag(matrix) <= 0
    if none.any():
        raise ArgumentError(
            f"{what} gives {listed(map(repr, labels[none].tolist()))} no variance: the diagonal "
            "must be positive. Leave these levels out."
        )
    _refuse_copies(labels, matrix, what)
    _refuse_negative(matrix, what)
    return matrix


def _refuse_holes(labels: Text, matrix: Array, what: str) -> None:
    holes = ~np.isfinite(matrix)
    if holes.any():
        pairs = [f"({str(labels[i])!r}, {str(labels[j])!r})" for i, j in np.argwhere(holes)[:5]]
        raise ArgumentError(
            f"{what} has {int(holes.sum())} missing or infinite values, at {listed(pairs)}: "
            "give every relationship."
        )


def _refuse_copies(labels: Text, matrix: Array, what: str) -> None:
    """Refuse pairs of levels whose effects would be multiples of one another."""
    sizes = np.sqrt(np.diag(matrix))
    near = np.abs(matrix) >= (1 - COPIES) * np.outer(sizes, sizes)
    pairs = np.argwhere(np.triu(near, 1))
    if len(pairs):
        named = [f"{str(labels[i])!r} and {str(labels[j])!r}" for i, j in pairs[:6]]
        raise ArgumentError(
            f"{what} is singular: {listed(named)}{' and others' if len(pairs) > 6 else ''} have a "
            "correlation of one, as identical twins or one individual under two names have. Make "
            "them one level, or separate them with jitter=1e-6."
        )


def _refuse_negative(matrix: Array, what: str) -> None:
    scale = float(np.diag(matrix).max())
    root, _ = pivoted(matrix, scale)
    left = np.abs(matrix - root @ root.T).max()
    if left > NEGATIVE * scale:
        smallest = float(np.linalg.eigvalsh(matrix)[0])
        if smallest < -NEGATIVE * scale:
            raise ArgumentError(
                f"{what} is no covariance matrix: its smallest eigenvalue is {smallest:.3g}. "
                "Was it put together from pairs, or edited? jitter= adds to the diagonal."
            )


def pivoted(matrix: Array, scale: float) -> tuple[Array, NDArray[np.intp]]:
    """Factor a positive semi-definite matrix: ``root @ root.T`` is the matrix.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
    scale : float
        Variances below ``RANK`` times this are taken as none.

    Returns
    -------
    root : ndarray, shape (n, rank)
    pivots : ndarray of int, shape (rank,)
        The rows in which the columns of ``root`` begin: row ``pivots[k]`` is zero
        from column ``k + 1``.

    References
    ----------
    .. [1] Higham (1990). Analysis of the Cholesky decomposition of a semi-definite
       matrix. In *Reliable Numerical Computation*, 161-185.
    """
    n = len(matrix)
    if not n or np.diag(matrix).max() <= RANK * scale:
        return np.zeros((n, 0)), np.zeros(0, np.intp)
    packed, order, rank, _ = dpstrf(matrix, lower=1, tol=RANK * scale)
    order = order.astype(np.intp) - 1
    root = np.zeros((n, rank))
    root[order] = np.tril(packed)[:, :rank]
    return root, order[:rank]
