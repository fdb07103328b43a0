"""One column of a table: its kind, its numbers, its levels, and its faults."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.tables import level_text, rows_where
from bayes_glmm.design.table.written_numbers import read_text
from bayes_glmm.errors import (
    DataError,
    MissingDataError,
    UnknownLevelError,
    listed,
    nearest,
    suggestion,
)

type Kind = Literal["numeric", "factor", "boolean"]

_OBJECT_KINDS: dict[str, Kind] = {
    "string": "factor",
    "empty": "factor",
    "boolean": "boolean",
    "integer": "numeric",
    "floating": "numeric",
    "mixed-integer-float": "numeric",
    "decimal": "numeric",
}
_TIMES = ("datetime", "date", "time", "timedelta", "period")


@dataclass(frozen=True)
class Column:
    """A column that the model reads.

    Attributes
    ----------
    name : str
    kind : {"numeric", "factor", "boolean"}
    levels : tuple of str
        Level names in order for factors and booleans; empty for numbers and for
        columns that are only groups, whose levels are with the group.
    roles : tuple of str
        What it is used for: ``response``, ``trials``, ``fixed``, ``slope``,
        ``group``, ``offset``, ``exposure``.
    """

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


def pick(data: pd.DataFrame, name: str) -> pd.Series:
    """Return the column of that name.

    Raises
    ------
    MissingDataError
        The table has no such column; the nearest names are given.
    DataError
        The table has several columns of that name.
    """
    places = [i for i, column in enumerate(data.columns) if str(column) == name]
    if not places:
        raise MissingDataError(
            f"The table has no column {name!r}." + suggestion(name, [str(c) for c in data.columns])
        )
    if len(places) > 1:
        raise DataError(
            f"The table has {len(places)} columns named {name!r}: rename or drop all but one."
        )
    return data.iloc[:, places[0]]


def kind_of(series: pd.Series, name: str, *, times: bool = False) -> Kind:
    """Return whether the column holds numbers, levels or truth values.

    With ``times``, dates and times are accepted; each value is a level.

    Raises
    ------
    DataError
        Dates and times, complex numbers or values of several types.
    """
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "factor"
    if pd.api.types.is_bool_dtype(dtype):
        return "boolean"
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype):
        return "numeric"
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    if inferred in _OBJECT_KINDS:
        return _OBJECT_KINDS[inferred]
    if inferred.startswith(_TIMES):
        if times:
            return "factor"
        raise DataError(_time_message(name, inferred))
    if inferred.startswith("mixed"):
        raise DataError(_mixed_message(series, name))
    raise DataError(
        f"Column {name!r} holds {inferred} values: convert it to numbers or to text first."
    )


def _time_message(name: str, inferred: str) -> str:
    if inferred.startswith("timedelta"):
        way = f"data[{name!r}].dt.total_seconds() gives numbers"
    else:
        way = f"(data[{name!r}] - data[{name!r}].min()).dt.days gives days since the first"
    return (
        f"Column {name!r} holds {inferred.rstrip('64')} values, which are neither numbers nor "
        f"levels: {way}, C({name}) takes each value as a level."
    )


def _mixed_message(series: pd.Series, name: str) -> str:
    kinds = series[series.notna()].map(lambda v: type(v).__name__)
    rows = [
        f"{kind} ({rows_where(series.index, (kinds.reindex_like(series) == kind).to_numpy())})"
        if series.index.is_unique
        else str(kind)
        for kind in kinds.unique()[:4]
    ]
    return (
        f"Column {name!r} mixes types: {listed(rows)}. Make it all numbers "
        f"(pandas.to_numeric) or all text (astype(str))."
    )


def numbers(data: pd.DataFrame, name: str, use: str | None = None) -> NDArray[np.float64]:
    """Return the column as floats; truth values are 0 and 1.

    Raises
    ------
    DataError
        The column holds text, levels or times; ``use`` says what needed numbers.
    """
    series = pick(data, name)
    if kind_of(series, name) == "factor":
        meant = read_text(series, name)
        way = f"(such as {str(series.iloc[0])!r}): convert it with pandas.to_numeric"
        raise DataError(
            f"{use or 'The model'} needs numbers, but column {name!r} holds "
            f"{'levels' if isinstance(series.dtype, pd.CategoricalDtype) else 'text'} "
            f"{way if meant is None else meant.message}."
        )
    return _floats(series, name)


def _floats(series: pd.Series, name: str) -> NDArray[np.float64]:
    try:
        return np.ascontiguousarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    except (OverflowError, TypeError, ValueError) as error:
        raise DataError(f"Column {name!r} cannot be read as numbers: {error}.") from error


def levels_of(
    series: pd.Series, name: str, *, times: bool = False
) -> tuple[NDArray[np.intp], NDArray[np.str_]]:
    """Return each row's level as a code, and the level names in order.

    Categories keep their order without the unused ones, numbers are sorted as
    numbers and text as text. A missing value has code -1.

    Parameters
    ----------
    series : pandas.Series, length n_rows
    name : str
    times : bool, default False
        Whether dates and times are taken, each value as a level.

    Returns
    -------
    codes : ndarray of int, shape (n_rows,)
    levels : ndarray of str, shape (n_levels,)
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        codes, values = _used(series.cat.codes.to_numpy(), series.cat.categories)
    else:
        kind_of(series, name, times=times)
        raw, distinct = pd.factorize(series, sort=False)
        order = _order(distinct)
        rank = np.empty(len(order) + 1, dtype=np.intp)
        rank[order], rank[-1] = np.arange(len(order)), -1
        codes, values = rank[raw], distinct[order]
    texts = level_text(values)
    _require_writable(texts, name)
    if len(set(texts)) < len(texts):
        twice = [t for t, n in Counter(texts).items() if n > 1]
        raise DataError(f"Column {name!r} has different values with one name: {listed(twice)}.")
    return codes, np.array(texts, dtype=np.str_)


