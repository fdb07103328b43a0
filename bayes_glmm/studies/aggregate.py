"""Collapse tables larger than memory: equal rows are counted, and the fit stays exact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.resolve import Model, resolve_spec
from bayes_glmm.errors import ArgumentError
from bayes_glmm.families.sufficient import Cells
from bayes_glmm.fitting.options import FormulaOptions, takes
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.priors import Prior
from bayes_glmm.studies.counting_plan import ROWS, Plan, plan_counting
from bayes_glmm.studies.row_counting import Counts, count_rows, open_rows

if TYPE_CHECKING:
    import pyarrow.dataset as ds

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Collapsed:
    """A model and a table of counts that is sufficient for the original rows.

    Attributes
    ----------
    spec : ModelSpec
        For ``bg.fit(collapsed.spec, collapsed.data)``.
    data : pandas.DataFrame
        One row for each set of equal rows (Gaussian: two where they differ), sums of counts and
        of exposures, with the number of ``rows``.
    n_rows : int
        Number of rows that were counted.
    n_dropped : int
        Rows with missing values, left out by ``missing="drop"``.
    constant : float
        What to add to the log-likelihood of ``data`` to get that of the rows.
    """

    spec: ModelSpec
    data: pd.DataFrame
    n_rows: int
    n_dropped: int
    constant: float


@takes(FormulaOptions)
def collapse(
    source: str | Path | pd.DataFrame,
    formula: Model,
    *,
    priors: Mapping[str, Prior] | None = None,
    max_cells: int = 1_000_000,
    **options: Unpack[FormulaOptions],
) -> Collapsed:
    r"""Count equal rows of a table that need not fit into memory.

    Rows with equal covariates and groups are sufficiently described by their number and sums:
    successes of trials (``bernoulli``, ``binomial``), a count and its exposure (``poisson``
    with the log link), or number, mean and sum of squares (``gaussian``). A Gaussian cell
    becomes two rows at its mean plus and minus its sd, each with half the weight, which has
    the same likelihood. The column ``rows`` counts the rows (Gaussian: half of them in each of
    the two) and ``collapsed(rows)`` beside the response says so, so that every average and every
    prediction is that of single rows: of one row with the mean exposure, where there is one.

    Parameters
    ----------
    source : path or pandas.DataFrame
        A Parquet file, a folder of them (``key=value`` folders are columns), or a table.
    formula : str, mapping, or ModelSpec
        The model, as :func:`bayes_glmm.fit` takes it.
    priors : mapping of str to Prior, optional
        As in :func:`bayes_glmm.fit`.
    max_cells : int, default 1,000,000
        Most sets of equal rows.
    family, link, exposure, offset, missing, success
        As in :func:`bayes_glmm.fit`.

    Returns
    -------
    Collapsed
        ``bg.fit(collapsed.spec, collapsed.data)`` fits it.

    Raises
    ------
    SpecError
        A family, or a term, for which counts do not say all.
    MissingDataError
        A column is absent, or has missing values and ``missing`` is not ``"drop"``.
    DataError
        Nearly as many sets of equal rows as rows; the message counts distinct values.

    Notes
    -----
    The likelihood is that of the rows. Default priors are scaled by the table that is fitted,
    each set of equal rows counting once: state ``priors=`` to have the same in both. That of
    the intercept is at the covariates' means, here those over sets of equal rows.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> rows = pd.DataFrame({"y": [0, 1, 1, 0], "x": ["a", "a", "b", "a"]})
    >>> collapsed = bg.collapse(rows, "y ~ x", family="bernoulli")
    >>> collapsed.data.to_dict("list")
    {'x': ['a', 'b'], 'y': [1, 1], 'rows': [3, 1]}
    >>> collapsed.spec.formula
    'y | trials(rows) ~ x'
    """
    spec = resolve_spec(formula, priors=priors, **options)
    data = open_rows(source)
    plan = plan_counting(spec, tuple(data.schema.names))
    return _finish(plan, count_rows(plan, data, max_cells), data)


def _finish(plan: Plan, counts: Counts, data: ds.Dataset) -> Collapsed:
    """Return the counts as the table of an equivalent model."""
    frame = counts.cells.to_pandas()
    frame = frame.sort_values(list(plan.keys), ignore_index=True) if plan.keys else frame
    cells = frame.loc[:, list(plan.keys)].copy()
    for name in plan.keys:
        cells[name] = _levels(cells[name], data, name)
    sums = Cells(
        frame["_n"].to_numpy(), frame["_y"].to_numpy(), _column(frame, "_square"),
        _column(frame, "_size"), counts.shift,
    )  # fmt: skip
    summed, size = plan.sums.rows(sums), plan.size if isinstance(plan.size, str) else None
    names = {"response": plan.response, "size": size or ROWS, "rows": ROWS}
    rows = cells.iloc[summed.cell].reset_index(drop=True)
    rows = rows.assign(**{names[what]: values for what, values in summed.columns.items()})
    spec = replace(plan.sums.as_model(plan.spec, size, ROWS), missing="error")
    return Collapsed(spec, rows, counts.n_rows, counts.n_dropped, counts.constant + summed.constant)


def _column(frame: pd.DataFrame, name: str) -> Array | None:
    return frame[name].to_numpy() if name in frame else None


def _levels(values: pd.Series, data: ds.Dataset, name: str) -> pd.Series:
    """Restore the order of a column of categories."""
    import pyarrow as pa

    kind = data.schema.field(name).type
    if not pa.types.is_dictionary(kind):
        return values
    first = data.head(1, columns=[name]).column(0).combine_chunks()
    known = first.dictionary.to_pylist() if len(first) else []
    if not set(values) <= set(known):
        if kind.ordered:
            raise ArgumentError(
                f"The files disagree about the categories of {name!r}, so that their order is not known."
            )
        return values
    return pd.Series(pd.Categorical(values, known, ordered=kind.ordered), values.index)
