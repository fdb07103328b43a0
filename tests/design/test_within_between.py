"""wb(x, g) in a formula: the within and between parts, learned and replayed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.schema_io import schema_from_dict, schema_to_dict
from bayes_glmm.errors import FormulaError
from tests.canned import tree_of


def birds():
    rng = np.random.default_rng(1)
    bird = np.repeat(list("abcdef"), 5)
    age = rng.integers(1, 5, 30) + np.repeat(np.arange(6), 5)
    return pd.DataFrame({"y": rng.normal(size=30), "age": age, "bird": bird})


FORMULA = "y ~ wb(age, bird) + (1 | bird)"


def test_columns_are_those_of_within_between():
    data = birds()
    design = Schema.learn(bg.parse(FORMULA), data).apply(data)
    assert design.mu.coefficients == ("age_within", "age_between")
    expected = bg.within_between(data, "age", "bird")
    np.testing.assert_allclose(design.mu.X, expected.to_numpy())


def test_new_rows_keep_the_means_of_the_training_rows():
    data = birds()
    schema = schema_from_dict(schema_to_dict(Schema.learn(bg.parse(FORMULA), data)))
    means = data.groupby("bird")["age"].mean()
    new = pd.DataFrame({"age": [9.0, 2.0, 4.0], "bird": ["b", "z", "z"]})
    X = schema.apply(new, groups="ignore", response=False).mu.X
    np.testing.assert_allclose(X[0], [9 - means["b"], means["b"]])
    np.testing.assert_allclose(X[1:], [[-1, 3], [1, 3]])


def test_comparison_of_the_covariate_is_the_within_effect():
    truth = {"intercept": 0.0, "beta": [0.7, -0.4], "sd_bird": [0.3], "u_bird": np.zeros((6, 1)),
             "sigma": 1.0}  # fmt: skip
    tree = tree_of(FORMULA, birds(), truth)
    found = bg.comparisons(tree, "age")
    within = tree["posterior"]["beta"].sel(coefficient="age_within").mean()
    assert found["mean"].iloc[0] == pytest.approx(float(within), rel=1e-9)


def test_spec_goes_to_text_and_back():
    spec = bg.parse(FORMULA)
    assert spec.formula == FORMULA
    assert bg.ModelSpec.from_toml(spec.to_toml()) == spec
    assert bg.parse("y ~ wb(log(age), bird)").formula == "y ~ wb(log(age), bird)"


def test_what_does_not_vary_within_is_refused():
    found = bg.check(FORMULA, birds().assign(age=lambda d: d["bird"].map(ord)))
    assert "nothing varies within" in found.errors[0].message
    with pytest.raises(FormulaError, match="wb\\(\\) takes a number and the column"):
        bg.parse("y ~ wb(age, 2)")
