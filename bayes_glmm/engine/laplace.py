"""A quick normal approximation: where the posterior is and how wide.

Given the scales, everything linear goes to its mode by Newton steps on the sparse
precision of :mod:`.pattern`; the scales go to the mode of the density that is left
when everything linear is integrated out by Laplace's method.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.climb import NO_VALUE, climb, hessian
from bayes_glmm.engine.find_pattern import find_pattern
from bayes_glmm.engine.kernel import likelihood, log_density
from bayes_glmm.engine.linear import (
    Tied,
    all_groups,
    hypers,
    linears,
    order_of,
    reads,
    scale_size,
)
from bayes_glmm.engine.linear_precision import Factor, Prior, factorise
from bayes_glmm.engine.own import from_coordinate
from bayes_glmm.engine.pattern import Pattern, span
from bayes_glmm.engine.program import Program, correlation_factor
from bayes_glmm.engine.related_levels import MIX, Related, Rest

type Array = NDArray[np.float64]
MOST_PRODUCTS = 20_000_000
SAME = 1e-9
STEP = 1e-4
NEWTON_STEPS = 60
ENOUGH = 1e-8
SPREAD_THETA, STEP_THETA = 0.2, 0.05


@dataclass(frozen=True, eq=False)
class Inner:
    """The mode of everything linear at given scales.

    Attributes
    ----------
    w : ndarray, shape (n,)
        Standardised effects, part by part.
    prior : Prior
        Their distribution before the rows are seen.
    products : list of ndarray
        Cross-products of the rows at their weights, segment by segment.
    factor : Factor
    """

    w: Array
    prior: Prior
    eta: Array
    slope: Array
    weights: Array
    products: list[Array]
    factor: Factor


@dataclass(frozen=True, eq=False)
class Problem:
    """A plain program with its scales ``theta`` split from everything linear."""

    program: Program
    pattern: Pattern
    theta: NDArray[np.intp]
    base: Array
    """The predictors without their effects, shape (n_predictors, n_rows), as all of them here."""

    @classmethod
    def of(cls, program: Program, *, fixed_too: bool = True) -> Problem | None:
        """Find the pattern; ``None`` where its elimination takes too long.

        Without ``fixed_too`` intercept and coefficients are among the scales.
        """
        design, scales = program.rows.design, program.locations
        fixed, base, at = [], [], 0
        for one in linears(design):
            ones = np.ones((design.n_rows, int(one.number == 0 and design.mu.intercept)))
            columns = np.concatenate([ones, one.columns], axis=1)
            own = np.array(scales[at : at + columns.shape[1]]).reshape(-1, 2)
            moved = np.flatnonzero(own[:, 0])
            base.append(one.predictor.offset + columns[:, moved] @ own[moved, 0])
            if fixed_too:
                fixed.append((one.number, np.ascontiguousarray(columns * own[:, 1]), at))
            at += len(own)
        places = []
        for (at, _), (number, group) in zip(program.group_starts, all_groups(design), strict=True):
            places.append((number, group, tuple(order_of(group)), at + scale_size(group)))
        pattern = find_pattern(fixed, places, MOST_PRODUCTS)
        if pattern is None:
            return None
        theta = np.setdiff1d(np.arange(program.n_dim), pattern.order)
        return cls(program, pattern, theta, np.stack(base))

    def factors(self, x: Array) -> list[Array | None]:
        """Return A = diag(sd) L of every part; ``None`` for fixed effects."""
        found, mix = list[Array](), np.zeros(())
        for at, group in self.program.group_starts:
            if isinstance(group, Rest):
                found.append(found[-1] * np.sqrt((1 - mix) / mix))
                continue
            if reads(group):
                found.append(np.zeros((0, 0)))  # no part has this number
                continue
            q = len(group.terms)
            (L,), free = correlation_factor(group, x[None, at + q :])
            A = np.exp(x[at : at + q])[:, None] * L
            if isinstance(group, Related) and group.law.kind == MIX:
                mix = from_coordinate(self.program.priors[hypers(group)[0]], x[at + q + free])
                A = A * np.sqrt(mix)
            found.append(A[0, 0] * np.eye(group.n_levels) if isinstance(group, Tied) else A)
        return [None if p.fixed else found[p.group] for p in self.pattern.parts]

    def effects(self, factors: list[Array | None], w: Array) -> list[Array]:
        """Return the effects on the predictor's scale, part by part."""
        out = []
        for part, A in zip(self.pattern.parts, factors, strict=True):
            own = w[part.offset : part.offset + part.units * part.width]
            own = own.reshape(part.units, part.width)
            out.append(own if A is None else own @ A.T)
        return out

    def back(self, factors: list[Array | None], slopes: list[Array]) -> Array:
        """Return derivatives in standardised effects from those in effects."""
        pairs = zip(slopes, factors, strict=True)
        return np.concatenate(
            [np.zeros(0), *((s if A is None else s @ A).ravel() for s, A in pairs)]
        )

    def prior(self, x: Array) -> Prior:
        """Return the precision of standardised effects at the parameters in ``x``."""
        entries, matrices, log_det = [], [], 0.0
        for one in self.pattern.fields:
            at, group = self.program.group_starts[one.part.group]
            law, names = one.law, hypers(group)
            k = at + scale_size(group) - 1
            value = from_coordinate(self.program.priors[names[0]], x[k]) if names else None
            own = law.at(value)
            entries.append(own)
            log_det += one.terms * law.log_determinant(value)
            matrices.append((span(one.part), one.terms, law.matrix(own)))
        return Prior(entries, matrices, log_det)

    def precision(
        self, factors: list[Array | None], products: list[Array], prior: Prior
    ) -> Factor | None:
        """Factorise ``A' G A + Q``."""
        return factorise(self.pattern, self.blocks(factors, products), prior.entries)

    def blocks(self, factors: list[Array | None], products: list[Array]) -> list[Array]:
        """Return ``A' G A``, segment by segment, and one added where units are independent."""
        related = {one.part.group for one in self.pattern.fields}
        known = {p.group: A for p, A in zip(self.pattern.parts, factors, strict=True)}
        blocks = []
        for segment, G in zip(self.pattern.segments, products, strict=True):
            left, right = known[segment.left.group], known[segment.right.group]
            block = G if left is None else left.T @ G
            block = block if right is None else block @ right
            if segment.diagonal and segment.left.group not in related:
                block = block + np.eye(segment.left.width)
            blocks.append(block)
        return blocks

    def rows(self, eta: Array, parameters: Array) -> tuple[float, Array]:
        """Return the log-likelihood and its derivatives in the predictors."""
        slope, own = np.empty_like(eta), np.zeros_like(parameters)
        return likelihood(self.program.buffer, eta, parameters, slope, own), slope

    def weights(self, eta: Array, parameters: Array) -> Array:
        """Return the negative second derivatives of each row in its predictors.

        Shape (n_predictors, n_predictors, n_rows): a matrix for each row.
        """
        ends = []
        for step in STEP * np.eye(len(eta)):
            up, down = (self.rows(eta + s[:, None], parameters)[1] for s in (step, -step))
            ends.append((down - up) / (2 * STEP))
        W = np.stack(ends)
        return np.ascontiguousarray(0.5 * (W + W.swapaxes(0, 1)))

    def parameters(self, x: Array) -> Array:
        """Return the family's own parameters that rows take."""
        given = self.program.parameters(x)
        return np.concatenate([np.zeros(0), *(np.atleast_1d(given[n]) for n in self.program.own)])

    def solve(
        self, x: Array, w: Array, enough: float = ENOUGH, *, observed: bool = False
    ) -> Inner | None:
        """Find the mode of everything linear at the scales in ``x``.

        Parameters
        ----------
        enough : float
            Squared length of a Newton step, in standard deviations, that is the last.
        observed : bool, default False
            Whether the precision there is that of second derivatives as they are, where that is
            positive. Coordinates ask for weights of each row that are, at whichever scales.
        """
        factors, parameters, prior = self.factors(x), self.parameters(x), self.prior(x)
        eta = self.pattern.predict(self.base, self.effects(factors, w))
        value, slope = self.rows(eta, parameters)
        value = value - 0.5 * float(w @ prior.times(w))
        weights, products, factor = np.zeros(0), [np.zeros(0)], None
        for _ in range(NEWTON_STEPS):
            if not np.isfinite(value):
                return None
            new_weights = self.weights(eta, parameters)
            if factor is None or not np.allclose(new_weights, weights, rtol=SAME, atol=0):
                weights, factor = new_weights, None
                if observed:
                    products = self.pattern.products(weights)
                    factor = self.precision(factors, products, prior)
                if factor is None:
                    products = self.pattern.products(positive(weights))
                    factor = self.precision(factors, products, prior)
            if factor is None:
                return None
            gradient = self.back(factors, self.pattern.gather(slope)) - prior.times(w)
            half = factor.lower(gradient)
            if half @ half < enough:
                return Inner(w, prior, eta, slope, positive(weights), products, factor)
            step = factor.upper(half)
            for size in 0.5 ** np.arange(12):
                moved = w + size * step
                eta = self.pattern.predict(self.base, self.effects(factors, moved))
                new, slope = self.rows(eta, parameters)
                new -= 0.5 * float(moved @ prior.times(moved))
                if np.isfinite(new) and new >= value - 1e-9 * abs(value):
                    break
            w, value = moved, new
        return None


