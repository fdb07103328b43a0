"""From a table of animals, sires and dams to labels and places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.structures.level_labels import Text, id_texts, is_code, text_labels


def read_parents(
    table: pd.DataFrame, id: str, sire: str, dam: str, missing: Iterable[Any] = ()
) -> tuple[Text, NDArray[np.int64], Text]:
    """Return all animals in the order of text, places of their parents, and added ones.

    Returns
    -------
    labels : ndarray of str, shape (n,)
    parents : ndarray of int, shape (n, 2)
        -1 where unknown.
    added : ndarray of str
        Parents without a row.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        As :func:`bayes_glmm.pedigree` says.
    """
    codes = set(id_texts([missing] if isinstance(missing, str) else missing, "missing="))
    own = text_labels(_column(table, id), f"The animals in {id!r}")
    sires, dams = (_parents(table, name, codes) for name in (sire, dam))
    known = [p for p in dict.fromkeys([*sires, *dams]) if p is not None]
    have = set(own.tolist())
    extra = [p for p in known if p not in have]
    _refuse_codes(extra, sire, dam)
    _refuse_both(extra, sires, dams, sire, dam)
    labels = np.sort(text_labels([*own.tolist(), *extra], "The animals and their parents"))
    index = pd.Index(labels.astype(object))
    parents = np.full((len(labels), 2), -1, dtype=np.int64)
    rows = index.get_indexer(pd.Index(own.astype(object)))
    for k, given in enumerate((sires, dams)):
        found = index.get_indexer(pd.Index(np.array(given, dtype=object)))
        parents[rows, k] = found
    return labels, parents, np.array(sorted(extra), dtype=np.str_)


def _column(table: pd.DataFrame, name: str) -> list[Any]:
    """Return a column's values, missing ones as ``None``."""
    known = [str(c) for c in table.columns]
    if known.count(name) != 1:
        raise ArgumentError(
            f"The pedigree has {known.count(name) or 'no'} column{'s' if name in known else ''} "
            f"{name!r}: name the columns with id=, sire= and dam=." + suggestion(name, known)
        )
    values = table.iloc[:, known.index(name)]
    return values.astype(object).where(values.notna(), None).tolist()


def _parents(table: pd.DataFrame, name: str, codes: set[str]) -> list[str | None]:
    """Return one column of parents as text; ``None`` where it is missing or such a code."""
    given = _column(table, name)
    texts = iter(id_texts([p for p in given if p is not None], f"The parents in {name!r}"))
    found = [None if p is None else next(texts) for p in given]
    return [None if p in codes else p for p in found]


def _refuse_codes(extra: list[str], sire: str, dam: str) -> None:
    """Refuse what stands for an unknown parent, and would be everybody's."""
    codes = [p for p in extra if is_code(p)]
    if codes:
        blank = " (blank)" if any(not p.strip() for p in codes) else ""
        raise ArgumentError(
            f"{listed(map(repr, codes))}{blank} stands in {sire!r} or {dam!r} without a row of its "
            "own: one parent of many animals, if it is a name. Make unknown parents missing "
            f"values, as with missing={codes!r}."
        )


def _refuse_both(
    extra: list[str], sires: list[str | None], dams: list[str | None], sire: str, dam: str
) -> None:
    """Refuse names that are sire and dam and nothing else: most stand for nobody."""
    both = sorted(set(extra) & set(sires) & (set(dams) - {None}))
    if both:
        raise ArgumentError(
            f"{listed(map(repr, both))} {'are' if len(both) > 1 else 'is'} in {sire!r} and in "
            f"{dam!r}, without a row of {'their' if len(both) > 1 else 'its'} own. If this is a "
            f"code for unknown parents, say so with missing={both[:5]!r}; an animal that is "
            "father and mother, as selfing plants are, needs a row of its own."
        )
