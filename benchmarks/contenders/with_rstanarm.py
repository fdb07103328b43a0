"""rstanarm, where R is installed: Stan's programs come compiled.

Its priors of standard deviations are gamma and its prior of a dispersion exponential, here with the medians
of the package's: the column *gap* says how much that matters.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from models import Model

from contenders.base import Fitted, Inputs, Settings
from contenders.r_program import Written, classes, fitted, run_script

FAMILIES = {"negative_binomial": "neg_binomial_2()", "bernoulli": "binomial()"}
SCRIPT = """
suppressMessages({{library(rstanarm); library(bayesplot)}})
data <- read.csv("data.csv", colClasses = c({classes}))
began <- proc.time()[["elapsed"]]
fit <- stan_glmer({formula}, data = data, family = {family}, prior_intercept = normal({mu!r}, {sigma!r}),
                  prior = normal(0, c({scales})), prior_aux = {own},
                  prior_covariance = decov(regularization = {shape}, concentration = 1, shape = 1,
                                           scale = c({sds})),
                  chains = {chains}, cores = {cores}, iter = {total}, warmup = {tune},
                  seed = {seed}, refresh = 0)
stan <- fit$stanfit
cube <- as.array(fit)
draws <- do.call(rbind, lapply(seq_len(dim(cube)[2]), function(k) as.data.frame(cube[, k, ])))
"""
MEDIAN = {"half_t": 0.7648923, "exponential": math.log(2)}
"""Of the absolute value of a Student's t with three degrees of freedom, and of an exponential."""


def load(settings: Settings) -> None:
    """Nothing: R imports in its own process."""


def fit(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> Written:
    """Run R."""
    return run_script(script(model, data, settings, inputs), data)


def script(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> str:
    """Fill in the script."""
    groups, priors, first = inputs.design.mu.groups, inputs.priors, inputs.priors["intercept"]
    left, right = model.formula.split("~")
    if "trials(" in left:
        yes, trials = left.split("|")[0].strip(), left.split("trials(")[1].split(")")[0]
        left = f"cbind({yes}, {trials} - {yes})"
    known = f" + offset({model.offset})" if model.offset else ""
    medians = [float(np.median(inputs.scales(g))) * MEDIAN["half_t"] for g in groups]
    own = "NULL"
    if "sigma" in priors:
        own = f"student_t({priors['sigma']['nu']}, 0, {priors['sigma']['sigma']})"
    shapes = [inputs.shape(g) for g in groups]
    return SCRIPT.format(
        classes=classes(data),
        formula=f"{left}~{right}{known}",
        family=FAMILIES.get(model.family, f"{model.family}()"),
        mu=first["mu"],
        sigma=first["sigma"],
        scales=", ".join(map(repr, inputs.sigmas().tolist())) or "1",
        own="exponential(1)" if "dispersion" in priors else own,
        shape=next((s for s in shapes if s is not None), 1),
        sds=", ".join(repr(m / MEDIAN["exponential"]) for m in medians),
        total=settings.tune + settings.draws,
        **{name: getattr(settings, name) for name in ("chains", "cores", "tune", "seed")},
    )


def read(tree: Any, settings: Settings, inputs: Inputs) -> Fitted:
    """Name the draws; sds and correlations come from the covariance matrices."""
    shape = settings.chains, settings.draws
    columns = {name: tree.draws[name].to_numpy().reshape(shape) for name in tree.draws.columns}
    apart = ("b[", "Sigma[", "sigma", "reciprocal_dispersion", "(Intercept)")
    beta = [v for name, v in columns.items() if not name.startswith(apart)]
    out = {"intercept": columns["(Intercept)"], "beta": np.stack(beta, -1) if beta else np.zeros(0)}
    for group in inputs.design.mu.groups:
        name = f"Sigma[{group.name}:"
        entries = [v for key, v in columns.items() if key.startswith(name)]
        q = len(group.terms)
        below = dict(zip([(i, j) for j in range(q) for i in range(j, q)], entries, strict=True))
        sd = np.sqrt(np.stack([below[i, i] for i in range(q)], -1))
        out[f"sd_{group.name}"] = sd
        pairs = [(i, j) for i in range(q) for j in range(i)]
        if pairs:
            out[f"cor_{group.name}"] = np.stack(
                [below[p] / (sd[..., p[0]] * sd[..., p[1]]) for p in pairs], -1
            )
        effects = [
            v for key, v in columns.items() if key.startswith("b[") and f" {group.name}:" in key
        ]
        out[f"u_{group.name}"] = np.stack(effects, -1)
    for theirs, ours in (("sigma", "sigma"), ("reciprocal_dispersion", "dispersion")):
        if theirs in columns:
            out[ours] = columns[theirs]
    return fitted(tree, settings, out)
