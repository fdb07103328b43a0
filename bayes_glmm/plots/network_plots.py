"""The picture of a network of treatments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_glmm.answers.meta.network import Network, network
from bayes_glmm.plots.style import BLUE, COLOURS, GREY, ORANGE, SMALL, axes
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

LARGEST, SMALLEST = 1500.0, 60.0
WIDEST = 9.0


def plot_network(tree: xr.DataTree, study: str, treatment: str, ax: Axes | None = None) -> Axes:
    """Draw which treatments studies set beside one another.

    Parameters
    ----------
    tree : xarray.DataTree
        A fitted result, one row per arm, or per patient: ``treatment`` varies within studies.
    study : str
        A group of the model, or a column that it reads.
    treatment : str
        A factor of the model.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.

    Returns
    -------
    matplotlib.axes.Axes
        A circle for each treatment, its area in proportion to the patients (or the
        exposure, or the rows); a line for each pair that studies compare directly, as wide
        as there are studies, with their number. Parts of the network that no study joins
        have colours of their own: nothing can be said of one against another.

    Raises
    ------
    ArgumentError
        The treatment is no factor of the model.
    ResultError
        The model has no such group or column of studies.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("treatment_network", bg.dataset("smoking_cessation"))
    >>> ax = bg.plot_network(tree, "study", "treatment")
    """
    fit = Fit.of(tree)
    found = network(fit, study, treatment)
    ax = axes(ax, 6.0, 5.0)
    turn = np.pi / 2 - 2 * np.pi * np.arange(len(found.treatments)) / len(found.treatments)
    places = np.column_stack([np.cos(turn), np.sin(turn)])
    _draw_comparisons(ax, found, places)
    _draw_treatments(ax, found, places)
    ax.set(xlim=(-1.75, 1.75), ylim=(-1.5, 1.6), aspect="equal")
    ax.axis("off")
    ax.grid(False)
    total = found.treatments["amount"].sum()
    ax.set_title(
        f"{_heading(found)}\nareas: {found.amount}, {total:,.0f} in all; lines: number of studies with both",
        fontsize=SMALL, color=ORANGE if found.parts > 1 else "#333333",
    )  # fmt: skip
    if fit.banner:
        ax.set_title("NOT CONVERGED: do not report", color=ORANGE, fontweight="bold")
    return ax


def _heading(found: Network) -> str:
    if found.parts > 1:
        return f"{found.parts} parts that no study joins: nothing compares one with another"
    return f"{len(found.treatments)} treatments, {len(found.comparisons)} direct comparisons"


def _draw_comparisons(ax: Axes, found: Network, places: np.ndarray) -> None:
    most = found.comparisons["studies"].max() if len(found.comparisons) else 1
    for first, second, n in found.comparisons.to_numpy(int):
        ends = places[[first, second]]
        ax.plot(*ends.T, color="#BDBDBD", linewidth=max(1.0, WIDEST * n / most), zorder=1,
                solid_capstyle="round")  # fmt: skip
        # off the middle, where lines across the circle meet
        x, y = ends[0] * 0.6 + ends[1] * 0.4
        ax.text(x, y, str(n), fontsize=SMALL, color="#333333", ha="center", va="center", zorder=2,
                bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"})  # fmt: skip


def _draw_treatments(ax: Axes, found: Network, places: np.ndarray) -> None:
    table = found.treatments
    areas = np.maximum(LARGEST * table["amount"] / table["amount"].max(), SMALLEST)
    several = found.parts > 1
    colours = [COLOURS[p % len(COLOURS)] if several else BLUE for p in table["part"]]
    ax.scatter(
        places[:, 0], places[:, 1], s=areas, c=colours, edgecolors="white", linewidths=1.5, zorder=3
    )
    for (x, y), name, n, amount in zip(
        places, table["treatment"], table["studies"], table["amount"], strict=True
    ):
        side = "center" if abs(x) < 0.2 else "left" if x > 0 else "right"
        reach = 1.2 if side != "center" else 1.42 if y > 0 else 1.24
        ax.text(x * reach, y * reach, name, ha=side, va="center", fontsize=SMALL + 1)
        ax.annotate(
            f"{n} {'study' if n == 1 else 'studies'}, {amount:,.0f}",
            (x * reach, y * reach), (0, -12), textcoords="offset points", ha=side, va="center",
            fontsize=SMALL - 1, color=GREY,
        )  # fmt: skip
