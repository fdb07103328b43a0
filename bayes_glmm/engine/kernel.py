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

from bayes_glmm.engine import adapt
from bayes_glmm.engine.densities import positive_prior, standardised_prior
from bayes_glmm.engine.maps import effects, effects_gradient
from bayes_glmm.engine.rows import log_likelihood
from bayes_glmm.engine.scales import (
    AT_INDEX,
    AT_PULL,
    AT_WEIGHT,
    AT_Z,
    GROUP_WIDTH,
    LEVELS,
    TERMS,
    group_backward,
    group_forward,
    group_size,
)
from bayes_glmm.engine.sparse import FAST, solve_lower, solve_upper

HEADER = 21
(
    LENGTH, DIM, ROWS, COEFFICIENTS, INTERCEPT, GROUPS, FAMILY, LINK, PARAMETERS,
    AT_X, AT_OFFSET, AT_Y, AT_TRIALS, AT_INTERCEPT_PRIOR, AT_BETA_PRIOR, AT_PARAMETER_PRIOR,
    AT_GROUPS, AT_CONSTANT, MODE, AT_PLAN, WITHIN,
) = range(21)  # fmt: skip
PLAIN, FROZEN, ADAPTIVE, COLLAPSED = range(4)


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
        total += group_forward(
            I, F, at, x[k : k + q + free], A[g], L[g], sd[g], grad[k : k + q + free]
        )
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
        dA, dL = np.zeros((q, q)), np.zeros((q, q))
        w = noncentred[k + q + free : k + size].reshape((levels, q))
        effects_gradient(F, I[at + AT_WEIGHT], I[at + AT_PULL], z, A[g], w, d_u, d_z, dA)
        group_backward(I, F, at, L[g], sd[g], dA, dL, grad[k : k + q + free])
        k += size
    return total


@njit(cache=True)
def all_scales(I, F, x, A, L, sd, grad):
    """Fill the factors of all groups; return the prior of their scales."""
    total = 0.0
    k = I[INTERCEPT] + I[COEFFICIENTS]
    for g in range(I[GROUPS]):
        at = I[AT_GROUPS] + g * GROUP_WIDTH
        size, free = group_size(I, at)
        inner = slice(k, k + I[at + TERMS] + free)
        total += group_forward(I, F, at, x[inner], A[g], L[g], sd[g], grad[inner])
        k += size
    return total


@njit(cache=True)
def all_scales_gradient(I, F, L, sd, dA, grad):
    """Add what the derivative of all factors means for the scales."""
    k = I[INTERCEPT] + I[COEFFICIENTS]
    dL = np.zeros_like(dA)
    for g in range(I[GROUPS]):
        at = I[AT_GROUPS] + g * GROUP_WIDTH
        size, free = group_size(I, at)
        group_backward(I, F, at, L[g], sd[g], dA[g], dL[g], grad[k : k + I[at + TERMS] + free])
        k += size


@njit(cache=True)
def factors(I):
    """Room for the factors of all groups."""
    widest = 0
    for g in range(I[GROUPS]):
        widest = max(widest, I[I[AT_GROUPS] + g * GROUP_WIDTH + TERMS])
    shape = (I[GROUPS], widest, widest)
    return np.zeros(shape), np.zeros(shape), np.zeros((I[GROUPS], widest))


@njit(cache=True)
def density(I, z, d_z):
    """Log-density in the sampler's coordinates, see :mod:`.adapt`."""
    if I[MODE] == PLAIN:
        return log_density(I, z, d_z)
    if I[MODE] == FROZEN:
        return frozen_density(I, z, d_z)
    if I[MODE] == ADAPTIVE:
        return adaptive_density(I, z, d_z)
    return collapsed_density(I, z, d_z)


@njit(cache=True)
def frozen_density(I, z, d_z):
    """Log-density in coordinates turned by a fixed factor."""
    F, plan = I.view(np.float64), I[AT_PLAN]
    d, n = I[plan + adapt.THETA], I[plan + adapt.SCALARS]
    order = I[I[plan + adapt.AT_ORDER] : I[plan + adapt.AT_ORDER] + n]
    tail, edges, rows, _ = adapt.pattern(I, plan)
    V = F[I[plan + adapt.AT_VALUES] : I[plan + adapt.AT_VALUES] + I[plan + adapt.SIZE]]
    M = adapt.dense(V, n - tail)
    x, d_x, y = np.empty_like(z), np.empty_like(z), z[d:].copy()
    adapt.spread_theta(I, F, plan, z, x)
    solve_upper(tail, edges, rows, V, M, y)
    middle = I[plan + adapt.AT_MIDDLE]
    for k in range(n):
        x[order[k]] = F[middle + k] + y[k]
    value = log_density(I, x, d_x)
    for k in range(n):
        y[k] = d_x[order[k]]
    solve_lower(tail, edges, rows, V, M, y)
    d_z[d:] = y
    adapt.spread_theta_gradient(I, F, plan, d_x, d_z)
    return value


