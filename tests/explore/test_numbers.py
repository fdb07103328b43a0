"""The page's numbers are those of the answers, and its code is the setting it was written from."""

from __future__ import annotations

import ast
import inspect
import json
import shutil
import subprocess
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special, stats

import bayes_glmm as bg
from bayes_glmm.explore.assemble import PAGE, SCRIPTS
from bayes_glmm.families import LINKS
from bayes_glmm.fitting.check_model import check

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs node")
THRESHOLDS = {"binary": [0.0], "count": None, "ordinal": [-1.5, 0.0, 1.5]}
FAMILIES = {"binary": "bernoulli", "count": "poisson", "ordinal": "cumulative"}


def settings() -> list[dict]:
    """Twenty settings: the corners of the sliders, and places between them."""
    rng = np.random.default_rng(7)
    found = []
    for k in range(20):
        outcome = ("binary", "count", "ordinal")[k % 3]
        wide = 4.0 if outcome != "count" else 1.5
        found.append(
            {
                "outcome": outcome, "thresholds": THRESHOLDS[outcome],
                "cut": 1 + k % 3 if outcome == "ordinal" else 1,
                "intercept": round(rng.uniform(-2, 2), 1), "slope": round(rng.uniform(-1, 1), 2),
                "sd0": [0.0, wide, round(rng.uniform(0, wide), 1)][k % 3 if k < 6 else 2],
                "sd1": [0.0, wide / 4, round(rng.uniform(0, wide / 4), 2)][k % 2 if k < 6 else 2],
                "corr": round(rng.uniform(-0.9, 0.9), 1),
                "lo": 0.0, "hi": 4.0, "size": 6, "people": 12, "seed": 1 + k,
            }
        )  # fmt: skip
    return found


