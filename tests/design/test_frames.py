from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.design.table.column_roles import drop_missing
from bayes_glmm.design.table.columns import kind_of, levels_of, require
from bayes_glmm.design.table.tables import row_ids, rows_where, to_pandas
from bayes_glmm.errors import ArgumentTypeError, DataError, MissingDataError
from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import Call, Variable

pa = pytest.importorskip("pyarrow")


def test_pandas_goes_through_untouched() -> None:
    frame = pd.DataFrame({"x": [1, 2]}, index=["a", "b"])
    assert to_pandas(frame) is frame


def test_repeated_index_becomes_positions_and_the_input_stays() -> None:
    frame = pd.DataFrame({"x": [1, 2, 3]}, index=[7, 7, 8])
    assert to_pandas(frame).index.tolist() == [0, 1, 2]
    assert frame.index.tolist() == [7, 7, 8]
    assert row_ids(frame.index).tolist() == ["0", "1", "2"]


def test_arrow_tables_are_read() -> None:
    frame = to_pandas(pa.table({"x": [1.5, 2.5], "g": ["a", "b"]}))
    assert frame["x"].tolist() == [1.5, 2.5]
    assert frame["g"].tolist() == ["a", "b"]


@pytest.mark.parametrize("wrong", [[1, 2], {"x": [1]}, "table.csv", None, np.zeros((2, 2))])
def test_what_is_no_table_is_refused(wrong: object) -> None:
    with pytest.raises(ArgumentTypeError, match=type(wrong).__name__):
        to_pandas(wrong)


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (pd.Index([-3, 20]), ["-3", "20"]),
        (pd.Index([1.0, 2.5]), ["1", "2.5"]),
        (pd.Index(["p1", "p2"]), ["p1", "p2"]),
        (pd.Index([1, "1"], dtype=object), ["0", "1"]),
        (pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]), ["a:1", "b:2"]),
    ],
)
def test_row_ids_are_text(index: pd.Index, expected: list[str]) -> None:
    found = row_ids(index)
    assert found.dtype.kind == "U"
    assert found.tolist() == expected


def test_rows_are_counted_beyond_ten() -> None:
    text = rows_where(pd.RangeIndex(30), np.arange(30) >= 10)
    assert text == "rows 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 and 10 more"
    assert rows_where(pd.Index(["a", "b"]), np.array([False, True])) == "row b"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "numeric"),
        ([1.0, 2.0], "numeric"),
        (pd.array([1, 2], dtype="Int64"), "numeric"),
        (pd.array([1.0, 2.0], dtype="Float64"), "numeric"),
        (pd.array([1, 2], dtype="int64[pyarrow]"), "numeric"),
        (np.array([1, 2.5], dtype=object), "numeric"),
        ([True, False], "boolean"),
        (np.array([True, False], dtype=object), "boolean"),
        (pd.array([True, False], dtype="boolean"), "boolean"),
        (["a", "b"], "factor"),
        (np.array(["a", "b"], dtype=object), "factor"),
        (pd.array(["a", "b"], dtype="string[pyarrow]"), "factor"),
        (pd.Categorical(["a", "b"]), "factor"),
        (pd.Categorical([1, 2]), "factor"),
    ],
)
def test_kinds_of_columns(values: object, kind: str) -> None:
    assert kind_of(pd.Series(values), "v") == kind


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), r"\.dt\.days"),
        (pd.to_timedelta([1, 2], unit="D"), "total_seconds"),
        (pd.period_range("2020-01", periods=2, freq="M"), "C\\(v\\)"),
        (np.array([1, "a"], dtype=object), r"mixes types: int \(row 0\), str \(row 1\)"),
        ([1 + 2j, 3j], "complex"),
        (np.array([b"a", b"b"], dtype=object), "bytes"),
    ],
)
def test_unfit_kinds_say_what_to_do(values: object, message: str) -> None:
    with pytest.raises(DataError, match=message) as raised:
        kind_of(pd.Series(values), "v")
    assert "'v'" in str(raised.value)


@pytest.mark.parametrize(
    ("values", "levels", "codes"),
    [
        ([10, 9, 10], ["9", "10"], [1, 0, 1]),
        (["10", "9", "10"], ["10", "9"], [0, 1, 0]),
        ([2.0, 1.0, 2.5], ["1", "2", "2.5"], [1, 0, 2]),
        ([True, False, True], ["False", "True"], [1, 0, 1]),
        (pd.Categorical(["lo", "hi", "lo"], ["hi", "mid", "lo"]), ["hi", "lo"], [1, 0, 1]),
        (pd.Categorical(["b", None, "a"], ["b", "a"]), ["b", "a"], [0, -1, 1]),
        (np.array(["b", None, "a"], dtype=object), ["a", "b"], [1, -1, 0]),
    ],
)
def test_levels_are_ordered_naturally(values: object, levels: list, codes: list) -> None:
    found, names = levels_of(pd.Series(values), "g")
    assert names.tolist() == levels
    assert found.tolist() == codes


def test_levels_with_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="different values with one name: 1"):
        levels_of(pd.Series(pd.Categorical([1, "1"], categories=[1, "1"])), "g")


def test_every_incomplete_column_is_named_at_once() -> None:
    frame = pd.DataFrame(
        {
            "a": [1.0, np.nan, np.inf],
            "b": ["x", None, "y"],
            "c": pd.array([1, None, 3], dtype="Int64"),
            "d": np.array([1.0, -np.inf, 2.0], dtype=object),
            "unused": [np.nan] * 3,
        },
        index=["p", "q", "r"],
    )
    with pytest.raises(MissingDataError) as raised:
        require(frame, ["a", "b", "c", "d"])
    text = str(raised.value)
    assert "olumn 'a' has missing values in row q" in text
    assert "column 'a' has infinite values in row r" in text
    assert "column 'b' has missing values in row q" in text
    assert "column 'c' has missing values in row q" in text
    assert "column 'd' has infinite values in row q" in text
    assert "missing='drop'" in text
    assert "unused" not in text


def test_only_infinite_values_do_not_suggest_dropping() -> None:
    with pytest.raises(MissingDataError) as raised:
        require(pd.DataFrame({"a": [1.0, np.inf]}), ["a"])
    assert "missing='drop'" not in str(raised.value)


def test_absent_columns_get_near_names() -> None:
    with pytest.raises(MissingDataError, match="no column 'dayz'. Did you mean 'days'"):
        require(pd.DataFrame({"days": [1]}), ["dayz"])


def test_empty_tables_and_repeated_names_are_refused() -> None:
    with pytest.raises(DataError, match="no rows"):
        require(pd.DataFrame({"x": []}), ["x"])
    with pytest.raises(DataError, match="2 columns named 'x'"):
        require(pd.DataFrame([[1, 2]], columns=["x", "x"]), ["x"])


def test_dropping_looks_at_used_columns_only() -> None:
    frame = pd.DataFrame(
        {"y": [1, 2, 3, 4.0], "x": [1, None, 3, 4], "g": ["a", "b", None, "a"], "z": [None] * 4},
        index=list("abcd"),
    )
    terms = ((Call("log", (Variable("x"),)),),)
    spec = ModelSpec("y", Predictor(terms=terms, random=(RandomEffect("g"),)))
    kept, dropped = drop_missing(spec, frame)
    assert kept.index.tolist() == ["a", "d"]
    assert dropped == ("b", "c")
    assert len(frame) == 4
    with pytest.raises(DataError, match="nothing is left"):
        drop_missing(ModelSpec("z", Predictor()), frame)
