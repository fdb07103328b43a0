"""Formulas to specs and back; the text is read by a closed grammar, never evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bayes_glmm.errors import ArgumentTypeError, FormulaError, SpecError
from bayes_glmm.spec.grammar import read_formula
from bayes_glmm.spec.model import ModelSpec, Predictor, Response
from bayes_glmm.spec.writing import name_text, predictor_text, response_text

if TYPE_CHECKING:
    from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sources import Source


def parse(
    formula: str | Mapping[str, str],
    *,
    family: str = "gaussian",
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: str = "error",
    success: str | None = None,
    structures: Mapping[str, Source] | None = None,
) -> ModelSpec:
    """Read a formula into a model.

    Parameters
    ----------
    formula : str or mapping of str to str
        ``"y ~ x + (1 + x | group)"``, or one formula per parameter of the family:
        ``{"mu": "y ~ x", "dispersion": "~ z"}``. A column in ``mi()`` has one of its
        own, ``{"mu": "y ~ mi(bmi)", "bmi": "bmi ~ age"}``.
    family : str or Family, default "gaussian"
    link, exposure, offset, priors, missing, success, structures
        As in :class:`ModelSpec`.

    Returns
    -------
    ModelSpec

    Raises
    ------
    FormulaError
        The text is outside the grammar; the message shows the place.

    Examples
    --------
    >>> spec = parse("Reaction ~ Days + (1 + Days | Subject)")
    >>> spec.formula
    'Reaction ~ Days + (1 + Days | Subject)'
    """
    response, predictors, covariates = _read(formula)
    return ModelSpec(
        response,
        predictors,
        family,
        link,
        exposure,
        offset,
        () if priors is None else priors,  # type: ignore[arg-type]
        missing,
        success,
        () if structures is None else structures,  # type: ignore[arg-type]
        covariates,
    )


def write_formula(spec: ModelSpec) -> str | dict[str, str]:
    """Write a model's formula; a mapping when several parameters have one.

    Raises
    ------
    SpecError
        The model is outside the grammar or its limits, so that its text would not
        be read as the same model.

    Examples
    --------
    >>> write_formula(parse("y ~ b*a - 1 + (1 | school/class)"))
    'y ~ 0 + b + a + b:a + (1 | school) + (1 | school:class)'
    """
    texts = {name: predictor_text(p) for name, p in spec.predictors}
    mu = f"{response_text(spec.response)} ~ {texts.pop('mu')}"
    formula = {"mu": mu, **{name: f"~ {text}" for name, text in texts.items()}}
    own = {name: f"{name_text(name)} ~ {predictor_text(p)}" for name, p in spec.covariates}
    formula |= own
    try:
        same = _read(formula) == (spec.response, spec.predictors, spec.covariates)
    except FormulaError as error:
        raise SpecError(f"This model cannot be written as a formula. {error}") from error
    if not same:
        raise SpecError(f"This model cannot be written as a formula: {mu} is another model.")
    return formula if texts or own else mu


type _Predictors = tuple[tuple[str, Predictor], ...]


def _read(
    formula: str | Mapping[str, str],
) -> tuple[Response, _Predictors, _Predictors]:
    if isinstance(formula, str):
        formula = {"mu": formula}
    if not isinstance(formula, Mapping) or "mu" not in formula:
        raise FormulaError("A model is one formula, or a mapping of formulas with one for 'mu'.")
    for parameter, text in formula.items():
        if not isinstance(text, str) or not isinstance(parameter, str):
            raise ArgumentTypeError(f"The formula of {parameter!r} is text, not {text!r}.")
    response, mu = read_formula(formula["mu"], response=True)
    assert response is not None
    covariates = {
        name: read_formula(text, response=True, column=name)[1]
        for name, text in formula.items()
        if name != "mu" and not text.lstrip().startswith("~")
    }
    others = {
        name: read_formula(text, response=False)[1]
        for name, text in formula.items()
        if name != "mu" and name not in covariates
    }
    return response, (("mu", mu), *others.items()), tuple(covariates.items())
