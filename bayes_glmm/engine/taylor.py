r"""Coordinates whose factor and centre are quadratic in the scales' coordinates.

Given the scales, effects are about normal around their conditional mode m with precision
:math:`LL'`. Both are computed at a few scales, and interpolated: with t the scales' coordinates,
the logarithms of L's diagonal, its other entries and m are sums of 1, t and t t' times what is
fitted here. Sampling then needs no factorisation, and the density stays exact, as any lower
triangle and any centre are good coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.codes import TAYLOR
from bayes_glmm.engine.laplace import Approximation, Problem
from bayes_glmm.engine.plan import Plan

type Array = NDArray[np.float64]
APART = 1.5
"""How far apart the scales are at which modes and factors are computed, in standard deviations."""
MOST_NUMBERS = 16_000_000
"""Numbers of all sets together: 128 MB."""


def sets(n_theta: int) -> int:
    """Return the number of terms of a quadratic."""
    return (n_theta + 1) * (n_theta + 2) // 2


def fits(problem: Problem) -> bool:
    """Whether the sets of a problem's factor and centre are within the memory that they may take."""
    symbolic = problem.pattern.symbolic
    return sets(len(problem.theta)) * (symbolic.size + symbolic.n) <= MOST_NUMBERS


def taylor(found: Approximation, centre: Array, factor: Array) -> Plan | None:
    """Return such coordinates; ``None`` where some conditional mode is not found.

    Parameters
    ----------
    centre, factor : ndarray, shapes (n_theta,), (n_theta, n_theta)
        Of the scales' coordinates, which are logarithms.
    """
    problem = found.problem
    d, w, nodes = len(centre), found.inner.w, {}
    for node in _nodes(d):
        x = found.x.copy()
        x[problem.theta] = centre + factor @ (APART * np.array(node))
        inner = problem.solve(x, w)
        if inner is None:
            return None
        ordered = inner.w[problem.pattern.eliminated]
        nodes[node] = np.concatenate([_logs(problem, inner.factor.values), ordered])
    sums = _quadratic(nodes, d)
    size = problem.pattern.symbolic.size
    return Plan(
        mode=TAYLOR,
        pattern=problem.pattern,
        theta=problem.theta,
        centre=centre,
        factor=factor,
        values=sums[:, :size],
        middle=sums[:, size:],
    )


def _nodes(d: int) -> Iterator[tuple[int, ...]]:
    """Yield the middle, one step along each axis to both sides, and one step along each pair."""
    eye = np.eye(d, dtype=int)
    yield (0,) * d
    for i in range(d):
        yield tuple(eye[i].tolist())
        yield tuple((-eye[i]).tolist())
        for j in range(i):
            yield tuple((eye[i] + eye[j]).tolist())


def _quadratic(nodes: Mapping[tuple[int, ...], Array], d: int) -> Array:
    """Return the quadratic through values at nodes: sets for 1, each t, and each t t'."""
    eye = np.eye(d, dtype=int)
    middle = nodes[(0,) * d]
    up = [nodes[tuple(e.tolist())] for e in eye]
    down = [nodes[tuple((-e).tolist())] for e in eye]
    linear = [(u - v) / (2 * APART) for u, v in zip(up, down, strict=True)]
    square = [(u + v - 2 * middle) / (2 * APART**2) for u, v in zip(up, down, strict=True)]
    out = [middle, *linear]
    for i in range(d):
        out.append(square[i])
        for j in range(i + 1, d):
            both = nodes[tuple((eye[i] + eye[j]).tolist())]
            rest = both - middle - APART * (linear[i] + linear[j])
            out.append(rest / APART**2 - square[i] - square[j])
    return np.stack(out)


def _logs(problem: Problem, values: Array) -> Array:
    """Return a factor's values with logarithms on its diagonal."""
    out, diagonal = values.copy(), problem.pattern.symbolic.diagonal
    out[diagonal] = np.log(out[diagonal])
    return out
