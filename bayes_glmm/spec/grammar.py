"""The closed grammar of formulas: tokens to terms, with limits and named mistakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from bayes_glmm.errors import suggestion
from bayes_glmm.spec.model import (
    Arithmetic,
    Call,
    Expression,
    Number,
    Predictor,
    RandomEffect,
    Response,
    Term,
    Text,
    Variable,
)
from bayes_glmm.spec.tokens import Token, refuse, tokenize

DEEPEST = 20
MOST_TERMS = 2000
LARGEST_POWER = 3
LARGEST_ARGUMENT = 100
# function -> (fewest, most positional arguments, options)
FUNCTIONS: dict[str, tuple[int, int, tuple[str, ...]]] = {
    "log": (1, 1, ()),
    "exp": (1, 1, ()),
    "sqrt": (1, 1, ()),
    "center": (1, 1, ()),
    "scale": (1, 1, ()),
    "standardize": (1, 1, ()),
    "poly": (1, 2, ("degree",)),
    "bs": (1, 3, ("df", "degree", "knots")),
    "cr": (1, 2, ("df", "knots")),
    "C": (1, 3, ("ref", "contrast")),
    "offset": (1, 1, ()),
}
MODIFIERS = {"trials": (1, 1), "weights": (1, 1), "se": (1, 1), "cens": (1, 2), "trunc": (1, 2)}
_INSTEAD = {
    "I": "I() is not needed: use poly(x, 2), or compute the column in the table",
    "s": "s() is not available: use bs(x, df=5) or cr(x, df=5)",
    "factor": "write C(x)",
    "as": "write C(x)",
}


@dataclass
class _Sum:
    """What one side of a bar, or the whole right-hand side, adds up to."""

    terms: dict[frozenset[Expression], Term] = field(default_factory=dict)
    intercept: bool = True
    random: list[RandomEffect] = field(default_factory=list)
    offsets: list[Expression] = field(default_factory=list)

    def ordered(self) -> tuple[Term, ...]:
        return tuple(sorted(self.terms.values(), key=len))


class Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str):
        self.text, self.tokens, self.at, self.depth = text, tokenize(text), 0, 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def fail(self, message: str, token: Token | None = None) -> None:
        """Refuse the formula at a token."""
        refuse(self.text, (token or self.token).at, message)

    def take(self) -> Token:
        """Step over the next token and return it."""
        token = self.token
        self.at += token.kind != "end"
        return token

    def sees(self, *operators: str) -> bool:
        """Whether the next token is one of these operators."""
        return self.token.kind == "operator" and self.token.value in operators

    def accept(self, *operators: str) -> Token | None:
        """Step over one of these operators if it comes next."""
        return self.take() if self.sees(*operators) else None

    def expect(self, operator: str, message: str) -> Token:
        """Step over an operator that must come next."""
        if not self.sees(operator):
            self.fail(message)
        return self.take()

    def deeper(self) -> None:
        """Count a level of nesting."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"Parentheses nest deeper than {DEEPEST}.")

    def formula(self, response: bool) -> tuple[Response | None, Predictor]:
        """Read ``response ~ terms`` to the end."""
        left = None
        if not self.sees("~"):
            left = self.response()
        if not response and left is not None:
            self.fail(
                "Only the formula of mu has a response: begin this one with ~.", self.tokens[0]
            )
        if response and left is None:
            self.fail("The response is missing before ~.")
        self.expect("~", "A ~ is needed between the response and the terms.")
        found = self.sum(top=True)
        if self.token.kind != "end":
            self.fail(self.leftover())
        return left, Predictor(
            found.intercept, found.ordered(), tuple(found.random), tuple(found.offsets)
        )

    def leftover(self) -> str:
        """Say what is wrong with a token that fits nowhere."""
        if self.sees("|", "||"):
            return "Random effects stand in parentheses: (1 | group)."
        if self.sees("="):
            return "Write ~ between response and terms, and name=value only inside a function."
        if self.sees("~"):
            return "There is a second ~."
        if self.sees(")"):
            return "This parenthesis was never opened."
        return "An operator such as + is missing here."

    def response(self) -> Response:
        """Read a response with its modifiers."""
        name = self.name("The response is the name of a column.")
        if name.value == "p" and self.sees("("):
            self.take()
            successes = self.name("p(successes, trials) takes two columns.")
            self.expect(",", "p(successes, trials) takes two columns.")
            trials = self.argument()
            self.expect(")", "p(successes, trials) takes two columns.")
            return Response(successes.value, (Call("trials", (trials,)),))
        if self.sees("("):
            self.fail(
                f"The response is a column, not a function: compute {name.value}(...) in the table, "
                "or choose a link."
            )
        modifiers: list[Call] = []
        while self.accept("|") or (modifiers and self.accept("+")):
            modifiers.append(self.modifier())
        if self.sees("="):
            self.fail("Write ~ instead of = between the response and the terms.")
        if len({m.function for m in modifiers}) < len(modifiers):
            self.fail("A modifier of the response stands twice.")
        return Response(name.value, tuple(modifiers))

    def modifier(self) -> Call:
        """Read ``trials(n)`` and its kin."""
        name = self.name(f"After | comes one of {', '.join(MODIFIERS)}.")
        if name.value not in MODIFIERS:
            hint = suggestion(name.value, list(MODIFIERS))
            self.fail(f"{name.value}() is no modifier of a response.{hint}", name)
        call = self.arguments(name, *MODIFIERS[name.value], ())
        if name.value == "trials" and isinstance(call.arguments[0], Number):
            value = call.arguments[0].value
            if value < 1 or not value.is_integer():
                self.fail("trials() takes a column or a positive whole number.", name)
        return call

    def name(self, message: str) -> Token:
        """Read a name."""
        if self.token.kind != "name":
            self.fail(message)
        return self.take()

    def sum(self, *, top: bool = False) -> _Sum:
        """Read signed terms."""
        out = _Sum()
        sign = self.accept("+", "-")
        while True:
            self.signed(out, sign is None or sign.value == "+", top)
            if len(out.terms) > MOST_TERMS:
                self.fail(f"The formula expands to more than {MOST_TERMS} terms.")
            sign = self.accept("+", "-")
            if sign is None:
                return out

    def signed(self, out: _Sum, plus: bool, top: bool) -> None:
        """Read one signed item into the sum."""
        begin = self.token
        if begin.kind == "number":
            if self.take().value not in ("0", "1"):
                self.fail("Only the numbers 0 and 1 are terms.", begin)
            out.intercept = (begin.value == "1") == plus
            if self.sees("*", ":", "/", "^", "**"):
                self.fail("The intercept takes no operator.")
            return
        found = self.random_effect() if self.sees("(") else None
        if found is not None:
            if not (top and plus):
                self.fail("A random effect is added at the top of the formula only.", begin)
            out.random += [r for r in found if r not in out.random]
            return
        terms = self.crossed()
        offsets = [t[0] for t in terms if any(_is_offset(f) for f in t)]
        if offsets:
            if not (top and plus) or len(terms) > 1 or len(terms[0]) > 1:
                self.fail("offset() stands alone: + offset(x).", begin)
            call = offsets[0]
            out.offsets += [*call.arguments] if isinstance(call, Call) else []
            return
        for term in terms:
            key = frozenset(term)
            if plus:
                out.terms.setdefault(key, term)
            else:
                out.terms.pop(key, None)

    def crossed(self) -> list[Term]:
        """Read ``a * b`` and ``a / b``."""
        terms = self.interaction()
        while operator := self.accept("*", "/"):
            right = self.interaction()
            if operator.value == "*":
                terms = self.distinct([*terms, *right, *self.times(terms, right)])
            else:
                every = tuple(f for t in terms for f in t)
                terms = self.distinct([*terms, *self.times([every], right)])
        return terms

    def interaction(self) -> list[Term]:
        """Read ``a:b``."""
        terms = self.power()
        while self.accept(":"):
            terms = self.times(terms, self.power())
        return terms

    def power(self) -> list[Term]:
        """Read ``(a + b)^2``."""
        terms = self.atom()
        if self.accept("^", "**"):
            exponent = self.take()
            whole = exponent.kind == "number" and exponent.value.isdigit()
            if not whole or not 1 <= int(exponent.value) <= LARGEST_POWER:
                self.fail(f"A power is a whole number from 1 to {LARGEST_POWER}.", exponent)
            base, total = terms, terms
            for _ in range(int(exponent.value) - 1):
                total = self.distinct([*total, *self.times(total, base)])
            return total
        return terms

    def times(self, left: list[Term], right: list[Term]) -> list[Term]:
        """Interact every term of one side with every term of the other."""
        if len(left) * len(right) > 4 * MOST_TERMS:
            self.fail(f"The formula expands to more than {MOST_TERMS} terms.")
        return self.distinct([tuple(dict.fromkeys(a + b)) for a, b in product(left, right)])

    def distinct(self, terms: list[Term]) -> list[Term]:
        """Drop terms that stand twice, keeping the first."""
        kept = list({frozenset(t): t for t in reversed(terms)}.values())[::-1]
        if len(kept) > MOST_TERMS:
            self.fail(f"The formula expands to more than {MOST_TERMS} terms.")
        return kept

    def atom(self) -> list[Term]:
        """Read a column, a function of columns, or a sum in parentheses."""
        token = self.token
        if token.kind == "name":
            self.take()
            return [(self.call(token) if self.sees("(") else Variable(token.value),)]
        if self.accept("("):
            self.deeper()
            found = self.sum()
            if self.sees("|", "||"):
                self.fail("A random effect is added at the top of the formula only.")
            self.expect(")", "A parenthesis is not closed.")
            self.depth -= 1
            if found.offsets or not found.intercept:
                self.fail("Only columns and functions stand in parentheses.", token)
            return list(found.terms.values())
        if token.kind == "number":
            self.fail("A number is no term: only 0 and 1, for the intercept, are.")
        if token.kind == "text":
            self.fail("Text is no term: write `back-quotes` around a column's name.")
        self.fail("A column or a function is missing here.")
        raise AssertionError

    def call(self, name: Token) -> Call:
        """Read a function of the table, refusing every other."""
        if name.value not in FUNCTIONS:
            if name.value in _INSTEAD:
                self.fail(_INSTEAD[name.value] + ".", name)
            hint = suggestion(name.value, list(FUNCTIONS))
            self.fail(f"There is no function {name.value}().{hint}", name)
        return self.arguments(name, *FUNCTIONS[name.value])

    def arguments(self, name: Token, fewest: int, most: int, options: tuple[str, ...]) -> Call:
        """Read the arguments of a call."""
        self.expect("(", f"{name.value} needs parentheses.")
        self.deeper()
        positional: list[Expression] = []
        named: list[tuple[str, Expression]] = []
        while not self.sees(")"):
            ahead = self.tokens[self.at + 1] if self.token.kind == "name" else self.token
            if self.token.kind == "name" and ahead.kind == "operator" and ahead.value == "=":
                option = self.take()
                self.take()
                if option.value not in options:
                    known = f" It takes {', '.join(options)}." if options else ""
                    self.fail(f"{name.value}() has no option {option.value!r}.{known}", option)
                named.append((option.value, self.argument()))
            elif named:
                self.fail("Arguments with a name come last.")
            else:
                positional.append(self.argument())
            if not self.accept(","):
                break
        self.expect(")", f"The parenthesis of {name.value}() is not closed.")
        self.depth -= 1
        if not fewest <= len(positional) <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            self.fail(f"{name.value}() takes {wanted} arguments, not {len(positional)}.", name)
        return Call(name.value, tuple(positional), tuple(named))

    def argument(self) -> Expression:
        """Read an expression with + and -."""
        left = self.product()
        while operator := self.accept("+", "-"):
            left = Arithmetic(operator.value, left, self.product())
        return left

    def product(self) -> Expression:
        """Read an expression with * and /."""
        left = self.operand()
        while operator := self.accept("*", "/"):
            left = Arithmetic(operator.value, left, self.operand())
        return left

    def operand(self) -> Expression:
        """Read a number, a column, a quoted level, a call or parentheses."""
        negative = self.accept("-")
        token = self.take()
        match token.kind:
            case "number":
                return Number(float(token.value) * (-1 if negative else 1))
            case _ if negative:
                self.fail("A minus sign here is for numbers.", token)
            case "name":
                return self.call(token) if self.sees("(") else Variable(token.value)
            case "text":
                return Text(token.value)
            case "operator" if token.value == "(":
                self.deeper()
                inside = self.argument()
                self.expect(")", "A parenthesis is not closed.")
                self.depth -= 1
                return inside
        self.fail("A column, a number or a function is missing here.", token)
        raise AssertionError

    def random_effect(self) -> list[RandomEffect] | None:
        """Read ``(terms | groups)``, or return None where no bar comes."""
        begin = self.at
        depth = 0
        for token in self.tokens[begin:]:
            if token.kind == "operator" and token.value in "()":
                depth += 1 if token.value == "(" else -1
            if depth == 0 or (
                token.value in ("|", "||") and token.kind == "operator" and depth == 1
            ):
                break
        if depth != 1 or token.value not in ("|", "||"):
            return None
        self.take()
        self.deeper()
        left = self.sum()
        bar = self.take()
        if bar.value not in ("|", "||"):
            self.fail("A bar is missing before the group.", bar)
        groups = self.groups()
        self.expect(")", "A random effect ends with its group: (1 | group).")
        self.depth -= 1
        if not (left.intercept or left.terms):
            self.fail("This random effect has no term.", self.tokens[begin])
        terms = left.ordered()
        return [
            RandomEffect(columns, terms, left.intercept, bar.value == "|", structure)
            for columns, structure in groups
        ]

    def groups(self) -> list[tuple[tuple[str, ...], str | None]]:
        """Read ``a/b``, ``a:b``, ``a + b`` and ``gr(a, S)``."""
        out: list[tuple[tuple[str, ...], str | None]] = []
        while True:
            token = self.name("A grouping column is missing after the bar.")
            if token.value == "gr" and self.sees("("):
                out.append(self.structured(token))
            else:
                out += [(columns, None) for columns in self.nested(token)]
            if not self.accept("+"):
                return list(dict.fromkeys(out))

    def nested(self, token: Token) -> list[tuple[str, ...]]:
        """Read ``a/b`` as a and a:b."""
        if self.sees("("):
            self.fail("A group is a column, not a function of one.")
        columns: tuple[str, ...] = (token.value,)
        levels = []
        while operator := self.accept(":", "/"):
            if operator.value == "/":
                levels.append(columns)
            columns += (self.name("A grouping column is missing here.").value,)
        return [*levels, columns]

    def structured(self, token: Token) -> tuple[tuple[str, ...], str]:
        """Read ``gr(column, STRUCTURE)``."""
        call = self.arguments(token, 2, 2, ())
        match call.arguments:
            case (Variable(column), Variable(structure)):
                return (column,), structure
        self.fail("gr() takes a column and the name of a structure.", token)
        raise AssertionError


def _is_offset(factor: Expression) -> bool:
    return isinstance(factor, Call) and factor.function == "offset"
