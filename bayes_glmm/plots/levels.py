"""Pictures of the levels of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_glmm.answers.effects import random_effects, shrinkage
from bayes_glmm.errors import ResultError, suggestion
from bayes_glmm.plots.style import BLUE, GREY, ORANGE, axes, bounds, warn

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

MOST_LABELS = 80


def plot_caterpillar(
    tree: xr.DataTree, group: str, term: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw each level's deviation with its interval, sorted.

    Parameters
    ----------
    tree : xarray.DataTree
    group : str
    term : str, optional
        Which varying term; the first when not given.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes
    """
    table = random_effects(tree, group)
    terms = list(dict.fromkeys(table["term"]))
    term = terms[0] if term is None else term
    if term not in terms:
        raise ResultError(f"{group!r} has no varying term {term!r}." + suggestion(term, terms))
    rows = table[table["term"] == term].sort_values("mean")
    low, high, name = bounds(table)
    places = np.arange(len(rows))
    ax = axes(ax, height=max(2.6, min(14.0, 0.9 + 0.19 * len(rows))))
    apart = (rows[low] > 0) | (rows[high] < 0)
    ax.axvline(0, color=GREY, linewidth=1)
    for chosen, colour in ((~apart, GREY), (apart, BLUE)):
        part, at = rows[chosen], places[chosen.to_numpy()]
        ax.hlines(at, part[low], part[high], color=colour, linewidth=1.6)
        ax.plot(part["mean"], at, "o", color=colour, markersize=4)
    if len(rows) <= MOST_LABELS:
        ax.set_yticks(places, rows["level"], fontsize=8 if len(rows) < 40 else 6)
    else:
        ax.set_yticks([])
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.grid(False, axis="y")
    ax.set_ylabel(group)
    ax.set_xlabel(f"deviation of {term}, {table.attrs['scale']}; mean and {name}")
    return warn(ax, table)


def plot_shrinkage(tree: xr.DataTree, group: str, ax: Axes | None = None) -> Axes:
    """Draw raw estimates, pooled ones, and the way from one to the other.

    Small levels move far, large ones hardly: the size of a point grows with the
    rows of its level. Raw estimates that do not exist are left out and counted.
    """
    table = shrinkage(tree, group)
    low, high, name = bounds(table)
    rows = table.sort_values("pooled").reset_index(drop=True)
    places = np.arange(len(rows))
    finite = np.isfinite(rows["raw"])
    sizes = 14 + 60 * np.sqrt(rows["n"] / rows["n"].max())
    ax = axes(ax, height=max(2.8, min(14.0, 1.1 + 0.19 * len(rows))))
    ax.axvline(0, color=GREY, linewidth=1)
    ax.hlines(places, rows[low], rows[high], color=BLUE, linewidth=1.2, alpha=0.55)
    at = places[finite]
    ax.hlines(
        at, rows["raw"][finite], rows["pooled"][finite], color=ORANGE, linewidth=0.9, alpha=0.8
    )
    ax.scatter(
        rows["raw"][finite],
        at,
        s=sizes[finite],
        facecolor="white",
        edgecolor=ORANGE,
        label="own rows only",
    )
    ax.scatter(rows["pooled"], places, s=sizes, color=BLUE, label=f"partially pooled, {name}")
    if len(rows) <= MOST_LABELS:
        ax.set_yticks(places, rows["level"], fontsize=8 if len(rows) < 40 else 6)
    else:
        ax.set_yticks([])
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.grid(False, axis="y")
    without = int((~finite).sum())
    note = f"; {without} without a finite raw estimate" if without else ""
    ax.set_xlabel(f"deviation, {table.attrs['scale']}{note}")
    ax.set_ylabel(group)
    ax.legend(frameon=False, fontsize=8, loc="lower right")
    return warn(ax, table)
