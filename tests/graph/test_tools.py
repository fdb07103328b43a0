"""PyMC's own functions on the graph: sampling, prediction, deterministics, drawings."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from bayes_glmm.families import FAMILIES, get_family
from bayes_glmm.model.graph import build_graph
from tests.graph.support import modelled, natural

OWN = {"sigma": 0.8, "nu": 30.0, "dispersion": 3.0, "shape": 4.0, "zi": 0.3, "hurdle": 0.4,
       "skew": 2.0, "zoi": 0.3, "coi": 0.4, "lower": -1.0, "gap": 2.5, "quantile": 0.3,
       "concentration": 2.5, "power": 1.4}  # fmt: skip


def quick():
    """Return a mode that runs without compiling anything."""
    from pytensor.compile.mode import Mode

    return Mode(linker="py", optimizer="fast_compile")


def drawn(model, values: dict, draws: int) -> xr.Dataset:
    """One point repeated, in the shape of a posterior."""
    variables = {}
    for name, value in values.items():
        value = np.asarray(value, float)
        dims = ("chain", "draw", *model.named_vars_to_dims.get(name, ()))
        variables[name] = (dims, np.broadcast_to(value, (1, draws, *value.shape)).copy())
    return xr.Dataset(variables, {k: list(v) for k, v in model.coords.items()})


@pytest.mark.parametrize("name", [f.name for f in FAMILIES if f.response == "number"])
def test_posterior_predictive_has_the_familys_mean_and_variance(name):
    """Every row within five standard errors of 2,000 draws at one point."""
    import pymc as pm

    family = get_family(name)
    spec, design, priors = modelled(name, family.default_link, "none")
    model = build_graph(spec, design, priors)
    own = {p.name: np.float64(p.fixed or OWN[p.name]) for p in family.parameters}
    free = {p.name: own[p.name] for p in family.scalars(())}
    point = {"intercept": 0.4, "beta": [0.3, -0.2], **free}
    posterior = drawn(model, point, 2000)
    found = pm.sample_posterior_predictive(
        posterior, model=model, random_seed=3, progressbar=False, compile_kwargs={"mode": quick()}
    )
    y = found.posterior_predictive["y"].values[0].astype(float)
    eta = 0.4 + design.mu.X @ np.array([0.3, -0.2]) + design.mu.offset
    mu = family.link(None).inverse(eta)
    mean = family.mean(mu, own, design.trials)
    variance = np.broadcast_to(family.variance(mu, own, design.trials), mean.shape)
    away = family.deviation(y, mean)
    assert (np.abs(away.mean(0)) < 5 * np.sqrt(variance / 2000)).all()
    spread = away**2
    assert (np.abs(spread.mean(0) - variance) < 5 * spread.std(0) / np.sqrt(2000) + 1e-9).all()


def test_compute_deterministics_gives_correlations_of_their_factor():
    import pymc as pm

    spec, design, priors = modelled("poisson", "log", "slope")
    model = build_graph(spec, design, priors)
    values = {v.name: np.zeros(np.shape(model.initial_point()[v.name])) for v in model.value_vars}
    values["corr_chol_a_cholesky_corr__"] = np.array([0.75])
    point, _ = natural(design, priors, values)
    computed = pm.compute_deterministics(
        drawn(model, point, 3), model=model, progressbar=False, compile_kwargs={"mode": quick()}
    )
    corr = computed["corr_a"]
    assert corr.dims == ("chain", "draw", "a_term", "a_term_other")
    assert corr.values[0, 0] == pytest.approx(np.array([[1, 0.6], [0.6, 1]]))


def test_prior_draws_follow_the_priors():
    """Intercept at the covariates' means, and effects with the sd and correlation drawn."""
    import pymc as pm

    spec, design, priors = modelled("gaussian", "identity", "slope")
    model = build_graph(spec, design, priors)
    draws = pm.draw(
        [model["intercept"], model["beta"], model["sd_a"], model["corr_a"], model["u_a"]],
        draws=3000, random_seed=5, mode=quick(),
    )  # fmt: skip
    intercept, beta, sd, corr, u = draws
    centred = intercept + beta @ design.mu.centers
    prior = priors["intercept"]
    assert abs(centred.mean() - prior["mu"]) < 4 * prior["sigma"] / np.sqrt(3000)
    assert centred.std() == pytest.approx(prior["sigma"], rel=0.06)
    assert np.median(sd[:, 0]) == pytest.approx(priors["sd_a[intercept]"].frozen.ppf(0.5), rel=0.1)
    # LKJ(2) of two terms: (corr + 1) / 2 is Beta(2, 2)
    assert corr[:, 0, 1].var() == pytest.approx(0.2, rel=0.12)
    z = u / sd[:, None, :]
    assert z.std() == pytest.approx(1, rel=0.05)
    product = (z[..., 0] * z[..., 1]).mean(axis=1)
    assert np.polyfit(corr[:, 0, 1], product, 1)[0] == pytest.approx(1, abs=0.12)


def test_a_drawing_names_every_variable():
    from pymc.model_graph import ModelGraph

    spec, design, priors = modelled("binomial", "logit", "crossed")
    model = build_graph(spec, design, priors)
    graph = ModelGraph(model)
    edges = graph.make_compute_graph()
    assert edges["y"] >= {"intercept", "beta", "u_a", "u_b", "trials", "X"}
    assert edges["u_b"] == {"sd_b", "corr_chol_b"}
    assert edges["intercept"] == {"beta"}
    assert {"a x a_term", "observation"} <= {
        " x ".join(model.named_vars_to_dims[v]) for v in ("u_a", "y")
    }
    graph.get_plates()


def test_graphviz_draws_it():
    pytest.importorskip("graphviz")
    import pymc as pm

    spec, design, priors = modelled("binomial", "logit", "crossed")
    source = pm.model_to_graphviz(build_graph(spec, design, priors)).source
    assert "u_a" in source and "Binomial" in source


@pytest.mark.slow
@pytest.mark.fit
def test_pymc_samples_it():
    """Thirty draws by PyMC's own sampler, from its own starting point."""
    import pymc as pm

    spec, design, priors = modelled("negative_binomial", "log", "slope")
    with build_graph(spec, design, priors):
        trace = pm.sample(
            30, tune=60, chains=1, cores=1, random_seed=1, progressbar=False, nuts_sampler="pymc",
            compute_convergence_checks=False, compile_kwargs={"mode": quick()},
        )  # fmt: skip
    assert set(trace.posterior) == {
        "intercept", "beta", "sd_a", "corr_chol_a", "corr_a", "u_a", "dispersion",
    }  # fmt: skip
    u = trace.posterior["u_a"]
    assert np.isfinite(u).all() and float(u.std("draw").min()) > 0
