"""The closed grammar of formulas: tokens to terms, with limits and named mistakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import NoReturn

from bayes_glmm.spec.effects import RandomEffect
from bayes_glmm.spec.formula.calls import MODELLED, read_call
from bayes_glmm.spec.formula.cursor import Cursor
from bayes_glmm.spec.formula.group_terms import read_groups, read_series
from bayes_glmm.spec.formula.response_side import read_response
from bayes_glmm.spec.formula.tokens import Token
from bayes_glmm.spec.formula.writing import term_text
from bayes_glmm.spec.sides import Predictor, Response
from bayes_glmm.spec.terms import Call, Expression, Factor, Term, Variable, holds_smooth, no_slope
from bayes_glmm.spec.time_processes import SERIES

MOST_TERMS = 2000
LARGEST_POWER = 3
BESIDE = (
    "Two names stand beside each other: a column whose name has blanks stands in `back-quotes`,"
)
_TOP_ONLY = "A random effect is added at the top of the formula only: ... + (1 | group)."


@dataclass
class _Sum:
    """What one side of a bar, or the whole right-hand side, adds up to."""

    terms: dict[frozenset[Factor], Term] = field(default_factory=dict)
    intercept: bool = True
    constant: Token | None = None
    random: list[RandomEffect] = field(default_factory=list)
    offsets: list[Expression] = field(default_factory=list)


def read_formula(
    text: str, *, response: bool, column: str | None = None
) -> tuple[Response | None, Predictor]:
    """Read ``response ~ terms``, or ``~ terms`` where there is no response.

    With ``column`` it is the model of that covariate, which stands before the ~.

    Raises
    ------
    FormulaError
        The text is outside the grammar or beyond its limits.
    """
    cursor = Cursor(text)
    left = None if cursor.sees("~") else read_response(cursor)
    if response and left is None:
        cursor.fail("The response is missing before ~.")
    if column is not None and left != Response(column):
        cursor.fail(
            f"The formula of {column!r} is that of a parameter, and begins with ~, or that of a covariate "
            f"in mi({column}), and begins with {column} ~.",
            cursor.tokens[0],
        )
    if not response and left is not None:
        cursor.fail("Only the formula of mu has a response: begin this one with ~.")
    if left is not None and cursor.token.kind == "name":
        cursor.fail(f"{BESIDE} or a ~ is missing.")
    cursor.expect("~", "A ~ is needed between the response and the terms.")
    found = _sum(cursor, top=True)
    if cursor.token.kind != "end":
        _leftover(cursor)
    return left, Predictor(
        found.intercept, tuple(found.terms.values()), tuple(found.random), tuple(found.offsets)
    )


def _leftover(cursor: Cursor) -> NoReturn:
    """Say what is wrong with a token that fits nowhere."""
    if cursor.sees("|", "||"):
        cursor.fail("Random effects stand in parentheses: (1 | group).")
    if cursor.sees("="):
        cursor.fail("Write ~ between response and terms, and name=value only inside a function.")
    if cursor.sees("~"):
        cursor.fail("There is a second ~.")
    if cursor.sees(")"):
        cursor.fail("This parenthesis was never opened.")
    if cursor.sees("("):
        cursor.fail("Only the name of a function stands before a parenthesis: log(x).")
    if cursor.token.kind == "name":
        cursor.fail(f"{BESIDE} or an operator such as + is missing.")
    cursor.fail("An operator such as + is missing here.")


def _sum(cursor: Cursor, *, top: bool = False) -> _Sum:
    """Read signed items."""
    total = _Sum()
    sign = cursor.accept("+", "-")
    while True:
        _item(cursor, total, plus=sign is None or sign.value == "+", top=top)
        _limit(cursor, len(total.terms))
        sign = cursor.accept("+", "-")
        if sign is None:
            return total


def _item(cursor: Cursor, total: _Sum, *, plus: bool, top: bool) -> None:
    """Read one item into the sum: the intercept, a random effect, an offset or terms."""
    begin = cursor.token
    if begin.kind == "number":
        _constant(cursor, total, plus)
    elif _bar_ahead(cursor):
        if not (top and plus):
            cursor.fail(_TOP_ONLY, begin)
        total.random += _random_effect(cursor)
    elif begin.kind == "name" and begin.value in SERIES and not begin.quoted and _opens(cursor):
        if not (top and plus):
            name = begin.value
            cursor.fail(f"{name}() stands alone at the top: + {name}(time, group).", begin)
        total.random.append(_series(cursor))
    elif (begin.kind, begin.value, begin.quoted) == ("name", "offset", False) and _opens(cursor):
        if not (top and plus):
            cursor.fail("offset() stands alone: + offset(x).", begin)
        total.offsets += _offset(cursor)
    else:
        _add(cursor, total, _crossed(cursor), begin, plus)


def _constant(cursor: Cursor, total: _Sum, plus: bool) -> None:
    token = cursor.take()
    if token.value not in ("0", "1"):
        cursor.fail("Only the numbers 0 and 1 are terms.", token)
    if cursor.sees("*", ":", "/", "^", "**"):
        cursor.fail("The intercept takes no operator.")
    total.constant = token
    total.intercept = (token.value == "1") == plus


def _opens(cursor: Cursor) -> bool:
    following = cursor.tokens[cursor.at + 1]
    return (following.kind, following.value) == ("operator", "(")


def _offset(cursor: Cursor) -> tuple[Expression, ...]:
    name = cursor.take()
    call = read_call(cursor, name)
    if cursor.sees("*", ":", "/", "^", "**"):
        cursor.fail("offset() stands alone: + offset(x).", name)
    return call.arguments


def _series(cursor: Cursor) -> RandomEffect:
    name = cursor.take()
    time, group, process = read_series(cursor, name)
    if cursor.sees("*", ":", "/", "^", "**"):
        cursor.fail(f"{name.value}() stands alone: + {name.value}(time, group).", name)
    return RandomEffect(group, along=time, process=process)


def _add(cursor: Cursor, total: _Sum, terms: list[Term], begin: Token, plus: bool) -> None:
    for term in terms:
        key = frozenset(term)
        if len(term) > 1 and any(map(holds_smooth, term)):
            cursor.fail("A smooth term stands alone: curves by group are s(x, by=group).", begin)
        if plus:
            total.terms.setdefault(key, term)
        elif total.terms.pop(key, None) is None:
            cursor.fail(f"There is no term {term_text(term)} before this to take out.", begin)


def _crossed(cursor: Cursor) -> list[Term]:
    """Read ``a * b`` and ``a / b``."""
    terms = _interaction(cursor)
    while operator := cursor.accept("*", "/"):
        right = _interaction(cursor)
        if operator.value == "*":
            terms = _distinct(cursor, [*terms, *right, *_times(cursor, terms, right)])
        else:
            every = tuple(dict.fromkeys(f for t in terms for f in t))
            terms = _distinct(cursor, [*terms, *_times(cursor, [every], right)])
    return terms


def _interaction(cursor: Cursor) -> list[Term]:
    """Read ``a:b``."""
    terms = _power(cursor)
    while cursor.accept(":"):
        terms = _times(cursor, terms, _power(cursor))
    return terms


def _power(cursor: Cursor) -> list[Term]:
    """Read ``(a + b)^2``."""
    begin, base = cursor.token, _atom(cursor)
    if not cursor.accept("^", "**"):
        return base
    exponent = cursor.take()
    whole = exponent.kind == "number" and exponent.value.isdigit()
    if not whole or not 1 <= int(exponent.value) <= LARGEST_POWER:
        cursor.fail(f"A power is a whole number from 1 to {LARGEST_POWER}.", exponent)
    if len(base) == 1:
        cursor.fail(
            "A power crosses a sum, as in (a + b)^2; for a curve use poly(x, 2), or compute the "
            "column in the table.",
            begin,
        )
    total = base
    for _ in range(int(exponent.value) - 1):
        total = _distinct(cursor, [*total, *_times(cursor, total, base)])
    return total


def _times(cursor: Cursor, left: list[Term], right: list[Term]) -> list[Term]:
    """Interact every term of one side with every term of the other."""
    _limit(cursor, len(left) * len(right) // 4)
    return _distinct(cursor, [tuple(dict.fromkeys(a + b)) for a, b in product(left, right)])


def _distinct(cursor: Cursor, terms: list[Term]) -> list[Term]:
    """Drop terms that stand twice, keeping the first."""
    kept: dict[frozenset[Factor], Term] = {}
    for term in terms:
        kept.setdefault(frozenset(term), term)
    _limit(cursor, len(kept))
    return list(kept.values())


def _limit(cursor: Cursor, n_terms: int) -> None:
    if n_terms > MOST_TERMS:
        cursor.fail(f"The formula expands to more than {MOST_TERMS} terms.")


def _atom(cursor: Cursor) -> list[Term]:
    """Read a column, a function of columns, or a sum in parentheses."""
    token = cursor.token
    if token.kind == "name":
        cursor.take()
        return [(_factor(cursor, token),)]
    if cursor.sees("("):
        return _inside(cursor)
    if token.kind == "number":
        cursor.fail("A number is no term: only 0 and 1, for the intercept, are.")
    if token.kind == "text":
        cursor.fail("Text is no term: write `back-quotes` around a column's name.")
    cursor.fail("A column or a function is missing here.")


def _factor(cursor: Cursor, name: Token) -> Factor:
    if not cursor.sees("("):
        return Variable(name.value)
    call = read_call(cursor, name)
    if call.function == "offset":
        cursor.fail("offset() stands alone: + offset(x).", name)
    return call


def _inside(cursor: Cursor) -> list[Term]:
    """Read a sum of columns and functions in parentheses."""
    with cursor.parentheses("this group"):
        found = _sum(cursor)
        if cursor.sees("|", "||"):
            cursor.fail(_TOP_ONLY)
    if found.constant is not None:
        cursor.fail("0 and 1, for the intercept, stand outside parentheses.", found.constant)
    return list(found.terms.values())


def _bar_ahead(cursor: Cursor) -> bool:
    """Whether the parentheses that open here hold a bar of their own."""
    depth = 0
    for token in cursor.tokens[cursor.at :]:
        if token.kind == "operator":
            depth += (token.value == "(") - (token.value == ")")
            if depth == 1 and token.value in ("|", "||"):
                return True
        if depth == 0:
            return False
    return False


def _random_effect(cursor: Cursor) -> list[RandomEffect]:
    """Read ``(terms | groups)``, one effect per group."""
    with cursor.parentheses("a random effect") as begin:
        left = _sum(cursor)
        bar = cursor.accept("|", "||")
        if bar is None:
            _leftover(cursor)
        shared = _shared(cursor, bar)
        groups = read_groups(cursor)
        if not cursor.sees(")"):
            cursor.fail("A random effect ends with its group and a parenthesis: (1 | group).")
    if not (left.intercept or left.terms):
        cursor.fail("This random effect has no term.", begin)
    if any(holds_smooth(f) for term in left.terms.values() for f in term):
        cursor.fail("A smooth term does not vary by a group: write + s(x, by=group).", begin)
    terms = tuple(left.terms.values())
    for call in (f for term in terms for f in term if isinstance(f, Call)):
        if call.function in MODELLED:
            cursor.fail(no_slope(call.function), begin)
    return [
        RandomEffect(
            g.columns,
            terms,
            left.intercept,
            bar.value == "|",
            g.structure,
            shared,
            g.members,
            g.by,
            dist=g.dist,
        )  # fmt: skip
        for g in groups
    ]


def _shared(cursor: Cursor, bar: Token) -> str | None:
    """Read the name between two bars, ``(1 |p| group)``."""
    following = cursor.tokens[min(cursor.at + 1, len(cursor.tokens) - 1)]
    if (following.kind, following.value) not in (("operator", "|"), ("operator", "||")):
        return None
    name = cursor.name("A name stands between two bars: (1 |p| group).")
    if name.quoted:
        cursor.fail("The name between two bars is a plain word, without back-quotes.", name)
    if bar.value == "||" or cursor.sees("||"):
        cursor.fail("Effects that share a name are correlated: write |, not ||.", bar)
    cursor.take()
    return name.value
