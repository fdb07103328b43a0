"""The variables of a whole model, each once: names, dimensions and labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families import get_family
from bayes_glmm.model.design import Design
from bayes_glmm.model.variables import RESIDUAL, Role, Slot, Variable

PART = "y_category"
BOUNDARY = "boundary"


def variables(design: Design) -> Mapping[str, Variable]:
    """Return all variables of a model by name, in the order in which it is stated.

    They are those of each predictor, of the models of covariates, and the family's own.
    """
    blocks = (*design.predictors.values(), *design.covariates.values())
    every = [v for block in blocks for v in block.variables()] + family_variables(design)
    return {v.name: v for v in every}


def family_variables(design: Design) -> list[Variable]:
    """Return the variables of the family: thresholds, then parameters without a formula."""
    family = get_family(design.family)
    moved = any(p.of_mean and p.basis is not None and not p.intercept for p in design.means)
    labels = np.array(design.boundaries, str)
    found = [
        Variable(
            p.name, Role.THRESHOLD, family.name, (BOUNDARY,), (labels,),
            slots=(Slot(p.name, (p.name,)),), moved=moved,
        )
        for p in family.vectors
    ]  # fmt: skip
    for p in family.scalars(design.stated):
        # a residual standard deviation is on the predictor's scale
        words = "" if p.name == RESIDUAL else p.meaning
        found.append(
            Variable(
                p.name, Role.OWN, family.name, support=p.prior(1.0).support,
                slots=(Slot(p.name, (p.name,)),), scale=words,
            )
        )  # fmt: skip
    return found


def dimensions(design: Design) -> tuple[dict[str, tuple[str, ...]], dict[str, NDArray[Any]]]:
    """Return the dimensions of every posterior variable, and their labels."""
    known = variables(design).values()
    coords = {d: own for v in known for d, own in zip(v.dims, v.labels, strict=True)}
    if get_family(design.family).composed:
        coords[PART] = np.array(design.categories, dtype=str)
    dims = {name: v.dims for v in known if v.dims for name in (v.name, v.reference)}
    return dims, coords


def response_dims(design: Design) -> tuple[str, ...]:
    """Return the dimensions of the response."""
    composed = get_family(design.family).composed
    return ("observation", PART) if composed else ("observation",)
