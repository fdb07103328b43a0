"""An effect of single rows beside a spread that is known, and beside one that is estimated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.families import FAMILIES, get_family

N = 24
# by family the parameter that says how far rows lie from their mean; SPREAD of none is known
SPREAD = {
    "gaussian": "sigma", "student_t": "sigma", "skew_normal": "sigma", "lognormal": "sigma",
    "asymmetric_laplace": "sigma", "hurdle_lognormal": "sigma", "gamma": "shape", "weibull": "shape",
    "inverse_gaussian": "shape", "hurdle_gamma": "shape", "beta": "dispersion",
    "zero_one_inflated_beta": "dispersion", "ordered_beta": "dispersion", "dirichlet": "dispersion",
    "tweedie": "dispersion", "von_mises": "concentration", "exponential": None,
}  # fmt: skip
COUNTS = ("negative_binomial", "negative_binomial1", "generalized_poisson", "beta_binomial",
          "zero_inflated_negative_binomial", "hurdle_negative_binomial")  # fmt: skip
RESIDUAL = {"one_row_groups", "olre", "over_specified", "olre_dispersion"}


def table(family: str) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    data = pd.DataFrame(
        {"x": rng.normal(size=N), "row": [f"r{k}" for k in range(N)], "error": rng.uniform(0.1, 0.5, N),
         "school": np.arange(N) // 2, "n": 9, "y": rng.uniform(0.1, 0.9, N)}
    )  # fmt: skip
    if "hurdle" in family or "inflated_beta" in family or family in ("tweedie", "ordered_beta"):
        data.loc[:3, "y"] = 0.0
    if family.startswith(COUNTS):
        data["y"] = rng.integers(0, 9, N).astype(float)
    a = rng.uniform(0.2, 0.4, N)
    return data.assign(a=a, b=0.5 * (1 - a), c=0.5 * (1 - a))


def left(family: str) -> str:
    if family.startswith("dirichlet"):
        return "cbind(a, b, c)"
    return "y | trials(n)" if family.startswith("beta_binomial") else "y"


def said(formula, family: str, data: pd.DataFrame | None = None) -> dict[str, str]:
    found = bg.check(formula, table(family) if data is None else data, family=family)
    return {f.name: f.message for f in found if f.name in RESIDUAL}


def test_every_family_says_what_its_spread_is():
    continuous = {f.name for f in FAMILIES if not f.discrete}
    assert continuous == set(SPREAD)
    for name, parameter in SPREAD.items():
        assert [p.name for p in get_family(name).spread] == ([parameter] if parameter else [])
    for family in FAMILIES:
        if family.discrete:
            assert [p.name for p in family.spread] == ["dispersion"] * (family.name in COUNTS)


@pytest.mark.parametrize("family", SPREAD)
@pytest.mark.parametrize(("group", "finding"), [("row", "one_row_groups"), ("observation", "olre")])
def test_effects_of_single_rows_need_a_known_spread(family, group, finding):
    formula = f"{left(family)} ~ x + (1 | {group})"
    parameter = SPREAD[family]
    if parameter is None:
        assert said(formula, family) == {}
        return
    free = said(formula, family)
    assert set(free) == {finding}
    assert parameter in free[finding] and f"family='{family}({parameter}=...)'" in free[finding]
    assert ("y | se(error)" in free[finding]) == (parameter == "sigma")
    assert said(formula, f"{family}({parameter}=0.7)") == {}


@pytest.mark.parametrize("family", COUNTS)
def test_a_dispersion_that_is_held_is_no_second_one(family):
    formula = f"{left(family)} ~ x + (1 | observation)"
    assert set(said(formula, family)) == {"olre_dispersion"}
    assert said(formula, f"{family}(dispersion=1.7)") == {}


@pytest.mark.parametrize("family", ["gaussian", "student_t", "student_t(nu=4)"])
@pytest.mark.parametrize(
    "terms",
    ["(1 | row)", "(1 | observation)", "(1 | school/row)", "(1 + x | school)", "(1 + x | row)"],
)
def test_known_errors_make_the_spread_known(family, terms):
    assert said(f"y | se(error) ~ 1 + {terms}", family) == {}
    assert said(f"y ~ 1 + {terms}", family)


def test_what_is_held_beside_the_spread_changes_nothing():
    (message,) = said("y ~ x + (1 | row)", "student_t(nu=4)").values()
    assert "family='student_t(nu=4.0, sigma=...)'" in message
    assert said("y ~ x + (1 | row)", "student_t(sigma=0.3)") == {}
    assert said("y ~ x + (1 | row)", "tweedie(power=1.5)")


def test_a_formula_of_the_spread_estimates_it_unless_it_is_empty():
    estimated = {"mu": "y ~ x + (1 | row)", "sigma": "~ x"}
    assert "one_row_groups" in said(estimated, "gaussian")
    assert said({"mu": "y ~ x + (1 | row)", "sigma": "~ 0 + offset(error)"}, "gaussian") == {}


def test_terms_that_single_rows_cannot_tell_apart_are_named():
    data = table("gaussian").assign(half=np.arange(N) % 2)
    known = "gaussian(sigma=0.1)"
    assert said("y ~ x + (1 + x | row)", known, data) == {}
    message = said("y ~ x + (1 + half | row)", known, data)["one_row_groups"]
    assert "'intercept'" in message and "'half'" in message and "prior" in message
    assert said("y ~ x + (1 + half || row)", known, data) == {}


def test_rows_of_one_category_tell_no_effect_of_their_own():
    data = table("gaussian").assign(y=np.arange(N) % 3 + 1)
    for family in ("cumulative", "categorical"):
        grades = data if family == "cumulative" else data.assign(y=data.y.map(str))
        assert "prior" in said("y ~ x + (1 | row)", family, grades)["one_row_groups"]


def test_known_errors_leave_copies_and_exact_fits_to_be_looked_at():
    data = table("gaussian").assign(y=lambda d: 1.0 * d.school)
    for formula, name in (
        ("y | se(error) ~ x + (1 | school)", "response_by_group"),
        ("y | se(error) ~ x + school", "exact_fit"),
    ):
        (known,) = [f for f in bg.check(formula, data) if f.name == name]
        (free,) = [f for f in bg.check(formula.replace(" | se(error)", ""), data) if f.name == name]
        assert (known.severity, free.severity) == ("warning", "error")
        assert "nothing" not in known.message and "nothing" in free.message
