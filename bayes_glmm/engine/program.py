"""From design and priors to the kernel's buffer, and from its draws back to names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.begin import begin
from bayes_glmm.engine.codes import LAWS, LINKS, PLAIN, PRIORS
from bayes_glmm.engine.kernel import check
from bayes_glmm.engine.level_columns import write_columns
from bayes_glmm.engine.linear import (
    Grouped,
    Tied,
    all_groups,
    coefficient_names,
    fixed_names,
    hypers,
    law_in,
    linears,
    n_effects,
    order_of,
    scale_names,
    scale_size,
    shared,
)
from bayes_glmm.engine.merge import Rows
from bayes_glmm.engine.own import from_climbing, from_coordinate, location_scale
from bayes_glmm.engine.plan import Plan, Writer
from bayes_glmm.engine.prior_rows import KNOWN, lkj_constant, prior_row
from bayes_glmm.engine.read_again import ReadAgain
from bayes_glmm.engine.records import BLOCK, FIELD, GROUP, PRIOR, PROGRAM
from bayes_glmm.engine.related_levels import Related, Rest, is_covered
from bayes_glmm.engine.responses import responses_of
from bayes_glmm.errors import listed
from bayes_glmm.families import get_family
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design
from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]
LEAST_WAVES = 3


@dataclass(frozen=True, eq=False)
class Informed:
    """What the data say about each level of a group, as a normal approximation.

    It moves the sampler's coordinates to where the effects are; the density of
    the model is the same whatever it says.

    Attributes
    ----------
    weight : ndarray, shape (n_levels, n_terms, n_terms)
        Precision that the data add to that of the population of levels.
    pull : ndarray, shape (n_levels, n_terms)
        That precision times the effects that the data alone would estimate.
    """

    weight: Array
    pull: Array


@dataclass(frozen=True, eq=False)
class Program:
    """A model in the form that the compiled kernel reads.

    Attributes
    ----------
    buffer : ndarray of int64
        Header, tables and data; floats are stored by their bits.
    start : ndarray, shape (n_dim,)
        Coordinates around which chains begin, see :mod:`.begin`.
    spread : ndarray, shape (n_dim,)
        How far from there they may begin.
    """

    buffer: NDArray[np.int64]
    start: Array
    spread: Array
    design: Design
    priors: Mapping[str, Prior]
    informed: Mapping[str, Informed]
    plan: Plan | None
    signed: Mapping[str, float]
    rows: Rows
    own: tuple[str, ...]
    """Names of the family's parameters that rows take, in order."""

    @property
    def n_dim(self) -> int:
        """Number of coordinates."""
        return len(self.start)

    @property
    def n_sampled(self) -> int:
        """Number of coordinates that are sampled: the scales alone where the rest is collapsed."""
        return len(self.start) if self.plan is None else self.plan.n_sampled(len(self.start))

    @property
    def threads(self) -> NDArray[np.int64]:
        """The word of the buffer that says how many threads may share a gradient's rows."""
        k = PROGRAM.place("threads")
        return self.buffer[k : k + 1]

    @property
    def locations(self) -> list[tuple[float, float]]:
        """Location and scale of the prior of the intercept and each coefficient."""
        return list(_location_scale(self.design, self.priors).values())

    @property
    def n_fixed(self) -> int:
        """Number of intercepts and coefficients, whose coordinates are the first."""
        return len(fixed_names(self.design))

    @property
    def group_starts(self) -> list[tuple[int, Grouped]]:
        """Where each group's coordinates begin: scales, correlations, effects."""
        at, out = self.n_fixed, []
        for _, group in all_groups(self.design):
            out.append((at, group))
            at += scale_size(group) + n_effects(group)
        return out

    @property
    def linear(self) -> NDArray[np.intp]:
        """Places of the coordinates that enter the predictor linearly given the scales."""
        places = [np.arange(self.n_fixed)]
        for at, group in self.group_starts:
            first = at + scale_size(group)
            places.append(np.arange(first, first + n_effects(group)))
        return np.concatenate(places)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the family's parameters that are estimated, in order."""
        every = get_family(self.design.family).parameters
        return tuple(p.name for p in every if p.fixed is None and p.name not in self.design.stated)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Names of those that are vectors."""
        return tuple(p.name for p in get_family(self.design.family).vectors)

    @property
    def n_own(self) -> int:
        """Number of coordinates of the family's parameters, which are the last."""
        size = len(self.design.boundaries)
        return sum(size if name in self.vectors else 1 for name in self.names)

    def parameters(self, x: Array) -> dict[str, Array]:
        """Return the family's parameters by name, held ones too; not those with a formula.

        Parameters
        ----------
        x : ndarray, shape (..., n_own)
            Their coordinates, or all of them.

        Returns
        -------
        dict of str to ndarray, shape (...), or (..., n) of a vector
        """
        out, at = dict[str, Array](), x.shape[-1] - self.n_own
        for p in get_family(self.design.family).parameters:
            if p.name in self.design.stated:
                continue
            if p.fixed is not None:
                out[p.name] = np.full(x.shape[:-1], p.fixed)
            elif p.vector:
                ladders, end = self.design.ladders, at + len(self.design.boundaries)
                out[p.name] = from_climbing(self.priors[p.name], x[..., at:end], ladders)
                at = end
            else:
                out[p.name] = from_coordinate(self.priors[p.name], x[..., at])
                at += 1
        return out


