"""Where chains begin, from the scale of the data rather than of the priors.

A prior may be as wide as the user likes: a chain that began in its middle would
begin where every mean overflows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.linear import (
    all_groups,
    hypers,
    linears,
    n_effects,
    order_of,
    scale_names,
    scale_size,
)
from bayes_glmm.engine.own import climbing, coordinate
from bayes_glmm.families import Parameter, get_family
from bayes_glmm.model.default_priors import observations, predictor_start, predictor_unit
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
LARGEST_SHAPE = 10.0
ASIDE = 0.05


@dataclass(frozen=True, eq=False)
class Begin:
    """Centre and half-width of the box in which chains begin, by coordinate."""

    start: Array
    spread: Array


def begin(
    design: Design, priors: Mapping[str, Prior], location_scale: Mapping[str, tuple[float, float]]
) -> Begin:
    """Place chains around the mean response with effects of about one unit.

    Parameters
    ----------
    location_scale : mapping of str to (float, float)
        Of the priors whose coordinate is standardised.
    """
    start: list[float] = []
    spread: list[float] = []

    def place(name: str, value: float, unit: float) -> None:
        location, scale = location_scale[name]
        start.append((value - location) / scale)
        spread.append(min(1.0, unit / scale))

    ordered = linears(design)
    middles = [_middle(design, one.predictor) for one in ordered]
    if design.mu.intercept:
        place("intercept", *middles[0])
    for one, (middle, unit) in zip(ordered, middles, strict=True):
        if one.intercept:
            place(one.predictor.intercept_name, middle, unit)
        for name, size in zip(one.names[int(one.intercept) :], one.predictor.scales, strict=True):
            place(name, 0.0, unit / (float(size) or 1.0))
    for number, group in all_groups(design):
        _, unit = middles[number]
        sizes, names = group.sizes, scale_names(group)
        for t, name in zip(order_of(group), names, strict=False):
            middle = priors[name].median
            start.append(np.log(min(middle, unit / (float(sizes[t]) or 1.0))))
        parameters = [coordinate(priors[name], priors[name].median) for name in hypers(group)]
        start += [0.0] * (scale_size(group) - len(names) - len(parameters)) + parameters
        start += [0.0] * n_effects(group)
        spread += [1.0] * (scale_size(group) + n_effects(group))
    unit = predictor_unit(design)
    family = get_family(design.family)
    for name, values in _vectors(design).items():
        start += [*climbing(priors[name], values, design.ladders)]
        spread += [1.0] * len(values)
    for parameter in family.scalars(design.stated):
        limit = _limit(parameter, unit)
        prior = priors[parameter.name]
        start.append(coordinate(prior, min(prior.median, limit)))
        spread.append(1.0)
    return Begin(np.asarray(start), np.asarray(spread))


def _limit(parameter: Parameter, unit: float) -> float:
    """Return how large a parameter may be where chains begin."""
    if parameter.name == "sigma":
        return unit
    return np.inf if parameter.learned is not None else LARGEST_SHAPE


def natural_start(design: Design, priors: Mapping[str, Prior]) -> dict[str, Array]:
    """Return nearly the same centre by the posterior's names, for the graph.

    A slope of exactly zero is no beginning for the sampler, so that nothing begins
    exactly where the prior or the likelihood has its maximum.
    """
    family = get_family(design.family)
    start: dict[str, Array] = {}
    for p in design.predictors.values():
        middle, unit = _middle(design, p)
        start |= _predictor_start(p, priors, middle, unit, start)
    for c in design.covariates.values():
        start |= _predictor_start(c.predictor, priors, c.mean, c.sd, start)
        start[c.predictor.name("sigma")] = np.asarray(c.sd)
    unit = predictor_unit(design)
    start |= _vectors(design)
    for parameter in family.scalars(design.stated):
        limit = _limit(parameter, unit)
        start[parameter.name] = np.asarray(min(priors[parameter.name].median, limit))
    return start


def _middle(design: Design, p: PredictorDesign) -> tuple[float, float]:
    """Return where a predictor is about the middle of the data, and what is a unit of it."""
    if p.of_mean:
        return predictor_start(design, p), predictor_unit(design)
    y, _, exposure = observations(design)
    return get_family(design.family).parameter(p.parameter).middle(y, exposure), 1.0


def _vectors(design: Design) -> dict[str, Array]:
    """Return where the thresholds of a family begin."""
    family, out = get_family(design.family), dict[str, Array]()
    for parameter in family.vectors:
        assert parameter.start is not None
        link = family.link(design.link)
        parts = [parameter.start(y, n, link) for y, n in _answers(design)]
        out[parameter.name] = np.concatenate(parts)
    return out


def _answers(design: Design) -> list[tuple[Array, int]]:
    """Return responses as codes with their number of categories, of each group with thresholds."""
    y, cuts = np.asarray(design.response, float), design.cuts
    if cuts is None:
        return [(y, len(design.categories))]
    own = cuts.places[cuts.index, y.astype(np.intp)].astype(float)
    return [(own[cuts.index == g], len(seen)) for g, seen in enumerate(cuts.seen)]


def _predictor_start(
    predictor: PredictorDesign,
    priors: Mapping[str, Prior],
    middle: float,
    unit: float,
    before: Mapping[str, Array],
) -> dict[str, Array]:
    """Return the start of one predictor; of effects that it shares, what comes before stays."""
    start: dict[str, Array] = {}
    if predictor.intercept:
        start[predictor.name("intercept")] = np.asarray(middle + ASIDE * unit)
    if predictor.coefficients:
        scales = np.where(predictor.scales > 0, predictor.scales, 1.0)
        start[predictor.name("beta")] = ASIDE * unit / scales
    for group in predictor.groups:
        sds = before.get(f"sd_{group.name}", np.zeros(len(group.terms))).copy()
        for t, _ in group.own(predictor.parameter):
            middle = priors[f"sd_{group.name}[{group.terms[t]}]"].median
            sds[t] = min(middle, unit / (float(group.sizes[t]) or 1.0))
        start[f"sd_{group.name}"] = sds
    for smooth in predictor.smooths:
        medians = [priors[f"sd_{smooth.name}[{part}]"].median for part in smooth.parts]
        start[f"sd_{smooth.name}"] = np.minimum(medians, unit)
    return start
