from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.design.groups.group_schema import group_levels, group_name
from bayes_glmm.design.schema import Schema
from bayes_glmm.errors import DataError, SpecError, UnknownLevelError
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import Call, Number, Variable


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "y": np.arange(6.0),
            "x": [0.5, 1, 2, 3, 4, 5],
            "f": list("aababb"),
            "school": [10, 10, 9, 9, 10, 9],
            "class": ["k", "m", "k", "m", "k", "k"],
            "observation": [3, 3, 1, 1, 2, 2],
        }
    )


def grouped(table: pd.DataFrame, *effects: RandomEffect) -> tuple[GroupDesign, ...]:
    spec = ModelSpec("y", Predictor(random=effects))
    return Schema.learn(spec, table).apply(table).mu.groups


def test_intercepts_need_no_values(table: pd.DataFrame) -> None:
    (group,) = grouped(table, RandomEffect("school"))
    assert group.levels.tolist() == ["9", "10"]
    assert group.index.dtype == np.int32
    assert group.index.tolist() == [1, 1, 0, 0, 1, 0]
    assert group.Z is None and group.terms == ("intercept",) and group.blocks == ((0,),)


def test_combined_levels_are_pairs_in_natural_order(table: pd.DataFrame) -> None:
    (group,) = grouped(table, RandomEffect(("school", "class")))
    assert group.name == "school_by_class"
    assert group.levels.tolist() == ["9:k", "9:m", "10:k", "10:m"]
    assert group.levels[group.index].tolist() == ["10:k", "10:m", "9:k", "9:m", "10:k", "9:k"]


def test_three_columns_combine(table: pd.DataFrame) -> None:
    names = ["school", "class", "f"]
    codes, levels = group_levels(table, names)
    expected = table[names].astype(str).agg(":".join, axis=1)
    assert levels[codes].tolist() == expected.tolist()
    assert sorted(levels.tolist()) == sorted(expected.unique())


def test_combinations_with_one_name_are_refused() -> None:
    table = pd.DataFrame({"a": ["p:q", "p"], "b": ["r", "q:r"]})
    with pytest.raises(DataError, match="'p:q:r'"):
        group_levels(table, ["a", "b"])


def test_slopes_and_blocks(table: pd.DataFrame) -> None:
    (group,) = grouped(table, RandomEffect("school", terms=("x",)))
    assert group.terms == ("intercept", "x") and group.blocks == ((0, 1),)
    np.testing.assert_array_equal(group.Z, np.column_stack([np.ones(6), table["x"]]))
    (free,) = grouped(table, RandomEffect("school", terms=("x",), correlated=False))
    assert free.blocks == ((0,), (1,))
    (only,) = grouped(table, RandomEffect("school", terms=("x",), intercept=False))
    assert only.terms == ("x",) and only.Z.shape == (6, 1)


def test_slopes_of_factors_follow_marginality(table: pd.DataFrame) -> None:
    (coded,) = grouped(table, RandomEffect("school", terms=("f",)))
    assert coded.terms == ("intercept", "f[b]")
    np.testing.assert_array_equal(coded.Z[:, 1], table["f"] == "b")
    (full,) = grouped(table, RandomEffect("school", terms=("f",), intercept=False))
    assert full.terms == ("f[a]", "f[b]")
    np.testing.assert_array_equal(full.Z.sum(axis=1), 1)


def test_slopes_of_transforms(table: pd.DataFrame) -> None:
    term = ((Call("poly", (Variable("x"), Number(2.0))),),)
    (group,) = grouped(table, RandomEffect("school", terms=term))
    assert group.terms == ("intercept", "poly(x, 2)[1]", "poly(x, 2)[2]")


def test_effects_of_one_group_are_one_design(table: pd.DataFrame) -> None:
    effects = (
        RandomEffect("school"),
        RandomEffect("class"),
        RandomEffect("school", terms=("x", "f"), intercept=False),
    )
    school, other = grouped(table, *effects)
    assert (school.name, other.name) == ("school", "class")
    assert school.terms == ("intercept", "x", "f[a]", "f[b]")
    assert school.blocks == ((0,), (1, 2, 3))
    np.testing.assert_array_equal(school.Z[:, :2], np.column_stack([np.ones(6), table["x"]]))


@pytest.mark.parametrize(
    "effects",
    [
        (RandomEffect("school"), RandomEffect("school", terms=("x",))),
        (RandomEffect("school", ("x",)), RandomEffect("school", ("x",), intercept=False)),
    ],
)
def test_a_term_varies_once(table: pd.DataFrame, effects: tuple) -> None:
    with pytest.raises(SpecError, match="vary twice by school"):
        grouped(table, *effects)