def uncovered(design: Design, priors: Mapping[str, Prior]) -> str | None:
    """Name what of this model the compiled kernel cannot express, if anything."""
    waves = [s for s in design.smooths if s.spectrum is not None]
    spectral = [s.label for s in waves if len(s.parts) > 1 or len(s.part) < LEAST_WAVES]
    boundary = [p.boundary for p in design.predictors.values() if p.boundary]
    related = [
        g.name
        for p in design.predictors.values()
        for g in p.groups
        if g.structure and (g.name in shared(design) or not is_covered(g, p))
    ]
    heavy = [g.name for g in design.groups if not g.distribution.normal]
    odd = [f"{name} ~ {p.name}" for name, p in priors.items() if p.name not in KNOWN]
    reasons = (
        (design.link not in LINKS, f"the link {design.link}"),
        (bool(boundary), f"cs() of {listed(boundary)}"),
        (bool(related), f"the related levels, gr() and ar(), of {listed(related)}"),
        (bool(spectral), f"the smooth {listed(spectral)}"),
        (
            any(p.modelled for p in design.predictors.values()),
            "values that are themselves estimated, mo() and mi()",
        ),
        (bool(heavy), f"Student's t of {listed(heavy)}"),
        (bool(odd), f"the prior {listed(odd)}"),
    )
    found = next((what for holds, what in reasons if holds), None)
    if found is None and responses_of(design) is None:
        beside = f" with {listed(design.modifiers)} beside the response"
        return f"the family {design.family}{beside if design.modifiers else ''}"
    return found


def write_program(
    design: Design,
    priors: Mapping[str, Prior],
    informed: Mapping[str, Informed] | None = None,
    plan: Plan | None = None,
    signed: Mapping[str, float] | None = None,
    rows: Rows | None = None,
) -> Program:
    """Write a design and its resolved priors for the kernel.

    Groups named in ``informed`` are centred where their data put them; the
    others are standardised (non-centred). A ``plan`` moves all coordinates together.
    Standard deviations named in ``signed`` are sampled in that unit and with either
    sign, the others by their logarithms. ``rows`` are sufficient for the design's own.
    """
    rows = rows or Rows(design, design.n_rows)
    given, design = design, rows.design
    informed = dict(informed or {})
    signed = dict(signed or {})
    writer, seen = Writer(PROGRAM.width), responses_of(design)
    assert seen is not None
    header: dict[str, float] = {
        "predictors": len(design.predictors),
        "coefficients": len(coefficient_names(design)),
        "intercept": int(design.mu.intercept),
        "groups": len(all_groups(design)),
        "within": rows.within,
        **write_columns(design, writer),
        "at_offset": writer.floats(np.stack([one.predictor.offset for one in linears(design)])),
        **seen.write(writer),
    }
    total = rows.constant + seen.constant

    def table(names: list[str]) -> int:
        nonlocal total
        found = [prior_row(priors[name]) for name in names]
        total += sum(row.constant for row in found)
        return writer.ints([row.words(signed.get(n)) for n, row in zip(names, found, strict=True)])

    header["at_intercept_prior"] = table(["intercept"] if design.mu.intercept else [])
    header["at_beta_prior"] = table(coefficient_names(design))
    groups = []
    for predictor, group in all_groups(design):
        shapes = [priors[f"corr_{group.name}"]["eta"] if len(b) > 1 else 1.0 for b in group.blocks]
        blocks = [(len(b), eta) for b, eta in zip(group.blocks, shapes, strict=True)]
        of = group.of if isinstance(group, ReadAgain) else None
        if of is None:
            total += sum(lkj_constant(width, eta) for width, eta in blocks)
        groups.append(
            GROUP.words(
                predictor=predictor,
                levels=group.n_levels,
                terms=len(group.terms),
                blocks=len(blocks),
                at_sd_prior=table(scale_names(group)),
                at_blocks=writer.ints([BLOCK.words(width=w, eta=eta) for w, eta in blocks]),
                at_field=_field(group, table, writer),
                rest=int(isinstance(group, Rest)),
                same=0 if of is None else of + 1,
                **({} if isinstance(group, Tied) else _on_rows(group, informed, writer)),
            )
        )
        total -= 0.5 * n_effects(group) * math.log(2 * math.pi)
        if isinstance(group, Related):
            total += 0.5 * len(group.terms) * group.law.log_det
    header["at_groups"] = writer.ints(groups)
    header["at_parameter_prior"], climbs = writer.length, list[int]()
    for p in seen.own:
        if p.fixed is not None:
            writer.ints(PRIOR.words(kind=PRIORS["HELD_PRIOR"], a=p.fixed))
            climbs.append(0)
            continue
        rising = [int(k > run.start) for run in seen.ladders for k in range(run.start, run.stop)]
        rising = rising if p.vector else [0]
        table([p.name] * len(rising))
        if any(rising):  # the prior is of the number itself, not of a standardised coordinate
            total -= sum(rising) * math.log(location_scale(priors[p.name])[1])
        climbs += rising
    header["at_climbs"] = writer.ints(climbs) if any(climbs) else 0
    first = begin(given, priors, _location_scale(design, priors))
    start = first.start
    header |= {"constant": total, "threads": 1}
    header["mode"] = PLAIN if plan is None else plan.mode
    if plan is not None:
        header["at_plan"] = plan.write(writer)
    header |= {"length": writer.length, "dim": len(start)}
    buffer = np.concatenate(writer.parts)
    buffer[: PROGRAM.width] = PROGRAM.words(**header)
    check(buffer)
    own = tuple(p.name for p in seen.own)
    return Program(
        buffer, start, first.spread, given, dict(priors), informed, plan, signed, rows, own
    )


