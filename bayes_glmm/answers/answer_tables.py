"""The last step of every answer: draws to a labelled table, or labelled draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]


@overload
def answer(
    fit: Fit, values: Array, labels: pd.DataFrame, attrs: Mapping[str, Any], *,
    draws: Literal[False] = False,
) -> pd.DataFrame: ...  # fmt: skip
@overload
def answer(
    fit: Fit, values: Array, labels: pd.DataFrame, attrs: Mapping[str, Any], *, draws: bool
) -> pd.DataFrame | xr.DataArray: ...
def answer(
    fit: Fit, values: Array, labels: pd.DataFrame, attrs: Mapping[str, Any], *, draws: bool = False
) -> pd.DataFrame | xr.DataArray:
    """Return a table of means, sds and intervals, or the draws with the same labels.

    Parameters
    ----------
    values : ndarray, shape (n_draws, n_rows)
        Draws of all chains after one another.
    labels : pandas.DataFrame, shape (n_rows, ...)
        What identifies each row of the answer.
    attrs : mapping
        Estimand, scale and what else the reader must know.

    Returns
    -------
    pandas.DataFrame or xarray.DataArray
        The table's ``attrs["mcse"]`` has the Monte Carlo standard error of each
        mean, by batch means.
    """
    cube = values.reshape(fit.posterior.sizes["chain"], fit.posterior.sizes["draw"], -1)
    if draws:
        return _labelled(cube, labels, _with_banner(fit, attrs))
    return tabulate(fit, statistics(cube), labels, attrs)


def statistics(cube: Array) -> pd.DataFrame:
    """Summarise draws of shape (n_chains, n_draws, n_rows), one row each.

    Returns
    -------
    pandas.DataFrame
        ``mean``, ``sd``, the two bounds, and ``mcse``.
    """
    values = cube.reshape(-1, cube.shape[2])
    low, high, names = interval(values)
    spread = values.std(0, ddof=1) if len(values) > 1 else np.full(values.shape[1], np.nan)
    return pd.DataFrame(
        {"mean": values.mean(0), "sd": spread, names[0]: low, names[1]: high,
         "mcse": batch_mcse(cube)}
    )  # fmt: skip


def tabulate(
    fit: Fit, found: pd.DataFrame, labels: pd.DataFrame, attrs: Mapping[str, Any]
) -> pd.DataFrame:
    """Set labels before what :func:`statistics` found; the errors go to ``attrs``."""
    columns = {name: found[name].to_numpy() for name in found.columns.drop("mcse")}
    table = beside(labels.reset_index(drop=True), columns)
    table.attrs = _with_banner(fit, attrs) | {"mcse": found["mcse"].tolist()}
    return table


def beside(labels: pd.DataFrame, own: Mapping[str, Any]) -> pd.DataFrame:
    """Return labels with an answer's own columns behind them.

    A column of the user's table that has the name of one of these is shown with
    ``_column`` behind its name: the covariate ``mean`` is ``mean_column``.

    Examples
    --------
    >>> beside(pd.DataFrame({"mean": [7.0]}), {"mean": [0.5]}).to_dict("records")
    [{'mean_column': 7.0, 'mean': 0.5}]
    """
    return _apart(labels, own).assign(**own)


def _apart(labels: pd.DataFrame, own: Iterable[str]) -> pd.DataFrame:
    """Return labels none of which has one of these names."""
    own, known = set(own), set(labels.columns)
    renamed: dict[str, str] = {}
    for name in (name for name in labels.columns if name in own):
        other = f"{name}_column"
        while other in own | known:
            other = f"{other}_column"
        renamed[name] = other
        known.add(other)
    return labels.rename(columns=renamed) if renamed else labels


def _with_banner(fit: Fit, attrs: Mapping[str, Any]) -> dict[str, Any]:
    return {**attrs, **({"banner": fit.banner} if fit.banner else {})}


def interval(values: Array) -> tuple[Array, Array, tuple[str, str]]:
    """Return the bounds over the first axis and their names, by ArviZ's settings."""
    from arviz_base import rcParams

    prob, kind = rcParams["stats.ci_prob"], rcParams["stats.ci_kind"]
    if kind == "hdi":
        low, high = _densest(values, prob)
    else:
        low, high = np.quantile(values, [(1 - prob) / 2, (1 + prob) / 2], axis=0)
    stem = f"{kind}{100 * prob:g}"
    return low, high, (f"{stem}_lb", f"{stem}_ub")


def batch_mcse(cube: Array) -> Array:
    """Return the Monte Carlo standard error of the means, shape (n_rows,).

    Each chain is cut into batches of about the square root of its length, whose
    means are nearly independent.
    """
    chains, draws, rows = cube.shape
    size = max(1, int(np.sqrt(draws)))
    whole = draws // size * size
    means = cube[:, :whole].reshape(chains, -1, size, rows).mean(2).reshape(-1, rows)
    if len(means) < 2:
        return np.full(rows, np.nan)
    return means.std(0, ddof=1) / np.sqrt(len(means))


def _densest(values: Array, prob: float) -> tuple[Array, Array]:
    ordered = np.sort(values, axis=0)
    inside = min(len(values) - 1, int(np.ceil(prob * len(values))))
    widths = ordered[inside:] - ordered[: len(values) - inside]
    first = widths.argmin(axis=0)
    columns = np.arange(values.shape[1])
    return ordered[first, columns], ordered[first + inside, columns]


def _labelled(cube: Array, labels: pd.DataFrame, attrs: Mapping[str, Any]) -> xr.DataArray:
    import xarray as xr

    labels = _apart(labels, ("chain", "draw", "row"))
    coords = {
        str(c): ("row", np.array([str(v) for v in labels[c]]) if labels[c].dtype.kind == "O" else
                 labels[c].to_numpy())
        for c in labels
    }  # fmt: skip
    return xr.DataArray(
        cube, dims=("chain", "draw", "row"), coords={"row": np.arange(len(labels)), **coords},
        attrs=dict(attrs),
    )  # fmt: skip
