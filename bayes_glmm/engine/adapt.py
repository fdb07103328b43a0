"""Coordinates in which everything linear is about standard normal, compiled.

Given scales and correlations, the fixed and random effects of a model are about
normal with precision ``H = A' G A + I``, where ``G`` is what the rows say about
them (their cross-products, weighted at the mode) and ``A`` the factors of the
groups. With ``L L' = H`` and ``c`` the pull of the rows, ``x = inv(L') (inv(L) c + z)``
is that normal approximation for standard normal ``z``. The density in ``z`` is exact
whatever ``G`` and ``c`` are: they move coordinates, not the model. Where the response
is Gaussian the approximation is exact and ``z`` integrates out.
"""

from __future__ import annotations

import math

import numpy as np

from bayes_glmm.engine.jit import inner
from bayes_glmm.engine.sparse import (
    add_outer,
    eliminate,
    eliminate_tail,
    log_diagonal,
    pull_back,
    solve_lower,
    solve_upper,
)

PLAN_WIDTH = 21
(
    SCALARS, TAIL, SIZE, AT_EDGES, AT_ROWS, AT_TARGETS, N_TARGETS, AT_ORDER, AT_SEGMENTS,
    SEGMENTS, SIGMA, REFERENCE, AT_THETA, THETA, AT_CENTRE, AT_FACTOR, AT_VALUES,
    AT_MIDDLE, CONSTANT, SQUARES, OBSERVATIONS,
) = range(21)  # fmt: skip
SEGMENT_WIDTH = 9
LEFT, RIGHT, PAIRS, ROWS_LEFT, ROWS_RIGHT, AT_PRODUCTS, AT_PLACES, OFFSET, AT_C = range(9)


@inner
def pattern(I, plan):
    """View the pattern of the factor: (tail, edges, rows, targets)."""
    tail, size, m = I[plan + TAIL], I[plan + SIZE], I[plan + SCALARS] - I[plan + TAIL]
    edges = I[I[plan + AT_EDGES] : I[plan + AT_EDGES] + tail + 1]
    rows = I[I[plan + AT_ROWS] : I[plan + AT_ROWS] + size - m * m - tail]
    targets = I[I[plan + AT_TARGETS] : I[plan + AT_TARGETS] + I[plan + N_TARGETS]]
    return tail, edges, rows, targets


@inner
def dense(V, m):
    """View the dense tail of a vector of values."""
    return V[len(V) - m * m :].reshape((m, m))


@inner
def precision(I, F, plan, A, tau, V):
    """Fill ``V`` with ``tau A' G A + I``."""
    V[:] = 0.0
    for s in range(I[plan + SEGMENTS]):
        at = I[plan + AT_SEGMENTS] + s * SEGMENT_WIDTH
        a, b, pairs = I[at + LEFT], I[at + RIGHT], I[at + PAIRS]
        qa, qb = I[at + ROWS_LEFT], I[at + ROWS_RIGHT]
        size = pairs * qa * qb
        G = F[I[at + AT_PRODUCTS] : I[at + AT_PRODUCTS] + size]
        places = I[I[at + AT_PLACES] : I[at + AT_PLACES] + size]
        if qa == 1 and (qb == 1 or b < 0) and a >= 0:
            factor = tau * A[a, 0, 0]
            if b >= 0:
                factor *= A[b, 0, 0]
            for k in range(size):
                V[places[k]] = factor * G[k]
            continue
        if a < 0:
            for k in range(size):
                if places[k] >= 0:
                    V[places[k]] = tau * G[k]
            continue
        half = np.empty((qa, qb))
        for k in range(pairs):
            block = G[k * qa * qb : (k + 1) * qa * qb].reshape((qa, qb))
            at_right(A, b, block, half)
            for i in range(qa):
                for j in range(qb):
                    place = places[k * qa * qb + i * qb + j]
                    if place >= 0:
                        value = 0.0
                        for m in range(i, qa):
                            value += A[a, m, i] * half[m, j]
                        V[place] = tau * value
    tail = I[plan + TAIL]
    for j in range(tail):
        V[j] += 1.0
    M = dense(V, I[plan + SCALARS] - tail)
    for j in range(len(M)):
        M[j, j] += 1.0


