"""Split R-hat and effective sample sizes of many variables at once.

The definitions are ArviZ's (Vehtari et al. 2021), computed for all variables
together: a model with thousands of random effects needs them by the thousand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri

from bayes_glmm.maths.on_cores import on_cores

type Array = NDArray[np.float64]
CHUNK = 250_000
FEW_LAGS = (6, 14)


def diagnostics(cube: Array) -> dict[str, Array]:
    """Return ``r_hat``, ``ess_bulk`` and ``ess_tail``, each of shape (n_variables,).

    Parameters
    ----------
    cube : ndarray, shape (n_chains, n_draws, n_variables)

    Returns
    -------
    dict of str to ndarray
        NaN where a variable does not vary or is not finite, or chains have fewer
        than four draws.

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

    def fill(start: int) -> None:
        part = np.ascontiguousarray(np.moveaxis(cube[:, :, start : start + step], 2, 0))
        varies = _varies(part.min(axis=(1, 2)), part.max(axis=(1, 2)))
        if varies.any():
            places = start + np.flatnonzero(varies)
            for name, values in _chunk(part[varies]).items():
                out[name][places] = values

    on_cores(fill, range(0, n, step))
    return out


def folded_ess(cube: Array) -> Array:
    """Return the effective sample size of distances from the median, shape (n_variables,).

    R-hat is the larger one of the values and of these, whose size can be a tenth of that of the
    values: chains that jump across the middle forget where they are, not how far out.

    Parameters
    ----------
    cube : ndarray, shape (n_chains, n_draws, n_variables)
    """
    x = split(np.moveaxis(cube, 2, 0))
    return ess(_folded(x, np.sort(x.reshape(len(x), -1), axis=1)))


