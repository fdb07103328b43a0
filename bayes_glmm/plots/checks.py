"""Pictures that check a model: replicated data, and priors beside posteriors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from bayes_glmm.answers.ppc import replicated
from bayes_glmm.answers.predictor import flat
from bayes_glmm.plots.style import BLUE, ORANGE, axes
from bayes_glmm.results import Fit

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_ppc(tree: xr.DataTree, n: int = 60, ax: Axes | None = None) -> Axes:
    """Draw the distribution of the response beside that of replicated data sets."""
    fit = Fit.of(tree)
    y = np.asarray(fit.design.response, float)
    again, _, _ = replicated(fit, n=n)
    ax = axes(ax)
    low, high = np.quantile(np.concatenate([y, again.ravel()]), [0, 0.998])
    if fit.family.discrete and high - low <= 60:
        edges = np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    else:
        edges = np.linspace(low, high, 31)
    middle = (edges[1:] + edges[:-1]) / 2
    counts = np.array([np.histogram(row, edges)[0] for row in again])
    lines = ax.plot(middle, counts.T, color=BLUE, linewidth=0.6, alpha=0.25)
    lines[0].set_label(f"{len(again)} replicated data sets")
    ax.plot(middle, np.histogram(y, edges)[0], color=ORANGE, linewidth=2, label="observed")
    ax.set_xlabel(fit.spec.response.column)
    ax.set_ylabel("rows")
    ax.legend(frameon=False, fontsize=8)
    return ax


def plot_prior_posterior(tree: xr.DataTree) -> Figure:
    """Draw the prior and the posterior of every parameter that has a prior on a line."""
    fit = Fit.of(tree)
    names = [k for k, p in fit.priors.items() if p.support != "correlation" and k != "intercept"]
    columns = min(3, max(1, len(names)))
    rows = -(-len(names) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(3.1 * columns, 2.2 * rows), squeeze=False, layout="constrained"
    )
    for ax, name in zip(grid.ravel(), names, strict=False):
        draws = _draws(fit, name)
        reach = np.ptp(draws)
        low, high = draws.min() - 0.5 * reach, draws.max() + 0.5 * reach
        low = max(low, 0.0) if fit.priors[name].support == "positive" else low
        x = np.linspace(low, high, 200)
        axes(ax).hist(draws, bins=40, density=True, color=BLUE, alpha=0.6, label="posterior")
        ax.plot(x, np.exp(fit.priors[name].frozen.logpdf(x)), color=ORANGE, label="prior")
        ax.set_title(name, fontsize=9)
        ax.set_yticks([])
    for ax in grid.ravel()[len(names) :]:
        ax.set_visible(False)
    if names:
        grid.ravel()[0].legend(frameon=False, fontsize=7)
    return figure


def _draws(fit: Fit, name: str) -> np.ndarray:
    stem, _, label = name.partition("[")
    if not label:
        return flat(fit, stem)
    label = name[len(stem) + 1 : -1]
    variable = fit.posterior[stem]
    place = [str(v) for v in variable[variable.dims[-1]].values].index(label)
    return flat(fit, stem)[:, place]


