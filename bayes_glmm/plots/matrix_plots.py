"""Pictures of relatedness: a tree with its tips' effects, a matrix in order of kinship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import TwoSlopeNorm
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from bayes_glmm.answers.effects.level_places import (
    ancestors,
    correlations,
    exceedance,
    structure_correlations,
    structure_of,
)
from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.plots.style import GREY, ORANGE, SMALL, bounds
from bayes_glmm.results.fit import Fit
from bayes_glmm.structures import Structure

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

COLOURS = "RdBu_r"
MOST_TIPS, MOST_NAMES, MOST_ORDERED = 2_000, 90, 1_500
LONGEST = 26


def plot_tree(tree: xr.DataTree, group: str, term: str | None = None) -> np.ndarray:
    """Draw a lineage with the effects of its levels at the tips.

    Branches have the colour of the posterior mean of the effect at their lower end,
    which for ancestors follows from their descendants. Beside each tip with data are
    its mean and interval.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    group : str
        A group whose structure is a lineage.
    term : str, optional
        Which varying term; the first when not given.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
        The tree and the effects, tip by tip.

    Raises
    ------
    ResultError
        The model has no such group or term, or the group's structure is no lineage.
    ArgumentError
        The tree has more tips than can be looked at.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> import numpy as np
    >>> import pandas as pd
    >>> tips, rng = ["wolf", "fox", "bear", "seal"], np.random.default_rng(1)
    >>> rows = pd.DataFrame({"species": tips * 10, "mass": np.tile([3.5, 2.0, 5.0, 4.5], 10)})
    >>> rows["mass"] += rng.normal(0, 0.3, 40)
    >>> relatives = bg.lineage("((wolf:1,fox:1):1,(bear:1,seal:1):1);")
    >>> tree = bg.fit("mass ~ 1 + (1 | gr(species, T))", rows, structures={"T": relatives})  # doctest: +SKIP
    >>> ax = bg.plot_tree(tree, "species")  # doctest: +SKIP
    """
    table = exceedance(tree, group, term)
    fit = Fit.of(tree)
    structure: Any = structure_of(fit, group)
    if structure.kind != "lineage":
        raise ResultError(
            f"The levels of {group!r} are no lineage but {structure.kind}: see plot_structure and "
            "plot_map."
        )
    lineage = structure.tree
    levels = table["level"].astype(str).tolist()
    shown = _above(lineage, levels)
    tips = [i for i in _tips_in_order(lineage) if shown[i]]
    if len(tips) > MOST_TIPS:
        raise ArgumentError(f"{len(tips)} tips are too many to look at: at most {MOST_TIPS}.")
    values = ancestors(fit, group, fit.group(group).terms.index(table["term"].iloc[0]))
    limit = max(float(np.abs(values[shown]).max()), 1e-9)
    norm = TwoSlopeNorm(0.0, -limit, limit)
    height = _heights(lineage.parent, tips, shown)
    _, (left, right) = plt.subplots(
        1, 2, figsize=(8.6, 1.0 + 0.155 * min(max(len(tips), 14), 80)), layout="constrained",
        width_ratios=(2.1, 1), sharey=True,
    )  # fmt: skip
    _draw_branches(left, lineage, height, shown, values, norm)
    _draw_levels(right, lineage, table, height, norm)
    _label(left, right, lineage, tips, table, group, structure)
    if fit.banner:
        left.set_title("NOT CONVERGED: do not report", color=ORANGE, fontweight="bold")
    return np.array([left, right])


def _above(tree: Any, levels: list[str]) -> np.ndarray:
    """Return which nodes lead to some level."""
    shown = np.isin(np.array(tree.names, dtype=object), levels)
    for node in range(len(tree.parent) - 1, 0, -1):
        shown[tree.parent[node]] |= shown[node]
    return shown


def _tips_in_order(tree: Any) -> list[int]:
    """Return the tips from top to bottom, smaller branches first."""
    below: list[list[int]] = [[] for _ in tree.names]
    size = np.ones(len(tree.names))
    for node in range(len(tree.names) - 1, 0, -1):
        below[tree.parent[node]].append(node)
        size[tree.parent[node]] += size[node]
    waiting, tips = [0], []
    while waiting:
        node = waiting.pop()
        if not below[node]:
            tips.append(node)
        waiting += sorted(below[node], key=lambda n: -size[n])
    return tips


def _heights(parent: np.ndarray, tips: list[int], shown: np.ndarray) -> np.ndarray:
    """Return where each node stands: tips in a row, others midway of their daughters."""
    low, high = np.full(len(parent), np.inf), np.full(len(parent), -np.inf)
    low[tips] = high[tips] = np.arange(len(tips), dtype=float)
    middle = np.zeros(len(parent))
    for node in range(len(parent) - 1, -1, -1):
        if not shown[node] or not np.isfinite(low[node]):
            continue
        middle[node] = (low[node] + high[node]) / 2
        if node:
            above = parent[node]
            low[above] = min(low[above], middle[node])
            high[above] = max(high[above], middle[node])
    return middle


def _draw_branches(
    ax: Axes, tree: Any, height: np.ndarray, shown: np.ndarray, values: np.ndarray, norm: Any
) -> None:
    nodes = np.flatnonzero(shown)[1:] if shown[0] else np.flatnonzero(shown)
    above, depth = tree.parent[nodes], tree.depth
    along = np.stack(
        [np.stack([depth[above], height[nodes]], 1), np.stack([depth[nodes], height[nodes]], 1)], 1
    )
    across = np.stack(
        [np.stack([depth[above], height[above]], 1), np.stack([depth[above], height[nodes]], 1)], 1
    )
    width = float(np.clip(150 / len(nodes), 0.8, 2.4))
    for lines, end in ((across, above), (along, nodes)):
        drawn = LineCollection(
            list(lines), cmap=COLOURS, norm=norm, linewidths=width, capstyle="round"
        )
        drawn.set_array(values[end])
        ax.add_collection(drawn)
    for lines in (across, along):
        ax.add_collection(
            LineCollection(
                list(lines), colors="#4D4D4D", linewidths=width + 0.9, zorder=0.5, alpha=0.35
            )
        )
    ax.autoscale_view()


def _draw_levels(ax: Axes, tree: Any, table: Any, height: np.ndarray, norm: Any) -> None:
    low, high, _ = bounds(table)
    place = {name: i for i, name in enumerate(tree.names)}
    y = height[[place[level] for level in table["level"].astype(str)]]
    width = float(np.clip(120 / len(y), 0.4, 1.6))
    ax.axvline(0, color=GREY, linewidth=1)
    ax.hlines(y, table[low], table[high], color="#9A9A9A", linewidth=width)
    ax.scatter(
        table["mean"], y, c=table["mean"], cmap=COLOURS, norm=norm, s=16 * width,
        edgecolor="#444444", linewidth=0.4, zorder=3,
    )  # fmt: skip


def _label(
    left: Axes, right: Axes, tree: Any, tips: list[int], table: Any, group: str, structure: Any
) -> None:
    for ax in (left, right):
        for side in ("top", "right", "left"):
            ax.spines[side].set_visible(False)
        ax.spines["bottom"].set_color("#B0B0B0")
        ax.tick_params(colors="#333333", length=3, labelsize=SMALL)
        ax.grid(True, axis="x", color="#EDEDED", linewidth=0.7)
        ax.set_axisbelow(True)
    left.set_ylim(len(tips) - 0.3, -0.7)
    if len(tips) <= MOST_NAMES:
        names = [tree.names[i] for i in tips]
        names = [n if len(n) <= LONGEST else n[: LONGEST - 1] + "…" for n in names]
        left.yaxis.tick_right()
        left.set_yticks(range(len(tips)), [n.replace("$", r"\$") for n in names], fontsize=7)
        left.tick_params(axis="y", length=0, pad=2)
    else:
        left.set_yticks([])
    right.tick_params(axis="y", left=False, labelleft=False, right=False, labelright=False)
    left.set_xlim(-0.02, 1.02)
    left.set_xlabel(f"depth in heights of the tree ({structure.height:.4g})", fontsize=SMALL)
    _, _, name = bounds(table)
    right.set_xlabel(
        f"deviation of {group}, {table.attrs['scale']};\nmean and {name}", fontsize=SMALL
    )


def plot_structure(
    what: Structure | xr.DataTree, group: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the correlations of levels as a matrix, relatives beside each other.

    Parameters
    ----------
    what : Structure or xarray.DataTree
        A structure, of which all labels are shown, its parameters at the medians of
        their default priors; or a fit, whose levels with data are shown with the
        parameters at their posterior means.
    group : str, optional
        Of a fit: the group whose structure is shown.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure when not given.

    Returns
    -------
    matplotlib.axes.Axes
        What was drawn on.

    Raises
    ------
    ResultError
        The fit has no such group, or the group has no structure.
    ArgumentError
        There are more levels than can be looked at, or no group is named.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> ax = bg.plot_structure(bg.lineage("((wolf:1,fox:1):1,bear:2);"))
    """
    if isinstance(what, Structure):
        K, title = structure_correlations(what), f"{what.kind}, {len(what.labels)} levels"
    else:
        fit = Fit.of(what)
        known = [g.name for g in fit.groups if g.structure]
        if group is None and len(known) == 1:
            group = known[0]
        if group is None:
            raise ArgumentError(f"Name the group whose structure is to be shown: {known}.")
        K = correlations(fit, group)
        title = f"{structure_of(fit, group).kind} of {group}, {len(K)} levels with data"
    order = _by_relatedness(K.to_numpy())
    shown = K.to_numpy()[np.ix_(order, order)]
    if ax is None:
        _, ax = plt.subplots(figsize=(5.8, 5.0), layout="constrained")
    negative = float(shown.min()) < -0.05
    picture = ax.imshow(
        shown, cmap=COLOURS if negative else "magma_r", vmin=-1 if negative else 0, vmax=1,
        interpolation="nearest",
    )  # fmt: skip
    bar = ax.figure.colorbar(picture, ax=ax, shrink=0.8, aspect=28, pad=0.02)
    bar.outline.set_visible(False)
    bar.set_label("correlation of the effects", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL, length=3)
    ax.set_title(title, fontsize=SMALL + 1)
    for side in ax.spines.values():
        side.set_visible(False)
    if len(K) <= MOST_NAMES // 2:
        names = [str(K.index[i])[:LONGEST].replace("$", r"\$") for i in order]
        ax.set_xticks(range(len(K)), names, rotation=90, fontsize=7)
        ax.set_yticks(range(len(K)), names, fontsize=7)
        ax.tick_params(length=0)
    else:
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel("levels, relatives beside each other", fontsize=SMALL)
    return ax


def _by_relatedness(K: np.ndarray) -> np.ndarray:
    """Return an order in which relatives stand beside each other."""
    if len(K) < 3:
        return np.arange(len(K))
    gaps = squareform(np.maximum(1 - (K + K.T) / 2, 0), checks=False)
    tree = linkage(gaps, "average", optimal_ordering=len(K) <= MOST_ORDERED // 3)
    return leaves_list(tree)