@njit(cache=True)
def adaptive_density(I, z, d_z):
    """Log-density in coordinates that follow the scales."""
    F, plan = I.view(np.float64), I[AT_PLAN]
    d, n = I[plan + adapt.THETA], I[plan + adapt.SCALARS]
    order = I[I[plan + adapt.AT_ORDER] : I[plan + adapt.AT_ORDER] + n]
    tail, edges, rows, _ = adapt.pattern(I, plan)
    x, d_x = np.empty_like(z), np.zeros_like(z)
    adapt.spread_theta(I, F, plan, z, x)
    A, L, sd = factors(I)
    all_scales(I, F, x, A, L, sd, d_x)
    tau = adapt.precision_scale(I, F, plan, x)
    V, y = np.empty(I[plan + adapt.SIZE]), np.empty(n)
    if not adapt.factorise(I, F, plan, A, tau, V, y):
        return -np.inf
    M = adapt.dense(V, n - tail)
    w = y + z[d:]
    solve_upper(tail, edges, rows, V, M, w)
    for k in range(n):
        x[order[k]] = w[k]
    value = log_density(I, x, d_x) - adapt.log_determinant(V, tail, n - tail)
    slope = np.empty(n)
    for k in range(n):
        slope[k] = d_x[order[k]]
    solve_lower(tail, edges, rows, V, M, slope)
    d_z[d:] = slope
    dA = np.zeros_like(A)
    d_tau = adapt.factorise_gradient(I, F, plan, A, tau, V, y, w, slope, dA)
    all_scales_gradient(I, F, L, sd, dA, d_x)
    if I[plan + adapt.SIGMA] >= 0:
        d_x[I[plan + adapt.SIGMA]] -= 2.0 * tau * d_tau
    adapt.spread_theta_gradient(I, F, plan, d_x, d_z)
    return value


@njit(cache=True)
def collapsed_density(I, z, d_z):
    """Log-density of the scales of a Gaussian model, everything linear integrated out."""
    F, plan = I.view(np.float64), I[AT_PLAN]
    n = I[plan + adapt.SCALARS]
    tail = I[plan + adapt.TAIL]
    x, d_x = np.zeros(I[DIM]), np.zeros(I[DIM])
    adapt.spread_theta(I, F, plan, z, x)
    A, L, sd = factors(I)
    value = F[plan + adapt.CONSTANT] + all_scales(I, F, x, A, L, sd, d_x)
    sigma, prior = I[plan + adapt.SIGMA], I[AT_PARAMETER_PRIOR]
    own, slope = positive_prior(int(F[prior]), x[sigma], F[prior + 1], F[prior + 2])
    tau = adapt.precision_scale(I, F, plan, x)
    V, y = np.empty(I[plan + adapt.SIZE]), np.empty(n)
    if not adapt.factorise(I, F, plan, A, tau, V, y):
        return -np.inf
    squares, rows = F[plan + adapt.SQUARES], F[plan + adapt.OBSERVATIONS]
    value += own - rows * x[sigma] - 0.5 * tau * squares
    for k in range(n):
        value += 0.5 * y[k] * y[k]
    value -= adapt.log_determinant(V, tail, n - tail)
    dA = np.zeros_like(A)
    d_tau = -0.5 * squares
    d_tau += adapt.factorise_gradient(I, F, plan, A, tau, V, y, np.empty(0), y, dA)
    all_scales_gradient(I, F, L, sd, dA, d_x)
    d_x[sigma] += slope - rows - 2.0 * tau * d_tau
    adapt.spread_theta_gradient(I, F, plan, d_x, d_z)
    return value


@njit(cache=True)
def restore(I, draws, noise, out):
    """Turn the sampler's draws, shape (n, dim), into the program's coordinates.

    ``noise`` holds the standard normal numbers for what was integrated out.
    """
    F, plan = I.view(np.float64), I[AT_PLAN]
    d, n = I[plan + adapt.THETA], I[plan + adapt.SCALARS]
    order = I[I[plan + adapt.AT_ORDER] : I[plan + adapt.AT_ORDER] + n]
    tail, edges, rows, _ = adapt.pattern(I, plan)
    A, L, sd = factors(I)
    V, y, scratch = np.empty(I[plan + adapt.SIZE]), np.empty(n), np.empty(I[DIM])
    if I[MODE] == FROZEN:
        V[:] = F[I[plan + adapt.AT_VALUES] : I[plan + adapt.AT_VALUES] + len(V)]
        y[:] = 0.0
    M = adapt.dense(V, n - tail)
    for draw in range(len(draws)):
        x = out[draw]
        adapt.spread_theta(I, F, plan, draws[draw], x)
        if I[MODE] != FROZEN:
            all_scales(I, F, x, A, L, sd, scratch)
            adapt.factorise(I, F, plan, A, adapt.precision_scale(I, F, plan, x), V, y)
        w = y + (noise[draw] if I[MODE] == COLLAPSED else draws[draw, d:])
        solve_upper(tail, edges, rows, V, M, w)
        middle = I[plan + adapt.AT_MIDDLE]
        for k in range(n):
            x[order[k]] = w[k] + (F[middle + k] if I[MODE] == FROZEN else 0.0)


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
    value[0] = density(program, x, grad)
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
