"""Names of what a model makes: variables, dimensions and data of its graph, each one once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_glmm.design.terms.full_rank import MODELLED
from bayes_glmm.errors import SpecError
from bayes_glmm.families import get_family
from bayes_glmm.model.blocks.fixed import FixedBlock
from bayes_glmm.model.blocks.missing_covariate import CovariateDesign
from bayes_glmm.model.blocks.modelled import identifier
from bayes_glmm.model.blocks.smooth import SmoothDesign
from bayes_glmm.model.variable_table import BOUNDARY, PART
from bayes_glmm.model.variables import COEFFICIENT, RESERVED, named, reference_name
from bayes_glmm.spec.model import ModelSpec

if TYPE_CHECKING:
    from bayes_glmm.design.groups.group_schema import GroupSchema
    from bayes_glmm.design.predictor_schema import PredictorSchema
    from bayes_glmm.design.terms.origin import Codings

OF_MODIFIERS = {
    "trials": ("trials",), "cens": ("status", "upper"), "trunc": ("least", "most"),
    "weights": ("weights",), "se": ("se",), "against": ("total", "other_trials"),
}  # fmt: skip
"""Data of the graph that say how a row was observed."""


def kept_apart(
    spec: ModelSpec,
    predictors: Mapping[str, PredictorSchema],
    covariates: Mapping[str, PredictorSchema],
    codings: Codings,
    smooths: Mapping[str, str],
    none: pd.DataFrame,
) -> tuple[dict[str, PredictorSchema], dict[str, PredictorSchema]]:
    """Return predictors whose groups have names that nothing else of the model has.

    A group of which a variable or dimension would have another one's name is named after its
    column with ``_group`` behind: that of the column ``beta`` is ``beta_group``.

    Parameters
    ----------
    spec : ModelSpec
    predictors, covariates : mapping of str to PredictorSchema
        By parameter of the family, and by column.
    codings : mapping of Factor to FactorCoding
    smooths : mapping of str to str
        Smooth terms as written, by the names of their variables.
    none : pandas.DataFrame
        The table without its rows.

    Raises
    ------
    SpecError
        Two terms that are no groups would have variables of one name.
    """
    blocks = [*_predictor_blocks(predictors, covariates, codings, none)]
    blocks += [(_smooth(name, label).names, label) for name, label in smooths.items()]
    taken = _without_groups(spec, blocks)
    parameters = [*predictors, *map(identifier, covariates)]
    named: dict[str, str] = {}
    for group in (g for p in (*predictors.values(), *covariates.values()) for g in p.groups):
        if group.name in named:
            continue
        name = group.name
        while taken & (_of_group(group, name, parameters) - _own_rows(group, name)):
            name = f"{name}_group"
        taken |= _of_group(group, name, parameters)
        named[group.name] = name
    return (
        {n: _renamed(p, named) for n, p in predictors.items()},
        {n: _renamed(p, named) for n, p in covariates.items()},
    )


def _renamed(predictor: PredictorSchema, named: Mapping[str, str]) -> PredictorSchema:
    if all(named[g.name] == g.name for g in predictor.groups):
        return predictor
    return replace(
        predictor, groups=tuple(replace(g, name=named[g.name]) for g in predictor.groups)
    )


def _without_groups(spec: ModelSpec, blocks: Iterable[tuple[frozenset[str], str]]) -> set[str]:
    """Return the names of everything but groups, refusing one name for two things.

    Parameters
    ----------
    blocks : iterable of (frozenset of str, str)
        Names, and what they belong to.
    """
    family = get_family(spec.family)
    own = [name for name in RESERVED if name != COEFFICIENT]
    own += [n for call in spec.response.modifiers for n in OF_MODIFIERS.get(call.function, ())]
    own += [BOUNDARY] * bool(family.vectors) + [PART, "trials"] * bool(spec.response.others)
    owners: dict[str, str] = dict.fromkeys(own, "the response")
    owners |= {p.name: f"the family's {p.name!r}" for p in family.parameters}
    for name, owner in ((name, owner) for names, owner in blocks for name in sorted(names)):
        if owners.setdefault(name, owner) != owner:
            raise SpecError(
                f"Variables of {owners[name]} and of {owner} would both be named {name!r}: rename "
                "a column, or a category."
            )
    return set(owners) | set(map(reference_name, owners))


def _predictor_blocks(
    predictors: Mapping[str, PredictorSchema],
    covariates: Mapping[str, PredictorSchema],
    codings: Codings,
    none: pd.DataFrame,
) -> Iterator[tuple[frozenset[str], str]]:
    """Yield names of every formula's own blocks, with what they belong to."""
    every = [(n, f"the formula of {n!r}", p) for n, p in predictors.items()]
    every += [(identifier(n), f"mi({n})", p) for n, p in covariates.items()]
    for parameter, owner, p in every:
        fixed = FixedBlock(
            parameter, p.intercept, p.coefficients, np.empty((0, 0)), p.centers, p.scales
        )  # fmt: skip
        yield fixed.names, owner
        for coding in (codings[factor] for part in p.parts for factor, _ in part):
            if isinstance(coding, MODELLED):
                suffix = "" if parameter == "mu" else f"_{parameter}"
                yield coding.factor(none, suffix).names, coding.columns(True)[0]
    for n in covariates:
        yield frozenset(named(stem, identifier(n)) for stem in CovariateDesign.stems), f"mi({n})"


def _smooth(name: str, label: str) -> SmoothDesign:
    """Return a smooth term without rows: to ask what its parts are named."""
    return SmoothDesign(name, label, np.empty((0, 0)), np.empty(0, np.intp), ())


def _of_group(group: GroupSchema, name: str, parameters: Iterable[str]) -> frozenset[str]:
    """Return the names of a group's variables, dimensions and data, if it is named so."""
    return group.outline(name).names_in(parameters)


def _own_rows(group: GroupSchema, name: str) -> set[str]:
    """Return the dimension that effects of single rows share with the response."""
    return set() if group.columns else {name} & {"observation"}
