"""Pictures of predictions along a variable, and of people along time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm.answers.expected import Groups
from bayes_glmm.answers.predictions import predictions
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.plots.style import COLOURS, GREY, axes, bounds, warn
from bayes_glmm.results import Fit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

GRID = 60


def plot_predictions(
    tree: xr.DataTree,
    variable: str,
    by: str | None = None,
    groups: Any = "population",
    data: Any = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the mean response along a variable, averaged over the other columns.

    Parameters
    ----------
    tree : xarray.DataTree
    variable : str
    by : str, optional
        One curve per value of this column.
    groups : {"population", "typical", "known", "new"}
    data : DataFrame, optional
        Rows to average over; the training rows when not given.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    fit = Fit.of(tree)
    rows = fit.data if data is None else data
    for name in (variable, by):
        if name is not None and name not in rows:
            raise ArgumentError(f"There is no column {name!r}." + suggestion(name, list(rows)))
    column = fit.schema.column(variable)
    numeric = column.kind == "numeric" and rows[variable].nunique() > 8
    values = _grid(rows[variable], numeric)
    if len(rows) > 400:
        rows = rows.sample(400, random_state=0)
    spread = pd.concat([rows.assign(**{variable: value}) for value in values], ignore_index=True)
    if isinstance(rows[variable].dtype, pd.CategoricalDtype):
        spread[variable] = spread[variable].astype(rows[variable].dtype)
    table = predictions(tree, spread, groups=groups, by=[variable, *([by] if by else [])])
    low, high, name = bounds(table)
    ax = axes(ax)
    assert isinstance(table, pd.DataFrame)
    parts: list[Any] = (
        [(None, table)] if by is None else list(table.groupby(by, observed=True, sort=True))
    )
    for k, (label, part) in enumerate(parts):
        colour = COLOURS[k % len(COLOURS)]
        if numeric:
            ax.plot(part[variable], part["mean"], color=colour, label=label)
            ax.fill_between(
                part[variable], part[low], part[high], color=colour, alpha=0.18, linewidth=0
            )
        else:
            at = np.arange(len(part)) + (k - (len(parts) - 1) / 2) * 0.12
            ax.errorbar(
                at, part["mean"], yerr=[part["mean"] - part[low], part[high] - part["mean"]],
                fmt="o", color=colour, capsize=0, label=label,
            )  # fmt: skip
            ax.set_xticks(range(len(part)), [str(v) for v in part[variable]])
    if by is not None:
        ax.legend(title=by, frameon=False, fontsize=8)
    ax.set_xlabel(variable)
    ax.set_ylabel(f"{table.attrs['scale']}, {groups}\nmean and {name}")
    return warn(ax, table)


def plot_trajectories(
    tree: xr.DataTree, time: str, group: str, n: int = 40, ax: Axes | None = None
) -> Axes:
    """Draw fitted curves of single levels, the typical one and the population's average.

    Where the link is not linear the last two differ: the typical curve is that of
    a level with effects of zero, the average is what a policy sees.
    """
    fit = Fit.of(tree)
    columns = {g.name: g.columns for g in fit.schema.predictors["mu"].groups}
    fit.group(group)
    if not columns[group]:
        raise ArgumentError("plot_trajectories() needs a group that is a column.")
    rows = fit.data
    ids = rows[list(columns[group])].astype(str).agg(":".join, axis=1)
    chosen = ids.drop_duplicates().iloc[:n]
    shown = ids.isin(chosen)
    own = predictions(tree, rows[shown], groups="known")
    own = own.assign(_id=ids[shown].to_numpy(), _time=rows[shown][time].to_numpy())
    ax = axes(ax)
    for _, part in own.sort_values("_time").groupby("_id"):
        ax.plot(part["_time"], part["mean"], color=GREY, linewidth=0.7, alpha=0.7)
    ax.plot([], [], color=GREY, label=f"single {group}")
    averages: tuple[Groups, ...] = ("typical", "population")
    for k, groups in enumerate(averages):
        table = predictions(tree, rows, groups=groups, by=time)
        low, high, name = bounds(table)
        ax.plot(
            table[time], table["mean"], color=COLOURS[k], linewidth=2.2, label=f"{groups}, {name}"
        )
        ax.fill_between(
            table[time], table[low], table[high], color=COLOURS[k], alpha=0.15, linewidth=0
        )
    ax.legend(frameon=False, fontsize=8)
    ax.set_xlabel(time)
    ax.set_ylabel(own.attrs["scale"])
    return warn(ax, own)


def _grid(values: pd.Series, numeric: bool) -> list[Any]:
    if numeric:
        return list(np.linspace(float(values.min()), float(values.max()), GRID))
    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.categories)
    return sorted(values.unique())
