"""Quantile residuals: where each response lies in its predictive distribution."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from bayes_glmm.answers.answer_tables import beside
from bayes_glmm.answers.diagnose.ppc import MOST_DRAWS, replicated
from bayes_glmm.answers.predict.answer_rows import row_labels
from bayes_glmm.answers.require import require
from bayes_glmm.errors import ArgumentError
from bayes_glmm.literals import Effects, ResidualKind
from bayes_glmm.results.fit import Fit, read_fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
REPLICATIONS = 1000
TIES = 1e-9
ALONE = 2
MEANING = {
    "known": "given each row's own group effects",
    "new": "with the effects of every level redrawn",
}


@dataclass(frozen=True, eq=False)
class Pit:
    """Probability integral transforms of the responses, and of replicated ones.

    Attributes
    ----------
    observed : ndarray, shape (n_rows,)
        Uniform between 0 and 1 where the model is right.
    replicated : ndarray, shape (n_replications, n_rows)
        Those of each replicated data set among the others.
    fitted : ndarray, shape (n_rows,)
        Mean response.
    pearson : ndarray, shape (n_rows,)
        Mean over draws of ``(y - mean) / sd``, between the bounds of truncation.
    """

    observed: Array
    replicated: Array
    fitted: Array
    pearson: Array

    @staticmethod
    def distance(values: Array) -> Array:
        """Return the largest distance to the uniform distribution, for each set of values."""
        ordered = np.sort(values, axis=1)
        steps = np.arange(ordered.shape[1] + 1) / ordered.shape[1]
        return np.asarray(np.maximum(steps[1:] - ordered, ordered - steps[:-1]).max(axis=1))


def pit_residuals(
    fit: Fit,
    groups: Effects | Collection[str] = "known",
    *,
    n: int = MOST_DRAWS,
    seed: int = 0,
) -> Pit:
    """Rank the responses among replicated ones; ties are broken at random.

    Parameters
    ----------
    groups : {"known", "new"} or a collection of names
        ``"new"`` redraws the effects of all groups, a collection those of the groups named,
        ``"known"`` those of single rows.

    Raises
    ------
    ArgumentError
        Some responses are censored, or they are categories without an order.
    """
    require(fit, "rank", "residuals()")
    y = np.asarray(fit.design.response, float)
    names = {"new": [g.name for g in fit.groups], "known": following(fit)}
    redraw = names[groups] if isinstance(groups, str) else groups
    again, mean, variance = replicated(fit, n=n, seed=seed, redraw=redraw)
    away = fit.family.deviation(y, mean)
    pearson = (away / np.sqrt(np.maximum(variance, 1e-300))).mean(axis=0)
    rng = np.random.default_rng([seed, 2])
    step = fit.family.spacing(TIES * (again.std() or 1.0))
    again = again + step * rng.random(again.shape)
    below = (again < y + step * rng.random(len(y))).sum(axis=0)
    observed = (below + rng.random(len(y))) / (len(again) + 1)
    order = again.argsort(axis=0).argsort(axis=0)
    ranks = (order + rng.random(again.shape)) / len(again)
    return Pit(observed, ranks, np.broadcast_to(mean, again.shape).mean(axis=0), pearson)


def following(fit: Fit, least: int = ALONE, *, related: bool = False) -> list[str]:
    """Name groups with few rows a level: their effects follow these rows' responses closely.

    Groups with a structure learn from relatives too, and count only if ``related``.
    """
    return [
        g.name
        for g in fit.groups
        if (related or g.factor is None) and np.median(g.counts[g.counts > 0]) < least
    ]


def residuals(
    tree: xr.DataTree,
    kind: ResidualKind = "quantile",
    groups: Effects = "known",
    *,
    n: int = REPLICATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Give each row its residual.

    Parameters
    ----------
    tree : xarray.DataTree
        A result of :func:`bayes_glmm.fit` or :func:`bayes_glmm.load`.
    kind : {"quantile", "pearson"}
        ``"quantile"``: the normal quantile of where the response lies in its predictive
        distribution, at random within the step of a discrete response; standard normal
        for any family where the model is right. ``"pearson"``: difference from the mean
        over the standard deviation, averaged over draws.
    groups : {"known", "new"}
        Given each row's own group effects, or with the effects of all levels redrawn:
        the latter has the random effects' own distribution and the covariates between
        groups to answer for, and its residuals go together within groups. Effects of
        single rows, as of ``(1 | observation)``, are redrawn in both.
    n : int, default 1000
        Replicated data sets; the residual of a response beyond them all is at most
        about ``ndtri(1 - 1 / n)``. Fewer for many rows.
    seed : int, default 0
        Equal seeds give equal results.

    Returns
    -------
    pandas.DataFrame
        ``row`` and the columns that the model reads, ``observed``, ``fitted`` (mean
        response; with ``trunc()`` between its bounds), ``pit`` (between 0 and 1) and ``residual``.

    Raises
    ------
    ArgumentError
        An unknown kind or estimand, or censored responses.

    Notes
    -----
    Each response has had its part in the posterior, so that residuals given known effects
    are somewhat too regular, the more so the fewer rows a level has.

    References
    ----------
    .. [1] Dunn & Smyth (1996). Randomized quantile residuals. *Journal of Computational and
       Graphical Statistics* 5, 236-244. doi:10.1080/10618600.1996.10474708
    .. [2] Gelman, Meng & Stern (1996). Posterior predictive assessment of model fitness via
       realized discrepancies. *Statistica Sinica* 6, 733-760.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> tree = bg.fit(
    ...     "deaths | trials(operations) ~ 1 + (1 | hospital)", bg.dataset("surgical"),
    ...     family="binomial",
    ... )
    >>> table = bg.residuals(tree)
    >>> len(table)
    12
    """
    fit = read_fit(tree)
    if kind not in ("quantile", "pearson"):
        raise ArgumentError(f"kind={kind!r}: use 'quantile' or 'pearson'.")
    if groups not in MEANING:
        raise ArgumentError(f"groups={groups!r}: use 'known' or 'new'.")
    pit = pit_residuals(fit, groups, n=n, seed=seed)
    columns = {
        "observed": np.asarray(fit.design.response, float),
        "fitted": pit.fitted,
        "pit": pit.observed,
        "residual": ndtri(pit.observed) if kind == "quantile" else pit.pearson,
    }
    table = beside(row_labels(fit, fit.data), columns)
    table.attrs = {
        "estimand": f"{kind} residuals, {MEANING[groups]}",
        "scale": "standard normal where the model is right" if kind == "quantile" else "sd",
        **({"banner": fit.banner} if fit.banner else {}),
    }
    return table
