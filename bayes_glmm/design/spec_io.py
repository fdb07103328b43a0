"""A spec as plain lists and numbers, for the schema that carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bayes_glmm.errors import ResultError
from bayes_glmm.spec.effects import Membership, RandomEffect
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sides import Predictor, Response
from bayes_glmm.spec.sources import Source
from bayes_glmm.spec.terms import Arithmetic, Call, Expression, Number, Term, Text, Variable
from bayes_glmm.spec.time_processes import Process


def expression_to_list(expression: Expression) -> list:
    """Return an expression as nested lists, its kind first."""
    match expression:
        case Variable(name):
            return ["column", name]
        case Number(value):
            return ["number", value]
        case Text(value):
            return ["text", value]
        case Arithmetic(operator, left, right):
            return [operator, expression_to_list(left), expression_to_list(right)]
        case Call(function, arguments, options):
            named = [[name, expression_to_list(value)] for name, value in options]
            return ["call", function, [expression_to_list(a) for a in arguments], named]


def expression_from_list(stored: Sequence[Any]) -> Expression:
    """Read what :func:`expression_to_list` wrote."""
    match list(stored):
        case ["column", str(name)]:
            return Variable(name)
        case ["number", float(value) | int(value)]:
            return Number(value)
        case ["text", str(value)]:
            return Text(value)
        case [("+" | "-" | "*" | "/") as operator, left, right]:
            return Arithmetic(operator, expression_from_list(left), expression_from_list(right))
        case ["call", str(function), arguments, options]:
            return Call(
                function,
                tuple(expression_from_list(a) for a in arguments),
                tuple((str(name), expression_from_list(value)) for name, value in options),
            )
    raise ResultError(f"The stored expression {stored!r} is damaged.")


def spec_to_dict(spec: ModelSpec) -> dict[str, Any]:
    """Return a spec as lists, texts and numbers."""
    return {
        "response": spec.response.column,
        **({"others": list(spec.response.others)} if spec.response.others else {}),
        "modifiers": [expression_to_list(m) for m in spec.response.modifiers],
        "predictors": [[name, _predictor_to_dict(p)] for name, p in spec.predictors],
        "covariates": [[name, _predictor_to_dict(p)] for name, p in spec.covariates],
        "priors": [[name, p.name, dict(p.parameters)] for name, p in spec.priors],
        "structures": [[name, vars(source)] for name, source in spec.structures],
        **{name: value for name in _PLAIN if (value := vars(spec)[name]) is not None},
    }


def spec_from_dict(stored: Mapping[str, Any]) -> ModelSpec:
    """Read what :func:`spec_to_dict` wrote."""
    modifiers: list[Any] = [expression_from_list(m) for m in stored["modifiers"]]
    return ModelSpec(
        response=Response(stored["response"], tuple(modifiers), tuple(stored.get("others", ()))),
        predictors=tuple((name, _predictor(p)) for name, p in stored["predictors"]),
        covariates=tuple((name, _predictor(p)) for name, p in stored.get("covariates", ())),
        priors=tuple((name, Prior(prior, **values)) for name, prior, values in stored["priors"]),
        structures=tuple((name, _source(s)) for name, s in stored.get("structures", ())),
        **{name: stored[name] for name in _PLAIN if name in stored},
    )


_PLAIN = ("family", "link", "exposure", "offset", "missing", "success")


def _source(stored: Mapping[str, Any]) -> Source:
    return Source(stored["kind"], stored["file"], tuple((k, v) for k, v in stored["options"]))


def _terms_to_list(terms: Sequence[Term]) -> list:
    return [[expression_to_list(factor) for factor in term] for term in terms]


def _terms(stored: Sequence) -> tuple[Any, ...]:
    return tuple(tuple(expression_from_list(factor) for factor in term) for term in stored)


def _predictor_to_dict(predictor: Predictor) -> dict[str, Any]:
    return {
        "intercept": predictor.intercept,
        "terms": _terms_to_list(predictor.terms),
        "random": [_effect_to_dict(e) for e in predictor.random],
        "offsets": [expression_to_list(e) for e in predictor.offsets],
    }


def _predictor(stored: Mapping[str, Any]) -> Predictor:
    return Predictor(
        intercept=stored["intercept"],
        terms=_terms(stored["terms"]),
        random=tuple(_effect(e) for e in stored["random"]),
        offsets=tuple(expression_from_list(e) for e in stored["offsets"]),
    )


def _effect_to_dict(effect: RandomEffect) -> dict[str, Any]:
    members = None if effect.members is None else vars(effect.members)
    own = {"terms": _terms_to_list(effect.terms), "members": members}
    return vars(effect) | own | {"process": process_to_list(effect.process)}


def _effect(stored: Mapping[str, Any]) -> RandomEffect:
    return RandomEffect(
        tuple(stored["group"]),
        terms=_terms(stored["terms"]),
        intercept=stored["intercept"],
        correlated=stored["correlated"],
        structure=stored["structure"],
        shared=stored.get("shared"),
        members=Membership(**stored["members"]) if stored["members"] else None,
        by=stored["by"],
        dist=stored["dist"],
        along=stored["along"],
        process=process_from_list(stored.get("process")),
    )


def process_to_list(process: Process) -> list[Any]:
    """Return a process along time as its name and its options."""
    return [process.name, [list(option) for option in process.options]]


def process_from_list(stored: Sequence[Any] | None) -> Process:
    """Read what :func:`process_to_list` wrote; older results have autoregressive ones alone."""
    if stored is None:
        return Process()
    name, options = stored
    return Process(name, tuple((str(key), int(value)) for key, value in options))
