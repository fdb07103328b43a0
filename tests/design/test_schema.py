from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.errors import (
    ArgumentError,
    BayesGLMMError,
    DataError,
    MissingDataError,
    ResultError,
    UnknownLevelError,
)
from bayes_glmm.model.design import Design
from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sides import Predictor, Response
from bayes_glmm.spec.terms import Arithmetic, Call, Number, Text, Variable

X, A, B = Variable("x"), Variable("a"), Variable("b")


def table(n: int = 60, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.poisson(3.0, size=n),
            "x": rng.normal(size=n),
            "pos": rng.gamma(2.0, size=n) + 0.1,
            "a": rng.permutation(np.resize(list("pqr"), n)),
            "b": rng.permutation(np.resize([True, False], n)),
            "g": rng.permutation(np.resize([f"id {i}" for i in range(9)], n)),
            "h": rng.permutation(np.resize([1, 2, 11], n)),
            "days": rng.gamma(3.0, size=n) + 0.5,
        },
        index=[f"row {i}" for i in range(n)],
    )


def rich() -> ModelSpec:
    poly = Call("poly", (Call("log", (Variable("pos"),)), Number(2.0)))
    terms = (
        (X,),
        (A,),
        (B,),
        (poly,),
        (Call("C", (Variable("h"), Variable("sum"))),),
        (Call("cr", (X,), (("df", Number(4.0)),)),),
        (X, A),
        (A, B),
    )
    random = (
        RandomEffect("g", terms=((Call("scale", (Variable("pos"),)),), (A,))),
        RandomEffect(("g", "h"), terms=((X,),), correlated=False),
        RandomEffect("observation"),
    )
    offsets = (Call("log", (Arithmetic("/", Variable("days"), Number(7.0)),)),)
    return ModelSpec(
        Response("y"),
        Predictor(terms=terms, random=random, offsets=offsets),
        family="poisson",
        exposure="days",
        offset="pos",
        priors={"beta": Prior("Normal", sigma=0.1)},
    )


def arrays(design: Design) -> dict[str, np.ndarray]:
    found = {"rows": design.rows, "X": design.mu.X, "offset": design.mu.offset}
    for name in ("response", "trials"):
        if getattr(design, name) is not None:
            found[name] = getattr(design, name)
    for group in design.mu.groups:
        found[f"level {group.name}"] = group.levels[group.index]
        found[f"Z {group.name}"] = group.values
    return found


def assert_same(left: Design, right: Design) -> None:
    assert left.mu.coefficients == right.mu.coefficients
    for name, array in arrays(left).items():
        assert array.tobytes() == arrays(right)[name].tobytes(), name
    for own, other in zip(left.mu.groups, right.mu.groups, strict=True):
        assert own.levels.tobytes() == other.levels.tobytes()
        assert own.index.tobytes() == other.index.tobytes()
        assert (own.name, own.terms, own.blocks) == (other.name, other.terms, other.blocks)


def simple(**options: object) -> ModelSpec:
    return ModelSpec("y", Predictor(terms=((X,),)), **options)


def test_shapes_labels_and_moments() -> None:
    rows = table()
    design = Schema.learn(rich(), rows).apply(rows)
    assert design.mu.coefficients == (
        "x", "a[q]", "a[r]", "b[True]", "poly(log(pos), 2)[1]", "poly(log(pos), 2)[2]",
        "h[1-mean]", "h[2-mean]", "cr(x, df=4)[1]", "cr(x, df=4)[2]", "cr(x, df=4)[3]",
        "cr(x, df=4)[4]", "x:a[q]", "x:a[r]", "a[q]:b[True]", "a[r]:b[True]",
    )  # fmt: skip
    assert design.mu.X.shape == (60, 16) and design.n_rows == 60
    np.testing.assert_allclose(design.mu.centers, design.mu.X.mean(axis=0))
    np.testing.assert_allclose(design.mu.scales, design.mu.X.std(axis=0))
    np.testing.assert_allclose(
        design.mu.offset, rows["pos"] + np.log(rows["days"] / 7) + np.log(rows["days"])
    )
    assert [g.name for g in design.mu.groups] == ["g", "g_by_h", "observation"]
    assert design.mu.group("g").blocks == ((0, 1, 2, 3),)
    assert design.mu.group("g_by_h").blocks == ((0,), (1,))
    assert (design.family, design.link) == ("poisson", "log")
    np.testing.assert_array_equal(design.response, rows["y"])


