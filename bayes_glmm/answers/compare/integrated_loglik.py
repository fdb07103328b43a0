"""Log-likelihood of groups, with their effects integrated out in each draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtri

from bayes_glmm.answers.predict.predictor_draws import (
    factors,
    fixed_part,
    flat,
    log_density,
    mean_eta,
    parameters,
)
from bayes_glmm.answers.require import require
from bayes_glmm.errors import ArgumentError, listed
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
type Index = NDArray[np.intp]
NODES, REACH = 33, 6.0
SCRAMBLES, POINTS, WIDER = 4, 128, 1.3
MOST_ROWS, MOST_MESSAGES, FEWEST = 30_000_000, 100_000_000, 400
PIECE = 2_000_000
_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
HERMITE = (_POINTS, _WEIGHTS / _WEIGHTS.sum())
"""Nodes and weights of the standard normal distribution."""


@dataclass(frozen=True, eq=False)
class Groupwise:
    """Log-likelihood of each group's rows, given the parameters that groups share.

    Attributes
    ----------
    values : ndarray, shape (n_chains, n_draws, n_levels)
        Log-likelihood of all rows of a level; draws are evenly thinned ones.
    others : list of ndarray, as ``values``
        The same with half of the nodes, and without the outermost; or the estimate of each
        scramble of the quasi-random points.
    method : str
    scrambled : bool
        Whether the others are scrambles; ``values`` are then their mean.
    """

    values: Array
    others: list[Array]
    method: str
    scrambled: bool = False

    def error(self, scores: list[float], score: float) -> float:
        """Return the error of a score, given those of the others."""
        if self.scrambled:
            return float(np.std(scores, ddof=1) / np.sqrt(len(scores)))
        return max((abs(s - score) for s in scores), default=0.0)


def group_log_likelihood(fit: Fit, index: Index, n: int, name: str, seed: int) -> Groupwise:
    """Integrate out the effects of every group nested in the levels that are left out.

    Effects of groups that cross these levels stay as they were drawn.

    Parameters
    ----------
    fit : Fit
    index : ndarray of int, shape (n_rows,)
        The level of each row that is left out together.
    n : int
        Number of levels.
    name : str
        Of the grouping, for messages.
    seed : int
        For the quasi-random points, where effects are of more than one dimension.

    Raises
    ------
    ArgumentError
        Effects within the levels are crossed, or slopes vary at more than one depth.
    """
    chain = _chain(fit, index, name)
    kept = _thin(fit, chain)
    if not chain:
        rows = _row_values(fit, mean_eta(fit, fit.design)[kept], kept)
        return Groupwise(_shaped(fit, _sums(rows, index, n), kept), [], "no effects to integrate")
    above, scrambled = _parent(chain[0].index, index), len(chain[0].terms) > 1
    if scrambled:
        levels, others = _by_points(fit, chain[0], kept, seed)
        method = f"{SCRAMBLES * POINTS} quasi-random points a level"
    else:
        levels, *others = _by_grid(fit, chain, kept)
        method = f"trapezoid rule, {NODES} nodes a level"
    values, *rest = (_shaped(fit, _sums(v, above, n), kept) for v in (levels, *others))
    return Groupwise(values, rest, method, scrambled)


def _chain(fit: Fit, index: Index, name: str) -> list[GroupDesign]:
    """Return the groups whose levels lie within those left out, the coarsest first."""
    inside = [g for g in fit.groups if _lies_within(g, index)]
    if not inside:
        return []
    answer = f"Leaving out {name}"
    require(fit.family, "one_predictor", answer)
    others = list(fit.design.predictors.values())[1:]
    elsewhere = [g.name for p in others for g in p.groups if _lies_within(g, index)]
    if elsewhere:
        raise ArgumentError(
            f"Leaving out {name}: {listed(elsewhere)} lies within it, in the formula of another "
            "parameter than the mean, and is not integrated here. Compare row by row, without by=."
        )
    inside = [g for g in fit.design.mu.groups if _lies_within(g, index)]
    for group in inside:
        require(group, "normal_effects", answer)
        require(group, "single_levels", answer)
        require(group, "independent_levels", answer)
    inside.sort(key=lambda g: g.n_levels)
    for outer, inner in zip(inside, inside[1:], strict=False):
        if not _nested(inner.index, outer.index):
            raise ArgumentError(
                f"Leaving out {name}: {outer.name} and {inner.name} cross within it, and their "
                "effects cannot be integrated together. Compare row by row, without by=."
            )
    deep = [g.name for g in inside if g.terms != (INTERCEPT,)]
    if len(inside) > 1 and deep:
        raise ArgumentError(
            f"Leaving out {name}: slopes vary by {listed(deep)}, with other effects nested. "
            "Only intercepts may be nested; compare row by row, without by=."
        )
    return inside


def _lies_within(group: GroupDesign, index: Index) -> bool:
    """Whether all rows of each level of the group belong to one unit."""
    levels, weights = group.row_levels
    rows, members = np.nonzero(weights)
    return _nested(levels[rows, members], index[rows])


def _nested(inner: Index | NDArray[np.int32], outer: Index | NDArray[np.int32]) -> bool:
    pairs = pd.unique(inner.astype(np.int64) * (int(outer.max()) + 1) + outer)
    return len(pairs) == len(np.unique(inner))


def _parent(inner: Index | NDArray[np.int32], outer: Index | NDArray[np.int32]) -> Index:
    """Return the outer level of every inner one."""
    first = np.unique(inner, return_index=True)[1]
    return np.asarray(outer[first], np.intp)


def _thin(fit: Fit, chain: list[GroupDesign]) -> Index:
    """Return evenly spaced draws, as many as can be integrated in reasonable time."""
    chains, draws = fit.posterior.sizes["chain"], fit.posterior.sizes["draw"]
    wide = bool(chain) and len(chain[0].terms) > 1
    cells = fit.design.n_rows * (SCRAMBLES * POINTS if wide else NODES)
    most = MOST_ROWS / cells
    for inner in chain[1:]:
        most = min(most, MOST_MESSAGES / (inner.n_levels * NODES**2))
    step = max(1, int(np.ceil(chains * draws / max(most, FEWEST))))
    return np.arange(chains * draws).reshape(chains, draws)[:, ::step].ravel()


def _shaped(fit: Fit, values: Array, kept: Index) -> Array:
    chains = fit.posterior.sizes["chain"]
    return values.reshape(chains, len(kept) // chains, -1)


def _sums(values: Array, index: Index, n: int) -> Array:
    """Sum columns by index, shape (n_draws, n)."""
    order = np.argsort(index, kind="stable")
    starts = np.searchsorted(index[order], np.arange(n))
    return np.add.reduceat(values[:, order], starts, axis=1)


def _row_values(fit: Fit, eta: Array, kept: Index) -> Array:
    parameter_draws = {
        k: v[kept] if len(v) > 1 else v for k, v in parameters(fit, fit.design).items()
    }
    return log_density(
        fit, fit.design, eta, parameter_draws, np.asarray(fit.design.response, float)
    )


def _without(fit: Fit, chain: list[GroupDesign]) -> Array:
    """Return the predictor without the effects of some groups, shape (n_draws, n_rows)."""
    rest, names = fixed_part(fit, fit.design.mu), {g.name for g in chain}
    for other in fit.design.mu.groups:
        if other.name not in names:
            rest += other.added(flat(fit, other.effects))
    return rest


def _by_grid(fit: Fit, chain: list[GroupDesign], kept: Index) -> list[Array]:
    """Integrate nested effects from the finest to the coarsest, three times.

    Integration is over each level's total: its effect plus the mean predictor of its rows.
    Data inform totals far better than effects. Each total has a grid around its posterior.
    The second result uses twice the step, the third a shorter grid.
    """
    rest, finest = _without(fit, chain), chain[-1]
    middles = [_middle(rest, group) for group in chain]
    parents = [_parent(b.index, a.index) for a, b in zip(chain, chain[1:], strict=False)]
    grids, effects = [], np.zeros((1, chain[0].n_levels))
    for depth, (group, middle) in enumerate(zip(chain, middles, strict=True)):
        above = effects[:, parents[depth - 1]] if depth else effects
        effects = above + flat(fit, group.effects)[:, :, 0]
        grids.append(_grid(effects + middle))
    z, index = finest.values[:, 0], finest.index.astype(np.intp)
    rest = rest[kept] - middles[-1][kept][:, index] * z
    value = np.empty((NODES, len(kept), finest.n_levels))
    for k, place in enumerate(grids[-1]):
        value[k] = _sums(_row_values(fit, rest + place[index] * z, kept), index, finest.n_levels)
    sds = [flat(fit, g.sd)[kept, 0] for g in chain]
    shifts = [middles[0][kept]]
    for parent, outer, inner in zip(parents, middles, middles[1:], strict=False):
        shifts.append(inner[kept] - outer[kept][:, parent])
    rules = (slice(None), slice(None, None, 2), slice(2, -2))
    return [_upwards(value[r], [g[r] for g in grids], sds, parents, shifts) for r in rules]


def _middle(rest: Array, group: GroupDesign) -> Array:
    """Return the fixed part that a level's effect is added to: its rows' mean, or their slope."""
    z, index = group.values[:, 0], group.index.astype(np.intp)
    size = np.bincount(index, z**2, group.n_levels)
    return _sums(rest * z, index, group.n_levels) / np.where(size > 0, size, 1.0)


def _grid(total: Array) -> Array:
    """Return nodes around each level's posterior, shape (NODES, n_levels)."""
    spread = np.maximum(total.std(axis=0), 1e-8)
    return total.mean(axis=0) + spread * np.linspace(-REACH, REACH, NODES)[:, None]


