"""Predictions of rows, and averages of them inside each draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import answer, statistics, tabulate
from bayes_glmm.answers.predict.answer_rows import By, Cells, row_labels, rows_of, with_exposure
from bayes_glmm.answers.predict.expected import (
    MEANING,
    Rows,
    blocks,
    by_category,
    mean_draws,
    no_draws,
    prepare_rows,
)
from bayes_glmm.answers.predict.new_observations import response_draws, response_means
from bayes_glmm.answers.predict.represented import collapsed_column, words
from bayes_glmm.answers.require import require
from bayes_glmm.errors import ArgumentError, MissingDataError, listed
from bayes_glmm.literals import Groups, Kind
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]


@overload
def predictions(
    tree: xr.DataTree, data: Any = None, groups: Groups = "population", kind: Kind = "expected",
    by: By = None, *, per: float | None = None, draws: Literal[False] = False, seed: int = 0,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def predictions(
    tree: xr.DataTree, data: Any = None, groups: Groups = "population", kind: Kind = "expected",
    by: By = None, *, per: float | None = None, draws: Literal[True], seed: int = 0,
) -> xr.DataArray: ...  # fmt: skip
@overload
def predictions(
    tree: xr.DataTree, data: Any = None, groups: Groups = "population", kind: Kind = "expected",
    by: By = None, *, per: float | None = None, draws: bool, seed: int = 0,
) -> pd.DataFrame | xr.DataArray: ...  # fmt: skip
def predictions(
    tree: xr.DataTree,
    data: Any = None,
    groups: Groups = "population",
    kind: Kind = "expected",
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
        The mean (of a family that is about something else, as a quantile, that: see
        ``attrs["estimand"]``), or new observations. For families with trials the mean is the
        probability and the response a number of successes; each category has its
        probability, or its share, in a row of its own. The response of ordered
        categories is a code from 0; of others each category has its count or share.
    by : str, list of str, True, optional
        Average within the cells of these columns, inside each draw; ``True`` and
        ``[]`` average all rows. A row that stands for several (trials, ``weights()``, one made by
        :func:`bayes_glmm.collapse`) counts as several; one without these columns counts one:
        see ``attrs["averaged_over"]``.
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
        A needed column is absent or has missing values; one of ``by`` included.
    ArgumentError
        An unknown estimand or kind, no rows, ``per`` without an exposure, or an average
        of angles.

    Notes
    -----
    Row identifiers (the table's index) are the levels of an observation-level
    random effect: under ``"known"`` and ``"new"`` a given row has the effect of the
    training row of its identifier only if its values are those of that row too.

    References
    ----------
    .. [1] Zeger, Liang & Albert (1988). Models for longitudinal data: a generalized
       estimating equation approach. *Biometrics* 44, 1049-1060. doi:10.2307/2531734

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "events ~ treat + (1 | study)", bg.dataset("nielweise2008"), family="poisson",
    ...     exposure="catheter_days",
    ... )
    >>> bg.predictions(tree, by="treat", per=1000)["mean"].round(0).tolist()
    [6.0, 4.0]
    """
    return predicted(read_fit(tree), data, groups, kind, by, per=per, draws=draws, seed=seed)


