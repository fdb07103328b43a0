"""Whether two names are probably one, misspelled."""

from __future__ import annotations

import os

SHORTEST = 4
RARER = 0.5


def near(one: str, other: str, n_one: int = 1, n_other: int = 1) -> bool:
    """Return whether two names differ by one slip of a letter inside a word.

    A letter too many, one too few or two in the wrong order; another letter too, where one name is
    much rarer than the other. Numbers, first letters, other last letters and capitals that number
    things are no slips: ``typical`` and ``atypical``, ``groupa`` and ``groupb``, ``stageI`` and
    ``stageII`` are two.

    Parameters
    ----------
    one, other : str
    n_one, n_other : int
        Rows of each.

    Examples
    --------
    >>> near("Contol", "Control"), near("Ireland", "Iceland"), near("site 1", "site 2")
    (True, False, False)
    """
    start = len(os.path.commonprefix([one, other]))
    end = len(os.path.commonprefix([one[start:][::-1], other[start:][::-1]]))
    a, b = one[start : len(one) - end], other[start : len(other) - end]
    changed = a + b
    if not changed.isalpha() or one.casefold() == other.casefold():
        return False
    longer = max(one, other, key=len)
    word = _word(longer, start)
    if len(word) <= SHORTEST or (not word.isupper() and any(map(str.isupper, changed))):
        return False
    if start == 0 or not longer[start - 1].isalpha():
        return False
    if len(changed) == 1 or (len(a) == len(b) == 2 and a == b[::-1]):
        return True
    last = start + 1 == len(longer) or not longer[start + 1].isalpha()
    rarer = min(n_one, n_other) <= RARER * max(n_one, n_other)
    return len(a) == len(b) == 1 and rarer and not last


def _word(text: str, place: int) -> str:
    """Return the run of letters around a place."""
    first = last = place
    while first and text[first - 1].isalpha():
        first -= 1
    while last < len(text) and text[last].isalpha():
        last += 1
    return text[first:last]
