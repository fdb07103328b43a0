"""A quick normal approximation: where the posterior is and how wide.

It serves the sampler, which starts there and centres each level's effects where
its data put them. Nothing that is reported rests on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from bayes_glmm.engine.program import Informed, Program, unit_rows
from bayes_glmm.engine.rows import FAMILIES, LINKS, log_likelihood

type Array = NDArray[np.float64]
MOST_DENSE = 1500
MOST_ENTRIES = 3_000_000
STEP = 1e-4
NEWTON_STEPS = 60


@dataclass(frozen=True, eq=False)
class Approximation:
    """The centre of the posterior in the coordinates that ``informed`` makes.

    Attributes
    ----------
    start : ndarray, shape (n_dim,)
        Centre of the coordinates.
    factor : ndarray, shape (n_dim, n_dim)
        Lower-triangular square root of their covariance.
    uncertainty : ndarray
        Standard deviations of the logarithms of scales and of free correlations.
    informed : dict of str to Informed
    """

    start: Array
    factor: Array
    uncertainty: Array
    informed: dict[str, Informed]


@dataclass(frozen=True, eq=False)
class _Inner:
    v: Array
    value: float
    log_det: float
    hessian: Array


@dataclass(frozen=True, eq=False)
class _Problem:
    """The model with its scales ``theta`` split from everything linear."""

    program: Program
    linear: NDArray[np.intp]
    theta: NDArray[np.intp]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int32]
    fixed: Array
    base: Array

    @classmethod
    def of(cls, program: Program) -> _Problem:
        mu = program.design.mu
        n, scales = program.design.n_rows, program.locations
        fixed = np.concatenate([np.ones((n, int(mu.intercept))), mu.X - mu.centers], axis=1)
        base: Array = mu.offset + (scales[0][0] if mu.intercept else 0.0)
        for j, (location, _) in enumerate(scales[int(mu.intercept) :]):
            if location:
                base = base + location * (mu.X[:, j] - mu.centers[j])
        columns = [np.broadcast_to(np.arange(fixed.shape[1]), fixed.shape)]
        at = fixed.shape[1]
        for group in mu.groups:
            q = len(group.terms)
            columns.append(at + group.index[:, None] * q + np.arange(q))
            at += group.n_levels * q
        width = sum(c.shape[1] for c in columns)
        linear = program.linear
        theta = np.setdiff1d(np.arange(program.n_dim), linear)
        return cls(
            program, linear, theta, np.concatenate(columns, 1).ravel().astype(np.int32),
            np.arange(0, n * width + 1, width, dtype=np.int32),
            fixed * np.array([s for _, s in scales]), base,
        )  # fmt: skip

    def factors(self, x: Array) -> list[Array]:
        """Return A = diag(sd) L of every group, in the kernel's order of terms."""
        out = []
        for at, group in self.program.group_starts:
            q = len(group.terms)
            L, k, first = np.eye(q), at + q, 0
            for members in group.blocks:
                b = len(members)
                if b > 1:
                    free = b * (b - 1) // 2
                    L[first : first + b, first : first + b] = unit_rows(x[k : k + free], b)
                    k += free
                first += b
            out.append(np.exp(x[at : at + q])[:, None] * L)
        return out

    def jacobian(self, factors: list[Array]) -> sparse.csr_array:
        """Return d eta / d (fixed, effects) at the scales of ``factors``."""
        parts = [self.fixed]
        for (_, group), A in zip(self.program.group_starts, factors, strict=True):
            order = [t for members in group.blocks for t in members]
            parts.append(group.values[:, order] @ A)
        data = np.concatenate(parts, axis=1).ravel()
        shape = (len(self.base), len(self.linear))
        return sparse.csr_array((data, self.indices, self.indptr), shape=shape)

    def rows(self, eta: Array, parameters: Array) -> tuple[float, Array]:
        """Return the log-likelihood and its derivative in eta."""
        design = self.program.design
        d_eta, d_parameters = np.empty_like(eta), np.zeros_like(parameters)
        value = log_likelihood(
            FAMILIES[design.family], LINKS[design.link], design.response,
            np.ones_like(eta) if design.trials is None else design.trials,
            eta, parameters, d_eta, d_parameters,
        )  # fmt: skip
        return value, d_eta

    def solve(self, x: Array, v: Array) -> _Inner | None:
        """Find the mode of the linear part at the scales in ``x`` by Newton steps."""
        J = self.jacobian(self.factors(x))
        parameters = np.exp(x[len(x) - len(self.program.names) :])
        eta = self.base + J @ v
        value, slope = self.rows(eta, parameters)
        value = value - 0.5 * float(v @ v)
        for _ in range(NEWTON_STEPS):
            if not np.isfinite(value):
                return None
            up, down = self.rows(eta + STEP, parameters)[1], self.rows(eta - STEP, parameters)[1]
            weights = np.maximum((down - up) / (2 * STEP), 0.0)
            hessian = (J.T @ (J * weights[:, None])).toarray() + np.eye(len(v))
            factor = cho_factor(hessian, lower=True, check_finite=False)
            gradient = J.T @ slope - v
            step = cho_solve(factor, gradient, check_finite=False)
            decrement = gradient @ step
            if decrement < 1e-8:
                return _Inner(v, value, 2 * np.log(np.diag(factor[0])).sum(), hessian)
            for size in 0.5 ** np.arange(12):
                moved = v + size * step
                eta = self.base + J @ moved
                new, slope = self.rows(eta, parameters)
                new -= 0.5 * moved @ moved
                if np.isfinite(new) and new >= value:
                    break
            v, value = moved, new
        return None


