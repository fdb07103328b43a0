"""Columns in plain types, and kept with the types they have."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayes_glmm.design.table.kept_columns import columns_to_dataset, columns_to_frame
from bayes_glmm.design.table.tables import to_pandas
from bayes_glmm.errors import ResultError
from bayes_glmm.fitting.check_model import check

DAY = datetime.date(2024, 5, 1)


def objects(*values):
    return pd.Series(values, dtype=object)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (objects(1, 2, 3), pd.Series([1, 2, 3])),
        (objects(1, None, 3), pd.Series([1, None, 3], dtype="Int64")),
        (objects(1.5, None, 2), pd.Series([1.5, np.nan, 2.0])),
        (objects(Decimal("1.5"), 2, Fraction(1, 4)), pd.Series([1.5, 2.0, 0.25])),
        (objects(True, None), pd.Series([True, None], dtype="boolean")),
        (objects(np.int64(1), np.float32(2)), pd.Series([1.0, 2.0])),
        (objects(pd.Timestamp(2024, 5, 1)), pd.Series(pd.to_datetime([DAY])).astype("M8[us]")),
        (pd.Series([1, None], dtype="int64[pyarrow]"), pd.Series([1, None], dtype="Int64")),
        (pd.Series([1.5, None], dtype="double[pyarrow]"), pd.Series([1.5, np.nan])),
        (pd.Series(pd.arrays.SparseArray([0.0, 1.0])), pd.Series([0.0, 1.0])),
        (
            pd.Series(pd.Categorical([Decimal("1.5"), Decimal(2)], ordered=True)),
            pd.Series(pd.Categorical([1.5, 2.0], ordered=True)),
        ),
    ],
)
def test_objects_and_wrapped_columns_become_plain(given, expected):
    found = to_pandas(pd.DataFrame({"x": given}))["x"]
    pd.testing.assert_series_equal(found, expected, check_names=False)


@pytest.mark.parametrize(
    "given",
    [objects("a", "b"), objects("a", 1), objects(DAY), objects(2**70, 1), objects(1, True)],
)
def test_other_objects_stay_as_they_are(given):
    table = pd.DataFrame({"x": given})
    assert to_pandas(table) is table


def test_names_of_columns_are_text_and_the_index_has_none_of_them():
    table = pd.DataFrame({1: [1, 2], "g": ["a", "b"]}, index=pd.Index(["r", "s"], name="g"))
    found = to_pandas(table)
    assert list(found.columns) == ["1", "g"]
    assert found.index.name is None and found.index.tolist() == ["r", "s"]
    assert list(table.columns) == [1, "g"] and table.index.name == "g"


KEPT = {
    "int8": pd.Series([1, 2], dtype="int8"),
    "uint64": pd.Series([1, 2**63], dtype="uint64"),
    "float32": pd.Series([1.5, np.nan], dtype="float32"),
    "Int64": pd.Series([2**62 + 1, None], dtype="Int64"),
    "Float64": pd.Series([0.1, None], dtype="Float64"),
    "bool": pd.Series([True, False]),
    "boolean": pd.Series([True, None], dtype="boolean"),
    "str": pd.Series(["a", "nan"]),
    "missing str": pd.Series(["nan", None], dtype="str"),
    "string": pd.Series(["a", None], dtype="string"),
    "object": objects("a", ""),
    "whole objects": objects(2**70, 1),
    "dates": objects(DAY, DAY),
    "times": pd.Series(pd.to_datetime(["2024-05-01T00:00:00.123456789", None], format="ISO8601")),
    "zone": pd.Series(pd.date_range("2024-03-30", periods=2, tz="Europe/Paris")),
    "offset": pd.Series(pd.date_range("2024-03-30", periods=2, tz="+05:30")),
    "spans": pd.Series(pd.to_timedelta([1, None], unit="s")),
    "months": pd.Series(pd.period_range("2024-05", periods=2, freq="M")),
    "ordered": pd.Series(pd.Categorical(["b", None], ["b", "a", "z"], ordered=True)),
    "whole categories": pd.Series(pd.Categorical([10, 9])),
    "category of floats": pd.Series(pd.Categorical([0.1, 1.0])),
    "category of bool": pd.Series(pd.Categorical([True, False])),
    "category of times": pd.Series(pd.Categorical(pd.to_datetime([DAY, "2025-01-01"]))),
    "cut": pd.Series(pd.cut([0.0, 1.0], [-1, 0.5, 2])),
}


@pytest.mark.parametrize("name", KEPT)
def test_columns_come_back_from_a_file_with_their_types(name, tmp_path):
    table = pd.DataFrame({name: KEPT[name]}).set_axis(["r1", "r2"], axis=0)
    columns_to_dataset(table, [name], np.array(["r1", "r2"])).to_netcdf(tmp_path / "kept.nc")
    with xr.open_dataset(tmp_path / "kept.nc") as stored:
        found = columns_to_frame(stored.load())
    pd.testing.assert_frame_equal(found, table)


def test_tables_of_earlier_versions_are_read():
    old = xr.Dataset(
        {
            "size": ("observation", ["big", "small"],
                     {"column": "size", "categories": json.dumps(["small", "big"])}),
            "column_1": ("observation", np.array([1, 0], np.int8), {"column": "in it", "boolean": 1}),
            "x": ("observation", [0.5, 1.5], {"column": "x"}),
        },
        {"observation": ["r1", "r2"]},
    )  # fmt: skip
    expected = pd.DataFrame(
        {
            "size": pd.Categorical(["big", "small"], ["small", "big"]),
            "in it": [True, False],
            "x": [0.5, 1.5],
        },
        index=["r1", "r2"],
    )
    pd.testing.assert_frame_equal(columns_to_frame(old), expected)


@pytest.mark.parametrize(
    "about",
    [
        {"kind": "code"},
        {"kind": "datetime", "unit": "fortnight"},
        {"kind": "category", "ordered": True, "of": {"kind": "int64"}, "categories": ["a"]},
        {"kind": "datetime", "unit": "ns", "zone": "../../etc/passwd"},
        {"kind": "period", "freq": "?"},
        {},
    ],
)
def test_a_type_that_is_none_is_refused(about):
    variable = ("observation", [1, 2], {"column": "x", "type": json.dumps(about)})
    with pytest.raises(ResultError, match="'x'"):
        columns_to_frame(xr.Dataset({"x": variable}, {"observation": ["r1", "r2"]}))


def test_columns_of_names_that_look_like_kept_ones_are_kept_apart():
    table = pd.DataFrame({"a b": [1, 2], "column_0": [3, 4], "column_1_missing": [5, 6]})
    stored = columns_to_dataset(table, list(table), np.array(["0", "1"]))
    pd.testing.assert_frame_equal(columns_to_frame(stored), table.set_axis(["0", "1"], axis=0))


@pytest.mark.parametrize("level", ["a\0b", "\udc80"])
def test_levels_that_no_file_keeps_are_refused(level):
    table = pd.DataFrame({"y": [0.5, 1.5, 2.0, 1.0], "g": objects(level, "b", level, "b")})
    (error,) = check("y ~ 1 + (1 | g)", table).errors
    assert "'g' has the level" in error.message
