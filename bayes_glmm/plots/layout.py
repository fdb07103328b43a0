"""Places for the nodes of a network, so that neighbours are near each other."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, shortest_path


def layout(n: int, pairs: NDArray[np.integer], steps: int = 60) -> NDArray[np.float64]:
    """Return places of nodes whose distances follow the steps between them.

    Each connected part is laid out by majorised stress from its principal coordinates,
    and the parts stand side by side, the largest first.

    Parameters
    ----------
    n : int
    pairs : ndarray of int, shape (n_pairs, 2)
    steps : int

    Returns
    -------
    ndarray, shape (n, 2)
    """
    i, j = np.asarray(pairs).T
    graph = sp.csr_matrix((np.ones(len(i)), (i, j)), shape=(n, n))
    part = connected_components(graph, directed=False)[1]
    positions, left = np.zeros((n, 2)), 0.0
    for label in np.argsort(-np.bincount(part), kind="stable"):
        nodes = np.flatnonzero(part == label)
        places = _stress(shortest_path(graph[nodes][:, nodes], directed=False), steps)
        places = places - places.min(axis=0)
        positions[nodes] = places + [left, 0.0]
        left += float(places[:, 0].max()) + 1.5
    return positions


def _stress(steps_apart: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Minimise the stress of distances weighted by their inverse squares."""
    n = len(steps_apart)
    if n < 3:
        return np.stack([np.arange(n, dtype=float), np.zeros(n)], axis=1)
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-centre @ steps_apart**2 @ centre / 2)
    places = vectors[:, :-3:-1] * np.sqrt(np.maximum(values[:-3:-1], 1e-9))
    weights = 1 / np.where(np.eye(n) > 0, np.inf, steps_apart) ** 2
    inverse = np.linalg.pinv(np.diag(weights.sum(axis=1)) - weights)
    for _ in range(steps):
        gaps = np.linalg.norm(places[:, None] - places, axis=2)
        ratio = weights * steps_apart / np.maximum(gaps, 1e-9)
        places = inverse @ ((np.diag(ratio.sum(axis=1)) - ratio) @ places)
    return places
