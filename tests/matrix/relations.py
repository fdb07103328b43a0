"""Covariances of related levels by their definitions, dense."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd
from scipy import special
from scipy.spatial.distance import cdist

from tests.matrix.rows import LEVELS, PARENTS, RING, covariates, genotypes, relationship
from tests.structures.oracle import tabular

type Array = np.ndarray
SIZE = len(LEVELS)


def _genomic() -> Array:
    z = genotypes().to_numpy(float)
    p = z.mean(axis=0) / 2
    return (z - 2 * p) @ (z - 2 * p).T / (2 * p * (1 - p)).sum()


def _shared() -> Array:
    """Time that two tips of the tree have in common, of a height of one."""
    depth = np.full((SIZE, SIZE), 0.0)
    for i, j in product(range(SIZE), repeat=2):
        if (i < 8) != (j < 8):
            continue
        if i < 8:  # splits at 1, 2 and 3 of 4
            depth[i, j] = 4 if i == j else 3 if i // 2 == j // 2 else 2 if i // 4 == j // 4 else 1
        else:
            depth[i, j] = 4 if i == j else 3 if i // 2 == j // 2 else 2
    return depth / 4


def _ring() -> Array:
    W = np.zeros((SIZE, SIZE))
    for a, b in RING.itertuples(index=False):
        W[LEVELS.index(a), LEVELS.index(b)] = W[LEVELS.index(b), LEVELS.index(a)] = 1
    return W


def _scaled(K: Array) -> Array:
    return K / np.exp(np.log(np.diagonal(K, axis1=-2, axis2=-1)).mean(-1))[..., None, None]


def _areal(model: str, mix: Array | None) -> Array:
    W, eye = _ring(), np.eye(SIZE)
    R = np.diag(W.sum(axis=1)) - W
    if model in ("icar", "bym2"):
        K = _scaled(np.linalg.pinv(R, hermitian=True))[None]
        return K if mix is None else mix * K + (1 - mix) * eye
    Q = mix * R + (1 - mix) * eye if model == "leroux" else np.diag(W.sum(axis=1)) - mix * W
    return _scaled(np.linalg.inv(Q))


def places() -> Array:
    return covariates().groupby("g")[["east", "north"]].first().loc[LEVELS].to_numpy(float)


def matern(gaps: Array, reach: Array) -> Array:
    """Matérn's correlation with smoothness 3/2."""
    scaled = np.sqrt(3) * gaps / reach
    return (1 + scaled) * np.exp(-scaled)


def _box() -> tuple[Array, Array, Array]:
    at = places()
    low, high = at.min(axis=0), at.max(axis=0)
    half = np.maximum((high - low) / 2, 0.1 * (high - low).max() / 2)
    return (low + high) / 2, 2.5 * half, np.ceil(3.42 * 2.5 * half / (half.max() / 4)).astype(int)


def wave_numbers() -> list[tuple[int, int]]:
    return list(product(*(range(1, m + 1) for m in _box()[2])))


def waves(at: Array, reach: Array) -> tuple[Array, Array]:
    """Return sines in a box around the places, and their variances (Riutort-Mayol et al. 2023).

    Returns
    -------
    basis : ndarray, shape (n_places, n_waves)
    power : ndarray, shape (n_draws, n_waves)
        Spectral density of Matérn's field with smoothness 3/2 in the plane.
    """
    middle, edge, _ = _box()
    frequency = np.pi * np.array(wave_numbers()) / (2 * edge)
    basis = (np.sin((at - middle + edge)[:, None] * frequency) / np.sqrt(edge)).prod(axis=2)
    r, square = reach.reshape(-1, 1), (frequency**2).sum(axis=1)
    size = 4 * np.pi * special.gamma(2.5) * 3**1.5 / (special.gamma(1.5) * r**3)
    return basis, size * (3 / r**2 + square) ** -2.5


def stranger(name: str, hyper: Mapping[str, Array], place: Array) -> tuple[Array, float]:
    """Return the covariances of a new level with all others, and its variance."""
    if name == "A":  # a child of g00 and g02
        more = pd.concat(
            [PARENTS, pd.DataFrame({"animal": ["x"], "sire": ["g00"], "dam": ["g02"]})]
        )
        A = tabular(more)
        return A.loc["x", LEVELS].to_numpy()[None], float(A.loc["x", "x"])
    assert name in ("exact", "nearest"), name
    gaps = np.linalg.norm(places() - place, axis=1)
    return matern(gaps, np.asarray(hyper["range"])[:, None]), 1.0


def walk(times: Array, order: int) -> Array:
    """Return the covariance of a random walk whose values sum to zero, and have no trend.

    Lindgren & Rue (2008): contrasts of Brownian motion, or of its integral; geometric mean of the
    variances at four times one apart is one (Sørbye & Rue 2014).
    """

    def plain(t: Array) -> Array:
        gaps = np.abs(t[:, None] - t)
        G = -gaps / 2 if order == 1 else gaps**3 / 12
        free = np.linalg.svd(np.vander(t - t.mean(), order, increasing=True))[0][:, order:]
        return free @ (free.T @ G @ free) @ free.T

    return plain(times) / np.exp(np.log(np.diag(plain(np.arange(4.0)))).mean())


def relation(name: str, hyper: Mapping[str, Array]) -> Array:
    """Return the covariance of the levels in units of ``sd**2``, shape (n_draws or 1, 12, 12)."""
    value = {k: np.asarray(v)[:, None, None] for k, v in hyper.items()}
    s, eye = _shared(), np.eye(SIZE)
    match name:
        case "K":
            return relationship().to_numpy()[None]
        case "A":
            return tabular(PARENTS).loc[LEVELS, LEVELS].to_numpy()[None]
        case "M":
            return _genomic()[None]
        case "brownian":
            return s[None]
        case "ou":
            return 0.5 ** ((2 - 2 * s) / value["halflife"])
        case "pagel":
            return np.where(eye > 0, 1.0, value["signal"] * s)
        case "bym2" | "icar" | "leroux" | "car":
            return _areal(name, value.get("mix"))
        case "exact" | "nearest":
            return matern(cdist(places(), places()), value["range"])
        case "hsgp":
            basis, power = waves(places(), value["range"])
            return np.einsum("ik,dk,jk->dij", basis, power, basis)
    raise AssertionError(name)