def _on_rows(
    group: GroupDesign | ReadAgain | Related | Rest,
    informed: Mapping[str, Informed],
    writer: Writer,
) -> dict[str, int]:
    """Write which level each row has and what the data say about it; return where."""
    order, known = order_of(group), informed.get(group.name)
    return {
        "at_index": writer.ints(group.index),
        "at_Z": 0 if group.Z is None else writer.floats(group.Z[:, order].T),
        "at_weight": writer.floats(known.weight[:, order][:, :, order]) if known else 0,
        "at_pull": writer.floats(known.pull[:, order]) if known else 0,
        "at_starts": writer.ints(_starts(group)) if (np.diff(group.index) >= 0).all() else 0,
    }


def _field(group: Grouped, table: Callable[[list[str]], int], writer: Writer) -> int:
    """Write how a group's levels are related and return where; zero where they are not."""
    law = law_in(group)
    if law is None:
        return 0
    chain = law.chain
    return writer.ints(
        FIELD.words(
            law=LAWS[law.kind],
            absorbed=int(law.absorbed),
            entries=len(law.rows),
            at_rows=writer.ints(law.rows),
            at_columns=writer.ints(law.columns),
            at_values=0 if law.values is None else writer.floats(law.values),
            at_first=0 if chain is None else writer.floats(chain.first),
            at_second=0 if chain is None else writer.floats(chain.second),
            at_prior=table(list(hypers(group))),
        )
    )


def _starts(group: GroupDesign | ReadAgain | Related | Rest) -> NDArray[np.int64]:
    """Return where each level's rows begin, for rows sorted by level."""
    return np.searchsorted(group.index, np.arange(group.n_levels + 1)).astype(np.int64)


def correlated(group: GroupDesign | ReadAgain | Related) -> list[tuple[tuple[int, ...], str]]:
    """Return the blocks of correlated terms, with the names of their factors."""
    wide = [b for b in group.blocks if len(b) > 1]
    if len(wide) == 1:
        return [(wide[0], f"corr_chol_{group.name}")]
    return [(b, f"corr_chol_{group.name}_{i}") for i, b in enumerate(wide)]


def correlation_factor(group: Grouped, x: Array) -> tuple[Array, int]:
    """Return the factor of correlations in the order of blocks, and how many of ``x`` it has."""
    q, first, at = len(group.terms), 0, 0
    L = np.zeros((len(x), q, q))
    L[..., range(q), range(q)] = 1.0
    for members in group.blocks:
        width = len(members)
        free = width * (width - 1) // 2
        if width > 1:
            inner = slice(first, first + width)
            L[..., inner, inner] = unit_rows(x[:, at : at + free], width)
            at += free
        first += width
    return L, at


def unit_rows(x: Array, width: int) -> Array:
    """Return correlation factors, shape (..., width, width), made of free numbers."""
    L = np.zeros((*x.shape[:-1], width, width))
    L[..., 0, 0] = 1.0
    at = 0
    for i in range(1, width):
        row = x[..., at : at + i]
        length = np.sqrt(1.0 + (row**2).sum(-1))
        L[..., i, :i] = row / length[..., None]
        L[..., i, i] = 1.0 / length
        at += i
    return L


def _location_scale(design: Design, priors: Mapping[str, Prior]) -> dict[str, tuple[float, float]]:
    """Return location and scale of the priors of intercept and coefficients."""
    return {n: location_scale(priors[n]) for n in fixed_names(design)}
