"""One restrained style for every picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import matplotlib.pyplot as plt
import pandas as pd

from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREY, GREEN = "#0072B2", "#D55E00", "#7A7A7A", "#009E73"
COLOURS = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#E69F00")
LINES = ("-", "--", "-.", ":")
SMALL = 9


def axes(
    ax: Axes | None, width: float = 6.4, height: float = 3.8, *, grid: Literal["x", "y"] = "y"
) -> Axes:
    """Return the axes to draw on, new ones where none are given."""
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color("#B0B0B0")
    ax.tick_params(colors="#333333", length=3, labelsize=SMALL)
    ax.grid(True, axis=grid, color="#E6E6E6", linewidth=0.7)
    ax.set_axisbelow(True)
    return ax


def legend(ax: Axes, title: str | None = None, **where: object) -> None:
    """Draw a legend without a box, legible over lines."""
    box = ax.legend(title=title, fontsize=SMALL, framealpha=0.85, edgecolor="none", **where)
    box.get_title().set_fontsize(SMALL)


def bounds(table: pd.DataFrame) -> tuple[str, str, str]:
    """Return the names of the interval's columns, and its name for a reader."""
    low = next(c for c in table if str(c).endswith("_lb"))
    stem = str(low).removesuffix("_lb")
    kind = "".join(c for c in stem if c.isalpha()).upper()
    return low, f"{stem}_ub", f"{stem[len(kind) :]} % {kind}"


def warn(ax: Axes, table: pd.DataFrame | Fit) -> Axes:
    """Write across the top when the chains did not converge."""
    banner = table.attrs.get("banner") if isinstance(table, pd.DataFrame) else table.banner
    if banner:
        ax.set_title("NOT CONVERGED: do not report", color=ORANGE, fontweight="bold")
    return ax
