"""The variables of a whole model, each once: names, dimensions and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, BayesGLMMError, ResultError, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.model.blocks.block import HasVariables
from bayes_glmm.model.design import Design
from bayes_glmm.model.variables import (
    PREFIX,
    RESIDUAL,
    Role,
    Slot,
    Variable,
    element,
    reference_name,
)
from bayes_glmm.spec.priors import Prior

PART = "y_category"
BOUNDARY = "boundary"
MOST_SUGGESTED = 500
"""Labels among which the nearest is looked for."""


def variables(design: Design) -> Mapping[str, Variable]:
    """Return all variables of a model by name, in the order in which it is stated.

    They are those of each predictor, of the models of covariates, and the family's own.
    """
    blocks: tuple[HasVariables, ...] = (*design.predictors.values(), *design.covariates.values())
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


def resolve_name(
    known: Mapping[str, Variable], text: str, refusal: type[BayesGLMMError] = ResultError
) -> tuple[Variable, tuple[int, ...]]:
    """Find the number that a user's text names: ``size`` and ``beta[size]`` are one name.

    Parameters
    ----------
    known : mapping of str to Variable
        As :func:`variables` returns it.
    text : str
        ``"sigma"``, ``"beta[treat]"``, ``"corr_g[intercept, x]"``, or the label of a coefficient
        of the mean alone. A variable that begins with ``reference_`` is the twin of one.
    refusal : type, default ResultError
        Of the error.

    Returns
    -------
    variable : Variable
    place : tuple of int
        Of the element in it.

    Raises
    ------
    ResultError
        There is no such variable or element; the nearest are named.
    """
    alone = {str(label): v for v in known.values() if v.by_label for label in v.labels[0]}
    if text in alone:
        text = element(alone[text].name, text)
    stem, bracket, label = text.partition("[")
    label = label.removesuffix("]") if bracket else ""
    variable = known.get(stem) or _twin(known, stem)
    if variable is None:
        message = f"The model has no parameter {stem!r}."
        raise refusal(message + suggestion(stem, [*known, *alone]))
    place = variable.place(label)
    if place is None:
        labels = [", ".join(row) for row in islice(product(*variable.labels), MOST_SUGGESTED)]
        near = suggestion(label, labels) if variable.dims else ""
        raise refusal(f"{stem!r} has no element {label!r}.{near}")
    return variable, place


def _twin(known: Mapping[str, Variable], name: str) -> Variable | None:
    plain = known.get(name.removeprefix(PREFIX))
    return None if plain is None else replace(plain, name=name)


def named_priors(
    known: Mapping[str, Variable], priors: Mapping[str, Prior], text: str
) -> list[str]:
    """Return the names of the priors that a user's text names, as those of ``priors=`` do.

    Parameters
    ----------
    known : mapping of str to Variable
        As :func:`variables` returns it.
    priors : mapping of str to Prior
        Resolved.
    text : str
        Of one prior, ``"beta[x]"`` or ``"x"``, or of all of a kind, ``"sd_g"`` or ``"sd"``.

    Raises
    ------
    ArgumentError
        The model has no such prior; the nearest are named.
    """
    if text in priors:
        return [text]
    slots = [slot for v in known.values() for slot in v.slots]
    found = [kept_prior(slot.name, priors) for slot in slots if text in slot.keys]
    if not found:
        keys = list(dict.fromkeys([*priors, *(key for slot in slots for key in slot.keys)]))
        raise ArgumentError(f"The model has no prior {text!r}." + suggestion(text, keys))
    return found


def kept_prior(name: str, priors: Mapping[str, Prior]) -> str:
    """Return the name by which a prior is kept: where there is none of that name, its twin's."""
    return name if name in priors or reference_name(name) not in priors else reference_name(name)


def dimensions(design: Design) -> tuple[dict[str, tuple[str, ...]], dict[str, NDArray[Any]]]:
    """Return the dimensions of every posterior variable, and their labels."""
    known = variables(design).values()
    coords = {d: own for v in known for d, own in zip(v.dims, v.labels, strict=True)}
    if parts := get_family(design.family).parts(design.categories):
        coords[PART] = np.array(parts, dtype=str)
    dims = {name: v.dims for v in known if v.dims for name in (v.name, v.reference)}
    return dims, coords


def response_dims(design: Design) -> tuple[str, ...]:
    """Return the dimensions of the response."""
    several = get_family(design.family).parts(design.categories)
    return ("observation", PART) if several else ("observation",)
