"""brms, where R is installed: the same priors, Stan compiled in the call."""

from __future__ import annotations

from typing import Any

import pandas as pd
from models import Model

from contenders.base import Array, Fitted, Inputs, Settings
from contenders.r_program import Written, classes, fitted, run_script

FAMILIES = {"negative_binomial": "negbinomial"}
OWN = {"dispersion": "shape"}
SCRIPT = """
suppressMessages(library(brms))
data <- read.csv("data.csv", colClasses = c({classes}))
form <- bf({formula})
began <- proc.time()[["elapsed"]]
listed <- get_prior(form, data, family = "{family}")
stated <- c({priors})
scales <- c({scales})
names <- colnames(make_standata(form, data, family = "{family}")$X)
names <- setdiff(names, "Intercept")
for (i in seq_along(scales))
  stated <- c(stated, set_prior(sprintf("normal(0, %.17g)", scales[i]), class = "b", coef = names[i]))
sds <- list({sds})
for (group in names(sds)) {{
  rows <- listed[listed$class == "sd" & listed$group == group & listed$coef != "", ]
  for (i in seq_along(sds[[group]]))
    stated <- c(stated, set_prior(sprintf("student_t(%.17g, 0, %.17g)", {nu}, sds[[group]][i]),
                                  class = "sd", group = group, coef = rows$coef[i]))
}}
stated <- do.call(c, lapply(seq_len(nrow(stated)), function(i) stated[i, ]))
fit <- brm(form, data, family = "{family}", prior = stated, chains = {chains}, cores = {cores},
           iter = {total}, warmup = {tune}, seed = {seed}, refresh = 0)
stan <- fit$fit
draws <- as.data.frame(posterior::as_draws_df(fit))
"""


def load(settings: Settings) -> None:
    """Nothing: R imports in its own process."""


def fit(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> Written:
    """Run R."""
    return run_script(script(model, data, settings, inputs), data)


def script(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> str:
    """Fill in the script."""
    priors, groups = inputs.priors, inputs.design.mu.groups
    left, right = model.formula.split("~")
    known = f" + offset({model.offset})" if model.offset else ""
    first = priors["intercept"]
    stated = [f'set_prior("normal({first["mu"]}, {first["sigma"]})", class = "Intercept")']
    if "sigma" in priors:
        own = priors["sigma"]
        stated += [f'set_prior("student_t({own["nu"]}, 0, {own["sigma"]})", class = "sigma")']
    if "dispersion" in priors:
        own = priors["dispersion"]
        stated += [f'set_prior("inv_gamma({own["alpha"]}, {own["beta"]})", class = "shape")']
    for shape in {inputs.shape(g) for g in groups} - {None}:
        stated += [f'set_prior("lkj({shape})", class = "cor")']
    return SCRIPT.format(
        classes=classes(data),
        formula=f"{left}~{right}{known}",
        family=FAMILIES.get(model.family, model.family),
        priors=", ".join(stated),
        scales=", ".join(map(repr, inputs.sigmas().tolist())),
        sds=", ".join(
            f"{g.name} = c({', '.join(map(repr, inputs.scales(g).tolist()))})" for g in groups
        ),
        nu=inputs.nu(groups[0]),
        total=settings.tune + settings.draws,
        **{name: getattr(settings, name) for name in ("chains", "cores", "tune", "seed")},
    )


def read(tree: Any, settings: Settings, inputs: Inputs) -> Fitted:
    """Name the draws."""
    draws, shape = tree.draws, (settings.chains, settings.draws)

    def cube(prefix: str) -> Array:
        names = [c for c in draws.columns if c.startswith(prefix)]
        return draws[names].to_numpy().reshape(*shape, len(names))

    out = {"intercept": cube("b_Intercept")[:, :, 0], "beta": cube("b_")[:, :, 1:]}
    for group in inputs.design.mu.groups:
        out[f"sd_{group.name}"] = cube(f"sd_{group.name}__")
        out[f"u_{group.name}"] = cube(f"r_{group.name}[")
        out[f"cor_{group.name}"] = cube(f"cor_{group.name}__")
    out |= {k: cube(OWN.get(k, k)) for k in ("sigma", "dispersion") if k in inputs.priors}
    return fitted(tree, settings, out)