def test_rows_are_levels_without_such_a_column(table: pd.DataFrame) -> None:
    rows = table.drop(columns="observation").set_axis(list("fedcba"))
    (group,) = grouped(rows, RandomEffect("observation"))
    assert group.name == "observation"
    assert group.levels.tolist() == list("fedcba")
    assert group.index.tolist() == list(range(6))


def test_a_column_of_that_name_wins(table: pd.DataFrame) -> None:
    (group,) = grouped(table, RandomEffect("observation"))
    assert group.name == "observation_group"
    assert group.levels.tolist() == ["1", "2", "3"]


def test_names_are_identifiers() -> None:
    assert group_name(["school", "class"]) == "school_by_class"
    assert group_name(["body site (left)"]) == "body_site__left_"
    assert group_name(["2nd"]).isidentifier()
    assert group_name(["chain"]) == "chain_group"
    assert group_name(["cell"], "L") == "cell_L"


def test_two_groups_of_one_name_are_refused(table: pd.DataFrame) -> None:
    clash = table.assign(**{"a b": table["school"], "a_b": table["class"]})
    with pytest.raises(SpecError, match="both be named 'a_b'"):
        grouped(clash, RandomEffect("a b"), RandomEffect("a_b"))


def test_structures_of_one_group_have_their_own_names(table: pd.DataFrame) -> None:
    pair = grouped(table, RandomEffect("class", structure="A"), RandomEffect("class"))
    assert [(g.name, g.structure) for g in pair] == [("class_A", "A"), ("class", None)]
    (alone,) = grouped(table, RandomEffect("class", structure="A"))
    assert (alone.name, alone.structure) == ("class", "A")


@pytest.mark.parametrize("dtype", ["int64", "float64", "str", "category", "Int64"])
def test_ids_are_text_whatever_their_type(table: pd.DataFrame, dtype: str) -> None:
    schema = Schema.learn(ModelSpec("y", Predictor(random=(RandomEffect("school"),))), table)
    same = table.assign(school=table["school"].astype(dtype))
    assert schema.apply(same).mu.groups[0].index.tolist() == [1, 1, 0, 0, 1, 0]


def test_dates_can_be_groups(table: pd.DataFrame) -> None:
    days = pd.to_datetime(["2020-01-02", "2020-01-01"] * 3)
    (group,) = grouped(table.assign(day=days), RandomEffect("day"))
    assert group.n_levels == 2 and group.levels[0].startswith("2020-01-01")
    assert group.index.tolist() == [1, 0] * 3


def test_unknown_levels(table: pd.DataFrame) -> None:
    effects = (RandomEffect("class", terms=("x",)),)
    schema = Schema.learn(ModelSpec("y", Predictor(random=effects)), table)
    new = table.head(3).assign(**{"class": ["k", "K ", "zzz"]})
    with pytest.raises(UnknownLevelError) as raised:
        schema.apply(new)
    text = str(raised.value)
    assert "'class'" in text and "'K '" in text and "'zzz'" in text
    assert "rows 1, 2" in text and "Nearest to 'K ': 'k'" in text and "groups='new'" in text
    assert schema.apply(new, groups="any").mu.groups[0].index.tolist() == [0, -1, -1]
    ignored = schema.apply(new.drop(columns="class"), groups="ignore").mu.groups[0]
    assert ignored.index.tolist() == [-1, -1, -1]
    np.testing.assert_array_equal(ignored.Z[:, 1], new["x"])


def test_near_names_are_quick_among_many_levels() -> None:
    many = pd.DataFrame({"y": np.arange(50_000.0), "g": [f"id{i:05d}" for i in range(50_000)]})
    schema = Schema.learn(ModelSpec("y", Predictor(random=(RandomEffect("g"),))), many)
    with pytest.raises(UnknownLevelError, match="'id31415'"):
        schema.apply(pd.DataFrame({"y": [0.0], "g": ["ID31415"]}))


def test_new_row_identifiers_are_new_levels(table: pd.DataFrame) -> None:
    rows = table.drop(columns="observation")
    schema = Schema.learn(ModelSpec("y", Predictor(random=(RandomEffect("observation"),))), rows)
    moved = rows.iloc[[4, 2]]
    assert schema.apply(moved).mu.groups[0].index.tolist() == [4, 2]
    with pytest.raises(UnknownLevelError, match="observation"):
        schema.apply(moved.set_axis(["n1", "n2"]))
