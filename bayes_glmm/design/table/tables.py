"""Tables in: any data frame becomes pandas, rows get identifiers, incomplete rows are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.plain_columns import plain_table
from bayes_glmm.errors import (
    ArgumentTypeError,
    DataError,
    MissingDependencyError,
    listed,
)
from bayes_glmm.structures.level_labels import text_of


def to_pandas(data: Any) -> pd.DataFrame:
    """Return the table as a pandas data frame whose index identifies the rows.

    Parameters
    ----------
    data : pandas.DataFrame or any data frame that narwhals reads
        The table; it is not modified. An index with repeated labels is replaced
        by positions, and columns get plain types: see :func:`.plain_table`.

    Returns
    -------
    pandas.DataFrame
        The input itself where nothing had to change.

    Raises
    ------
    ArgumentTypeError
        The argument is not a table.
    MissingDependencyError
        The table's own library needs pyarrow to hand it over.

    Examples
    --------
    >>> to_pandas(pd.DataFrame({"x": [1, 2]}, index=["a", "a"])).index.tolist()
    [0, 1]
    """
    frame = data if isinstance(data, pd.DataFrame) else _convert(data)
    return plain_table(frame if frame.index.is_unique else frame.reset_index(drop=True))


def _convert(data: Any) -> pd.DataFrame:
    import narwhals as nw

    try:
        frame = nw.from_native(data)
    except TypeError as error:
        raise ArgumentTypeError(
            f"The data must be a data frame (pandas, Polars, PyArrow, ...), "
            f"not {type(data).__name__}; pandas.DataFrame(...) makes one."
        ) from error
    try:
        return (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).to_pandas()
    except ImportError as error:
        raise MissingDependencyError(
            f"A {type(data).__name__} needs pyarrow to become pandas: "
            "pip install 'bayes-glmm[all]'."
        ) from error


def row_ids(index: pd.Index) -> NDArray[np.str_]:
    """Return the index as text, or positions where the labels are not unique.

    Parameters
    ----------
    index : pandas.Index
        Index of the table.

    Returns
    -------
    ndarray of str, shape (n_rows,)

    Examples
    --------
    >>> row_ids(pd.Index([10, 20])).tolist()
    ['10', '20']
    """
    if not index.is_unique:
        return _whole(np.arange(len(index)))
    if isinstance(index, pd.MultiIndex):
        ids = np.array([":".join(map(str, label)) for label in index], dtype=np.str_)
    elif index.dtype.kind in "iu":
        return _whole(index.to_numpy())
    else:
        ids = np.array(level_text(index), dtype=np.str_)
    unique = len(pd.Index(ids.astype(object)).unique()) == len(ids)
    return ids if unique else _whole(np.arange(len(index)))


def _whole(numbers: NDArray[np.integer]) -> NDArray[np.str_]:
    if not len(numbers):
        return np.array([], dtype=np.str_)
    width = max(len(str(numbers.min())), len(str(numbers.max())))
    return numbers.astype(f"U{width}")


def level_text(values: Any) -> list[str]:
    """Return distinct values as level names: ``1.0`` is ``"1"``, text is itself.

    Examples
    --------
    >>> level_text([1.0, 2.5, "a", True])
    ['1', '2.5', 'a', 'True']
    """
    return [text_of(v) for v in values]


def rows_where(index: pd.Index, mask: NDArray[np.bool_]) -> str:
    """Name the rows of a mask: ``"row 3"`` or ``"rows 3, 7 and 12 more"``."""
    places = np.flatnonzero(mask)
    if index.is_unique:
        names = level_text(index[places[:10]])
    else:
        names = [str(p) for p in places[:10]]
    more = f" and {len(places) - 10} more" if len(places) > 10 else ""
    return f"row{'s' if len(places) != 1 else ''} {listed(names)}{more}"


def drop_rows(data: pd.DataFrame, mask: NDArray[np.bool_]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows outside the mask and the identifiers of those inside it.

    Raises
    ------
    DataError
        No row would be left.
    """
    if not mask.any():
        return data, ()
    if mask.all():
        raise DataError("Every row has a missing value: nothing is left to fit.")
    dropped = row_ids(data.index)[mask]
    kept = data if data.index.is_unique else data.reset_index(drop=True)
    return kept.loc[~mask], tuple(dropped.tolist())
