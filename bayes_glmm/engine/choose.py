"""Which coordinates a model is sampled in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.climb import climb
from bayes_glmm.engine.codes import ADAPTIVE, COLLAPSED, FROZEN
from bayes_glmm.engine.find_pattern import loosen
from bayes_glmm.engine.laplace import (
    Approximation,
    Problem,
    approximate_problem,
    marginal,
)
from bayes_glmm.engine.linear import all_groups, fixed_names, order_of, scale_names
from bayes_glmm.engine.linear_precision import factorise
from bayes_glmm.engine.merge import arrange_rows
from bayes_glmm.engine.pattern import Part
from bayes_glmm.engine.plan import Plan
from bayes_glmm.engine.program import Informed, Program, write_program
from bayes_glmm.engine.records import PROGRAM
from bayes_glmm.engine.related_levels import Related
from bayes_glmm.engine.roughness import roughness
from bayes_glmm.engine.taylor import fits, taylor
from bayes_glmm.errors import EngineError
from bayes_glmm.model.design import Design
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
MOST_UNCERTAIN = 0.4
NEAR_ZERO, DOWN, SPREAD = 6.0, 6.0, 0.3
FOLDED = ("HalfNormal", "HalfStudentT", "HalfCauchy")
CHEAP = 20_000
PER_ROW, PER_ROW_COLLAPSED, PER_ROW_FROZEN = 8, 40, 4
ROUGHER = 5.0
"""How much rougher a density may be where factors are interpolated: ratios of models that sample well
were 1.3 to 3.3, those of models that diverge 12."""
PER_UNIT, PER_UNIT_ADAPTIVE = 2_000, 20
"""Products of a factorisation for each row and related unit: beyond the first the graph is faster,
up to the second a factorisation for each gradient costs little."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A program in its coordinates, and the box in which chains begin.

    Attributes
    ----------
    kind : {"plain", "frozen", "adaptive", "taylor", "collapsed"}
    otherwise : callable or None
        Returns dearer coordinates of the same model, for where these diverge.
    """

    program: Program
    start: Array
    spread: Array
    kind: str
    otherwise: Callable[[], Coordinates] | None = None


def collapsed_coordinates(design: Design, priors: Mapping[str, Prior]) -> Coordinates:
    """Return the scales alone, everything linear integrated out.

    Raises
    ------
    EngineError
        It does not integrate out exactly.
    """
    if not collapses(design, priors):
        raise EngineError(
            'engine="collapsed" integrates effects out exactly, which needs family="gaussian", '
            'the identity link and normal priors for intercept and coefficients: use engine="auto".'
        )
    return planned(*_found(design, priors, collapsed), "collapsed")


def approximate_coordinates(design: Design, priors: Mapping[str, Prior]) -> Coordinates:
    """Return coordinates in which the normal approximation is standard.

    Raises
    ------
    EngineError
        No approximation was found.
    """
    if collapses(design, priors):
        return planned(*_found(design, priors, partial(collapsed, fold=False)), "laplace")
    return planned(*_found(design, priors, partial(adaptive, fold=False)), "laplace")


def _found(
    design: Design, priors: Mapping[str, Prior], make: Callable[[Approximation], Plan]
) -> tuple[Program, Plan]:
    plain = write_program(design, priors, rows=arrange_rows(design))
    problem = Problem.of(plain)
    found = None if problem is None else approximate_problem(problem)
    if found is None:
        raise EngineError(
            "No normal approximation was found: the density has no mode that Newton's method "
            'reaches, or the groups are crossed in too many ways. Use engine="auto".'
        )
    return plain, make(found)


def choose_coordinates(design: Design, priors: Mapping[str, Prior]) -> Coordinates:
    """Return the program in the coordinates that cost least per effective draw.

    A Gaussian response with normal priors is collapsed, and any other model gets
    coordinates that follow the scales, where a factorisation per gradient costs
    little beside the rows. Crossed groups, where it would not, are turned by the
    factor at the mode; but not where a scale may be near zero. Related levels, where
    it would not, have factors that are interpolated, or are left to the graph.
    """
    rows = arrange_rows(design)
    plain = write_program(design, priors, rows=rows)
    problem = Problem.of(plain)
    related = problem is not None and any(not one.part.tied for one in problem.pattern.fields)
    if problem is None or (related and _cost(problem) > PER_UNIT):
        return Coordinates(plain, plain.start, plain.spread, "plain")
    found = approximate_problem(problem)
    if found is None:
        return Coordinates(plain, plain.start, plain.spread, "plain")
    cost, n = problem.pattern.cost - CHEAP, rows.design.n_rows
    if collapses(design, priors) and (related or cost <= PER_ROW_COLLAPSED * n):
        return planned(plain, collapsed(found), "collapsed")
    if related:
        return _related(plain, found)
    if cost <= PER_ROW * n:
        return planned(plain, adaptive(found), "adaptive")
    again = any(len(part.readings) > 1 for part in problem.pattern.parts)
    sure = found.uncertainty.max(initial=0.0) <= MOST_UNCERTAIN
    if sure and not design.smooths and not again:
        informed = levels(found)
        centred = write_program(design, priors, informed, rows=rows)
        return planned(centred, frozen(found, informed), "frozen")
    return Coordinates(plain, plain.start, plain.spread, "plain")


def _cost(problem: Problem) -> float:
    """Return the products of a factorisation for each row and each related unit."""
    units = sum(one.law.size for one in problem.pattern.fields)
    return (problem.pattern.cost - CHEAP) / (problem.program.rows.design.n_rows + units)


def _related(plain: Program, found: Approximation) -> Coordinates:
    """Interpolate factors of related levels where that is cheaper than to compute each.

    A scale with a sign has a second mode, its mirror image, which interpolation does not reach. Far
    from the mode it may be poor: coordinates with factors of their own are there otherwise.
    """
    centre, factor, signed = scales(found, fold=True)
    exact = planned(plain, _following(found, centre, factor, signed), "adaptive")
    if _cost(found.problem) <= PER_UNIT_ADAPTIVE or signed or not fits(found.problem):
        return exact
    plan = taylor(found, centre, factor)
    if plan is None:
        return exact
    quick = planned(plain, plan, "taylor")
    if roughness(quick.program) > ROUGHER * roughness(exact.program):
        return exact
    return replace(quick, otherwise=lambda: exact)


def planned(program: Program, plan: Plan, kind: str) -> Coordinates:
    """Write a program again with a plan; chains begin within one unit of its centre."""
    signed = plan.signed
    whole = write_program(
        program.design, program.priors, program.informed, plan, signed, program.rows
    )
    n = whole.n_sampled
    return Coordinates(whole, np.zeros(n), np.ones(n), kind)


def collapses(design: Design, priors: Mapping[str, Prior]) -> bool:
    """Whether everything linear integrates out exactly."""
    gaussian = design.family == "gaussian" and design.link == "identity"
    plain = len(design.predictors) == 1 and not design.modifiers
    absorbed = any(isinstance(g, Related) and g.law.absorbed for _, g in all_groups(design))
    normal = all(priors[name].name == "Normal" for name in fixed_names(design))
    return gaussian and plain and normal and not absorbed


def scales(found: Approximation, fold: bool) -> tuple[Array, Array, dict[str, float]]:
    """Return centre and factor of the scales' coordinates, and which have a sign.

    A standard deviation that may be near zero has a long tail on the logarithm,
    where samplers are slow. With a sign, and its prior folded out, zero is an
    ordinary point. It may be near zero where the log-density falls by less than
    ``NEAR_ZERO`` from the mode to there, the other scales following.
    """
    problem = found.problem
    objective, x = marginal(problem)
    mode = found.x[problem.theta]
    centre, covariance = found.x.copy(), found.covariance.copy()
    signed: dict[str, float] = {}
    for at, group in problem.program.group_starts:
        for k, name in enumerate(scale_names(group)):
            place = int(np.searchsorted(problem.theta, at + k))
            spread = math.sqrt(covariance[place, place])
            if not fold or problem.program.priors[name].name not in FOLDED:
                continue
            x[:] = found.x
            if not found.value + _least(objective, mode, place) - DOWN <= NEAR_ZERO:
                continue
            signed[name] = math.exp(centre[at + k])
            centre[at + k] = 1.0
            covariance[place, :] = covariance[:, place] = 0.0
            covariance[place, place] = min(spread, 1.0) ** 2
    return centre[problem.theta], np.linalg.cholesky(covariance), signed


def _least(objective: Callable[[Array], float], mode: Array, place: int) -> float:
    """Return the objective with one scale near zero, at the best values of the others."""
    at, others = mode.copy(), np.arange(len(mode)) != place
    at[place] -= DOWN

    def rest(values: Array) -> float:
        at[others] = values
        return objective(at)

    return rest(climb(rest, mode[others], np.full(int(others.sum()), SPREAD), enough=0.05))


def adaptive(found: Approximation, fold: bool = True) -> Plan:
    """Coordinates that follow the scales."""
    return _following(found, *scales(found, fold))


def _following(
    found: Approximation, centre: Array, factor: Array, signed: Mapping[str, float]
) -> Plan:
    """Coordinates that follow scales whose own coordinates are known."""
    problem = found.problem
    program = problem.program
    sigma = -1
    if "sigma" in program.names:
        sigma = program.n_dim - program.n_own + program.names.index("sigma")
    return Plan(
        mode=ADAPTIVE,
        pattern=problem.pattern,
        theta=problem.theta,
        centre=centre,
        factor=factor,
        signed=signed,
        products=found.inner.products,
        pulls=found.pulls,
        sigma=sigma,
        reference=float(found.x[sigma]) if sigma >= 0 else 0.0,
    )


def collapsed(found: Approximation, fold: bool = True) -> Plan:
    """Coordinates of the scales alone, for a Gaussian response."""
    problem = found.problem
    program, pattern = problem.program, problem.pattern
    centre, factor, signed = scales(found, fold)
    rows = program.rows.design
    residual = np.asarray(rows.response) - problem.base[0]
    counts = np.ones(len(residual)) if rows.trials is None else rows.trials
    n = counts.sum()
    constant = PROGRAM.read(program.buffer, "constant")
    constant += 0.5 * (pattern.symbolic.n - n) * math.log(2 * math.pi)
    return Plan(
        mode=COLLAPSED,
        pattern=pattern,
        theta=problem.theta,
        centre=centre,
        factor=factor,
        signed=signed,
        products=pattern.products(counts[None, None]),
        pulls=pattern.gather((counts * residual)[None]),
        sigma=program.n_dim - 1,
        constant=float(constant),
        squares=float(counts @ residual**2) + program.rows.within,
        observations=float(n),
    )


def levels(found: Approximation) -> dict[str, Informed]:
    """Return what the data say about each level, from the joint covariance."""
    problem = found.problem
    inverse = found.inner.factor.inverse()
    groups, out = [g for _, g in all_groups(problem.program.design)], {}
    for part, A, precision, w in _blocks(found, inverse):
        back = np.linalg.inv(A)
        weight = back.T @ (precision - np.eye(part.width)) @ back
        values, vectors = np.linalg.eigh(0.5 * (weight + np.swapaxes(weight, -1, -2)))
        weight = (vectors * np.maximum(values, 0.0)[:, None, :]) @ np.swapaxes(vectors, -1, -2)
        pull = (back.T @ precision @ w[..., None])[..., 0]
        group = groups[part.group]
        plain = np.argsort(order_of(group))
        out[group.name] = Informed(weight[:, plain][:, :, plain], pull[:, plain])
    return out


def _blocks(found: Approximation, inverse: Array) -> Iterator[tuple[Part, Array, Array, Array]]:
    """Yield part, factor, marginal precision and mode of each group's levels."""
    diagonal = {s.left.group: s for s in found.problem.pattern.segments if s.diagonal}
    for part, A in zip(found.problem.pattern.parts, found.factors, strict=True):
        if A is None:
            continue
        places = diagonal[part.group].places
        lower = np.where(places >= 0, inverse[places], 0.0)
        both = np.tril(lower) + np.swapaxes(np.tril(lower, -1), -1, -2)
        w = found.inner.w[part.offset : part.offset + part.units * part.width]
        yield part, A, np.linalg.inv(both), w.reshape(part.units, part.width)


