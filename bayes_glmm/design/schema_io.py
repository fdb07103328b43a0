"""Schemas as plain lists and numbers, so that JSON carries them exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.groups.group_schema import GroupSchema, group_shift
from bayes_glmm.design.predictor_schema import LearnedBasis, PredictorSchema
from bayes_glmm.design.response.learn_thresholds import Thresholds
from bayes_glmm.design.response.response_schema import ResponseSchema
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.spec_io import (
    expression_from_list,
    expression_to_list,
    process_from_list,
    process_to_list,
    spec_from_dict,
    spec_to_dict,
)
from bayes_glmm.design.table.columns import Column
from bayes_glmm.design.terms.coding import FactorCoding, LevelCoding, NumericCoding, WithinCoding
from bayes_glmm.design.terms.missing_covariates import MissingCoding
from bayes_glmm.design.terms.monotonic_coding import MonotonicCoding
from bayes_glmm.design.terms.origin import Codings, Origins, Part, shift_of
from bayes_glmm.design.terms.smooth_coding import SmoothCoding
from bayes_glmm.errors import BayesGLMMError, ResultError
from bayes_glmm.spec.effects import Membership
from bayes_glmm.spec.terms import Call, Factor

FORMAT = 1
MOST_CHARACTERS = 2**26
"""Of a list of texts, each padded to the longest."""


def schema_to_dict(schema: Schema) -> dict[str, Any]:
    """Return the schema as lists, texts and numbers."""
    places = {factor: i for i, factor in enumerate(schema.codings)}
    return {
        "format": FORMAT,
        "spec": spec_to_dict(schema.spec),
        "n_rows": schema.n_rows,
        "columns": [asdict(column) for column in schema.columns],
        "states": {text: _lists(state) for text, state in schema.states.items()},
        "codings": [
            {"factor": expression_to_list(factor), **_coding_to_dict(coding)}
            for factor, coding in schema.codings.items()
        ],
        "origins": [[places[factor], list(c)] for factor, c in schema.origins.items()],
        "predictors": {n: _predictor_to_dict(p, places) for n, p in schema.predictors.items()},
        "covariates": {n: _predictor_to_dict(p, places) for n, p in schema.covariates.items()},
        "response": asdict(schema.response),
    }


def schema_from_dict(stored: Mapping[str, Any]) -> Schema:
    """Read what :func:`schema_to_dict` wrote.

    Raises
    ------
    ResultError
        The mapping is not a schema, or of an unknown version.
    """
    if not isinstance(stored, Mapping) or stored.get("format") != FORMAT:
        found = stored.get("format") if isinstance(stored, Mapping) else type(stored).__name__
        raise ResultError(f"The stored schema has format {found!r}; this version reads {FORMAT}.")
    try:
        _refuse_padded(stored)
        return _read(stored)
    except (
        KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError
    ) as error:  # fmt: skip
        if isinstance(error, BayesGLMMError) and not isinstance(error, ResultError):
            raise ResultError(f"The stored schema is damaged: {error}") from error
        raise ResultError(f"The stored schema is damaged ({error!r}).") from error


def _refuse_padded(stored: Any) -> None:
    """Refuse texts that would fill the memory when each takes as much room as the longest."""
    inner = list(stored.values()) if isinstance(stored, Mapping) else stored
    if isinstance(inner, list):
        texts = [len(value) for value in inner if isinstance(value, str)]
        if texts and len(texts) * max(texts) > MOST_CHARACTERS:
            raise ValueError(f"{len(texts)} texts, one of {max(texts)} characters")
        for value in inner:
            _refuse_padded(value)


def _read(stored: Mapping[str, Any]) -> Schema:
    factors: list[Any] = [expression_from_list(c["factor"]) for c in stored["codings"]]
    pairs = zip(factors, stored["codings"], strict=True)
    codings = {factor: _coding(factor, entry) for factor, entry in pairs}
    # results of versions before have no origins: they are in the basis of the table
    origins = {factors[i]: tuple(map(float, c)) for i, c in stored.get("origins", ())}
    known = Known(tuple(factors), codings, origins)
    return Schema(
        spec=spec_from_dict(stored["spec"]),
        n_rows=int(stored["n_rows"]),
        columns=tuple(_column(c) for c in stored["columns"]),
        states={t: {k: tuple(v) for k, v in s.items()} for t, s in stored["states"].items()},
        codings=codings,
        predictors={n: _predictor(p, known) for n, p in stored["predictors"].items()},
        covariates={n: _predictor(p, known) for n, p in stored.get("covariates", {}).items()},
        response=_response(stored["response"]),
        origins=origins,
    )


@dataclass(frozen=True, eq=False)
class Known:
    """What the parts of terms refer to."""

    factors: tuple[Factor, ...]
    codings: Codings
    origins: Origins


def _lists(state: Mapping[str, tuple[float, ...]]) -> dict[str, list[float]]:
    return {name: list(values) for name, values in state.items()}


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list | tuple) else v for k, v in entry.items()}


def _response(entry: Mapping[str, Any]) -> ResponseSchema:
    own = entry.get("thresholds")
    if own is not None:
        own = Thresholds(own["column"], tuple(own["levels"]), tuple(map(tuple, own["seen"])))
    return ResponseSchema(**_tuples({**entry, "thresholds": own}))


def _column(entry: Mapping[str, Any]) -> Column:
    return Column(**_tuples(entry))


def _coding_to_dict(coding: FactorCoding) -> dict[str, Any]:
    match coding:
        case NumericCoding(_, labels):
            return {"labels": list(labels)}
        case LevelCoding():
            return {"levels": asdict(coding)}
        case SmoothCoding():
            return {"smooth": list(coding.levels), "learned": [_lists(s) for s in coding.states]}
        case MissingCoding():
            return {"missing": asdict(coding)}
        case MonotonicCoding(column, levels):
            return {"monotonic": column, "categories": list(levels)}
        case WithinCoding(_, group, levels, means):
            return {"group": group, "within": list(levels), "means": list(means)}


def _coding(factor: Factor, entry: Mapping[str, Any]) -> FactorCoding:
    if "labels" in entry:
        return NumericCoding(factor, tuple(entry["labels"]))
    if "smooth" in entry and isinstance(factor, Call):
        learned = ({k: tuple(v) for k, v in state.items()} for state in entry["learned"])
        return SmoothCoding(factor, tuple(entry["smooth"]), tuple(learned))
    if "missing" in entry:
        return MissingCoding(**_tuples(entry["missing"]))
    if "monotonic" in entry:
        return MonotonicCoding(entry["monotonic"], tuple(entry["categories"]))
    if "within" in entry:
        inside = factor.arguments[0] if isinstance(factor, Call) else factor
        levels, means = entry["within"], entry["means"]
        return WithinCoding(inside, entry["group"], tuple(levels), tuple(map(float, means)))
    return LevelCoding(**_tuples(entry["levels"]))


def _parts_to_list(parts: Sequence[Part], places: Mapping[Factor, int]) -> list:
    return [[[places[factor], full] for factor, full in part] for part in parts]


def _parts(stored: Sequence, factors: Sequence[Factor]) -> tuple[Part, ...]:
    return tuple(tuple((factors[i], bool(full)) for i, full in part) for part in stored)


def _predictor_to_dict(learned: PredictorSchema, places: Mapping[Factor, int]) -> dict[str, Any]:
    return {
        "intercept": learned.intercept,
        "coefficients": list(learned.coefficients),
        "parts": _parts_to_list(learned.parts, places),
        "centers": learned.centers.tolist(),
        "scales": learned.scales.tolist(),
        "groups": [_group_to_dict(group, places) for group in learned.groups],
        "units": _numbers(learned.units),
        "basis": None if learned.basis is None else _basis_to_dict(learned.basis),
    }


def _predictor(stored: Mapping[str, Any], known: Known) -> PredictorSchema:
    parts = _parts(stored["parts"], known.factors)
    basis = stored.get("basis")
    return PredictorSchema(
        intercept=stored["intercept"],
        coefficients=tuple(stored["coefficients"]),
        parts=parts,
        centers=_array(stored["centers"]),
        scales=_array(stored["scales"]),
        groups=tuple(_group(group, known) for group in stored["groups"]),
        units=None if stored.get("units") is None else _array(stored["units"]),
        basis=None if basis is None else _basis(basis, parts, known),
    )


def _basis_to_dict(basis: LearnedBasis) -> dict[str, Any]:
    return {
        "ones": basis.ones, "centers": basis.centers.tolist(), "scales": basis.scales.tolist()
    }  # fmt: skip


def _basis(stored: Mapping[str, Any], parts: tuple[Part, ...], known: Known) -> LearnedBasis:
    ones = bool(stored["ones"])
    shift = shift_of(parts, ones, known.codings, known.origins)
    return LearnedBasis(shift, ones, _array(stored["centers"]), _array(stored["scales"]))


def _group_to_dict(group: GroupSchema, places: Mapping[Factor, int]) -> dict[str, Any]:
    return {
        "name": group.name,
        "columns": list(group.columns),
        "levels": group.levels.tolist(),
        "terms": list(group.terms),
        "parts": [[ones, _parts_to_list(parts, places)] for ones, parts in group.parts],
        "blocks": [list(block) for block in group.blocks],
        "structure": group.structure,
        "owners": list(group.owners),
        "members": None if group.members is None else asdict(group.members),
        "by": None if group.by is None else list(group.by),
        "by_levels": list(group.by_levels),
        "along": group.along,
        "process": process_to_list(group.process),
        "dist": group.dist,
        "units": _numbers(group.units),
    }


def _numbers(values: NDArray[np.float64] | None) -> list[float] | None:
    return None if values is None else values.tolist()


def _group(stored: Mapping[str, Any], known: Known) -> GroupSchema:
    levels = np.array(stored["levels"], dtype=np.str_)
    levels.flags.writeable = False
    blocks = tuple(tuple(block) for block in stored["blocks"])
    parts = tuple((bool(ones), _parts(own, known.factors)) for ones, own in stored["parts"])
    return GroupSchema(
        name=stored["name"],
        columns=tuple(stored["columns"]),
        levels=levels,
        terms=tuple(stored["terms"]),
        parts=parts,
        blocks=blocks,
        structure=stored["structure"],
        owners=tuple(stored.get("owners", ())),
        members=Membership(**stored["members"]) if stored["members"] else None,
        by=tuple(stored["by"]) if stored["by"] else None,
        by_levels=tuple(stored["by_levels"]),
        along=stored["along"],
        process=process_from_list(stored.get("process")),
        dist=stored["dist"],
        units=None if stored.get("units") is None else _array(stored["units"]),
        shift=group_shift(parts, blocks, known.codings, known.origins),
    )


def _array(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)
