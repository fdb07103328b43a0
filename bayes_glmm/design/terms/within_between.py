"""Covariates cut into what varies within groups and what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from bayes_glmm.design.groups.group_schema import group_levels
from bayes_glmm.design.table.columns import numbers, require
from bayes_glmm.design.table.tables import to_pandas
from bayes_glmm.design.terms.centering import Array, level_means, varies_within
from bayes_glmm.errors import ArgumentError, DataError


def within_between(
    data: Any, columns: str | Sequence[str], group: str | Sequence[str]
) -> pd.DataFrame:
    """Cut covariates into deviations from their group's mean and that mean (Mundlak).

    With both in a model, the coefficient of ``<column>_within`` is what happens to a
    member of a group as the covariate changes, free of everything that differs
    between groups; that of ``<column>_between`` compares groups. Their difference is
    the contrast that tells selection or confounding, such as selective disappearance.

    Parameters
    ----------
    data : DataFrame
        Anything that narwhals reads; it is not modified.
    columns : str or list of str
        Numeric covariates, in their own units.
    group : str or list of str
        The grouping column; several are one group per combination, as ``a:b``.

    Returns
    -------
    pandas.DataFrame, shape (n_rows, 2 * n_columns)
        ``<column>_within`` and ``<column>_between`` in the units of the column and in
        the rows' order, for ``data.join(...)``. ``attrs["share_between"]`` has, by
        column, the share of its variance that lies between the groups. Means are
        over the rows: a group is as heavy as it has rows.

    Raises
    ------
    MissingDataError
        A column is absent, or has missing or infinite values; the rows are named.
    DataError
        A column holds no numbers, or is the same in all rows of every group.
    ArgumentError
        No column, one twice, or a name that the table has already.

    Notes
    -----
    New rows for prediction need the means of the groups that the model was fitted to:
    join those to them, and do not compute means of the new rows.

    References
    ----------
    .. [1] Mundlak (1978). On the pooling of time series and cross section data.
       *Econometrica* 46, 69-85. doi:10.2307/1913646
    .. [2] van de Pol & Wright (2009). A simple method for distinguishing within- versus
       between-subject effects using mixed models. *Animal Behaviour* 77, 753-758.
       doi:10.1016/j.anbehav.2008.11.006

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> rows = pd.DataFrame({"age": [1, 3, 4, 8], "bird": ["a", "a", "b", "b"]})
    >>> bg.within_between(rows, "age", "bird")
       age_within  age_between
    0        -1.0          2.0
    1         1.0          2.0
    2        -2.0          6.0
    3         2.0          6.0
    """
    table = to_pandas(data)
    names = [columns] if isinstance(columns, str) else list(columns)
    keys = [group] if isinstance(group, str) else list(group)
    _refuse_names(table, names, keys)
    require(table, [*names, *keys])
    codes, levels = group_levels(table, keys)
    found: dict[str, Array] = {}
    shares: dict[str, float] = {}
    for name in names:
        x = numbers(table, name, f"within_between() of {name!r}")
        between = level_means(x, codes, len(levels))[codes]
        if not varies_within(x, between):
            raise DataError(
                f"{name!r} is the same in all rows of every {':'.join(keys)}: it has nothing within. "
                "Use the column as it is."
            )
        found |= {f"{name}_within": x - between, f"{name}_between": between}
        shares[name] = float(between.var() / x.var())
    result = pd.DataFrame(found, index=table.index)
    result.attrs = {"group": ":".join(keys), "share_between": shares}
    return result


def _refuse_names(table: pd.DataFrame, names: list[str], keys: list[str]) -> None:
    if not names or not keys:
        raise ArgumentError("within_between() needs at least one column and a group.")
    twice = sorted({n for n in [*names, *keys] if [*names, *keys].count(n) > 1})
    if twice:
        raise ArgumentError(f"{twice[0]!r} is given twice: name each column and group once.")
    taken = {str(c) for c in table.columns}
    for name in names:
        for new in (f"{name}_within", f"{name}_between"):
            if new in taken:
                raise ArgumentError(f"The table already has a column {new!r}: rename or drop it.")
