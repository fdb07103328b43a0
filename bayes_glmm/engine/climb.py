"""A minimiser for a few parameters whose objective is dear and smooth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Objective = Callable[[Array], float]
LONGEST = 8.0
HALVINGS = 10
FIRST, NEXT = 0.25, 0.05
NO_VALUE = 1e10


def climb(
    objective: Objective, at: Array, scale: Array, *, enough: float = 1e-4, most: int = 60
) -> Array:
    """Minimise by BFGS with differences, bounded steps and a measured first curvature.

    Parameters
    ----------
    objective : callable
        Minus a log-density; large where there is no value.
    at : ndarray
        Where to begin.
    scale : ndarray
        About the standard deviation of each parameter.
    enough : float
        Stop within the square root of this many standard deviations of the minimum.

    Returns
    -------
    ndarray
    """
    if not len(at):
        return at

    def scaled(z: Array) -> float:
        return objective(at + scale * z)

    z, value = np.zeros(len(at)), objective(at)
    slope, curvature = derivatives(scaled, z, value, np.full(len(at), FIRST))
    curvature = np.clip(np.abs(curvature), 1e-2, 1e6)
    steps, inverse = np.minimum(NEXT / np.sqrt(curvature), FIRST), np.diag(1.0 / curvature)
    for _ in range(most):
        move = -inverse @ slope
        if -(slope @ move) < enough:
            break
        move *= min(1.0, LONGEST / np.abs(move).max())
        for _ in range(HALVINGS):
            new = scaled(z + move)
            if new <= value + 1e-4 * (slope @ move):
                break
            move = move / 2
        else:
            break
        z, value = z + move, new
        steeper, _ = derivatives(scaled, z, value, steps)
        change = steeper - slope
        slope = steeper
        if (rate := change @ move) > 1e-10:
            left = np.eye(len(z)) - np.outer(move, change) / rate
            inverse = left @ inverse @ left.T + np.outer(move, move) / rate
    return at + scale * z


def derivatives(objective: Objective, at: Array, value: float, steps: Array) -> tuple[Array, Array]:
    """Return slope and curvature along each parameter by central differences.

    Beyond an end that has no value the function goes on as a line from the other end.
    """
    ends = np.array([(objective(at + h), objective(at - h)) for h in np.diag(steps)])
    up, down = ends.T
    up = np.where(up < NO_VALUE, up, 2 * value - np.minimum(down, NO_VALUE))
    down = np.where(down < NO_VALUE, down, 2 * value - up)
    return (up - down) / (2 * steps), (up + down - 2 * value) / steps**2


def hessian(objective: Objective, at: Array, steps: Array) -> Array:
    """Return second derivatives by central differences.

    Parameters
    ----------
    steps : ndarray
        A fraction of each parameter's standard deviation.
    """
    d = len(at)
    if not d:
        return np.zeros((0, 0))
    value, ways = objective(at), np.diag(steps)
    out = np.diag(derivatives(objective, at, value, steps)[1])
    for i in range(d):
        for j in range(i):
            signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            ends = [objective(at + a * ways[i] + b * ways[j]) for a, b in signs]
            out[i, j] = out[j, i] = (ends[0] - ends[1] - ends[2] + ends[3]) / (
                4 * steps[i] * steps[j]
            )
    return out
