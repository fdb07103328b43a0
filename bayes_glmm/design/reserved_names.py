"""Names of what a model makes: variables, dimensions and data of its graph, each one once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bayes_glmm.design.terms.missing_covariates import MissingCoding
from bayes_glmm.design.terms.monotonic_coding import MonotonicCoding
from bayes_glmm.errors import SpecError
from bayes_glmm.families import get_family
from bayes_glmm.model.blocks.modelled import identifier
from bayes_glmm.spec.model import ModelSpec

if TYPE_CHECKING:
    from bayes_glmm.design.groups.group_schema import GroupSchema
    from bayes_glmm.design.predictor_schema import PredictorSchema
    from bayes_glmm.design.terms.origin import Codings

RESERVED = ("chain", "draw", "sample", "observation", "coefficient", "y", "response", "mu")
"""What every result and graph has: dimensions of draws and rows, the response."""
OF_MODIFIERS = {
    "trials": ("trials",), "cens": ("status", "upper"), "trunc": ("least", "most"),
    "weights": ("weights",), "se": ("se",), "against": ("total", "other_trials"),
}  # fmt: skip
"""Data of the graph that say how a row was observed."""
PREFIX = "reference_"
"""Of variables in the basis that is sampled in, see :mod:`.reference`."""
OF_PREDICTOR = ("intercept", "beta", "coefficient", "X", "offset")
INNER = ("intercept_prior", "intercept_absorbed")
"""What the engine adds to a predictor's names."""
OF_COVARIATE = ("sigma", "known")
OF_TERMS = ("sd", "u")
OF_SMOOTH = (*OF_TERMS, "basis", "range")
OF_GROUP = (*OF_TERMS, "corr", "corr_chol", "index", "Z")
OF_STRUCTURE = ("z", "range", "mix", "halflife", "signal", "rho")


def kept_apart(
    spec: ModelSpec,
    predictors: Mapping[str, PredictorSchema],
    covariates: Mapping[str, PredictorSchema],
    codings: Codings,
    smooths: Mapping[str, str],
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

    Raises
    ------
    SpecError
        Two terms that are no groups would have variables of one name.
    """
    taken = _without_groups(spec, predictors, covariates, codings, smooths)
    named: dict[str, str] = {}
    for group in (g for p in (*predictors.values(), *covariates.values()) for g in p.groups):
        if group.name in named:
            continue
        name = group.name
        while taken & (set(_of_group(group, name, predictors)) - _own_rows(group, name)):
            name = f"{name}_group"
        taken |= set(_of_group(group, name, predictors))
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


def _without_groups(
    spec: ModelSpec,
    predictors: Mapping[str, PredictorSchema],
    covariates: Mapping[str, PredictorSchema],
    codings: Codings,
    smooths: Mapping[str, str],
) -> set[str]:
    """Return the names of everything but groups, refusing one name for two things."""
    family = get_family(spec.family)
    own = [name for name in RESERVED if name != "coefficient"]
    own += [n for call in spec.response.modifiers for n in OF_MODIFIERS.get(call.function, ())]
    own += ["boundary"] * bool(family.vectors) + ["y_category", "trials"] * family.composed
    owners: dict[str, str] = dict.fromkeys(own, "the response")
    owners |= {p.name: f"the family's {p.name!r}" for p in family.parameters}
    for name, owner in _pairs(predictors, covariates, codings, smooths):
        if owners.setdefault(name, owner) != owner:
            raise SpecError(
                f"Variables of {owners[name]} and of {owner} would both be named {name!r}: rename "
                "a column, or a category."
            )
    return set(owners) | {f"{PREFIX}{name}" for name in owners}


def _pairs(
    predictors: Mapping[str, PredictorSchema],
    covariates: Mapping[str, PredictorSchema],
    codings: Codings,
    smooths: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    """Yield every name with what it belongs to."""
    every: list[tuple[str, str, PredictorSchema, tuple[str, ...]]] = []
    for n, p in predictors.items():
        every.append(("" if n == "mu" else f"_{n}", f"the formula of {n!r}", p, OF_PREDICTOR))
    for n, p in covariates.items():
        every.append((f"_{identifier(n)}", f"mi({n})", p, OF_PREDICTOR + OF_COVARIATE))
    for suffix, owner, predictor, stems in every:
        yield from ((f"{stem}{suffix}", owner) for stem in stems)
        if not suffix:
            yield from ((name, owner) for name in INNER)
        for factor in (factor for part in predictor.parts for factor, _ in part):
            match codings[factor]:
                case MonotonicCoding(column):
                    name = f"simplex_{identifier(column)}{suffix}"
                    dim = f"{identifier(column)}_step{suffix}"
                    yield from ((n, f"mo({column})") for n in (name, f"index_{name}", dim))
                case MissingCoding(column):
                    name = identifier(column)
                    yield from ((n, f"mi({column})") for n in (f"mi_{name}", f"{name}_missing"))
    for name, label in smooths.items():
        yield from ((f"{stem}_{name}", label) for stem in OF_SMOOTH)
        yield from ((n, label) for n in (name, f"{name}_part", f"{name}_basis"))


def _of_group(group: GroupSchema, name: str, parameters: Iterable[str]) -> Iterator[str]:
    """Yield the names of a group's variables, dimensions and data, if it is named so."""
    yield from (f"{PREFIX}{stem}_{name}" for stem in OF_GROUP)
    term = f"{name}_term"
    yield from (name, term, f"{term}_other")
    yield from (f"{stem}_{name}" for stem in OF_GROUP)
    yield from (f"Z_{name}_{parameter}" for parameter in parameters if parameter != "mu")
    blocks = [block for block in group.blocks if len(block) > 1]
    if len(blocks) > 1:
        yield from (f"corr_chol_{name}_{k}" for k in range(len(blocks)))
    if blocks and len(blocks[0]) < len(group.terms):
        ends = [f"_{k}" for k in range(len(blocks))] if len(blocks) > 1 else [""]
        yield from (f"{term}_block{end}{side}" for end in ends for side in ("", "_other"))
    if group.members is not None or group.by is not None:
        yield f"weights_{name}"
    if group.dist == "student":
        yield f"nu_{name}"
    if group.structure is not None:
        yield f"{name}_node"
        yield from (f"{stem}_{name}" for stem in OF_STRUCTURE)


def _own_rows(group: GroupSchema, name: str) -> set[str]:
    """Return the dimension that effects of single rows share with the response."""
    return set() if group.columns else {name} & {"observation"}
