"""From a design to posterior draws: compile, sample, retry once, stack."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.choose import approximate_coordinates
from bayes_glmm.engine.compiled import Sampled, compile_model, require_kernel
from bayes_glmm.engine.nuts import preparing, run_chains
from bayes_glmm.engine.preview import preview
from bayes_glmm.engine.settings import RETRY_TARGET, Settings
from bayes_glmm.engine.store import Chain, Store
from bayes_glmm.model.design import Design
from bayes_glmm.model.reference import Way
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior

type Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Draws:
    """Posterior draws in the graph's variables.

    Attributes
    ----------
    posterior : dict of str to ndarray, shape (n_chains, n_draws, ...)
    stats : dict of str to ndarray, shape (n_chains, n_draws)
    notes : tuple of str
        What was done beyond the plain run, in sentences.
    path : {"plain", "frozen", "adaptive", "collapsed", "graph", "jax", "laplace"}
        Coordinates in which the kernel was sampled; the readable graph and what
        compiled it; or the approximation.
    target_accept, tune : float, int
        Acceptance aimed at in the run that is returned, and its warm-up.
    """

    posterior: dict[str, Array]
    stats: dict[str, Array]
    notes: tuple[str, ...]
    path: str
    target_accept: float
    tune: int


def sample(
    spec: ModelSpec,
    design: Design,
    priors: Mapping[str, Prior],
    settings: Settings,
    identity: dict[str, Any],
) -> Draws:
    """Sample a model; once more with a higher target when divergences remain.

    Parameters
    ----------
    identity : dict
        What makes this call this call; a store refuses another one's chains.
    """
    if settings.engine == "laplace":
        return _approximate(design, priors, settings)
    kept = nullcontext() if settings.store is None else Store.owned(settings.store, identity)
    with kept as store:
        with preparing(settings):
            sampled = compile_model(spec, design, priors, settings.engine)
        return sample_compiled(sampled, settings, store)


def sample_compiled(sampled: Sampled, settings: Settings, store: Store | None = None) -> Draws:
    """Sample a model that is ready; once more where divergences remain."""
    tune, target = settings.warm_up(sampled.path)
    settings = replace(settings, tune=tune)
    chains = run_chains(sampled.model, settings, target, store, attempt=1)
    notes = sampled.notes
    first = _divergences(chains)
    if first and settings.retry:
        chains = run_chains(sampled.model, settings, RETRY_TARGET, store, attempt=2)
        notes = (
            *notes,
            f"{first} divergences at target_accept={target:g}; sampled again at "
            f"{RETRY_TARGET:g}, which left {_divergences(chains)}.",
        )
        target = RETRY_TARGET
    stacked = {k: np.stack([c.draws[k] for c in chains]) for k in chains[0].draws}
    stats = {k: np.stack([c.stats[k] for c in chains]) for k in chains[0].stats}
    return Draws(sampled.expand(stacked, settings.seed), stats, notes, sampled.path, target, tune)


def _approximate(design: Design, priors: Mapping[str, Prior], settings: Settings) -> Draws:
    way = Way.of(design, priors)
    require_kernel(way.design, way.priors, settings.engine)
    found = preview(approximate_coordinates(way.design, way.priors), settings)
    return Draws(way.back(found.posterior), found.stats, (found.note,), "laplace", 0.0, 0)


def _divergences(chains: list[Chain]) -> int:
    return int(sum(c.stats["diverging"].sum() for c in chains))
