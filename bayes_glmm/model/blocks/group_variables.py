"""The variables of a group: their names, labels, and what takes a prior."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayes_glmm.model.blocks.effect_distribution import EffectDistribution
from bayes_glmm.model.blocks.group_arrays import GroupArrays
from bayes_glmm.model.variables import (
    CORRELATION,
    CORRELATION_FACTOR,
    EFFECTS,
    HYPERS,
    LATENTS,
    SD,
    VALUES,
    Role,
    Slot,
    Variable,
    hyper_variable,
    named,
    names_of,
    numbers_below,
    reference_name,
)


def group_variables(group: GroupArrays, distribution: EffectDistribution) -> tuple[Variable, ...]:
    """Return sds, parameters of the effects' distribution, correlations, latents and effects."""
    own: dict[str, Any] = {"owner": group.name, "moved": group.basis is not None}
    terms, dim = np.array(group.terms, str), group.term_dim
    found = [
        Variable(
            group.sd, Role.SD, dims=(dim,), labels=(terms,), slots=_sd_slots(group),
            parameters=group.owners, **own,
        ),
        *(hyper_variable(group.name, h.stem, h.support, h.prior, h.meaning) for h in distribution.hyper),
        *_correlation_variables(group),
    ]  # fmt: skip
    if distribution.factor is not None:
        dims, labels = (group.node_dim, dim), (distribution.factor.nodes, terms)
        found.append(Variable(group.latents, Role.LATENTS, group.name, dims, labels))
    found.append(
        Variable(
            group.effects, Role.EFFECTS, dims=(group.name, dim), labels=(group.levels, terms),
            derived=distribution.factor is not None, parameters=group.owners, **own,
        )
    )  # fmt: skip
    return tuple(found)


def group_names(group: GroupArrays, distribution: EffectDistribution) -> frozenset[str]:
    """Return what variables, dimensions and data of a graph may be named, in any model."""
    stems = [SD, EFFECTS, CORRELATION, CORRELATION_FACTOR, VALUES, *group.members.stems]
    stems += [LATENTS, *HYPERS] if group.structure else []
    own = [named(stem, group.name) for stem in stems]
    dims = [group.name, group.term_dim, f"{group.term_dim}_other"]
    dims += [group.node_dim] if group.structure else []
    return frozenset([*own, *map(reference_name, own), *dims]) | names_of(
        group_variables(group, distribution)
    )


def _sd_slots(group: GroupArrays) -> tuple[Slot, ...]:
    sizes = group.sizes if group.units is None else group.units
    block_of = {t: number for number, block in enumerate(group.wide) for t in block}
    found = []
    for t in range(len(group.terms)):
        name, correlated = group.sd_element(t), t in block_of
        found.append(
            Slot(
                name, (name, group.sd, SD), float(sizes[t]),
                group.owners[t] if group.owners else "",
                reference_name(name) if correlated and group.basis is not None else "",
                _together(group, block_of[t]) if correlated else frozenset(),
            )
        )  # fmt: skip
    return tuple(found)


def _together(group: GroupArrays, *numbers: int) -> frozenset[str]:
    """Return which correlated blocks, by number, the prior of something is of."""
    return frozenset(f"{group.sd} {number}" for number in numbers)


def _correlation_variables(group: GroupArrays) -> list[Variable]:
    """Return the matrix and the factors of its blocks; none where terms are independent."""
    if not group.wide:
        return []
    terms, dim = np.array(group.terms, str), group.term_dim
    own: dict[str, Any] = {"owner": group.name, "moved": group.basis is not None}
    pair = (dim, f"{dim}_other")
    name, every = group.correlation, range(len(group.wide))
    reference = reference_name(name) if group.basis is not None else ""
    slot = Slot(name, (name, CORRELATION), reference=reference, together=_together(group, *every))
    found = [
        Variable(
            name, Role.CORRELATION, dims=pair, labels=(terms, terms), slots=(slot,), derived=True,
            places=numbers_below(group.wide), **own,
        )
    ]  # fmt: skip
    for number, (name, block) in enumerate(group.correlation_factors):
        dims, end = pair, f"_{number}" if len(group.wide) > 1 else ""
        if len(block) < len(terms):
            dims = (f"{dim}_block{end}", f"{dim}_block{end}_other")
        labels = (terms[list(block)],) * 2
        found.append(Variable(name, Role.CORRELATION_FACTOR, dims=dims, labels=labels, **own))
    return found
