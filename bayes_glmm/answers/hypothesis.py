"""Questions about parameters, written as arithmetic and answered draw by draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer
from bayes_glmm.answers.predict.predictor_draws import n_draws, shown
from bayes_glmm.errors import ArgumentTypeError, ResultError, suggestion
from bayes_glmm.model.variable_table import resolve_name
from bayes_glmm.model.variables import element_of
from bayes_glmm.results.fit import Fit, read_fit
from bayes_glmm.spec.formula.hypotheses import read_hypothesis
from bayes_glmm.spec.terms import Arithmetic, Call, Expression, Number, Variable

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
OPERATORS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}
FUNCTIONS = {"exp": np.exp, "log": np.log, "sqrt": np.sqrt}
COMPARISONS = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}


@overload
def hypothesis(
    tree: xr.DataTree, text: str | Sequence[str], *, draws: Literal[False] = False,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def hypothesis(
    tree: xr.DataTree, text: str | Sequence[str], *, draws: Literal[True],
) -> xr.DataArray: ...  # fmt: skip
@overload
def hypothesis(
    tree: xr.DataTree, text: str | Sequence[str], *, draws: bool,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def hypothesis(
    tree: xr.DataTree, text: str | Sequence[str], *, draws: bool = False
) -> pd.DataFrame | xr.DataArray:
    """Give the posterior probability of a statement about parameters.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    text : str or list of str
        Arithmetic (``+ - * /``, parentheses, ``exp``, ``log``, ``sqrt``) of numbers and
        parameters, with at most one of ``> < >= <=``. A parameter is written as in the
        posterior with the label of its element, ``"beta[treat]"``, ``"sd_ward[intercept]"``,
        ``"u_ward[w3]"``, ``"corr_ward[intercept, treat]"``; a fixed effect also by its label
        alone. Labels with other signs stand in back-quotes. The text is read by a closed
        grammar and never run.
    draws : bool, default False
        Return the draws with the same labels, over (chain, draw, ...).

    Returns
    -------
    pandas.DataFrame
        ``hypothesis``, ``probability`` (missing without a comparison), and ``mean``, ``sd``
        and interval of the left side less the right one, on the scale of the parameters.
        ``attrs["probability_mcse"]`` is the Monte Carlo error of the probabilities.

    Raises
    ------
    FormulaError
        The text is outside the grammar.
    ResultError
        A parameter is not in the model.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 | study)", bg.dataset("nielweise2008"), family="poisson",
    ...     exposure="catheter_days",
    ... )
    >>> table = bg.hypothesis(tree, "exp(beta[treat]) < 0.8")
    >>> bool(table["probability"].iloc[0] > 0.5)
    True
    """
    fit = read_fit(tree)
    texts = [text] if isinstance(text, str) else list(text)
    if not texts or not all(isinstance(t, str) for t in texts):
        raise ArgumentTypeError(
            "hypothesis() takes a text such as 'beta[x] > 0', or a list of them."
        )
    apart, held = [], []
    for one in texts:
        found = read_hypothesis(one)
        with np.errstate(all="ignore"):
            left = _value(fit, found.left)
            right = 0.0 if found.right is None else _value(fit, found.right)
            apart.append(left - right)
        compare = COMPARISONS.get(found.comparison)
        held.append(np.full(len(left), np.nan) if compare is None else 1.0 * compare(left, right))
    labels = pd.DataFrame({"hypothesis": texts})
    about = {"estimand": "left side less right side", "scale": "that of the parameters"}
    if draws:
        return answer(fit, np.column_stack(apart), labels, about, draws=True)
    shares = answer(fit, np.column_stack(held), labels, about)
    labels = labels.assign(probability=shares["mean"])
    about["probability_mcse"] = shares.attrs["mcse"]
    return answer(fit, np.column_stack(apart), labels, about)


def _value(fit: Fit, side: Expression) -> Array:
    """Return the draws of an expression, shape (n_draws,)."""
    match side:
        case Number(value):
            return np.full(n_draws(fit), value)
        case Arithmetic(operator, left, right):
            return np.asarray(OPERATORS[operator](_value(fit, left), _value(fit, right)))
        case Call(function, arguments):
            return np.asarray(FUNCTIONS[function](_value(fit, arguments[0])))
        case Variable(name):
            return parameter_draws(fit, name)
    raise AssertionError(side)


def parameter_draws(fit: Fit, name: str) -> Array:
    """Return the draws of one element of a parameter, shape (n_draws,).

    Parameters
    ----------
    name : str
        ``"sigma"``, ``"beta[treat]"``, ``"corr_g[intercept, x]"``, or the label of a
        fixed effect alone.

    Raises
    ------
    ResultError
        There is no such parameter or element; the nearest are named.
    """
    variable, place = resolve_name(fit.variables, name)
    if variable.name not in fit.posterior:
        raise ResultError(
            f"The result has no draws of {variable.name!r}."
            + suggestion(variable.name, [str(name) for name in fit.posterior])
        )
    return element_of(shown(fit, variable.name), place)
