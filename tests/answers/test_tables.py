"""The last step: intervals, Monte Carlo errors and labels."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_base import rc_context
from arviz_stats.base import array_stats

import bayes_glmm as bg
from bayes_glmm.answers.answer_tables import batch_mcse, interval
from tests.canned import bernoulli_tree, poisson_tree


@pytest.mark.parametrize("phi", [0.0, 0.6, 0.9])
def test_batch_errors_are_near_the_truth_and_arviz(phi):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 2500, 40)) / np.sqrt(1 - phi**2)
    for t in range(1, 2500):
        x[:, t] = phi * x[:, t - 1] + (x[:, t] * np.sqrt(1 - phi**2))
    found = batch_mcse(x)
    truth = 1 / (1 - phi) / np.sqrt(10_000)
    assert found.mean() == pytest.approx(truth, rel=0.2)
    theirs = array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean")
    assert found.mean() == pytest.approx(theirs.mean(), rel=0.2)


def test_intervals_follow_the_settings_of_arviz():
    values = np.random.default_rng(2).gamma(2.0, size=(4000, 3))
    with rc_context({"stats.ci_prob": 0.5, "stats.ci_kind": "eti"}):
        low, high, names = interval(values)
    np.testing.assert_allclose([low, high], np.quantile(values, [0.25, 0.75], axis=0))
    assert names == ("eti50_lb", "eti50_ub")
    with rc_context({"stats.ci_prob": 0.9, "stats.ci_kind": "hdi"}):
        low, high, names = interval(values)
        table = bg.predictions(poisson_tree(), by=True)
    theirs = array_stats.hdi(values[:, 0], prob=0.9)
    np.testing.assert_allclose([low[0], high[0]], theirs, rtol=0.01)
    assert names == ("hdi90_lb", "hdi90_ub")
    assert {"hdi90_lb", "hdi90_ub"} <= set(table.columns)


def test_monte_carlo_errors_stand_beside_every_row():
    table = bg.predictions(bernoulli_tree(), by="arm")
    assert len(table.attrs["mcse"]) == len(table)
    ratio = np.array(table.attrs["mcse"]) / (table["sd"] / np.sqrt(1000))
    assert ratio.between(0.5, 2).all()


def test_summary_measures_the_chains():
    tree = poisson_tree()
    table = bg.summary(tree).set_index("parameter")
    values = tree["posterior"]["intercept"].values
    assert table.loc["intercept", "r_hat"] == pytest.approx(array_stats.rhat(values))
    assert table.loc["intercept", "ess_bulk"] == pytest.approx(array_stats.ess(values))
    assert table.loc["intercept", "mcse"] > 0
    array = bg.summary(tree, draws=True)
    assert array["parameter"].values.tolist() == table.index.tolist()
