"""A model as the engine sees it: numbers centred inside products, plain names."""

from __future__ import annotations

from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.model.reference import Way
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior


def in_basis(spec: ModelSpec, design: Design) -> tuple[Design, dict[str, Prior]]:
    """Return design and priors in the reference basis; test_origin holds the way there and back."""
    way = Way.of(design, resolve_priors(spec, design))
    return way.design, dict(way.priors)
