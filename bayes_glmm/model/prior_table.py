"""The priors of a model as a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayes_glmm.families import get_family
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.model.reference import PREFIX
from bayes_glmm.spec.model import ModelSpec


def prior_table(spec: ModelSpec, design: Design) -> pd.DataFrame:
    """Tabulate every prior: where it lives, whose it is, and its central mass."""
    resolved = resolve_priors(spec, design)
    plain = resolve_priors(replace(spec, priors=()), design)
    family = get_family(spec.family)
    own = {p.name for p in family.scalars(design.stated)}
    links = {p.name: p.link for p in family.parameters}
    link_of = {p.name: design.link for p in family.vectors} | {
        stem: design.link if p.of_mean else links[p.parameter]
        for p in design.predictors.values()
        for stem in (
            p.name("intercept"),
            p.name("beta"),
            *(f"sd_{g.name}" for g in p.groups),
            *(f"sd_{s.name}" for s in p.smooths),
        )
    }
    units = {
        stem: f"units of {c.column}"
        for c in design.covariates.values()
        for stem in ("sigma", "intercept", "beta")
        for stem in [c.predictor.name(stem), *(f"sd_{g.name}" for g in c.predictor.groups)]
    }
    rows = []
    for name, prior in resolved.items():
        line = prior.on_a_line
        low, high = prior.frozen.ppf([0.025, 0.975]) if line else (np.nan, np.nan)
        stem = name.removeprefix(PREFIX).partition("[")[0]
        link = units.get(stem, f"link ({link_of.get(stem)})")
        scale = "family" if name in own else link if line else prior.support
        source = "default" if plain.get(name) == prior else "given"
        rows.append((name, repr(prior), scale, source, float(low), float(high)))
    return pd.DataFrame(rows, columns=["parameter", "prior", "scale", "source", "q2.5", "q97.5"])