def _upwards(
    value: Array, grids: list[Array], sds: list[Array], parents: list[Index], shifts: list[Array]
) -> Array:
    """Integrate each level's total out, and add the result to its parent's log-likelihood."""
    for depth in range(len(grids) - 1, 0, -1):
        above = grids[depth - 1][:, parents[depth - 1]]
        n = grids[depth - 1].shape[1]
        message = np.empty((len(above), *value.shape[1:]))
        size = max(1, PIECE // (grids[depth].size * len(above)))
        for start in range(0, value.shape[1], size):
            part = slice(start, start + size)
            for j, place in enumerate(above):
                message[j, part] = _integral(
                    value[:, part],
                    grids[depth],
                    place + shifts[depth][part],
                    sds[depth][part, None],
                )
        value = np.array([_sums(m, parents[depth - 1], n) for m in message])
    return _integral(value, grids[0], shifts[0], sds[0][:, None])


def _integral(value: Array, grid: Array, centre: Array, sd: Array) -> Array:
    """Return ``log ∫ exp(value) Normal(centre, sd)`` over the grid's axis, the first.

    A normal density narrower than the grid's step falls between the nodes. The values are
    smooth: they are interpolated at nodes of that density instead.
    """
    step = grid[1] - grid[0]
    density = value - 0.5 * ((grid[:, None, :] - centre) / sd) ** 2
    log_integral = logsumexp(density, axis=0) + np.log(step) - np.log(sd) - 0.5 * np.log(2 * np.pi)
    narrow = np.broadcast_to(sd < step, log_integral.shape)
    if narrow.any():
        middle = (np.broadcast_to(centre, log_integral.shape) - grid[0]) / step
        spread = np.broadcast_to(sd / step, log_integral.shape)
        log_integral[narrow] = _narrow(value[:, narrow], middle[narrow], spread[narrow])
    return log_integral


def _narrow(value: Array, centre: Array, sd: Array) -> Array:
    """Return the integral for narrow densities, in steps of the grid, shape (n,)."""
    total = np.empty((len(HERMITE[0]), value.shape[1]))
    columns = np.arange(value.shape[1])
    for k, (z, weight) in enumerate(zip(*HERMITE, strict=True)):
        at = np.clip(centre + sd * z, -1.0, float(len(value)))
        first = np.clip(np.floor(at).astype(np.intp) - 1, 0, len(value) - 4)
        f = at - first
        cubic = (
            -(f - 1) * (f - 2) * (f - 3) / 6, f * (f - 2) * (f - 3) / 2,
            -f * (f - 1) * (f - 3) / 2, f * (f - 1) * (f - 2) / 6,
        )  # fmt: skip
        near = sum(c * value[first + j, columns] for j, c in enumerate(cubic))
        total[k] = near + np.log(weight)
    return np.asarray(logsumexp(total, axis=0))


def _by_points(fit: Fit, group: GroupDesign, kept: Index, seed: int) -> tuple[Array, list[Array]]:
    """Integrate effects of several dimensions by importance sampling, scramble by scramble."""
    from scipy.stats import qmc

    every = _base(fit, group)
    base, rest = every[kept], (_without(fit, [group]) - every @ group.values.T)[kept]
    total = flat(fit, group.effects) + every[:, None, :]
    q, index = len(group.terms), group.index.astype(np.intp)
    middle, roots = total.mean(axis=0), _roots(total)
    inverse = np.linalg.inv(factors(fit, group)[kept])
    log_det = np.log(np.abs(np.linalg.det(inverse)))[:, None]
    log_volume = np.log(np.abs(np.linalg.det(roots)))
    estimates = []
    for s in range(SCRAMBLES):
        sobol = qmc.Sobol(q, rng=np.random.default_rng([seed, s]))
        points = ndtri(np.clip(sobol.random(POINTS), 1e-12, 1 - 1e-12))
        terms = np.empty((POINTS, len(kept), group.n_levels))
        for k, z in enumerate(points):
            place = middle + roots @ z
            rows = _row_values(fit, rest + (group.values * place[index]).sum(axis=1), kept)
            away = np.einsum("dij,dlj->dli", inverse, place - base[:, None, :])
            prior = log_det - 0.5 * (away**2).sum(axis=2)
            terms[k] = _sums(rows, index, group.n_levels) + prior + log_volume + 0.5 * z @ z
        estimates.append(logsumexp(terms, axis=0) - np.log(POINTS))
    return logsumexp(estimates, axis=0) - np.log(SCRAMBLES), estimates


def _base(fit: Fit, group: GroupDesign) -> Array:
    """Return the fixed coefficients of the varying terms, shape (n_draws, n_terms).

    Data inform the sum of a fixed and a varying coefficient better than either: the
    integral is over the sums.
    """
    base = np.zeros((len(flat(fit, group.sd)), len(group.terms)))
    mu = fit.design.mu
    fixed = list(mu.coefficients)
    for t, term in enumerate(group.terms):
        if term == INTERCEPT and mu.intercept:
            base[:, t] = flat(fit, mu.intercept_name)
        elif term in fixed:
            base[:, t] = flat(fit, mu.beta)[:, fixed.index(term)]
    return base


def _roots(total: Array) -> Array:
    """Return a widened square root of each level's posterior covariance."""
    away = total - total.mean(axis=0)
    covariance = np.einsum("dli,dlj->lij", away, away) / len(total)
    scale = np.einsum("lii->li", covariance).max(axis=0)
    return WIDER * np.linalg.cholesky(covariance + np.diag(1e-10 * scale + 1e-300))
