"""The density that is sampled: a program's, moved to the sampler's coordinates.

One function is compiled once per machine and serves every model: what the model
is, and where its coordinates are, travels in the buffer that it is given.
"""

from __future__ import annotations

import ctypes
import hashlib
import math
from pathlib import Path

import numpy as np
from numba import carray, cfunc, njit, types  # type: ignore[attr-defined]

from bayes_glmm.engine import adapt
from bayes_glmm.engine.densities import positive_prior
from bayes_glmm.engine.jit import inner
from bayes_glmm.engine.posterior import (
    AT_GROUPS,
    AT_PARAMETER_PRIOR,
    AT_PLAN,
    COEFFICIENTS,
    DIM,
    GROUPS,
    INTERCEPT,
    MODE,
    log_posterior,
)
from bayes_glmm.engine.rows import log_likelihood
from bayes_glmm.engine.scales import (
    GROUP_WIDTH,
    TERMS,
    group_backward,
    group_forward,
    group_size,
)
from bayes_glmm.engine.sparse import solve_lower, solve_upper

PLAIN, FROZEN, ADAPTIVE, COLLAPSED = range(4)


@inner
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


@inner
def all_scales_gradient(I, F, L, sd, dA, grad):
    """Add what the derivative of all factors means for the scales."""
    k = I[INTERCEPT] + I[COEFFICIENTS]
    dL = np.zeros_like(dA)
    for g in range(I[GROUPS]):
        at = I[AT_GROUPS] + g * GROUP_WIDTH
        size, free = group_size(I, at)
        group_backward(I, F, at, L[g], sd[g], dA[g], dL[g], grad[k : k + I[at + TERMS] + free])
        k += size


@inner
def factors(I):
    """Room for the factors of all groups."""
    widest = 0
    for g in range(I[GROUPS]):
        widest = max(widest, I[I[AT_GROUPS] + g * GROUP_WIDTH + TERMS])
    shape = (I[GROUPS], widest, widest)
    return np.zeros(shape), np.zeros(shape), np.zeros((I[GROUPS], widest))


@inner
def to_program(I, z, x, V, y, A, L, sd):
    """Fill the program's coordinates ``x``; return the log volume, nan where there is none.

    Leaves the factor in ``V``, ``inv(L) c`` in ``y`` and the groups' factors.
    """
    F, plan = I.view(np.float64), I[AT_PLAN]
    d, n = I[plan + adapt.THETA], I[plan + adapt.SCALARS]
    order = I[I[plan + adapt.AT_ORDER] : I[plan + adapt.AT_ORDER] + n]
    tail, edges, rows, _ = adapt.pattern(I, plan)
    M = adapt.dense(V, n - tail)
    adapt.spread_theta(I, F, plan, z, x)
    volume, middle = 0.0, I[plan + adapt.AT_MIDDLE]
    if I[MODE] == FROZEN:
        V[:] = F[I[plan + adapt.AT_VALUES] : I[plan + adapt.AT_VALUES] + len(V)]
        y[:] = 0.0
    else:
        all_scales(I, F, x, A, L, sd, np.empty_like(x))
        if not adapt.factorise(I, F, plan, A, adapt.precision_scale(I, F, plan, x), V, y):
            return math.nan
        volume = -adapt.log_determinant(V, tail, n - tail)
    w = y + z[d:]
    solve_upper(tail, edges, rows, V, M, w)
    for k in range(n):
        x[order[k]] = w[k] + (F[middle + k] if I[MODE] == FROZEN else 0.0)
    return volume


@inner
def from_program(I, x, d_x, V, y, A, L, sd, d_z):
    """Pull the derivative of the program's density back to the sampler's coordinates."""
    F, plan = I.view(np.float64), I[AT_PLAN]
    d, n = I[plan + adapt.THETA], I[plan + adapt.SCALARS]
    order = I[I[plan + adapt.AT_ORDER] : I[plan + adapt.AT_ORDER] + n]
    tail, edges, rows, _ = adapt.pattern(I, plan)
    slope = np.empty(n)
    for k in range(n):
        slope[k] = d_x[order[k]]
    solve_lower(tail, edges, rows, V, adapt.dense(V, n - tail), slope)
    d_z[d:] = slope
    if I[MODE] == ADAPTIVE:
        w = np.empty(n)
        for k in range(n):
            w[k] = x[order[k]]
        dA = np.zeros_like(A)
        tau = adapt.precision_scale(I, F, plan, x)
        d_tau = adapt.factorise_gradient(I, F, plan, A, tau, V, y, w, slope, dA)
        all_scales_gradient(I, F, L, sd, dA, d_x)
        if I[plan + adapt.SIGMA] >= 0:
            d_x[I[plan + adapt.SIGMA]] -= 2.0 * tau * d_tau
    adapt.spread_theta_gradient(I, F, plan, d_x, d_z)


