"""Store a table's columns as arrays of any file format, and restore their types."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.as_xarray import coordinates, variable
from bayes_glmm.design.table.columns import is_missing, pick
from bayes_glmm.design.table.tables import level_text
from bayes_glmm.errors import ResultError

if TYPE_CHECKING:
    import xarray as xr

type About = dict[str, Any]
PLAIN_NAME = re.compile(r"(?!column_\d|observation$)[A-Za-z][A-Za-z0-9_]*")
NUMBER = re.compile(r"(u?int(8|16|32|64)|float(16|32|64))")
NULLABLE = re.compile(r"(U?Int(8|16|32|64)|Float(32|64))")
TIME_UNITS = ("s", "ms", "us", "ns")


def columns_to_dataset(data: pd.DataFrame, columns: Sequence[str], rows: Any) -> xr.Dataset:
    """Store raw columns as variables whose names are valid in any file format.

    Parameters
    ----------
    data : pandas.DataFrame
    columns : sequence of str
    rows : ndarray of str, shape (n_rows,)
        Identifiers of the rows.

    Returns
    -------
    xarray.Dataset
        Numbers as numbers, everything else as text or whole numbers; the attributes of a
        variable name its column and its type. Where other than floats are missing, a
        variable beside it says so.
    """
    import xarray as xr

    variables: dict[str, Any] = {}
    for i, column in enumerate(columns):
        series = _written_apart(pick(data, column))
        missing = is_missing(series)
        values, about = _encoded(series[~missing])
        if missing.any():
            fill = np.nan if values.dtype.kind == "f" else np.zeros(1, values.dtype)[0]
            known, values = values, np.full(len(series), fill, values.dtype)
            values[~missing] = known
        attrs = {"column": column, "type": json.dumps(about)}
        name = column if PLAIN_NAME.fullmatch(column) else f"column_{i}"
        variables[name] = variable("observation", values, attrs)
        if missing.any() and about["kind"] not in ("float16", "float32", "float64"):
            variables[f"column_{i}_missing"] = variable(
                "observation", missing.astype(np.int8), {"missing_of": column}
            )
    return xr.Dataset(variables, coordinates({"observation": rows}))


def columns_to_frame(stored: xr.Dataset) -> pd.DataFrame:
    """Read what :func:`columns_to_dataset` kept, or an earlier version of it.

    Raises
    ------
    ResultError
        A variable is not what its attributes say.
    """
    every = list(stored.data_vars.values())
    missing = {v.attrs["missing_of"]: v.values > 0 for v in every if "missing_of" in v.attrs}
    columns = {}
    for kept in (v for v in every if "missing_of" not in v.attrs):
        column = kept.attrs["column"]
        try:
            series = _column(kept.values, kept.attrs)
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise ResultError(
                f"the column {column!r} is not what its record says: {error}"
            ) from error
        columns[column] = series.mask(missing[column]) if column in missing else series
    index = stored["observation"].values
    return pd.DataFrame({k: v.set_axis(index) for k, v in columns.items()}, index=index)


def _column(values: Any, attrs: Mapping[str, Any]) -> pd.Series:
    if "type" in attrs:
        return _decoded(values, json.loads(attrs["type"]))
    if "categories" in attrs:  # written before types were kept
        return pd.Series(pd.Categorical(values, json.loads(attrs["categories"])))
    return pd.Series(values.astype(bool) if "boolean" in attrs else values)


def _written_apart(series: pd.Series) -> pd.Series:
    """Drop unused categories where two would have the same text."""
    if not isinstance(series.dtype, pd.CategoricalDtype):
        return series
    texts = level_text(series.cat.categories)
    return series if len(set(texts)) == len(texts) else series.cat.remove_unused_categories()


def _encoded(series: pd.Series) -> tuple[NDArray[Any], About]:
    """Return values without missing ones as an array that a file can store, and their type."""
    dtype = series.dtype
    name = str(dtype)
    if isinstance(dtype, pd.CategoricalDtype):
        texts = np.array(level_text(dtype.categories), dtype=np.str_)
        about = {"kind": "category", "ordered": bool(dtype.ordered), **_listed(dtype.categories)}
        return texts[series.cat.codes.to_numpy()], about
    if name in ("bool", "boolean"):
        return series.to_numpy(bool).astype(np.int8), {"kind": name}
    if NUMBER.fullmatch(name) or NULLABLE.fullmatch(name):
        return series.to_numpy(np.dtype(name.lower())), {"kind": name}
    if isinstance(dtype, pd.DatetimeTZDtype):
        whole = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return whole.view(np.int64), {"kind": "datetime", "unit": dtype.unit, "zone": str(dtype.tz)}
    if dtype.kind in "Mm":
        unit = np.datetime_data(series.to_numpy().dtype)[0]
        kind = "datetime" if dtype.kind == "M" else "timedelta"
        return series.to_numpy().view(np.int64), {"kind": kind, "unit": unit}
    if isinstance(dtype, pd.PeriodDtype):
        return pd.PeriodIndex(series).asi8, {
            "kind": "period",
            "freq": name.removeprefix("period[")[:-1],
        }
    if isinstance(dtype, pd.StringDtype):
        texts = series.to_numpy(dtype=object).astype(np.str_)
        return texts, {"kind": "string" if dtype.na_value is pd.NA else "str"}
    inferred = pd.api.types.infer_dtype(series, skipna=True)
    if inferred == "date":
        return np.array([v.isoformat() for v in series], dtype=np.str_), {"kind": "date"}
    return _texts(series), {"kind": "integers" if inferred == "integer" else "object"}


def _listed(categories: pd.Index) -> About:
    """Return categories as a JSON list, with their type."""
    if isinstance(categories, pd.IntervalIndex):
        ends = pd.Index(np.concatenate([categories.left, categories.right]))
        return _listed(ends) | {"closed": categories.closed}
    values, about = _encoded(pd.Series(categories))
    return {"of": about, "categories": values.tolist()}


def _texts(series: pd.Series) -> NDArray[np.str_]:
    return np.array(level_text(series), dtype=np.str_)


def _decoded(values: Any, about: About) -> pd.Series:
    """Read what :func:`_encoded` made."""
    kind = about["kind"]
    if kind == "category":
        categories = pd.Index(_decoded(np.array(about["categories"]), about["of"]))
        if "closed" in about:
            half = len(categories) // 2
            categories = pd.IntervalIndex.from_arrays(
                categories[:half], categories[half:], about["closed"]
            )
        codes = pd.Index(level_text(categories), dtype=object).get_indexer(
            pd.Index(values, dtype=object)
        )
        return pd.Series(pd.Categorical.from_codes(codes, categories, bool(about["ordered"])))
    if kind in ("bool", "boolean") or NUMBER.fullmatch(kind) or NULLABLE.fullmatch(kind):
        number = np.asarray(values, np.dtype(kind.lower() if kind != "boolean" else "bool"))
        return pd.Series(number) if kind == number.dtype.name else pd.Series(number).astype(kind)
    if kind in ("datetime", "timedelta") and about["unit"] in TIME_UNITS:
        letter = "M" if kind == "datetime" else "m"
        times = pd.Series(np.asarray(values, np.int64).view(f"{letter}8[{about['unit']}]"))
        zone = about.get("zone")
        return times if zone is None else times.dt.tz_localize("UTC").dt.tz_convert(str(zone))
    if kind == "period":
        ordinals = np.asarray(values, np.int64)
        return pd.Series(pd.PeriodIndex.from_ordinals(ordinals, freq=str(about["freq"])))
    texts = [str(v) for v in values]
    if kind == "date":
        dates = [datetime.date.fromisoformat(v) if v else None for v in texts]
        return pd.Series(dates, dtype=object)
    if kind == "integers":
        return pd.Series([int(v) if v else None for v in texts], dtype=object)
    if kind in ("str", "string", "object"):
        return pd.Series(texts, dtype=kind)
    raise ResultError(f"the type {kind!r} is not known.")