def test_without_intercept_nothing_is_centred() -> None:
    rows = table()
    spec = ModelSpec("y", Predictor(intercept=False, terms=((A,), (X,))))
    design = Schema.learn(spec, rows).apply(rows).mu
    assert design.coefficients == ("a[p]", "a[q]", "a[r]", "x")
    assert not design.centers.any() and design.scales.all()


def test_columns_say_kind_levels_and_roles() -> None:
    schema = Schema.learn(rich(), table())
    assert schema.used_columns == ("y", "x", "a", "b", "pos", "h", "days", "g")
    assert schema.column("a").levels == ("p", "q", "r")
    assert schema.column("b").kind == "boolean" and schema.column("x").kind == "numeric"
    assert schema.column("g").roles == ("group",) and schema.column("g").levels == ()
    assert set(schema.column("pos").roles) == {"fixed", "slope", "offset"}
    with pytest.raises(MissingDataError, match="does not use 'nope'"):
        schema.column("nope")


def test_inputs_are_not_modified() -> None:
    rows = table()
    before = rows.copy(deep=True)
    Schema.learn(rich(), rows).apply(rows)
    pd.testing.assert_frame_equal(rows, before)


def test_json_round_trip_gives_the_same_bytes() -> None:
    rows = table()
    schema = Schema.learn(rich(), rows)
    again = schema_from_dict(json.loads(json.dumps(schema_to_dict(schema))))
    assert again.spec == schema.spec and again.columns == schema.columns
    assert json.dumps(schema_to_dict(again)) == json.dumps(schema_to_dict(schema))
    new = rows.iloc[::3]
    assert_same(schema.apply(new), again.apply(new))
    np.testing.assert_array_equal(schema.predictors["mu"].centers, again.predictors["mu"].centers)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        {"format": 99},
        {"format": 1},
        {"format": 1, "codings": [{"factor": ["import", "os"]}]},
        {"format": 1, "codings": 3},
    ],
)
def test_nonsense_is_no_schema(stored: object) -> None:
    with pytest.raises(ResultError, match="stored schema|stored expression"):
        schema_from_dict(stored)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(12, 80))
def test_permuting_rows_permutes_the_design(seed: int, n: int) -> None:
    rows = table(n, seed)
    order = np.random.default_rng(seed).permutation(n)
    moved = rows.iloc[order]
    left = arrays(Schema.learn(rich(), rows).apply(rows))
    right = arrays(Schema.learn(rich(), moved).apply(moved))
    for name, array in left.items():
        if array.dtype.kind == "f":
            np.testing.assert_allclose(array[order], right[name], rtol=1e-7, atol=1e-9)
        else:
            assert array[order].tolist() == right[name].tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), cut=st.integers(1, 49))
def test_parts_stacked_are_the_whole(seed: int, cut: int) -> None:
    rows = table(50, seed)
    schema = Schema.learn(rich(), rows)
    whole = arrays(schema.apply(rows))
    first, second = arrays(schema.apply(rows.iloc[:cut])), arrays(schema.apply(rows.iloc[cut:]))
    for name, array in whole.items():
        stacked = np.concatenate([first[name], second[name]])
        assert stacked.astype(array.dtype).tobytes() == array.tobytes(), name


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.permutations(range(9)))
def test_relabelling_groups_only_relabels(seed: int, order: list[int]) -> None:
    rows = table(50, seed)
    names = {f"id {i}": f"new {k}" for i, k in enumerate(order)}
    renamed = rows.assign(g=rows["g"].map(names))
    left = Schema.learn(rich(), rows).apply(rows)
    right = Schema.learn(rich(), renamed).apply(renamed)
    assert left.mu.X.tobytes() == right.mu.X.tobytes()
    for own, other in zip(left.mu.groups, right.mu.groups, strict=True):
        assert own.values.tobytes() == other.values.tobytes()
        expected = [names[v] for v in rows["g"]]
        if own.name == "g":
            assert other.levels[other.index].tolist() == expected
        pairs = set(zip(own.index.tolist(), other.index.tolist(), strict=True))
        assert len(pairs) == own.n_levels == other.n_levels


def test_relabelling_a_factor_in_order_changes_labels_only() -> None:
    rows = table()
    renamed = rows.assign(a=rows["a"].map({"p": "aa", "q": "mm", "r": "zz"}))
    left = Schema.learn(rich(), rows).apply(rows).mu
    right = Schema.learn(rich(), renamed).apply(renamed).mu
    assert left.X.tobytes() == right.X.tobytes()
    assert "a[mm]:b[True]" in right.coefficients


