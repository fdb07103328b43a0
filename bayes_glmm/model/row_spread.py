"""Whether the spread of single rows about their mean is known, or estimated with the rest."""

from __future__ import annotations

from bayes_glmm.families.contract import Family
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.model.design import Design


def estimated_spread(family: Family, design: Design) -> tuple[str, ...]:
    """Name the parameters that say how far single rows lie from their mean, where estimated.

    The spread is known where the family has no such parameter (exponential), where it is held
    (``gaussian(sigma=0.1)``), where the response states it row by row (``se()``), and where
    its formula has no term. An effect of single rows is then variation of its own, as in a
    random-effects meta-analysis; beside an estimated spread it is the same thing twice.

    Parameters
    ----------
    family : Family
    design : Design

    Returns
    -------
    tuple of str
        Empty where the spread is known.
    """
    return tuple(p.name for p in family.spread if _estimated(p, design))


def _estimated(parameter: Parameter, design: Design) -> bool:
    predictor = design.predictors.get(parameter.name)
    if predictor is not None:
        terms = predictor.coefficients or predictor.groups or predictor.smooths
        return predictor.intercept or bool(terms)
    return parameter.name not in design.stated and parameter.fixed is None
