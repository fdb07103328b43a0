"""Penalised bases in mixed-model form: curves, surfaces and waves.

A smooth function is unpenalised columns plus ``basis @ b`` with ``b`` independent normal,
where ``b @ b`` is proportional to the function's penalty.

References
----------
.. [1] Wood SN (2017). *Generalized Additive Models*, 2nd edition, sections 5.3.1 and 5.8.
.. [2] Wood SN, Scheipl F, Faraway JJ (2013). Straightforward intermediate rank tensor product
   smoothing in mixed models. *Statistics and Computing* 23, 341-360.
   doi:10.1007/s11222-012-9314-z
.. [3] Riutort-Mayol G et al. (2023). Practical Hilbert space approximate Bayesian Gaussian
   processes for probabilistic programming. *Statistics and Computing* 33, 17.
   doi:10.1007/s11222-022-10167-2
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.terms.splines import curvature, natural_splines, quantile_knots
from bayes_glmm.design.terms.stateful import State

type Array = NDArray[np.float64]

WAVES = {"matern32": 3.42, "matern52": 2.65, "gaussian": 1.75}
"""Waves for each edge, in box over shortest range (reference 3, table 1)."""
SHORTEST = {1: 0.25, 2: 0.5}
"""Shortest range that the default waves resolve, in half the extent, by dimension."""


class Columns(NamedTuple):
    """A smooth on some rows.

    Attributes
    ----------
    fixed : ndarray, shape (n_rows, n_fixed)
        Columns without a penalty.
    basis : ndarray, shape (n_rows, n_basis)
        Columns whose coefficients are normal.
    part : ndarray of int, shape (n_basis,)
        Which standard deviation each column has.
    """

    fixed: Array
    basis: Array
    part: NDArray[np.intp]


def learn_curve(x: Array, knots_of: Array, k: int) -> State:
    """Learn a natural cubic spline with ``k`` knots, penalised by its curvature.

    The columns are orthogonal to each other, to the constant and to ``x`` over the rows,
    and the mean of their summed squares is one: the standard deviation of their
    coefficients is the root mean square of the curve's distance from a line.

    Parameters
    ----------
    x : ndarray, shape (n_rows,)
    knots_of : ndarray
        Distinct values at whose quantiles the knots are.
    """
    mean, sd = float(x.mean()), float(x.std())
    inner = quantile_knots(knots_of, k - 2)
    knots = (np.array([knots_of[0], *inner, knots_of[-1]]) - mean) / sd
    sizes, axes = np.linalg.eigh(curvature(knots))
    root = axes[:, 2:] / np.sqrt(sizes[2:])
    basis = natural_splines((x - mean) / sd, knots.tolist())
    line = np.column_stack([np.ones(k), knots])
    root = root - line @ np.linalg.lstsq(basis @ line, basis @ root)[0]
    lengths, turn = np.linalg.eigh((basis @ root).T @ (basis @ root))
    root = root @ turn[:, ::-1] / np.sqrt(lengths.sum() / len(x))
    root = root * np.where(root[-1] < 0, -1.0, 1.0)
    return {"line": (mean, sd), "knots": _flat(knots), "root": _flat(root)}


def curve(x: Array, state: State) -> tuple[Array, Array]:
    """Return the standardised variable and the penalised columns of a curve."""
    mean, sd = state["line"]
    knots = np.array(state["knots"])
    z = (x - mean) / sd
    return z, _times(
        natural_splines(z, knots.tolist()), np.reshape(state["root"], (len(knots), -1))
    )


def learn_surface(x: Array, z: Array, states: tuple[State, State]) -> State:
    """Learn what the blocks of a surface share with its unpenalised columns, and their sizes."""
    adjust, sizes = [], []
    plane, blocks = _surface(x, z, states)
    for block in blocks:
        shared = np.linalg.lstsq(plane, block)[0]
        rest = block - plane @ shared
        adjust.append(shared)
        sizes.append(float(np.sqrt((rest**2).sum(axis=1).mean())))
    return {"shared": _flat(np.hstack(adjust)), "sizes": tuple(sizes)}


def surface(x: Array, z: Array, states: tuple[State, State, State]) -> Columns:
    """Return the columns of a tensor product: three penalties (reference 2)."""
    plane, blocks = _surface(x, z, states[:2])
    widths = [block.shape[1] for block in blocks]
    shared = np.reshape(states[2]["shared"], (4, -1))
    basis = np.hstack(blocks) - _times(plane, shared)
    part = np.repeat(np.arange(3), widths)
    scales = np.array([1.0, *(s["line"][1] for s in states[:2])])
    fixed = plane[:, 1:] * np.array([scales[1], scales[2], scales[1] * scales[2]])
    return Columns(fixed, basis / np.array(states[2]["sizes"])[part], part)


def _surface(x: Array, z: Array, states: tuple[State, ...]) -> tuple[Array, list[Array]]:
    (u, a), (v, b) = curve(x, states[0]), curve(z, states[1])
    ones = np.ones(len(x))
    lines = [np.column_stack([ones, u]), np.column_stack([ones, v])]
    blocks = [_rowwise(a, lines[1]), _rowwise(lines[0], b), _rowwise(a, b)]
    return np.column_stack([ones, u, v, u * v]), blocks


def learn_waves(points: Array, c: float, k: tuple[int, ...]) -> State:
    """Learn the box of a reduced-rank Gaussian process: centre, half edges, numbers of waves."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = (high - low) / 2
    return {
        "centre": _flat((low + high) / 2),
        "half": _flat(half),
        "edge": _flat(c * half),
        "waves": tuple(map(float, k)),
    }


def default_waves(kernel: str, c: float, dimension: int) -> int:
    """Return how many waves resolve the shortest range."""
    return int(np.ceil(WAVES[kernel] * c / SHORTEST[dimension]))


def shortest_range(state: State, kernel: str) -> float:
    """Return the shortest range that the waves resolve, in the unit of the columns."""
    edge, waves = np.array(state["edge"]), np.array(state["waves"])
    return float((WAVES[kernel] * edge / waves).max())


def waves(points: Array, state: State) -> tuple[Array, Array]:
    """Return sines in the box, shape (n_rows, n_basis), and the length of their frequencies."""
    centre, edge = np.array(state["centre"]), np.array(state["edge"])
    number = np.array(list(product(*(range(1, int(m) + 1) for m in state["waves"]))), float)
    frequency = np.pi * number / (2 * edge)
    basis = np.ones((len(points), len(number)))
    for d in range(points.shape[1]):
        phase = (points[:, d] - centre[d] + edge[d])[:, None] * frequency[:, d]
        basis *= np.sin(phase) / np.sqrt(edge[d])
    return basis, np.sqrt((frequency**2).sum(axis=1))


def _rowwise(a: Array, b: Array) -> Array:
    """Return all products of a column of one matrix and a column of the other."""
    return (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)


def _times(left: Array, right: Array) -> Array:
    """Multiply so that the rounding of a row does not depend on the other rows."""
    total = np.zeros((len(left), right.shape[1]))
    for k, row in enumerate(right):
        total += left[:, [k]] * row
    return total


def _flat(values: Array) -> tuple[float, ...]:
    return tuple(float(v) for v in np.ravel(values))
