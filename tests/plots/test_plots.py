"""Pictures: what they show equals the answers, is labelled, and is left alone by text."""

from __future__ import annotations

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import bayes_glmm as bg
from bayes_glmm.answers.diagnose.ppc import predictive_check
from bayes_glmm.answers.predict.profiles import profile
from bayes_glmm.answers.predict.trajectories import trajectories
from bayes_glmm.errors import ArgumentError, ResultError, UnconvergedWarning
from bayes_glmm.plots.style import BLUE, COLOURS
from bayes_glmm.results.fit import Fit, with_info
from tests.canned import bernoulli_tree, binomial_tree, poisson_tree, slope_tree, tree_of


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def labels(ax):
    return [t.get_text() for t in ax.get_yticklabels()]


def points(ax, colour):
    """Centres of the markers of one colour, lowest first."""
    found = [
        line.get_xydata()
        for line in ax.lines
        if line.get_marker() == "o" and to_hex(line.get_color()).upper() == colour
    ]
    return np.vstack(found)


def test_a_caterpillar_is_sorted_named_and_equal_to_the_table():
    ax = bg.plot_caterpillar(bernoulli_tree(), "person")
    table = bg.random_effects(bernoulli_tree(), "person").sort_values("mean")
    assert labels(ax) == list(table["level"])
    xy = points(ax, BLUE)
    order = xy[:, 1].astype(int)
    np.testing.assert_allclose(xy[:, 0], table["mean"].to_numpy()[order])
    assert len(xy) == ((table["eti89_lb"] > 0) | (table["eti89_ub"] < 0)).sum()
    assert "link (logit)" in ax.get_xlabel() and "89 % ETI" in ax.get_xlabel()
    assert ax.get_ylabel() == "person"


def test_names_of_sixty_levels_do_not_overlap():
    ax = bg.plot_caterpillar(bernoulli_tree(), "person")
    ax.figure.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.get_yticklabels() if t.get_text()]
    assert len(boxes) == 60
    tops, bottoms = np.array([(b.y1, b.y0) for b in boxes]).T
    assert (bottoms[1:] >= tops[:-1] - 1).all()


def test_a_term_is_chosen_and_an_unknown_one_refused():
    ax = bg.plot_caterpillar(slope_tree(), "person", term="day")
    assert "deviation of day" in ax.get_xlabel()
    with pytest.raises(ResultError, match="'day'"):
        bg.plot_caterpillar(slope_tree(), "person", term="dya")
    with pytest.raises(ResultError, match="person"):
        bg.plot_caterpillar(slope_tree(), "persn")


def test_given_axes_are_drawn_on():
    _, ax = plt.subplots()
    assert bg.plot_caterpillar(binomial_tree(), "hospital", ax=ax) is ax
    assert bg.plot_predictions(poisson_tree(), "arm", ax=ax) is ax
    assert len(plt.get_fignums()) == 1


def test_shrinkage_shows_raw_beside_pooled():
    ax = bg.plot_shrinkage(binomial_tree(), "hospital")
    table = bg.shrinkage(binomial_tree(), "hospital").sort_values("pooled")
    drawn = {c.get_label(): c.get_offsets() for c in ax.collections if hasattr(c, "get_offsets")}
    raw = drawn["own rows only"]
    pooled = drawn["partially pooled, mean and 89 % ETI"]
    np.testing.assert_allclose(raw[:, 0], table["raw"])
    assert "point size: trials" in ax.get_xlabel()
    sizes = ax.collections[-1].get_sizes()
    assert sizes.argmax() == table["trials"].to_numpy().argmax()
    np.testing.assert_allclose(pooled[:, 0], table["pooled"])


def test_estimates_that_do_not_exist_are_counted():
    table = bg.shrinkage(bernoulli_tree(), "person")
    without = int(np.isinf(table["raw"]).sum())
    assert without > 0
    assert (
        f"{without} without a finite" in bg.plot_shrinkage(bernoulli_tree(), "person").get_xlabel()
    )


def test_predictions_of_factors_and_numbers():
    ax = bg.plot_predictions(poisson_tree(), "arm", per=1000)
    table = profile(poisson_tree(), "arm", per=1000)
    np.testing.assert_allclose(points(ax, BLUE)[:, 1], table["mean"])
    assert [t.get_text() for t in ax.get_xticklabels()] == ["control", "treated"]
    assert "1000 of days" in ax.get_ylabel() and "population" in ax.get_ylabel()
    ax = bg.plot_predictions(bernoulli_tree(), "month", by="arm", groups="typical")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["old", "new"]
    assert "effects of zero" in ax.get_ylabel()


