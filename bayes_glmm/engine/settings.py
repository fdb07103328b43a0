"""How a model is sampled: the caller's wishes, and rules where there are none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from bayes_glmm.errors import ArgumentError
from bayes_glmm.literals import Engine, allowed
from bayes_glmm.maths.on_cores import available_cores

ENGINES = allowed(Engine)
RETRY_TARGET = 0.99
PREPARED = ("frozen", "adaptive", "taylor", "collapsed")


@dataclass(frozen=True)
class Settings:
    """Settings of one run; equal settings and seed give equal bytes.

    Attributes
    ----------
    engine : {"auto", "nuts", "collapsed", "laplace", "jax"}
        ``"nuts"`` samples the readable graph as it is, ``"jax"`` compiles that with
        JAX; ``"auto"`` uses the compiled kernel where it covers the model, which has
        the same density; ``"collapsed"`` insists on integrating a Gaussian model's
        effects out, and ``"laplace"`` draws from a normal approximation.
    draws, tune, chains : int
        Kept draws and warm-up iterations per chain, and number of chains; ``tune``
        and ``target_accept`` are ``None`` until the coordinates are known.
    cores : int
        Chains that run at the same time, and threads for the rows of chains that are fewer;
        the result does not depend on it.
    seed : int
    target_accept : float
        Acceptance that the step size aims at.
    progress : bool
    store : Path or None
        Folder in which finished chains are kept.
    """

    engine: Engine
    draws: int
    tune: int | None
    chains: int
    cores: int
    seed: int
    target_accept: float | None
    retry: bool
    progress: bool
    store: Path | None

    def warm_up(self, path: str) -> tuple[int, float]:
        """Return warm-up and acceptance for the coordinates that are sampled.

        Coordinates that a normal approximation has made about standard normal need
        to learn little: 400 iterations, and an acceptance of 0.8. Others take 1,000
        and 0.9.
        """
        tune, target = (400, 0.8) if path in PREPARED else (1000, 0.9)
        return (
            tune if self.tune is None else self.tune,
            target if self.target_accept is None else self.target_accept,
        )

    def identity(self) -> dict[str, object]:
        """Return what the draws depend on, JSON-able."""
        apart = {"cores", "progress", "store"}
        return {k: v for k, v in asdict(self).items() if k not in apart}


def choose_settings(
    *,
    engine: Engine = "auto",
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

    An explicit ``target_accept`` turns the automatic second run off.
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
    if engine == "laplace" and store is not None:
        raise ArgumentError('store= keeps chains, and engine="laplace" has none: leave it out.')
    return Settings(
        engine=engine,
        draws=draws,
        tune=tune,
        chains=chains,
        cores=cores or available_cores(),
        seed=seed,
        target_accept=target_accept,
        retry=target_accept is None,
        progress=progress,
        store=None if store is None else Path(store),
    )
