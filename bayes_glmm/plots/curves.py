"""Pictures of predictions along a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm.answers.predict.profiles import profile
from bayes_glmm.errors import ArgumentError
from bayes_glmm.literals import Groups
from bayes_glmm.plots.style import COLOURS, LINES, SMALL, axes, bounds, legend, warn
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

WHOSE = {
    "population": "average over the population",
    "typical": "typical group (effects of zero)",
    "known": "own groups",
    "new": "new groups",
}
CROWDED = 6


def plot_predictions(
    tree: xr.DataTree,
    variable: str,
    by: str | None = None,
    groups: Groups = "population",
    data: Any = None,
    ax: Axes | None = None,
    *,
    per: float | None = None,
) -> Axes:
    """Draw the mean response along a variable, averaged over the other columns.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    variable : str
        A column of the model, not a group.
    by : str, optional
        One curve per value of this column. Categories have a curve each.
    groups : {"population", "typical", "known", "new"}
        Whose response, as in :func:`bayes_glmm.predictions`.
    data : DataFrame, optional
        Rows to average over; the training rows when not given.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.
    per : float, optional
        Exposure of every row, e.g. 1,000 for a rate per 1,000.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    ArgumentError
        The model has no such column, or ``by`` is given beside categories.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> bg.plot_predictions(tree, "age").get_xlabel()
    'age'
    """
    table = profile(tree, variable, by, groups, data, per=per)
    _, _, name = bounds(table)
    ax = axes(ax)
    key = _key(table, variable, by)
    shown = table.attrs["shown"]
    parts = [(None, table)] if key is None else _parts(table, shown.get(key, key))
    for k, (label, part) in enumerate(parts):
        shift = (k - (len(parts) - 1) / 2) * 0.12
        _draw(ax, part, shown[variable], k, label, shift)
    if parts[0][0] is not None:
        legend(ax, title=_title(tree) if key == "category" else key)
    if key == "category":
        ax.set_ylim(bottom=0)
    ax.set_xlabel(variable)
    ax.set_ylabel(f"{table.attrs['scale']}\n{WHOSE[groups]}\nmean and {name}", fontsize=SMALL)
    return warn(ax, table)


def _title(tree: xr.DataTree) -> str | None:
    """Return what the categories are of; the columns of a composition say it themselves."""
    fit = Fit.of(tree)
    return None if fit.spec.response.others else fit.spec.response.column


def _key(table: pd.DataFrame, variable: str, by: str | None) -> str | None:
    """Return the column that has a curve for each of its values."""
    if "category" not in table.columns.difference(table.attrs["shown"].values()):
        return None if by in (None, variable) else by
    if by not in (None, variable, "category"):
        raise ArgumentError(
            f"Every category has a curve already: draw one picture for each value of {by!r}, with data=."
        )
    return "category"


def _parts(table: pd.DataFrame, by: str) -> list[tuple[Any, pd.DataFrame]]:
    return list(table.groupby(by, observed=True, sort=True))


def _draw(ax: Axes, part: pd.DataFrame, variable: str, k: int, label: Any, shift: float) -> None:
    low, high, _ = bounds(part)
    colour, line = COLOURS[k % len(COLOURS)], LINES[k // len(COLOURS) % len(LINES)]
    name = None if label is None else str(label)
    if part.attrs["curve"]:
        ax.plot(part[variable], part["mean"], line, color=colour, linewidth=2, label=name)
        ax.fill_between(part[variable], part[low], part[high], color=colour, alpha=0.2, linewidth=0)
        return
    numbers = part.attrs["numeric"]
    at = part[variable].to_numpy(float) if numbers else np.arange(len(part), dtype=float)
    gap = float(np.diff(at).min()) if numbers and len(at) > 1 else 1.0
    ax.vlines(at + shift * gap, part[low], part[high], color=colour, linewidth=2)
    ax.plot(at + shift * gap, part["mean"], "o", color=colour, markersize=6, label=name)
    if numbers:
        ax.set_xticks(at, [f"{v:g}" for v in at])
        return
    names = [str(v).replace("$", r"\$") for v in part[variable]]
    ax.set_xticks(at, names, rotation=35 if len(at) > CROWDED else 0)
    ax.set_xlim(-0.6, len(at) - 0.4)
