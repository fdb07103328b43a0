"""From a table of animals, sires and dams to labels and places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.structures.labels import UNKNOWN, Text, text_labels


def read_parents(
    table: pd.DataFrame, id: str, sire: str, dam: str
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
    ids, sires, dams = (_column(table, name) for name in (id, sire, dam))
    own = text_labels(ids, f"The animals in {id!r}")
    known = [p for p in dict.fromkeys([*sires, *dams]) if p is not None]
    have = set(own.tolist())
    extra = [p for p in known if p not in have]
    _refuse_codes(extra, sire, dam)
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


def _refuse_codes(extra: list[Any], sire: str, dam: str) -> None:
    """Refuse what stands for an unknown parent, and would be everybody's."""
    text_labels(extra, f"The parents in {sire!r} and {dam!r}") if extra else None
    codes = [p for p in extra if p.strip().casefold() in UNKNOWN]
    if codes:
        raise ArgumentError(
            f"{listed(map(repr, codes))} stands in {sire!r} or {dam!r} without a row of its own: "
            "one parent of many animals, if it is a name. Make unknown parents missing values "
            f"(table.replace({codes[0]!r}, None))."
        )