def node(expression: str) -> list:
    """Evaluate over the settings in the page's own script, its pictures left out."""
    parts = [(PAGE / f"{name}.js").read_text("utf-8") for name in SCRIPTS[:4]]
    given = f"const settings = {json.dumps(settings())};"
    ask = f"console.log(JSON.stringify(settings.map((p) => {expression})));"
    done = subprocess.run(
        [NODE], input="\n".join(["'use strict';", *parts, given, ask]),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@cache
def reference() -> pd.DataFrame:
    """Predictor and spread of every setting at five places, from their definitions."""
    rows = []
    for k, p in enumerate(settings()):
        cut = p["thresholds"][p["cut"] - 1] if p["thresholds"] else 0.0
        covariance = p["corr"] * p["sd0"] * p["sd1"]
        sigma = np.array([[p["sd0"] ** 2, covariance], [covariance, p["sd1"] ** 2]])
        for x in range(5):
            at = np.array([1.0, x])
            rows.append((k, x, p["intercept"] - cut + p["slope"] * x, at @ sigma @ at))
    return pd.DataFrame(rows, columns=["setting", "x", "eta", "variance"])


def test_population_averages_are_those_of_the_answers() -> None:
    shown = np.array(node("[0, 1, 2, 3, 4].map((x) => average(p, x))"))
    for k, p in enumerate(settings()):
        rows = reference().query("setting == @k")
        link = LINKS["log" if p["outcome"] == "count" else "logit"]
        wanted = link.normal_mean(rows["eta"].to_numpy(), rows["variance"].to_numpy())
        np.testing.assert_allclose(shown[k], wanted, rtol=1e-9, atol=1e-9)


def test_averages_of_chances_are_the_integral() -> None:
    shown = np.array(node("[0, 1, 2, 3, 4].map((x) => average(p, x))"))
    for row in reference().itertuples():
        if settings()[row.setting]["outcome"] == "count" or row.x != 3 or row.variance == 0:
            continue
        sd = np.sqrt(row.variance)
        wanted, _ = integrate.quad(
            lambda z, m=row.eta, s=sd: special.expit(m + s * z) * stats.norm.pdf(z), -10, 10,
            epsabs=1e-11, limit=200,
        )  # fmt: skip
        assert shown[row.setting, row.x] == pytest.approx(wanted, abs=1e-9)


def test_ratios_are_those_of_the_averages() -> None:
    shown = node("[ratios(p, 1, 1), average(p, 1), average(p, 2)]")
    for p, (ratio, low, high) in zip(settings(), shown, strict=True):
        assert ratio["conditional"] == pytest.approx(np.exp(p["slope"]), rel=1e-12)
        if p["outcome"] != "count":
            low, high = low / (1 - low), high / (1 - high)
        assert ratio["averaged"] == pytest.approx(high / low, rel=1e-6)


def test_shares_of_categories_sum_to_one_and_rise_with_the_predictor() -> None:
    shown = node("p.outcome === 'ordinal' ? [shares(p, 0, average), shares(p, 4, typical)] : []")
    found = [pair for pair in shown if pair]
    assert len(found) == 6
    np.testing.assert_allclose(np.sum(found, axis=-1), 1)
    assert np.min(found) > 0


def test_simulated_people_have_the_stated_distribution() -> None:
    drawn = np.array(node("simulatePeople({...p, people: 4000, size: 1}).map((q) => [q.u0, q.u1])"))
    for p, u in zip(settings(), drawn, strict=True):
        np.testing.assert_allclose(u.std(axis=0), [p["sd0"], p["sd1"]], rtol=0.05, atol=1e-12)
        if p["sd0"] > 0 and p["sd1"] > 0:
            assert np.corrcoef(u.T)[0, 1] == pytest.approx(p["corr"], abs=0.06)


def test_people_stay_the_same_when_others_join() -> None:
    few, many = node("simulatePeople(p)"), node("simulatePeople({...p, people: 30})")
    assert [people[:12] for people in many] == few


def test_responses_have_the_stated_mean() -> None:
    own = "simulatePeople({...p, people: 1000}).map((q) => [q.own, q.truth])"
    for p, rows in zip(settings(), np.array(node(own)), strict=True):
        gap = rows[:, 0] - rows[:, 1]
        assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(len(gap)) + 1e-12, p


def test_pooled_estimates_are_posterior_means() -> None:
    shown = node("simulatePeople(p).slice(0, 2).map((q) => [q.y, pooledMean(p, q.y)])")
    line = np.linspace(-7, 7, 141)
    z0, z1 = np.meshgrid(line, line, indexing="ij")
    xs = np.linspace(0, 4, 6)
    for p, people in zip(settings(), shown, strict=True):
        tied = p["corr"] if p["sd0"] > 0 and p["sd1"] > 0 else 0.0
        u0, u1 = p["sd0"] * z0, p["sd1"] * (tied * z0 + np.sqrt(1 - tied**2) * z1)
        eta = p["intercept"] + u0[..., None] + (p["slope"] + u1[..., None]) * xs
        if p["outcome"] == "count":
            response = np.exp(eta)
        else:
            response = special.expit(eta - p["thresholds"][p["cut"] - 1])
        for y, pooled in people:
            weight = stats.norm.pdf(z0) * stats.norm.pdf(z1)
            for j, value in enumerate(y):
                if p["outcome"] == "count":
                    weight = weight * stats.poisson.pmf(value, np.exp(eta[..., j]))
                else:
                    cuts = np.array([-np.inf, *p["thresholds"], np.inf])
                    upper, lower = (
                        special.expit(c - eta[..., j]) for c in cuts[[value + 1, value]]
                    )
                    weight = weight * (upper - lower)
            wanted = (weight * response.mean(axis=-1)).sum() / weight.sum()
            assert pooled == pytest.approx(wanted, rel=2e-4, abs=2e-5)


def written(source: str) -> dict:
    """Read literals, calls and keywords from code without running it."""
    tree = ast.parse(source)
    values: dict = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            name = ast.unparse(statement.targets[0])
            if name == "(n_people, n_rows)":
                values["n_people"], values["n_rows"] = ast.literal_eval(statement.value)
            elif name in ("truth", "formula"):
                values[name] = ast.literal_eval(statement.value)
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        values[ast.unparse(call.func)] = call
    return values


def keywords(call: ast.Call) -> dict:
    return {k.arg: ast.literal_eval(k.value) for k in call.keywords}


def test_the_code_simulates_the_setting() -> None:
    for p, source in zip(settings(), node("pythonCode(p)"), strict=True):
        found = written(source)
        low, high = map(ast.literal_eval, found["np.linspace"].args[:2])
        n, rows, truth = found["n_people"], found["n_rows"], found["truth"]
        assert (low, high, n, rows) == (p["lo"], p["hi"], p["people"], p["size"])
        assert keywords(found["bg.simulate"])["seed"] == p["seed"]
        assert truth["beta"] == {"x": p["slope"]}
        if p["outcome"] == "ordinal":
            np.testing.assert_allclose(
                truth["threshold"], np.array([-1.5, 0, 1.5]) - p["intercept"]
            )
        else:
            assert truth["intercept"] == p["intercept"]
        sd = truth.get("sd_person", {})
        assert (sd.get("intercept", 0.0), sd.get("x", 0.0)) == (p["sd0"], p["sd1"])
        if len(sd) == 2:
            assert truth["corr_person"][0][1] == p["corr"]
        people = pd.DataFrame(
            {
                "person": np.repeat([f"p{i:03d}" for i in range(1, n + 1)], rows),
                "x": np.tile(np.linspace(low, high, rows), n),
            }
        )
        options = keywords(found["bg.simulate"])
        assert options["family"] == FAMILIES[p["outcome"]]
        data = bg.simulate(found["formula"], people, truth, **options)
        fitted = keywords(found["bg.fit"])
        inspect.signature(bg.fit).bind(found["formula"], data, **fitted)
        assert not check(found["formula"], data, family=fitted["family"]).errors
        for name in ("diagnose", "summary", "predictions"):
            call = found[f"bg.{name}"]
            inspect.signature(getattr(bg, name)).bind(None, **keywords(call))


def test_sentences_follow_the_setting() -> None:
    names = (
        "{one: 'person', many: 'people', Many: 'People', x: 'x', unit: '', step: 1, flag: false,"
        "categories: ['a', 'b', 'c', 'd'], span: (v) => `from x = ${v} to ${v + 1}`}"
    )
    same = node(f"headline({{...p, sd0: 0, sd1: 0, slope: Math.LN2}}, 0, {names})")
    assert all("Nobody differs" in text and text.count("double") == 2 for text in same)
    level = node(f"headline({{...p, intercept: 0, sd0: 1, sd1: 0, slope: 0.5}}, 0, {names})")
    for p, text in zip(settings(), level, strict=True):
        assert ("cancel in the ratio" in text) == (p["outcome"] == "count")
        assert ("because people differ" in text) == (p["outcome"] != "count")
    said = node(f"[onResponse(p, 0, {names}), onLink(p, {names}), toReport(p, {names})].join(' ')")
    assert all("NaN" not in text and "undefined" not in text for text in [*said, *level])
