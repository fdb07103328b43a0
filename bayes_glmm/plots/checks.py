"""Pictures that check a model: replicated data, and priors beside posteriors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from bayes_glmm.answers.diagnose.ppc import predictive_check
from bayes_glmm.answers.diagnose.verdicts_priors import prior_posterior
from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.variable_table import named_priors
from bayes_glmm.plots.style import BLUE, GREY, ORANGE, SMALL, axes, bounds, legend, warn
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.priors import Prior

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

MOST_PANELS = 24
LEGEND_ROOM = 0.2
MOST_NAMED = 16
FEW_BARS = 8


def plot_ppc(tree: xr.DataTree, n: int = 400, ax: Axes | None = None) -> Axes:
    """Draw the responses beside those of replicated data sets.

    Up to forty responses are compared row by row, more of them bin by bin. Binary
    responses are compared with their predicted probabilities, in tenths of the rows, and
    compositions by how much each category's share differs between rows.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    n : int, default 400
        Number of replicated data sets.
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
    >>> ax = bg.plot_ppc(tree, n=100)
    """
    fit = Fit.of(tree)
    table = predictive_check(fit, n=n)
    ax = axes(ax)
    DRAWN[table.attrs["kind"]](ax, table, fit.spec.response.column)
    if fit.design.categories:
        names = [c.replace("$", r"\$") for c in fit.design.categories]
        ax.set_xticks(range(len(names)), names)
    legend(ax)
    return warn(ax, fit)


def _frequencies(ax: Axes, table: pd.DataFrame, name: str) -> None:
    low, high, interval = bounds(table)
    label = f"{table.attrs['draws']} replicated data sets, {interval}"
    ax.bar(
        table["value"], table[high] - table[low], table["width"] * 0.92, bottom=table[low],
        color=BLUE, alpha=0.3, linewidth=0, label=label,
    )  # fmt: skip
    half = 0.46 * table["width"]
    ax.hlines(
        table["mean"], table["value"] - half, table["value"] + half, color=BLUE, linewidth=1.4
    )
    ax.plot(
        table["value"], table["observed"], "o", color=ORANGE, markersize=4.5, label="observed",
        zorder=5,
    )  # fmt: skip
    most = float(max(table[high].max(), table["observed"].max()))
    ax.set_ylim(-0.025 * most, most * (1 + (LEGEND_ROOM if len(table) < FEW_BARS else 0.06)))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    beyond = table.attrs["beyond"]
    ax.set_xlabel(table.attrs["scale"] + (f" ({beyond} rows beyond the axis)" if beyond else ""))
    ax.set_ylabel("number of rows")


def _calibration(ax: Axes, table: pd.DataFrame, name: str) -> None:
    low, high, interval = bounds(table)
    ends = [0.0, float(max(table["value"].max(), table["observed"].max(), table[high].max()))]
    ax.plot(ends, ends, color=GREY, linewidth=1)
    label = f"{table.attrs['draws']} replicated data sets, {interval}"
    ax.vlines(
        table["value"], table[low], table[high], color=BLUE, alpha=0.4, linewidth=6, label=label
    )
    ax.plot(table["value"], table["observed"], "o", color=ORANGE, markersize=5, label="observed")
    ax.set_xlabel("predicted probability (rows in tenths)")
    ax.set_ylabel(f"share of rows with {name} = 1")


def _spreads(ax: Axes, table: pd.DataFrame, name: str) -> None:
    low, high, interval = bounds(table)
    label = f"{table.attrs['draws']} replicated data sets, mean and {interval}"
    ax.vlines(table["value"], table[low], table[high], color=BLUE, alpha=0.4, linewidth=6)
    ax.plot(table["value"], table["mean"], "_", color=BLUE, markersize=10, label=label)
    ax.plot(table["value"], table["observed"], "o", color=ORANGE, markersize=5, label="observed")
    ax.set_xlim(-0.6, len(table) - 0.4)
    ax.set_ylim(0, (1 + LEGEND_ROOM) * float(max(table[high].max(), table["observed"].max())))
    ax.set_ylabel(table.attrs["scale"])


def _rows(ax: Axes, table: pd.DataFrame, name: str) -> None:
    low, high, interval = bounds(table)
    label = f"{table.attrs['draws']} replications, mean and {interval}"
    ax.vlines(table["value"], table[low], table[high], color=BLUE, alpha=0.4, linewidth=6)
    ax.plot(table["value"], table["mean"], "_", color=BLUE, markersize=8, label=label)
    ax.plot(table["value"], table["observed"], "o", color=ORANGE, markersize=5, label="observed")
    few = len(table) <= MOST_NAMED
    ax.set_xticks(table["value"] if few else [], table["row"].map(_plain) if few else [])
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + LEGEND_ROOM * (top - bottom))
    ax.set_xlabel("row, by its predicted mean")
    ax.set_ylabel(table.attrs["scale"])


DRAWN = {
    "calibration": _calibration,
    "frequencies": _frequencies,
    "rows": _rows,
    "spreads": _spreads,
}


def plot_prior_posterior(
    tree: xr.DataTree, names: list[str] | None = None
) -> NDArray[Any]:  # of Axes
    """Draw the prior and the posterior of every parameter that has a prior on a line.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    names : list of str, optional
        Names of priors as in ``priors=``: ``"sd_ward[intercept]"``, ``"x"``, or ``"sd"`` for all
        of a kind; the first 24 when not given.

    Returns
    -------
    ndarray of matplotlib.axes.Axes
        One panel per parameter; its horizontal axis is on the parameter's own scale.

    Raises
    ------
    ArgumentError
        No parameter has one of the names.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> len(bg.plot_prior_posterior(tree))
    2
    """
    fit = Fit.of(tree)
    asked = None
    if names is not None:
        asked = [p for n in names for p in named_priors(fit.variables, fit.priors, str(n))]
    wanted = [p for p in prior_posterior(fit) if asked is None or p[0] in asked][:MOST_PANELS]
    if not wanted:
        raise ArgumentError(f"No prior on a line has the name {names!r}: see bg.priors().")
    columns = min(3, len(wanted))
    rows = -(-len(wanted) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(2.6 * columns, 1.9 * rows + 0.5), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for ax, (name, draws, x, density) in zip(grid.ravel(), wanted, strict=False):
        axes(ax, grid="x").hist(
            draws, bins=30, density=True, color=BLUE, alpha=0.5, label="posterior"
        )
        ax.plot(x, density, color=ORANGE, linewidth=1.8, label="prior")
        ax.fill_between(x, density, color=ORANGE, alpha=0.12, linewidth=0)
        ax.set_xlim(x[0], x[-1])
        ax.set_ylim(bottom=0)
        where = " at the covariates' means" if name in _at_means(fit) else ""
        ax.set_title(f"{_plain(name)}{where}", fontsize=SMALL)
        ax.set_xlabel(_prior_text(fit.priors[name]), fontsize=SMALL - 1, color=ORANGE)
        ax.set_yticks([])
        ax.locator_params(axis="x", nbins=5)
    for ax in grid.ravel()[len(wanted) :]:
        ax.set_visible(False)
    handles, labels = grid.ravel()[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper right", ncols=2, fontsize=SMALL, frameon=False
    )
    if fit.banner:
        figure.suptitle("NOT CONVERGED: do not report", color=ORANGE, fontweight="bold")
    return np.asarray(grid.ravel()[: len(wanted)])


def _at_means(fit: Fit) -> set[str]:
    """Return the intercepts whose priors are at the means of covariates."""
    return {p.intercept_name for p in fit.design.every if p.coefficients}


def _plain(text: str) -> str:
    """Keep a dollar sign from being read as mathematics."""
    return text.replace("$", r"\$")


def _prior_text(prior: Prior) -> str:
    return f"{prior.name}({', '.join(f'{v:.3g}' for _, v in prior.parameters)})"
