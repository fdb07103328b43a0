"""Bambi: its own formula and design, the package's priors, PyMC's sampler (its default).

Bambi states no correlation between varying coefficients: its model is the smaller one
where there are slopes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from models import Model

from contenders.base import Array, Fitted, Inputs, Settings, plain

FAMILIES = {"negative_binomial": "negativebinomial"}
OWN = {"dispersion": "alpha"}


def load(settings: Settings) -> None:
    """Import Bambi."""
    import bambi

    assert bambi


def fit(
    model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs, method: str = "pymc"
) -> Any:
    """Build and sample."""
    import bambi

    built = bambi.Model(
        model.written,
        data,
        family=FAMILIES.get(model.family, model.family),
        priors=stated(inputs),
    )
    return built.fit(
        inference_method=method,
        draws=settings.draws,
        tune=settings.tune,
        chains=settings.chains,
        cores=settings.cores,
        random_seed=settings.seed,
        progressbar=False,
    )


def stated(inputs: Inputs) -> dict[str, Any]:
    """The package's priors by Bambi's names."""
    from bambi import Prior

    mu, priors = inputs.design.mu, inputs.priors
    out = {"Intercept": Prior("Normal", **dict(priors["intercept"].parameters))}
    sigmas = inputs.sigmas()
    names = np.array([plain(c) for c in mu.coefficients])
    for term in dict.fromkeys(names.tolist()):
        own = sigmas[names == term]
        out[term] = Prior("Normal", mu=0, sigma=own if term not in mu.coefficients else own[0])
    for group in mu.groups:
        for term, scale in zip(group.terms, inputs.scales(group), strict=True):
            sd = Prior("HalfStudentT", nu=inputs.nu(group), sigma=scale)
            out[effect(term, group.name)] = Prior("Normal", mu=0, sigma=sd)
    for name in sorted({"sigma", "dispersion"} & set(priors)):
        out[OWN.get(name, name)] = Prior(priors[name].name, **dict(priors[name].parameters))
    return out


def effect(term: str, group: str) -> str:
    """Bambi's name of varying coefficients."""
    return f"{'1' if term == 'intercept' else plain(term)}|{group}"


def read(tree: Any, settings: Settings, inputs: Inputs) -> Fitted:
    """Name the draws; PyMC reports time and steps of each kept draw."""
    posterior, stats = tree["posterior"], tree["sample_stats"]
    steps = stats["n_steps"].values
    seconds = stats["perf_counter_diff"].values
    total = float(tree["posterior"].attrs["sampling_time"])
    return Fitted(
        named(posterior, inputs),
        stats["diverging"].values,
        steps,
        sampling=total,
        kept=min(1.0, float(seconds.sum(axis=1).max()) / total),
        gradient=float(seconds.sum() / steps.sum()),
        notes=smaller(inputs),
    )


def smaller(inputs: Inputs) -> tuple[str, ...]:
    """Say where the model is not the same."""
    wide = any(inputs.shape(g) is not None for g in inputs.design.mu.groups)
    return ("no correlation in the model",) if wide else ()


def named(posterior: Any, inputs: Inputs) -> dict[str, Array]:
    """Collect the draws under the package's names."""
    mu = inputs.design.mu
    out = {"intercept": posterior["Intercept"].values}
    terms = dict.fromkeys(plain(c) for c in mu.coefficients)
    if terms:
        parts = [posterior[t].values for t in terms]
        out["beta"] = np.concatenate([p.reshape(*p.shape[:2], -1) for p in parts], axis=2)
    for group in mu.groups:
        effects = [posterior[effect(t, group.name)] for t in group.terms]
        level = f"{group.name}__factor_dim"
        ordered = [e.transpose("chain", "draw", level, ...).values for e in effects]
        out[f"u_{group.name}"] = np.stack([e.reshape(e.shape[:3]) for e in ordered], axis=3)
        sds = [posterior[f"{effect(t, group.name)}_sigma"].values for t in group.terms]
        out[f"sd_{group.name}"] = np.stack([s.reshape(s.shape[:2]) for s in sds], axis=2)
    for name in sorted({"sigma", "dispersion"} & set(inputs.priors)):
        out[name] = posterior[OWN.get(name, name)].values
    return out