def _vaguest(found: Approximation) -> int:
    """Return the group whose mean is least known beforehand, which fixed effects share."""
    spread = {
        part.group: float((A**2).sum()) / part.units
        for part, A in zip(found.problem.pattern.parts, found.factors, strict=True)
        if A is not None
    }
    return max(spread, key=spread.__getitem__)


def frozen(found: Approximation, informed: Mapping[str, Informed]) -> Plan:
    """Turn the data-informed coordinates by the factor at the mode."""
    problem = found.problem
    pattern = problem.pattern
    inverse = found.inner.factor.inverse()
    roots = {
        part.group: np.linalg.inv(np.linalg.cholesky(precision))
        for part, _, precision, _ in _blocks(found, inverse)
    }
    blocks, middle = [], np.zeros(pattern.symbolic.n)
    given = dict(
        zip(
            [(s.left.group, s.right.group) for s in pattern.segments],
            problem.blocks(found.factors, found.inner.products),
            strict=True,
        )
    )
    if pattern.symbolic.size > PER_ROW_FROZEN * problem.program.rows.design.n_rows:
        pattern = loosen(pattern, _vaguest(found))

    def root(part: Part, units: NDArray[np.int64]) -> Array:
        return np.eye(part.width) if part.fixed else roots[part.group][units]

    for segment in pattern.segments:
        left, right = segment.left, segment.right
        turned = root(left, segment.units[:, 0]) @ given[left.group, right.group]
        blocks.append(turned @ np.swapaxes(root(right, segment.units[:, 1]), -1, -2))
    for part in pattern.parts:
        if part.fixed:
            inner = slice(part.offset, part.offset + part.width)
            middle[inner] = found.inner.w[inner]
    factor = factorise(pattern, blocks)
    assert factor is not None
    return Plan(
        mode=FROZEN,
        pattern=pattern,
        theta=problem.theta,
        centre=found.x[problem.theta],
        factor=np.linalg.cholesky(found.covariance),
        values=factor.values,
        middle=middle,
    )
