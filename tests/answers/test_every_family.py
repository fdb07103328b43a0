"""Every answer of every family: a figure or an error of ours, in words that fit the family."""

from __future__ import annotations

import warnings

import matplotlib as mpl
import numpy as np
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.predict.missing_responses import with_missing_responses
from bayes_glmm.errors import ArgumentError, BayesGLMMError
from tests import every

mpl.use("Agg")
UNORDERED = ("categorical", "multinomial", "dirichlet")


def group_of(family: str) -> str:
    return "mu_mid_g" if family in UNORDERED else "g"


ANSWERS = {
    "summary": lambda t, g: bg.summary(t),
    "ratios": lambda t, g: bg.summary(t, exponentiate=True),
    "coefficients": bg.coefficients,
    "shrinkage": bg.shrinkage,
    "rank": lambda t, g: bg.rank(t, g, threshold=0.5),
    "predictions": lambda t, g: bg.predictions(t, groups="typical", kind="response"),
    "comparisons": lambda t, g: bg.comparisons(t, "f", groups="known"),
    "predictor": lambda t, g: bg.comparisons(t, "f", scale="link", by="f"),
    "number": lambda t, g: bg.number_needed(t, "f", groups="known"),
    "study": lambda t, g: bg.meta_analysis(t, "g", "f"),
    "means": lambda t, g: bg.meta_analysis(t, "g"),
    "standard": lambda t, g: bg.meta_analysis(t, "g", "f", "difference"),
    "tau": lambda t, g: bg.heterogeneity(t, "g", "f"),
    "residuals": lambda t, g: bg.residuals(t, groups="new", n=20),
    "pearson": lambda t, g: bg.residuals(t, "pearson", n=20),
}


@pytest.mark.parametrize("family", every.NAMES)
def test_there_is_an_answer_or_an_error_of_ours(family):
    tree = every.tree(family)
    for call in ANSWERS.values():
        try:
            call(tree, group_of(family))
        except BayesGLMMError as error:
            assert len(str(error)) > 20


@pytest.mark.parametrize("family", every.MODIFIED)
@pytest.mark.parametrize("modifier", ["cens(status)", "trunc(0, 20)"])
def test_there_is_one_for_responses_that_were_not_seen_whole(family, modifier):
    tree = every.tree(family, modifier=modifier)
    for call in ANSWERS.values():
        try:
            call(tree, "g")
        except BayesGLMMError as error:
            assert len(str(error)) > 20


@pytest.mark.parametrize("family", [f for f in every.NAMES if f != "generalized_poisson"])
def test_prior_predictive_means_are_those_of_the_responses(family):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = bg.prior_predictive(
            every.formula(family, "x"), every.table(family), family=family, draws=400, seed=2,
            # with a tiny shape nearly all of a Weibull's mean is in responses nobody draws
            priors={"shape": bg.Prior("LogNormal", mu=0, sigma=0.3)} if family == "weibull" else {},
        )  # fmt: skip
    y, mu = (tree["prior_predictive"][name].values[0] for name in ("y", "mu"))
    if family == "categorical":
        y = y[..., None] == np.arange(3)
    near = (np.abs(mu) < 20) & (np.abs(y) < 1e4)
    if family == "von_mises":
        return  # a direction, which is no plain mean
    gap = np.where(near, y - mu, 0.0).reshape(400, -1).mean(axis=1)
    assert abs(gap.mean()) < 5 * gap.std() / np.sqrt(400) + 1e-12


WORDS = {
    ("lognormal", None): ("ratio of medians", "median"),
    ("gamma", None): ("ratio of means", "mean"),
    ("poisson", None): ("incidence rate ratio", "rate"),
    ("zero_inflated_poisson", None): (
        "incidence rate ratio, without structural zeros", "rate, without structural zeros"),
    ("zero_inflated_binomial", None): (
        "odds ratio, without structural zeros", "odds, without structural zeros"),
    ("hurdle_poisson", None): (
        "ratio of means, before zeros are cut off", "mean, before zeros are cut off"),
    ("hurdle_negative_binomial", None): (
        "ratio of means, before zeros are cut off", "mean, before zeros are cut off"),
    ("hurdle_gamma", None): (
        "ratio of means, positive responses", "mean, positive responses"),
    ("hurdle_lognormal", None): (
        "ratio of medians, positive responses", "median, positive responses"),
    ("asymmetric_laplace", "log"): ("ratio of quantiles", "quantile"),
    ("bernoulli", "cloglog"): ("hazard ratio", "hazard"),
}  # fmt: skip


