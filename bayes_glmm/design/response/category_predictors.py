"""The linear predictors of a formula of the mean: of each category, or of each boundary."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bayes_glmm.errors import SpecError, listed, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.model.thresholds import boundaries
from bayes_glmm.spec.formula.writing import term_text
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import Call, Term, Variable


@dataclass(frozen=True)
class Stated:
    """A linear predictor of the model.

    Attributes
    ----------
    formula : str
        Name of the formula that states it.
    predictor : Predictor
    category : str
        Of unordered categories, the one whose log odds it is; else empty.
    boundary : str
        Of ordered categories, the boundary that it moves, by ``cs()``; else empty.
    """

    formula: str
    predictor: Predictor
    category: str = ""
    boundary: str = ""


def stated_predictors(spec: ModelSpec, categories: Sequence[str]) -> dict[str, Stated]:
    """Return every linear predictor by its name in posteriors.

    Those of unordered categories are named ``mu_<category>``; a formula of that name
    takes the place of that of ``mu``.

    Raises
    ------
    SpecError
        A formula for a category that is not there, or for the reference; or categories
        whose names give the same variables.
    """
    given = dict(spec.predictors)
    inside = {name: _split(predictor) for name, predictor in given.items()}
    if any(specific for _, specific in inside.values()):
        return _with_boundaries(spec, inside, categories)
    others = get_family(spec.family).separate_predictors(categories)
    if not others:
        return {name: Stated(name, predictor) for name, predictor in given.items()}
    first = categories[0]
    named = _named(others)
    _refuse_unknown(given, named, first)
    of_categories = {
        name: Stated(name if name in given else "mu", given.get(name, given["mu"]), category)
        for name, category in named.items()
    }
    others_stated = {n: Stated(n, p) for n, p in given.items() if n != "mu" and n not in named}
    return of_categories | others_stated


def _split(predictor: Predictor) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
    """Return the terms outside and inside ``cs()``."""
    outside: list[Term] = []
    inside: list[Term] = []
    for term in predictor.all_terms:
        specific = [f for f in term if isinstance(f, Call) and f.function == "cs"]
        if specific and (len(term) > 1 or term not in predictor.terms):
            raise SpecError(
                "cs() stands alone, + cs(x), outside random effects: compute an interaction in the "
                "table."
            )
        if specific and isinstance(specific[0].arguments[0], Variable | Call):
            inside.append((specific[0].arguments[0],))
        elif term in predictor.terms:
            outside.append(term)
    return tuple(outside), tuple(inside)


def _with_boundaries(
    spec: ModelSpec,
    inside: Mapping[str, tuple[tuple[Term, ...], tuple[Term, ...]]],
    categories: Sequence[str],
) -> dict[str, Stated]:
    """Add to the predictor of the mean one of ``cs()`` for each boundary."""
    given = dict(spec.predictors)
    get_family(spec.family).require("free_boundaries")
    if any(specific for name, (_, specific) in inside.items() if name != "mu"):
        raise SpecError("cs() belongs in the formula of 'mu' alone.")
    if spec.response.modifier("thres"):
        raise SpecError(
            "cs() has one effect for each boundary, and with thres() groups have boundaries of their "
            "own: leave one of the two out."
        )
    outside, specific = inside["mu"]
    twice = [term_text(term) for term in specific if term in outside]
    if twice:
        raise SpecError(f"{listed(twice)} stands outside and inside cs(): keep one of the two.")
    predictors = {"mu": Stated("mu", replace(given["mu"], terms=outside))}
    for name, boundary in _named(boundaries(categories)).items():
        predictors[name] = Stated("mu", Predictor(terms=specific), boundary=boundary)
    return predictors | {n: Stated(n, p) for n, p in given.items() if n != "mu"}


def _named(labels: Sequence[str]) -> dict[str, str]:
    """Return categories, or boundaries, by the names of their predictors."""
    named: dict[str, str] = {}
    for label in labels:
        name = predictor_name(label)
        if name in named:
            raise SpecError(
                f"{named[name]!r} and {label!r} would both be named {name!r}: rename a category."
            )
        named[name] = label
    return named


def predictor_name(category: str) -> str:
    """Return the name of a category's predictor, a Python identifier."""
    return "mu_" + re.sub(r"\W", "_", category)


def _refuse_unknown(given: dict[str, Predictor], named: dict[str, str], first: str) -> None:
    for name in given:
        if not name.startswith("mu_") or name in named:
            continue
        if name == predictor_name(first):
            raise SpecError(
                f"{first!r} is the first category, which the others are compared with: it has no "
                f"formula. Formulas are for {listed(named)}."
            )
        raise SpecError(
            f"There is no category for the formula {name!r}." + suggestion(name, [*named])
        )
