"""Every way of sampling gives one posterior, and says so when it cannot."""

from __future__ import annotations

from importlib.util import find_spec

import arviz_stats
import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.engine.begin import natural_start
from bayes_glmm.errors import ArgumentError, EngineError, UnconvergedWarning
from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.results.fit import Fit
from tests.basis import in_basis

SLEEP = "Reaction ~ Days + (1 + Days | Subject)"
TICKS = "TICKS ~ YEAR + height + (1 | BROOD) + (1 | INDEX) + (1 | LOCATION)"
OWLS = "SiblingNegotiation ~ FoodTreatment * SexParent + arrival + (1 | Nest)"
SUITE = {
    "sleepstudy": (SLEEP, {}),
    "cbpp": ("incidence | trials(size) ~ period + (1 | herd)", {"family": "binomial"}),
    "grouseticks": (TICKS, {"family": "poisson"}),
    "verbagg": (
        "r2 ~ anger + gender + btype + situ + (1 | id) + (1 | item)",
        {"family": "bernoulli"},
    ),
    "contraception": (
        "use ~ decades + livch + urban + (1 + urban | district)",
        {"family": "bernoulli"},
    ),
    "owls": (OWLS, {"family": "negative_binomial", "exposure": "BroodSize"}),
    "pastes": ("strength ~ 1 + (1 | batch/cask)", {}),
    "penicillin": ("diameter ~ 1 + (1 | plate) + (1 | sample)", {}),
    "insteval_sub": ("y ~ service + (1 | s) + (1 | d)", {}),
}
GRAPH = {"draws": 2000, "chains": 4, "seed": 5}
SLOW_TO_MIX = ("grouseticks",)


def table(folder, name: str) -> pd.DataFrame:
    data = pd.read_csv(folder / f"{name}.csv")
    match name:
        case "grouseticks":
            centred = (data.HEIGHT - data.HEIGHT.mean()) / 100
            return data.astype({"YEAR": str, "INDEX": str}).assign(height=centred)
        case "owls":
            return data.assign(arrival=data.ArrivalTime - data.ArrivalTime.mean())
        case "contraception":
            return data.assign(decades=data.age / 10)
    return data


def fit(folder, name: str, **settings):
    formula, given = SUITE[name]
    return bg.fit(formula, table(folder, name), **given, **settings, progress=False)


def distances(one, other) -> dict[str, np.ndarray]:
    """Differences of posterior means and of log sds, in Monte Carlo errors of both.

    The error of a log sd is that of a mean of squares, by the effective size for those.
    """
    out = {}
    for name in one["posterior"].data_vars:
        if str(name).startswith("corr_chol"):
            continue
        found = []
        for tree in (one, other):
            x = tree["posterior"][name]
            sd = x.std(("chain", "draw")).values
            free = sd > 1e-9
            square = (x - x.mean(("chain", "draw"))) ** 2
            errors = [arviz_stats.mcse(v).values for v in (x, square)]
            moments = [v.mean(("chain", "draw")).values for v in (x, square)]
            found.append((free, moments, errors))
        (free, means, errors), (_, others, other_errors) = found
        gaps = [
            np.abs(a - b)[free] / np.hypot(e, f)[free]
            for a, b, e, f in zip(means, others, errors, other_errors, strict=True)
        ]
        out[str(name)] = np.concatenate(gaps)
    return out


def agree(one, other, share: float = 1.0, most: float = 3.0) -> None:
    """Three Monte Carlo errors for what a table reports; of many effects nearly all.

    ``share`` is how many independent draws one draw of the first is worth, on the whole.
    """
    for name, gaps in distances(one, other).items():
        gaps = gaps * np.sqrt(share)
        if name.startswith("u_"):
            assert (gaps > 3).mean() <= 0.01 + 1 / len(gaps), (name, np.sort(gaps)[-5:])
            assert gaps.max() < 4.5, (name, gaps.max())
        else:
            assert gaps.max() < most, (name, gaps)


@pytest.mark.slow
def test_collapse_and_graph_agree_on_effects_too(data_folder):
    graph = fit(data_folder, "sleepstudy", engine="nuts", **GRAPH, target_accept=0.95)
    collapsed = fit(data_folder, "sleepstudy", engine="collapsed", draws=2000, seed=3)
    assert Fit.of(collapsed).info["settings"]["path"] == "collapsed"
    agree(graph, collapsed)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SUITE)
def test_the_chosen_engine_and_the_graph_agree(data_folder, name):
    long = {"draws": 12_000} if name in SLOW_TO_MIX else {}
    graph = fit(data_folder, name, engine="nuts", **(GRAPH | long), target_accept=0.95)
    agree(graph, fit(data_folder, name, draws=2000, seed=3))


