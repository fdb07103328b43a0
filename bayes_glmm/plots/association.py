"""Manhattan and quantile-quantile plots of scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.plots.style import BLUE, GREY, ORANGE, SMALL, axes, legend, warn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GENOME_WIDE = 5e-8
SHADES = (BLUE, "#56B4E9")
FEW_SHOWN = 2_000
"""Dots of tests that are not small; more would lie on one another."""
CHANCE = 0.95


def plot_manhattan(
    table: pd.DataFrame,
    ax: Axes | None = None,
    *,
    column: str = "log10_p",
    threshold: float | None = GENOME_WIDE,
    label: int = 5,
) -> Axes:
    """Draw the tests of a scan along the genome.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`bayes_glmm.scan` returned.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.
    column : {"log10_p", "log10_bf"}
        What goes upwards.
    threshold : float, optional
        A p to draw a line at, and to name markers beyond; none for Bayes factors.
    label : int, default 5
        How many markers beyond it are named, the best of each neighbourhood.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    ArgumentError
        The table has no such column.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame({
    ...     "marker": ["a", "b", "c"], "chromosome": ["1", "1", "2"], "position": [10, 20, 10],
    ...     "p": [0.2, 1e-9, 0.5], "log10_p": [0.7, 9.0, 0.3], "log10_bf": [-0.3, 6.5, -0.4],
    ... })
    >>> ax = bg.plot_manhattan(table)
    """
    shown = _tested(table, column)
    ax = warn(axes(ax, 8.6, 3.6), table)
    at, ticks, names, shade = _places(shown)
    height = shown[column].to_numpy(float)
    for k in (0, 1):
        mine = shade == k
        ax.plot(at[mine], height[mine], ".", color=SHADES[k], markersize=3, rasterized=True)
    line = -np.log10(threshold) if threshold and column == "log10_p" else None
    top = float(np.nanmax(height))
    if line is not None:
        ax.axhline(line, color=ORANGE, linewidth=1, linestyle="--")
        ax.annotate(
            f"p = {threshold:g}", (1, line), (-2, 2), xycoords=("axes fraction", "data"),
            textcoords="offset points", ha="right", color=ORANGE, fontsize=SMALL - 1,
        )  # fmt: skip
        top = max(top, line)
        _name(ax, at, height, shown["marker"].to_numpy(str), line, label)
    ax.set_ylim(min(0.0, float(np.nanmin(height))), 1.12 * top)
    ax.margins(x=0.01)
    ax.set_xticks(ticks, names)
    ax.grid(False)
    ax.set_xlabel("chromosome" if "chromosome" in shown else "marker, in the table's order")
    ax.set_ylabel(r"$-\log_{10}\,p$" if column == "log10_p" else r"$\log_{10}$ Bayes factor")
    return ax


def plot_qq(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the p of a scan beside those of a genome without effects.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`bayes_glmm.scan` returned.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.

    Returns
    -------
    matplotlib.axes.Axes
        The band has 95 % of each rank's values where tests are independent; the genomic
        inflation factor is in the legend.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame({"p": [0.02, 0.3, 0.5, 0.9], "log10_p": [1.7, 0.52, 0.3, 0.05]})
    >>> table.attrs["genomic_inflation"] = 1.02
    >>> ax = bg.plot_qq(table)
    """
    from scipy.stats import beta

    height = np.sort(_tested(table, "log10_p")["log10_p"].to_numpy(float))[::-1]
    n = len(height)
    rank = np.arange(1, n + 1)
    expected = -np.log10((rank - 0.5) / n)
    seen = np.unique(np.geomspace(1, n, FEW_SHOWN).astype(int)) - 1
    ax = warn(axes(ax, 4.4, 4.2), table)
    low, high = (
        -np.log10(beta.ppf(q, rank[seen], n + 1 - rank[seen]))
        for q in (0.5 + CHANCE / 2, 0.5 - CHANCE / 2)
    )
    ax.fill_between(
        expected[seen], low, high, color=GREY, alpha=0.25, linewidth=0, label="by chance, 95 %"
    )
    ax.plot(expected[seen], expected[seen], color=GREY, linewidth=1)
    inflation = table.attrs.get("genomic_inflation")
    text = "markers" if inflation is None else f"markers, inflation {inflation:.3f}"
    ax.plot(expected[seen], height[seen], ".", color=BLUE, markersize=4, label=text)
    ax.set_xlabel(r"expected $-\log_{10}\,p$")
    ax.set_ylabel(r"observed $-\log_{10}\,p$")
    legend(ax, loc="upper left")
    return ax


def _tested(table: pd.DataFrame, column: str) -> pd.DataFrame:
    if column not in table.columns:
        raise ArgumentError(
            f"The table has no column {column!r}." + suggestion(column, [*map(str, table.columns)])
        )
    markers = table[np.isfinite(table[column].to_numpy(float))]
    if markers.empty:
        raise ArgumentError("No marker of the table was tested.")
    return markers


def _places(
    shown: pd.DataFrame,
) -> tuple[NDArray[np.float64], list[float], list[str], NDArray[np.int64]]:
    """Return places along the axis, ticks with names, and one of two shades."""
    n = len(shown)
    if "chromosome" not in shown:
        return np.arange(n, dtype=float), [], [], np.zeros(n, np.int64)
    codes, names = pd.factorize(shown["chromosome"].astype(str))
    within = np.arange(n, dtype=float)
    if "position" in shown:
        within = shown["position"].to_numpy(float)
    at = np.empty(n)
    ticks, reach = [], 0.0
    for k in range(len(names)):
        mine = codes == k
        own = within[mine] - within[mine].min()
        width = max(float(own.max()), 1.0)
        at[mine] = reach + own
        ticks.append(reach + width / 2)
        reach += width
    return at, ticks, [str(v) for v in names], codes % 2


def _name(
    ax: Axes, at: NDArray[np.float64], height: NDArray[np.float64], names: NDArray[np.str_],
    line: float, most: int,
) -> None:  # fmt: skip
    """Name the best marker of each neighbourhood beyond the line."""
    near = 0.03 * (float(np.ptp(at)) or 1.0)
    taken: list[float] = []
    for i in np.argsort(-height):
        if height[i] < line or len(taken) == most:
            return
        if all(abs(at[i] - other) > near for other in taken):
            taken.append(float(at[i]))
            ax.annotate(
                names[i].replace("$", r"\$"), (at[i], height[i]), (0, 4), ha="center",
                textcoords="offset points", fontsize=SMALL - 1, color="#333333",
            )  # fmt: skip
