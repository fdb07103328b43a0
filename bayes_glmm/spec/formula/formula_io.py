"""Both sides of formulas: read from text by the closed grammar, and written back."""

from __future__ import annotations

from collections.abc import Mapping

from bayes_glmm.errors import ArgumentTypeError, FormulaError, SpecError
from bayes_glmm.spec.formula.grammar import read_formula
from bayes_glmm.spec.formula.writing import name_text, predictor_text, response_text
from bayes_glmm.spec.sides import Predictor, Response

type Predictors = tuple[tuple[str, Predictor], ...]


def read_formulas(
    formula: str | Mapping[str, str],
) -> tuple[Response, Predictors, Predictors]:
    """Read a formula, or a mapping of formulas.

    Returns
    -------
    Response
    tuple of (str, Predictor)
        By parameter, that of ``"mu"`` first.
    tuple of (str, Predictor)
        Models of covariates, by column.

    Raises
    ------
    FormulaError
        The text is outside the grammar; the message shows the place.
    """
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


def formula_text(
    response: Response, predictors: Predictors, covariates: Predictors
) -> str | dict[str, str]:
    """Write a model's formula; a mapping when several parameters have one.

    Raises
    ------
    SpecError
        The model is outside the grammar or its limits, so that its text would not
        be read as the same model.
    """
    texts = {name: predictor_text(p) for name, p in predictors}
    mu = f"{response_text(response)} ~ {texts.pop('mu')}"
    formula = {"mu": mu, **{name: f"~ {text}" for name, text in texts.items()}}
    own = {name: f"{name_text(name)} ~ {predictor_text(p)}" for name, p in covariates}
    formula |= own
    try:
        same = read_formulas(formula) == (response, predictors, covariates)
    except FormulaError as error:
        raise SpecError(
            f"This model cannot be written as a formula, as a fit keeps it: {mu[:60]}... {error} "
            "Leave terms out, or make columns of some in the table."
        ) from error
    if not same:
        raise SpecError(f"This model cannot be written as a formula: {mu} is another model.")
    return formula if texts or own else mu
