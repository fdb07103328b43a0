"""The whole product of families, terms and questions, the part that is on the page, and outcomes."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt

from bayes_glmm.errors import BayesGLMMError
from tests.matrix.cells import cell
from tests.matrix.laws import LAWS
from tests.matrix.questions import Question, all_questions, outcome
from tests.matrix.terms import TERMS

type Key = tuple[str, str, str]
"""Family, term and modifier of the response."""

BASE = "(1 | g)"
TERMS_OF = ("gaussian", "bernoulli", "poisson", "sequential")
"""Families that the page shows terms of: each of them that can have a term."""
OWN_OF = "negative_binomial"
"""A family that the page shows besides, with formulas of another parameter: an explorer's."""
MODIFIERS = {
    "cens(status)": ("gaussian", "poisson", "lognormal"),
    "trunc(0, 20)": ("gaussian", "poisson", "lognormal"),
    "weights(copies)": ("gaussian", "poisson", "binomial", "beta"),
    "se(error)": ("gaussian", "student_t"),
}
RECORD = Path(__file__).with_name("refused.json")
MODEL = "model"
"""What the record calls the refusal of a model itself."""


def possible(family: str, term: str) -> bool:
    """Whether the model can be written: the family has what the term is about."""
    return family in TERMS[term].families and (TERMS[term].own is None or bool(LAWS[family].own))


def product() -> Iterator[Key]:
    """Yield every family with every term, and what may stand beside the response."""
    yield from ((f, t, "") for f in LAWS for t in TERMS if possible(f, t))
    yield from ((f, BASE, m) for m, families in MODIFIERS.items() for f in families)


def shown_with(term: str) -> list[Key]:
    """Return the models that the page shows a term of."""
    families = (*TERMS_OF, OWN_OF) if TERMS[term].own else TERMS_OF
    return [(family, term, "") for family in families if possible(family, term)]


def on_page() -> list[Key]:
    """Return the models that the page is made from."""
    shown = [(f, BASE, "") for f in LAWS]
    shown += [key for t in TERMS for key in shown_with(t)]
    shown += [(f, BASE, m) for m, families in MODIFIERS.items() for f in families]
    return list(dict.fromkeys(shown))


@cache
def questions() -> tuple[Question, ...]:
    return tuple(all_questions())


def asked_of(key: Key) -> list[Question]:
    """Return the questions that a model of the page is asked; few are asked the costly ones."""
    _, term, _ = key
    return [question for question in questions() if term == BASE or not question.costly]


def sentence(text: str) -> str:
    """Return the first sentence of a message."""
    flat = " ".join(text.split())
    return re.split(r"(?<=[a-z0-9)'\"])\.(?: |$)|(?<=\w): ", flat, maxsplit=1)[0] + "."


def plain(reason: str) -> str:
    """Return a reason without the names and numbers of one model."""
    named = re.sub(r"'[^']*'|\b\d[\w.]*\b", "…", reason)
    own = {name for law in LAWS.values() for name in law.own}
    for name in sorted({*LAWS, *own}, key=len, reverse=True):
        named = re.sub(rf"\b{name}\b", "…", named)
    groups = r"\b(?:\w+_)?(?:ar_g|rw_g|g_new|g_old|k_by_g|a_and_b|observation|g|h|k)\b"
    return re.sub(r"(?:…(?:, )?)+", "…", re.sub(groups, "…", named))


def answers(key: Key, asked: Iterable[Question]) -> dict[str, str]:
    """Ask questions of a model; return why each refused one is, by its name.

    Raises
    ------
    AssertionError
        An answer is wrong, or ends in an exception that is not the package's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            world = cell(*key)
        except BayesGLMMError as error:
            return {MODEL: sentence(str(error))}
        found, wrong = {}, []
        for question in asked:
            try:
                reason = outcome(question, world)
            except Exception as error:  # every wrong cell is named, not the first alone
                text = " ".join(str(error).split())[:200]
                wrong.append(f"{key}: {question.name}: {type(error).__name__}: {text}")
            else:
                found |= {question.name: sentence(reason)} if reason else {}
            plt.close("all")
    assert not wrong, "\n".join(wrong)
    return found


def written(key: Key) -> str:
    return " · ".join(part for part in key if part)


@cache
def record() -> dict[str, dict[str, str]]:
    """Return why questions are refused, by model, of those on the page."""
    return json.loads(RECORD.read_text("utf-8"))


def update() -> None:
    """Ask everything of the models on the page again, and keep what is refused.

    Raises
    ------
    AssertionError
        An answer is wrong: a page of what is right is not written.
    """
    found = {}
    for key in on_page():
        found[written(key)] = answers(key, asked_of(key))
        cell.cache_clear()
    RECORD.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", "utf-8")
