"""Verdicts on canned trees: each finding is there when it should be, and not otherwise."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.signal import lfilter

import bayes_glmm as bg
from bayes_glmm.answers.diagnose.convergence import convergence
from bayes_glmm.answers.diagnose.rhat_ess import diagnostics
from bayes_glmm.answers.diagnose.verdicts import VERDICTS
from bayes_glmm.results.fit import with_info
from tests.canned import (
    bernoulli_tree,
    binomial_tree,
    poisson_tree,
    slope_tree,
    tree_of,
)

CHAINS, DRAWS = 4, 1000
BCG = Path(__file__).parents[1] / "data" / "bcg.csv"


def chains(**variables):
    """A posterior of given arrays with dims named after their sizes."""
    data = {}
    for name, values in variables.items():
        inner = tuple(f"{name}_{k}" for k in range(values.ndim - 2))
        data[name] = (("chain", "draw", *inner), values)
    posterior = xr.Dataset(data)
    return posterior.assign_coords(
        {d: [f"l{i}" for i in range(n)] for d, n in posterior.sizes.items() if "_" in str(d)}
    )


def statistics(diverging=0, energy=None, deep=0.0, seed=0):
    rng = np.random.default_rng(seed)
    flags = np.zeros(CHAINS * DRAWS, bool)
    flags[:diverging] = True
    cut = np.zeros(CHAINS * DRAWS, bool)
    cut[: int(deep * CHAINS * DRAWS)] = True
    shape = (CHAINS, DRAWS)
    energy = rng.normal(size=shape) if energy is None else energy
    dims = ("chain", "draw")
    return xr.Dataset(
        {
            "diverging": (dims, flags.reshape(shape)),
            "energy": (dims, energy),
            "reached_max_treedepth": (dims, cut.reshape(shape)),
        }
    )


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=(CHAINS, DRAWS, *shape))


def test_independent_draws_converge():
    assert convergence(chains(a=noise(), b=noise(5, seed=1)), statistics()) == (True, [])


def test_a_chain_elsewhere_is_named():
    draws = noise(3)
    draws[2, :, 1] += 1.0
    converged, found = convergence(chains(b=draws), statistics())
    by_name = {f.name: f for f in found}
    assert not converged
    assert by_name["r_hat"].severity == "error"
    assert "b[l1]" in by_name["r_hat"].message and "b[l0]" not in by_name["r_hat"].message
    assert by_name["r_hat"].figure > by_name["r_hat"].threshold == 1.01


def test_the_largest_r_hat_of_many_levels_is_held_against_chance():
    rng = np.random.default_rng(11)
    draws = lfilter([0.8], [1.0, -0.6], rng.normal(size=(CHAINS, DRAWS, 3000)), axis=1)
    many = chains(u_g=draws)
    assert diagnostics(draws)["r_hat"].max() > 1.01
    assert convergence(many, statistics()) == (True, [])
    draws[2, :, 17] += 1.0
    converged, found = convergence(chains(u_g=draws), statistics())
    by_name = {f.name: f for f in found}
    assert not converged and {"r_hat_of_many", "ess_bulk"} <= set(by_name)
    mixed = by_name["r_hat_of_many"]
    assert "u_g[l17]" in mixed.message and mixed.figure > mixed.threshold > 1.01


def test_chance_is_larger_where_only_the_distance_from_the_middle_moves_slowly():
    rng = np.random.default_rng(12)
    size = lfilter([0.5], [1.0, -0.85], rng.normal(size=(CHAINS, DRAWS, 1500)), axis=1)
    draws = rng.choice([-1.0, 1.0], size.shape) * np.exp(size)
    figures = diagnostics(draws)
    assert figures["ess_bulk"].min() > 800 and figures["r_hat"].max() > 1.01
    assert convergence(chains(u_g=draws), statistics()) == (True, [])
    draws[1, :, 40] *= 1.8
    converged, found = convergence(chains(u_g=draws), statistics())
    assert (
        not converged and "u_g[l40]" in next(f for f in found if f.name == "r_hat_of_many").message
    )


def test_slow_chains_have_too_few_effective_draws():
    draws = np.cumsum(noise(), axis=1) * 0.01 + 0.2 * noise(seed=1)
    converged, found = convergence(chains(a=draws), statistics())
    assert not converged
    assert {"ess_bulk", "r_hat"} <= {f.name for f in found}
    assert next(f for f in found if f.name == "ess_bulk").threshold == 400


def test_constants_of_a_correlation_matrix_are_passed_over():
    r = np.tanh(0.3 * noise())
    corr = np.ones((CHAINS, DRAWS, 2, 2))
    corr[..., 0, 1] = corr[..., 1, 0] = r
    corr[..., 1, 1] += 1e-16 * noise(seed=3)
    chol = np.zeros_like(corr)
    chol[..., 0, 0], chol[..., 1, 0], chol[..., 1, 1] = 1, r, np.sqrt(1 - r**2)
    assert convergence(chains(corr_g=corr, corr_chol_g=chol), statistics()) == (True, [])


@pytest.mark.parametrize("value", [1.0, np.nan, np.inf])
def test_what_never_moves_is_no_convergence(value):
    draws = noise(2)
    draws[..., 1] = value
    converged, found = convergence(chains(sd_g=draws), statistics())
    assert not converged
    assert [f.name for f in found] == ["stuck"]
    assert "sd_g[l1]" in found[0].message


def test_three_draws_are_no_convergence():
    converged, found = convergence(chains(a=noise()[:, :3]), statistics())
    assert not converged
    assert "stuck" in {f.name for f in found}


def test_the_sampler_s_own_figures():
    posterior = chains(a=noise())
    converged, found = convergence(posterior, statistics(diverging=3))
    assert not converged
    assert (found[0].name, found[0].figure, found[0].threshold) == ("divergences", 3.0, 0.0)
    slow = np.cumsum(np.random.default_rng(1).normal(size=(CHAINS, DRAWS)), axis=1)
    converged, found = convergence(posterior, statistics(energy=slow))
    assert converged and [f.name for f in found] == ["energy"]
    assert found[0].figure < 0.3
    converged, found = convergence(posterior, statistics(deep=0.2))
    assert converged and [f.name for f in found] == ["tree_depth"]
    assert found[0].figure == pytest.approx(0.2)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_an_energy_that_says_nothing_is_not_passed_over(value):
    energy = np.full((CHAINS, DRAWS), value)
    _, found = convergence(chains(a=noise()), statistics(energy=energy))
    assert [(f.name, f.severity) for f in found] == [("energy", "warning")]
    assert found[0].figure is None and "cannot be computed" in found[0].message


def test_thousands_of_effects_are_judged_in_seconds():
    began = time.process_time()
    converged, _ = convergence(chains(u=noise(2000)), statistics())
    assert time.process_time() - began < 10
    assert converged


def grouped(rng, n=400, levels=20):
    g = np.repeat(np.arange(levels), n // levels)
    return pd.DataFrame({"g": [f"g{i:02d}" for i in g], "x": rng.normal(size=n)}), g


def names(tree):
    return {f.name for f in bg.diagnose(tree).findings}


@pytest.mark.parametrize("make", [binomial_tree, slope_tree, bernoulli_tree])
def test_sound_fits_pass(make):
    report = bg.diagnose(make())
    assert report.passed and report.converged
    assert "converged" in str(report) and "R-hat" in str(report)
    assert report.table["met"].all()


def test_overdispersion_is_found_and_absorbed():
    rng = np.random.default_rng(0)
    data, g = grouped(rng)
    u = rng.normal(0, 0.3, 20)
    e = rng.normal(0, 0.8, len(data))
    data["y"] = rng.poisson(np.exp(1.5 + u[g] + e))
    truth = {"intercept": 1.5 + 0.32, "sd_g": [0.3], "u_g": u[:, None]}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson", spread=0.02)
    found = {f.name: f for f in bg.diagnose(tree).findings}
    assert found["overdispersion"].figure > found["overdispersion"].threshold
    assert "negative_binomial" in found["overdispersion"].message
    assert "(1 | observation)" in found["overdispersion"].message
    own = truth | {"intercept": 1.5, "sd_observation": [0.8], "u_observation": e[:, None]}
    tree = tree_of("y ~ 1 + (1 | g) + (1 | observation)", data, own, family="poisson", spread=0.02)
    assert "overdispersion" not in names(tree)
    data["y"] = rng.poisson(np.exp(1.5 + u[g]))
    tree = tree_of(
        "y ~ 1 + (1 | g)", data, truth | {"intercept": 1.5}, family="poisson", spread=0.02
    )
    assert not {"overdispersion", "underdispersion", "excess_zeros"} & names(tree)


def test_known_spreads_that_are_too_small_are_found():
    """Thirteen trials of BCG under one effect: Q = 152 on 12 degrees of freedom, in metafor."""
    arms = pd.read_csv(BCG, dtype={"study": str})
    t, c = (arms[arms.treat == k].reset_index(drop=True) for k in (1, 0))
    effect = np.log(t.events / t.n) - np.log(c.events / c.n)
    error = np.sqrt(1 / t.events - 1 / t.n + 1 / c.events - 1 / c.n)
    data = pd.DataFrame({"study": t.study, "effect": effect, "error": error})
    one = float((effect / error**2).sum() / (error**-2).sum())
    tree = tree_of("effect | se(error) ~ 1", data, {"intercept": one}, spread=0.04)
    (found,) = [f for f in bg.diagnose(tree).findings if f.name == "overdispersion"]
    assert found.figure == pytest.approx(152.233 / 13, rel=0.02)
    assert "standard errors" in found.message and "(1 | observation)" in found.message
    own = {"intercept": -0.71, "sd_study": [0.56], "u_study": (effect + 0.71).to_numpy()[:, None]}
    tree = tree_of("effect | se(error) ~ 1 + (1 | study)", data, own)
    assert "overdispersion" not in names(tree)


def test_waiting_times_vary_as_exponential_ones_or_more():
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"y": rng.exponential(2.0, 200)})
    truth = {"intercept": np.log(2.0)}
    assert "overdispersion" not in names(tree_of("y ~ 1", data, truth, family="exponential"))
    data["y"] = 2.0 * np.exp(rng.normal(0, 1, 200) - 0.5) * rng.exponential(1.0, 200)
    truth = {"intercept": np.log(data["y"].mean())}
    assert "overdispersion" in names(tree_of("y ~ 1", data, truth, family="exponential"))
    assert "overdispersion" not in names(
        tree_of("y ~ 1", data, truth | {"shape": 0.5}, family="gamma")
    )


def test_overdispersed_trials_are_found_and_single_trials_never():
    rng = np.random.default_rng(1)
    data, g = grouped(rng)
    p = rng.beta(2, 6, len(data))
    data["n"], data["s"] = 30, rng.binomial(30, p)
    truth = {"intercept": np.log(1 / 3), "sd_g": [0.2], "u_g": np.zeros((20, 1))}
    tree = tree_of("s | trials(n) ~ 1 + (1 | g)", data, truth, family="binomial", spread=0.02)
    assert "overdispersion" in names(tree)
    data["s"] = (data["s"] > 8).astype(int)
    truth["intercept"] = np.log(data["s"].mean() / (1 - data["s"].mean()))
    tree = tree_of("s ~ 1 + (1 | g)", data, truth, family="bernoulli", spread=0.02)
    assert "overdispersion" not in names(tree)


def test_excess_zeros_are_found():
    rng = np.random.default_rng(2)
    data, g = grouped(rng)
    data["y"] = np.where(rng.random(len(data)) < 0.4, 0, rng.poisson(5, len(data)))
    truth = {"intercept": np.log(3.0), "sd_g": [0.2], "u_g": np.zeros((20, 1))}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson", spread=0.02)
    found = {f.name: f for f in bg.diagnose(tree).findings}
    assert found["excess_zeros"].figure < found["excess_zeros"].threshold


def test_an_sd_near_zero_is_found_by_the_models_scale():
    rng = np.random.default_rng(3)
    data, g = grouped(rng)
    data["y"] = rng.poisson(4, len(data))
    truth = {"intercept": np.log(4), "sd_g": [0.03], "u_g": np.zeros((20, 1))}
    tree = tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson", spread=1.0)
    found = bg.diagnose(tree)["near_zero_sd"]
    assert found[0].figure > 0.8 and "sd_g[intercept]" in found[0].message
    tree = tree_of("y ~ 1 + (1 | g)", data, truth | {"sd_g": [0.3]}, family="poisson")
    assert not bg.diagnose(tree)["near_zero_sd"]


def test_a_small_sd_that_the_data_show_is_not_near_zero():
    rng = np.random.default_rng(13)
    data, g = grouped(rng)
    data["t"] = rng.uniform(0, 1000, len(data))
    truth = {
        "intercept": 0.0,
        "beta": [1.0],
        "sd_g": [0.02],
        "u_g": np.zeros((20, 1)),
        "sigma": 1.0,
    }
    data["y"] = data["t"] * (1 + rng.normal(0, 0.02, 20)[g]) + rng.normal(size=len(data))
    sure = tree_of("y ~ t + (0 + t | g)", data, truth, spread=0.15)
    assert not bg.diagnose(sure)["near_zero_sd"]


def test_a_steep_trend_does_not_hide_how_slopes_differ():
    rng = np.random.default_rng(6)
    g, t = np.repeat(np.arange(30), 5), np.tile(np.arange(-2.0, 3.0) * 7, 30)
    u = rng.multivariate_normal([0, 0], np.diag([14.0, 0.5]) ** 2, 30)
    y = 240 + 6.2 * t + u[g, 0] + u[g, 1] * t + rng.normal(0, 6, 150)
    data = pd.DataFrame({"y": y, "t": t, "g": [f"g{i:02d}" for i in g]})
    truth = {"intercept": 240.0, "beta": [6.2], "sd_g": [14.0, 0.5], "corr_g": np.eye(2),
             "corr_chol_g": np.eye(2), "u_g": u, "sigma": 6.0}  # fmt: skip
    assert not bg.diagnose(tree_of("y ~ t + (1 + t | g)", data, truth))["near_zero_sd"]
    flat = truth | {"sd_g": [14.0, 0.05], "u_g": u * [1.0, 0.1]}
    (found,) = bg.diagnose(tree_of("y ~ t + (1 + t | g)", data, flat))["near_zero_sd"]
    assert "sd_g[t]" in found.message


def test_few_levels_say_what_the_prior_decides():
    rng = np.random.default_rng(4)
    data, g = grouped(rng, levels=4)
    data["y"] = rng.poisson(4, len(data))
    truth = {"intercept": np.log(4), "sd_g": [0.4], "u_g": rng.normal(0, 0.4, (4, 1))}
    (found,) = bg.diagnose(tree_of("y ~ 1 + (1 | g)", data, truth, family="poisson"))["few_groups"]
    assert found.figure == 4 and found.threshold == 5
    assert "prior" in found.message and "4 levels" in found.message


def test_a_correlation_at_the_edge_is_found():
    tree = slope_tree().copy(deep=True)
    corr = tree["posterior"]["corr_person"].copy()
    corr[..., 0, 1] = corr[..., 1, 0] = 0.98 + 0.005 * np.tanh(noise()[:, :250])
    tree["posterior"] = tree["posterior"].to_dataset().assign(corr_person=corr)
    (found,) = bg.diagnose(tree)["correlation_at_edge"]
    assert found.figure == pytest.approx(1.0)
    assert "intercept and day by person" in found.message


def test_effects_that_follow_a_covariate_are_found():
    rng = np.random.default_rng(5)
    data, g = grouped(rng, n=1200, levels=60)
    u = rng.normal(0, 0.5, 60)
    truth = {"intercept": 1.0, "beta": [0.3], "sd_g": [0.5], "u_g": u[:, None]}
    data["y"] = rng.poisson(4, len(data))
    formula = "y ~ x + (1 | g)"
    assert "group_covariate_correlation" not in names(
        tree_of(formula, data, truth, family="poisson")
    )
    data["x"] = data["x"] + 2 * u[g]
    assert "group_covariate_correlation" in names(tree_of(formula, data, truth, family="poisson"))


def test_a_prior_far_from_its_posterior_is_found():
    tree = poisson_tree()
    assert "prior_conflict" not in names(tree)
    priors = {k: list(v) for k, v in bg.diagnose.__globals__["Fit"].of(tree).info["priors"].items()}
    priors["beta[arm[treated]]"] = ["Normal", {"mu": 5.0, "sigma": 1.0}]
    found = bg.diagnose(with_info(tree, priors=priors))["prior_conflict"]
    assert len(found) == 1 and "arm[treated]" in found[0].message
    assert found[0].figure < found[0].threshold


def test_findings_of_the_checks_and_an_old_verdict_are_repeated():
    before = {"name": "separation", "severity": "warning", "message": "x splits y.",
              "rows": [], "figure": None, "threshold": None}  # fmt: skip
    verdict = before | {"name": "divergences", "severity": "error", "message": "9 diverged."}
    tree = with_info(binomial_tree(), findings=[before], converged=False, verdict=[verdict])
    report = bg.diagnose(tree)
    assert not report.passed and not report.converged
    assert [f.name for f in report.findings] == ["divergences", "separation"]
    assert "NOT converge" in str(report)


def test_the_report_escapes_what_it_shows():
    before = {"name": "separation", "severity": "warning", "message": "<script>x</script>",
              "rows": [], "figure": None, "threshold": None}  # fmt: skip
    html = bg.diagnose(with_info(binomial_tree(), findings=[before]))._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_every_verdict_has_a_name_and_a_threshold():
    assert len({name for name, _, _ in VERDICTS}) == len(VERDICTS)
    for _, verdict, threshold in VERDICTS:
        assert threshold > 0
        assert verdict.__doc__