@inner
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


@inner
def restore_draws(I, draws, noise, out):
    """Turn the sampler's draws, shape (n, dim), into the program's coordinates.

    ``noise`` holds the standard normal numbers for what was integrated out.
    """
    plan = I[AT_PLAN]
    d, n = I[plan + adapt.THETA], I[plan + adapt.SCALARS]
    A, L, sd = factors(I)
    V, y, z = np.empty(I[plan + adapt.SIZE]), np.empty(n), np.empty(d + n)
    for draw in range(len(draws)):
        z[:d] = draws[draw, :d]
        z[d:] = noise[draw] if I[MODE] == COLLAPSED else draws[draw, d:]
        to_program(I, z, out[draw], V, y, A, L, sd)


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


def _sources() -> str:
    """Digest of all that the kernel is compiled from."""
    texts = (file.read_bytes() for file in sorted(Path(__file__).parent.glob("*.py")))
    compiled = (text for text in texts if b"import njit" in text or b"engine.jit" in text)
    return hashlib.sha256(b"".join(compiled)).hexdigest()


def _entries(sources: str):
    """Compile the entries; those kept on disk are found again by ``sources``.

    Numba's own key is the file of the function alone, so that an entry would
    outlive a change in a file that it calls.
    """

    @njit(cache=True)
    def restore(I, draws, noise, out):
        _ = sources
        restore_draws(I, draws, noise, out)

    @cfunc(DENSITY, cache=True)
    def density_callback(dim, x_pointer, grad_pointer, value_pointer, program_pointer):
        _ = sources
        program = carray(program_pointer, (carray(program_pointer, (1,))[0],))
        x = carray(x_pointer, (dim,))
        grad = carray(grad_pointer, (dim,))
        value = carray(value_pointer, (1,))
        mode = program[MODE]
        if mode == PLAIN:
            value[0] = log_posterior(program, x, grad)
        elif mode == COLLAPSED:
            value[0] = collapsed_density(program, x, grad)
        else:
            plan = program[AT_PLAN]
            A, L, sd = factors(program)
            V, y = np.empty(program[plan + adapt.SIZE]), np.empty(program[plan + adapt.SCALARS])
            inner, d_inner = np.empty_like(x), np.zeros_like(x)
            volume = to_program(program, x, inner, V, y, A, L, sd)
            if np.isnan(volume):
                return 4
            value[0] = volume + log_posterior(program, inner, d_inner)
            from_program(program, inner, d_inner, V, y, A, L, sd, grad)
        if not np.isfinite(value[0]):
            return 4
        for i in range(len(grad)):
            if not np.isfinite(grad[i]):
                return 3
        return 0

    @cfunc(EXPAND, cache=True)
    def expand_callback(dim, expanded, x_pointer, out_pointer, program_pointer):
        x = carray(x_pointer, (dim,))
        out = carray(out_pointer, (expanded,))
        for i in range(dim):
            out[i] = x[i]
        return 0

    @njit(cache=True)
    def likelihood(family, link, y, trials, eta, parameters, within, d_eta, d_parameters):
        _ = sources
        return log_likelihood(family, link, y, trials, eta, parameters, within, d_eta, d_parameters)

    return restore, density_callback, expand_callback, likelihood


restore, density_callback, expand_callback, likelihood = _entries(_sources())


def log_density(program, z, d_z):
    """Log-density in the coordinates of a program; fills its derivative.

    Parameters
    ----------
    program : ndarray of int64
    z, d_z : ndarray, contiguous

    Returns
    -------
    float
        Not finite where the density is not.
    """
    value = ctypes.c_double(-math.inf)
    double = ctypes.POINTER(ctypes.c_double)
    density_callback.ctypes(
        len(z), z.ctypes.data_as(double), d_z.ctypes.data_as(double), ctypes.pointer(value),
        program.ctypes.data_as(ctypes.POINTER(ctypes.c_int64)),
    )  # fmt: skip
    return value.value
