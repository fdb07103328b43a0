"""brms, where R is installed: the same priors, Stan compiled in the call."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from models import Model

from contenders.base import Array, Fitted, Inputs, Settings

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
wall <- proc.time()[["elapsed"]] - began
write.csv(as.data.frame(posterior::as_draws_df(fit)), "draws.csv", row.names = FALSE)
write.csv(nuts_params(fit), "nuts.csv", row.names = FALSE)
spent <- rstan::get_elapsed_time(fit$fit)
write.csv(data.frame(wall, max(rowSums(spent)), sum(spent[, 2]) / sum(spent)), "time.csv",
          row.names = FALSE)
"""


def load(settings: Settings) -> None:
    """Nothing: R imports in its own process."""


def fit(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> Any:
    """Write script and table, run R, read draws, steps and times."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data.to_csv(place / "data.csv", index=False)
        (place / "fit.R").write_text(script(model, data, settings, inputs), "utf-8")
        subprocess.run(["Rscript", "--vanilla", "fit.R"], cwd=place, check=True)
        return {name: pd.read_csv(place / f"{name}.csv") for name in ("draws", "nuts", "time")}


def script(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> str:
    """Fill in the script."""
    text = [c for c in data.columns if data[c].dtype.kind not in "biuf"]
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
        classes=", ".join(f'{c} = "character"' for c in text),
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
    draws, nuts = tree["draws"], tree["nuts"]
    shape = settings.chains, settings.draws

    def cube(prefix: str) -> Array:
        names = [c for c in draws.columns if c.startswith(prefix)]
        return draws[names].to_numpy().reshape(*shape, len(names))

    def stat(name: str) -> Array:
        rows = nuts[nuts["Parameter"] == name].sort_values(["Chain", "Iteration"])
        return rows["Value"].to_numpy().reshape(shape)

    out = {"intercept": cube("b_Intercept")[:, :, 0], "beta": cube("b_")[:, :, 1:]}
    for group in inputs.design.mu.groups:
        out[f"sd_{group.name}"] = cube(f"sd_{group.name}__")
        out[f"u_{group.name}"] = cube(f"r_{group.name}[")
        out[f"cor_{group.name}"] = cube(f"cor_{group.name}__")
    out |= {k: cube(OWN.get(k, k)) for k in ("sigma", "dispersion") if k in inputs.priors}
    wall, sampling, kept = map(float, tree["time"].iloc[0])
    steps = stat("n_leapfrog__").astype(np.int64)
    return Fitted(
        {k: v for k, v in out.items() if v.size},
        stat("divergent__") > 0,
        steps,
        sampling=sampling,
        kept=kept,
        gradient=sampling * kept * settings.chains / float(steps.sum()),
        wall=wall,
    )
