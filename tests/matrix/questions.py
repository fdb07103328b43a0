"""What is asked of every model of the matrix, and what each answer is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bayes_glmm.errors import BayesGLMMError
from tests.matrix.world import World

type Ask = Callable[[World], Any]
type Check = Callable[[World, Any], None]


@dataclass(frozen=True)
class Question:
    """One call of a public answer.

    Attributes
    ----------
    name : str
        As the documentation has it: ``predictions(groups="new")``.
    answers : tuple of str
        The public names that it asks.
    ask : callable
    check : callable
        Raises AssertionError where the answer is wrong.
    against : str
        What it is held against, in words.
    costly : bool
        Whether it is asked of few models only.
    """

    name: str
    answers: tuple[str, ...]
    ask: Ask
    check: Check
    against: str
    costly: bool = False


def outcome(question: Question, w: World) -> str:
    """Ask, and hold the answer to what is right; return empty text, or why it is refused.

    Any other exception than those of the package, and a wrong number, is raised.
    """
    try:
        found = question.ask(w)
    except BayesGLMMError as error:
        return str(error)
    question.check(w, found)
    return ""


def all_questions() -> Iterator[Question]:
    """Yield the questions of all files."""
    from tests.matrix import (
        ask_averages,
        ask_effects,
        ask_fit,
        ask_plots,
        ask_studies,
        ask_variance,
    )

    for module in (ask_effects, ask_averages, ask_variance, ask_fit, ask_studies, ask_plots):
        yield from module.QUESTIONS
