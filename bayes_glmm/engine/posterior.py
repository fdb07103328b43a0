"""The log-density of a GLMM and its gradient, compiled, in a program's own coordinates.

Everything a model is travels in one int64 buffer (see :mod:`.program`). The
coordinates are those of the graph: standardised coefficients and effects,
logarithms of positive parameters, unconstrained rows of correlation factors.
"""

from __future__ import annotations

import numpy as np

from bayes_glmm.engine.densities import own_parameter, own_prior, standardised_prior
from bayes_glmm.engine.jit import inner, inner_fast
from bayes_glmm.engine.maps import effects, effects_gradient
from bayes_glmm.engine.rows import log_likelihood
from bayes_glmm.engine.scales import (
    AT_INDEX,
    AT_PULL,
    AT_STARTS,
    AT_WEIGHT,
    AT_Z,
    GROUP_WIDTH,
    LEVELS,
    TERMS,
    group_backward,
    group_forward,
    group_size,
)

HEADER = 21
(
    LENGTH, DIM, ROWS, COEFFICIENTS, INTERCEPT, GROUPS, FAMILY, LINK, PARAMETERS,
    AT_X, AT_OFFSET, AT_Y, AT_TRIALS, AT_INTERCEPT_PRIOR, AT_BETA_PRIOR, AT_PARAMETER_PRIOR,
    AT_GROUPS, AT_CONSTANT, MODE, AT_PLAN, WITHIN,
) = range(21)  # fmt: skip


@inner_fast
def add_column(eta, column, factor):
    """Add a multiple of a column."""
    for i in range(len(eta)):
        eta[i] += column[i] * factor


@inner_fast
def dot(a, b):
    """Sum of products, reassociated so that it vectorises."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@inner_fast
def add_effects(I, at, n, eta, Z, u):
    """Add each row's effects to the predictor; level by level where rows are sorted."""
    if I[at + AT_STARTS] > 0:
        starts = I[I[at + AT_STARTS] : I[at + AT_STARTS] + len(u) + 1].view(np.uint64)
        for level in range(len(u)):
            for t in range(u.shape[1]):
                effect = u[level, t]
                if Z.shape[1] == 0:
                    for i in range(starts[level], starts[level + 1]):
                        eta[i] += effect
                else:
                    for i in range(starts[level], starts[level + 1]):
                        eta[i] += Z[t, i] * effect
        return
    index = I[I[at + AT_INDEX] : I[at + AT_INDEX] + n].view(np.uint64)
    for t in range(u.shape[1]):
        if Z.shape[1] == 0:
            for i in range(n):
                eta[i] += u[index[i], 0]
        else:
            for i in range(n):
                eta[i] += Z[t, i] * u[index[i], t]


@inner_fast
def gather_effects(I, at, n, d_eta, Z, d_u):
    """Add each row's derivative to the effects it used."""
    if I[at + AT_STARTS] > 0:
        starts = I[I[at + AT_STARTS] : I[at + AT_STARTS] + len(d_u) + 1].view(np.uint64)
        for level in range(len(d_u)):
            for t in range(d_u.shape[1]):
                total = 0.0
                if Z.shape[1] == 0:
                    for i in range(starts[level], starts[level + 1]):
                        total += d_eta[i]
                else:
                    for i in range(starts[level], starts[level + 1]):
                        total += Z[t, i] * d_eta[i]
                d_u[level, t] = total
        return
    index = I[I[at + AT_INDEX] : I[at + AT_INDEX] + n].view(np.uint64)
    for t in range(d_u.shape[1]):
        if Z.shape[1] == 0:
            for i in range(n):
                d_u[index[i], 0] += d_eta[i]
        else:
            for i in range(n):
                d_u[index[i], t] += Z[t, i] * d_eta[i]


@inner
def block(F, at, rows, columns):
    """View part of the buffer as a matrix; no columns where there is none."""
    if at == 0:
        return F[:0].reshape((rows, 0))
    return F[at : at + rows * columns].reshape((rows, columns))


@inner
def log_posterior(I, x, grad):
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
        add_effects(I, at, n, eta, block(F, I[at + AT_Z], q, n), u)
        k += size

    parameters, pace = np.empty(n_parameters), np.empty(n_parameters)
    d_parameters = np.zeros(n_parameters)
    prior = I[AT_PARAMETER_PRIOR]
    for j in range(n_parameters):
        at = prior + 4 * j
        value, grad[k + j] = own_prior(int(F[at]), x[k + j], F[at + 1], F[at + 2])
        total += value
        parameters[j], pace[j] = own_parameter(int(F[at]), x[k + j])

    d_eta = np.empty(n)
    total += log_likelihood(
        I[FAMILY], I[LINK], F[I[AT_Y] : I[AT_Y] + n], F[I[AT_TRIALS] : I[AT_TRIALS] + n],
        eta, parameters, F[WITHIN], d_eta, d_parameters,
    )  # fmt: skip

    for j in range(n_parameters):
        grad[k + j] += d_parameters[j] * pace[j]
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
        gather_effects(I, at, n, d_eta, block(F, I[at + AT_Z], q, n), d_u)
        z = x[k + q + free : k + size].reshape((levels, q))
        d_z = grad[k + q + free : k + size].reshape((levels, q))
        dA, dL = np.zeros((q, q)), np.zeros((q, q))
        w = noncentred[k + q + free : k + size].reshape((levels, q))
        effects_gradient(F, I[at + AT_WEIGHT], I[at + AT_PULL], z, A[g], w, d_u, d_z, dA)
        group_backward(I, F, at, L[g], sd[g], dA, dL, grad[k : k + q + free])
        k += size
    return total