def test_a_profile_is_the_average_of_counterfactual_rows():
    tree = bernoulli_tree()
    rows = Fit.of(tree).data.iloc[:40]
    table = profile(tree, "month", data=rows).set_index("month")
    direct = bg.predictions(tree, rows.assign(month=3.0), by=True)
    assert table.loc[3.0, "mean"] == pytest.approx(direct["mean"].iloc[0], rel=1e-12)
    curve = profile(slope_tree(), "day")
    assert curve.attrs["curve"] and len(curve) == 50
    with pytest.raises(ArgumentError, match="'month'"):
        profile(tree, "mnth")


def test_replications_cover_what_the_model_made():
    table = predictive_check(Fit.of(poisson_tree()))
    assert table.attrs["kind"] == "frequencies"
    assert table["observed"].sum() + table.attrs["beyond"] == 120
    assert table["mean"].sum() == pytest.approx(120, rel=0.02)
    inside = table["observed"].between(table["eti89_lb"], table["eti89_ub"])
    assert inside.mean() > 0.8
    ax = bg.plot_ppc(poisson_tree())
    assert ax.get_xlabel().startswith("events") and ax.get_ylabel() == "number of rows"


def test_binary_responses_are_held_against_their_probabilities():
    table = predictive_check(Fit.of(bernoulli_tree()))
    assert table.attrs["kind"] == "calibration" and len(table) == 10
    assert table["rows"].sum() == 420
    np.testing.assert_allclose(table["mean"], table["value"], atol=0.03)
    assert "y = 1" in bg.plot_ppc(bernoulli_tree()).get_ylabel()


def test_few_rows_are_drawn_one_by_one():
    table = predictive_check(Fit.of(binomial_tree()))
    data = Fit.of(binomial_tree()).data
    assert table.attrs["kind"] == "rows" and len(table) == 10
    shares = (data["deaths"] / data["operations"]).loc[table["row"]]
    np.testing.assert_allclose(table["observed"], shares)
    assert (np.diff(table["mean"]) >= 0).all()
    assert bg.plot_ppc(binomial_tree()).get_ylabel() == "deaths / trials"


def test_every_prior_has_its_panel():
    panels = bg.plot_prior_posterior(slope_tree())
    titles = [ax.get_title() for ax in panels]
    assert titles[0] == "intercept at the covariates' means"
    assert set(titles[1:]) == {"beta[day]", "sd_person[intercept]", "sd_person[day]", "sigma"}
    day = panels[titles.index("beta[day]")]
    line = day.lines[0]
    prior = Fit.of(slope_tree()).priors["beta[day]"]
    sigma = prior["sigma"]
    x = line.get_xdata()
    np.testing.assert_allclose(
        line.get_ydata(), np.exp(-0.5 * (x / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi)), rtol=1e-9
    )
    assert len(bg.plot_prior_posterior(slope_tree(), ["sigma"])) == 1
    with pytest.raises(ArgumentError):
        bg.plot_prior_posterior(slope_tree(), ["tau"])


def test_trajectories_show_levels_the_typical_one_and_the_average():
    ax = bg.plot_trajectories(bernoulli_tree(), "month", "person", n=10)
    texts = [t.get_text() for t in ax.get_legend().get_texts()]
    assert texts == [
        "single person (10 of 60)",
        "new person, 89 % ETI",
        "average over the population",
        "typical person (effects of zero)",
    ]
    by_label = {line.get_label(): line for line in ax.lines}
    average = by_label["average over the population"].get_ydata()
    typical = by_label["typical person (effects of zero)"].get_ydata()
    assert (average > typical).all() and (average < 0.5).all()
    assert sum(line.get_linewidth() == 0.7 for line in ax.lines) == 10
    with pytest.raises(ArgumentError, match="arm"):
        bg.plot_trajectories(bernoulli_tree(), "arm", "person")


def ratings_tree():
    rng = np.random.default_rng(6)
    weeks = np.concatenate([np.sort(rng.choice(9, 4, False)) for _ in range(20)])
    data = pd.DataFrame({"score": np.resize([0, 1, 2, 1], 80), "weeks": weeks,
                         "drug": (np.repeat(np.arange(20), 4) % 2),
                         "p": [f"p{i:02d}" for i in np.repeat(np.arange(20), 4)]})  # fmt: skip
    truth = {"beta": [-0.2, -0.5], "threshold": [-1.0, 1.0], "sd_p": [1.0],
             "u_p": rng.normal(size=(20, 1))}  # fmt: skip
    return tree_of("score ~ weeks + drug + (1 | p)", data, truth, family="cumulative", spread=0.02)


