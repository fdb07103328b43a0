"""Simulated responses have the moments they were asked for, and bad requests say why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, ndtr

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, DataError, SpecError
from bayes_glmm.studies.simulate import simulate

N = 40_000


def table(n: int = N) -> pd.DataFrame:
    i = np.arange(n)
    return pd.DataFrame(
        {
            "x": np.where(i % 2, 1.0, -1.0),
            "g": np.array(["a", "b", "c", "d"])[i // 2 % 4],
            "n": 3 + i % 5,
            "days": 1.0 + i % 3,
        },
        index=[f"id{k}" for k in i],
    )


# family, link, own parameters, mean and variance of a row given eta (and n), predictor
MOMENTS = [
    ("gaussian", None, {"sigma": 1.5}, lambda e, n: (e, 2.25 + 0 * e)),
    ("gaussian", "log", {"sigma": 0.5}, lambda e, n: (np.exp(e), 0.25 + 0 * e)),
    ("student_t", None, {"sigma": 2.0, "nu": 9.0}, lambda e, n: (e, 4 * 9 / 7 + 0 * e)),
    ("poisson", None, {}, lambda e, n: (np.exp(e), np.exp(e))),
    ("poisson", "sqrt", {}, lambda e, n: (e**2, e**2)),
    ("negative_binomial", None, {"dispersion": 3.0},
     lambda e, n: (np.exp(e), np.exp(e) + np.exp(2 * e) / 3)),
    ("bernoulli", None, {}, lambda e, n: (expit(e), expit(e) * expit(-e))),
    ("bernoulli", "probit", {}, lambda e, n: (ndtr(e), ndtr(e) * ndtr(-e))),
    ("binomial", "cloglog", {},
     lambda e, n: (n * -np.expm1(-np.exp(e)), n * -np.expm1(-np.exp(e)) * np.exp(-np.exp(e)))),
    ("gamma", None, {"shape": 4.0}, lambda e, n: (np.exp(e), np.exp(2 * e) / 4)),
    ("exponential", None, {}, lambda e, n: (np.exp(e), np.exp(2 * e))),
    ("weibull", None, {"shape": 2.0}, lambda e, n: (np.exp(e), np.exp(2 * e) * (4 / np.pi - 1))),
    ("inverse_gaussian", None, {"shape": 5.0}, lambda e, n: (np.exp(e), np.exp(3 * e) / 5)),
    ("lognormal", None, {"sigma": 0.5},
     lambda e, n: (np.exp(e + 0.125), np.exp(2 * e + 0.25) * np.expm1(0.25))),
    ("beta", None, {"dispersion": 4.0}, lambda e, n: (expit(e), expit(e) * expit(-e) / 5)),
]  # fmt: skip


@pytest.mark.parametrize(("family", "link", "own", "moments"), MOMENTS)
def test_rows_have_the_stated_mean_and_variance(
    family: str, link: str | None, own: dict, moments: Any
) -> None:
    data = table()
    effects = {"a": -0.4, "b": 0.0, "c": 0.1, "d": 0.3}
    formula = "y | trials(n) ~ x + (1 | g)" if family == "binomial" else "y ~ x + (1 | g)"
    truth = {"intercept": 0.6, "beta": {"x": -0.25}, "u_g": effects, **own}
    y = simulate(formula, data, truth, 3, family=family, link=link)["y"].to_numpy(float)
    mean, variance = moments(0.6 - 0.25 * data.x + data.g.map(effects), data.n)
    z = ((y - mean) / np.sqrt(variance)).to_numpy()
    assert abs(z.mean()) < 4 / np.sqrt(N)
    assert abs((z**2).mean() - 1) < 4 * (z**2).std() / np.sqrt(N)
    assert abs((z * data.x).mean()) < 4 / np.sqrt(N)


def test_drawn_effects_have_the_stated_sds_and_correlation() -> None:
    n = 30_000
    data = pd.DataFrame({"g": np.repeat(np.arange(n), 2), "x": np.tile([0.0, 1.0], n)})
    truth = {
        "intercept": 2.0,
        "sd_g": {"x": 0.5, "intercept": 1.2},
        "corr_g": [[1, -0.6], [-0.6, 1]],
        "sigma": 1e-6,
    }
    y = simulate("y ~ 1 + (1 + x | g)", data, truth, 11)["y"].to_numpy().reshape(n, 2)
    intercepts, slopes = y[:, 0], y[:, 1] - y[:, 0]
    assert intercepts.mean() == pytest.approx(2.0, abs=0.03)
    assert intercepts.std() == pytest.approx(1.2, rel=0.02)
    assert slopes.std() == pytest.approx(0.5, rel=0.02)
    assert np.corrcoef(intercepts, slopes)[0, 1] == pytest.approx(-0.6, abs=0.015)
    assert stats.kstest((intercepts - 2) / 1.2, "norm").pvalue > 1e-3


def test_exposure_and_offset_enter_the_predictor() -> None:
    data = table().assign(shift=lambda d: np.log(d.days))
    truth = {"intercept": 3.0}
    by_exposure = simulate("y ~ 1", data, truth, 5, family="poisson", exposure="days")
    by_offset = simulate("y ~ 1", data, truth, 5, family="poisson", offset="shift")
    written = simulate("y ~ 1 + offset(log(days))", data, truth, 5, family="poisson")
    assert by_exposure["y"].tolist() == by_offset["y"].tolist() == written["y"].tolist()
    rate = by_exposure.groupby("days")["y"].mean() / [1, 2, 3]
    np.testing.assert_allclose(rate, np.exp(3), rtol=0.01)


def test_same_seed_same_bytes_and_the_table_is_left_alone() -> None:
    data = table(50).assign(y=7)
    before = data.copy(deep=True)
    truth = {"intercept": 0.0, "sd_g": 1.0, "sigma": 1.0}
    first = simulate("y ~ 1 + (1 | g)", data, truth, 1)
    pd.testing.assert_frame_equal(data, before)
    pd.testing.assert_frame_equal(first, simulate("y ~ 1 + (1 | g)", data, truth, 1))
    other = simulate("y ~ 1 + (1 | g)", data, truth, 2)
    assert (first["y"] != other["y"]).all()
    assert first.columns.tolist() == data.columns.tolist()
    assert first.index.tolist() == data.index.tolist()


def test_streams_are_apart() -> None:
    data = table(80).assign(h=np.arange(80) % 7)
    formula, base = "y ~ 1 + (1 | g) + (1 | h)", {"intercept": 0.0, "sigma": 1.0}
    drawn = simulate(formula, data, {**base, "sd_g": 1.0, "sd_h": 2.0}, 4)["y"]
    given = simulate(formula, data, {**base, "u_g": np.zeros(4), "sd_h": 2.0}, 4)["y"]
    shift = (drawn - given).groupby(data.g).agg(["mean", "std"])
    assert (shift["std"] < 1e-12).all()
    assert (shift["mean"].abs() > 1e-3).all()


def test_the_response_is_stored_as_it_was() -> None:
    data = table(40)
    counts = simulate("y ~ 1", data, {"intercept": 1.0}, 1, family="poisson")["y"]
    assert counts.dtype == np.int64
    truth = {"intercept": 30.0}
    words = data.assign(y=["sick", "well"] * 20)
    assert set(simulate("y ~ 1", words, truth, 1, family="bernoulli")["y"]) == {"well"}
    sick = simulate("y ~ 1", words, truth, 1, family="bernoulli", success="sick")["y"]
    assert set(sick) == {"sick"}
    flags = simulate("y ~ 1", data.assign(y=[True, False] * 20), truth, 1, family="bernoulli")["y"]
    assert flags.dtype == bool
    assert flags.all()


@pytest.mark.parametrize("response", [np.nan, 3.0, -1.0])
def test_what_the_response_held_does_not_matter(response: float) -> None:
    data, truth = table(40), {"intercept": 1.0, "beta": [0.3]}
    bare = simulate("y ~ x", data, truth, 9, family="poisson")
    full = simulate("y ~ x", data.assign(y=response), truth, 9, family="poisson")
    assert bare["y"].tolist() == full["y"].tolist()


def test_incomplete_rows_are_left_out_when_asked() -> None:
    data = table(40)
    data.loc["id3", "x"] = np.nan
    truth = {"intercept": 1.0, "beta": [0.3], "sigma": 1.0}
    assert "id3" not in simulate("y ~ x", data, truth, 1, missing="drop").index
    with pytest.raises(DataError, match="'x'.*id3"):
        simulate("y ~ x", data, truth, 1)


def test_effects_are_taken_by_level_and_term() -> None:
    data = table(8)
    rows = {k: [float(i), 10.0 * i] for i, k in enumerate("abcd")}
    named = {k: {"x": v[1], "intercept": v[0]} for k, v in rows.items()}
    frame = pd.DataFrame(named).T
    expected = data.g.map({k: v[0] for k, v in rows.items()})
    expected = expected + data.x * data.g.map({k: v[1] for k, v in rows.items()})
    for given in (rows, named, frame, np.array(list(rows.values()))):
        truth = {"intercept": 0.0, "u_g": given, "sigma": 1e-9}
        y = simulate("y ~ 1 + (1 + x | g)", data, truth, 1)["y"]
        np.testing.assert_allclose(y, expected, atol=1e-6)


GOOD: dict[str, Any] = {
    "intercept": 0.0, "beta": {"x": 1.0}, "sd_g": {"intercept": 1.0, "x": 1.0},
    "corr_g": np.eye(2), "sigma": 1.0,
}  # fmt: skip
BAD = [
    ({"intercpt": 1.0}, ArgumentError, "'intercpt'.*'intercept'"),
    ({"sd_h": 1.0}, ArgumentError, "'sd_h'.*'sd_g'"),
    ({"beta": {"xx": 1.0}}, ArgumentError, "beta has no 'xx'.*'x'"),
    ({"beta": {}}, ArgumentError, "beta lacks x"),
    ({"beta": [1.0, 2.0]}, ArgumentError, "beta needs 1 value"),
    ({"beta": "abc"}, ArgumentTypeError, "beta must be numbers"),
    ({"intercept": np.nan}, ArgumentError, "intercept must be finite"),
    ({"intercept": [1.0, 2.0]}, ArgumentError, "intercept is one number"),
    ({"sigma": 0.0}, ArgumentError, "sigma must be above 0"),
    ({"sd_g": 1.0}, ArgumentError, "sd_g needs 2 values"),
    ({"sd_g": [1.0, -1.0]}, ArgumentError, "sd_g holds standard deviations"),
    ({"corr_g": np.eye(3)}, ArgumentError, "corr_g is a 2 x 2"),
    ({"corr_g": [[1, 2], [2, 1]]}, ArgumentError, "no correlation matrix.*-1"),
    ({"corr_g": [[1, 0.5], [0.1, 1]]}, ArgumentError, "no correlation matrix"),
    ({"corr_g": [[2, 0.5], [0.5, 2]]}, ArgumentError, "no correlation matrix"),
    ({"u_g": np.zeros((3, 2))}, ArgumentError, "u_g has the shape \\(4, 2\\)"),
    ({"u_g": {"a": [0, 0]}}, ArgumentError, "u_g lacks b, c, d"),
    ({"u_g": {"a": [0, 0], "e": [0, 0]}}, ArgumentError, "u_g has no 'e'"),
]


@pytest.mark.parametrize(("changes", "error", "words"), BAD)
def test_bad_parameters_are_refused(changes: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        simulate("y ~ x + (1 + x | g)", table(40), GOOD | changes, 1)


@pytest.mark.parametrize("name", [k for k in GOOD if k != "corr_g"])
def test_missing_parameters_are_named(name: str) -> None:
    given = {k: v for k, v in GOOD.items() if k != name}
    with pytest.raises(ArgumentError, match=f"needs the parameter '{name}'"):
        simulate("y ~ x + (1 + x | g)", table(40), given, 1)


def test_other_requests_are_refused() -> None:
    data = table(40)
    with pytest.raises(ArgumentError, match="no parameter 'corr_g'"):
        simulate("y ~ x + (1 + x || g)", data, GOOD, 1)
    with pytest.raises(ArgumentError, match="seed"):
        simulate("y ~ x + (1 + x | g)", data, GOOD, -1)
    with pytest.raises(ArgumentTypeError, match="mapping"):
        simulate("y ~ 1", data, [1.0], 1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="cannot have.*-1.*rows id0"):
        simulate("y ~ 1", data, {"intercept": -1.0}, 1, family="poisson", link="identity")
    with pytest.raises(ArgumentError, match="cannot have.*inf"):
        simulate("y ~ 1", data, {"intercept": 1e4}, 1, family="poisson")
    with pytest.raises(DataError, match="trials.*id2"):
        bad = data.assign(n=data.n.where(data.index != "id2", 0))
        simulate("y | trials(n) ~ 1", bad, {"intercept": 0.0}, 1, family="binomial")
    with pytest.raises(DataError, match="'days'.*id0.*above 0"):
        bad = data.assign(days=0)
        simulate("y ~ 1", bad, {"intercept": 0.0}, 1, family="poisson", exposure="days")
    with pytest.raises(DataError, match="two levels"):
        simulate("y ~ 1", data, {"intercept": 0.0}, 1, family="bernoulli", success="yes")
    with pytest.raises(SpecError):
        simulate("y ~ 1", data, {"intercept": 0.0}, 1, family="poison")


def test_means_that_a_family_cannot_have_are_refused() -> None:
    rows = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    truth = {"intercept": -2.0, "beta": [1.0], "shape": 2.0}
    for family in ("gamma", "inverse_gaussian", "weibull"):
        with pytest.raises(ArgumentError, match="rows 0, 1"):
            simulate("y ~ x", rows, truth, 1, family=family, link="identity")


def test_responses_within_bounds_are_drawn_without_a_response_column() -> None:
    truth = {"intercept": 1.0, "beta": [0.1], "shape": 2.0}
    y = simulate("y | trunc(2, 5) ~ x", table(400), truth, 1, family="weibull")["y"]
    assert y.between(2, 5).all()
