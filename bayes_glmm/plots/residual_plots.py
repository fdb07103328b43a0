"""Residuals beside what they would be if the model were right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from bayes_glmm.answers.answer_tables import interval
from bayes_glmm.answers.diagnose.residuals import MEANING, REPLICATIONS, pit_residuals
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.literals import Effects
from bayes_glmm.plots.style import BLUE, GREY, ORANGE, SMALL, axes, bounds, legend
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

type Array = NDArray[np.float64]
QUARTILES = (0.25, 0.5, 0.75)
FEWEST, MOST_BINS, MOST_VALUES, MOST_DOTS = 20, 12, 12, 5000
REACH = 1.12


def plot_residuals(
    tree: xr.DataTree,
    groups: Effects = "known",
    against: str | None = None,
    *,
    n: int = REPLICATIONS,
    seed: int = 0,
) -> NDArray[Any]:  # of Axes
    """Draw quantile residuals: their distribution, and what they go with.

    To the left their quantiles beside normal ones, with the interval that replicated
    data sets have at every quantile, so that rows of one group may go together. To the
    right the residuals along the fitted mean or a column; the lines are quartiles,
    which lie on the dotted ones where the model is right.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    groups : {"known", "new"}
        As in :func:`bayes_glmm.residuals`.
    against : str, optional
        A column that the model reads; the fitted mean when not given.
    n : int, default 1000
        Replicated data sets.
    seed : int, default 0
        Equal seeds give equal results.

    Returns
    -------
    ndarray of matplotlib.axes.Axes, shape (2,)
        Quantiles, and residuals along something.

    Raises
    ------
    ArgumentError
        The model reads no such column, or responses are censored.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit("weight ~ age + (1 + age | rat)", bg.dataset("rats"))
    >>> quantiles, along = bg.plot_residuals(tree, n=200)
    """
    fit = Fit.of(tree)
    if groups not in MEANING:
        raise ArgumentError(f"groups={groups!r}: use 'known' or 'new'.")
    columns = [c for c in fit.data if c != fit.spec.response.column]
    if against is not None and against not in columns:
        raise ArgumentError(
            f"The model reads no column {against!r}." + suggestion(against, columns)
        )
    found = pit_residuals(fit, groups, n=n, seed=seed)
    _, pair = plt.subplots(1, 2, figsize=(8.6, 3.9), layout="constrained")
    residual, again = ndtri(found.observed), ndtri(found.replicated)
    _quantiles(axes(pair[0]), residual, again)
    x = pd.Series(found.fitted, name="fitted mean") if against is None else fit.data[against]
    _along(axes(pair[1]), x.reset_index(drop=True), residual)
    figure = pair[0].figure
    if fit.banner:
        figure.suptitle("NOT CONVERGED: do not report", color=ORANGE, fontweight="bold")
    else:
        figure.suptitle(f"Quantile residuals {MEANING[groups]}", fontsize=SMALL + 1)
    return np.asarray(pair)


def _quantiles(ax: Axes, residual: Array, again: Array) -> None:
    places = ndtri((np.arange(len(residual)) + 0.5) / len(residual))
    low, high, names = interval(np.sort(again, axis=1))
    _, _, name = bounds(pd.DataFrame(columns=list(names)))
    ax.fill_between(
        places, low, high, color=BLUE, alpha=0.22, linewidth=0, label=f"replicated data, {name}"
    )
    ax.plot(places, places, color=GREY, linewidth=1)
    ax.plot(places, np.sort(residual), ".", color=ORANGE, markersize=3.5, label="observed")
    ax.set_xlabel("normal quantile")
    ax.set_ylabel("quantile residual")
    legend(ax, loc="upper left")


def _along(ax: Axes, x: pd.Series, residual: Array) -> None:
    shown = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_DOTS)).astype(int))
    numeric = x.dtype.kind in "iuf"
    if numeric and x.nunique() > MOST_VALUES:
        at = x.to_numpy(float)
        bins = max(1, min(MOST_BINS, len(x) // FEWEST))
        cell = pd.qcut(x.rank(method="first"), bins, labels=False).to_numpy()
        middle = np.array([np.median(at[cell == k]) for k in range(bins)])
    else:
        levels, cell = np.unique(x.astype(float if numeric else str), return_inverse=True)
        middle = levels if numeric else np.arange(len(levels), dtype=float)
        gap = float(np.diff(middle).min()) if len(middle) > 1 else 1.0
        at = middle[cell] + gap * np.random.default_rng(0).uniform(-0.25, 0.25, len(x))
        names = [f"{v:g}" if numeric else str(v).replace("$", r"\$") for v in levels]
        if len(levels) <= MOST_VALUES:
            ax.set_xticks(middle, names, rotation=35 if max(map(len, names)) > 6 else 0)
    ax.plot(at[shown], residual[shown], ".", color=BLUE, markersize=3, alpha=0.35)
    for share in QUARTILES:
        ax.axhline(ndtri(share), color=GREY, linewidth=1, linestyle=":")
        found = [np.quantile(residual[cell == k], share) for k in range(len(middle))]
        ax.plot(middle, found, "-o", color=ORANGE, linewidth=1.5, markersize=3)
    edge = REACH * float(np.abs(residual).max())
    ax.set_ylim(-edge, edge)
    ax.set_xlabel(str(x.name).replace("$", r"\$"))
    ax.set_ylabel("quantile residual; quartiles in colour", fontsize=SMALL)
