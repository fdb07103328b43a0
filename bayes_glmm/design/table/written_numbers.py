"""Numbers and dates that are stored as text, and the rows that are not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.errors import listed

FEWEST = 3
"""Different numbers or dates that make a column one of them."""
SHARE = 0.5
"""Of the different texts, at least so many."""
_UNIT = r"(?:[$€£¥₹%‰]|kr\.?|EUR|USD|GBP|CHF|JPY|CNY|INR|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK)"
_STRIPPED = "pandas.to_numeric(data[{0!r}].str.replace(r'[^\\d.-]', '', regex=True)), commas being thousands,"
_WAYS: tuple[tuple[str, str, str], ...] = (
    ("numbers", r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", ""),
    ("numbers", r"[+-]?\d{{1,3}}(,\d{{3}})+(\.\d+)?",
     "data[{0!r}].str.replace(',', '').astype(float)"),
    ("numbers", r"[+-]?(\d+|\d{{1,3}}(\.\d{{3}})+),\d+",
     "pandas.read_csv(..., decimal=','), or data[{0!r}].str.replace('.', '').str.replace(',', '.')"
     ".astype(float)"),
    ("numbers", r"[+-]?\d{{1,3}}([\s'’]\d{{3}})+([.,]\d+)?",
     "data[{0!r}].str.replace(r\"[\\s'’]\", '', regex=True).str.replace(',', '.').astype(float)"),
    ("numbers", r"[+-]?{unit}\s*[+-]?\d[\d.,]*", _STRIPPED),
    ("numbers", r"[+-]?\d[\d.,]*\s*{unit}", _STRIPPED),
    ("dates", r"\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}})?([ T]\d.*)?", ""),
    ("dates", r"\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d{{2}}|\d{{4}})( \d.*)?", ""),
    ("dates", r"\d{{1,2}}\.? ?-?[A-Za-zäöüéû]{{3,9}}\.?,? ?-?\d{{2,4}}", ""),
    ("dates", r"[A-Za-z]{{3,9}}\.? \d{{1,2}},? \d{{4}}", ""),
)  # fmt: skip
_PATTERNS = tuple((kind, re.compile(text.format(unit=_UNIT)), way) for kind, text, way in _WAYS)


@dataclass(frozen=True, eq=False)
class Reading:
    """A column of text read as numbers or dates.

    Attributes
    ----------
    kind : {"numbers", "dates"}
    different : int
        Number of distinct ones.
    others : ndarray of bool, shape (n_rows,)
        Rows whose text is neither.
    whole : bool
        Whether all of them are whole numbers, as codes are.
    message : str
        Names these rows and says what to do.
    """

    kind: str
    different: int
    others: NDArray[np.bool_]
    whole: bool
    message: str


def read_text(series: pd.Series, name: str) -> Reading | None:
    """Read a column of text as numbers or dates, if most of it is.

    Categories and numbers with leading zeros are names; so is text with fewer than three
    distinct numbers.

    Parameters
    ----------
    series : pandas.Series, length n_rows
    name : str

    Examples
    --------
    >>> reading = read_text(pd.Series(["1.5", "2", "n/a", "4"]), "dose")
    >>> reading.kind, reading.others.tolist()
    ('numbers', [False, False, True, False])
    """
    if isinstance(series.dtype, pd.CategoricalDtype) or series.dtype.kind not in "OT":
        return None
    codes, distinct = pd.factorize(series)
    texts = [value.strip() if isinstance(value, str) else "" for value in distinct]
    ways = [next((i for i, (_, p, _) in enumerate(_PATTERNS) if p.fullmatch(t)), -1) for t in texts]
    kinds = np.array([_PATTERNS[i][0] if i >= 0 else "" for i in ways])
    for kind in ("numbers", "dates"):
        of_kind = kinds == kind
        few = of_kind.sum() < FEWEST or of_kind.mean() < SHARE
        if few or (kind == "numbers" and any(re.match(r"0\d", t) for t in texts)):
            continue
        others = np.append(~of_kind, False)[codes]
        how = [_PATTERNS[i][2].format(name) for i in ways if i >= 0 and _PATTERNS[i][2]]
        message = _strays(series, others, kind) + _way_out(name, kind, how, bool(others.any()))
        whole = all(t.isdigit() for t, counts in zip(texts, of_kind, strict=True) if counts)
        return Reading(kind, int(of_kind.sum()), others, whole, message)
    return None


def _strays(series: pd.Series, others: NDArray[np.bool_], kind: str) -> str:
    if not others.any():
        return f"that is {kind} throughout: "
    texts = list(dict.fromkeys(map(repr, series[others])))
    return (
        f"that is {kind} but for {listed(texts, limit=5)} in {rows_where(series.index, others)}: "
    )


def _way_out(name: str, kind: str, how: list[str], strays: bool) -> str:
    if kind == "dates":
        return (
            f"pandas.to_datetime(data[{name!r}]) makes times of them, of which days since the first "
            "are numbers"
        )
    if how:
        most: Callable[[str], int] = how.count
        return f"{max(dict.fromkeys(how), key=most)} makes numbers of them"
    coerced = ", errors='coerce'" * strays
    rest = "; what is no number becomes missing, and missing='drop' leaves it out" * strays
    return f"pandas.to_numeric(data[{name!r}]{coerced}) makes numbers of them{rest}"
