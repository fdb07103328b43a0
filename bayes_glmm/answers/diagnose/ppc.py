"""Posterior predictive draws and statistics, without PyMC."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.answer_tables import interval
from bayes_glmm.answers.diagnose.row_copies import Summaries, by_copies, is_summary
from bayes_glmm.answers.predict.predictor_draws import (
    eta_draws,
    fixed_part,
    flat,
    mean_eta,
    new_effects,
    parameters,
    shown,
)
from bayes_glmm.answers.require import require
from bayes_glmm.families.censoring import DRAWN_WITHIN, observe
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import PredictorDesign
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
MOST_DRAWS = 400
MOST_CELLS = 20_000_000
MOST_VALUES = 40
BINS = 30
FEW_ROWS = 40


def replicated(
    fit: Fit, *, n: int = MOST_DRAWS, seed: int = 0, redraw: Collection[str] = ()
) -> tuple[Array, Array, Array]:
    """Simulate the training rows again from evenly spaced draws, within their truncation.

    Parameters
    ----------
    redraw : collection of str
        Groups whose levels' effects are drawn anew; rows keep their own of the others.

    Returns
    -------
    y, mean, variance : ndarray, shape (n, n_rows)
        Of a collapsed row, of what it is: a sum, or a mean plus or minus an sd.
        Replicated responses, with their mean and variance given each row's own
        group effects (response scale), between the bounds of truncation. Fewer draws of
        more rows than 50,000. Those of unordered categories have the category as a last
        axis; codes ``y`` have not.
    """
    total = fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
    few = max(20, min(n, MOST_CELLS // fit.design.n_rows))
    chosen = np.unique(np.linspace(0, total - 1, min(few, total)).astype(int))
    fewer = thinned(fit, chosen)
    predict = _redrawn(fewer, seed, redraw) if redraw else eta_draws
    own = parameters(fewer, fit.design, predict)
    eta = mean_eta(fewer, fit.design, predict)
    trials = fit.design.trials
    seen = {k: v for k, v in fit.design.modifiers.items() if k in DRAWN_WITHIN}
    family = observe(fit.family, seen)
    y = family.respond(np.random.default_rng(seed), eta, fit.link, {**own, **seen}, trials)
    mean, variance = family.moments(eta, fit.link, {**own, **seen}, trials)
    if is_summary(fit):
        rows, rng = Summaries.of(fit), np.random.default_rng(seed)
        y = rows.draw(rng, mean, variance)
        mean, variance = rows.moments(mean, variance)
    return np.asarray(y, float), mean, np.broadcast_to(variance, mean.shape)


def _redrawn(
    fit: Fit, seed: int, names: Collection[str]
) -> Callable[[Fit, PredictorDesign], Array]:
    """Return a predictor with effects of new levels in the place of those of some groups.

    They are drawn once, so that predictors that share a group have the same ones.
    """
    new = {g.name: _new_effects(fit, g, seed) for g in fit.groups if g.name in names}

    def predict(fit: Fit, predictor: PredictorDesign) -> Array:
        eta = fixed_part(fit, predictor)
        for group in predictor.groups:
            known = group.name not in new
            eta += group.added(flat(fit, group.effects) if known else new[group.name])
        return eta

    return predict


def _new_effects(fit: Fit, group: GroupDesign, seed: int) -> Array:
    """Draw effects for all levels of a group, shape (n_draws, n_levels, n_terms)."""
    rng = np.random.default_rng([seed, 1, *group.name.encode()])
    return new_effects(fit, group, group.n_levels)(rng)


def thinned(fit: Fit, chosen: NDArray[np.intp]) -> Fit:
    """Return the fit with some of its draws, counted over the chains one after another."""
    return fit.with_draws({str(n): shown(fit, str(n))[chosen] for n in fit.posterior.data_vars})


def pearson(y: Array, mean: Array, variance: Array) -> Array:
    """Return the sum of squared Pearson residuals, one per draw."""
    squares = (y - mean) ** 2 / np.maximum(variance, 1e-300)
    return np.asarray(squares.reshape(len(squares), -1).sum(axis=-1))


def predictive_check(fit: Fit, *, n: int = MOST_DRAWS, seed: int = 0) -> pd.DataFrame:
    """Tabulate the responses beside replicated ones, in bins; few ones row by row.

    A row of weight ``w`` is ``w`` rows.

    Binary responses are compared with their probabilities instead: rows in tenths
    by predicted probability, since any model repeats the share of ones.

    Returns
    -------
    pandas.DataFrame
        ``value`` (the bin's middle, the mean predicted probability, or the place of
        the ``row``), ``width``, ``rows``, ``observed`` (rows in the bin, the share of
        ones, or the response), the replications' ``mean`` and their interval.
        ``attrs["kind"]`` is ``frequencies``, ``calibration`` or ``rows``; or ``spreads``,
        the standard deviation over rows of each ``category``'s share, for compositions.
    """
    require(fit, "observed", "predictive_check()")
    fit = by_copies(fit)
    y = np.asarray(fit.design.response, float)
    again, mean, _ = replicated(fit, n=n, seed=seed)
    trials = fit.design.trials
    how = fit.family.compared(trials)
    if how == "calibration":
        return _calibration(y, again, mean)
    if how == "spreads":
        return _spreads(fit, y, again)
    name = fit.spec.response.column + (" (mean ± sd of equal rows)" if is_summary(fit) else "")
    if trials is not None:
        y, again, name = y / trials, again / trials, f"{name} / trials"
    if how == "categories":
        edges = np.arange(len(fit.design.categories) + 1) - 0.5
    elif len(y) <= FEW_ROWS:
        return _each(y, again, fit.design.rows, name)
    else:
        edges = _edges(y, again, whole=how == "whole")
    counts = np.array([np.histogram(row, edges)[0] for row in again], float)
    low, high, names = interval(counts)
    table = pd.DataFrame(
        {
            "value": (edges[1:] + edges[:-1]) / 2,
            "width": np.diff(edges),
            "rows": len(y),
            "observed": np.histogram(y, edges)[0],
            "mean": counts.mean(axis=0),
            names[0]: low,
            names[1]: high,
        }
    )
    beyond = int((y > edges[-1]).sum() + (y < edges[0]).sum())
    table.attrs = {"kind": "frequencies", "scale": name, "draws": len(again), "beyond": beyond}
    return table


def _edges(y: Array, again: Array, *, whole: bool) -> Array:
    """Return bins: one per whole number while those are few, else equal widths."""
    low, high = min(y.min(), np.quantile(again, 0.001)), max(y.max(), np.quantile(again, 0.999))
    if whole:
        step = max(1, int(np.ceil((high - low + 1) / MOST_VALUES)))
        return np.arange(np.floor(low), np.ceil(high) + step + 1, step) - 0.5
    if high <= low:
        high = low + 1.0
    return np.linspace(low, high, BINS + 1)


def _each(y: Array, again: Array, ids: NDArray[np.str_], name: str) -> pd.DataFrame:
    order = np.argsort(again.mean(axis=0), kind="stable")
    low, high, names = interval(again[:, order])
    table = pd.DataFrame(
        {
            "row": ids[order],
            "value": np.arange(len(y), dtype=float),
            "width": 1.0,
            "rows": 1,
            "observed": y[order],
            "mean": again[:, order].mean(axis=0),
            names[0]: low,
            names[1]: high,
        }
    )
    table.attrs = {"kind": "rows", "scale": name, "draws": len(again), "beyond": 0}
    return table


def _spreads(fit: Fit, y: Array, again: Array) -> pd.DataFrame:
    """Set how much each category's share differs between rows beside the replications."""
    shares = [v / v.sum(axis=-1, keepdims=True) for v in (y, again)]
    observed, made = (v.std(axis=-2) for v in shares)
    low, high, names = interval(made)
    table = pd.DataFrame(
        {
            "value": np.arange(y.shape[1], dtype=float),
            "width": 1.0,
            "rows": len(y),
            "category": list(fit.design.categories),
            "observed": observed,
            "mean": made.mean(axis=0),
            names[0]: low,
            names[1]: high,
        }
    )
    scale = "standard deviation of the share over rows"
    table.attrs = {"kind": "spreads", "scale": scale, "draws": len(again), "beyond": 0}
    return table


def _calibration(y: Array, again: Array, mean: Array) -> pd.DataFrame:
    expected = mean.mean(axis=0)
    order = np.argsort(expected, kind="stable")
    parts = [part for part in np.array_split(order, min(10, len(order))) if len(part)]
    shares = np.column_stack([again[:, part].mean(axis=1) for part in parts])
    low, high, names = interval(shares)
    table = pd.DataFrame(
        {
            "value": [expected[part].mean() for part in parts],
            "width": 0.0,
            "rows": [len(part) for part in parts],
            "observed": [y[part].mean() for part in parts],
            "mean": shares.mean(axis=0),
            names[0]: low,
            names[1]: high,
        }
    )
    table.attrs = {"kind": "calibration", "scale": "probability", "draws": len(again), "beyond": 0}
    return table
