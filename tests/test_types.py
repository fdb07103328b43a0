"""One table written in many types gives one answer, or is refused by name before sampling."""

from __future__ import annotations

import datetime
import functools
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import BayesGLMMError

FEW = {"draws": 20, "tune": 30, "chains": 1, "progress": False}
NUMBERS, LEVELS, TRUTHS, TIMES = "numbers", "levels", "truths", "times"
DAY = datetime.date(2024, 5, 1)
pytestmark = pytest.mark.filterwarnings("ignore::bayes_glmm.errors.UnconvergedWarning")


def days(values):
    return [DAY + datetime.timedelta(days=int(v)) for v in values]


def objects(values):
    return pd.Series(values, dtype=object)


def polars(kind):
    def make(v):
        pl = pytest.importorskip("polars")
        given = {"integers": v.tolist(), "text": v.astype(str).tolist()}.get(kind, v.tolist())
        made = pl.Series(given).cast(pl.Decimal(10, 2)) if kind == "decimals" else pl.Series(given)
        return made.cast(pl.Categorical) if kind == "categories" else made

    return make


TYPES = {
    "int64": (NUMBERS, lambda v: v),
    "int8": (NUMBERS, lambda v: v.astype("int8")),
    "float64": (NUMBERS, lambda v: v.astype(float)),
    "big-endian": (NUMBERS, lambda v: v.astype(">f8")),
    "Int64": (NUMBERS, lambda v: v.astype("Int64")),
    "Float64": (NUMBERS, lambda v: v.astype("Float64")),
    "object of int": (NUMBERS, lambda v: objects(v.tolist())),
    "object of float": (NUMBERS, lambda v: objects(v.astype(float).tolist())),
    "object of both": (NUMBERS, lambda v: objects([1.0 * x if x > 2 else x for x in v.tolist()])),
    "Decimal": (NUMBERS, lambda v: objects([Decimal(x) for x in v.tolist()])),
    "Arrow int": (NUMBERS, lambda v: v.astype("int64[pyarrow]")),
    "Arrow float": (NUMBERS, lambda v: v.astype("double[pyarrow]")),
    "polars int": (NUMBERS, polars("integers")),
    "polars Decimal": (NUMBERS, polars("decimals")),
    "str": (LEVELS, lambda v: v.astype(str)),
    "string": (LEVELS, lambda v: v.astype("string")),
    "object of text": (LEVELS, lambda v: objects(v.astype(str).tolist())),
    "Arrow text": (LEVELS, lambda v: v.astype(str).astype("string[pyarrow]")),
    "category of int": (LEVELS, lambda v: v.astype("category")),
    "category of float": (LEVELS, lambda v: v.astype(float).astype("category")),
    "category of text": (LEVELS, lambda v: v.astype(str).astype("category")),
    "category of Decimal": (LEVELS, lambda v: pd.Series(pd.Categorical([Decimal(x) for x in v.tolist()]))),
    "category of Int64": (LEVELS, lambda v: v.astype("Int64").astype("category")),
    "ordered int": (LEVELS, lambda v: pd.Series(pd.Categorical(v, ordered=True))),
    "ordered text": (LEVELS, lambda v: pd.Series(pd.Categorical(v.astype(str), ordered=True))),
    "category with unused": (LEVELS, lambda v: pd.Series(pd.Categorical(v, [*range(9)]))),
    "polars text": (LEVELS, polars("text")),
    "bool": (TRUTHS, lambda v: v > 2),
    "boolean": (TRUTHS, lambda v: (v > 2).astype("boolean")),
    "object of bool": (TRUTHS, lambda v: objects((v > 2).tolist())),
    "Arrow bool": (TRUTHS, lambda v: (v > 2).astype("bool[pyarrow]")),
    "category of bool": (TRUTHS, lambda v: (v > 2).astype("category")),
    "datetime": (TIMES, lambda v: pd.Series(pd.to_datetime(days(v)))),
    "datetime with a zone": (TIMES, lambda v: pd.Series(pd.to_datetime(days(v)).tz_localize("Asia/Tokyo"))),
    "object of dates": (TIMES, lambda v: objects(days(v))),
    "category of dates": (TIMES, lambda v: pd.Series(pd.Categorical(pd.to_datetime(days(v))))),
    "period": (TIMES, lambda v: pd.Series(pd.PeriodIndex(days(v), freq="D"))),
}  # fmt: skip
ROLES = {
    "covariate": ("y ~ v + z + (1 | g)", {}),
    "group": ("y ~ z + (1 | v)", {}),
    "response": ("v ~ z + (1 | g)", {"family": "bernoulli"}),
    "exposure": ("k ~ z + (1 | g)", {"family": "poisson", "exposure": "v"}),
    "trials": ("e | trials(v) ~ z + (1 | g)", {"family": "binomial"}),
}
AS_PLAIN = {NUMBERS: TYPES["float64"][1], LEVELS: TYPES["str"][1],
            TRUTHS: lambda v: (v > 2).astype(str),
            TIMES: lambda v: pd.Series([d.isoformat() for d in days(v)])}  # fmt: skip
