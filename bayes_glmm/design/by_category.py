"""One formula of the mean, one linear predictor for every unordered category but the first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bayes_glmm.errors import SpecError, listed, suggestion
from bayes_glmm.families import get_family
from bayes_glmm.spec.model import ModelSpec, Predictor


@dataclass(frozen=True)
class Stated:
    """A linear predictor of the model.

    Attributes
    ----------
    formula : str
        Name of the formula that states it.
    predictor : Predictor
    category : str
        Of unordered categories that whose log odds it is; else empty.
    """

    formula: str
    predictor: Predictor
    category: str = ""


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
    if not get_family(spec.family).unordered:
        return {name: Stated(name, predictor) for name, predictor in given.items()}
    first, *others = categories
    named: dict[str, str] = {}
    for category in others:
        name = predictor_name(category)
        if name in named:
            raise SpecError(
                f"The categories {named[name]!r} and {category!r} would both be named {name!r}: "
                "rename one."
            )
        named[name] = category
    _refuse_unknown(given, named, first)
    found = {
        name: Stated(name if name in given else "mu", given.get(name, given["mu"]), category)
        for name, category in named.items()
    }
    own = {n: Stated(n, p) for n, p in given.items() if n != "mu" and n not in named}
    return found | own


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
