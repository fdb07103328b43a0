"""What the functions of a model's formulas learn from the training rows."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from bayes_glmm.design.table.column_roles import offset_expressions
from bayes_glmm.design.terms.expressions import learn
from bayes_glmm.design.terms.stateful import State
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Predictor
from bayes_glmm.spec.terms import SMOOTHS, Call


def learn_states(
    spec: ModelSpec, predictors: Iterable[Predictor], data: pd.DataFrame
) -> dict[str, State]:
    """Return what each expression learns, by its text; codings of factors learn elsewhere.

    Parameters
    ----------
    predictors : iterable of Predictor
        Of all parameters, categories and covariates.
    """
    factors = [f for p in predictors for t in p.all_terms for f in t]
    offsets = [e for name in spec.every for e in offset_expressions(spec, name)]
    numbers_of = [
        argument
        for call in spec.response.modifiers
        for argument in call.arguments[call.function == "cens" :]
        if isinstance(argument, Call)
    ]
    states: dict[str, State] = {}
    for expression in [*factors, *offsets, *numbers_of]:
        match expression:
            case Call("C" | "mo" | "mi"):
                continue
            case Call("wb", (inside, _)):
                states |= learn(inside, data)
            case Call(function, arguments) if function in SMOOTHS:
                for argument in arguments:
                    states |= learn(argument, data)
            case _:
                states |= learn(expression, data)
    return states
