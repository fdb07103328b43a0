"""A place in the tokens of one formula, and how the readers of its parts move it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from bayes_glmm.spec.formula.tokens import Token, refuse, tokenize

DEEPEST = 20


class Cursor:
    """The tokens of one formula and the next one to read."""

    def __init__(self, text: str, tokens: list[Token] | None = None):
        self.text, self.at, self.depth = text, 0, 0
        self.tokens = tokenize(text) if tokens is None else tokens

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def fail(self, message: str, token: Token | None = None) -> NoReturn:
        """Refuse the formula at a token, by default the next one."""
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

    def name(self, message: str) -> Token:
        """Step over a name that must come next."""
        if self.token.kind != "name":
            self.fail(message)
        return self.take()

    def sees_option(self) -> bool:
        """Whether an option comes next: a plain name and ``=``."""
        if self.token.kind != "name" or self.token.quoted:
            return False
        following = self.tokens[self.at + 1]
        return (following.kind, following.value) == ("operator", "=")

    @contextmanager
    def parentheses(self, what: str) -> Iterator[Token]:
        """Step over ``(``, leave the inside to the caller, and step over ``)``."""
        opening = self.expect("(", f"{what} needs parentheses.")
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"Parentheses nest deeper than {DEEPEST}.", opening)
        yield opening
        self.expect(")", f"The parenthesis of {what} is not closed here.")
        self.depth -= 1
