"""Fields over places: exact, and by waves in a box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, DataError, listed
from bayes_glmm.maths.kernels import distances, embed
from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.model.blocks.spatial import ExactFactor, WaveFactor

type Places = NDArray[np.int64]

# Riutort-Mayol et al. (2023), table 1: waves for each edge, in box over range.
_WAVES = {"matern32": 3.42, "matern52": 2.65, "gaussian": 1.75}
BOX, SHORTEST, MARGIN = 2.5, 0.25, 1.25


def sites_of(points: Array, sampled: Text | None, shuffle: bool) -> tuple[Array, Text, Places]:
    """Return distinct places, their labels, and each point's place.

    Those of ``sampled`` come first and in that order; points at one place share it.
    """
    distinct, rows = np.unique(points, axis=0, return_inverse=True)
    labels = np.array([f"{x!r} {y!r}" for x, y in distinct.tolist()], dtype=np.str_)
    order = np.arange(len(labels))
    if shuffle:  # multiples of the golden ratio: spread over the map, and the same for ever
        order = np.argsort(order * 2654435761 % 2**32, kind="stable")
    if sampled is not None:
        old = np.array([[float(v) for v in name.split()] for name in sampled.tolist()])
        new = order[~np.isin(labels[order], sampled)]
        places = np.concatenate([old.reshape(-1, 2), distinct[new]])
        names = np.concatenate([sampled, labels[new]])
    else:
        places, names = distinct[order], labels[order]
    position = {name: i for i, name in enumerate(names.tolist())}
    where = np.array([position[name] for name in labels.tolist()], dtype=np.int64)
    return places, names, where[rows.ravel()]


def exact_factor(
    levels: Text, points: Array, kernel: str, distance: str, sampled: Text | None
) -> ExactFactor:
    """Prepare a Gaussian process at the places of some levels."""
    places, names, rows = sites_of(points, sampled, shuffle=False)
    embedded = embed(places, distance)
    return ExactFactor(levels, names, kernel, distances(embedded, embedded, distance), rows)


def box_of(points: Array, kernel: str) -> Array:
    """Return the box's centre, half edges and numbers of waves, shape (3, 2).

    It resolves ranges down to a quarter of half the longer edge of the map.
    """
    if kernel not in _WAVES:
        raise ArgumentError(
            f"The {kernel} kernel is too rough for waves: use method='nearest' or 'exact', or a "
            "Matern kernel."
        )
    low, high = points.min(axis=0), points.max(axis=0)
    half = (high - low) / 2
    half = np.maximum(half, 0.1 * half.max())
    shortest = SHORTEST * half.max()
    waves = np.ceil(_WAVES[kernel] * BOX * half / shortest)
    return np.stack([(low + high) / 2, BOX * half, waves])


def wave_factor(levels: Text, points: Array, kernel: str, box: Array) -> WaveFactor:
    """Prepare waves for the places of some levels; places off the map are refused."""
    centre, edge, waves = box
    outside = (np.abs(points - centre) > MARGIN * edge / BOX).any(axis=1)
    if outside.any():
        raise DataError(
            f"Levels lie outside the map that was fitted: {listed(levels[outside])}. Waves say "
            "nothing there: use method='exact' or 'nearest'."
        )
    number = np.stack(
        np.meshgrid(*(np.arange(1, int(m) + 1) for m in waves), indexing="ij"), axis=-1
    ).reshape(-1, 2)
    frequency = np.pi * number / (2 * edge)
    phase = (points - centre + edge)[:, None, :] * frequency
    basis = (np.sin(phase) / np.sqrt(edge)).prod(axis=2)
    names = np.array([f"wave:{i},{j}" for i, j in number.tolist()], dtype=np.str_)
    return WaveFactor(levels, names, kernel, basis, np.sqrt((frequency**2).sum(axis=1)))
