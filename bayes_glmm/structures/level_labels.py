"""The law of labels: text, unique, unmistakable, and matched exactly."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from numbers import Integral
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
LONGEST = 250
"""Characters of a label: arrays of text take the longest label's memory for every one."""
EXACT = 2**53
"""Whole floats below this are the integers that were written."""
_UNKNOWN = frozenset(
    {"na", "nan", "none", "null", "nil", "<na>", "n/a", "#n/a", "n.a.", "n.a", "unknown", "unk",
     "missing", "not known", "not available", "undefined", "unspecified"}
)  # fmt: skip


def is_code(text: str) -> bool:
    """Return whether text is what files write for a value that is not there.

    Examples
    --------
    >>> [is_code(t) for t in ("*", "?", "NA", "0", "-9", ".", " ", "unknown", "a7")]
    [True, True, True, True, True, True, True, True, False]
    """
    plain = text.strip().casefold()
    if plain in _UNKNOWN or not any(c.isalnum() for c in plain):
        return True
    return re.fullmatch(r"0+(\.0*)?|-(1|9+)(\.0*)?", plain) is not None


def text_of(value: object) -> str:
    """Return the name of a level: a whole number is its digits, however it is stored.

    Examples
    --------
    >>> [text_of(v) for v in (1.0, 1, "1.0", 2.5)]
    ['1', '1', '1.0', '2.5']
    """
    if isinstance(value, float | np.floating):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e16 else repr(number)
    return str(value)


def id_texts(values: Iterable[Any], what: str) -> list[str]:
    """Return ids as text: text as it is written, whole numbers by their digits.

    A column of whole numbers becomes floats as soon as one of them is missing, so that
    ``1.0`` is the id ``"1"``.

    Raises
    ------
    ArgumentTypeError
        A value is neither text nor a whole number, or a float so large that its last
        digits are lost.
    """
    return [_id_text(value, what) for value in values]


def _id_text(value: Any, what: str) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))
    if pd.isna(value) is True:
        raise ArgumentTypeError(f"{what}: one is missing ({value!r}). Give every one an id.")
    if isinstance(value, float | np.floating | Decimal):
        size: Any = abs(value)
        if size < EXACT and value == int(value):
            return str(int(value))
        if EXACT <= size < np.inf:
            raise ArgumentTypeError(
                f"{what} hold the float {value!r}, whose last digits are lost: read ids with "
                "dtype=str."
            )
    raise ArgumentTypeError(
        f"{what} must be labelled with text or whole numbers, not {type(value).__name__} such as "
        f"{value!r}: read ids with dtype=str."
    )


def text_labels(given: Iterable[Any], what: str) -> Text:
    """Return labels as an array of text, refusing what could be mistaken.

    Parameters
    ----------
    given : iterable
        Labels in the order of the input: text, or whole numbers that were ids. The
        numbers of an index without a name are row numbers.
    what : str
        What they label, for messages: ``"The rows of K"``.

    Raises
    ------
    ArgumentTypeError
        A label is neither text nor a whole number, or is a row number.
    ArgumentError
        There is none, one is blank, too long or stands twice, or two differ only by
        blanks, case, leading zeros or a decimal point.
    """
    if isinstance(given, pd.Index):
        _refuse_row_numbers(given, what)
    labels = id_texts(given, what)
    if not labels:
        raise ArgumentError(f"{what}: there is none.")
    blank = sum(not label.strip() for label in labels)
    if blank:
        raise ArgumentError(f"{what}: {blank} of {len(labels)} labels are blank. Name each one.")
    long = [label for label in labels if len(label) > LONGEST]
    if long:
        raise ArgumentError(
            f"{what}: {len(long)} labels have more than {LONGEST} characters, such as "
            f"{long[0][:40]!r}... Shorten them; is the file what it should be?"
        )
    twice = [label for label, n in Counter(labels).items() if n > 1]
    if twice:
        raise ArgumentError(
            f"{what}: {listed(map(repr, twice))} {'stand' if len(twice) > 1 else 'stands'} "
            "more than once. Keep one of each."
        )
    _refuse_near(labels, what)
    return np.array(labels, dtype=np.str_)


def _refuse_row_numbers(index: pd.Index, what: str) -> None:
    """Refuse whole numbers that nobody called ids: they may be where rows stood."""
    numbers = [v for v in index[:1] if isinstance(v, Integral)]
    if numbers and not isinstance(index, pd.MultiIndex) and index.name is None:
        raise ArgumentTypeError(
            f"{what} must be labelled with text, not {type(numbers[0]).__name__} such as "
            f"{numbers[0]!r}: row numbers say nothing about who is who. Take the ids as the index "
            "with set_index(), or read them with dtype=str."
        )


def _refuse_near(labels: list[str], what: str) -> None:
    first: dict[str, str] = {}
    near = []
    for label in labels:
        if (before := first.setdefault(folded(label), label)) != label:
            near.append(f"{before!r} and {label!r}")
    if near:
        raise ArgumentError(
            f"{what}: {listed(near, limit=5)} differ only by {NEAR}, "
            "which is how one level gets two names. Rename them if they are different."
        )


NEAR = "blanks, case, leading zeros, a decimal point or invisible characters"


def folded(label: str) -> str:
    r"""Return a label without blanks around it, case, leading zeros and a final ``.0``.

    Characters that are not seen, such as a byte order mark, do not count, and a letter
    and its accent are one character.

    Examples
    --------
    >>> folded(" Ab  c"), folded("007.0"), folded("\ufeff0")
    ('ab c', '7', '0')
    """
    seen = label if label.isascii() else _seen(label)
    plain = " ".join(seen.split()).casefold()
    whole = re.fullmatch(r"(\d+)\.0*", plain)
    plain = whole[1] if whole else plain
    return plain.lstrip("0") or "0" if plain.isdigit() else plain


def _seen(label: str) -> str:
    plain = unicodedata.normalize("NFC", label)
    return "".join(c for c in plain if unicodedata.category(c) != "Cf")


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
        return f" It looks like {pairs}: {NEAR} count."
    near = nearest(str(absent[0]), labels[:2000].tolist())
    return f" Nearest to {str(absent[0])!r}: {', '.join(map(repr, near))}." if near else ""
