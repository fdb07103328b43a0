"""The package itself: a formula and a table; its own rule for the warm-up."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from models import Model

from contenders.base import Fitted, Inputs, Settings
from contenders.watch import WATCH


def load(settings: Settings) -> None:
    """Import what the package stands on; its engine is imported, and timed, by the fit."""
    import xarray

    import bayes_glmm.fitting.fit_model
    from bayes_glmm.engine.load import CompiledGraph
    from bayes_glmm.engine.nutpie_adapter import Density, sampler_module

    assert all((bayes_glmm, xarray, sampler_module()))
    for model in (Density, CompiledGraph):
        WATCH.begin(model, "heard")


def fit(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs | None) -> Any:
    """Fit, with the convergence verdict that is part of every fit."""
    import bayes_glmm as bg

    return bg.fit(
        model.formula,
        data,
        family=model.family,
        exposure=model.exposure,
        draws=settings.draws,
        chains=settings.chains,
        cores=settings.cores,
        seed=settings.seed,
        progress=False,
    )


def read(tree: Any, settings: Settings, inputs: Inputs | None) -> Fitted:
    """Leave out the factors of correlations, which are judged, and twins in the reference basis."""
    posterior, stats = tree["posterior"], tree["sample_stats"]
    steps = stats["n_steps"].values
    info = json.loads(tree.attrs["bayes_glmm"])
    path, tune = info["settings"]["path"], info["settings"]["tune"]
    return Fitted(
        {
            str(name): values.values
            for name, values in posterior.data_vars.items()
            if not str(name).startswith(("corr_chol", "reference_"))
        },
        stats["diverging"].values,
        steps,
        notes=(f"{path} coordinates, tune {tune}", *info["notes"]),
        **WATCH.figures(steps, settings.chains, settings.cores),
    )
