"""Which spec a model stands for: a formula, a mapping of formulas, a template or a spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, SpecError
from bayes_glmm.families import get_family
from bayes_glmm.spec.formula.parsing import parse
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.templates import template

type Model = str | ModelSpec | Mapping[str, str]


def resolve_spec(model: Model, **options: Any) -> ModelSpec:
    """Return the spec of a formula, a mapping of formulas, a template or a spec.

    Options that are ``None`` are not given; others override what a template says. A ready
    :class:`ModelSpec` takes what it leaves open, other priors, and another treatment of
    missing values.

    Raises
    ------
    ArgumentError
        An option contradicts a ready spec.
    SpecError
        The model cannot be written as text within the grammar's limits, as a fit keeps it.
    """
    given = {k: v for k, v in options.items() if v is not None}
    if "family" in given:
        given["family"] = get_family(given["family"]).name
    if isinstance(model, ModelSpec):
        spec = _completed(model, given)
    elif isinstance(model, str) and "~" not in model:
        spec = _over(template(model).spec, given)
    elif isinstance(model, str | Mapping):
        spec = parse(model, **given)
    else:
        raise ArgumentTypeError(
            f"A model is a formula, a mapping of formulas, a template's name or a ModelSpec, "
            f"not {type(model).__name__}."
        )
    family = get_family(spec.family)
    family.link(spec.link)
    for name, _ in spec.predictors[1:]:
        family.check_formula(name)
    if ModelSpec.from_toml(spec.to_toml()) != spec:
        raise SpecError("This model cannot be written as text: its TOML is another model.")
    return spec


def _completed(spec: ModelSpec, given: Mapping[str, Any]) -> ModelSpec:
    said = {k: getattr(spec, k) for k in given if k not in ("priors", "missing")}
    against = [k for k, v in said.items() if v not in (None, given[k])]
    if against:
        named = ", ".join(f"{k}={given[k]!r} (the spec says {said[k]!r})" for k in against)
        raise ArgumentError(
            f"{named} contradicts a ready ModelSpec: change the spec, e.g. spec.with_(family=...)."
        )
    return _over(spec, given)


def _over(spec: ModelSpec, given: Mapping[str, Any]) -> ModelSpec:
    """Return the spec with options over its own; priors are replaced one by one."""
    priors = given.get("priors")
    if isinstance(priors, Mapping):
        given = {**given, "priors": {**dict(spec.priors), **priors}}
    return replace(spec, **given)
