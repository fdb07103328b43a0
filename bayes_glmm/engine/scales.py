"""Scales and correlations of a group's effects, compiled: factors, priors, derivatives."""

from __future__ import annotations

import math

from bayes_glmm.engine.densities import (
    correlation_factor,
    factor_gradient,
    positive_prior,
    signed_prior,
)
from bayes_glmm.engine.jit import inner

GROUP_WIDTH = 9
LEVELS, TERMS, AT_INDEX, AT_Z, AT_SD_PRIOR, AT_BLOCKS, AT_WEIGHT, AT_PULL, AT_STARTS = range(9)


@inner
def group_size(I, at):
    """Return (number of coordinates, free correlations) of the group at ``at``."""
    q = I[at + TERMS]
    blocks = at + AT_BLOCKS
    free = 0
    where = I[blocks]
    for b in range(I[where]):
        width = I[where + 1 + 2 * b]
        free += width * (width - 1) // 2
    return q + free + I[at + LEVELS] * q, free


@inner
def group_forward(I, F, at, x, A, L, sd, grad):
    """Fill the factor A = diag(sd) L of one group.

    Returns the log prior density of its scales and correlations and fills its
    derivative. A scale is the exponential of its coordinate, or, where its prior
    has a fourth number, that multiple of it, of either sign: the density is the
    same at both signs and smooth between them.
    """
    q = I[at + TERMS]
    prior = I[at + AT_SD_PRIOR]
    total = 0.0
    for t in range(q):
        p = prior + 4 * t
        if F[p + 3] > 0.0:
            sd[t] = F[p + 3] * x[t]
            value, slope = signed_prior(int(F[p]), sd[t], F[p + 1], F[p + 2])
            grad[t] = slope * F[p + 3]
        else:
            sd[t] = math.exp(x[t])
            value, grad[t] = positive_prior(int(F[p]), x[t], F[p + 1], F[p + 2])
        total += value
        L[t, t] = 1.0
    where = I[at + AT_BLOCKS]
    start, k = 0, q
    for b in range(I[where]):
        width = I[where + 1 + 2 * b]
        if width > 1:
            power = width + 2.0 * F[where + 2 + 2 * b] - 1.0
            total -= (
                0.5 * power * correlation_factor(start, start + width, x[k:], L, power, grad[k:])
            )
            k += width * (width - 1) // 2
        start += width
    for i in range(q):
        for j in range(i + 1):
            A[i, j] = sd[i] * L[i, j]
    return total


@inner
def group_backward(I, F, at, L, sd, dA, dL, grad):
    """Add what the derivative of A means for scales and correlations."""
    q = I[at + TERMS]
    for i in range(q):
        unit = F[I[at + AT_SD_PRIOR] + 4 * i + 3]
        change = unit if unit > 0.0 else sd[i]
        for j in range(i + 1):
            grad[i] += dA[i, j] * change * L[i, j]
            dL[i, j] = dA[i, j] * sd[i]
    where = I[at + AT_BLOCKS]
    start, k = 0, q
    for b in range(I[where]):
        width = I[where + 1 + 2 * b]
        if width > 1:
            factor_gradient(start, start + width, L, dL, grad[k:])
            k += width * (width - 1) // 2
        start += width