def _require_writable(texts: Sequence[str], name: str) -> None:
    """Refuse levels that no file can store: with the character NUL, or with invalid text."""
    if "\0" in (whole := "".join(texts)) or not whole.isascii():
        for text in texts:
            if "\0" in text or text != text.encode(errors="replace").decode():
                raise DataError(
                    f"Column {name!r} has the level {text!r}, which is no text that a file can keep: "
                    f"replace it, or read the table with the encoding it was written in."
                )


def _used(codes: NDArray[np.integer], categories: pd.Index) -> tuple[NDArray[np.intp], pd.Index]:
    present = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(categories)))
    rank = np.full(len(categories) + 1, -1, dtype=np.intp)
    rank[present] = np.arange(len(present))
    return rank[codes], categories[present]


def _order(values: pd.Index | NDArray) -> NDArray[np.intp]:
    try:
        return np.argsort(np.asarray(values), kind="stable")
    except TypeError:
        return np.argsort(np.array(level_text(values), dtype=np.str_), kind="stable")


def locate(levels: NDArray[np.str_], known: NDArray[np.str_]) -> NDArray[np.intp]:
    """Return the position of each level among the known ones, -1 if absent."""
    if np.array_equal(levels, known):
        return np.arange(len(known))
    return pd.Index(known.astype(object)).get_indexer(pd.Index(levels.astype(object)))


def learned_codes(
    data: pd.DataFrame,
    column: str,
    learned: Sequence[str],
    what: str,
    way: str,
    *,
    times: bool = False,
) -> NDArray[np.intp]:
    """Return each row's position in the learned levels of a column, shape (n_rows,).

    Raises
    ------
    UnknownLevelError
        A row has another level: ``what`` names the column, ``way`` says what to do.
    """
    known = np.array(learned, dtype=np.str_)
    codes, levels = levels_of(pick(data, column), column, times=times)
    places = locate(levels, known)
    if (places < 0).any():
        raise unknown_levels(what, levels, places, codes, data.index, known, way)
    return places[codes]