def _folded(x: Array, ordered: Array) -> Array:
    """Return normal quantiles of distances from the median, of values and of them sorted by rows."""
    size = ordered.shape[1]
    middle = (ordered[:, (size - 1) // 2] + ordered[:, size // 2]) / 2
    return normal_scores(np.abs(x.reshape(ordered.shape) - middle[:, None]))[0].reshape(x.shape)


def _varies(low: Array, high: Array) -> NDArray[np.bool_]:
    """Whether extremes are finite and differ by more than rounding."""
    finite = np.isfinite(low) & np.isfinite(high)
    low, high = np.where(finite, low, 0.0), np.where(finite, high, 0.0)
    return high - low > 1e-13 * np.maximum(np.abs(low), np.abs(high))


def split(x: Array) -> Array:
    """Cut every chain in two halves, leaving a middle draw out.

    Shapes are (n_variables, n_chains, n_draws) here and below.
    """
    half = x.shape[2] // 2
    return np.concatenate([x[:, :, :half], x[:, :, -half:]], axis=1)


def _chunk(whole: Array) -> dict[str, Array]:
    x = split(whole)
    scores, ordered = normal_scores(x.reshape(len(x), -1))
    z, folded = scores.reshape(x.shape), _folded(x, ordered)
    if whole.size != x.size:
        ordered = np.sort(whole.reshape(len(whole), -1), axis=1)
    tails = [ess((x <= _quantile(ordered, q)[:, None, None]).astype(float)) for q in (0.05, 0.95)]
    return {
        "r_hat": np.maximum(r_hat(z), r_hat(folded)),
        "ess_bulk": ess(z),
        "ess_tail": np.minimum(*tails),
    }


def normal_scores(flat: Array) -> tuple[Array, Array]:
    """Return normal quantiles of the ranks in each row, and the rows sorted."""
    n = flat.shape[1]
    order = np.argsort(flat, axis=1)
    ordered = np.take_along_axis(flat, order, axis=1)
    scores = np.empty_like(flat)
    by_rank = ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    np.put_along_axis(scores, order, by_rank[None, :], axis=1)
    tied = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
    if tied.any():
        among = ndtri((_shared_ranks(ordered[tied]) - 0.375) / (n + 0.25))
        scores[tied] = np.take_along_axis(among, np.argsort(order[tied], axis=1), axis=1)
    return scores, ordered


def _shared_ranks(ordered: Array) -> Array:
    """Return ranks from 1 of sorted rows; equal values share the middle of theirs."""
    edge = np.ones((len(ordered), 1), bool)
    changes = ordered[:, 1:] != ordered[:, :-1]
    places = np.arange(ordered.shape[1])
    first = np.where(np.hstack([edge, changes]), places, 0)
    last = np.where(np.hstack([changes, edge]), places, places[-1])
    first = np.maximum.accumulate(first, axis=1)
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    return (first + last) / 2 + 1


def _quantile(ordered: Array, q: float) -> Array:
    """Return the linearly interpolated quantile of sorted rows."""
    place = q * (ordered.shape[1] - 1)
    low = int(place)
    high = min(low + 1, ordered.shape[1] - 1)
    gap = ordered[:, high] - ordered[:, low]
    weight = place - low
    value = ordered[:, low] + gap * weight
    if weight >= 0.5:
        value = ordered[:, high] - gap * (1 - weight)
    return value


def r_hat(x: Array) -> Array:
    """Return the square root of pooled over within-chain variance."""
    draws = x.shape[2]
    between = draws * x.mean(axis=2).var(axis=1, ddof=1)
    within = x.var(axis=2, ddof=1).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((between / within + draws - 1) / draws)


def ess(x: Array) -> Array:
    """Return the effective sample size by Geyer's initial monotone sequence.

    The autocorrelation of most variables ends within a few lags. These are computed first,
    all others only where the sequence has not ended by then.
    """
    means = x.mean(axis=2)
    centred = x - means[:, :, None]
    between = means.var(axis=1, ddof=1) if x.shape[1] > 1 else np.zeros(len(x))
    out, open_ = np.empty(len(x)), np.arange(len(x))
    lagged = np.empty((len(x), 0))
    for lags in FEW_LAGS:
        if lags + 3 > x.shape[2] or not len(open_):
            break
        new = [_lag(centred[open_], t) for t in range(lagged.shape[1], lags)]
        lagged = np.column_stack([lagged, *new])
        out[open_], ended = _geyer(lagged, between[open_], x.shape)
        open_, lagged = open_[~ended], lagged[~ended]
    if len(open_):
        out[open_], _ = _geyer(_all_lags(centred[open_]), between[open_], x.shape)
    return out


def _lag(centred: Array, t: int) -> Array:
    """Return the autocovariance at one lag, averaged over chains."""
    draws = centred.shape[2]
    pairs = np.einsum("vcd,vcd->v", centred[:, :, : draws - t], centred[:, :, t:])
    return pairs / (draws * centred.shape[1])


def _all_lags(centred: Array) -> Array:
    draws = centred.shape[2]
    size = next_fast_len(2 * draws, real=True)
    transform = rfft(centred, size, axis=2)
    power = (transform.real**2 + transform.imag**2).mean(axis=1)
    return irfft(power, size, axis=1)[:, :draws] / draws


def _geyer(
    covariance: Array, between: Array, shape: tuple[int, ...]
) -> tuple[Array, NDArray[np.bool_]]:
    """Return sample sizes from the leading lags, and where those were enough."""
    _, chains, draws = shape
    within = covariance[:, :1] * draws / (draws - 1.0)
    total = covariance[:, :1] + between[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        rho = 1.0 - (within - covariance) / total
    rho[:, 0] = 1.0
    every = rho[:, : rho.shape[1] // 2 * 2]
    every = every[:, ::2] + every[:, 1::2]
    pairs = every[:, : max(0, (draws - 3) // 2)]
    over = np.column_stack([pairs <= 0, np.ones(len(rho), bool)])
    stop = over.argmax(axis=1)
    kept = np.arange(pairs.shape[1]) < stop[:, None]
    monotone = np.minimum.accumulate(np.where(kept, pairs, np.inf), axis=1)
    where = np.arange(len(rho)), np.minimum(stop, every.shape[1] - 1)
    last = rho[:, ::2][where]
    counted = (last > 0) | (every[where] >= 0)
    tau = -1.0 + 2.0 * np.where(kept, monotone, 0.0).sum(axis=1) + np.where(counted, last, 0.0)
    sizes = chains * draws / np.maximum(tau, 1.0 / np.log10(chains * draws))
    still = total[:, 0] <= 0
    return np.where(still, chains * draws, sizes), still | (stop < pairs.shape[1])
