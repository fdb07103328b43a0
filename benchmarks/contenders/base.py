"""What contenders are given and what they return."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from models import Model
from numpy.typing import NDArray

type Array = NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """How much is sampled."""

    chains: int = 2
    draws: int = 1000
    tune: int = 1000
    cores: int = 2
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Inputs:
    """Design and priors of the package in the basis that its priors are stated in.

    Tables have their slopes' covariates around their means, where this basis is the table's own.

    Attributes
    ----------
    design : bayes_glmm.model.design.Design
    priors : mapping of str to Prior
        What ``bayes_glmm.priors`` lists.
    """

    design: Any
    priors: Mapping[str, Any]

    @classmethod
    def of(cls, model: Model, data: pd.DataFrame) -> Inputs:
        """Build them; not timed."""
        from bayes_glmm.fitting.prepare import prepare
        from bayes_glmm.model.default_priors import resolve_priors
        from bayes_glmm.model.reference import Way

        ready = prepare(model.formula, data, family=model.family, exposure=model.exposure)
        _, design = ready.require()
        way = Way.of(design, resolve_priors(ready.spec, design))
        return cls(way.design, way.priors)

    def sigmas(self) -> Array:
        """Prior sds of the coefficients; their priors are normal around zero."""
        return np.array([self.priors[f"beta[{c}]"]["sigma"] for c in self.design.mu.coefficients])

    def scales(self, group: Any) -> Array:
        """Prior scales of the sds of a group."""
        return np.array([self.priors[f"sd_{group.name}[{t}]"]["sigma"] for t in group.terms])

    def nu(self, group: Any) -> float:
        """Degrees of freedom of the prior of the sds of a group."""
        return self.priors[f"sd_{group.name}[{group.terms[0]}]"]["nu"]

    def shape(self, group: Any) -> float | None:
        """Shape of the prior of the correlations, where there are any."""
        prior = self.priors.get(f"corr_{group.name}")
        return None if prior is None else prior["eta"]


def plain(label: str) -> str:
    """Return the term of a coefficient: its label without the levels."""
    return re.sub(r"\[[^\]]*\]", "", label)


@dataclass(frozen=True, eq=False)
class Fitted:
    """Draws by the package's names, and what the sampler said.

    Attributes
    ----------
    posterior : mapping of str to ndarray, shape (n_chains, n_draws, ...)
        Intercept, coefficients, sds, correlations, effects and the family's own.
    diverging : ndarray of bool, shape (n_chains, n_draws)
    steps : ndarray of int, shape (n_chains, n_draws), or None
        Leapfrog steps of the draws that were kept.
    sampling : float or None
        Seconds from the first iteration to the last, without building and compiling.
    kept : float or None
        Share of those seconds that went to the kept draws.
    gradient : float or None
        Seconds of sampling per leapfrog step of one chain.
    wall : float or None
        Seconds of the whole call where the contender knows better than who called it.
    notes : tuple of str
    """

    posterior: Mapping[str, Array]
    diverging: Array
    steps: Array | None = None
    sampling: float | None = None
    kept: float | None = None
    gradient: float | None = None
    wall: float | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