def predicted(
    fit: Fit,
    data: Any,
    groups: Groups = "population",
    kind: Kind = "expected",
    by: By = None,
    *,
    per: float | None = None,
    draws: bool = False,
    seed: int = 0,
    weights: Array | None = None,
) -> pd.DataFrame | xr.DataArray:
    """Predict as :func:`predictions` does.

    Parameters
    ----------
    weights : ndarray, shape (n_rows,), optional
        How many equal rows each of the rows is, in averages.
    """
    if kind not in ("expected", "response"):
        raise ArgumentError(f"kind={kind!r}: use 'expected' or 'response'.")
    table = with_exposure(fit, rows_of(fit, data), per)
    cells = Cells.of(fit, table, by, weights)
    if cells.averaged or (groups == "population" and fit.design.groups):
        require(fit, "average", "predictions() of an average")
    rows = prepare_rows(fit, table, groups, seed)
    if kind == "response" and fit.family.wants_trials(rows.design.trials):
        _refuse_without_trials(fit, table)
    if kind == "response" and {"se"} & set(fit.design.modifiers) - set(rows.design.modifiers):
        raise MissingDataError(
            "kind='response' draws estimates with their errors and needs the column of se() among "
            "the rows. kind='expected' gives what is estimated without it."
        )
    about = describe(fit, groups, kind, cells, per)
    if cells.averaged and kind == "response":
        found = _blocks_of_means(fit, rows, groups, cells)
    else:
        found = _blocks_of_draws(fit, rows, groups, kind)
    if not cells.averaged and not draws:
        labels = by_category(fit, no_draws(fit, len(table), kind)[:0], row_labels(fit, table))[1]
        return tabulate(fit, _by_row(fit, found), labels, about)
    total = no_draws(fit, cells.n, kind)
    for block, part in found:
        cells.add(total, part, block)
    labels = cells.labels if cells.averaged else row_labels(fit, table)
    values, labels = by_category(fit, total, labels)
    return answer(fit, values, labels, about, draws=draws)


def _blocks_of_draws(fit: Fit, rows: Rows, groups: str, kind: str) -> Iterator[tuple[slice, Array]]:
    for block in blocks(fit, rows.design):
        make = mean_draws if kind == "expected" else response_draws
        yield block, make(fit, rows, groups, block)


def _blocks_of_means(
    fit: Fit, rows: Rows, groups: str, cells: Cells
) -> Iterator[tuple[slice, Array]]:
    for block in blocks(fit, rows.design):
        yield block, response_means(fit, rows, groups, block, cells.amounts)


def _refuse_without_trials(fit: Fit, table: pd.DataFrame) -> None:
    needed = [c.name for c in fit.schema.columns if "trials" in c.roles]
    needed = needed or list(fit.spec.response.columns)
    absent = [name for name in needed if name not in table]
    raise MissingDataError(
        f"kind='response' draws numbers out of trials and needs these: {listed(absent)} "
        "is not among the rows. kind='expected' gives probabilities without them."
    )


def _by_row(fit: Fit, found: Iterator[tuple[slice, Array]]) -> pd.DataFrame:
    """Summarise row by row, so that never all draws of all rows are held."""
    chains = fit.posterior.sizes["chain"]
    draws = fit.posterior.sizes["draw"]
    parts = [statistics(v.reshape(chains, draws, -1)) for _, v in found]
    return pd.concat(parts, ignore_index=True)


NAMED = {"trunc": "truncation", "cens": "censoring"}


def describe(
    fit: Fit, groups: str, kind: str, cells: Cells | None, per: float | None
) -> dict[str, Any]:
    """Say in words what is estimated and on which scale."""
    averaged = cells is not None and cells.averaged
    average = f", {words(fit, cells.over)}" if cells is not None and cells.averaged else ""
    before = [n for n in ("trunc", "cens") if fit.spec.response.modifier(n)]
    whole = f" before {NAMED[before[0]]}" if before else ""
    about = {
        "estimand": f"{fit.family.reported(kind)}{whole}, {MEANING[groups]}{average}",
        "groups": groups,
        "kind": kind,
        "scale": scale_of(fit, kind, per, averaged=averaged),
        **(cells.about if cells is not None else {}),
    }
    if groups == "population" and kind == "expected":
        each = sum(bool(p.groups) for p in fit.design.means if p.category)
        about["integration"] = fit.family.integration(fit.link, each)
    return about


def scale_of(fit: Fit, kind: str, per: float | None, *, averaged: bool = False) -> str:
    """Name the scale of predictions, of rows or averaged over what they stand for."""
    named = fit.family.response_words(fit.link, kind, fit.spec.response.column, averaged=averaged)
    if named is not None:
        return named
    if fit.spec.exposure not in (None, collapsed_column(fit)):
        unit = "the row's" if per is None else "unit of" if per == 1 else f"{per:g} of"
        return f"{fit.spec.response.column} per {unit} {fit.spec.exposure}"
    return f"{fit.spec.response.column} (response)"
