"""Maps between the sampler's coordinates and effects, compiled, with their derivatives."""

from __future__ import annotations

import math

import numpy as np

from bayes_glmm.engine.jit import inner


@inner
def informed(A, W, b, z, C, r, w):
    """Centre one level's effects where its data put them.

    With weight ``W`` and pull ``b`` of the data, the effects given the scales are
    about normal with precision ``inv(A A') + W`` and mean its inverse times ``b``;
    ``z`` is standard normal in just that case. Fills the factor ``C`` of
    ``I + A' W A``, ``r = inv(C) A' b`` and the non-centred effects ``w``; returns
    ``log det C``.
    """
    q = len(z)
    total = 0.0
    for i in range(q):
        for j in range(i + 1):
            value = 1.0 if i == j else 0.0
            for k in range(i, q):
                for m in range(j, q):
                    value += A[k, i] * W[k, m] * A[m, j]
            for k in range(j):
                value -= C[i, k] * C[j, k]
            C[i, j] = math.sqrt(value) if i == j else value / C[j, j]
        total += math.log(C[i, i])
    for i in range(q):
        value = 0.0
        for k in range(i, q):
            value += A[k, i] * b[k]
        for k in range(i):
            value -= C[i, k] * r[k]
        r[i] = value / C[i, i]
    for i in range(q - 1, -1, -1):
        value = z[i] + r[i]
        for k in range(i + 1, q):
            value -= C[k, i] * w[k]
        w[i] = value / C[i, i]
    return total


@inner
def informed_gradient(A, W, b, C, r, w, d_w, d_z, dA, scratch):
    """Pull the derivative of ``w`` back to ``z`` and ``A``, ``-log det C`` included."""
    q = len(w)
    dC, inner, half, back = scratch[0], scratch[1], scratch[2], scratch[3, 0]
    for i in range(q):
        value = d_w[i]
        for k in range(i):
            value -= C[i, k] * d_z[k]
        d_z[i] = value / C[i, i]
    for i in range(q - 1, -1, -1):
        value = d_z[i]
        for k in range(i + 1, q):
            value -= C[k, i] * back[k]
        back[i] = value / C[i, i]
    for i in range(q):
        for j in range(i + 1):
            dC[i, j] = -w[i] * d_z[j] - back[i] * r[j]
            dA[i, j] += b[i] * back[j]
        dC[i, i] -= 1.0 / C[i, i]
    for i in range(q):
        for j in range(i + 1):
            value = 0.0
            for k in range(i, q):
                value += C[k, i] * dC[k, j]
            inner[i, j] = inner[j, i] = 0.5 * value
    for j in range(q):
        for i in range(q - 1, -1, -1):
            value = inner[i, j]
            for k in range(i + 1, q):
                value -= C[k, i] * half[k, j]
            half[i, j] = value / C[i, i]
    for i in range(q):
        for j in range(q - 1, -1, -1):
            value = half[i, j]
            for k in range(j + 1, q):
                value -= C[k, j] * inner[i, k]
            inner[i, j] = value / C[j, j]
    for i in range(q):
        for j in range(i + 1):
            value = 0.0
            for k in range(q):
                for m in range(k, q):
                    value += W[i, m] * A[m, k] * inner[k, j]
            dA[i, j] += 2.0 * value


@inner
def scalar_effects(W, b, z, a, w, u):
    """``effects`` of a group with one term: the same formulas without matrices."""
    total = 0.0
    product = 1.0
    for level in range(len(z)):
        square = 1.0 + a * a * W[level]
        w[level] = (z[level] * math.sqrt(square) + a * b[level]) / square
        u[level] = a * w[level]
        total -= 0.5 * w[level] ** 2
        product *= square
        if product > 1e200:
            total -= 0.5 * math.log(product)
            product = 1.0
    return total - 0.5 * math.log(product)


@inner
def scalar_gradient(W, b, z, a, w, d_u, d_z):
    """Return the derivative in ``a`` of a group with one term; fill ``d_z``."""
    d_a = 0.0
    for level in range(len(z)):
        square = 1.0 + a * a * W[level]
        root = math.sqrt(square)
        d_w = a * d_u[level] - w[level]
        d_z[level] = d_w / root
        slope = a * W[level]
        moved = (b[level] - 2.0 * slope * w[level] + z[level] * slope / root) / square
        d_a += d_u[level] * w[level] + d_w * moved - slope / square
    return d_a


@inner
def effects(F, at_weight, at_pull, z, A, w, u):
    """Turn coordinates into effects ``u = A w``; return their log-density."""
    levels, q = z.shape
    if q == 1 and at_weight > 0:
        W, b = F[at_weight : at_weight + levels], F[at_pull : at_pull + levels]
        return scalar_effects(W, b, z[:, 0], A[0, 0], w[:, 0], u[:, 0])
    C, r = np.zeros((q, q)), np.zeros(q)
    total = 0.0
    for level in range(levels):
        if at_weight == 0:
            for i in range(q):
                w[level, i] = z[level, i]
        else:
            W, b = level_data(F, at_weight, at_pull, level, q)
            total -= informed(A, W, b, z[level], C, r, w[level])
        for i in range(q):
            total -= 0.5 * w[level, i] ** 2
            value = 0.0
            for j in range(i + 1):
                value += A[i, j] * w[level, j]
            u[level, i] = value
    return total


@inner
def effects_gradient(F, at_weight, at_pull, z, A, w, d_u, d_z, dA):
    """Pull the derivative of ``u`` back to the coordinates and to ``A``."""
    levels, q = z.shape
    if q == 1 and at_weight > 0:
        W, b = F[at_weight : at_weight + levels], F[at_pull : at_pull + levels]
        dA[0, 0] += scalar_gradient(W, b, z[:, 0], A[0, 0], w[:, 0], d_u[:, 0], d_z[:, 0])
        return
    C, r, d_w, again = np.zeros((q, q)), np.zeros(q), np.empty(q), np.empty(q)
    scratch = np.empty((4, q, q))
    for level in range(levels):
        for j in range(q):
            pulled = -w[level, j]
            for i in range(j, q):
                pulled += A[i, j] * d_u[level, i]
                dA[i, j] += d_u[level, i] * w[level, j]
            d_w[j] = pulled
        if at_weight == 0:
            for j in range(q):
                d_z[level, j] = d_w[j]
        else:
            W, b = level_data(F, at_weight, at_pull, level, q)
            informed(A, W, b, z[level], C, r, again)
            informed_gradient(A, W, b, C, r, again, d_w, d_z[level], dA, scratch)


@inner
def level_data(F, at_weight, at_pull, level, q):
    """View the weight and pull of one level."""
    start = at_weight + level * q * q
    pull = at_pull + level * q
    return F[start : start + q * q].reshape((q, q)), F[pull : pull + q]
