"""Meta-analysis beside closed forms, exact conditional tables, and metafor's estimates."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

import bayes_glmm as bg
from bayes_glmm.answers.meta.analysis import meta_designs
from bayes_glmm.answers.meta.network import network, networks
from bayes_glmm.answers.meta.study_estimates import Arm, raw_effect
from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.results.fit import Fit
from tests.canned import bernoulli_tree, tree_of

CORR = np.array([[1.0, -0.6], [-0.6, 1.0]])


@cache
def trials_tree(spread=0.05):
    """Five trials of two arms; the third has no event, the second none when treated."""
    data = pd.DataFrame({
        "study": np.repeat(list("abcde"), 2), "treat": [0, 1] * 5,
        "events": [7, 3, 4, 0, 0, 0, 12, 9, 3, 5],
        "n": [80, 90, 60, 66, 50, 40, 200, 190, 70, 71],
    })  # fmt: skip
    u = np.array([[0.3, -0.4], [0.2, -0.8], [-0.9, 0.1], [0.1, 0.3], [0.3, 0.9]])
    truth = {"intercept": -2.5, "beta": [-0.7], "sd_study": [0.8, 0.5], "corr_study": CORR,
             "corr_chol_study": np.linalg.cholesky(CORR), "u_study": u}  # fmt: skip
    return tree_of("events | trials(n) ~ treat + (1 + treat | study)", data, truth,
                   spread=spread, family="binomial")  # fmt: skip


def draws_of(tree, name):
    values = tree["posterior"][name].values
    return values.reshape(-1, *values.shape[2:])


def test_studies_average_and_new_study_on_the_predictor():
    tree = trials_tree()
    found = bg.meta_analysis(tree, "study", "treat", draws=True)
    assert list(found["kind"].values) == ["study"] * 5 + ["average", "new study"]
    values = np.log(found.values.reshape(-1, 7))
    beta, u = draws_of(tree, "beta")[:, 0], draws_of(tree, "u_study")[:, :, 1]
    np.testing.assert_allclose(values[:, :5], beta[:, None] + u, atol=1e-10)
    np.testing.assert_allclose(values[:, 5], beta, atol=1e-10)
    z = (values[:, 6] - beta) / draws_of(tree, "sd_study")[:, 1]
    assert stats.kstest(z, "norm").pvalue > 0.001
    table = bg.meta_analysis(tree, "study", "treat")
    assert table["p_above"][4] == (np.exp(values[:, 4]) > 1).mean()
    assert table["median"][0] == pytest.approx(np.median(np.exp(values[:, 0])))
    assert table.attrs["scale"] == "odds ratio"


def test_standardised_effects_are_those_of_the_studies_patients():
    tree = trials_tree()
    alpha, beta, u = (draws_of(tree, k) for k in ("intercept", "beta", "u_study"))
    low = expit(alpha[:, None] + u[:, :, 0])
    high = expit(alpha[:, None] + beta + u.sum(axis=2))
    difference = bg.meta_analysis(tree, "study", "treat", "difference", draws=True).values
    np.testing.assert_allclose(difference.reshape(-1, 7)[:, :5], high - low, atol=1e-12)
    ratio = bg.meta_analysis(tree, "study", "treat", "ratio", draws=True).values.reshape(-1, 7)
    np.testing.assert_allclose(ratio[:, :5], high / low, rtol=1e-10)
    average = bg.comparisons(tree, "treat", measure="ratio", draws=True).values.ravel()
    np.testing.assert_allclose(ratio[:, 5], average, rtol=1e-12)


def test_a_new_study_has_one_pair_of_effects_for_both_arms():
    tree = trials_tree(spread=1e-6)
    found = bg.meta_analysis(tree, "study", "treat", "odds_ratio", draws=True)
    new = np.log(found.values.reshape(-1, 7)[:, 6])
    assert new.mean() == pytest.approx(-0.7, abs=4 * 0.5 / np.sqrt(1000))
    assert new.std() == pytest.approx(0.5, rel=0.1)


def test_heterogeneity_is_that_of_higgins_and_thompson():
    tree = trials_tree(spread=1e-7)
    n = np.array([[80, 90], [60, 66], [50, 40], [200, 190], [70, 71]], float)
    u = np.array([[0.3, -0.4], [0.2, -0.8], [-0.9, 0.1], [0.1, 0.3], [0.3, 0.9]])
    eta = -2.5 + np.column_stack([u[:, 0], u.sum(axis=1) - 0.7])
    p = expit(eta)
    w = 1 / (1 / (n * p * (1 - p))).sum(axis=1)
    within = 4 * w.sum() / (w.sum() ** 2 - (w**2).sum())
    found = bg.heterogeneity(tree, "study", "treat").set_index("quantity")["mean"]
    assert found["tau"] == pytest.approx(0.5, rel=1e-5)
    assert found["within"] == pytest.approx(np.sqrt(within), rel=1e-4)
    assert found["i2"] == pytest.approx(0.25 / (0.25 + within), rel=1e-4)


def network_tree():
    """Seven arms of three treatments in three studies."""
    data = pd.DataFrame({
        "study": list("aabbccc"), "treatment": list("ABACABC"), "events": [3, 5, 2, 9, 4, 4, 8],
        "n": 50,
    })  # fmt: skip
    truth = {"intercept": -1.0, "beta": [0.5, 1.0], "sd_study": [0.6], "u_study": np.zeros((3, 1)),
             "sd_study_by_treatment": [0.4],
             "u_study_by_treatment": np.arange(7.0)[:, None] / 10}  # fmt: skip
    return tree_of("events | trials(n) ~ treatment + (1 | study) + (1 | study:treatment)", data,
                   truth, family="binomial")  # fmt: skip


def test_a_network_counts_direct_comparisons():
    found = network(Fit.of(network_tree()), "study", "treatment")
    assert found.treatments["studies"].tolist() == [3, 2, 2] and found.parts == 1
    assert found.treatments["amount"].tolist() == [150, 100, 100]
    assert found.comparisons.to_numpy().tolist() == [[0, 1, 2], [0, 2, 2], [1, 2, 1]]
    assert list(networks(Fit.of(network_tree()))) == [("study", "treatment")]
    with pytest.raises(ArgumentError, match="'treatment'"):
        network(Fit.of(network_tree()), "study", "treatmnt")


def test_treatments_that_no_study_joins_are_apart():
    data = pd.DataFrame(
        {"study": list("aabbcc"), "treatment": list("ABABCD"), "events": 5, "n": 50}
    )
    truth = {"intercept": -1.0, "beta": [0.5, 1.0, 1.0], "sd_study": [0.6],
             "u_study": np.zeros((3, 1))}  # fmt: skip
    tree = tree_of("events | trials(n) ~ treatment + (1 | study)", data, truth, family="binomial")
    found = network(Fit.of(tree), "study", "treatment")
    assert found.parts == 2 and found.treatments["part"].tolist() == [0, 0, 1, 1]
    assert "no study joins" in bg.plot_network(tree, "study", "treatment").get_title()
    assert not list(networks(Fit.of(tree)))


def test_fits_that_are_meta_analyses_by_their_rows():
    assert list(meta_designs(Fit.of(trials_tree()))) == [("study", "treat")]
    assert list(meta_designs(Fit.of(network_tree()))) == [("study", "treatment")]
    assert not list(meta_designs(Fit.of(bernoulli_tree())))


def test_arms_that_vary_within_studies_make_a_network():
    tree = network_tree()
    table = bg.meta_analysis(tree, "study", "treatment", contrast="pairwise", draws=True)
    studies = [
        (str(c), str(s))
        for c, s, k in zip(*(table[x].values for x in ("contrast", "study", "kind")), strict=True)
        if k == "study"
    ]
    assert studies == [
        ("B - A", "a"),
        ("B - A", "c"),
        ("C - A", "b"),
        ("C - A", "c"),
        ("C - B", "c"),
    ]
    levels = [str(v) for v in tree["posterior"]["study_by_treatment"].values]
    u = dict(zip(levels, draws_of(tree, "u_study_by_treatment")[:, :, 0].T, strict=True))
    values = np.log(table.values.reshape(len(u["a:A"]), -1))
    beta = draws_of(tree, "beta")
    np.testing.assert_allclose(
        values[:, -3], beta[:, 1] - beta[:, 0] + u["c:C"] - u["c:B"], atol=1e-10
    )
    tau = bg.heterogeneity(tree, "study", "treatment").set_index("quantity").loc["tau", "mean"]
    exact = np.sqrt(2) * draws_of(tree, "sd_study_by_treatment").mean()
    np.testing.assert_allclose(tau, exact, rtol=1e-12)


def test_one_row_per_study_with_its_error():
    data = pd.DataFrame(
        {"study": list("abcd"), "effect": [0.1, 0.5, -0.2, 0.9], "error": [0.2, 0.1, 0.3, 0.4]}
    )
    truth = {"intercept": 0.3, "sd_study": [0.2], "u_study": np.zeros((4, 1))}
    tree = tree_of("effect | se(error) ~ 1 + (1 | study)", data, truth)
    table = bg.meta_analysis(tree, "study")
    np.testing.assert_allclose(table["raw"][:4], data["effect"])
    reach = stats.norm.ppf(0.945) * data["error"]
    np.testing.assert_allclose(table["raw_high"][:4], data["effect"] + reach)
    w = data["error"].to_numpy() ** -2
    within = np.sqrt(3 * w.sum() / (w.sum() ** 2 - (w**2).sum()))
    found = bg.heterogeneity(tree, "study").set_index("quantity")["mean"]
    assert found["within"] == pytest.approx(within, rel=1e-6)


@pytest.mark.parametrize(
    ("low", "high"),
    [((7, 80), (3, 90)), ((4, 60), (0, 66)), ((0, 58), (1, 70)), ((19, 103), (1, 97))],
)
def test_odds_ratios_are_conditional_on_the_margins(low, high):
    estimate, left, right = raw_effect("odds", Arm(*low), Arm(*high), 0.89)

    def tail(ratio, upper):
        dist = stats.nchypergeom_fisher(low[1] + high[1], low[0] + high[0], high[1], ratio)
        return dist.sf(high[0] - 1) if upper else dist.cdf(high[0])

    if left > 0:
        assert tail(left, True) == pytest.approx(0.055, rel=1e-4)
    if np.isfinite(right):
        assert tail(right, False) == pytest.approx(0.055, rel=1e-4)
    assert (left > 0) == (high[0] > 0) and np.isfinite(right) == (low[0] > 0)
    assert estimate == 0 if high[0] == 0 else left < estimate < right or low[0] == 0


def test_rate_ratios_are_conditional_on_the_total():
    estimate, left, right = raw_effect("rates", Arm(11, 1988.0), Arm(7, 1344.0), 0.95)
    assert estimate == pytest.approx((7 / 1344) / (11 / 1988))
    for bound, tail, events in ((left, stats.binom.sf, 6), (right, stats.binom.cdf, 7)):
        p = 1344 * bound / (1344 * bound + 1988)
        assert tail(events, 18, p) == pytest.approx(0.025, rel=1e-6)
    assert raw_effect("rates", Arm(0, 10.0), Arm(3, 10.0), 0.95)[0] == np.inf
    silent = raw_effect("odds", Arm(0, 50), Arm(0, 40), 0.89)
    assert np.isnan(silent[0]) and silent[1:] == (0.0, np.inf)


def test_shares_and_rates_of_one_arm():
    share = raw_effect("odds", None, Arm(0, 20), 0.9)
    assert share[:2] == (0.0, 0.0) and share[2] == pytest.approx(1 - 0.05 ** (1 / 20))
    rate = raw_effect("rates", None, Arm(0, 4.0), 0.9)
    assert rate[2] == pytest.approx(-np.log(0.05) / 4)


def test_what_does_not_fit_is_refused():
    tree = trials_tree()
    with pytest.raises(ArgumentError, match="'odds_ratio'"):
        bg.meta_analysis(tree, "study", "treat", "odds_ratios")
    with pytest.raises(ArgumentError, match="'treat'"):
        bg.meta_analysis(tree, "study", "treta")
    with pytest.raises(ResultError, match="'study'"):
        bg.meta_analysis(tree, "studdy", "treat")
    with pytest.raises(ArgumentError, match="name the column"):
        bg.meta_analysis(tree, "study", None, "ratio")
    fixed = trials_of_fixed_studies()
    with pytest.raises(ArgumentError, match="fixed factor"):
        bg.meta_analysis(fixed, "study", "treat", "difference")
    table = bg.meta_analysis(fixed, "study", "treat")
    assert np.log(table["median"][5]) == pytest.approx(-0.7, abs=0.02)


def trials_of_fixed_studies():
    data = Fit.of(trials_tree()).data
    truth = {"beta": [-2.0, -2, -3, -2, -2, -0.7], "sd_study": [0.5], "u_study": np.zeros((5, 1))}
    return tree_of("events | trials(n) ~ 0 + study + treat + (0 + treat | study)", data, truth,
                   family="binomial")  # fmt: skip


HERE = Path(__file__).parents[1]
PEERS = json.loads((HERE / "references" / "metafor.json").read_text())
WEAK = {"sd": bg.Prior("HalfNormal", sigma=2.5), "beta": bg.Prior("Normal", sigma=10)}


@pytest.mark.slow
@pytest.mark.parametrize("name", PEERS)
def test_metafors_estimates_are_inside_the_middle_half(name):
    case = PEERS[name]
    data = pd.read_csv(HERE / "data" / f"{case['table']}.csv", dtype={"study": str})
    data["treat12"] = data["treat"] - 0.5
    options = {k: case[k] for k in ("exposure",) if k in case}
    tree = bg.fit(case["formula"], data, family=case["family"], priors=WEAK, progress=False,
                  draws=2000, seed=3, **options)  # fmt: skip
    effect = draws_of(tree, "beta")[:, -1]
    low, high = np.quantile(effect, [0.25, 0.75])
    assert low < case["estimate"] < high, (low, case["estimate"], high)
