"""Every family refuses what it cannot have, naming column, rows and the way out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.families import FAMILIES as EVERY

FAMILIES = [f for f in EVERY if f.response in ("number", "ordered")]
"""Those of names and columns are in test_unordered.py."""

WAYS = ("correct", "remove", "use ", "give ", "divide", "take ", "code", "check", "make")
COUNT = {"-1": -1.0, "a fraction": 2.5}
POSITIVE = {"zero": 0.0, "-1": -1.0}
REAL = {"infinite": np.inf}
WRONG = {
    **dict.fromkeys(("gaussian", "student_t", "skew_normal", "asymmetric_laplace"), REAL),
    "bernoulli": {"2": 2.0, "a fraction": 0.5, "-1": -1.0},
    **dict.fromkeys(("binomial", "beta_binomial", "zero_inflated_binomial"),
                    COUNT | {"more than trials": 10.0}),
    **dict.fromkeys(("poisson", "negative_binomial", "negative_binomial1", "geometric",
                     "generalized_poisson", "zero_inflated_poisson", "hurdle_poisson",
                     "zero_inflated_negative_binomial", "hurdle_negative_binomial"), COUNT),
    **dict.fromkeys(("gamma", "lognormal", "inverse_gaussian", "weibull", "exponential"), POSITIVE),
    **dict.fromkeys(("hurdle_gamma", "hurdle_lognormal", "tweedie"),
                    {"-1": -1.0, "infinite": np.inf}),
    "beta": {"zero": 0.0, "one": 1.0, "a percentage": 40.0, "-1": -1.0},
    **dict.fromkeys(("zero_one_inflated_beta", "ordered_beta"), {"a percentage": 40.0, "-1": -1.0}),
    "von_mises": {"degrees": 270.0, "-4": -4.0},
    **dict.fromkeys(("cumulative", "sequential", "adjacent"), {"a fraction": 2.5}),
}  # fmt: skip
CASES = [(name, what) for name, values in WRONG.items() for what in values]


def table(family, n: int = 12) -> pd.DataFrame:
    """A table that the family can have, but for what the test puts in."""
    rng = np.random.default_rng(0)
    whole = family.discrete and family.response == "number"
    y = rng.integers(0, 2, n) if whole else 1 + np.arange(n) % 3
    y = rng.uniform(0.2, 0.8, n) if not family.discrete else y
    data = pd.DataFrame({"y": np.asarray(y, float), "x": rng.normal(size=n), "t": 4})
    return data.set_index(pd.Index([f"r{i}" for i in range(n)]))


def errors(family, data) -> list[str]:
    left = "y | trials(t)" if family.has_trials else "y"
    return [f.message for f in bg.check(f"{left} ~ x", data, family=family.name).errors]


def test_every_family_is_here():
    assert set(WRONG) == {f.name for f in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_what_is_right_passes(family):
    assert not errors(family, table(family))


@pytest.mark.parametrize(("name", "what"), CASES)
def test_a_wrong_number_is_refused_with_its_rows(name, what):
    family = next(f for f in FAMILIES if f.name == name)
    data = table(family)
    data.iloc[[3, 7], 0] = WRONG[name][what]
    found = errors(family, data)
    assert found, "nothing was refused"
    about = [m for m in found if "'y'" in m and "r3" in m and "r7" in m]
    assert about, found
    assert any(way in m for m in about for way in WAYS), about


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_text_is_refused(family):
    data = table(family)
    data["y"] = data["y"].astype(str).astype(object)
    data.iloc[3, 0] = "about two"
    found = errors(family, data)
    assert found and "'y'" in found[0]
    assert any(way in found[0] for way in (*WAYS, "convert", "compare")), found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_a_missing_response_is_refused_with_its_row(family):
    data = table(family)
    data.iloc[5, 0] = np.nan
    found = errors(family, data)
    assert any("'y'" in m and "r5" in m and "missing='drop'" in m for m in found), found