QUICK = {
    ("covariate", "Decimal"), ("covariate", "datetime"), ("group", "category of Decimal"),
    ("response", "category of bool"), ("exposure", "str"), ("trials", "ordered int"),
}  # fmt: skip


def taken(role, kind, name):
    """Whether a column of that meaning can stand there at all."""
    if role in ("exposure", "trials"):
        return kind == NUMBERS
    if role == "response":
        # a category is levels, whatever they are called
        return kind in (NUMBERS, TRUTHS, LEVELS) or name == "category of dates"
    return kind != TIMES or role == "group" or name == "category of dates"


def values_of(role, kind):
    rng = np.random.default_rng(5)
    v = pd.Series(rng.integers(1, 5, 120))
    if role == "response":
        return v // 3 if kind == NUMBERS else v.where(v > 2, 2).where(v <= 2, 3)
    return v + 4 if role == "trials" else v


@functools.cache
def others():
    rng = np.random.default_rng(7)
    n = 120
    return pd.DataFrame({
        "y": rng.normal(size=n), "z": rng.normal(size=n), "k": rng.poisson(3, n),
        "e": rng.binomial(5, 0.4, n), "g": np.repeat(list("abcdef"), 20),
    })  # fmt: skip


def table_of(made):
    if hasattr(made, "to_frame") and not isinstance(made, pd.Series):
        pl = pytest.importorskip("polars")
        return pl.from_pandas(others()).with_columns(v=made)
    return others().assign(v=made)


def draws_of(tree):
    return {str(k): v.values for k, v in tree["posterior"].data_vars.items()}


def answers_of(role, table, folder):
    """Fit, summarise, predict, save, load, fit again: the numbers of all of it."""
    formula, options = ROLES[role]
    tree = bg.fit(formula, table, **options, **FEW, log_likelihood=True)
    new = table.head(40)
    found = {"summary": bg.summary(tree)["mean"].to_numpy(float)}
    found["new"] = bg.predictions(tree, new, groups="known")["mean"].to_numpy(float)
    back = bg.load(bg.save(tree, folder / "fit.nc"))
    assert back.identical(tree)
    found["loaded"] = bg.predictions(back, groups="known")["mean"].to_numpy(float)
    found["log_likelihood"] = back["log_likelihood"]["y"].values
    found |= {f"again {k}": v for k, v in draws_of(bg.refit(back, ["3"], **FEW)).items()}
    return found | draws_of(tree)


@functools.cache
def plain_answers(role, kind, folder):
    values = values_of(role, kind)
    if role == "response" and kind != NUMBERS:
        return plain_answers(role, NUMBERS, folder)
    return answers_of(role, table_of(AS_PLAIN[kind](values)), folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("types")


@pytest.mark.parametrize(
    ("role", "name"),
    [
        pytest.param(role, name, marks=() if (role, name) in QUICK else pytest.mark.slow)
        for role in ROLES
        for name in TYPES
    ],
)
def test_the_same_answer_in_every_type_or_a_refusal_by_name(role, name, folder):
    kind, make = TYPES[name]
    table = table_of(make(values_of(role, kind)))
    formula, options = ROLES[role]
    found = bg.check(formula, table, **options)
    if not taken(role, kind, name):
        assert any("'v'" in f.message for f in found.errors), found
        with pytest.raises(BayesGLMMError, match="'v'"):
            bg.fit(formula, table, **options, **FEW)
        return
    assert not found.errors
    expected = plain_answers(role, kind, folder)
    answers = answers_of(role, table, folder)
    assert answers.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(answers[key], value, rtol=1e-9, atol=1e-12, err_msg=key)
