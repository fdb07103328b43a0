"""A NumPyro model written by hand, not centred, in double precision, chains in parallel."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from models import Model

from contenders.base import Fitted, Inputs, Settings
from contenders.numpyro_model import written

COMPILING: list[tuple[float, float]] = []


def load(settings: Settings) -> None:
    """Import NumPyro; listen to how long JAX traces and compiles."""
    import jax
    import numpyro

    numpyro.enable_x64()
    numpyro.set_host_device_count(settings.cores)
    jax.monitoring.register_event_duration_secs_listener(_listen)


def _listen(event: str, seconds: float, **_: Any) -> None:
    if event.startswith("/jax/core/compile/"):
        now = time.perf_counter()
        COMPILING.append((now - seconds, now))


def compiled_for(begun: float) -> float:
    """Seconds since then in which something was traced or compiled; the calls are nested."""
    total, reached = 0.0, begun
    for first, last in sorted(COMPILING):
        total += max(0.0, last - max(first, reached))
        reached = max(reached, last)
    return total


def fit(model: Model, data: pd.DataFrame, settings: Settings, inputs: Inputs) -> Any:
    """Build, compile and sample; collect an xarray posterior."""
    import jax
    import xarray as xr
    from numpyro.infer import MCMC, NUTS

    mcmc = MCMC(
        NUTS(written(inputs)),
        num_warmup=settings.tune,
        num_samples=settings.draws,
        num_chains=settings.chains,
        chain_method="parallel" if settings.cores >= settings.chains else "sequential",
        progress_bar=False,
    )
    begun = time.perf_counter()
    mcmc.run(
        jax.random.PRNGKey(settings.seed),
        **arrays(inputs),
        extra_fields=("num_steps", "diverging"),
    )
    draws = {k: np.asarray(v) for k, v in mcmc.get_samples(group_by_chain=True).items()}
    took = time.perf_counter() - begun
    extra = {k: np.asarray(v) for k, v in mcmc.get_extra_fields(group_by_chain=True).items()}
    tree = xr.DataTree.from_dict({"posterior": dataset(draws), "sample_stats": dataset(extra)})
    tree.attrs["sampling"] = max(0.0, took - compiled_for(begun))
    return tree


def dataset(arrays: dict[str, np.ndarray]) -> Any:
    """Label the draws by chain and draw."""
    import xarray as xr

    return xr.Dataset(
        {
            k: (("chain", "draw", *(f"{k}_{i}" for i in range(v.ndim - 2))), v)
            for k, v in arrays.items()
        }
    )


def arrays(inputs: Inputs) -> dict[str, Any]:
    """The data, handed over as arguments: nothing large is compiled in."""
    design = inputs.design
    out = {"X": design.mu.X - design.mu.centers, "offset": design.mu.offset, "y": design.response}
    if design.trials is not None:
        out["trials"] = design.trials
    for group in design.mu.groups:
        out[f"index_{group.name}"] = group.index
        if group.Z is not None:
            out[f"Z_{group.name}"] = group.Z
    return out


def read(tree: Any, settings: Settings, inputs: Inputs) -> Fitted:
    """Leave out what only the sampler sees; warm-up steps are not known."""
    posterior, stats = tree["posterior"], tree["sample_stats"]
    hidden = ("z_", "chol_", "middle")
    return Fitted(
        {str(k): v.values for k, v in posterior.data_vars.items() if not str(k).startswith(hidden)},
        stats["diverging"].values,
        stats["num_steps"].values,
        sampling=tree.attrs["sampling"],
        kept=settings.draws / (settings.draws + settings.tune),
        notes=("share of the kept draws in the sampling time by iterations",),
    )
