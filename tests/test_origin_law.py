"""A fit does not depend on where a covariate has its zero: through the calls of a user."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg

FIT = {"seed": 1, "draws": 400, "chains": 2, "progress": False}


def policy() -> pd.DataFrame:
    """A policy whose effect grows by 0.157 a year, over 2001 to 2020."""
    rng = np.random.default_rng(1)
    year, treat = rng.integers(2001, 2021, 400).astype(float), rng.integers(0, 2, 400)
    y = 1 + 0.2 * treat + (0.05 + 0.157 * treat) * (year - 2010) + rng.normal(0, 0.5, 400)
    return pd.DataFrame({"y": y, "year": year, "treat": treat})


def countries() -> pd.DataFrame:
    """Thirty countries with slopes of sd 0.148 over twenty years."""
    rng = np.random.default_rng(2)
    country, year = np.repeat(np.arange(30), 20), np.tile(np.arange(2001.0, 2021.0), 30)
    a, b = rng.normal(0, 1, 30), rng.normal(0, 0.148, 30)
    y = a[country] + (0.2 + b[country]) * (year - 2010) + rng.normal(0, 0.47, 600)
    return pd.DataFrame({"y": y, "year": year, "country": [f"c{k}" for k in country]})


def test_an_interaction_with_the_year_is_that_of_least_squares() -> None:
    data = policy()
    tree = bg.fit("y ~ treat * year", data, **FIT)
    x = data.year - 2010
    X = np.column_stack([np.ones(400), data.treat, x, data.treat * x])
    beta, rest, *_ = np.linalg.lstsq(X, data.y, rcond=None)
    se = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * rest[0] / 396)
    table = bg.summary(tree).set_index("parameter")
    assert table["mean"]["treat:year"] == pytest.approx(beta[3], abs=0.15 * se[3])
    assert table["sd"]["treat:year"] == pytest.approx(se[3], rel=0.15)
    # on the table's scale the effect of treat is that of the year 0
    assert table["mean"]["treat"] == pytest.approx(beta[1] - 2010 * beta[3], rel=0.01)
    last = pd.DataFrame({"treat": [0], "year": [2020.0]})
    effect = bg.comparisons(tree, "treat", data=last)["mean"].iloc[0]
    assert effect == pytest.approx(beta[1] + 10 * beta[3], abs=0.02)


@pytest.mark.parametrize(("a", "b"), [(-2010.0, 1.0), (-2010.0, 0.1), (5e6, 1.0)])
def test_answers_are_the_same_with_another_origin(a, b) -> None:
    data, formula = policy(), "y ~ treat * year"
    moved = data.assign(year=a + b * data.year)
    one, two = bg.fit(formula, data, **FIT), bg.fit(formula, moved, **FIT)
    at = [2003.0, 2020.0]
    for answer in (
        lambda t, years: bg.comparisons(t, "treat", data=pd.DataFrame({"treat": 0, "year": years})),
        lambda t, years: bg.predictions(t, pd.DataFrame({"treat": [0, 1], "year": years})),
    ):
        first, second = answer(one, at), answer(two, [a + b * v for v in at])
        np.testing.assert_allclose(second[["mean", "sd"]], first[["mean", "sd"]], rtol=2e-3)
    for name, scale in (("treat:year", b), ("year", b)):
        row = [bg.summary(t).set_index("parameter").loc[name] for t in (one, two)]
        assert row[1]["mean"] * scale == pytest.approx(row[0]["mean"], rel=2e-3)
    ml = [bg.maximum_likelihood(formula, d) for d in (data, moved)]
    assert ml[1].attrs["log_likelihood"] == pytest.approx(ml[0].attrs["log_likelihood"], abs=1e-6)


@pytest.fixture(scope="module")
def slopes() -> tuple:
    data, formula = countries(), "y ~ year + (1 + year | country)"
    moved = data.assign(year=data.year - 2010)
    return data, moved, bg.fit(formula, data, **FIT), bg.fit(formula, moved, **FIT)


def test_varying_slopes_of_the_year(slopes) -> None:
    _, _, far, near = slopes
    one, two = (bg.summary(t).set_index("parameter")["mean"] for t in (far, near))
    for name in ("year", "sd_country[year]", "sigma"):
        assert one[name] == pytest.approx(two[name], rel=0.02)
    assert one["sd_country[year]"] == pytest.approx(0.148, rel=0.25)
    assert one["sigma"] == pytest.approx(0.47, rel=0.06)
    # the sd of intercepts at the year 0 is that of the slopes, 2010 years away
    assert one["sd_country[intercept]"] == pytest.approx(2010 * one["sd_country[year]"], rel=0.01)


def test_verdicts_loo_and_new_countries_are_the_same(slopes) -> None:
    _, _, far, near = slopes
    names = [[f.name for f in bg.diagnose(t).findings] for t in (far, near)]
    assert names[0] == names[1]
    elpd = [float(bg.compare({"a": t, "b": t})["elpd"].iloc[0]) for t in (far, near)]
    assert elpd[0] == pytest.approx(elpd[1], abs=0.05)
    new = [
        bg.predictions(t, pd.DataFrame({"year": [year], "country": ["new"]}), groups="new")
        for t, year in ((far, 2030.0), (near, 20.0))
    ]
    assert new[0]["sd"].iloc[0] == pytest.approx(new[1]["sd"].iloc[0], rel=0.05)


def test_the_graph_holds_both_bases_and_the_posterior_fits_it(slopes) -> None:
    data, _, far, _ = slopes
    model = bg.build_model("y ~ year + (1 + year | country)", data)
    stored = set(map(str, far["posterior"]))
    assert {v.name for v in model.free_RVs} <= stored
    assert {v.name for v in model.deterministics} <= stored
    draw = {k: v.values[0, 0] for k, v in far["posterior"].items()}
    inputs = {v: draw[v.name] for v in model.free_RVs}
    for name in ("intercept", "beta", "sd_country", "corr_country", "u_country"):
        found = model[name].eval(inputs, mode="FAST_COMPILE", on_unused_input="ignore")
        np.testing.assert_allclose(found, draw[name], rtol=1e-6, atol=1e-6)


def test_save_load_and_refit_keep_the_basis(slopes, tmp_path) -> None:
    *_, far, _ = slopes
    again = bg.load(bg.save(far, tmp_path / "far.nc"))
    one, two = bg.predictions(far, groups="known"), bg.predictions(again, groups="known")
    pd.testing.assert_frame_equal(one, two)
    table = bg.prior_sensitivity(
        far, scale=(1.0,), priors=["sd_country[year]"], draws=400, chains=2, progress=False
    )
    kept = table[table.prior_scale == 1.0].groupby("parameter")["mean"].agg(["min", "max"])
    assert "reference_sd_country[year]" in kept.index
    row = kept.loc["sd_country[year]"]
    assert row["max"] == pytest.approx(row["min"], rel=0.05)
