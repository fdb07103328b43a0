"""From the sampler's draws back to the posterior's named variables."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.codes import COLLAPSED
from bayes_glmm.engine.expand_related import absorb, latents_of
from bayes_glmm.engine.kernel import restore
from bayes_glmm.engine.linear import (
    Tied,
    all_groups,
    deviations,
    hypers,
    linears,
    n_effects,
    order_of,
    reads,
)
from bayes_glmm.engine.own import from_coordinate, location_scale
from bayes_glmm.engine.program import Informed, Program, correlated, correlation_factor
from bayes_glmm.engine.related_levels import Related, Rest
from bayes_glmm.maths.on_cores import on_cores
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
STREAM = 7
AT_ONCE = 1 << 16
"""Numbers of a block of draws, half a megabyte."""


def expand(program: Program, draws: Array, seed: int = 1) -> dict[str, Array]:
    """Turn the sampler's coordinates into the posterior's named variables.

    A block of draws is carried from end to end before the next one, so that what is made on the
    way stays in the processor's cache.

    Parameters
    ----------
    draws : ndarray, shape (..., n_sampled)
    seed : int
        Of the exact draws of what was integrated out.

    Returns
    -------
    dict of str to ndarray
        The variables of the graph, leading dimensions kept.
    """
    lead, flat = draws.shape[:-1], draws.reshape(-1, draws.shape[-1])
    noise = _noise(program, len(flat), seed)
    step = max(1, AT_ONCE // program.n_dim)

    def block(at: int) -> dict[str, Array]:
        here = slice(at, at + step)
        own = None if noise is None else noise[here]
        rng = np.random.default_rng([seed, STREAM, at])
        return _expanded(program, np.ascontiguousarray(flat[here]), own, rng)

    first = block(0)
    out = {name: np.empty((len(flat), *values.shape[1:])) for name, values in first.items()}

    def fill(at: int) -> None:
        for name, values in (block(at) if at else first).items():
            out[name][at : at + step] = values

    on_cores(fill, range(0, len(flat), step))
    return {name: values.reshape((*lead, *values.shape[1:])) for name, values in out.items()}


def _noise(program: Program, n_draws: int, seed: int) -> Array | None:
    """Return normal numbers for what was integrated out, shape (n_draws, n_scalars)."""
    if program.plan is None or program.plan.mode != COLLAPSED:
        return None
    size = (n_draws, program.plan.pattern.symbolic.n)
    return np.random.default_rng([seed, STREAM]).normal(size=size)


def _expanded(
    program: Program, draws: Array, noise: Array | None, rng: np.random.Generator
) -> dict[str, Array]:
    """Return the variables of a block of draws, shape (n_draws, n_sampled)."""
    if program.plan is not None:
        sampled, draws = draws, np.empty((len(draws), program.n_dim))
        restore(program.buffer, sampled, noise, draws)
    n, out, k = len(draws), _fixed(program, draws), program.n_fixed
    for _, group in all_groups(program.design):
        if isinstance(group, Tied):
            k += _tied(program, group, draws[:, k:], out)
            continue
        if isinstance(group, Rest) or reads(group):
            k += n_effects(group)  # expanded with the field before it
            continue
        q, order = len(group.terms), order_of(group)
        back = np.argsort(order)
        sd = deviations(group, program.signed, draws[..., k : k + q])
        L, free = correlation_factor(group, draws[:, k + q :])
        k += q + free
        out[f"sd_{group.name}"] = np.abs(sd)[..., back]
        factor = sd[..., :, None] * L
        sign = np.where(sd < 0, -1.0, 1.0)
        L = sign[..., :, None] * L * sign[..., None, :]
        for number, (members, name) in enumerate(correlated(group)):
            first = order.index(members[0])
            inner = slice(first, first + len(members))
            out[name] = L[..., inner, inner]
            if number == 0:
                full = L @ np.swapaxes(L, -1, -2)
                out[f"corr_{group.name}"] = full[..., back, :][..., :, back]
        named = hypers(group)
        parameters = {
            name: from_coordinate(program.priors[name], draws[:, k + j])
            for j, name in enumerate(named)
        }
        k += len(named)
        size = group.n_levels * q
        z = draws[:, k : k + size].reshape(n, group.n_levels, q)
        if group.name in program.informed:
            z = _noncentred(program.informed[group.name], order, factor, z)
        u = np.empty_like(z)
        for i, place in enumerate(order):
            u[..., place] = sum(z[..., j] * factor[..., i, j, None] for j in range(i + 1))
        if isinstance(group, Related):
            signed = np.empty_like(z)  # a scale's sign goes into effects, out of their factor
            signed[..., order] = z * sign[:, None, :]
            if group.law.absorbed or group.law.own is not None:
                own = sign * draws[:, k + size : k + size + group.n_rest]
                signed, u, mean = absorb(
                    group, signed, np.abs(sd[:, 0]), parameters, own[..., None]
                )
                out["intercept"] = out["intercept"] + mean
            else:
                u = u[:, group.law.node]
            out |= parameters
            out[group.group.latents] = latents_of(group, signed, parameters, rng)
        out[f"u_{group.name}"] = u
        k += size
    return out | _own(program, draws, out)


def _tied(program: Program, group: Tied, draws: Array, out: dict[str, Array]) -> int:
    """Fill in coefficients of a smooth and their standard deviation; return how many coordinates."""
    smooth, n = group.smooth, len(draws)
    sd = deviations(group, program.signed, draws[:, :1])
    for name, size in ((smooth.sd, len(smooth.parts)), (smooth.effects, len(smooth.part))):
        out.setdefault(name, np.empty((n, size)))
    out[smooth.sd][:, group.part] = np.abs(sd[:, 0])
    first = 1 + len(group.hyper)
    for k, name in enumerate(group.hyper):
        out[name] = from_coordinate(program.priors[name], draws[:, 1 + k])
    out[smooth.effects][:, group.places] = sd * draws[:, first : first + group.n_levels]
    return first + group.n_levels


def _fixed(program: Program, draws: Array) -> dict[str, Array]:
    """Return intercepts and coefficients of all predictors on the columns as they were given."""
    priors, k = program.priors, int(program.design.mu.intercept)
    out: dict[str, Array] = {}
    if k:
        out["intercept"] = _shifted(priors["intercept"], draws[:, 0])
    for one in linears(program.design):
        p, size = one.predictor, len(one.names)
        found = [_shifted(priors[name], draws[:, k + j]) for j, name in enumerate(one.names)]
        k += size
        if one.intercept:
            out[p.intercept_name], *found = found
        if p.coefficients:
            out[p.beta] = np.stack(found, -1)
            if p.intercept:
                out[p.intercept_name] = out[p.intercept_name] - out[p.beta] @ p.centers
    return out


def _own(program: Program, draws: Array, known: Mapping[str, Array]) -> dict[str, Array]:
    """Return the family's parameters; vectors have their priors at the covariates' means."""
    own = program.parameters(draws)
    for name in program.vectors:
        centre = np.asarray(program.design.threshold_centre(known.__getitem__, np.stack))
        own[name] = own[name] + centre[..., None]
    return {name: own[name] for name in program.names}


def _noncentred(known: Informed, order: list[int], A: Array, z: Array) -> Array:
    """Undo the data-informed centring: ``inv(C') (z + inv(C) A'b)``, where ``C C' = I + A'WA``.

    Matrices are no wider than the group's terms, but there are levels times draws of them: each of
    their entries is an array over draws and levels.
    """
    q = len(order)
    W = known.weight[:, order][:, :, order].reshape(-1, q * q).T
    pull = known.pull[:, order].T
    out = np.empty_like(z)
    C: list[list[Array]] = []
    down: list[Array] = []
    for i in range(q):
        C.append([])
        for j in range(i + 1):
            entry = (A[:, :, i, None] * A[:, None, :, j]).reshape(-1, q * q) @ W
            entry -= sum(C[i][k] * C[j][k] for k in range(j)) - (i == j)
            C[i].append(np.sqrt(entry) if i == j else entry / C[j][j])
        rest = A[:, :, i] @ pull - sum(C[i][k] * down[k] for k in range(i))
        down.append(rest / C[i][i])
    for i in reversed(range(q)):
        rest = z[:, :, i] + down[i]
        rest -= sum(C[k][i] * out[:, :, k] for k in range(i + 1, q))
        out[:, :, i] = rest / C[i][i]
    return out


def _shifted(prior: Prior, z: Array) -> Array:
    location, scale = location_scale(prior)
    return location + scale * z
