"""Formulas to specs and back; the text is read by a closed grammar, never evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bayes_glmm.errors import ArgumentTypeError, FormulaError
from bayes_glmm.spec.grammar import Parser
from bayes_glmm.spec.model import ModelSpec, Predictor, Response
from bayes_glmm.spec.writing import predictor_text, response_text

if TYPE_CHECKING:
    from bayes_glmm.spec.priors import Prior


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
) -> ModelSpec:
    """Read a formula into a model.

    Parameters
    ----------
    formula : str or mapping of str to str
        ``"y ~ x + (1 + x | group)"``, or one formula per parameter of the family:
        ``{"mu": "y ~ x", "dispersion": "~ z"}``.
    family : str or Family, default "gaussian"
    link, exposure, offset, priors, missing, success
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
    if isinstance(formula, str):
        formula = {"mu": formula}
    if not isinstance(formula, Mapping) or "mu" not in formula:
        raise FormulaError("A model is one formula, or a mapping of formulas with one for 'mu'.")
    response: Response | None = None
    predictors: dict[str, Predictor] = {}
    for parameter, text in formula.items():
        if not isinstance(text, str):
            raise ArgumentTypeError(f"The formula of {parameter!r} is text, not {text!r}.")
        left, predictors[parameter] = Parser(text).formula(parameter == "mu")
        response = left or response
    assert response is not None
    _refuse_response_as_term(response, predictors)
    name: Any = getattr(family, "name", family)
    return ModelSpec(
        response, tuple(predictors.items()), name, link, exposure, offset,
        tuple((priors or {}).items()), missing, success,
    )  # fmt: skip


def write_formula(spec: ModelSpec) -> str | dict[str, str]:
    """Write a model's formula; a mapping when several parameters have one."""
    texts = {name: predictor_text(p) for name, p in spec.predictors}
    mu = f"{response_text(spec.response)} ~ {texts.pop('mu')}"
    return {"mu": mu, **{name: f"~ {text}" for name, text in texts.items()}} if texts else mu


def _refuse_response_as_term(response: Response, predictors: dict[str, Predictor]) -> None:
    from bayes_glmm.spec.model import Variable

    for predictor in predictors.values():
        if any(Variable(response.column) in term for term in predictor.terms):
            raise FormulaError(f"The response {response.column!r} is also a term: remove one.")
