"""Maximum likelihood by Laplace's method or adaptive quadrature, for comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.climb import NO_VALUE, climb, hessian
from bayes_glmm.engine.expand import expand
from bayes_glmm.engine.laplace import Problem, approximate_problem
from bayes_glmm.engine.program import Program, uncovered, write_program
from bayes_glmm.engine.responses import responses_of
from bayes_glmm.errors import EngineError, listed
from bayes_glmm.families import get_family
from bayes_glmm.model.design import Design
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
ENOUGH = 1e-9
EXACT = 1e-12
"""Second differences of a likelihood need modes without the noise that climbing tolerates."""
FLAT = 1e-6
"""Curvature, times the square of what a step of it is, below which a coordinate runs off."""


@dataclass(frozen=True, eq=False)
class Maximum:
    """The parameters that maximise a marginal likelihood.

    Attributes
    ----------
    point : ndarray, shape (n,)
        Coordinates of fixed effects, scales and the family's parameters.
    covariance : ndarray, shape (n, n)
        Inverse of the negative second derivatives there, of coordinates that are not flat; zero
        for those that are.
    flat : ndarray of bool, shape (n,)
        Coordinates along which the likelihood only levels off: it has no maximum in them.
    log_likelihood : float
    variables : callable
        Turns coordinates into the posterior's variables, random effects at their modes.
    """

    point: Array
    covariance: Array
    flat: NDArray[np.bool_]
    log_likelihood: float
    variables: Callable[[Array], dict[str, Array]]


def maximise(design: Design, priors: Mapping[str, Prior], quadrature: int) -> Maximum:
    """Maximise the likelihood; priors only say where to begin.

    Parameters
    ----------
    quadrature : int
        Nodes per level of adaptive Gauss-Hermite quadrature; one is Laplace's
        method. More need a model with one scalar random effect.

    Raises
    ------
    EngineError
        Quadrature for another model, a model that the kernel does not cover, or no
        maximum was found.
    """
    what = uncovered(design, priors)
    if what is not None:
        raise EngineError(
            f"maximum_likelihood() does not cover {what}: sample this model with fit()."
        )
    program = write_program(design, priors)
    joint, problem = Problem.of(program), Problem.of(program, fixed_too=False)
    _check_quadrature(design, quadrature)
    found = None if joint is None else approximate_problem(joint)
    if joint is None or problem is None or found is None:
        raise EngineError("No mode was found to begin at: look at the checks of this model.")
    parts = [part for part in joint.pattern.parts if part.fixed]
    fixed = sum(part.width for part in parts)
    x = found.x.copy()
    scale = np.full(len(problem.theta), 0.2)
    diagonal = found.inner.factor.inverse()[joint.pattern.symbolic.diagonal]
    scale[:fixed] = np.sqrt(diagonal[len(diagonal) - fixed :])
    scale[fixed:] = np.minimum(found.uncertainty, 0.5)
    adaptive = _quadrature(program, quadrature) if quadrature > 1 else None
    seen = responses_of(design)
    assert seen is not None
    total = seen.constant
    w = np.zeros(problem.pattern.symbolic.n)

    def at_fixed(v: Array) -> Problem:
        base, at = problem.base.copy(), 0
        for part in parts:
            (one,) = part.readings
            base[one.predictor] += one.values @ v[at : at + part.width]
            at += part.width
        return replace(problem, base=base)

    def objective(v: Array) -> float:
        nonlocal w
        x[problem.theta] = v
        here = at_fixed(v)
        inner = here.solve(x, w, EXACT, observed=True)
        if inner is None:
            return NO_VALUE
        w = inner.w
        if adaptive is not None:
            return -adaptive(here, x, inner.w, inner.factor.values[: len(w)])
        value, _ = here.rows(inner.eta, here.parameters(x))
        prior = 0.5 * (inner.prior.log_det - float(inner.w @ inner.prior.times(inner.w)))
        return -(value + total + prior - inner.factor.log_det)

    point = climb(objective, x[problem.theta].copy(), scale, enough=ENOUGH, most=200)
    best = -objective(point)
    covariance, flat = _spread(hessian(objective, point, 0.1 * scale), scale)

    def variables(v: Array) -> dict[str, Array]:
        full = found.x.copy()
        full[problem.theta] = v
        full[problem.pattern.order] = w
        return expand(program, full)

    return Maximum(point, covariance, flat, best, variables)


def _check_quadrature(design: Design, quadrature: int) -> None:
    """Refuse more than one node for models whose effects are not integrated one at a time."""
    if quadrature == 1:
        return
    groups = design.groups
    if [len(g.terms) for g in groups] != [1]:
        raise EngineError(
            "Quadrature integrates one random effect per level: use quadrature=1 (Laplace's "
            "method) for models with slopes or several groups."
        )
    if not groups[0].whole:
        raise EngineError(
            "Quadrature integrates one level's effect at a time: use quadrature=1 (Laplace's method) "
            "where rows have several levels, or weights of them."
        )
    if len(design.predictors) > 1:
        raise EngineError(
            "Quadrature is for one formula: use quadrature=1 (Laplace's method) beside formulas of "
            "other parameters."
        )
    if design.modifiers:
        raise EngineError(
            f"Quadrature does not cover {listed(design.modifiers)} beside the response: use "
            "quadrature=1 (Laplace's method)."
        )


def _spread(curvature: Array, scale: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Invert second derivatives where there are any, and say along which coordinates there are none.

    Climbing along a logarithm towards the end of a range (a standard deviation of zero, degrees
    of freedom without end) stops where a step gains nothing, and the curvature has gone by then.
    """
    values, vectors = np.linalg.eigh(scale[:, None] * curvature * scale)
    flat = (vectors[:, values < FLAT] ** 2).sum(axis=1) > 0.5
    kept = np.flatnonzero(~flat)
    covariance = np.zeros_like(curvature)
    covariance[np.ix_(kept, kept)] = np.linalg.pinv(curvature[np.ix_(kept, kept)])
    return covariance, flat


def _quadrature(program: Program, nodes: int) -> Callable[[Problem, Array, Array, Array], float]:
    """Return the log-likelihood by quadrature around each level's mode."""
    design = program.design
    group, family = design.mu.groups[0], get_family(design.family)
    link = family.link(design.link)
    places, weights = np.polynomial.hermite_e.hermegauss(nodes)
    response = np.asarray(design.response)

    def value(problem: Problem, x: Array, w: Array, root: Array) -> float:
        """Integrate over w = mode + place / root with the weights of a normal density."""
        A = problem.factors(x)[0]
        assert A is not None
        own = program.parameters(x)
        logs = np.empty((nodes, group.n_levels))
        for k, place in enumerate(places):
            moved = w + place / root
            eta = problem.base[0] + A[0, 0] * moved[group.index] * group.values[:, 0]
            rows = family.logpdf(response, eta, link, own, design.trials)
            logs[k] = np.bincount(group.index, rows, group.n_levels)
            logs[k] += np.log(weights[k]) + 0.5 * place**2 - 0.5 * moved**2
        top = logs.max(axis=0)
        sums = top + np.log(np.exp(logs - top).sum(axis=0)) - np.log(root)
        return float(sums.sum() - 0.5 * group.n_levels * np.log(2 * np.pi))

    return value
