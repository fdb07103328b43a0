"""Split R-hat and effective sample sizes of many variables at once.

The definitions are ArviZ's (Vehtari et al. 2021), computed for all variables
together: a model with thousands of random effects needs them by the thousand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri
from scipy.stats import rankdata

type Array = NDArray[np.float64]
CHUNK = 4_000_000


def diagnostics(cube: Array) -> dict[str, Array]:
    """Return ``r_hat``, ``ess_bulk`` and ``ess_tail``, each of shape (n_variables,).

    Parameters
    ----------
    cube : ndarray, shape (n_chains, n_draws, n_variables)

    Returns
    -------
    dict of str to ndarray
        NaN where a variable does not vary, or chains have fewer than four draws.

    References
    ----------
    .. [1] Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021). Rank-normalization,
       folding, and localization. *Bayesian Analysis* 16, 667-718. doi:10.1214/20-BA1221
    """
    chains, draws, n = cube.shape
    out = {name: np.full(n, np.nan) for name in ("r_hat", "ess_bulk", "ess_tail")}
    if draws < 4:
        return out
    step = max(1, CHUNK // (chains * draws))
    for start in range(0, n, step):
        part = cube[:, :, start : start + step]
        spread = np.ptp(part, axis=(0, 1))
        varies = np.isfinite(spread) & (spread > 1e-12)
        if varies.any():
            places = start + np.flatnonzero(varies)
            for name, values in _chunk(part[:, :, varies]).items():
                out[name][places] = values
    return out


def split(cube: Array) -> Array:
    """Cut every chain in two halves, leaving a middle draw out."""
    half = cube.shape[1] // 2
    return np.concatenate([cube[:, :half], cube[:, -half:]], axis=0)


def _chunk(whole: Array) -> dict[str, Array]:
    x = split(whole)
    z = normal_scores(x)
    folded = normal_scores(np.abs(x - np.median(x, axis=(0, 1))))
    low, high = np.quantile(whole, [0.05, 0.95], axis=(0, 1))
    tails = [ess((x <= q).astype(float)) for q in (low, high)]
    return {
        "r_hat": np.maximum(r_hat(z), r_hat(folded)),
        "ess_bulk": ess(z),
        "ess_tail": np.minimum(*tails),
    }


def normal_scores(x: Array) -> Array:
    """Replace draws by normal quantiles of their ranks over all chains."""
    flat = x.reshape(-1, x.shape[2])
    ranks = rankdata(flat, axis=0)
    return ndtri((ranks - 0.375) / (len(flat) + 0.25)).reshape(x.shape)


def r_hat(x: Array) -> Array:
    """Return the square root of pooled over within-chain variance."""
    draws = x.shape[1]
    between = draws * x.mean(axis=1).var(axis=0, ddof=1)
    within = x.var(axis=1, ddof=1).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((between / within + draws - 1) / draws)


def ess(x: Array) -> Array:
    """Return the effective sample size by Geyer's initial monotone sequence."""
    chains, draws, n = x.shape
    covariance = autocovariance(x)
    within = covariance[:, 0].mean(axis=0) * draws / (draws - 1.0)
    total = within * (draws - 1.0) / draws
    if chains > 1:
        total = total + x.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1.0 - (within - covariance.mean(axis=0)) / total
    rho[0] = 1.0
    last = max(0, -(-(draws - 2) // 2) - 1)
    pairs = rho[0 : 2 * last + 1 : 2] + rho[1 : 2 * last + 2 : 2]
    ended = pairs <= 0
    stop = np.where(ended.any(axis=0), ended.argmax(axis=0), last)
    kept = np.arange(last + 1)[:, None] < stop
    monotone = np.minimum.accumulate(np.where(kept, pairs, np.inf), axis=0)
    even, columns = rho[2 * stop, np.arange(n)], np.arange(n)
    counted = (even > 0) | (pairs[stop, columns] >= 0)
    tau = -1.0 + 2.0 * np.where(kept, monotone, 0.0).sum(axis=0) + np.where(counted, even, 0.0)
    tau = np.maximum(tau, 1.0 / np.log10(chains * draws))
    return np.where(total > 0, chains * draws / tau, chains * draws)


def autocovariance(x: Array) -> Array:
    """Return the biased autocovariance of each chain, shape of ``x``."""
    draws = x.shape[1]
    size = next_fast_len(2 * draws, real=True)
    transform = rfft(x - x.mean(axis=1, keepdims=True), size, axis=1)
    return irfft(np.abs(transform) ** 2, size, axis=1)[:, :draws] / draws


