"""Pictures of people along time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm.answers.predict.trajectories import Trajectories, trajectories
from bayes_glmm.answers.require import able
from bayes_glmm.literals import Scale
from bayes_glmm.plots.style import COLOURS, GREY, SMALL, axes, bounds, legend, warn
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

type Part = tuple[Any, pd.DataFrame]


def plot_trajectories(
    tree: xr.DataTree,
    time: str,
    group: str,
    n: int = 40,
    ax: Axes | None = None,
    *,
    by: str | None = None,
    scale: Scale = "response",
    category: str | None = None,
    seed: int = 0,
) -> Axes:
    """Draw fitted curves of single levels, their average, and how much levels differ.

    Where the link is not linear the average is not the curve of a typical level, one with
    effects of zero: the average is what a policy sees. The pale band is where the curves of
    new levels lie. Levels need not be seen at the same times: each is drawn from its first
    row to its last.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    time : str
        A numeric column.
    group : str
        A group with columns of its own.
    n : int, default 40
        The most single levels to draw, spaced evenly.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.
    by : str, optional
        Curves for each value of this column.
    scale : {"response", "link"}
        The mean response, or the predictor; there ordered categories have their boundaries
        as lines.
    category : str, optional
        Of ordered categories: the probability of this one or a higher one is drawn; by
        default of the middle one.
    seed : int, default 0
        For new levels.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    ArgumentError
        ``time`` is no numeric column, the group has no column, or there is no such category,
        column or scale.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> bg.plot_trajectories(tree, "age", "rat").get_xlabel()
    'age'
    """
    fit = Fit.of(tree)
    found = trajectories(tree, time, group, by, n=n, scale=scale, category=category, seed=seed)
    ax = axes(ax)
    straight = scale == "link" or able(fit.link, "straight")
    *_, name = bounds(found.average)
    _single(ax, found, group, by)
    for k, (label, part) in enumerate(_parts(found.average, by)):
        colour = COLOURS[(k + 1) % len(COLOURS)] if by is None else COLOURS[k % len(COLOURS)]
        low, high, _ = bounds(part)
        spread = dict(_parts(found.new, by)).get(label, found.new)
        told = f"new {group}: not related to these" if found.alone else f"new {group}, {name}"
        ax.fill_between(
            spread.iloc[:, 0], spread[low], spread[high], color=colour, alpha=0.1, linewidth=0,
            label=None if k else told,
        )  # fmt: skip
        text = "average over the population" if label is None else f"{by} {label}, average"
        ax.fill_between(
            part.iloc[:, 0], part[low], part[high], color=colour, alpha=0.3, linewidth=0
        )
        ax.plot(part.iloc[:, 0], part["mean"], color=colour, linewidth=2.2, label=text)
        if not straight:
            typical = dict(_parts(found.typical, by))[label]
            ax.plot(
                typical.iloc[:, 0], typical["mean"], "--", color=colour, linewidth=1.6,
                label=f"typical {group} (effects of zero)" if not k else None,
            )  # fmt: skip
    for boundary, value in found.thresholds.items():
        ax.axhline(value, color=GREY, linewidth=1, linestyle=":")
        ax.annotate(
            str(boundary).replace("$", r"\$"), (1, value), (-2, 2), color=GREY, ha="right",
            xycoords=ax.get_yaxis_transform(), textcoords="offset points", fontsize=SMALL - 1,
        )  # fmt: skip
    _limit(ax, found, fit, scale)
    legend(ax)
    ax.set_xlabel(time)
    ax.set_ylabel(f"{found.scale}\nmean and {name}", fontsize=SMALL)
    return warn(ax, fit)


def _single(ax: Axes, found: Trajectories, group: str, by: str | None) -> None:
    values = [label for label, _ in _parts(found.average, by)]
    for _, part in found.own.groupby("level", sort=False):
        own = part.iloc[0, 1] if by else None
        colour = COLOURS[values.index(own) % len(COLOURS)] if by else GREY
        ax.plot(part.iloc[:, 0], part["mean"], color=colour, linewidth=0.7, alpha=0.45)
    drawn = found.own["level"].nunique()
    ax.plot([], [], color=GREY, linewidth=0.9, label=f"single {group} ({drawn} of {found.levels})")


def _parts(table: pd.DataFrame, by: str | None) -> Iterator[Part]:
    """Part a table by its second column; the time is its first, however they are named."""
    if by is None:
        yield None, table
    else:
        yield from table.groupby(table.columns[1], observed=True, sort=True)


def _limit(ax: Axes, found: Trajectories, fit: Fit, scale: str) -> None:
    """Keep a few extreme new levels of a skewed response from squeezing all others."""
    if scale == "link" or fit.link.ratio() != "ratio":
        return
    low, high, _ = bounds(found.average)
    most = max(found.own["mean"].max(), found.average[high].max())
    if found.alone:
        return
    spread = np.quantile(found.new[high], 0.9)
    ax.set_ylim(0, 1.15 * float(max(most, min(spread, 2 * most))))