def approximate(program: Program) -> Approximation | None:
    """Approximate the posterior of a plain program; ``None`` where it will not do.

    The scales go to the mode of their Laplace-approximated marginal density (on
    the log scale, prior and Jacobian included), everything linear to its mode
    given them, and each level's weight comes from the joint covariance there.
    """
    from bayes_glmm.engine.kernel import log_density

    mu = program.design.mu
    entries = program.design.n_rows * (len(mu.coefficients) + sum(len(g.terms) for g in mu.groups))
    if program.informed or len(program.linear) > MOST_DENSE or entries > MOST_ENTRIES:
        return None
    problem = _Problem.of(program)
    x, warm = program.start.copy(), program.start[program.linear]
    scratch = np.empty(program.n_dim)

    def objective(theta: Array) -> float:
        nonlocal warm
        x[problem.theta] = theta
        inner = problem.solve(x, warm)
        if inner is None:
            return 1e10
        warm = inner.v
        x[problem.linear] = inner.v
        value = log_density(program.buffer, x, scratch) - 0.5 * inner.log_det
        return -value if np.isfinite(value) else 1e10

    begin = program.start[problem.theta]
    if len(begin):
        bounds = list(zip(begin - 7, begin + 5, strict=True))
        found = minimize(
            objective, begin, method="L-BFGS-B", bounds=bounds,
            options={"ftol": 1e-7, "gtol": 1e-2, "eps": 1e-3, "maxiter": 40},
        )  # fmt: skip
        x[problem.theta] = found.x
    scales = _curvature(objective, x[problem.theta].copy())
    x[problem.theta] = found.x if len(begin) else begin
    inner = problem.solve(x, warm)
    if inner is None:
        return None
    try:
        return _describe(problem, x, inner, scales)
    except np.linalg.LinAlgError:
        return None


def _curvature(objective: Callable[[Array], float], at: Array, step: float = 0.05) -> Array:
    """Return the covariance that the curvature of the scales' density implies.

    Directions in which the density hardly falls are held to a standard
    deviation of one on the log scale.
    """
    d = len(at)
    if not d:
        return np.zeros((0, 0))
    steps = np.eye(d) * step
    middle = objective(at)
    up, down = [objective(at + h) for h in steps], [objective(at - h) for h in steps]
    hessian = np.diag([(u + v - 2 * middle) / step**2 for u, v in zip(up, down, strict=True)])
    for i in range(d):
        for j in range(i):
            both = objective(at + steps[i] + steps[j])
            hessian[i, j] = hessian[j, i] = (both - up[i] - up[j] + middle) / step**2
    values, vectors = np.linalg.eigh(hessian)
    return (vectors / np.clip(values, 1.0, 1e6)) @ vectors.T


def _describe(problem: _Problem, x: Array, inner: _Inner, scales: Array) -> Approximation:
    program = problem.program
    covariance = cho_solve(cho_factor(inner.hessian, lower=True), np.eye(len(inner.v)))
    fixed = problem.fixed.shape[1]
    start = x.copy()
    start[problem.linear[:fixed]] = inner.v[:fixed]
    scaled = covariance.copy()
    informed, at = {}, fixed
    for (_, group), A in zip(program.group_starts, problem.factors(x), strict=True):
        levels, q = group.n_levels, len(group.terms)
        inside = at + np.arange(levels * q).reshape(levels, q)
        precision = np.linalg.inv(covariance[inside[:, :, None], inside[:, None, :]])
        back = np.linalg.inv(A)
        weight = back.T @ (precision - np.eye(q)) @ back
        values, vectors = np.linalg.eigh(0.5 * (weight + np.swapaxes(weight, -1, -2)))
        weight = (vectors * np.maximum(values, 0.0)[:, None, :]) @ np.swapaxes(vectors, -1, -2)
        pull = (back.T @ precision @ inner.v[inside][..., None])[..., 0]
        order = [t for members in group.blocks for t in members]
        plain = np.argsort(order)
        informed[group.name] = Informed(weight[:, plain][:, :, plain], pull[:, plain])
        start[problem.linear[inside.ravel()]] = 0.0
        C = np.linalg.cholesky(precision)
        rows = scaled[inside].reshape(levels, q, -1)
        scaled[inside.ravel()] = (np.swapaxes(C, -1, -2) @ rows).reshape(levels * q, -1)
        columns = scaled[:, inside.ravel()].reshape(-1, levels, q).swapaxes(0, 1)
        scaled[:, inside.ravel()] = (columns @ C).swapaxes(0, 1).reshape(len(scaled), -1)
        at += levels * q
    factor = np.zeros((len(x), len(x)))
    factor[np.ix_(problem.theta, problem.theta)] = np.linalg.cholesky(scales)
    factor[np.ix_(problem.linear, problem.linear)] = np.linalg.cholesky(scaled)
    return Approximation(start, factor, np.sqrt(np.diag(scales)), informed)
