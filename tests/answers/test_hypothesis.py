"""Statements about parameters, and contrasts of every pair of levels."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, FormulaError, ResultError
from bayes_glmm.spec.formula.hypotheses import read_hypothesis
from tests.canned import bernoulli_tree, poisson_tree, slope_tree, tree_of


def draws_of(tree, name, *place):
    values = tree["posterior"][name].values
    return values.reshape(-1, *values.shape[2:])[(slice(None), *place)]


def test_a_probability_is_a_share_of_draws():
    tree = bernoulli_tree()
    arm, month = (draws_of(tree, "beta", k) for k in (0, 1))
    found = bg.hypothesis(tree, "beta[arm[new]] - 2*beta[month] > 0.1 / 2").iloc[0]
    apart = arm - 2 * month - 0.05
    assert found["probability"] == (apart > 0).mean()
    assert 0 < found["probability"] < 1
    assert found["mean"] == pytest.approx(apart.mean(), rel=1e-12)
    np.testing.assert_allclose(
        found[["eti89_lb", "eti89_ub"]].astype(float), np.quantile(apart, [0.055, 0.945])
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exp(month)", lambda t: np.exp(draws_of(t, "beta", 1))),
        ("`beta[arm[new]]`", lambda t: draws_of(t, "beta", 0)),
        ("sd_person", lambda t: draws_of(t, "sd_person", 0)),
        ("sd_person[intercept] * sd_person", lambda t: draws_of(t, "sd_person", 0) ** 2),
        ("u_person[p03] - u_person[p04, intercept]",
         lambda t: draws_of(t, "u_person", 3, 0) - draws_of(t, "u_person", 4, 0)),
        ("(intercept + 1) / 2", lambda t: (draws_of(t, "intercept") + 1) / 2),
        ("1 - (month - intercept)", lambda t: 1 - draws_of(t, "beta", 1) + draws_of(t, "intercept")),
    ],
)  # fmt: skip
def test_parameters_are_found_by_their_labels(text, expected):
    found = bg.hypothesis(bernoulli_tree(), text, draws=True)
    np.testing.assert_allclose(found.values.ravel(), expected(bernoulli_tree()), rtol=1e-12)


def test_elements_of_matrices_and_several_statements():
    tree = slope_tree()
    table = bg.hypothesis(tree, ["corr_person[intercept, day] > 0.2", "sigma < 0", "day"])
    assert list(table["probability"][:2]) == [1.0, 0.0]
    assert np.isnan(table["probability"][2])
    assert table["mean"][0] == pytest.approx(0.1)
    assert len(table.attrs["probability_mcse"]) == 3


@pytest.mark.parametrize(
    "text",
    ["", "beta[x] >", "> 0", "beta[x] = 0", "beta[x] == 0", "0 < beta[x] < 1", "beta[x", "beta[x]]",
     "__import__('os')", "beta[x].mean() > 0", "poly(beta[x], 2) > 0", "lambda: 0", "beta[x] if 1",
     "beta[x] ** 2 > 0", "open('f')", "a; b", "x := 3", "beta[x] beta[y]", "center(beta[x])",
     "1 +" * 500, "(" * 40 + "1" + ")" * 40],
)  # fmt: skip
def test_what_is_no_hypothesis_is_refused(text):
    with pytest.raises(FormulaError):
        read_hypothesis(text)


def test_unknown_parameters_are_named():
    with pytest.raises(ResultError, match="sd_person"):
        bg.hypothesis(bernoulli_tree(), "sd_persn > 0")
    with pytest.raises(ResultError, match=r"arm\[new\]"):
        bg.hypothesis(bernoulli_tree(), "beta[arm[nwe]] > 0")
    with pytest.raises(ResultError, match="no element 'x'"):
        bg.hypothesis(bernoulli_tree(), "intercept[x] > 0")
    with pytest.raises(ArgumentTypeError):
        bg.hypothesis(bernoulli_tree(), [3])


def three_levels():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"dose": rng.choice(["a", "b", "c"], 90), "x": rng.normal(size=90),
                         "site": rng.choice(list("pqrs"), 90), "y": rng.binomial(1, 0.5, 90)})  # fmt: skip
    truth = {"intercept": 0.2, "beta": [0.5, 1.2, 0.3], "sd_site": [1.0],
             "u_site": [[0.4], [-0.2], [1.0], [-1.1]]}  # fmt: skip
    return tree_of("y ~ dose + x + (1 | site)", data, truth, family="bernoulli")


def test_pairs_of_levels_on_both_scales():
    tree = three_levels()
    link = bg.comparisons(tree, "dose", contrast="pairwise", scale="link", draws=True)
    zero = np.zeros(1000)
    beta = {"a": zero, "b": draws_of(tree, "beta", 0), "c": draws_of(tree, "beta", 1)}
    for k, (low, high) in enumerate(combinations("abc", 2)):
        assert str(link["contrast"].values[k]) == f"{high} - {low}"
        apart = link.values[..., k].ravel()
        np.testing.assert_allclose(apart, beta[high] - beta[low], rtol=1e-9, atol=1e-12)
    odds = bg.comparisons(tree, "dose", measure="odds_ratio", scale="link", contrast="sequential")
    assert list(odds["contrast"]) == ["b - a", "c - b"]
    assert odds["mean"][1] == pytest.approx(np.exp(beta["c"] - beta["b"]).mean(), rel=1e-12)
    means = bg.predictions(tree, bg_rows(tree, "c"), by=True, draws=True).values.ravel()
    means = means - bg.predictions(tree, bg_rows(tree, "b"), by=True, draws=True).values.ravel()
    response = bg.comparisons(tree, "dose", contrast="pairwise").set_index("contrast")
    assert response.loc["c - b", "mean"] == pytest.approx(means.mean(), rel=1e-12)
    reference = bg.comparisons(tree, "dose", contrast="reference")
    pd.testing.assert_frame_equal(reference, bg.comparisons(tree, "dose"))


def bg_rows(tree, level):
    from bayes_glmm.results.fit import Fit

    return Fit.of(tree).data.assign(dose=level)


def test_contrasts_that_do_not_fit_are_refused():
    with pytest.raises(ArgumentError, match="'pairwise'"):
        bg.comparisons(three_levels(), "dose", contrast="pairs")
    with pytest.raises(ArgumentError, match="has none"):
        bg.comparisons(three_levels(), "x", contrast="pairwise")
    with pytest.raises(ArgumentError, match="log link"):
        bg.comparisons(three_levels(), "dose", measure="ratio", scale="link")
    with pytest.raises(ArgumentError, match="'link'"):
        bg.comparisons(three_levels(), "dose", scale="eta")
    ratio = bg.comparisons(poisson_tree(), "arm", measure="ratio", scale="link")
    assert ratio["mean"][0] == pytest.approx(np.exp(draws_of(poisson_tree(), "beta", 0)).mean())
