"""Tables of studies that are planned: groups of a pilot's rows, copied to a size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from bayes_glmm.design.table.tables import to_pandas
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, listed


def planned(data: Any, row: Mapping[str, Any], by: str | None) -> pd.DataFrame:
    """Return the table of one design."""
    if callable(data):
        return to_pandas(data(**row))
    table = to_pandas(data)
    if not row:
        return table
    if unknown := [c for c in row if c not in ("groups", "size")]:
        raise ArgumentError(
            f"A table is changed by the columns groups and size of designs=, not by "
            f"{listed(unknown)}: give a function as data that takes {listed(row)}."
        )
    if by is None or by not in table.columns:
        raise ArgumentError(f"by={by!r}: name the column of the table whose levels are copied.")
    return resized(table, by, row.get("groups"), row.get("size"))


def resized(
    table: pd.DataFrame, by: str, groups: int | None = None, size: int | None = None
) -> pd.DataFrame:
    """Copy groups of rows, in their order and again from the first, to a planned size.

    Parameters
    ----------
    by : str
        Column of the groups; copies beyond the first have labels such as ``"a (2)"``.
    groups, size : int, optional
        Number of groups, and of rows in each; as they are when not given.
    """
    for name, value in (("groups", groups), ("size", size)):
        if value is not None and not (float(value).is_integer() and value >= 1):
            raise ArgumentTypeError(f"{name}={value!r}: a whole number of at least 1 is needed.")
    labels = pd.unique(table[by])
    parts = []
    for k in range(len(labels) if groups is None else int(groups)):
        again, at = divmod(k, len(labels))
        rows = table[table[by] == labels[at]]
        if size is not None:
            rows = rows.iloc[np.arange(int(size)) % len(rows)]
        label = str(labels[at]) if again == 0 else f"{labels[at]} ({again + 1})"
        parts.append(rows.assign(**{by: label}))
    return pd.concat(parts, ignore_index=True)
