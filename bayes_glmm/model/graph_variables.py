"""What blocks state their variables with in a PyMC graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numpy.typing import NDArray

from bayes_glmm.model.distributions import DISTRIBUTIONS
from bayes_glmm.model.transforms import Standardized
from bayes_glmm.model.variables import element
from bayes_glmm.spec.priors import REAL, Prior

LOCATION = {"Cauchy": "alpha"}


@dataclass(frozen=True, eq=False)
class Graph:
    """A graph that is being written: its priors, its coordinates, and what was stated.

    Attributes
    ----------
    priors : mapping of str to Prior
        By plain names.
    dims : mapping of str to tuple of str
        Of every variable, by the name that it has in the graph.
    parameter : str
        Of which the predictor is that is being stated.
    standardized : bool
        Whether samplers see standardised coefficients and effects, or the variables as they
        are reported.
    absorbed : bool
        Whether intercepts take up the mean of effects.
    information : mapping of str to ndarray, shape (n_levels, n_terms)
        What the rows tell of each effect, by group, where intercepts do.
    named : callable
        Gives the name that a variable of the reference basis has in the graph.
    values : dict of str to variable
        What was stated, by plain names.
    """

    priors: Mapping[str, Prior]
    dims: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    parameter: str = "mu"
    standardized: bool = True
    absorbed: bool = False
    information: Mapping[str, NDArray[np.float64]] = MappingProxyType({})
    named: Callable[[str], str] = str
    values: dict[str, Any] = field(default_factory=dict)

    def data(self, name: str, value: Any, dims: Any = None) -> Any:
        """Return an array as data of the graph, stated once."""
        known = pm.modelcontext(None).named_vars
        return known[name] if name in known else pm.Data(name, value, dims=dims)

    def scalar(self, name: str) -> Any:
        """State a single number."""
        self.values[name] = scalar(name, self.priors[name])
        return self.values[name]

    def vector(self, name: str, labels: Sequence[str], dim: str, standardized: bool = False) -> Any:
        """State numbers that have a prior each."""
        priors = [self.priors[element(name, label)] for label in labels]
        self.values[name] = vector(self.named(name), priors, dim, standardized)
        return self.values[name]


def scalar(name: str, prior: Prior) -> Any:
    """State a single number, which begins where its prior has its middle if that is far from its mean."""
    begin = {"initval": np.float64(prior.median)} if prior.name == "LogNormal" else {}
    return DISTRIBUTIONS[prior.name](name, **values_of(prior), **begin)


def vector(name: str, priors: Sequence[Prior], dim: str, standardized: bool) -> Any:
    """State a vector whose elements may have priors of different kinds."""
    kinds = {p.name for p in priors}
    if len(kinds) == 1:
        together = {
            key: np.array([p[key] for p in priors], np.float64) for key, _ in priors[0].parameters
        }
        given: dict[str, Any] = {"transform": Standardized()} if standardized else {}
        return DISTRIBUTIONS[kinds.pop()](name, **together, dims=dim, **given)

    def stacked(size: Any) -> Any:
        return pt.stack([DISTRIBUTIONS[p.name].dist(**values_of(p)) for p in priors])

    log = pm.distributions.transforms.log
    own = {} if priors[0].support == REAL else {"transform": log}
    return pm.CustomDist(name, dist=stacked, dims=dim, **own)


def values_of(prior: Prior) -> dict[str, Any]:
    """Return a prior's own parameters, as PyMC takes them."""
    return {key: np.float64(value) for key, value in prior.parameters}


def moved_prior(prior: Prior, shift: Any) -> dict[str, Any]:
    """Return a prior's own parameters, its location moved by a variable."""
    values = values_of(prior)
    location = LOCATION.get(prior.name, "mu")
    values[location] = values[location] + shift
    return values
