"""Estimates as words follow the table, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ArgumentTypeError


@pytest.fixture
def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "parameter": ["beta[a]", "beta[b]"],
            "mean": [0.3147, -1234.5678],
            "eti89_lb": [0.1234, -2000.0],
            "eti89_ub": [0.5001, 15.0],
        }
    )


def test_the_row_that_is_named_is_quoted(table: pd.DataFrame) -> None:
    assert bg.quote(table, parameter="beta[a]") == "0.31 (89 % ETI 0.12 to 0.50)"
    assert bg.quote(table, parameter="beta[b]") == "-1,235 (89 % ETI -2,000 to 15)"


def test_coefficients_are_found_by_either_of_their_names(table: pd.DataFrame) -> None:
    plain = table.assign(parameter=["a[b]", "b"])
    assert bg.quote(plain, parameter="beta[a[b]]") == bg.quote(plain, parameter="a[b]")


def test_one_row_needs_no_name_and_figures_can_be_multiplied(table: pd.DataFrame) -> None:
    first = table.iloc[[0]]
    assert bg.quote(first, times=100, digits=1) == "31.5 (89 % ETI 12.3 to 50.0)"
    assert bg.quote(first, digits=1, unit="kg") == "0.3 kg (89 % ETI 0.1 to 0.5 kg)"


def test_a_median_is_preferred_and_no_minus_zero_is_written(table: pd.DataFrame) -> None:
    first = table.iloc[[0]].assign(median=-0.0001).rename(columns=lambda c: c.replace("eti", "hdi"))
    assert bg.quote(first) == "0.00 (89 % HDI 0.12 to 0.50)"


def test_small_ends_of_wide_intervals_are_told_from_zero(table: pd.DataFrame) -> None:
    first = table.iloc[[0]].assign(mean=0.252, eti89_lb=0.0405, eti89_ub=1.0976)
    assert bg.quote(first) == "0.25 (89 % ETI 0.04 to 1.10)"
    assert bg.quote(first.assign(eti89_lb=1e-9)) == "0.3 (89 % ETI 0.0 to 1.1)"


def test_open_ends_are_said(table: pd.DataFrame) -> None:
    first = table.iloc[[0]].assign(eti89_ub=np.inf)
    assert bg.quote(first, digits=2) == "0.31 (89 % ETI 0.12 to infinity)"


def test_what_did_not_converge_says_so(table: pd.DataFrame) -> None:
    first = table.iloc[[0]]
    first.attrs["banner"] = "did not converge"
    assert bg.quote(first).endswith("[NOT CONVERGED]")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "2 rows are left"),
        ({"parametr": "beta[a]"}, "no column 'parametr'.*parameter"),
        ({"parameter": "beta[c]"}, "No row has"),
    ],
)
def test_other_than_one_row_is_refused(
    table: pd.DataFrame, where: dict[str, str], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        bg.quote(table, **where)


def test_what_is_no_answer_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(ArgumentTypeError, match="interval"):
        bg.quote(table[["parameter", "mean"]], parameter="beta[a]")
    with pytest.raises(ArgumentTypeError, match="list"):
        bg.quote([1.0])  # type: ignore[arg-type]
