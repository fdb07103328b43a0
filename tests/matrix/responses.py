"""Responses of a model of the matrix: their moments, their draws and their density."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special, stats

from tests import oracle
from tests.matrix.laws import COUNTS, LINKS, ORDERED, UNORDERED, categories
from tests.matrix.rows import PARTS
from tests.matrix.world import World

type Array = np.ndarray
BOUNDS = (0.0, 20.0)
"""Of ``trunc(0, 20)``."""
MOST_PARTS = 60
"""Of a Tweedie amount; ten and more are hardly ever summed here."""


def moments(w: World, eta: Mapping[str, Array], rows: pd.DataFrame) -> tuple[Array, Array]:
    """Return mean and variance of the response given predictors, before truncation.

    Of ordered categories the code; of others each one's count or share, 0 or 1.
    """
    own = w.own(eta, rows)
    n = rows["n"].to_numpy(float) if w.trials is not None else np.ones(len(rows))
    if w.family in ORDERED:
        p, code = w.mean(eta, rows), np.arange(3)
        return p @ code, p @ code**2 - (p @ code) ** 2
    if w.family in UNORDERED:
        p = w.mean(eta, rows)
        n = n[:, None]
        spread = 1 / (own["dispersion"][..., None] + 1) if w.family == "dirichlet" else n
        return n * p, spread * p * (1 - p)
    mu = LINKS[w.law.link][0](eta["mu"])
    if w.trials is None:
        found = w.law.moments(mu, own)
    else:
        more = 1 + (n - 1) / (own["dispersion"] + 1) if w.family == "beta_binomial" else 1.0
        kept = 1 - own["zi"] if w.family == "zero_inflated_binomial" else 1.0
        inside = n * mu * (1 - mu) * more
        found = kept * n * mu, kept * (inside + (n * mu) ** 2) - (kept * n * mu) ** 2
    shape = np.broadcast_shapes(mu.shape, *(v.shape for v in own.values()))
    return np.broadcast_to(found[0], shape), np.broadcast_to(found[1], shape)


def averaged(w: World, how: str, rows: pd.DataFrame, response: bool = True) -> tuple[Array, Array]:
    """Return mean and variance of responses, or of their mean, given parameters alone.

    Parameters
    ----------
    how : {"typical", "known", "new", "population"}
    response : bool
        Whether of new responses; else of E[y], which varies with the effects of new levels.
    """
    if how in ("typical", "known"):
        eta, names, covariance = w.eta(rows, how), [], np.zeros(0)
    elif how == "new":
        eta, names, covariance = w.new(rows)
    else:
        eta, (names, covariance) = w.eta(rows, "typical"), w.covariance(rows)
    first = second = 0.0
    for weight, at in w.over(eta, names, covariance):
        mean, variance = moments(w, at, rows) if response else (w.mean(at, rows), 0.0)
        first, second = first + weight * mean, second + weight * (variance + mean**2)
    return first, np.maximum(second - first**2, 0.0)


def draw(w: World, eta: Mapping[str, Array], rows: pd.DataFrame, rng: np.random.Generator) -> Array:
    """Draw responses as numbers, those of ordered categories as codes."""
    own = w.own(eta, rows)
    n = rows["n"].to_numpy() if w.trials is not None else None
    if w.family in ORDERED:
        below = np.cumsum(w.mean(eta, rows), axis=-1)
        return (rng.random(below.shape[:-1])[..., None] > below[..., :-1]).sum(axis=-1)
    mu = LINKS[w.law.link][0](eta["mu"])
    shape = np.broadcast_shapes(mu.shape, *(v.shape for v in own.values()))
    mu, own = np.broadcast_to(mu, shape), {k: np.broadcast_to(v, shape) for k, v in own.items()}
    trials = None if n is None else np.broadcast_to(n, shape)
    y = w.law.draw(rng, mu, own, trials)
    while "trunc" in w.modifier and (out := (y < BOUNDS[0]) | (y > BOUNDS[1])).any():
        y = np.where(out, w.law.draw(rng, mu, own, trials), y)
    return y


def observed(w: World) -> Array:
    """Return the responses as numbers, shape (n_rows,) or (n_rows, 3)."""
    if len(w.columns) > 1:
        return w.rows[PARTS].to_numpy(float)
    y = w.rows["y"]
    return y.cat.codes.to_numpy(float) if w.family in (*ORDERED, *UNORDERED) else y.to_numpy(float)


def density(
    w: World, eta: Mapping[str, Array], own: Mapping[str, Array], cuts: Array | None = None
) -> Array:
    """Return the log-density of the training rows as they were observed, with weights."""
    y = observed(w)
    if w.family in (*ORDERED, *UNORDERED):
        return _categories(w, eta, own, y, cuts)
    link = w.law.link
    if w.family == "tweedie":
        found = _tweedie(y, np.exp(eta["mu"]), own["dispersion"], own["power"])
    else:
        found = oracle.log_likelihood(w.family, link, y, w.trials, eta["mu"], own)
    if "cens" in w.modifier:
        above = log_above(w, y, LINKS[link][0](eta["mu"]), own)
        found = np.where(w.rows["status"] == "right", above, found)
    if "trunc" in w.modifier:
        found = found - log_within(w, LINKS[link][0](eta["mu"]), own)
    return found * w.rows["copies"].to_numpy() if "weights" in w.modifier else found


def _tweedie(y: Array, mu: Array, phi: Array, p: Array) -> Array:
    """Sum over the number of parts of its probability times their Gamma density."""
    rate, shape = mu ** (2 - p) / (phi * (2 - p)), (2 - p) / (p - 1)
    scale, some = phi * (p - 1) * mu ** (p - 1), np.where(y > 0, y, 1.0)
    n = np.arange(1.0, MOST_PARTS)
    z = shape * np.log(some / scale) + np.log(rate)
    terms = n * z[..., None] - special.gammaln(n + 1) - special.gammaln(shape[..., None] * n)
    inside = special.logsumexp(terms, axis=-1) - np.log(some) - rate - some / scale
    return np.where(y > 0, inside, -rate)


def _categories(
    w: World, eta: Mapping[str, Array], own: Mapping[str, Array], y: Array, cuts: Array | None
) -> Array:
    if w.family in ORDERED:
        p = categories(w.family, eta["mu"], cuts, own["discrimination"])
    else:
        p = categories(w.family, np.stack([eta[k] for k in w.means], -1), None, np.ones(()))
    if y.ndim == 1:
        return np.log(
            np.take_along_axis(p, y.astype(int)[(None,) * (p.ndim - 2) + (..., None)], -1)[..., 0]
        )
    if w.family == "multinomial":
        ways = special.gammaln(y.sum(-1) + 1) - special.gammaln(y + 1).sum(-1)
        return ways + (y * np.log(p)).sum(-1)
    a = own["dispersion"][..., None] * p
    return special.gammaln(a.sum(-1)) - special.gammaln(a).sum(-1) + ((a - 1) * np.log(y)).sum(-1)


def log_within(w: World, mu: Array, own: Mapping[str, Array]) -> Array:
    """Return log P(0 <= Y <= 20): of numbers that are never negative the distribution function."""
    match w.family:
        case "poisson":
            return stats.poisson.logcdf(BOUNDS[1], mu)
        case "lognormal":
            return stats.lognorm.logcdf(BOUNDS[1], own["sigma"], scale=mu)
    low, high = (log_above(w, np.full(mu.shape[-1:], bound), mu, own) for bound in BOUNDS)
    whole = 0.0 if w.family in COUNTS else low
    return whole + np.log1p(-np.exp(high - whole))


def log_above(w: World, y: Array, mu: Array, own: Mapping[str, Array]) -> Array:
    """Return log P(Y > y) of the families that have cens() and trunc()."""
    with np.errstate(all="ignore"):
        match w.family:
            case "gaussian":
                return stats.norm.logsf(y, mu, own["sigma"])
            case "lognormal":
                return stats.lognorm.logsf(y, own["sigma"], scale=mu)
            case "weibull":
                scale = mu / special.gamma(1 + 1 / own["shape"])
                return stats.weibull_min.logsf(y, own["shape"], scale=scale)
            case "exponential":
                return stats.expon.logsf(y, scale=mu)
            case "poisson":
                return stats.poisson.logsf(y, mu)
            case "geometric":
                return stats.nbinom.logsf(y, 1, 1 / (1 + mu))
            case "negative_binomial":
                return stats.nbinom.logsf(
                    y, own["dispersion"], own["dispersion"] / (own["dispersion"] + mu)
                )
            case "negative_binomial1":
                d = own["dispersion"]
                return stats.nbinom.logsf(y, mu / d, 1 / (1 + d))
            case "generalized_poisson":
                root = np.sqrt(own["dispersion"])
                theta, lam = np.broadcast_arrays(mu / root, 1 - 1 / root)
                k = np.arange(1000.0)
                p = np.exp(oracle.consul(k, theta[..., None], lam[..., None]))
                return np.log((p * (k > y[..., None])).sum(axis=-1))
            case "asymmetric_laplace":
                q, z = own["quantile"], (y - mu) / own["sigma"]
                right = np.log(1 - q) - q * z
                return np.where(z > 0, right, np.log1p(-q * np.exp((1 - q) * z)))
    raise AssertionError(w.family)


def seen(w: World, eta: Mapping[str, Array]) -> tuple[Array, Array]:
    """Return mean and variance of the rows' responses, between the bounds of truncation."""
    if "trunc" not in w.modifier:
        return moments(w, eta, w.rows)
    own, counts = w.own(eta, w.rows), w.family in COUNTS
    grid = np.arange(BOUNDS[0], BOUNDS[1] + 1) if counts else np.linspace(*BOUNDS, 2_001)
    sums = np.zeros((3, *eta["mu"].shape))
    for y in grid:
        if y == 0 and not counts and w.law.link == "log":
            continue  # no density at all
        plain = replace(w, rows=w.rows.assign(y=y), modifier="", memory={})
        share = 0.5 if not counts and y in BOUNDS else 1.0  # the trapezoid rule
        p = share * np.exp(density(plain, eta, own))
        sums += np.array([p, p * y, p * y * y])
    mean = sums[1] / sums[0]
    return mean, sums[2] / sums[0] - mean**2
