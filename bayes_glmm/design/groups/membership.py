"""Rows that belong to several levels of one group, or to none of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.columns import is_missing, levels_of, numbers, pick
from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.errors import DataError, MissingDataError
from bayes_glmm.spec.effects import Membership

type Array = NDArray[np.float64]


def member_weights(data: pd.DataFrame, columns: tuple[str, ...], members: Membership) -> Array:
    """Return how much of each membership's effect a row has, shape (n_rows, n_columns).

    Raises
    ------
    DataError
        A weight is negative, or all weights of a row are zero.
    """
    if not members.weights:
        return np.full((len(data), len(columns)), 1 / len(columns))
    found = np.stack([numbers(data, w, "A weight of mm()") for w in members.weights], axis=1)
    for name, weight in zip(members.weights, found.T, strict=True):
        if (weight < 0).any():
            raise DataError(
                f"The weights {name!r} of mm() are negative in {rows_where(data.index, weight < 0)}: "
                "a membership weighs zero or more."
            )
    total = found.sum(axis=1, keepdims=True)
    if (total == 0).any():
        raise DataError(
            f"All weights of mm({', '.join(columns)}) are zero in "
            f"{rows_where(data.index, total[:, 0] == 0)}: a row has one membership at least."
        )
    return found / total if members.scaled else found


def member_levels(
    data: pd.DataFrame, columns: tuple[str, ...]
) -> tuple[NDArray[np.intp], NDArray[np.str_]]:
    """Return the level of each membership as a code, shape (n_rows, n_columns), and all levels.

    Numbers are sorted as numbers, everything else as text; a missing value has code -1.
    """
    series = [pick(data, name) for name in columns]
    if all(pd.api.types.is_numeric_dtype(s.dtype) for s in series):
        whole = pd.concat([s.astype("Float64") for s in series], ignore_index=True)
        codes, levels = levels_of(whole, columns[0])
        return codes.reshape(len(columns), -1).T, levels
    each = [levels_of(s, name, times=True) for s, name in zip(series, columns, strict=True)]
    levels = np.unique(np.concatenate([names for _, names in each]))
    codes = np.empty((len(data), len(columns)), dtype=np.intp)
    for k, (own, names) in enumerate(each):
        codes[:, k] = np.append(np.searchsorted(levels, names), -1)[own]
    return codes, levels


def merge_repeated(codes: NDArray[np.intp], weights: Array) -> Array:
    """Give the weights of a level that a row names twice to the first of its memberships.

    Levels that are missing, -1, are not taken for the same.
    """
    merged = weights.copy()
    for b in range(1, codes.shape[1]):
        for a in range(b):
            same = (codes[:, a] == codes[:, b]) & (codes[:, a] >= 0)
            moved = np.where(same, merged[:, b], 0.0)
            merged[:, a] += moved
            merged[:, b] -= moved
    return merged


def missing_members(
    data: pd.DataFrame, columns: tuple[str, ...], members: Membership
) -> NDArray[np.bool_]:
    """Return where a membership has no level although it has weight, shape (n_rows, n_columns)."""
    absent = np.stack([is_missing(pick(data, name)) for name in columns], axis=1)
    if not members.weights:
        return absent
    given = [pd.to_numeric(pick(data, w), errors="coerce") for w in members.weights]
    return absent & ~np.stack([g.to_numpy(float, na_value=np.nan) == 0 for g in given], axis=1)


def require_members(data: pd.DataFrame, columns: tuple[str, ...], members: Membership) -> None:
    """Refuse memberships with weight and without a level."""
    absent = missing_members(data, columns, members)
    for name, rows in zip(columns, absent.T, strict=True):
        if rows.any():
            raise MissingDataError(
                f"Column {name!r} has missing values in {rows_where(data.index, rows)}: where a "
                "membership is absent give it the weight 0, as in "
                f"mm({', '.join(columns)}, weights=c(w1, w2))."
            )


def own_rows(data: pd.DataFrame, column: str, level: str, known: tuple[str, ...]) -> Array:
    """Return one for the rows of a level of ``by=``, and zero for the others, shape (n_rows, 1)."""
    codes, found = levels_of(pick(data, column), column, times=True)
    strange = [name for name in found.tolist() if name not in known]
    if strange:
        rows = rows_where(data.index, np.isin(found[codes], strange))
        raise DataError(
            f"by={column} has levels that the model did not learn, such as {strange[0]!r}, in "
            f"{rows}: it has a standard deviation for each of {', '.join(map(repr, known))}."
        )
    return (found[codes] == level).astype(np.float64)[:, None]
