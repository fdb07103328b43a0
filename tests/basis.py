"""A model as the engine sees it: numbers centred inside products, plain names."""

from __future__ import annotations

from bayes_glmm.design.defaults import resolve_priors
from bayes_glmm.design.design import Design
from bayes_glmm.design.reference import Way
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior


def in_basis(spec: ModelSpec, design: Design) -> tuple[Design, dict[str, Prior]]:
    """Return design and priors in the reference basis; test_origin holds the way there and back."""
    way = Way.of(design, resolve_priors(spec, design))
    return way.design, dict(way.priors)
