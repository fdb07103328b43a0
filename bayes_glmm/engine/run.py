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
from bayes_glmm.engine.stopped import Stopped
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
    stopped : str
        What is kept of a run that the user stopped, also among the notes; empty when it
        ran to its end.
    """

    posterior: dict[str, Array]
    stats: dict[str, Array]
    notes: tuple[str, ...]
    path: str
    target_accept: float
    tune: int
    stopped: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of chains, and of draws of each."""
        chains, draws = next(iter(self.stats.values())).shape
        return chains, draws


def sample(
    spec: ModelSpec,
    design: Design,
    priors: Mapping[str, Prior],
    settings: Settings,
    identity: dict[str, Any],
    *,
    stoppable: bool = False,
) -> Draws:
    """Sample a model; once more with a higher target when divergences remain.

    Parameters
    ----------
    identity : dict
        What makes this call this call; a store refuses another one's chains.
    stoppable : bool, default False
        Whether Ctrl-C while chains are sampled returns what they have drawn.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, where it does not return draws, or no chain has ten.
    """
    if settings.engine == "laplace":
        return _approximate(design, priors, settings)
    kept = nullcontext() if settings.store is None else Store.owned(settings.store, identity)
    with kept as store:
        with preparing(settings):
            sampled = compile_model(spec, design, priors, settings.engine)
        return sample_compiled(sampled, settings, store, stoppable=stoppable)


def sample_compiled(
    sampled: Sampled, settings: Settings, store: Store | None = None, *, stoppable: bool = False
) -> Draws:
    """Sample a model that is ready; once more where divergences remain.

    Parameters
    ----------
    stoppable : bool, default False
        Whether Ctrl-C while chains are sampled returns what they have drawn.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, where it does not return draws, or no chain has ten.
    """
    tune, target = settings.warm_up(sampled.path)
    settings = replace(settings, tune=tune)
    sampled, chains, target, said, stopped = _attempts(sampled, settings, target, store)
    if stopped and not stoppable:
        raise KeyboardInterrupt
    stacked = {k: np.stack([c.draws[k] for c in chains]) for k in chains[0].draws}
    stats = {k: np.stack([c.stats[k] for c in chains]) for k in chains[0].stats}
    expanded, notes = sampled.expand(stacked, settings.seed), (*sampled.notes, *said)
    return Draws(expanded, stats, notes, sampled.path, target, tune, stopped)


def _attempts(
    sampled: Sampled, settings: Settings, target: float, store: Store | None
) -> tuple[Sampled, list[Chain], float, tuple[str, ...], str]:
    """Return what was sampled, its chains, the acceptance they aimed at, notes, and what is kept.

    The last is told where they were stopped. Where divergences remain, coordinates that cost
    more are the first remedy, and a higher acceptance that of a model without such.
    """
    try:
        chains = run_chains(sampled.model, settings, target, store, attempt=1)
    except Stopped as stop:
        chains = stop.kept()
        stopped = _cut(chains, settings)
        return sampled, chains, target, (stopped,), stopped
    first = _divergences(chains)
    if not (first and settings.retry):
        return sampled, chains, target, (), ""
    dearer, aim, how = sampled, RETRY_TARGET, f"at {RETRY_TARGET:g}"
    if sampled.otherwise is not None:
        dearer, aim, how = sampled.otherwise(), target, "with a factor for every gradient"
    found = f"{first} divergences at target_accept={target:g};"
    try:
        again = run_chains(dearer.model, settings, aim, store, attempt=2)
    except Stopped:
        stopped = f"{found} sampling again {how} was stopped: the first run is kept."
        return sampled, chains, target, (stopped,), stopped
    left = _divergences(again)
    note = f"{found} sampled again {how}, which left {left}."
    return dearer, again, aim, (note,), ""


def _cut(chains: list[Chain], settings: Settings) -> str:
    """Say how much of a run that was stopped is kept."""
    (draws,) = {c.n_draws for c in chains}
    of = "1 chain" if len(chains) == 1 else f"each of {len(chains)} chains"
    return (
        f"Sampling was stopped: {draws:,} draws of {of} are kept, of "
        f"{settings.draws:,} of {settings.chains} chains asked for."
    )


def _approximate(design: Design, priors: Mapping[str, Prior], settings: Settings) -> Draws:
    way = Way.of(design, priors)
    require_kernel(way.design, way.priors, settings.engine)
    found = preview(approximate_coordinates(way.design, way.priors), settings)
    return Draws(way.back(found.posterior), found.stats, (found.note,), "laplace", 0.0, 0)


def _divergences(chains: list[Chain]) -> int:
    return int(sum(c.stats["diverging"].sum() for c in chains))
