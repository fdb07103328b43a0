"""Predictions of rows, and averages of them inside each draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.expected import (
    MEANING,
    Groups,
    blocks,
    mean_draws,
    prepare_rows,
    response_draws,
)
from bayes_glmm.answers.predictor import n_draws
from bayes_glmm.answers.tables import answer
from bayes_glmm.design.frames import to_pandas
from bayes_glmm.errors import ArgumentError, MissingDataError, suggestion
from bayes_glmm.results import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
type By = str | Sequence[str] | bool | None


def predictions(
    tree: xr.DataTree,
    data: Any = None,
    groups: Groups = "population",
    kind: Literal["expected", "response"] = "expected",
    by: By = None,
    *,
    per: float | None = None,
    draws: bool = False,
    seed: int = 0,
) -> pd.DataFrame | xr.DataArray:
    """Predict the response of rows, or its average over groups of rows.

    Parameters
    ----------
    tree : xarray.DataTree
        A fitted result.
    data : DataFrame, optional
        Rows to predict, in the units of the training data; the training rows when
        not given. Grouping columns are needed for ``"known"`` and ``"new"`` only.
    groups : {"population", "typical", "known", "new"}
        Whose response: averaged over the population of groups (what a policy does
        on average), of a group with effects of zero, of the row's own group, or of
        a new group drawn once per id and draw.
    kind : {"expected", "response"}
        The mean, or new observations. For families with trials the mean is the
        probability and the response a number of successes.
    by : str, list of str, True, optional
        Average within the cells of these columns, inside each draw; ``True``
        averages all rows.
    per : float, optional
        Set the exposure of every row to this, e.g. 1,000 for a rate per 1,000.
    draws : bool, default False
        Return the draws, an xarray.DataArray over (chain, draw, row).
    seed : int, default 0
        For new levels and new observations; equal seeds give equal results.

    Returns
    -------
    pandas.DataFrame
        Identifying columns, ``mean``, ``sd`` and the interval on the response
        scale; ``attrs`` name estimand and scale and hold the Monte Carlo error.

    Raises
    ------
    UnknownLevelError
        A level that the model has not seen.
    MissingDataError
        A needed column is absent or has missing values.
    ArgumentError
        An unknown estimand, kind or ``by``.

    References
    ----------
    .. [1] Zeger, Liang & Albert (1988). Models for longitudinal data: a generalized
       estimating equation approach. *Biometrics* 44, 1049-1060. doi:10.2307/2531734

    Examples
    --------
    >>> bg.predictions(tree, by="arm", per=1000)  # doctest: +SKIP
    """
    fit = read_fit(tree)
    if kind not in ("expected", "response"):
        raise ArgumentError(f"kind={kind!r}: use 'expected' or 'response'.")
    table = with_exposure(fit, rows_of(fit, data), per)
    cells = Cells.of(table, by)
    rows = prepare_rows(fit, table, groups, seed)
    values = np.zeros((n_draws(fit), cells.n))
    for block in blocks(fit, rows.design):
        found = (
            mean_draws(fit, rows, groups, block)
            if kind == "expected"
            else response_draws(fit, rows, groups, block, seed)
        )
        cells.add(values, found, block)
    labels = cells.labels if by is not None else row_labels(fit, table)
    return answer(fit, values, labels, describe(fit, groups, kind, by, per), draws=draws)


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows sorted into the cells that are averaged."""

    index: NDArray[np.intp]
    sizes: NDArray[np.intp]
    labels: pd.DataFrame

    @classmethod
    def of(cls, table: pd.DataFrame, by: By) -> Cells:
        """Sort rows by columns; each its own cell without any."""
        n = len(table)
        if by is None or by is False:
            return cls(np.arange(n), np.ones(n, np.intp), pd.DataFrame(index=range(n)))
        names = [] if by is True else [by] if isinstance(by, str) else list(by)
        known = [str(c) for c in table.columns]
        for name in names:
            if name not in known:
                raise MissingDataError(
                    f"by: there is no column {name!r} among the rows; give data= with it."
                    + suggestion(name, known)
                )
        if not names:
            return cls(np.zeros(n, np.intp), np.array([n]), pd.DataFrame({"rows": [n]}))
        grouped = table.groupby(names, sort=True, observed=True, dropna=False)
        index = grouped.ngroup().to_numpy()
        first = np.unique(index, return_index=True)[1]
        sizes = np.bincount(index)
        labels = table.iloc[first][names].reset_index(drop=True).assign(rows=sizes)
        return cls(index, sizes, labels)

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.sizes)

    def add(self, total: Array, values: Array, block: slice) -> None:
        """Add a block of rows to the averages."""
        index = self.index[block]
        if self.n == len(self.index) and (self.sizes == 1).all():
            total[:, index] += values
            return
        for cell in np.unique(index):
            total[:, cell] += values[:, index == cell].sum(axis=1) / self.sizes[cell]


def rows_of(fit: Fit, data: Any) -> pd.DataFrame:
    """Return the rows asked about: the given ones, or those of the training data."""
    return fit.data if data is None else to_pandas(data)


def with_exposure(fit: Fit, table: pd.DataFrame, per: float | None) -> pd.DataFrame:
    """Set the exposure of every row, refusing what has no logarithm."""
    exposure = fit.spec.exposure
    if per is not None:
        if exposure is None:
            raise ArgumentError("per= needs a model with an exposure; this one has none.")
        if not per > 0:
            raise ArgumentError(f"per={per!r}: an exposure is positive.")
        return table.assign(**{exposure: float(per)})
    if exposure is not None and exposure in table:
        bad = ~(pd.to_numeric(table[exposure], errors="coerce") > 0)
        if bad.any():
            raise MissingDataError(
                f"The exposure {exposure!r} must be positive: rows "
                f"{', '.join(map(str, table.index[bad][:10]))} are not."
            )
    return table


def row_labels(fit: Fit, table: pd.DataFrame) -> pd.DataFrame:
    """Return what identifies each row: its id and the predictors it has."""
    skip = {fit.spec.response.column, "row"}
    names = [c for c in fit.schema.used_columns if c in table.columns and c not in skip]
    return table[names].reset_index(drop=True).assign(row=table.index)[["row", *names]]


def describe(fit: Fit, groups: str, kind: str, by: By, per: float | None) -> dict[str, Any]:
    """Say in words what is estimated and on which scale."""
    average = "" if by is None else ", averaged over rows inside each draw"
    return {
        "estimand": f"{kind} response, {MEANING[groups]}{average}",
        "groups": groups,
        "kind": kind,
        "scale": scale_of(fit, kind, per),
    }


def scale_of(fit: Fit, kind: str, per: float | None) -> str:
    """Name the scale of predictions."""
    if fit.family.has_trials:
        return "probability" if kind == "expected" else "successes"
    if fit.link.name in ("logit", "probit", "cloglog"):
        return "probability" if kind == "expected" else "0 or 1"
    if fit.spec.exposure is not None:
        unit = f"{per:g} of" if per is not None else "the row's"
        return f"{fit.spec.response.column} per {unit} {fit.spec.exposure}"
    return f"{fit.spec.response.column} (response)"
