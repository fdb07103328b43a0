"""Whether the chains agree and explored: the verdict that every answer repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_glmm.answers.diagnostics import diagnostics
from bayes_glmm.errors import Finding, listed

if TYPE_CHECKING:
    import xarray as xr

R_HAT = 1.01
ESS_PER_CHAIN = 100
BFMI = 0.3
DEEP_SHARE = 0.01


def convergence(posterior: xr.Dataset, stats: xr.Dataset) -> tuple[bool, list[Finding]]:
    """Judge chains by ArviZ's thresholds.

    Parameters
    ----------
    posterior : xarray.Dataset
        Dims (chain, draw, ...); variables that do not vary are passed over.
    stats : xarray.Dataset
        ``diverging``, ``energy`` and ``reached_max_treedepth`` over (chain, draw).

    Returns
    -------
    converged : bool
    findings : list of Finding
        Severity ``error`` where the chains must not be reported from.
    """
    names, cube = stacked(posterior)
    found = diagnostics(cube)
    chains = cube.shape[0]
    verdicts = [
        _worst("r_hat", found["r_hat"], names, R_HAT, above=True),
        *(
            _worst(kind, found[kind], names, ESS_PER_CHAIN * chains, above=False)
            for kind in ("ess_bulk", "ess_tail")
        ),
        _divergences(stats),
        _energy(stats),
        _depth(stats),
    ]
    findings = [f for f in verdicts if f is not None]
    return not any(f.severity == "error" for f in findings), findings


def stacked(posterior: xr.Dataset) -> tuple[list[str], np.ndarray]:
    """Return names and draws of all elements, shape (n_chains, n_draws, n_elements)."""
    names, parts = [], []
    for name, variable in posterior.data_vars.items():
        values = variable.values
        dims = variable.dims[2:]
        if not dims:
            names.append(str(name))
        else:
            labels = [[str(v) for v in variable[d].values] for d in dims]
            shape = values.shape[2:]
            for place in np.ndindex(*shape):
                inner = ", ".join(labels[k][i] for k, i in enumerate(place))
                names.append(f"{name}[{inner}]")
        parts.append(values.reshape(*values.shape[:2], -1))
    return names, np.concatenate(parts, axis=2)


def _worst(
    kind: str, values: np.ndarray, names: list[str], limit: float, above: bool
) -> Finding | None:
    bad = values > limit if above else values < limit
    if not bad.any():
        return None
    order = np.argsort(-values if above else values)
    worst = [i for i in order if bad[i]]
    figure = float(values[worst[0]])
    shown = listed((names[i] for i in worst), limit=3)
    texts = {
        "r_hat": f"R-hat is {figure:.3f} (above {limit}) for {shown}: the chains disagree",
        "ess_bulk": f"the effective sample size is {figure:.0f} (below {limit:.0f}) for {shown}: "
        "its mean is not precise",
        "ess_tail": f"the effective sample size of the tails is {figure:.0f} (below {limit:.0f}) "
        f"for {shown}: its interval is not precise",
    }
    advice = (
        "; sample longer (draws=, tune=), and simplify the random effects if that does not help."
    )
    return Finding(kind, "error", texts[kind] + advice, figure=figure, threshold=float(limit))


def _divergences(stats: xr.Dataset) -> Finding | None:
    n = int(stats["diverging"].sum()) if "diverging" in stats else 0
    if not n:
        return None
    share = n / stats["diverging"].size
    return Finding(
        "divergences",
        "error",
        f"{n} of {stats['diverging'].size} iterations diverged ({share:.2%}): part of the posterior was not "
        "explored; raise target_accept, or simplify random effects whose sd may be zero.",
        figure=float(n),
        threshold=0.0,
    )


def _energy(stats: xr.Dataset) -> Finding | None:
    if "energy" not in stats:
        return None
    energy = np.asarray(stats["energy"].values, float)
    spread = energy.var(axis=1)
    if not (spread > 0).all():
        return None
    lowest = float((np.square(np.diff(energy, axis=1)).mean(axis=1) / spread).min())
    if lowest >= BFMI:
        return None
    return Finding(
        "energy",
        "warning",
        f"E-BFMI is {lowest:.2f} (below {BFMI}): the tails are explored slowly; a near-zero sd or a "
        "heavy-tailed prior is the usual cause.",
        figure=lowest,
        threshold=BFMI,
    )


def _depth(stats: xr.Dataset) -> Finding | None:
    if "reached_max_treedepth" not in stats:
        return None
    share = float(stats["reached_max_treedepth"].mean())
    if share <= DEEP_SHARE:
        return None
    return Finding(
        "tree_depth",
        "warning",
        f"{share:.1%} of the trajectories were cut at the largest tree depth: sampling is slow, not "
        "wrong; standardise predictors of very different scales.",
        figure=share,
        threshold=DEEP_SHARE,
    )
