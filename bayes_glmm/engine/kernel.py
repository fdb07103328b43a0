"""The log-density of a GLMM and its gradient as one compiled function.

Everything a model is travels in one int64 buffer (see :mod:`.program`), so the
function is compiled once per machine and serves every model of the kind. The
coordinates are those of the graph: standardised coefficients and effects,
logarithms of positive parameters, unconstrained rows of correlation factors.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray, cfunc, njit, types  # type: ignore[attr-defined]

from bayes_glmm.engine.densities import (
    correlation_factor,
    factor_gradient,
    positive_prior,
    standardised_prior,
)
from bayes_glmm.engine.maps import FAST, effects, effects_gradient, whiten, whiten_gradient
from bayes_glmm.engine.rows import log_likelihood

HEADER = 20
(
    LENGTH, DIM, ROWS, COEFFICIENTS, INTERCEPT, GROUPS, FAMILY, LINK, PARAMETERS,
    AT_X, AT_OFFSET, AT_Y, AT_TRIALS, AT_INTERCEPT_PRIOR, AT_BETA_PRIOR, AT_PARAMETER_PRIOR,
    AT_GROUPS, AT_CONSTANT, AT_CENTRE, AT_FACTOR,
) = range(20)  # fmt: skip
GROUP_WIDTH = 8
LEVELS, TERMS, AT_INDEX, AT_Z, AT_SD_PRIOR, AT_BLOCKS, AT_WEIGHT, AT_PULL = range(8)


@njit(cache=True, fastmath=FAST)
def add_column(eta, column, factor):
    """Add a multiple of a column."""
    for i in range(len(eta)):
        eta[i] += column[i] * factor


@njit(cache=True, fastmath=FAST)
def dot(a, b):
    """Sum of products, reassociated so that it vectorises."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@njit(cache=True)
def add_effects(eta, index, Z, u):
    """Add each row's effects to the predictor."""
    n, q = len(eta), u.shape[1]
    if Z.shape[1] == 0:
        for i in range(n):
            eta[i] += u[index[i], 0]
        return
    for t in range(q):
        for i in range(n):
            eta[i] += Z[t, i] * u[index[i], t]


@njit(cache=True)
def gather_effects(d_eta, index, Z, d_u):
    """Add each row's derivative to the effects it used."""
    n, q = len(d_eta), d_u.shape[1]
    if Z.shape[1] == 0:
        for i in range(n):
            d_u[index[i], 0] += d_eta[i]
        return
    for t in range(q):
        for i in range(n):
            d_u[index[i], t] += Z[t, i] * d_eta[i]


@njit(cache=True)
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


@njit(cache=True)
def group_forward(I, F, at, x, A, L, sd):
    """Fill the factor A = diag(sd) L of one group; return the prior of its scales."""
    q = I[at + TERMS]
    prior = I[at + AT_SD_PRIOR]
    total = 0.0
    for t in range(q):
        p = prior + 4 * t
        value, _ = positive_prior(int(F[p]), x[t], F[p + 1], F[p + 2])
        total += value
        sd[t] = math.exp(x[t])
        L[t, t] = 1.0
    where = I[at + AT_BLOCKS]
    start, k = 0, q
    for b in range(I[where]):
        width = I[where + 1 + 2 * b]
        if width > 1:
            power = width + 2.0 * F[where + 2 + 2 * b] - 1.0
            total -= 0.5 * power * correlation_factor(q, start, start + width, x[k:], L)
            k += width * (width - 1) // 2
        start += width
    for i in range(q):
        for j in range(i + 1):
            A[i, j] = sd[i] * L[i, j]
    return total


@njit(cache=True)
def group_backward(I, F, at, x, L, sd, dA, grad):
    """Pull the derivative of A back to scales and correlations."""
    q = I[at + TERMS]
    prior = I[at + AT_SD_PRIOR]
    dL = np.zeros((q, q))
    for i in range(q):
        p = prior + 4 * i
        _, slope = positive_prior(int(F[p]), x[i], F[p + 1], F[p + 2])
        for j in range(i + 1):
            slope += dA[i, j] * sd[i] * L[i, j]
            dL[i, j] = dA[i, j] * sd[i]
        grad[i] = slope
    where = I[at + AT_BLOCKS]
    start, k = 0, q
    for b in range(I[where]):
        width = I[where + 1 + 2 * b]
        if width > 1:
            power = width + 2.0 * F[where + 2 + 2 * b] - 1.0
            factor_gradient(start, start + width, x[k:], L, dL, power, grad[k:])
            k += width * (width - 1) // 2
        start += width


@njit(cache=True)
def block(F, at, rows, columns):
    """View part of the buffer as a matrix; no columns where there is none."""
    if at == 0:
        return F[:0].reshape((rows, 0))
    return F[at : at + rows * columns].reshape((rows, columns))


