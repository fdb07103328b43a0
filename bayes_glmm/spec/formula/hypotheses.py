"""The closed grammar of hypotheses: arithmetic of parameters, and one comparison."""

from __future__ import annotations

from dataclasses import dataclass

from bayes_glmm.spec.formula.calls import expression
from bayes_glmm.spec.formula.cursor import Cursor
from bayes_glmm.spec.formula.tokens import HYPOTHESIS, tokenize
from bayes_glmm.spec.terms import Arithmetic, Call, Expression

FUNCTIONS = ("exp", "log", "sqrt")


@dataclass(frozen=True)
class Hypothesis:
    """``left comparison right``; only ``left`` where nothing is compared.

    Attributes
    ----------
    left : Expression
    comparison : str
        One of ``> < >= <=``, or empty.
    right : Expression or None
    """

    left: Expression
    comparison: str = ""
    right: Expression | None = None


def read_hypothesis(text: str) -> Hypothesis:
    """Read a hypothesis such as ``"beta[treat] - 2*beta[age] > 0"``.

    Raises
    ------
    FormulaError
        The text is outside the grammar; the place is marked.

    Examples
    --------
    >>> read_hypothesis("exp(beta[treat]) < 0.8").comparison
    '<'
    """
    cursor = Cursor(text, tokenize(text, HYPOTHESIS))
    left = expression(cursor)
    comparison = cursor.accept(">", "<", ">=", "<=")
    if cursor.sees("="):
        cursor.fail(
            "A parameter on a line equals a number with probability zero: ask whether it is close, "
            "as in 'beta[x] < 0.1', or compare models with compare()."
        )
    found = Hypothesis(left)
    if comparison is not None:
        found = Hypothesis(left, comparison.value, expression(cursor))
    if cursor.sees(">", "<", ">=", "<="):
        cursor.fail("One comparison at a time: give a list of hypotheses.")
    if cursor.token.kind != "end":
        cursor.fail("An operator such as + is missing here.")
    for side in (found.left, found.right):
        _refuse_other_functions(cursor, side)
    return found


def _refuse_other_functions(cursor: Cursor, side: Expression | None) -> None:
    match side:
        case Arithmetic(_, left, right):
            _refuse_other_functions(cursor, left)
            _refuse_other_functions(cursor, right)
        case Call(function, arguments):
            if function not in FUNCTIONS:
                token = next(t for t in cursor.tokens if t.value == function)
                cursor.fail(f"The functions of parameters are {', '.join(FUNCTIONS)}.", token)
            for argument in arguments:
                _refuse_other_functions(cursor, argument)
