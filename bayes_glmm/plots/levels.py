"""Pictures of the levels of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm.answers.effects.level_effects import effects_of_term, shrinkage
from bayes_glmm.plots.style import BLUE, GREY, ORANGE, SMALL, axes, bounds, legend, warn

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

MOST_LABELS = 120
MOST_ROOM = 40
LONGEST = 28


def plot_caterpillar(
    tree: xr.DataTree, group: str, term: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw each level's deviation with its interval, sorted.

    Intervals that leave out zero are in colour.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    group : str
        Name of a group of the model.
    term : str, optional
        Which varying term; the first when not given.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    ResultError
        The model has no such group, or the group no such varying term.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> bg.plot_caterpillar(tree, "hospital").get_xlabel()[:9]
    'deviation'
    """
    table = effects_of_term(tree, group, term)
    term = table["term"].iloc[0]
    rows = table.sort_values("mean", kind="stable")
    low, high, name = bounds(table)
    places = np.arange(len(rows))
    ax = axes(ax, height=_height(len(rows)), grid="x")
    width = 1.6 if len(rows) <= MOST_LABELS else 0.5
    apart = ((rows[low] > 0) | (rows[high] < 0)).to_numpy()
    ax.axvline(0, color=GREY, linewidth=1)
    for chosen, colour in ((~apart, GREY), (apart, BLUE)):
        part = rows[chosen]
        ax.hlines(places[chosen], part[low], part[high], color=colour, linewidth=width)
        ax.plot(part["mean"], places[chosen], "o", color=colour, markersize=2.6 * width)
    _name_levels(ax, rows["level"], group)
    ax.set_xlabel(f"deviation of {term}, {table.attrs['scale']}; mean and {name}")
    return warn(ax, table)


def plot_shrinkage(tree: xr.DataTree, group: str, ax: Axes | None = None) -> Axes:
    """Draw raw estimates, pooled ones, and the way from one to the other.

    Small levels move far, large ones hardly: the size of a point grows with the trials
    or the exposure of its level, or with its rows where there are neither. Raw
    estimates that do not exist are left out and counted.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    group : str
        Name of a group of the model.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> ax = bg.plot_shrinkage(tree, "hospital")
    """
    table = shrinkage(tree, group)
    low, high, name = bounds(table)
    rows = table.sort_values("pooled", kind="stable").reset_index(drop=True)
    places = np.arange(len(rows))
    finite = np.isfinite(rows["raw"]).to_numpy()
    raw = rows[finite]
    weight = next((c for c in ("trials", "exposure") if c in rows), "n")
    sizes = 8 + 34 * np.sqrt(rows[weight] / rows[weight].max())
    ax = axes(ax, height=_height(len(rows)) + 0.5, grid="x")
    ax.axvline(0, color=GREY, linewidth=1)
    ax.hlines(places[finite], raw["raw"], raw["pooled"], color=ORANGE, linewidth=0.9, zorder=2)
    ax.hlines(places, rows[low], rows[high], color=BLUE, linewidth=1.6, zorder=2)
    hollow: dict[str, Any] = {"facecolor": "white", "edgecolor": ORANGE, "zorder": 3}
    ax.scatter(raw["raw"], places[finite], s=sizes[finite], label="own rows only", **hollow)
    pooled = f"partially pooled, mean and {name}"
    ax.scatter(rows["pooled"], places, s=sizes, color=BLUE, label=pooled, zorder=4)
    _name_levels(ax, rows["level"], group)
    size_of = "rows" if weight == "n" else weight
    without = int((~finite).sum())
    note = f"\n{without} without a finite estimate of its own" if without else ""
    ax.set_xlabel(f"deviation, {table.attrs['scale']}; point size: {size_of}{note}")
    legend(ax, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    if table.attrs.get("banner"):
        ax.set_title("NOT CONVERGED: do not report", color=ORANGE, fontweight="bold", pad=24)
    return ax


def _height(n: int) -> float:
    return 0.9 + (0.19 * max(n, 6) if n <= MOST_LABELS else 8.0)


def _name_levels(ax: Axes, levels: pd.Series, group: str) -> None:
    """Name every level while names fit; count them otherwise."""
    ax.set_ylim(-0.8, len(levels) - 0.2)
    if len(levels) > MOST_LABELS:
        ax.set_yticks([])
        ax.set_ylabel(f"{len(levels):,} levels of {group}")
        return
    names = [t if len(t) <= LONGEST else t[: LONGEST - 1] + "…" for t in map(str, levels)]
    ax.set_yticks(np.arange(len(names)), [t.replace("$", r"\$") for t in names])
    ax.tick_params(axis="y", length=0, labelsize=SMALL if len(names) <= MOST_ROOM else 8)
    ax.set_ylabel(group)