@njit(cache=True)
def log_density(I, x, grad):
    """Log posterior density of the coordinates ``x``; fills ``grad``."""
    F = I.view(np.float64)
    n, p, n_parameters = I[ROWS], I[COEFFICIENTS], I[PARAMETERS]
    X = block(F, I[AT_X], p, n)
    total = F[I[AT_CONSTANT]]
    k = 0
    start = 0.0
    prior = I[AT_INTERCEPT_PRIOR]
    if I[INTERCEPT] == 1:
        value, grad[0] = standardised_prior(int(F[prior]), x[0], F[prior + 3])
        total += value
        start = F[prior + 1] + F[prior + 2] * x[0]
        k = 1
    eta = F[I[AT_OFFSET] : I[AT_OFFSET] + n] + start
    first = k
    prior = I[AT_BETA_PRIOR]
    for j in range(p):
        at = prior + 4 * j
        value, grad[k] = standardised_prior(int(F[at]), x[k], F[at + 3])
        total += value
        add_column(eta, X[j], F[at + 1] + F[at + 2] * x[k])
        k += 1

    groups = I[GROUPS]
    widest = 0
    for g in range(groups):
        widest = max(widest, I[I[AT_GROUPS] + g * GROUP_WIDTH + TERMS])
    A = np.zeros((groups, widest, widest))
    L = np.zeros((groups, widest, widest))
    sd = np.zeros((groups, widest))
    noncentred = np.empty_like(x)
    begin = k
    for g in range(groups):
        at = I[AT_GROUPS] + g * GROUP_WIDTH
        size, free = group_size(I, at)
        q, levels = I[at + TERMS], I[at + LEVELS]
        total += group_forward(I, F, at, x[k : k + q + free], A[g], L[g], sd[g])
        z = x[k + q + free : k + size].reshape((levels, q))
        w = noncentred[k + q + free : k + size].reshape((levels, q))
        u = np.empty((levels, q))
        total += effects(F, I[at + AT_WEIGHT], I[at + AT_PULL], z, A[g], w, u)
        add_effects(
            eta, I[I[at + AT_INDEX] : I[at + AT_INDEX] + n], block(F, I[at + AT_Z], q, n), u
        )
        k += size

    parameters = np.empty(n_parameters)
    d_parameters = np.zeros(n_parameters)
    prior = I[AT_PARAMETER_PRIOR]
    for j in range(n_parameters):
        at = prior + 4 * j
        value, grad[k + j] = positive_prior(int(F[at]), x[k + j], F[at + 1], F[at + 2])
        total += value
        parameters[j] = math.exp(x[k + j])

    d_eta = np.empty(n)
    total += log_likelihood(
        I[FAMILY], I[LINK], F[I[AT_Y] : I[AT_Y] + n], F[I[AT_TRIALS] : I[AT_TRIALS] + n],
        eta, parameters, d_eta, d_parameters,
    )  # fmt: skip

    for j in range(n_parameters):
        grad[k + j] += d_parameters[j] * parameters[j]
    if I[INTERCEPT] == 1:
        grad[0] += F[I[AT_INTERCEPT_PRIOR] + 2] * d_eta.sum()
    for j in range(p):
        grad[first + j] += F[I[AT_BETA_PRIOR] + 4 * j + 2] * dot(X[j], d_eta)
    k = begin
    for g in range(groups):
        at = I[AT_GROUPS] + g * GROUP_WIDTH
        size, free = group_size(I, at)
        q, levels = I[at + TERMS], I[at + LEVELS]
        d_u = np.zeros((levels, q))
        gather_effects(
            d_eta, I[I[at + AT_INDEX] : I[at + AT_INDEX] + n], block(F, I[at + AT_Z], q, n), d_u
        )
        z = x[k + q + free : k + size].reshape((levels, q))
        d_z = grad[k + q + free : k + size].reshape((levels, q))
        dA = np.zeros((q, q))
        w = noncentred[k + q + free : k + size].reshape((levels, q))
        effects_gradient(F, I[at + AT_WEIGHT], I[at + AT_PULL], z, A[g], w, d_u, d_z, dA)
        group_backward(I, F, at, x[k : k + q + free], L[g], sd[g], dA, grad[k : k + q + free])
        k += size
    return total


@njit(cache=True)
def whitened_density(I, z, d_z):
    """Log-density in the sampler's coordinates; whitened where a factor is given."""
    if I[AT_FACTOR] == 0:
        return log_density(I, z, d_z)
    F = I.view(np.float64)
    x, d_x = np.empty_like(z), np.empty_like(z)
    whiten(F, I[AT_CENTRE], I[AT_FACTOR], z, x)
    value = log_density(I, x, d_x)
    whiten_gradient(F, I[AT_FACTOR], d_x, d_z)
    return value


DENSITY = types.int64(
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.int64),
)
EXPAND = types.int64(
    types.uint64,
    types.uint64,
    types.CPointer(types.double),
    types.CPointer(types.double),
    types.CPointer(types.int64),
)


@cfunc(DENSITY, cache=True)
def density_callback(dim, x_pointer, grad_pointer, value_pointer, program_pointer):
    """Entry for the sampler's threads; a non-zero return is a divergence."""
    program = carray(program_pointer, (carray(program_pointer, (1,))[0],))
    x = carray(x_pointer, (dim,))
    grad = carray(grad_pointer, (dim,))
    value = carray(value_pointer, (1,))
    value[0] = whitened_density(program, x, grad)
    if not np.isfinite(value[0]):
        return 4
    for i in range(len(grad)):
        if not np.isfinite(grad[i]):
            return 3
    return 0


@cfunc(EXPAND, cache=True)
def expand_callback(dim, expanded, x_pointer, out_pointer, program_pointer):
    """Keep the coordinates as they are: they are expanded after sampling."""
    x = carray(x_pointer, (dim,))
    out = carray(out_pointer, (expanded,))
    for i in range(dim):
        out[i] = x[i]
    return 0
