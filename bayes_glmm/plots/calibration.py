"""Pictures of calibration (ranks against uniform ones) and of power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.diagnose.rank_calibration import LEVEL, Calibration
from bayes_glmm.answers.diagnose.uniformity import Ecdf, ecdf
from bayes_glmm.errors import ArgumentError
from bayes_glmm.plots.style import BLUE, COLOURS, GREY, ORANGE, SMALL, axes, legend

ACROSS = 4


def plot_calibration(
    found: Calibration, quantities: Sequence[str] | None = None, *, prob: float = 0.95
) -> NDArray[Any]:  # of Axes
    """Draw how far ranks are from uniform ones, quantity by quantity.

    The line is the share of ranks below each point, less the share that uniform ones
    have; uniform ranks stay in the band everywhere with probability ``prob`` [1]_. A hump
    above the band means true values that are too often low, posteriors too high; a line
    that rises above it first and falls below it after, posteriors too narrow.

    Parameters
    ----------
    found : Calibration
        Of :func:`bayes_glmm.calibrate`.
    quantities : sequence of str, optional
        All when not given.
    prob : float, default 0.95
        Of the band.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (n_quantities,)
        One for each quantity.

    Raises
    ------
    ArgumentError
        A quantity was not ranked.

    References
    ----------
    .. [1] Säilynoja, Bürkner & Vehtari (2022). Graphical test for discrete uniformity and its
       applications in goodness-of-fit evaluation and multiple sample comparison.
       *Statistics and Computing* 32, 32. doi:10.1007/s11222-022-10090-6

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> calibration = bg.calibrate(
    ...     "weight ~ age + (1 | rat)", bg.dataset("rats"), n=5, draws=100, progress=False,
    ... )
    >>> len(bg.plot_calibration(calibration, ["sigma"]))
    1
    """
    names = found.require(quantities)
    across = min(len(names), ACROSS)
    down = -(-len(names) // across)
    figure, grid = plt.subplots(
        down, across, figsize=(2.5 * across + 0.6, 2.1 * down + 0.5), layout="constrained",
        sharex=True, sharey=True, squeeze=False,
    )  # fmt: skip
    adjusted = found.table.set_index("quantity")["p_adjusted"]
    for ax, name in zip(grid.flat, names, strict=False):
        _difference(axes(ax), ecdf(found.ranks[name].to_numpy(), prob), adjusted[name] < LEVEL)
        ax.set_title(name, fontsize=SMALL, color=ORANGE if adjusted[name] < LEVEL else "black")
    for k, ax in enumerate(list(grid.flat)[len(names) :], start=len(names)):
        ax.remove()
        grid.flat[k - across].tick_params(labelbottom=True)
    figure.supxlabel("rank of the true value among posterior draws, as a share", fontsize=SMALL)
    figure.supylabel("share of ranks below, less expected", fontsize=SMALL)
    return np.asarray(list(grid.flat)[: len(names)])


def _difference(ax: Any, curve: Ecdf, wrong: bool) -> None:
    x = np.concatenate([[0.0], curve.points, [1.0]])
    low, line, high = (
        np.concatenate([[0.0], part - curve.points, [0.0]])
        for part in (curve.low, curve.share, curve.high)
    )
    ax.fill_between(x, low, high, color=GREY, alpha=0.25, linewidth=0)
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.plot(x, line, color=ORANGE if wrong else BLUE, linewidth=1.4)
    ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])


def plot_power(table: pd.DataFrame) -> NDArray[Any]:  # of Axes
    """Draw power and width along designs.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`bayes_glmm.power`, about one question. Along the axis goes the first
        column of the designs; a second one, and a third, make lines.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
        Power with its simulation error, twice the standard error to either side; the
        intervals' mean width.

    Raises
    ------
    ArgumentError
        The table is about several questions, or one design.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame({
    ...     "groups": [10, 20], "question": "beta[treat]", "truth": 0.4, "n": 100,
    ...     "power": [0.4, 0.7], "power_se": [0.05, 0.05], "width": [1.0, 0.7],
    ... })
    >>> table.attrs |= {"designs": ["groups"], "prob": 0.95, "null": 0.0}
    >>> power, width = bg.plot_power(table)
    """
    if table["question"].nunique() != 1:
        raise ArgumentError(
            f"The table answers {table['question'].nunique()} questions: draw them one by one, as in "
            'table[table["question"] == ...].'
        )
    columns = list(table.attrs["designs"])
    if not columns:
        raise ArgumentError("One design is one point: give power() several, in designs=.")
    first, rest = columns[0], columns[1:]
    _, pair = plt.subplots(1, 2, figsize=(8.2, 3.4), layout="constrained")
    parts = list(table.groupby(rest, sort=False)) if rest else [((), table)]
    for k, (label, part) in enumerate(parts):
        colour = COLOURS[k % len(COLOURS)]
        text = ", ".join(f"{c} {v}" for c, v in zip(rest, label, strict=True)) or None
        x = part[first]
        pair[0].errorbar(
            x, part["power"], 2 * part["power_se"], color=colour, label=text, marker="o",
            markersize=4, linewidth=1.4, elinewidth=1,
        )  # fmt: skip
        pair[1].plot(x, part["width"], "-o", color=colour, markersize=4, linewidth=1.4)
    percent = f"{100 * table.attrs['prob']:g} %"
    pair[0].set(
        ylim=(0, 1.03), ylabel=f"share of {percent} intervals without {table.attrs['null']:g}"
    )
    pair[1].set(ylim=(0, None), ylabel=f"mean width of {percent} intervals")
    for ax in pair:
        axes(ax).set_xlabel(first)
        ax.yaxis.label.set_size(SMALL)
    if rest:
        legend(pair[0], loc="lower right")
    pair[0].figure.suptitle(f"{table['question'].iloc[0]}", fontsize=SMALL + 1)
    return np.asarray(pair)
