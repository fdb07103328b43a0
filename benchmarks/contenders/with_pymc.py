"""A PyMC model written by hand, not centred, sampled by nutpie."""

from __future__ import annotations

from typing import Any

import pandas as pd
from models import Model

from contenders.base import Fitted, Inputs, Settings
from contenders.watch import WATCH


def load(settings: Settings) -> None:
    """Import PyMC and nutpie."""
    import nutpie
    import pymc

    assert nutpie and pymc
    WATCH.begin(nutpie, "progress_callback")


def fit(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> Any:
    """Build, compile and sample."""
    import nutpie

    return nutpie.sample(
        nutpie.compile_pymc_model(build(inputs)),
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        seed=settings.seed,
        progress_bar=False,
    )


def build(inputs: Inputs) -> Any:
    """Write the model; the arrays are data, so that what is compiled can be kept."""
    import pymc as pm

    design, priors = inputs.design, inputs.priors
    mu = design.mu
    with pm.Model() as model:
        first = dict(priors["intercept"].parameters)
        if mu.coefficients:
            middle = pm.Normal("middle", **first)
            beta = pm.Normal("beta", 0.0, inputs.sigmas(), shape=len(mu.coefficients))
            pm.Deterministic("intercept", middle - mu.centers @ beta)
            eta = middle + pm.Data("X", mu.X - mu.centers) @ beta
        else:
            eta = pm.Normal("intercept", **first)
        if mu.offset.any():
            eta += pm.Data("offset", mu.offset)
        for group in mu.groups:
            eta += effects(group, inputs)
        likelihood(design, priors, eta)
    return model


def effects(group: Any, inputs: Inputs) -> Any:
    """Effects of one group on every row, from standard normal variables."""
    import pymc as pm

    name, q, shape = group.name, len(group.terms), inputs.shape(group)
    z = pm.Normal(f"z_{name}", shape=(group.n_levels, q))
    sd = pm.HalfStudentT(f"sd_{name}", inputs.nu(group), inputs.scales(group), shape=q)
    if shape is None:
        u = z * sd
    else:
        chol = pm.LKJCorr(f"chol_{name}", n=q, eta=shape)
        pm.Deterministic(f"corr_{name}", chol @ chol.T)
        u = z @ (sd[:, None] * chol).T
    u = pm.Deterministic(f"u_{name}", u)
    index = pm.Data(f"index_{name}", group.index)
    if group.Z is None:
        return u[index, 0]
    return (pm.Data(f"Z_{name}", group.Z) * u[index]).sum(axis=1)


def likelihood(design: Any, priors: Any, eta: Any) -> None:
    """State the response."""
    import pymc as pm

    whole = design.family != "gaussian"
    observed = pm.Data("response", design.response.astype("int64") if whole else design.response)
    match design.family:
        case "gaussian":
            sigma = pm.HalfStudentT("sigma", **dict(priors["sigma"].parameters))
            pm.Normal("y", eta, sigma, observed=observed)
        case "bernoulli":
            pm.Bernoulli("y", logit_p=eta, observed=observed)
        case "binomial":
            trials = pm.Data("trials", design.trials.astype("int64"))
            pm.Binomial("y", n=trials, logit_p=eta, observed=observed)
        case "poisson":
            pm.Poisson("y", pm.math.exp(eta), observed=observed)
        case "negative_binomial":
            size = pm.InverseGamma("dispersion", **dict(priors["dispersion"].parameters))
            pm.NegativeBinomial("y", mu=pm.math.exp(eta), alpha=size, observed=observed)


def read(tree: Any, settings: Settings, inputs: Inputs) -> Fitted:
    """Leave out what only the sampler sees."""
    posterior, stats = tree["posterior"], tree["sample_stats"]
    steps = stats["n_steps"].values
    hidden = ("z_", "chol_", "middle")
    return Fitted(
        {
            str(name): values.values
            for name, values in posterior.data_vars.items()
            if not str(name).startswith(hidden)
        },
        stats["diverging"].values,
        steps,
        **WATCH.figures(steps, settings.chains, settings.cores),
    )