@pytest.mark.fit
@pytest.mark.parametrize("name", ["sleepstudy", "cbpp", "owls", "penicillin"])
def test_weighted_draws_of_the_approximation_agree(data_folder, name):
    preview = fit(data_folder, name, engine="laplace", draws=5000, seed=4)
    stats = preview["sample_stats"]
    k = float(stats["pareto_k"].max())
    assert k < 0.7
    assert (stats["log_weight"] <= 0).all()
    share = 1 / (np.exp(stats["log_weight"]).mean() * stats["log_weight"].size)
    assert 0.1 < share < 1
    agree(preview, fit(data_folder, name, draws=2000, seed=3), share=float(share), most=4.0)


@pytest.mark.fit
def test_a_bad_approximation_is_named_by_its_k(data_folder):
    tree = fit(data_folder, "grouseticks", engine="laplace", draws=500)
    report = bg.diagnose(tree)
    assert not report.converged
    found = [f for f in report.findings if f.name == "pareto_k"]
    assert len(found) == 1
    assert 'engine="auto"' in found[0].message
    assert not Fit.of(tree).info["converged"]
    with pytest.warns(UnconvergedWarning, match="Pareto k"):
        bg.summary(tree)
    assert "not weighted" in Fit.of(tree).info["notes"][0]


@pytest.mark.fit
def test_a_preview_depends_on_its_seed_alone(data_folder):
    trees = [fit(data_folder, "cbpp", engine="laplace", draws=200, seed=s) for s in (1, 1, 2)]
    draws = [t["posterior"]["u_herd"].values for t in trees]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("cbpp", {"engine": "collapsed"}, 'family="gaussian"'),
        ("sleepstudy", {"engine": "collapsed", "family": "student_t"}, 'family="gaussian"'),
        (
            "sleepstudy",
            {"engine": "collapsed", "priors": {"beta": bg.Prior("Laplace", mu=0, b=10)}},
            "normal priors",
        ),
    ],
)
def test_an_engine_that_does_not_apply_says_why(data_folder, name, changes, says):
    formula, given = SUITE[name]
    with pytest.raises(EngineError, match=says) as caught:
        bg.fit(formula, table(data_folder, name), **{**given, **changes}, progress=False)
    assert 'engine="auto"' in str(caught.value)


def test_a_preview_keeps_no_chains(data_folder, tmp_path):
    with pytest.raises(ArgumentError, match="store="):
        fit(data_folder, "cbpp", engine="laplace", store=tmp_path)


@pytest.mark.skipif(find_spec("jax") is not None, reason="JAX is installed")
def test_without_jax_the_extra_is_named(data_folder):
    with pytest.raises(EngineError, match=r"bayes_glmm\[jax\]"):
        fit(data_folder, "cbpp", engine="jax", draws=10, tune=10, chains=1)


@pytest.mark.fit
@pytest.mark.skipif(find_spec("jax") is None, reason="needs JAX")
def test_jax_compiles_the_same_graph(data_folder):
    jax = fit(data_folder, "cbpp", engine="jax", draws=1000, tune=600, chains=2)
    assert Fit.of(jax).info["settings"]["path"] == "jax"
    agree(jax, fit(data_folder, "cbpp", draws=2000, seed=3))


def test_the_graph_begins_where_the_data_are(data_folder):
    """A prior with an sd of a hundred says nothing about where to begin."""
    wide = {
        "intercept": bg.Prior("Normal", mu=0, sigma=100),
        "sd": bg.Prior("HalfNormal", sigma=100),
    }
    formula, given = SUITE["cbpp"]
    data = table(data_folder, "cbpp")
    ready = prepare(formula, data, priors=wide, **given)
    _, design = ready.require()
    start = natural_start(*in_basis(ready.spec, design))
    share = data.incidence.sum() / data["size"].sum()
    assert start["intercept"] == pytest.approx(np.log(share / (1 - share)), abs=0.1)
    assert (np.abs(start["beta"]) < 0.2).all() and (start["beta"] != 0).all()
    np.testing.assert_array_equal(start["sd_herd"], [1.0])


@pytest.mark.slow
def test_wide_priors_do_not_strand_the_graph(data_folder):
    wide = {
        "intercept": bg.Prior("Normal", mu=0, sigma=100),
        "sd": bg.Prior("HalfNormal", sigma=100),
    }
    tree = fit(data_folder, "cbpp", engine="nuts", priors=wide, draws=500, tune=500, chains=4)
    assert bg.diagnose(tree).converged


def test_preparing_is_silent_outside_a_terminal(capsys):
    from bayes_glmm.engine.nuts import preparing
    from bayes_glmm.engine.settings import choose_settings

    settings = choose_settings(
        engine="auto", draws=10, tune=None, chains=1, cores=1, seed=1, target_accept=None,
        progress=True, store=None,
    )  # fmt: skip
    with preparing(settings):
        pass
    assert tuple(capsys.readouterr()) == ("", "")
