"""Specs back to text that the grammar reads to the same spec."""

from __future__ import annotations

import re

from bayes_glmm.errors import SpecError
from bayes_glmm.spec.effects import Membership, RandomEffect
from bayes_glmm.spec.sides import Predictor, Response
from bayes_glmm.spec.terms import Arithmetic, Call, Expression, Number, Term, Text, Variable


def name_text(name: str) -> str:
    """Write a column's name, back-quoted where it is no plain name."""
    if re.fullmatch(r"[^\W\d]\w*", name):
        return name
    if not name or "`" in name or "\n" in name or not _encodable(name):
        raise SpecError(f"A column named {name!r} cannot be written in a formula: rename it.")
    return f"`{name}`"


def expression_text(expression: Expression) -> str:
    """Write an expression."""
    match expression:
        case Variable(name):
            return name_text(name)
        case Number(value):
            return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case Text(value):
            if {'"', "'"} <= set(value) or "\n" in value or not _encodable(value):
                raise SpecError(
                    f"The level {value!r} cannot be written in a formula (both kinds of quotes, "
                    "or a line break): rename it."
                )
            return f"'{value}'" if '"' in value else f'"{value}"'
        case Arithmetic(operator, left, right):
            return f"{_operand(left)} {operator} {_operand(right)}"
        case Call(function, arguments, options):
            parts = [expression_text(a) for a in arguments]
            parts += [f"{key}={expression_text(value)}" for key, value in options]
            return f"{function}({', '.join(parts)})"


def term_text(term: Term) -> str:
    """Write an interaction of factors."""
    return ":".join(expression_text(factor) for factor in term)


def random_text(effect: RandomEffect) -> str:
    """Write a random effect."""
    if effect.along is not None:
        groups = ":".join(map(name_text, effect.group))
        own = "" if effect.group == (effect.along,) else f", {groups}"
        own += "".join(f", {key}={value}" for key, value in effect.process.given)
        return f"{effect.process.name}({name_text(effect.along)}{own})"
    group = ":".join(name_text(column) for column in effect.group)
    if effect.structure is not None:
        group = f"gr({group}, {name_text(effect.structure)})"
    options = [f"by={name_text(effect.by)}"] if effect.by is not None else []
    options += [f'dist="{effect.dist}"'] if effect.dist != "normal" else []
    if options:
        group = f"gr({', '.join([group, *options])})"
    if effect.members is not None:
        group = _members_text(effect.group, effect.members)
    left = ["1" if effect.intercept else "0", *(term_text(t) for t in effect.terms)]
    bar = "|" if effect.correlated else "||"
    bar = bar if effect.shared is None else f"|{effect.shared}|"
    return f"({' + '.join(left)} {bar} {group})"


def _members_text(columns: tuple[str, ...], members: Membership) -> str:
    parts = list(map(name_text, columns))
    if members.weights:
        parts.append(f"weights=c({', '.join(map(name_text, members.weights))})")
    return f"mm({', '.join(parts)}{'' if members.scaled else ', scale=False'})"


def predictor_text(predictor: Predictor) -> str:
    """Write the right-hand side of a formula."""
    silent = predictor.intercept and predictor.terms
    parts = [] if silent else ["1" if predictor.intercept else "0"]
    parts += [term_text(term) for term in predictor.terms]
    parts += [random_text(effect) for effect in predictor.random]
    parts += [f"offset({expression_text(e)})" for e in predictor.offsets]
    return " + ".join(parts)


def response_text(response: Response) -> str:
    """Write the left-hand side of a formula."""
    modifiers = " + ".join(expression_text(m) for m in response.modifiers)
    columns = ", ".join(map(name_text, response.columns))
    left = f"cbind({columns})" if response.others else columns
    return left + (f" | {modifiers}" if modifiers else "")


def _encodable(text: str) -> bool:
    """Whether text can be kept in a file; halves of surrogate pairs cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _operand(expression: Expression) -> str:
    text = expression_text(expression)
    return f"({text})" if isinstance(expression, Arithmetic) else text