@pytest.mark.parametrize(("family", "link"), WORDS)
def test_ratios_say_what_they_are_of(family, link):
    table = bg.summary(every.tree(family, link=link), exponentiate=True).set_index("parameter")
    ratio, base = WORDS[family, link]
    assert table.loc["x", "scale"] == ratio and table.loc["intercept", "scale"] == base


@pytest.mark.parametrize("family", ["cumulative", "sequential"])
def test_hazards_of_ordered_categories_fall_where_the_predictor_rises(family):
    tree = every.tree(family, link="cloglog")
    table = bg.summary(tree, exponentiate=True).set_index("parameter")
    beta = tree["posterior"]["beta"].values[..., 0]
    # P(y > k) = exp(-exp(threshold - eta)), so that -log P(y > k) has the factor exp(-b)
    assert table.loc["x", "scale"] == "hazard ratio"
    assert table.loc["x", "mean"] == pytest.approx(np.exp(-beta).mean(), rel=1e-12)


@pytest.mark.parametrize("family", ["beta", "zero_one_inflated_beta", "ordered_beta"])
def test_the_mean_of_a_share_is_no_probability(family):
    tree = every.tree(family)
    for kind in ("expected", "response"):
        found = bg.predictions(tree, groups="typical", kind=kind)
        assert found.attrs["scale"] == "y (response)"
    with pytest.raises(ArgumentError, match="of probabilities"):
        bg.number_needed(tree, "f")
    assert "risk" not in bg.meta_analysis(tree, "g", "f", "difference").attrs["scale"]


@pytest.mark.parametrize(
    ("family", "conditional", "difference"),
    [
        ("gaussian", "difference in means", "mean difference"),
        ("bernoulli", "odds ratio", "risk difference"),
        ("poisson", "rate ratio", "rate difference"),
        ("lognormal", "ratio of medians", "mean difference"),
        ("hurdle_poisson", "ratio of means, before zeros are cut off", "mean difference"),
        ("zero_inflated_poisson", "rate ratio, without structural zeros", "rate difference"),
    ],
)
def test_effects_by_study_say_what_they_are(family, conditional, difference):
    tree = every.tree(family)
    assert bg.meta_analysis(tree, "g", "f").attrs["scale"] == conditional
    assert bg.meta_analysis(tree, "g", "f", "difference").attrs["scale"] == difference


@pytest.mark.parametrize("family", UNORDERED)
def test_predictors_of_categories_are_held_against_the_first(family):
    tree = every.tree(family)
    found = bg.comparisons(tree, "f", scale="link")
    assert found["category"].tolist() == ["mid", "high"] and "against low" in found.attrs["scale"]
    each = [tree["posterior"][f"beta_mu_{c}"].values[..., 1].mean() for c in ("mid", "high")]
    np.testing.assert_allclose(found["mean"], each, rtol=1e-10)
    ratio = bg.comparisons(tree, "f", scale="link", measure="odds_ratio", by="f")
    exact = np.exp(tree["posterior"]["beta_mu_mid"].values[..., 1]).mean()
    assert ratio["mean"][0] == pytest.approx(exact, rel=1e-10) and len(ratio) == 4


def test_the_common_predictor_does_not_hold_what_moves_single_boundaries():
    tree = every.tree("sequential", right="x + cs(f) + (1 | g)")
    assert bg.comparisons(tree, "x", scale="link")["mean"][0] != 0
    with pytest.raises(ArgumentError, match=r"cs\(\)"):
        bg.comparisons(tree, "f", scale="link")


@pytest.mark.parametrize("family", UNORDERED)
def test_categories_have_no_one_effect_by_study(family):
    tree = every.tree(family)
    for call in (bg.meta_analysis, bg.heterogeneity, bg.plot_forest):
        with pytest.raises(ArgumentError, match="effect of its own"):
            call(tree, "g", "f")


def test_missing_responses_of_categories_have_a_probability_each():
    tree = every.tree("categorical")
    rows = every.table("categorical").iloc[:4].drop(columns="y").set_axis(range(100, 104))
    found = bg.missing_responses(with_missing_responses(tree, rows, seed=1))
    assert len(found) == 12 and found.groupby("row")["mean"].sum().tolist() == [1.0] * 4


@pytest.mark.parametrize(
    ("family", "modifier", "words"),
    [("categorical", "", "Does the model make"), ("weibull", "cens(status)", "left out")],
)
def test_there_is_a_page(family, modifier, words, tmp_path):
    tree = every.tree(family, right="f", modifier=modifier)
    page = bg.report(tree, tmp_path / "fit.html").read_text("utf-8")
    assert words in page and ("Observed responses" in page) == (not modifier)
    assert not modifier or "Censored responses are not observed" in page