def test_unknown_fixed_levels_are_always_refused() -> None:
    rows = table()
    schema = Schema.learn(rich(), rows)
    new = rows.head(3).assign(a=["p", "P", "q"])
    for groups in ("known", "any", "ignore"):
        with pytest.raises(UnknownLevelError, match="'a'.*'P'.*row row 1.*'p'"):
            schema.apply(new, groups=groups)


def test_what_was_numbers_stays_numbers() -> None:
    rows = table()
    schema = Schema.learn(simple(), rows)
    with pytest.raises(DataError, match="x needs numbers, but column 'x' holds text"):
        schema.apply(rows.assign(x="a"))
    with pytest.raises(MissingDataError, match="'x' has missing values in row row 2"):
        schema.apply(rows.assign(x=rows["x"].where(rows.index != "row 2")))


def test_new_rows_need_no_response() -> None:
    rows = table()
    schema = Schema.learn(simple(), rows)
    new = rows.drop(columns="y")
    assert schema.apply(new, response=False).response is None
    with pytest.raises(MissingDataError, match="no column 'y'"):
        schema.apply(new)


def test_dates_are_refused_with_a_way_out() -> None:
    rows = table().assign(x=pd.date_range("2020-01-01", periods=60))
    with pytest.raises(DataError, match=r"'x' holds datetime.*\.dt\.days"):
        Schema.learn(simple(), rows)
    coded = ModelSpec("y", Predictor(terms=((Call("C", (X,)),),)))
    assert len(Schema.learn(coded, rows).apply(rows).mu.coefficients) == 59


def test_exposure_is_left_to_the_checks_without_a_warning() -> None:
    rows = table().assign(days=[0.0, -1.0] + [2.0] * 58)
    offset = Schema.learn(simple(family="poisson", exposure="days"), rows).apply(rows).mu.offset
    assert np.isneginf(offset[0]) and np.isnan(offset[1])
    np.testing.assert_allclose(offset[2:], np.log(2))


@pytest.mark.parametrize(
    ("values", "success", "expected", "chosen"),
    [
        (["no", "yes", "no"], None, [0, 1, 0], "yes"),
        (["no", "yes", "no"], "no", [1, 0, 1], "no"),
        ([True, False, True], None, [1, 0, 1], "True"),
        ([True, True, True], "False", [0, 0, 0], "False"),
        (pd.Categorical(["z", "a", "z"], ["z", "a"]), None, [0, 1, 0], "a"),
        ([2, 1, 1], "1", [0, 1, 1], "1"),
        ([0, 1, 0], None, [0, 1, 0], None),
    ],
)
def test_binary_responses(values: object, success: str, expected: list, chosen: str) -> None:
    rows = pd.DataFrame({"y": values, "x": [1.0, 2.0, 3.0]})
    schema = Schema.learn(simple(family="bernoulli", success=success), rows)
    assert schema.response.success == chosen
    assert schema.apply(rows).response.tolist() == expected
    again = schema_from_dict(json.loads(json.dumps(schema_to_dict(schema))))
    assert again.apply(rows.tail(2)).response.tolist() == expected[1:]


def test_text_responses_that_do_not_fit() -> None:
    rows = pd.DataFrame({"y": ["f", "m", "u"], "x": [1.0, 2.0, 3.0]})
    schema = Schema.learn(simple(family="bernoulli"), rows)
    with pytest.raises(DataError, match=r"3 levels \(f, m, u\)"):
        schema.apply(rows)
    with pytest.raises(DataError, match="family 'poisson' needs numbers"):
        Schema.learn(simple(family="poisson"), rows.head(2)).apply(rows.head(2))
    with pytest.raises(DataError, match="success='F'.*'f'"):
        Schema.learn(simple(family="bernoulli", success="F"), rows)
    with pytest.raises(UnknownLevelError, match="'u'"):
        Schema.learn(simple(family="bernoulli"), rows.head(2)).apply(rows)


def test_trials_are_a_column_or_a_number() -> None:
    rows = table().assign(n=20)

    def design(argument: object, new: pd.DataFrame, **options: bool) -> Design:
        response = Response("y", (Call("trials", (argument,)),))
        spec = ModelSpec(response, Predictor(terms=((X,),)), family="binomial")
        return Schema.learn(spec, rows).apply(new, **options)

    assert design(Variable("n"), rows).trials.tolist() == [20.0] * 60
    assert design(Number(30.0), rows).trials.tolist() == [30.0] * 60
    bare = rows.drop(columns=["n", "y"])
    assert design(Variable("n"), bare, response=False).trials is None
    with pytest.raises(MissingDataError, match="no column 'n'"):
        design(Variable("n"), rows.drop(columns="n"))