def test_trajectories_of_ordered_categories_at_unequal_times():
    tree = ratings_tree()
    ax = bg.plot_trajectories(tree, "weeks", "p", n=5, category="2")
    assert ax.get_ylabel().startswith("probability of score at 2 or above")
    data = Fit.of(tree).data
    reach = data.groupby("p")["weeks"].agg(["min", "max"])
    ends = [tuple(line.get_xdata()[[0, -1]]) for line in ax.lines if line.get_linewidth() == 0.7]
    assert len(ends) == 5 and set(ends) <= {tuple(map(float, e)) for e in reach.to_numpy()}
    drawn = {line.get_label(): line for line in ax.lines}["average over the population"]
    rows = data.assign(weeks=float(drawn.get_xdata()[-1]))
    table = bg.predictions(tree, rows, by=True).set_index("category")
    assert drawn.get_ydata()[-1] == pytest.approx(table.loc["2", "mean"], rel=1e-9)
    ax = bg.plot_trajectories(tree, "weeks", "p", by="drug", scale="link")
    assert {"0|1", "1|2"} <= {t.get_text() for t in ax.texts}
    assert {"drug 0, average", "drug 1, average"} <= set(ax.get_legend_handles_labels()[1])
    with pytest.raises(ArgumentError, match="above the lowest"):
        bg.plot_trajectories(tree, "weeks", "p", category="0")
    with pytest.raises(ArgumentError, match="'link'"):
        bg.plot_trajectories(tree, "weeks", "p", scale="logit")


def test_the_band_of_new_levels_is_the_spread_of_levels():
    found = trajectories(slope_tree(), "day", "person", scale="link")
    last = found.new.iloc[-1]
    sd = np.sqrt(25**2 + 2 * 0.3 * 25 * 6 * 9 + 36 * 81)
    assert last["sd"] == pytest.approx(sd, rel=0.1)
    assert found.levels == 18


def test_an_unconverged_fit_says_so_on_every_picture():
    tree = with_info(binomial_tree(), converged=False, verdict=[{"message": "R-hat is 2."}])
    with pytest.warns(UnconvergedWarning):
        assert "NOT CONVERGED" in bg.plot_caterpillar(tree, "hospital").get_title()
    with pytest.warns(UnconvergedWarning):
        assert "NOT CONVERGED" in bg.plot_shrinkage(tree, "hospital").get_title()
    assert "NOT CONVERGED" in bg.plot_ppc(tree).get_title()
    figure = bg.plot_prior_posterior(tree)[0].figure
    assert "NOT CONVERGED" in figure.get_suptitle()


def test_names_with_dollars_and_thousands_of_levels_can_be_drawn():
    rng = np.random.default_rng(0)
    g = np.repeat([f"${i}$_{{x" for i in range(20)], 4)
    data = pd.DataFrame({"y": rng.poisson(4, 80), "g": g})
    truth = {"intercept": 1.4, "sd_g": [0.3], "u_g": rng.normal(0, 0.3, (20, 1))}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson")
    bg.plot_caterpillar(tree, "g").figure.canvas.draw()
    many = pd.DataFrame({"y": rng.poisson(4, 2000), "g": [f"g{i}" for i in range(1000)] * 2})
    truth = {"intercept": 1.4, "sd_g": [0.3], "u_g": rng.normal(0, 0.3, (1000, 1))}
    tree = tree_of("y ~ 1 + (1 | g)", many, truth, family="poisson")
    ax = bg.plot_caterpillar(tree, "g")
    assert labels(ax) == [] and "1,000 levels of g" in ax.get_ylabel()
    assert ax.figure.get_size_inches()[1] < 12


def test_colours_are_distinct():
    assert len(set(COLOURS)) == len(COLOURS)


def test_shares_of_variance_are_those_of_the_table():
    table = bg.variance_partition(poisson_tree(), "data").set_index("component")
    ax = bg.plot_variance(poisson_tree(), "data")
    assert labels(ax) == ["fixed effects", "ward", "residual (distribution)"]
    widths = [bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(widths, table.loc[["fixed", "ward", "residual"], "mean"])
    assert "response" in ax.get_xlabel() and "89 % ETI" in ax.get_xlabel()
    assert f"{table.loc['r2_marginal', 'mean']:.2f}" in ax.get_xlabel()
    with pytest.warns(UnconvergedWarning):
        bad = bg.plot_variance(with_info(poisson_tree(), converged=False))
    assert "NOT CONVERGED" in bad.get_title()


def test_residuals_are_drawn_beside_replicated_ones():
    left, right = bg.plot_residuals(poisson_tree(), seed=3)
    drawn = next(line for line in left.lines if line.get_label() == "observed").get_ydata()
    np.testing.assert_allclose(drawn, np.sort(bg.residuals(poisson_tree(), seed=3)["residual"]))
    assert right.get_xlabel() == "fitted mean"
    assert "89 % ETI" in left.get_legend().get_texts()[0].get_text()
    right = bg.plot_residuals(poisson_tree(), "new", against="arm")[1]
    assert [t.get_text() for t in right.get_xticklabels()] == ["control", "treated"]
    with pytest.raises(ArgumentError, match="'days'"):
        bg.plot_residuals(poisson_tree(), against="day")