def positive(weights: Array) -> Array:
    """Leave out of each row's matrix what is negative, shape (n_predictors, n_predictors, n_rows)."""
    if len(weights) == 1:
        return np.maximum(weights, 0.0)
    values, vectors = np.linalg.eigh(weights.T)
    kept = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.swapaxes(1, 2)
    return np.ascontiguousarray(kept.T)


@dataclass(frozen=True, eq=False)
class Approximation:
    """The normal approximation at the mode of the scales.

    Attributes
    ----------
    x : ndarray, shape (n_dim,)
        The mode in the program's coordinates.
    factors : list of ndarray
        Factors of the groups there.
    inner : Inner
    covariance : ndarray, shape (n_theta, n_theta)
        Of logarithms of scales and of free correlations.
    value : float
        Logarithm of the density of the scales there, up to ``2 pi`` terms.
    """

    problem: Problem
    x: Array
    factors: list[Array | None]
    inner: Inner
    covariance: Array
    value: float

    @property
    def uncertainty(self) -> Array:
        """Standard deviations of logarithms of scales and of free correlations."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def pulls(self) -> list[Array]:
        """What the rows say about the effects, times their precision, part by part."""
        inner, pattern = self.inner, self.problem.pattern
        moved = np.einsum("pqn,qn->pn", inner.weights, inner.eta - self.problem.base)
        return pattern.gather(moved + inner.slope)


def approximate(program: Program) -> Approximation | None:
    """Approximate the posterior of a plain program; ``None`` where it will not do."""
    problem = Problem.of(program)
    return None if problem is None else approximate_problem(problem)


def approximate_problem(problem: Problem, enough: float = 1e-4) -> Approximation | None:
    """Find the mode of the scales and the curvature of their density there."""
    program, theta = problem.program, problem.theta
    objective, x = marginal(problem)
    at = climb(objective, program.start[theta], np.full(len(theta), SPREAD_THETA), enough=enough)
    covariance = spread_of(objective, at)
    value = -objective(at)
    inner = problem.solve(x, x[problem.pattern.order])
    if inner is None:
        return None
    x[problem.pattern.order] = inner.w
    return Approximation(problem, x, problem.factors(x), inner, covariance, value)


def marginal(problem: Problem) -> tuple[Callable[[Array], float], Array]:
    """Return minus the log-density of the scales, and the point that it leaves behind."""
    program, order = problem.program, problem.pattern.order
    x, scratch = program.start.copy(), np.empty(program.n_dim)
    x[order[: len(order) - sum(p.width for p in problem.pattern.parts if p.fixed)]] = 0.0

    def objective(theta: Array) -> float:
        x[problem.theta] = theta
        inner = problem.solve(x, x[order])
        if inner is None:
            return NO_VALUE
        x[order] = inner.w
        value = log_density(program.buffer, x, scratch) - inner.factor.log_det
        return -value if np.isfinite(value) else NO_VALUE

    return objective, x


def spread_of(objective: Callable[[Array], float], at: Array) -> Array:
    """Return the covariance that the curvature of the scales' density implies.

    Directions in which the density hardly falls are held to a standard
    deviation of one on the log scale.
    """
    values, vectors = np.linalg.eigh(hessian(objective, at, np.full(len(at), STEP_THETA)))
    return np.asarray((vectors / np.clip(values, 1.0, 1e6)) @ vectors.T)
