"""The coordinates of a family's own parameters, each by what its prior allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.links import LINKS
from bayes_glmm.spec.priors import ONE_TO_TWO, REAL, UNIT, Prior

type Array = NDArray[np.float64]

LOCATION_SCALE = {
    "Normal": ("mu", "sigma"),
    "StudentT": ("mu", "sigma"),
    "Cauchy": ("alpha", "beta"),
    "Laplace": ("mu", "b"),
    "Logistic": ("mu", "s"),
}
"""Priors of real numbers, by what their coordinate is standardised."""


def location_scale(prior: Prior) -> tuple[float, float]:
    """Return what a prior of real numbers is standardised by."""
    location, scale = LOCATION_SCALE[prior.name]
    return prior[location], prior[scale]


def coordinate(prior: Prior, value: float) -> float:
    """Return where a parameter is in the coordinate that the kernel samples.

    Parameters
    ----------
    prior : Prior
        A real number is standardised by it; the rest of a power above 1, and a share, are on
        the logit, and positive numbers on the logarithm.
    value : float
        On the parameter's own scale.
    """
    if prior.support == REAL:
        location, scale = location_scale(prior)
        return (value - location) / scale
    at = np.asarray(value - _lowest(prior))
    return float(LINKS[_link(prior)].forward(at))


def from_coordinate(prior: Prior, x: Array) -> Array:
    """Return the parameter on its own scale, the inverse of :func:`coordinate`."""
    if prior.support == REAL:
        location, scale = location_scale(prior)
        return location + scale * x
    return _lowest(prior) + LINKS[_link(prior)].inverse(x)


def climbing(prior: Prior, values: Array, ladders: Sequence[slice]) -> Array:
    """Return the coordinates of numbers that increase within ladders.

    The first of each ladder has the coordinate of its prior, and every other one the logarithm
    of its distance from the one before.
    """
    out = np.empty_like(values)
    for run in ladders:
        out[run] = np.log(np.diff(values[run], prepend=-np.inf))
        out[run.start] = coordinate(prior, values[run.start])
    return out


def from_climbing(prior: Prior, x: Array, ladders: Sequence[slice]) -> Array:
    """Return numbers that increase within ladders, shape (..., n), the inverse of :func:`climbing`."""
    steps = np.exp(x)
    for run in ladders:
        steps[..., run.start] = from_coordinate(prior, x[..., run.start])
        steps[..., run] = np.cumsum(steps[..., run], axis=-1)
    return steps


def _lowest(prior: Prior) -> float:
    return 1.0 if prior.support == ONE_TO_TWO else 0.0


def _link(prior: Prior) -> str:
    return "logit" if prior.support in (UNIT, ONE_TO_TWO) else "log"