def test_predictors_of_several_parameters_share_what_was_learned() -> None:
    rows = table()
    scaled = ((Call("scale", (X,)),),)
    spec = ModelSpec("y", {"mu": Predictor(terms=scaled), "sigma": Predictor(terms=scaled)})
    design = Schema.learn(spec, rows).apply(rows)
    assert set(design.predictors) == {"mu", "sigma"}
    np.testing.assert_array_equal(design.mu.X, design.predictors["sigma"].X)


def test_colliding_labels_are_refused() -> None:
    rows = table().assign(**{"a[q]": 1.5})
    spec = ModelSpec("y", Predictor(terms=((A,), (Variable("a[q]"),))))
    with pytest.raises(DataError, match=r"named a\[q\]"):
        Schema.learn(spec, rows)


def test_thousands_of_fixed_levels_are_refused() -> None:
    rows = pd.DataFrame({"y": np.arange(3000.0), "a": [f"l{i}" for i in range(3000)]})
    with pytest.raises(DataError, match=r"\(1 \| a\)"):
        Schema.learn(ModelSpec("y", Predictor(terms=((A,),))), rows)


def test_huge_interactions_are_refused() -> None:
    levels = [f"l{i}" for i in range(300)]
    rows = pd.DataFrame({"y": np.arange(300.0), "a": levels, "b": levels})
    with pytest.raises(DataError, match="a:b has .* columns"):
        Schema.learn(ModelSpec("y", Predictor(terms=((A, B),))), rows)


def test_other_words_for_groups_are_refused() -> None:
    with pytest.raises(ArgumentError, match="groups='new'"):
        Schema.learn(simple(), table()).apply(table(), groups="new")


def test_sleepstudy_is_what_lme4_sees(data_folder: Path) -> None:
    rows = pd.read_csv(data_folder / "sleepstudy.csv")
    random = (RandomEffect("Subject", terms=("Days",)),)
    spec = ModelSpec("Reaction", Predictor(terms=("Days",), random=random))
    design = Schema.learn(spec, rows).apply(rows)
    group = design.mu.group("Subject")
    assert group.n_levels == 18 and group.levels[0] == "308"
    assert (np.bincount(group.index) == 10).all()
    np.testing.assert_allclose(design.mu.centers, [4.5])


_FACTORS = st.sampled_from(
    [
        X,
        A,
        B,
        Variable("nul"),
        Variable("mixed"),
        Variable("when"),
        Variable("nope"),
        Variable("const"),
        Call("log", (X,)),
        Call("sqrt", (Variable("pos"),)),
        Call("scale", (Variable("const"),)),
        Call("poly", (X, Number(3.0))),
        Call("bs", (X,), (("df", Number(5.0)),)),
        Call("cr", (Variable("h"),)),
        Call("C", (Variable("h"),), (("ref", Text("2")),)),
        Call("C", (Variable("when"),)),
        Call("exp", (Arithmetic("/", X, Variable("const")),)),
    ]
)
_TERMS = st.lists(st.lists(_FACTORS, min_size=1, max_size=3), max_size=4)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    terms=_TERMS,
    slopes=st.lists(_FACTORS, max_size=2),
    group=st.sampled_from(["g", "h", "a", "x", "when", "nope", "observation", "mixed"]),
    intercept=st.booleans(),
    n=st.integers(0, 30),
)
def test_any_model_is_built_or_refused_with_our_errors(
    terms: list, slopes: list, group: str, intercept: bool, n: int
) -> None:
    rows = table(30).head(n).assign(nul=np.nan, const=0.0, when=pd.Timestamp("2020-01-01"))
    rows["mixed"] = np.array([1, "a", None] * 10, dtype=object)[:n]
    random = (RandomEffect(group, terms=tuple((s,) for s in slopes)),)
    spec = ModelSpec("y", Predictor(intercept, tuple(map(tuple, terms)), random))
    try:
        schema = Schema.learn(spec, rows)
        design = schema.apply(rows)
    except BayesGLMMError as error:
        assert str(error)
        return
    assert design.mu.X.shape == (n, len(design.mu.coefficients))
    assert np.isfinite(design.mu.X).all()
    assert_same(
        design, schema_from_dict(json.loads(json.dumps(schema_to_dict(schema)))).apply(rows)
    )
