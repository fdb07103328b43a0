"""The law of labels: text, unique, unmistakable, and matched exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    UnknownLevelError,
    listed,
    nearest,
)

type Text = NDArray[np.str_]
UNKNOWN = frozenset({"", "0", ".", "na", "nan", "none", "null", "<na>", "n/a", "unknown"})
"""What files write for a value that is not there, in small letters."""


def text_labels(given: Iterable[Any], what: str) -> Text:
    """Return labels as an array of text, refusing what could be mistaken.

    Parameters
    ----------
    given : iterable
        Labels in the order of the input.
    what : str
        What they label, for messages: ``"The rows of K"``.

    Raises
    ------
    ArgumentTypeError
        A label is not text.
    ArgumentError
        There is none, one is blank or stands twice, or two differ only by blanks,
        case or leading zeros.
    """
    labels = list(given)
    other = [label for label in labels if not isinstance(label, str)]
    if other:
        raise ArgumentTypeError(
            f"{what} must be labelled with text, not {type(other[0]).__name__} such as "
            f"{other[0]!r}: read ids with dtype=str, or convert them with astype(str), in the "
            "data too. Numbers lose leading zeros, and row numbers say nothing about who is who."
        )
    if not labels:
        raise ArgumentError(f"{what}: there is none.")
    blank = sum(not label.strip() for label in labels)
    if blank:
        raise ArgumentError(f"{what}: {blank} of {len(labels)} labels are blank. Name each one.")
    twice = [label for label, n in Counter(labels).items() if n > 1]
    if twice:
        raise ArgumentError(
            f"{what}: {listed(map(repr, twice))} {'stand' if len(twice) > 1 else 'stands'} "
            "more than once. Keep one of each."
        )
    _refuse_near(labels, what)
    return np.array(labels, dtype=np.str_)


def _refuse_near(labels: list[str], what: str) -> None:
    first: dict[str, str] = {}
    near = []
    for label in labels:
        if (before := first.setdefault(folded(label), label)) != label:
            near.append(f"{before!r} and {label!r}")
    if near:
        raise ArgumentError(
            f"{what}: {listed(near, limit=5)} differ only by blanks, case or leading zeros, "
            "which is how one level gets two names. Rename them if they are different."
        )


def folded(label: str) -> str:
    """Return a label without blanks around it, case and leading zeros."""
    plain = " ".join(label.split()).casefold()
    return plain.lstrip("0") or "0" if plain.isdigit() else plain


def match(levels: Text, labels: Text, what: str, where: str) -> NDArray[np.intp]:
    """Return the place of each level among the labels.

    Raises
    ------
    UnknownLevelError
        A level is not there; the labels that were probably meant are named.
    """
    places = pd.Index(labels.astype(object)).get_indexer(pd.Index(levels.astype(object)))
    absent = levels[places < 0]
    if len(absent):
        raise UnknownLevelError(
            f"{what}: {where} lacks {len(absent)} of {len(levels)} levels, "
            f"{listed(map(repr, absent.tolist()))}.{_meant(absent, labels)} "
            "Labels are compared exactly; add these levels to the structure, or remove their rows."
        )
    return places


def _meant(absent: Text, labels: Text) -> str:
    known = {folded(label): label for label in labels.tolist()}
    same = [(a, known[folded(a)]) for a in absent.tolist() if folded(a) in known]
    if same:
        pairs = listed([f"{a!r} for {b!r}" for a, b in same], limit=3)
        return f" It looks like {pairs}: blanks, case and leading zeros count."
    near = nearest(str(absent[0]), labels[:2000].tolist())
    return f" Nearest to {str(absent[0])!r}: {', '.join(map(repr, near))}." if near else ""
