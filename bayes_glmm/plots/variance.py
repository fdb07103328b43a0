"""A picture of where the variance comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from bayes_glmm.answers.variance.partition import variance_partition
from bayes_glmm.literals import VarianceScale
from bayes_glmm.plots.style import BLUE, GREEN, GREY, ORANGE, SMALL, axes, bounds, warn

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

COLOUR = {"fixed": GREEN, "random": BLUE, "over-dispersion": ORANGE, "interaction": "#56B4E9"}
WORDS = {"fixed": "fixed effects", "residual": "residual (distribution)",
         "interaction": "groups together"}  # fmt: skip


def plot_variance(
    tree: xr.DataTree, scale: VarianceScale = "latent", ax: Axes | None = None
) -> Axes:
    """Draw the share of variance of each component, with its interval.

    The largest share of groups comes first; fixed effects are above them and the
    distribution's own variance below. R² is written under the axis.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    scale : {"latent", "data"}
        As in :func:`bayes_glmm.variance_partition`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    ArgumentError
        An unknown scale, or a link without a mean over the population of groups.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> ax = bg.plot_variance(tree)
    """
    table = variance_partition(tree, scale)
    low, high, name = bounds(table)
    rows = _ordered(table[~table["kind"].isin(["icc", "r2"])])
    places = np.arange(len(rows))[::-1]
    ax = axes(ax, height=1.4 + 0.38 * len(rows), grid="x")
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        colour = COLOUR.get(row["kind"], GREY)
        ax.barh(place, row["mean"], height=0.62, color=colour, alpha=0.45, linewidth=0)
        ax.plot([row[low], row[high]], [place, place], color=colour, linewidth=2.2)
        ax.text(
            min(row[high] + 0.015, 1.02), place, f"{row['mean']:.0%}", va="center", fontsize=SMALL,
            color="#333333",
        )  # fmt: skip
    ax.set_yticks(places, [_label(row) for _, row in rows.iterrows()])
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(0, max(1.0, float(rows[high].max())) + 0.09)
    ax.set_xticks(np.linspace(0, 1, 6), [f"{share:.0%}" for share in np.linspace(0, 1, 6)])
    by_name = table.set_index("component")["mean"]
    squared = (
        f"R² marginal {by_name['r2_marginal']:.2f}, conditional {by_name['r2_conditional']:.2f}"
    )
    ax.set_xlabel(f"share of variance, {table.attrs['scale']}; mean and {name}\n{squared}")
    return warn(ax, table)


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    order = {"fixed": 0, "random": 1, "over-dispersion": 2, "interaction": 3, "residual": 4}
    keys = pd.DataFrame({"kind": rows["kind"].map(order), "size": -rows["mean"]})
    return rows.loc[keys.sort_values(["kind", "size"], kind="stable").index]


def _label(row: pd.Series) -> str:
    name = WORDS.get(row["kind"], str(row["component"]))
    return name.replace("$", r"\$")
