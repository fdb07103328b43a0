"""Predictions, comparisons and effects against calculations written out here."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from scipy.integrate import quad

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, MissingDataError, ResultError, UnknownLevelError
from bayes_glmm.families import get_family
from tests.canned import bernoulli_tree, binomial_tree, poisson_tree, slope_tree, tree_of


def draws_of(tree, name):
    values = tree["posterior"][name].values
    return values.reshape(-1, *values.shape[2:])


@pytest.mark.parametrize("sd", [0.0, 0.5, 1.5, 3.0])
@pytest.mark.parametrize("eta", [-6.0, -2.0, 0.0, 1.0, 3.0])
@pytest.mark.parametrize("name", ["logit", "probit", "cloglog", "log", "identity"])
def test_population_mean_against_quadrature(name, eta, sd):
    inverse = {"logit": special.expit, "probit": stats.norm.cdf, "log": np.exp, "identity": lambda e: e,
               "cloglog": lambda e: -np.expm1(-np.exp(e))}[name]  # fmt: skip
    family = "bernoulli" if name in ("logit", "probit", "cloglog") else "gaussian"
    link = get_family(family).link(name)
    ours = float(link.normal_mean(np.array([eta]), np.array([sd**2]))[0])
    exact = quad(
        lambda z: inverse(eta + sd * z) * stats.norm.pdf(z), -9.5, 9.5, epsabs=1e-12, limit=400
    )[0]
    assert ours == pytest.approx(exact, abs=1e-6, rel=1e-8)
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    hermite = (weights * inverse(eta + sd * nodes)).sum() / weights.sum()
    if name != "log" or sd < 3:
        assert ours == pytest.approx(hermite, abs=1e-3)


def test_averages_are_taken_inside_each_draw():
    tree = bernoulli_tree()
    table = bg.predictions(tree, groups="typical", by="arm")
    data, beta, alpha = _training(tree), draws_of(tree, "beta"), draws_of(tree, "intercept")
    for arm, row in table.set_index("arm").iterrows():
        part = data[data.arm == arm]
        eta = (
            alpha[:, None]
            + beta[:, [0]] * (part.arm == "new").to_numpy()
            + beta[:, [1]] * part.month.to_numpy()
        )
        averages = special.expit(eta).mean(axis=1)
        assert row["mean"] == pytest.approx(averages.mean(), rel=1e-12)
        assert row["sd"] == pytest.approx(averages.std(ddof=1), rel=1e-10)
        assert row["eti89_lb"] == pytest.approx(np.quantile(averages, 0.055), rel=1e-10)


def test_marginal_standardisation_by_hand():
    tree = bernoulli_tree()
    data, beta, alpha = _training(tree), draws_of(tree, "beta"), draws_of(tree, "intercept")
    sd = draws_of(tree, "sd_person")
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    risks = []
    for new in (0, 1):
        eta = alpha[:, None] + beta[:, [0]] * new + beta[:, [1]] * data.month.to_numpy()[None, :7]
        risks.append(
            np.einsum("k,dnk->d", weights, special.expit(eta[..., None] + sd[:, :, None] * nodes))
            / 7
        )
    for measure, by_hand in {
        "difference": risks[1] - risks[0], "ratio": risks[1] / risks[0], "lift": risks[1] / risks[0] - 1,
        "odds_ratio": special.expit(0) * 0 + (risks[1] / (1 - risks[1])) / (risks[0] / (1 - risks[0])),
    }.items():  # fmt: skip
        row = bg.comparisons(tree, "arm", measure=measure).iloc[0]
        assert row["mean"] == pytest.approx(by_hand.mean(), abs=1e-5)
        assert row["contrast"] == "new - old"


def test_the_average_effect_is_smaller_than_the_conditional_one():
    conditional = np.exp(draws_of(bernoulli_tree(), "beta")[:, 0].mean())
    averaged = bg.comparisons(bernoulli_tree(), "arm", measure="odds_ratio").iloc[0]["mean"]
    assert conditional < averaged < 1


def test_probit_attenuates_in_closed_form():
    data = pd.DataFrame({"y": [0, 1, 0, 1], "x": [0, 1, 0, 1], "g": list("abab")})
    truth = {"intercept": -0.5, "beta": [1.0], "sd_g": [2.0], "u_g": [[0.1], [-0.1]]}
    tree = tree_of("y ~ x + (1 | g)", data, truth, spread=1e-9, family="bernoulli", link="probit")
    found = bg.predictions(tree, by="x").set_index("x")["mean"]
    assert found[0] == pytest.approx(stats.norm.cdf(-0.5 / np.sqrt(5)), abs=1e-7)
    assert found[1] == pytest.approx(stats.norm.cdf(0.5 / np.sqrt(5)), abs=1e-7)


def test_known_groups_use_their_own_effects():
    tree = slope_tree()
    table = bg.predictions(tree, groups="known")
    data, u = _training(tree), draws_of(tree, "u_person")
    levels = tree["posterior"]["person"].values.tolist()
    person = np.array([levels.index(p) for p in data.person])
    eta = draws_of(tree, "intercept")[:, None] + draws_of(tree, "beta") * data.day.to_numpy()
    eta = eta + u[:, person, 0] + u[:, person, 1] * data.day.to_numpy()
    np.testing.assert_allclose(table["mean"], eta.mean(axis=0), rtol=1e-12)


def test_new_levels_share_one_draw_and_have_the_population_spread():
    tree = slope_tree()
    rows = pd.DataFrame({"day": [0.0, 9.0, 0.0], "person": ["zz", "zz", "other"]})
    drawn = bg.predictions(tree, rows, groups="new", draws=True).values.reshape(-1, 3)
    spread = drawn.std(axis=0)
    assert spread[0] == pytest.approx(25, rel=0.1)
    assert spread[1] == pytest.approx(np.sqrt(25**2 + 81 * 36 + 18 * 0.3 * 150), rel=0.1)
    assert np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1] > 0.4
    assert abs(np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1]) < 0.15
    again = bg.predictions(tree, rows, groups="new", draws=True).values.reshape(-1, 3)
    assert again.tobytes() == drawn.tobytes()


def test_chunks_change_nothing(monkeypatch):
    from bayes_glmm.answers.predict import expected

    whole = [
        bg.predictions(poisson_tree(), groups=g)["mean"].to_numpy()
        for g in ("known", "new", "population")
    ]
    monkeypatch.setattr(expected, "CELLS", 7000)
    parts = [
        bg.predictions(poisson_tree(), groups=g)["mean"].to_numpy()
        for g in ("known", "new", "population")
    ]
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_rates_per_exposure():
    table = bg.predictions(poisson_tree(), groups="typical", by="arm", per=1000).set_index("arm")
    alpha = draws_of(poisson_tree(), "intercept")
    assert table.loc["control", "mean"] == pytest.approx(1000 * np.exp(alpha).mean(), rel=1e-10)
    with pytest.raises(ArgumentError, match="exposure"):
        bg.predictions(slope_tree(), per=10)
    with pytest.raises(MissingDataError, match="positive"):
        bg.predictions(poisson_tree(), pd.DataFrame({"arm": ["control"], "days": [0.0]}))


def test_replicated_responses_have_mean_and_spread():
    tree = binomial_tree()
    table = bg.predictions(tree, groups="known", kind="response")
    expected = bg.predictions(tree, groups="known")
    trials = _training(tree)["operations"].to_numpy()
    np.testing.assert_allclose(table["mean"], expected["mean"] * trials, rtol=0.05)
    assert table.attrs["scale"] == "successes"
    assert expected.attrs["scale"] == "probability"


def test_slopes_of_a_straight_line_and_of_a_curve():
    flat = bg.slopes(slope_tree(), "day").iloc[0]["mean"]
    assert flat == pytest.approx(draws_of(slope_tree(), "beta").mean(), rel=1e-6)
    curve = bg.slopes(bernoulli_tree(), "month", groups="typical").iloc[0]["mean"]
    p = bg.predictions(bernoulli_tree(), groups="typical", draws=True).values.reshape(1000, -1)
    by_hand = (p * (1 - p)).mean(axis=1) * draws_of(bernoulli_tree(), "beta")[:, 1]
    assert curve == pytest.approx(by_hand.mean(), rel=1e-5)


def test_unknown_things_are_refused_with_the_nearest():
    tree = poisson_tree()
    with pytest.raises(UnknownLevelError, match="w1"):
        bg.predictions(
            tree, pd.DataFrame({"arm": ["control"], "ward": ["w_1"], "days": [9.0]}), groups="known"
        )
    with pytest.raises(UnknownLevelError, match="control"):
        bg.predictions(tree, pd.DataFrame({"arm": ["contrl"], "days": [9.0]}))
    with pytest.raises(ArgumentError, match="population"):
        bg.predictions(tree, groups="populaton")
    with pytest.raises(ArgumentError, match="group"):
        bg.comparisons(tree, "ward")
    with pytest.raises(ArgumentError, match="(?i)odds"):
        bg.comparisons(tree, "arm", measure="odds_ratio")
    with pytest.raises(ResultError, match="ward"):
        bg.random_effects(tree, "wards")
    with pytest.raises(MissingDataError, match="arm"):
        bg.predictions(tree, by="arms")


def test_summary_says_its_scale():
    table = bg.summary(poisson_tree(), exponentiate=True).set_index("parameter")
    assert table.loc["arm[treated]", "scale"] == "incidence rate ratio"
    assert table.loc["arm[treated]", "mean"] == pytest.approx(
        np.exp(draws_of(poisson_tree(), "beta")).mean()
    )
    assert table.loc["sd_ward[intercept]", "scale"] == "link (log)"
    assert table.loc["sd_ward[intercept]", "mean"] == pytest.approx(
        draws_of(poisson_tree(), "sd_ward").mean()
    )
    with pytest.raises(ArgumentError, match="identity"):
        bg.summary(slope_tree(), exponentiate=True)
    assert "corr_person[intercept, day]" in set(bg.summary(slope_tree())["parameter"])


def test_raw_estimates_are_each_levels_own():
    tree = binomial_tree()
    table = bg.shrinkage(tree, "hospital").set_index("level")
    data = _training(tree).set_index("hospital")
    alpha = draws_of(tree, "intercept").mean()
    own = special.logit(data["deaths"] / data["operations"]) - alpha
    np.testing.assert_allclose(table["raw"], own[table.index], rtol=1e-4)
    with pytest.raises(ResultError):
        bg.shrinkage(tree, "hospitals")


def test_ranks_are_of_draws_and_sum_right():
    table = bg.rank(binomial_tree(), "hospital", threshold=0.1)
    assert table["expected_rank"].sum() == pytest.approx(55)
    assert table["p_lowest"].sum() == pytest.approx(1)
    assert table["p_above"].between(0, 1).all()
    assert (table["expected_rank"].diff().dropna() >= 0).all()


def test_coefficients_are_fixed_plus_deviation():
    table = bg.coefficients(slope_tree(), "person")
    u = draws_of(slope_tree(), "u_person")
    slope = table[table.term == "day"]["mean"].to_numpy()
    np.testing.assert_allclose(
        slope, (u[:, :, 1] + draws_of(slope_tree(), "beta")).mean(axis=0), rtol=1e-10
    )


def test_an_unconverged_fit_says_so_in_every_answer():
    verdict = [{"name": "r_hat", "severity": "error", "message": "R-hat is 1.5", "rows": (), "figure": 1.5,
                "threshold": 1.01}]  # fmt: skip
    data = pd.DataFrame({"y": [0, 3, 1, 2], "g": list("abab")})
    truth = {"intercept": 0.3, "sd_g": [0.5], "u_g": [[0.1], [-0.1]]}
    info = {"converged": False, "verdict": verdict}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, info=info, family="poisson")
    for call in (
        bg.summary,
        lambda t: bg.predictions(t, by=True),
        lambda t: bg.random_effects(t, "g"),
    ):
        with pytest.warns(UserWarning, match="did not converge"):
            table = call(tree)
        assert "R-hat is 1.5" in table.attrs["banner"]
    assert not bg.diagnose(tree).converged


def _training(tree):
    from bayes_glmm.results.fit import Fit

    return Fit.of(tree).data
