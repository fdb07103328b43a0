"""How a model is sampled: the caller's wishes, and rules where there are none."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from bayes_glmm.design.design import Design
from bayes_glmm.errors import ArgumentError

ENGINES = ("auto", "nuts")
RETRY_TARGET = 0.99


@dataclass(frozen=True)
class Settings:
    """Settings of one run; equal settings and seed give equal bytes.

    Attributes
    ----------
    engine : {"auto", "nuts"}
        ``"nuts"`` samples the readable graph as it is; ``"auto"`` uses the
        compiled kernel where it covers the model, which has the same density.
    draws, tune, chains : int
        Kept draws and warm-up iterations per chain, and number of chains.
    cores : int
        Chains that run at the same time; the result does not depend on it.
    seed : int
    target_accept : float
        Acceptance that the step size aims at.
    progress : bool
    store : Path or None
        Folder in which finished chains are kept.
    """

    engine: str
    draws: int
    tune: int
    chains: int
    cores: int
    seed: int
    target_accept: float
    retry: bool
    progress: bool
    store: Path | None

    def identity(self) -> dict[str, object]:
        """Return what the draws depend on, JSON-able."""
        apart = {"cores", "progress", "store"}
        return {k: v for k, v in asdict(self).items() if k not in apart}


def choose_settings(
    design: Design,
    *,
    engine: str = "auto",
    draws: int = 1000,
    tune: int | None = None,
    chains: int = 4,
    cores: int | None = None,
    seed: int = 1,
    target_accept: float | None = None,
    progress: bool = True,
    store: str | Path | None = None,
) -> Settings:
    """Fill in by rule what the caller left open.

    Models with random effects warm up for 1,000 iterations and aim at an
    acceptance of 0.9; without them 500 and 0.8 are enough. An explicit
    ``target_accept`` turns the automatic second run off.
    """
    if engine not in ENGINES:
        raise ArgumentError(f"engine={engine!r}: use one of {', '.join(ENGINES)}.")
    for name, value, least in (
        ("draws", draws, 1),
        ("tune", 0 if tune is None else tune, 0),
        ("chains", chains, 1),
        ("cores", 1 if cores is None else cores, 1),
        ("seed", seed, 0),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ArgumentError(f"{name}={value!r}: a whole number of at least {least} is needed.")
    if target_accept is not None and not 0.5 <= target_accept < 1:
        raise ArgumentError(f"target_accept={target_accept!r}: use a number from 0.5 to below 1.")
    grouped = any(p.groups for p in design.predictors.values())
    return Settings(
        engine=engine,
        draws=draws,
        tune=(1000 if grouped else 500) if tune is None else tune,
        chains=chains,
        cores=min(chains, cores or _cores()),
        seed=seed,
        target_accept=target_accept or (0.9 if grouped else 0.8),
        retry=target_accept is None,
        progress=progress,
        store=None if store is None else Path(store),
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
