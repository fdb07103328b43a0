"""Chains of the No-U-Turn sampler, one unit of work and one seed each."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.disk.progress_bars import bars, status
from bayes_glmm.engine.load import CompiledGraph
from bayes_glmm.engine.nutpie_adapter import Density
from bayes_glmm.engine.settings import Settings
from bayes_glmm.engine.stopped import Stopped
from bayes_glmm.engine.store import Chain, Store
from bayes_glmm.errors import EngineError

POLL_SECONDS = 0.005
NOWHERE = "All initialization points failed"
"""How the sampler says that the density is not finite at any point where it tried to begin."""
PANIC = "PanicException"
"""What a panic in Rust becomes: no module has this class, and it is no ``Exception``."""
STATISTICS = {
    "diverging": "diverging",
    "depth": "tree_depth",
    "maxdepth_reached": "reached_max_treedepth",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "energy": "energy",
    "logp": "lp",
    "mean_tree_accept": "acceptance_rate",
}
type Report = Callable[[int, int, int], None]


def run_chains(
    model: Density | CompiledGraph,
    settings: Settings,
    target_accept: float,
    store: Store | None,
    attempt: int,
) -> list[Chain]:
    """Sample every chain that is not kept yet, ``settings.cores`` at a time.

    Cores that no chain needs help with the rows of others; no draw depends on it.

    Parameters
    ----------
    model : Density or CompiledGraph
    target_accept : float
        Acceptance aimed at in this attempt.
    attempt : int
        Number of the attempt: chains of different attempts have different files.

    Returns
    -------
    list of Chain
        In the order of the chains, whatever order they finished in.

    Raises
    ------
    Stopped
        Ctrl-C: it holds what was drawn. Chains that were cut are not written to the store.
    EngineError
        The sampler broke off, or the density is not finite where a chain begins.
    """
    done: dict[int, Chain] = {}
    if store is not None:
        found = {k: store.read(k, attempt) for k in range(settings.chains)}
        done = {k: chain for k, chain in found.items() if chain is not None}
    waiting = [k for k in range(settings.chains) if k not in done]
    running: dict[int, Any] = {}
    seeds = chain_seeds(settings.seed, settings.chains)
    with progress(settings, waiting) as report:
        try:
            while waiting or running:
                while waiting and len(running) < settings.cores:
                    k = waiting.pop(0)
                    running[k] = _begin(model, settings, target_accept, seeds[k], k, report)
                model.use_threads(settings.cores // max(1, len(running)))
                for k in [k for k, sampler in running.items() if finished(sampler)]:
                    done[k] = _collect(running[k].wait, model.left_out)
                    del running[k]
                    if store is not None:
                        store.write(k, attempt, done[k])
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt as stop:
            raise Stopped(_all_drawn(done, running, model.left_out)) from stop
        except BaseException:
            for sampler in running.values():
                with suppress(EngineError), _failures():  # that which broke off cannot be stopped
                    sampler.cancel()
            raise
    return [done[k] for k in range(settings.chains)]


def chain_seeds(seed: int, chains: int) -> list[int]:
    """Return one independent seed per chain; the first do not depend on the rest."""
    children = np.random.SeedSequence(seed).spawn(chains)
    return [int(child.generate_state(1, np.uint32)[0]) for child in children]


def _begin(
    model: Density | CompiledGraph,
    settings: Settings,
    target: float,
    seed: int,
    k: int,
    report: Report,
) -> Any:
    def heard(chains: list[Any]) -> None:
        report(k, chains[0].finished_draws, chains[0].divergences)

    options = {"num_draws": settings.draws, "num_tune": settings.tune, "target_accept": target}
    return model.sample(seed, options, heard=heard if settings.progress else None)


def finished(sampler: Any) -> bool:
    """Whether all draws of a chain are there: not while its sampler is too busy to answer."""
    try:
        with _failures():
            return bool(sampler.is_finished)
    except TimeoutError:
        return False


@contextmanager
def _failures() -> Iterator[None]:
    """Turn what the sampler raises, at whichever question, into errors of the package."""
    try:
        yield
    except RuntimeError as error:
        if NOWHERE not in str(error):
            raise _broken(error) from error
        raise EngineError(
            "Sampling stopped: the model's density is not finite where the chains begin. Look at "
            "priors(), at offsets and exposures, and at responses far outside the link's domain."
        ) from error
    except BaseException as error:
        if type(error).__name__ != PANIC:
            raise
        raise _broken(error) from error


def _broken(error: BaseException) -> EngineError:
    """Say why the sampler broke off, without where in its machine code, and the way out."""
    causes = [line.strip() for line in str(error).partition("Stack backtrace")[0].splitlines()]
    reason = " ".join(filter(None, causes))
    return EngineError(
        f"The sampler broke off: {reason}. Sample again with another seed=, or the model's graph "
        'with engine="nuts".'
    )


def _all_drawn(
    done: Mapping[int, Chain], running: Mapping[int, Any], left_out: Collection[str]
) -> list[Chain]:
    """Stop what runs, and return its draws and those of whole chains, in their order."""
    drawn = dict(done)
    for k, sampler in running.items():
        # neither a sampler that broke off nor one whose trace was taken has draws
        with suppress(EngineError, ValueError):
            drawn.setdefault(k, _collect(sampler.abort, left_out))
    return [drawn[k] for k in sorted(drawn)]


def _collect(trace: Callable[[], Any], left_out: Collection[str]) -> Chain:
    """Return the draws after warm-up of a trace that is waited for."""
    with _failures():
        (draws,), (stats,) = trace().get_arrow_trace()
    kept = slice(int(_column(stats, "tuning").sum()), None)  # warm-up comes first
    return Chain(
        {str(n): _column(draws, n)[kept] for n in draws.column_names if n not in left_out},
        {ours: _column(stats, name)[kept] for name, ours in STATISTICS.items()},
    )


def _column(table: Any, name: str) -> NDArray[Any]:
    """Return a column of an Arrow table, a row per iteration, in its own shape."""
    import pyarrow

    column = table.column(name)
    shape = (column.field.metadata or {}).get(b"shape", b"").decode()
    values = pyarrow.array(column)
    flat = values.flatten() if hasattr(values, "flatten") else values
    return flat.to_numpy(zero_copy_only=False).reshape(
        table.num_rows, *(int(n) for n in shape.split(",") if n)
    )


@contextmanager
def preparing(settings: Settings) -> Iterator[None]:
    """Say in a terminal or a notebook that a model may be compiled, which takes a while."""
    with status(
        settings.progress,
        "Preparing the model; one that the kernel does not cover is compiled, for a minute or two",
        "The model is prepared.",
    ):
        yield


@contextmanager
def progress(settings: Settings, chains: list[int]) -> Iterator[Report]:
    """Show one bar per chain in a terminal or a notebook; stay silent elsewhere."""
    with bars(settings.progress, "{task.fields[divergences]} divergences") as shown:
        if shown is None:
            yield lambda k, finished, divergences: None
            return
        total = (settings.tune or 0) + settings.draws
        tasks = {k: shown.add_task(f"chain {k + 1}", total=total, divergences=0) for k in chains}
        yield lambda k, finished, divergences: shown.update(
            tasks[k], completed=finished, divergences=divergences
        )
        for task in tasks.values():
            shown.update(task, completed=total)