def unknown_levels(
    what: str,
    levels: NDArray[np.str_],
    places: NDArray[np.intp],
    codes: NDArray[np.intp],
    index: pd.Index,
    known: NDArray[np.str_],
    way_out: str,
) -> UnknownLevelError:
    """Return the error that names unknown levels, their rows and the nearest known ones."""
    absent = np.flatnonzero(places < 0)
    rows = rows_where(index, np.isin(codes, absent))
    names = [str(n) for n in levels[absent[:1000]]]
    hints = " ".join(
        f"Nearest to {n!r}: {', '.join(map(repr, close))}."
        for n in names[:3]
        if (close := nearest(n, _neighbours(n, known)))
    )
    hints = hints or f"Known: {listed(known.tolist(), limit=12)}."
    shown = listed([repr(n) for n in names[:5]]) + (
        f" and {len(absent) - 5} more" if len(absent) > 5 else ""
    )
    return UnknownLevelError(
        f"{what} has unknown level{'s' if len(absent) > 1 else ''} {shown} in {rows}. "
        f"{hints} {way_out}"
    )


def _neighbours(name: str, known: NDArray[np.str_], limit: int = 2000) -> Sequence[str]:
    if len(known) <= limit:
        return [str(k) for k in known]
    ordered = sorted(known.tolist())
    place = bisect_left(ordered, name)
    stripped = name.strip().casefold()
    same = [k for k in ordered if k.strip().casefold() == stripped]
    return same + ordered[max(0, place - limit // 2) : place + limit // 2]


def require(data: pd.DataFrame, columns: Iterable[str], imputed: Iterable[str] = ()) -> None:
    """Refuse a table that lacks columns, rows or values the model needs.

    Columns of ``imputed`` may have missing values.

    Raises
    ------
    DataError
        The table has no rows, or one name for several columns.
    MissingDataError
        Columns are absent, or have missing or infinite values; every column is
        named with its rows.
    """
    names = tuple(columns)
    require_columns(data, names)
    if not len(data):
        raise DataError("The table has no rows.")
    faults = [fault for n in names for fault in _faults(data, n, n in set(imputed))]
    if faults:
        text = "; ".join(faults)
        hint = "; missing='drop' leaves out rows with missing values" * ("missing values" in text)
        raise MissingDataError(f"{text[0].upper()}{text[1:]}. Complete or remove them{hint}.")


def require_columns(data: pd.DataFrame, names: Iterable[str]) -> None:
    """Refuse a table that lacks columns."""
    known = [str(c) for c in data.columns]
    absent = [n for n in names if n not in known]
    if absent:
        raise MissingDataError(
            " ".join(f"The table has no column {n!r}.{suggestion(n, known)}" for n in absent)
        )


def _faults(data: pd.DataFrame, name: str, imputed: bool) -> list[str]:
    series = pick(data, name)
    missing = is_missing(series)
    faults = []
    if missing.any() and not imputed:
        faults.append(f"column {name!r} has missing values in {rows_where(data.index, missing)}")
    if series.dtype.kind in "fO" or series.dtype.name.startswith(("Float", "double", "float")):
        infinite = _infinite(series)
        if infinite.any():
            rows = rows_where(data.index, infinite)
            faults.append(f"column {name!r} has infinite values in {rows}")
    return faults


def is_missing(series: pd.Series) -> NDArray[np.bool_]:
    """Return where the column has no value, shape (n_rows,)."""
    missing = series.isna().to_numpy(dtype=bool)
    if series.dtype.kind == "f" and not isinstance(series.dtype, np.dtype):
        missing = missing | np.isnan(series.to_numpy(dtype=np.float64, na_value=np.nan))
    return missing


def _infinite(series: pd.Series) -> NDArray[np.bool_]:
    if isinstance(series.dtype, pd.StringDtype):
        return np.zeros(len(series), bool)
    if series.dtype.kind == "O":
        return np.array([isinstance(v, float) and np.isinf(v) for v in series], dtype=bool)
    return np.isinf(series.to_numpy(dtype=np.float64, na_value=np.nan))
