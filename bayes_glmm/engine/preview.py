"""Draws of the normal approximation, weighted to the posterior: a preview in seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.choose import Coordinates
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.kernel import log_density
from bayes_glmm.engine.settings import Settings

type Array = NDArray[np.float64]
FREEDOM = 7.0
TRUSTED = 0.7
STREAM = 11
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Preview:
    """Draws, how they were weighted, and whether the weights can be trusted.

    Attributes
    ----------
    posterior : dict of str to ndarray, shape (n_chains, n_draws, ...)
    stats : dict of str to ndarray, shape (n_chains, n_draws)
        ``lp``, ``log_weight`` (smoothed; they sum to one over all draws) of each draw
        and ``pareto_k``, the same for all.
    note : str
    """

    posterior: dict[str, Array]
    stats: dict[str, Array]
    note: str


def preview(chosen: Coordinates, settings: Settings) -> Preview:
    """Draw from the approximation and resample by Pareto-smoothed weights [1]_.

    Scales are drawn from a multivariate t around their mode, everything linear
    from its normal approximation given them. Where the shape of the weights' tail
    is above 0.7 they are of no use, and the draws stay as they are.

    References
    ----------
    .. [1] Vehtari, Simpson, Gelman, Yao & Gabry (2024). Pareto smoothed importance
       sampling. *Journal of Machine Learning Research* 25(72), 1-58.
    """
    from arviz_stats.base import array_stats

    program, plan = chosen.program, chosen.program.plan
    assert plan is not None
    program.threads[0] = settings.cores
    rng = np.random.default_rng([settings.seed, STREAM])
    total, d = settings.chains * settings.draws, len(plan.theta)
    z = rng.normal(size=(total, program.n_sampled))
    z[:, :d] *= np.sqrt(FREEDOM / rng.chisquare(FREEDOM, size=(total, 1)))
    scratch = np.empty(program.n_sampled)
    lp = np.array([log_density(program.buffer, row, scratch) for row in z])
    proposal = -0.5 * (FREEDOM + d) * np.log1p((z[:, :d] ** 2).sum(axis=1) / FREEDOM)
    proposal -= 0.5 * (z[:, d:] ** 2).sum(axis=1)
    ratio = np.where(np.isfinite(lp), lp, -np.inf) - proposal
    if np.ptp(ratio) > SAME:
        log_weight, k = array_stats.psislw(ratio.max() - ratio)
    else:  # the approximation is the posterior: there is no tail to smooth
        log_weight, k = np.zeros(total), -np.inf
    log_weight = np.asarray(log_weight) - np.logaddexp.reduce(log_weight)
    kept, k = np.arange(total), float(k)
    effective = 1.0 / np.exp(2 * log_weight).sum()
    note = f"Laplace approximation: Pareto k is {k:.2f}"
    if k <= TRUSTED:
        kept = rng.permutation(_resample(rng, np.exp(log_weight)))
        note += f"; {total:,} draws were weighted, worth {effective:,.0f} independent ones."
    else:
        note += f" (above {TRUSTED}), so the draws are those of the approximation, not weighted."
    shape = (settings.chains, settings.draws)
    stats = {"lp": lp[kept], "log_weight": log_weight[kept], "pareto_k": np.full(total, k)}
    return Preview(
        expand(program, z[kept].reshape(*shape, -1), settings.seed),
        {name: values.reshape(shape) for name, values in stats.items()},
        note,
    )


def _resample(rng: np.random.Generator, weights: Array) -> NDArray[np.intp]:
    """Draw positions by systematic resampling: as many of each as its weight says."""
    n = len(weights)
    places = (np.arange(n) + rng.random()) / n
    return np.minimum(np.searchsorted(np.cumsum(weights), places), n - 1)
