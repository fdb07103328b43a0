"""Responses that are missing: predicted for their rows, from the rows that have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd

from bayes_glmm.answers.answer_tables import answer, beside
from bayes_glmm.answers.predict.expected import blocks, by_category, prepare_rows
from bayes_glmm.answers.predict.new_observations import response_draws
from bayes_glmm.answers.predict.predictions import describe
from bayes_glmm.design.table.kept_columns import columns_to_dataset, columns_to_frame
from bayes_glmm.design.table.missing_rows import require_trials
from bayes_glmm.design.table.tables import row_ids
from bayes_glmm.errors import ResultError
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

DRAWS, ROWS = "predictions", "predictions_constant_data"


def with_missing_responses(tree: xr.DataTree, aside: pd.DataFrame, seed: int) -> xr.DataTree:
    """Return the tree with draws of the responses of rows that have none.

    Parameters
    ----------
    tree : xarray.DataTree
    aside : pandas.DataFrame
        Rows with all that the model reads but the response. Levels of groups that
        occur only here are new ones, drawn from the population of levels.
    seed : int

    Returns
    -------
    xarray.DataTree
        ``predictions``, with ``y`` over (chain, draw, observation), of categories without
        an order whether it is each of them over ``category`` too, and
        ``predictions_constant_data``, the rows; the names are ArviZ's.
    """
    import xarray as xr

    fit = Fit.of(tree)
    ids = row_ids(aside.index)
    rows = prepare_rows(fit, aside, "new", seed, single=False)
    require_trials(fit.schema, rows.design)
    parts = [response_draws(fit, rows, "new", block) for block in blocks(fit, rows.design)]
    draws, posterior = np.concatenate(parts, axis=1), fit.posterior
    sizes = posterior.sizes["chain"], posterior.sizes["draw"], *draws.shape[1:]
    dims = ("chain", "draw", "observation", "category")[: len(sizes)]
    coords = {"chain": posterior["chain"], "draw": posterior["draw"], "observation": ids}
    coords |= {"category": np.array(fit.design.categories)} if "category" in dims else {}
    copy = tree.copy()
    copy[DRAWS] = xr.DataTree(xr.Dataset({"y": (dims, draws.reshape(sizes))}, coords))
    names = tuple(c for c in fit.schema.used_columns if c not in fit.spec.response.columns)
    copy[ROWS] = xr.DataTree(columns_to_dataset(aside, names, ids))
    return copy


@overload
def missing_responses(tree: xr.DataTree, *, draws: Literal[False] = False) -> pd.DataFrame: ...
@overload
def missing_responses(tree: xr.DataTree, *, draws: Literal[True]) -> xr.DataArray: ...
@overload
def missing_responses(tree: xr.DataTree, *, draws: bool) -> pd.DataFrame | xr.DataArray: ...
def missing_responses(tree: xr.DataTree, *, draws: bool = False) -> pd.DataFrame | xr.DataArray:
    """Tabulate the predicted responses of rows that had none, ``missing="predict"``.

    Parameters
    ----------
    tree : xarray.DataTree
        A fit with ``missing="predict"``.
    draws : bool, default False
        Return the draws, an xarray.DataArray over (chain, draw, row).

    Returns
    -------
    pandas.DataFrame
        One row per missing response: ``row``, the columns that the model reads,
        ``new_levels`` (levels of groups that no fitted row has, drawn from the
        population of levels; empty text where there are none), ``mean``, ``sd`` and the
        interval of new observations, on the response scale. Categories without an order have
        a row each: the probability that it is this one.

    Raises
    ------
    ResultError
        The fit set no rows aside.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> rats = bg.dataset("rats").astype({"weight": float})
    >>> rats.loc[4, "weight"] = float("nan")
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", rats, missing="predict")
    >>> len(bg.missing_responses(tree))
    1
    """
    fit = read_fit(tree)
    if DRAWS not in tree.children:
        raise ResultError(
            "This fit set no rows without a response aside: fit with missing='predict', or ask "
            "predictions(tree, rows, kind='response') for any rows."
        )
    aside = columns_to_frame(tree[ROWS].to_dataset())
    values = tree[DRAWS].to_dataset()["y"].values
    new_levels = list(map("; ".join, fit.schema.new_levels(aside)))
    labels = beside(aside.reset_index(drop=True), {"row": aside.index, "new_levels": new_levels})
    labels = labels[["row", *labels.columns.drop(["row", "new_levels"]), "new_levels"]]
    about: dict[str, Any] = describe(fit, "new", "response", None, None)
    values, labels = by_category(fit, values.reshape(-1, *values.shape[2:]), labels)
    return answer(fit, values, labels, about, draws=draws)
