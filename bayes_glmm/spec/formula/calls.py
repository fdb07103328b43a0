"""The closed table of functions, and how their arguments are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bayes_glmm.errors import listed, suggestion
from bayes_glmm.spec.formula.cursor import Cursor
from bayes_glmm.spec.formula.tokens import Token
from bayes_glmm.spec.terms import (
    SMOOTHS,
    Arithmetic,
    Call,
    Expression,
    Number,
    Text,
    Variable,
    holds_smooth,
)

LARGEST_ARGUMENT = 100


@dataclass(frozen=True)
class Signature:
    """What a function takes.

    Attributes
    ----------
    fewest, most : int
        Number of arguments without a name.
    options : tuple of str
        Names of further arguments.
    whole : bool
        Whether numbers after the first argument are counts: a degree, a basis size.
    text : bool
        Whether quoted text, a level's name, is taken.
    """

    fewest: int = 1
    most: int = 1
    options: tuple[str, ...] = ()
    whole: bool = False
    text: bool = False


FUNCTIONS: dict[str, Signature] = {
    "log": Signature(),
    "exp": Signature(),
    "sqrt": Signature(),
    "center": Signature(),
    "scale": Signature(),
    "standardize": Signature(),
    "poly": Signature(1, 2, ("degree",), whole=True),
    "bs": Signature(1, 3, ("df", "degree", "knots"), whole=True),
    "cr": Signature(1, 2, ("df",), whole=True),
    "C": Signature(1, 3, ("ref", "contrast"), text=True),
    "wb": Signature(2, 2),
    "mo": Signature(),
    "mi": Signature(),
    "cs": Signature(),
    "offset": Signature(),
    "s": Signature(1, 1, ("k", "by")),
    "t2": Signature(2, 2, ("k",)),
    "hsgp": Signature(1, 2, ("k", "c", "kernel"), text=True),
}
MODELLED = {
    "mo": "mo() takes one ordered column: mo(dose).",
    "mi": "mi() takes one column of numbers: mi(bmi).",
}
"""Functions whose values depend on parameters, so that nothing can be computed of them."""
MODIFIERS: dict[str, Signature] = {
    "trials": Signature(),
    "cens": Signature(1, 2),
    "trunc": Signature(2, 2),
    "weights": Signature(),
    "se": Signature(),
    "thres": Signature(0, 1, ("gr",)),
    "against": Signature(2, 2),
    "collapsed": Signature(),
}
_INSTEAD = {
    "I": "I() is not needed: use poly(x, 2), or compute the column in the table",
    "te": "te() is not available: a surface is t2(x, z)",
    "gp": "gp() is not available: a Gaussian process by waves is hsgp(x)",
    "factor": "Write C(x) for a column whose numbers are names of levels",
    "as": "Write C(x) for a column whose numbers are names of levels",
}


def read_call(cursor: Cursor, name: Token) -> Call:
    """Read a function of the table after its name, refusing every other."""
    if name.quoted:
        cursor.fail(f"`{name.value}` is a column, not a function: leave the back-quotes out.", name)
    if name.value in _INSTEAD:
        cursor.fail(_INSTEAD[name.value] + ".", name)
    if name.value not in FUNCTIONS:
        hint = suggestion(name.value, list(FUNCTIONS))
        cursor.fail(
            f"There is no function {name.value}().{hint} Anything else is computed in the table.",
            name,
        )
    call = read_arguments(cursor, name, FUNCTIONS)
    if any(_holds_offset(a) for a in call.arguments):
        cursor.fail("offset() stands alone: + offset(x).", name)
    if any(map(holds_smooth, call.arguments)):
        cursor.fail("A smooth term stands alone: + s(x).", name)
    if name.value in SMOOTHS:
        _check_smooth(cursor, name, call)
    if any(map(_holds_modelled, [*call.arguments, *(v for _, v in call.options)])):
        cursor.fail("mo() and mi() stand alone or in an interaction: mo(x), mi(x):z.", name)
    if name.value in MODELLED and not isinstance(call.arguments[0], Variable):
        cursor.fail(MODELLED[name.value], name)
    if name.value == "C" and not isinstance(call.arguments[0], Variable):
        cursor.fail("C() takes a column first: C(x), C(x, sum), C(x, ref='b').", name)
    if name.value == "cs" and not isinstance(call.arguments[0], Variable | Call):
        cursor.fail("cs() takes a column or a function of one: cs(x) + cs(log(z)).", name)
    if name.value == "wb" and not isinstance(call.arguments[1], Variable):
        cursor.fail("wb() takes a number and the column of its group: wb(age, bird).", name)
    return call


def _check_smooth(cursor: Cursor, name: Token, call: Call) -> None:
    """Refuse options of a smooth term that are of the wrong kind."""
    if cursor.sees(":", "*", "/", "^", "**"):
        cursor.fail("A smooth term stands alone: curves by group are s(x, by=group).", name)
    for option, value in call.options:
        if option == "by" and not isinstance(value, Variable):
            cursor.fail("by= takes a column: s(x, by=group).", name)
        if option == "k" and not _is_count(value):
            cursor.fail(f"k= takes a whole number from 1 to {LARGEST_ARGUMENT}.", name)
        if option == "kernel" and not isinstance(value, Text):
            cursor.fail('kernel= takes text: kernel="matern52".', name)
        if option == "c" and not isinstance(value, Number):
            cursor.fail("c= takes a number: c=2.5.", name)
    if any(map(_holds_text, call.arguments)):
        cursor.fail(f"{name.value}() takes columns first.", name)


def read_arguments(cursor: Cursor, name: Token, table: Mapping[str, Signature]) -> Call:
    """Read the arguments of a call and compare them with its signature."""
    signature = table[name.value]
    positional: list[Expression] = []
    named: dict[str, Expression] = {}
    with cursor.parentheses(f"{name.value}()"):
        while not cursor.sees(")"):
            if option := _option(cursor, name, signature, named):
                named[option.value] = expression(cursor)
            elif named:
                cursor.fail("Arguments with a name come last.")
            else:
                positional.append(expression(cursor))
            if not cursor.accept(","):
                break
    if not signature.fewest <= len(positional) <= signature.most:
        few, most = signature.fewest, signature.most
        wanted = f"{few}" if few == most else f"{few} to {most}"
        plural = "" if wanted == "1" else "s"
        cursor.fail(f"{name.value}() takes {wanted} argument{plural}, not {len(positional)}.", name)
    call = Call(name.value, tuple(positional), tuple(named.items()))
    _check_values(cursor, name, call, signature)
    return call


def _option(
    cursor: Cursor, name: Token, signature: Signature, named: Mapping[str, Expression]
) -> Token | None:
    """Step over ``option =`` where it comes next."""
    option = cursor.token
    following = cursor.tokens[min(cursor.at + 1, len(cursor.tokens) - 1)]
    if option.kind != "name" or (following.kind, following.value) != ("operator", "="):
        return None
    if option.value not in signature.options:
        known = f" It takes {listed(signature.options)}." if signature.options else ""
        cursor.fail(f"{name.value}() has no option {option.value!r}.{known}", option)
    if option.value in named:
        cursor.fail(f"The option {option.value!r} stands twice.", option)
    cursor.take()
    cursor.take()
    return option


def _check_values(cursor: Cursor, name: Token, call: Call, signature: Signature) -> None:
    extra = (*call.arguments[1:], *(value for key, value in call.options if key != "knots"))
    every = (*call.arguments, *(value for _, value in call.options))
    if not signature.text and any(_holds_text(e) for e in every):
        cursor.fail(f"{name.value}() takes no text: write a column without quotes.", name)
    if signature.whole and not all(map(_is_count, extra)):
        cursor.fail(
            f"{name.value}() takes whole numbers from 1 to {LARGEST_ARGUMENT} after the column.",
            name,
        )


def _is_count(value: Expression) -> bool:
    match value:
        case Number(number):
            return number.is_integer() and 1 <= number <= LARGEST_ARGUMENT
    return False


def expression(cursor: Cursor) -> Expression:
    """Read a sum of products."""
    left = _product(cursor)
    while operator := cursor.accept("+", "-"):
        left = Arithmetic(operator.value, left, _product(cursor))
    return left


def _product(cursor: Cursor) -> Expression:
    left = _operand(cursor)
    while operator := cursor.accept("*", "/"):
        left = Arithmetic(operator.value, left, _operand(cursor))
    if cursor.sees("^", "**"):
        cursor.fail("There are no powers here: use poly(x, 2), or compute the column in the table.")
    return left


def _operand(cursor: Cursor) -> Expression:
    """Read a number, a column, a quoted level, a call or parentheses."""
    negative = cursor.accept("-")
    token = cursor.token
    if token.kind == "number":
        return Number(float(cursor.take().value) * (-1 if negative else 1))
    if negative:
        cursor.fail("A minus sign here is for numbers: write 0 - x.", negative)
    if token.kind == "name":
        cursor.take()
        return read_call(cursor, token) if cursor.sees("(") else Variable(token.value)
    if token.kind == "text":
        return Text(cursor.take().value)
    if cursor.sees("("):
        with cursor.parentheses("this group"):
            return expression(cursor)
    cursor.fail("A column, a number or a function is missing here.")


def _holds_text(found: Expression) -> bool:
    match found:
        case Arithmetic(_, left, right):
            return _holds_text(left) or _holds_text(right)
    return isinstance(found, Text)


def _holds_offset(found: Expression) -> bool:
    match found:
        case Arithmetic(_, left, right):
            return _holds_offset(left) or _holds_offset(right)
    return isinstance(found, Call) and found.function == "offset"


def _holds_modelled(found: Expression) -> bool:
    match found:
        case Arithmetic(_, left, right):
            return _holds_modelled(left) or _holds_modelled(right)
    return isinstance(found, Call) and found.function in MODELLED