@inner
def at_right(A, b, block, half):
    """Fill ``half = block A[b]``; the block itself for fixed effects."""
    qa, qb = block.shape
    for i in range(qa):
        for j in range(qb):
            if b < 0:
                half[i, j] = block[i, j]
            else:
                value = 0.0
                for m in range(j, qb):
                    value += block[i, m] * A[b, m, j]
                half[i, j] = value


@inner
def precision_gradient(I, F, plan, A, tau, B, dA):
    """Add what the derivative ``B`` of ``tau A' G A`` means for ``A``; return it for tau."""
    d_tau = 0.0
    for s in range(I[plan + SEGMENTS]):
        at = I[plan + AT_SEGMENTS] + s * SEGMENT_WIDTH
        a, b, pairs = I[at + LEFT], I[at + RIGHT], I[at + PAIRS]
        qa, qb = I[at + ROWS_LEFT], I[at + ROWS_RIGHT]
        size = pairs * qa * qb
        G = F[I[at + AT_PRODUCTS] : I[at + AT_PRODUCTS] + size]
        places = I[I[at + AT_PLACES] : I[at + AT_PLACES] + size]
        if a < 0 or (qa == 1 and (qb == 1 or b < 0)):
            value = 0.0
            for k in range(size):
                if places[k] >= 0:
                    value += G[k] * B[places[k]]
            left = A[a, 0, 0] if a >= 0 else 1.0
            right = A[b, 0, 0] if b >= 0 else 1.0
            d_tau += left * right * value
            if a >= 0:
                dA[a, 0, 0] += tau * right * value
            if b >= 0:
                dA[b, 0, 0] += tau * left * value
            continue
        half, other, own = np.empty((qa, qb)), np.empty((qa, qb)), np.zeros((qa, qa))
        for k in range(pairs):
            block = G[k * qa * qb : (k + 1) * qa * qb].reshape((qa, qb))
            at_right(A, b, block, half)
            if b >= 0:
                at_left(A, a, block, other)
            for i in range(qa):
                for j in range(qb):
                    place = places[k * qa * qb + i * qb + j]
                    if place < 0:
                        continue
                    for m in range(i, qa):
                        own[m, i] += B[place] * half[m, j]
                    if b >= 0:
                        for m in range(j, qb):
                            dA[b, m, j] += tau * B[place] * other[i, m]
        for m in range(qa):
            for i in range(m + 1):
                dA[a, m, i] += tau * own[m, i]
                d_tau += A[a, m, i] * own[m, i]
    return d_tau


@inner
def at_left(A, a, block, half):
    """Fill ``half = A[a]' block``."""
    qa, qb = block.shape
    for i in range(qa):
        for j in range(qb):
            value = 0.0
            for m in range(i, qa):
                value += A[a, m, i] * block[m, j]
            half[i, j] = value


@inner
def pull(I, F, plan, A, tau, y):
    """Fill ``y = tau A' c`` in the order of elimination."""
    for s in range(I[plan + SEGMENTS]):
        at = I[plan + AT_SEGMENTS] + s * SEGMENT_WIDTH
        a, q = I[at + LEFT], I[at + ROWS_LEFT]
        if I[at + AT_C] == 0:
            continue
        size = I[at + PAIRS] * q
        c = F[I[at + AT_C] : I[at + AT_C] + size]
        out = y[I[at + OFFSET] : I[at + OFFSET] + size]
        for k in range(0, size, q):
            for i in range(q):
                if a < 0:
                    out[k + i] = tau * c[k + i]
                else:
                    value = 0.0
                    for m in range(i, q):
                        value += A[a, m, i] * c[k + m]
                    out[k + i] = tau * value


