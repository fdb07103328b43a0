"""The variables of a model: their names, dimensions and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families import get_family
from bayes_glmm.model.design import Design
from bayes_glmm.model.reference import reference_name

PART = "y_category"


def dimensions(design: Design) -> tuple[dict[str, tuple[str, ...]], dict[str, NDArray[Any]]]:
    """Return the dimensions of every posterior variable, and their labels."""
    dims: dict[str, tuple[str, ...]] = {}
    coords: dict[str, NDArray[Any]] = {}
    for predictor in design.every:
        dims[predictor.name("beta")] = (predictor.name("coefficient"),)
        coords[predictor.name("coefficient")] = np.array(predictor.coefficients, dtype=str)
        for factor in (f for f in predictor.modelled.factors if len(f.labels)):
            dims[factor.variable] = (factor.dim,)
            coords[factor.dim] = factor.labels
    if vectors := get_family(design.family).vectors:
        dims |= {p.name: ("boundary",) for p in vectors}
        coords["boundary"] = np.array(design.boundaries, dtype=str)
    if get_family(design.family).composed:
        coords[PART] = np.array(design.categories, dtype=str)
    for smooth in design.smooths:
        name = smooth.name
        dims |= {f"sd_{name}": (f"{name}_part",), f"u_{name}": (f"{name}_basis",)}
        coords[f"{name}_part"] = np.array(smooth.parts, dtype=str)
        coords[f"{name}_basis"] = np.arange(1, len(smooth.part) + 1).astype(str)
    for group in design.groups:
        name, term = group.name, f"{group.name}_term"
        dims |= {f"sd_{name}": (term,), f"u_{name}": (name, term)}
        dims[f"corr_{name}"] = (term, f"{term}_other")
        coords |= {name: group.levels, term: np.array(group.terms, dtype=str)}
        if group.factor is not None:
            dims |= {f"z_{name}": (f"{name}_node", term)}
            coords[f"{name}_node"] = group.factor.nodes
        coords[f"{term}_other"] = coords[term]
        wide = [b for b in group.blocks if len(b) > 1]
        for number, members in enumerate(wide):
            suffix = "" if len(wide) == 1 else f"_{number}"
            whole = len(members) == len(group.terms)
            own = (term, f"{term}_other") if whole else tuple(
                f"{term}_block{suffix}{side}" for side in ("", "_other")
            )  # fmt: skip
            dims[f"corr_chol_{name}{suffix}"] = own
            coords |= {d: np.array(group.terms, dtype=str)[list(members)] for d in own}
    # variables of the reference basis have the same labels
    return dims | {reference_name(name): own for name, own in dims.items()}, coords


def response_dims(design: Design) -> tuple[str, ...]:
    """Return the dimensions of the response."""
    composed = get_family(design.family).composed
    return ("observation", PART) if composed else ("observation",)
