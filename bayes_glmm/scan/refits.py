"""Refit the whole model by NUTS for each of the best markers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from bayes_glmm.errors import ArgumentError
from bayes_glmm.fitting.options import DEFAULTS, ChainsOptions, MarkerOptions, part
from bayes_glmm.model.variables import BETA, element
from bayes_glmm.results.fit import Fit
from bayes_glmm.scan.dosage import dosage
from bayes_glmm.scan.markers import Markers
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.terms import Variable
from bayes_glmm.structures.level_labels import match

NAME = "marker"


def with_refits(
    fit: Fit, table: pd.DataFrame, source: Markers, k: int, prior: Prior | None,
    options: MarkerOptions,
) -> pd.DataFrame:  # fmt: skip
    """Return the table with the effects that fits of whole models give to the best markers.

    Raises
    ------
    ArgumentError
        The model has a column named ``marker``.
    """
    from bayes_glmm.fitting.fit_model import fit_whole

    if NAME in fit.data.columns:
        raise ArgumentError(f"refit= adds the column {NAME!r}, which the model has: rename it.")
    seed = options.get("seed")
    again = partial(
        fit_whole, model_with_marker(fit, prior), structures=fit.structures or None,
        draws=options.get("refit_draws", DEFAULTS["refit_draws"]),
        seed=fit.info["seed"] if seed is None else seed,
        progress=options.get("progress", False), **part(options, ChainsOptions),
    )  # fmt: skip
    group = next(g for g in fit.groups if g.factor is not None)
    at = match(group.levels, source.labels, "The null model", "the source of genotypes")
    weights = np.bincount(group.index, minlength=len(group.levels)).astype(np.float64)
    estimates = {name: np.full(len(table), np.nan) for name in ("refit_mean", "refit_sd")}
    converged: list[bool | None] = [None] * len(table)
    for place in table["p"].nsmallest(k).index:
        calls = source.read(int(place), int(place) + 1)
        counts = dosage(calls, at, weights, np.float64, centred=False).values[0]
        rows = fit.data.assign(**{NAME: counts[group.index]})
        one = Fit.of(again(rows))
        mu = one.design.mu
        effect = one.posterior[mu.beta].sel({mu.fixed.coefficient_dim: NAME})
        estimates["refit_mean"][place] = float(effect.mean())
        estimates["refit_sd"][place] = float(effect.std(ddof=1))
        converged[place] = bool(one.info["converged"])
    full = table.assign(**estimates, refit_converged=pd.array(converged, dtype="boolean"))
    full.attrs = table.attrs
    return full


def model_with_marker(fit: Fit, prior: Prior | None) -> ModelSpec:
    """Return the model with a marker among its covariates, and the priors that were used."""
    mu = fit.spec.mu
    wider = replace(mu, terms=(*mu.terms, (Variable(NAME),)))
    predictors = tuple((k, wider if k == "mu" else p) for k, p in fit.spec.predictors)
    priors = dict(fit.priors) | ({element(BETA, NAME): prior} if prior else {})
    return fit.spec.with_(predictors=predictors, priors=tuple(priors.items()))