@inner
def pull_gradient(I, F, plan, A, tau, mu, dA):
    """Add what the derivative ``mu`` of ``tau A' c`` means for ``A``; return it for tau."""
    d_tau = 0.0
    for s in range(I[plan + SEGMENTS]):
        at = I[plan + AT_SEGMENTS] + s * SEGMENT_WIDTH
        a, q = I[at + LEFT], I[at + ROWS_LEFT]
        if I[at + AT_C] == 0:
            continue
        size = I[at + PAIRS] * q
        c = F[I[at + AT_C] : I[at + AT_C] + size]
        back = mu[I[at + OFFSET] : I[at + OFFSET] + size]
        for k in range(0, size, q):
            for i in range(q):
                if a < 0:
                    d_tau += back[k + i] * c[k + i]
                else:
                    for m in range(i, q):
                        dA[a, m, i] += tau * back[k + i] * c[k + m]
                        d_tau += A[a, m, i] * back[k + i] * c[k + m]
    return d_tau


@inner
def factorise(I, F, plan, A, tau, V, y):
    """Fill ``V`` with the factor of the precision and ``y`` with ``inv(L) c``."""
    tail, edges, rows, targets = pattern(I, plan)
    precision(I, F, plan, A, tau, V)
    M = dense(V, I[plan + SCALARS] - tail)
    if not (eliminate(tail, edges, targets, V) and eliminate_tail(M)):
        return False
    pull(I, F, plan, A, tau, y)
    solve_lower(tail, edges, rows, V, M, y)
    return True


@inner
def factorise_gradient(I, F, plan, A, tau, V, y, x, slope, dA):
    """Pull back through ``x = inv(L') (y + z)`` and ``-log det L``.

    ``slope`` is ``inv(L)`` times the derivative in ``x``. Adds to ``dA`` and
    returns the derivative in ``tau``. With ``x`` the mean and ``slope`` equal to
    ``y`` without the first product it differentiates ``y'y / 2`` instead.
    """
    tail, edges, rows, targets = pattern(I, plan)
    M = dense(V, I[plan + SCALARS] - tail)
    B = np.zeros(len(V))
    N = dense(B, len(M))
    mu = slope.copy()
    solve_upper(tail, edges, rows, V, M, mu)
    if len(x) > 0:
        add_outer(tail, edges, rows, x, slope, B, N)
    add_outer(tail, edges, rows, mu, y, B, N)
    for j in range(tail):
        B[j] -= 1.0 / V[j]
    for j in range(len(M)):
        N[j, j] -= 1.0 / M[j, j]
    pull_back(tail, edges, targets, V, M, B, N)
    d_tau = precision_gradient(I, F, plan, A, tau, B, dA)
    return d_tau + pull_gradient(I, F, plan, A, tau, mu, dA)


@inner
def precision_scale(I, F, plan, x):
    """Return what multiplies the rows' precision at a residual scale in ``x``."""
    if I[plan + SIGMA] < 0:
        return 1.0
    return math.exp(2.0 * (F[plan + REFERENCE] - x[I[plan + SIGMA]]))


@inner
def spread_theta(I, F, plan, z, x):
    """Fill the scales' places of ``x`` with ``centre + factor z``."""
    places = I[I[plan + AT_THETA] : I[plan + AT_THETA] + I[plan + THETA]]
    at, centre = I[plan + AT_FACTOR], I[plan + AT_CENTRE]
    for i in range(len(places)):
        value = F[centre + i]
        for j in range(i + 1):
            value += F[at + j] * z[j]
        x[places[i]] = value
        at += i + 1


@inner
def spread_theta_gradient(I, F, plan, d_x, d_z):
    """Fill the derivative in the scales' coordinates."""
    places = I[I[plan + AT_THETA] : I[plan + AT_THETA] + I[plan + THETA]]
    at = I[plan + AT_FACTOR]
    d_z[: len(places)] = 0.0
    for i in range(len(places)):
        for j in range(i + 1):
            d_z[j] += F[at + j] * d_x[places[i]]
        at += i + 1


@inner
def log_determinant(V, tail, m):
    """Return ``log det L``."""
    return log_diagonal(tail, V, dense(V, m))
