"""An estimate as words, to be set in a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, listed, suggestion
from bayes_glmm.model.variables import BETA

CENTRES = ("median", "mean", "number_needed", "expected_rank")
MOST_SHOWN = 6


def quote(
    table: pd.DataFrame,
    *,
    digits: int | None = None,
    times: float = 1.0,
    unit: str = "",
    **where: Any,
) -> str:
    """Put one row of an answer into words: the estimate, its interval, and what kind.

    Nothing is typed again, so that the text follows the fit.

    Parameters
    ----------
    table : pandas.DataFrame
        An answer with an interval, such as of :func:`summary`, :func:`comparisons`,
        :func:`meta_analysis` or :func:`rank`.
    digits : int, optional
        Decimals; when not given, enough for two figures of the interval's width and
        to tell its ends from zero.
    times : float, default 1
        Factor for the figures, e.g. 100 for per cent or 1,000 for a rate.
    unit : str, optional
        What to write after the estimate and after the interval.
    **where
        Column and value of the row that is meant, as ``parameter="treat"``, for which
        ``"beta[treat]"`` will do as well. Needless where the table has one row.

    Returns
    -------
    str
        ``"0.31 (89 % ETI 0.12 to 0.48)"``; the estimate is the median where the table has
        one, else the mean. Fits that did not converge are marked.

    Raises
    ------
    ArgumentTypeError
        Not a table with an interval.
    ArgumentError
        A column that is not there, or other than one row.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 | study)", bg.dataset("nielweise2008"), family="poisson",
    ...     exposure="catheter_days", seed=1,
    ... )
    >>> bg.quote(bg.summary(tree, exponentiate=True), parameter="treat")
    '0... (89 % ETI 0... to 0...)'
    """
    row = _one(table, where)
    low = next((str(c) for c in table.columns if str(c).endswith("_lb")), None)
    centre = next((c for c in CENTRES if c in table.columns), None)
    if low is None or centre is None:
        raise ArgumentTypeError("quote() takes a table with an estimate and its interval.")
    stem = low.removesuffix("_lb")
    kind = "".join(c for c in stem if c.isalpha())
    values = times * np.array([row[centre], row[low], row[f"{stem}_ub"]], dtype=float)
    shown = _decimals(values) if digits is None else digits
    mean, least, most = (_written(v, shown) for v in values)
    unit = f" {unit}" if unit else ""
    text = f"{mean}{unit} ({stem[len(kind) :]} % {kind.upper()} {least} to {most}{unit})"
    return f"{text} [NOT CONVERGED]" if table.attrs.get("banner") else text


def _one(table: pd.DataFrame, where: dict[str, Any]) -> pd.Series:
    if not isinstance(table, pd.DataFrame):
        raise ArgumentTypeError(f"quote() takes a table, not {type(table).__name__}.")
    rows = table
    for column, value in where.items():
        if column not in table.columns:
            raise ArgumentError(
                f"The table has no column {column!r}." + suggestion(column, list(table.columns))
            )
        known = rows[column].astype(str).tolist()
        rows = rows[rows[column].astype(str).isin(_names(column, str(value)))]
        if rows.empty:
            raise ArgumentError(
                f"No row has {column}={value!r}."
                + suggestion(str(value), list(dict.fromkeys(known)))
            )
    if len(rows) != 1:
        names = [str(c) for c in rows.columns if rows[c].dtype.kind not in "fc"]
        raise ArgumentError(
            f"{len(rows)} rows are left: say which one by the columns {listed(names[:MOST_SHOWN])}."
        )
    return rows.iloc[0]


def _names(column: str, value: str) -> tuple[str, ...]:
    """Return a value, and a coefficient's name without the variable that it is an element of."""
    stem, _, label = value.partition("[")
    inner = label.removesuffix("]") if stem == BETA else value
    return (value, inner) if column == "parameter" else (value,)


def _decimals(values: NDArray[np.float64]) -> int:
    """Return decimals that show two figures of the interval's width, and its ends from zero."""
    known = np.abs(values[np.isfinite(values) & (values != 0)])
    if not len(known):
        return 2
    width = abs(values[2] - values[1])
    size = width if np.isfinite(width) and width > 0 else known.max()
    enough = 1 - np.floor(np.log10(size))
    first = -np.floor(np.log10(known.min()))
    return int(np.clip(first if first == enough + 1 else enough, 0, 6))


def _written(value: float, digits: int) -> str:
    if not np.isfinite(value):
        return "infinity" if value > 0 else "-infinity" if value < 0 else "undefined"
    return f"{round(value, digits) + 0.0:,.{digits}f}"
