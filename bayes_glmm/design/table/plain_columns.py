"""Columns in plain types: what a library wrapped, or Python holds one by one, as pandas has it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd


def plain_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with text as column names and every column in a plain type.

    Objects that are numbers, truth values or times become columns of such; decimals and
    fractions become floats, Arrow's types those of pandas, sparse columns whole ones.
    Values stay what they are, so that a model sees the same table however it was made.
    Text, categories with their order, and nullable types stay as they are.

    Parameters
    ----------
    table : pandas.DataFrame

    Returns
    -------
    pandas.DataFrame
        The input itself where nothing had to change.

    Examples
    --------
    >>> plain_table(pd.DataFrame({1: [Decimal("1.5"), None]}, dtype=object)).dtypes.to_dict()
    {'1': dtype('float64')}
    """
    changed = table
    if not all(type(name) is str for name in table.columns):
        changed = changed.set_axis([str(name) for name in table.columns], axis=1)
    for place in range(table.shape[1]):
        series = table.iloc[:, place]
        found = plain(series)
        if found is not series:
            changed = changed.copy(deep=False) if changed is table else changed
            changed.isetitem(place, found.to_numpy() if found.dtype == object else found.array)
    named = [name for name in table.index.names if name is not None]
    if any(str(name) in changed.columns for name in named):
        changed = changed.set_axis(table.index.set_names([None] * table.index.nlevels), axis=0)
    return changed


def plain(series: pd.Series) -> pd.Series:
    """Return a column in a plain type, or the very column where it has one."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _plain_categories(series)
    if isinstance(dtype, pd.SparseDtype):
        return plain(series.sparse.to_dense())
    if isinstance(dtype, pd.ArrowDtype):
        return plain(_from_arrow(series))
    if isinstance(dtype, np.dtype) and dtype.kind in "iuf":
        wide = dtype.kind == "f" and dtype.itemsize > np.dtype(float).itemsize
        native = np.dtype(np.float64) if wide else dtype.newbyteorder("=")
        return series if native == dtype else series.astype(native)
    if not pd.api.types.is_object_dtype(dtype):
        return series
    change = _OBJECTS.get(pd.api.types.infer_dtype(series, skipna=True), _same)
    try:
        return change(series)
    except (ValueError, TypeError, OverflowError):
        return series


def _plain_categories(series: pd.Series) -> pd.Series:
    values = pd.Series(series.cat.categories)
    found = plain(values)
    if found is values or not found.is_unique or found.isna().any():
        return series
    return series.cat.rename_categories(pd.Index(found))


def _from_arrow(series: pd.Series) -> pd.Series:
    """Let Arrow make the column; whole numbers with gaps stay whole."""
    if series.dtype.kind in "iu" and series.isna().any():
        return series.astype(f"{'U' * (series.dtype.kind == 'u')}Int64")
    found: Any = pd.Series(series.array.__arrow_array__().to_pandas())
    return found.set_axis(series.index).rename(series.name)


def _same(series: pd.Series) -> pd.Series:
    return series


def _integers(series: pd.Series) -> pd.Series:
    return series.astype("Int64" if series.isna().any() else np.int64)


def _truths(series: pd.Series) -> pd.Series:
    return series.astype("boolean" if series.isna().any() else bool)


def _floats(series: pd.Series) -> pd.Series:
    return pd.Series(series.to_numpy(np.float64, na_value=np.nan), series.index, name=series.name)


def _numbers_only(series: pd.Series) -> pd.Series:
    """Take numbers of several types as floats, and leave what also holds others."""
    known = series[series.notna()]
    numbers = all(
        isinstance(v, int | float | Decimal | Fraction | np.number) and not isinstance(v, bool)
        for v in known
    )
    return _floats(series) if numbers else series


def _times(series: pd.Series) -> pd.Series:
    return pd.Series(pd.to_datetime(series))


_OBJECTS: dict[str, Callable[[pd.Series], pd.Series]] = {
    "integer": _integers,
    "floating": _floats,
    "mixed-integer-float": _floats,
    "decimal": _floats,
    "boolean": _truths,
    "mixed": _numbers_only,
    "mixed-integer": _numbers_only,
    "datetime": _times,
    "datetime64": _times,
    "timedelta": lambda series: pd.Series(pd.to_timedelta(series)),
    "timedelta64": lambda series: pd.Series(pd.to_timedelta(series)),
    "period": lambda series: pd.Series(pd.PeriodIndex(series), series.index, name=series.name),
}
