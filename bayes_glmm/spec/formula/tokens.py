"""Formula text to tokens; nothing outside the alphabet gets past here."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NoReturn

from bayes_glmm.errors import FormulaError

MOST_CHARACTERS = 2000
MOST_TOKENS = 400
_PATTERN = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<quoted>`[^`\n]+`)
      | (?P<text>"[^"\n]*"|'[^'\n]*')
      | (?P<operator>\|\||\*\*|[~+\-*/:|(),=^])""",
    re.VERBOSE,
)
HYPOTHESIS = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<name>[^\W\d]\w*(?:\[(?:[^\[\]\n]|\[[^\[\]\n]*\])*\])?)
      | (?P<quoted>`[^`\n]+`)
      | (?P<operator><=|>=|[+\-*/(),=<>])""",
    re.VERBOSE,
)
"""Where a name is that of a parameter, with the label of its element in brackets."""
_MISTAKES = {
    ".": "a dot is not in the grammar: functions have plain names, as in log(x), columns with a "
    "dot stand in `back-quotes`, and every term is named",
    "`": "this back-quote is not closed",
    "[": "brackets are not in the grammar",
    "{": "braces are not in the grammar",
    "\n": "a formula is one line",
    "%": "there is no %in%: write a:b",
}


@dataclass(frozen=True)
class Token:
    """A piece of a formula: its kind, its value and where it begins."""

    kind: str
    value: str
    at: int
    quoted: bool = False


def refuse(text: str, at: int, message: str) -> NoReturn:
    """Raise a :class:`FormulaError` that shows the place."""
    left = max(0, at - 60)
    shown = "".join(c if c.isprintable() else " " for c in text[left : at + 30])
    raise FormulaError(f"{message}\n  {shown}\n  {' ' * (at - left)}^")


def tokenize(text: str, pattern: re.Pattern[str] = _PATTERN) -> list[Token]:
    """Return the tokens of a formula, an ``end`` token last.

    Parameters
    ----------
    pattern : re.Pattern
        One named group for each kind of token.

    Raises
    ------
    FormulaError
        A character outside the grammar, or a formula beyond the limits.
    """
    if len(text) > MOST_CHARACTERS:
        raise FormulaError(
            f"The formula has {len(text)} characters; {MOST_CHARACTERS} are allowed."
        )
    tokens, at = [], 0
    while at < len(text):
        found = pattern.match(text, at)
        if found is None:
            other = f"{text[at]!r} is not in the grammar: a column of such a name stands in `back-quotes`"
            reason = _MISTAKES.get(text[at], other)
            refuse(text, at, reason[0].upper() + reason[1:] + ".")
        kind, value = str(found.lastgroup), found.group()
        if kind in ("quoted", "text"):
            value = value[1:-1]
        if kind == "number" and text[found.end() : found.end() + 1].isidentifier():
            refuse(text, found.end(), "A name cannot begin with a digit: put it in back-quotes.")
        if kind == "number" and not math.isfinite(float(value)):
            refuse(text, at, "This number is too large.")
        if kind != "space":
            quoted = kind == "quoted"
            tokens.append(Token("name" if quoted else kind, value, at, quoted))
        at = found.end()
        if len(tokens) > MOST_TOKENS:
            raise FormulaError(f"The formula has more than {MOST_TOKENS} parts.")
    return [*tokens, Token("end", "", len(text))]
