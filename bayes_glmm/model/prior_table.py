"""The priors of a model as a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from bayes_glmm.families import get_family
from bayes_glmm.model.default_priors import Place, places_of_priors, resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.model.variables import Role
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior


def prior_table(spec: ModelSpec, design: Design) -> pd.DataFrame:
    """Tabulate every prior: where it lives, whose it is, and its central mass."""
    resolved = resolve_priors(spec, design)
    plain = resolve_priors(replace(spec, priors=()), design)
    places = {
        name: place
        for place in places_of_priors(design)
        for name in (place.slot.name, place.slot.reference)
    }
    rows = []
    for name, prior in resolved.items():
        low, high = prior.frozen.ppf([0.025, 0.975]) if prior.on_a_line else (np.nan, np.nan)
        source = "default" if plain.get(name) == prior else "given"
        scale = _scale(design, places[name], prior)
        rows.append((name, repr(prior), scale, source, float(low), float(high)))
    return pd.DataFrame(rows, columns=["parameter", "prior", "scale", "source", "q2.5", "q97.5"])


def _scale(design: Design, place: Place, prior: Prior) -> str:
    """Return words for the scale that a prior is on."""
    variable, formula = place.variable, place.formula
    if variable.role is Role.OWN:
        return "family"
    if not prior.on_a_line:
        return prior.support
    if variable.scale:
        return variable.scale
    if formula is None or formula.of_mean:
        return f"link ({design.link})"
    return f"link ({get_family(design.family).parameter(formula.parameter).link})"
