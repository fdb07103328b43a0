"""Which of several models predicts best what it has not seen."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayes_glmm.answers.compare.integrated_loglik import group_log_likelihood
from bayes_glmm.answers.compare.left_out import Left, refuse_different
from bayes_glmm.answers.compare.moment_matching import matched
from bayes_glmm.answers.compare.pointwise import log_likelihood, unweighted
from bayes_glmm.answers.diagnose.rhat_ess import diagnostics
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, ResultError, listed
from bayes_glmm.model.variables import Role
from bayes_glmm.results.fit import Fit, of_the_basis, read_fit

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.answers.compare.leaving_out import Refit

type Array = NDArray[np.float64]
CLOSE = 4.0
APART = 2.0
FEW = 100
DOUBT = 0.05
INNER = (Role.EFFECTS, Role.CORRELATION_FACTOR)
"""Roles of variables that are not counted among the parameters."""


@dataclass(frozen=True, eq=False)
class Scored:
    """One model's score, with what it is worth.

    Attributes
    ----------
    elpd : arviz_stats.ELPDDataLOO
    mcse : float
        Monte Carlo standard error of the sum, that of integration included.
    method : str
        How group effects were integrated; empty for single rows.
    parameters : int
        Number of parameters beside the effects of levels.
    refitted : int
        Units whose score is that of a fit without them.
    matched : int
        Rows whose draws were moved.
    """

    elpd: Any
    mcse: float
    method: str
    parameters: int
    refitted: int = 0
    matched: int = 0


def compare(
    models: Mapping[str, xr.DataTree],
    by: str | None = None,
    *,
    moment_match: bool = False,
    refit: Refit | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare models by how well they predict rows, or whole groups, left out.

    Parameters
    ----------
    models : mapping of str to xarray.DataTree
        Two or more fits to the same rows and response.
    by : str, optional
        A group of one of the models, or a column that one of them uses: leave out all
        rows of a level at once, and average over its effects as for a new level. Without,
        rows are left out one by one and their group's effects are kept.
    moment_match : bool, default False
        Where a row's Pareto k is high, move the draws to where they would be without it
        [4]_ and weight them anew. It takes seconds a row and needs no sampling. Not with ``by``.
    refit : callable, optional
        ``bg.refit``: rows or groups whose Pareto k is high are scored by fits without them,
        one fit each, instead of by importance sampling; after moment matching, if both
        are asked for, those whose k is still high.
    seed : int, default 0
        For quasi-random points, which ``by`` needs where slopes vary.

    Returns
    -------
    pandas.DataFrame
        One row per ``model``, the best first: ``rank``, ``elpd`` (expected log
        predictive density of what is left out; higher is better) and its ``se``,
        ``elpd_diff`` to the best and its ``dse``, ``p`` (effective number of
        parameters), ``weight`` (stacking), ``k_max`` and ``k_high`` (largest Pareto k,
        and how many are above the limit), ``matched`` (how many have draws that were moved),
        ``refitted`` (how many were fitted without), ``mcse`` of ``elpd``, and a ``verdict`` on
        whether the figure can be used. ``attrs["recommendation"]`` says which to use
        and why.

    Raises
    ------
    ArgumentError
        Fewer than two models, an unknown ``by``, effects that cannot be integrated, or
        moment matching for groups.
    ResultError
        The models were fitted to different rows or responses, or to responses that were
        observed in different ways (``trials()``, ``weights()``, ``cens()``, ``trunc()``, ``se()``,
        ``against()``), one gives probabilities and the other densities, or a row has no
        density in some draw.

    Notes
    -----
    Scores are by Pareto-smoothed importance sampling. With an observation-level random
    effect each row is hardly predictable without itself, and k is high: compare by
    group then, or with ``by="observation"``, which integrates over that effect. A row that
    the model hardly expects, by its score, is better refitted than matched. Fits with many
    draws are thinned evenly for ``by``.
    Scores are about the response alone, given the missing values of ``mi()`` as drawn.
    A row that stands for several is left out with all of them; one of weight zero is no row,
    and the two rows of a collapsed Gaussian cell are one. Weights that are whole numbers count
    copies, of which one is left out at a time, unless ``refit`` is given.

    References
    ----------
    .. [1] Vehtari, Gelman & Gabry (2017). Practical Bayesian model evaluation using
       leave-one-out cross-validation and WAIC. *Stat Comput* 27, 1413-1432.
       doi:10.1007/s11222-016-9696-4
    .. [2] Merkle, Furr & Rabe-Hesketh (2019). Bayesian comparison of latent variable
       models: conditional versus marginal likelihoods. *Psychometrika* 84, 802-829.
       doi:10.1007/s11336-019-09679-0
    .. [3] Yao, Vehtari, Simpson & Gelman (2018). Using stacking to average Bayesian
       predictive distributions. *Bayesian Analysis* 13, 917-1007. doi:10.1214/17-BA1091
    .. [4] Paananen, Piironen, Bürkner & Vehtari (2021). Implicitly adaptive importance
       sampling. *Stat Comput* 31, 16. doi:10.1007/s11222-020-09982-2

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> data, options = bg.dataset("nielweise2008"), {"family": "poisson", "exposure": "catheter_days"}
    >>> plain = bg.fit("events ~ 1 + (1 | study)", data, **options)
    >>> treated = bg.fit("events ~ treat + (1 | study)", data, **options)
    >>> table = bg.compare({"plain": plain, "treated": treated}, by="study")
    >>> table["model"].tolist()
    ['treated', 'plain']
    """
    fits = _fits(models)
    refuse_different(fits)
    left = Left.of(fits, by, whole=refit is not None)
    if by is None:
        unit = "row"
        scored = {name: _by_row(fit, left, moment_match, refit, seed) for name, fit in fits.items()}
    elif moment_match:
        raise ArgumentError(
            f"moment_match=True is for rows, and by={by!r} leaves out groups: use refit=bg.refit."
        )
    else:
        unit = by
        scored = {name: _by_group(fit, left, by, seed, refit) for name, fit in fits.items()}
    lost = [name for name, s in scored.items() if not np.isfinite(float(s.elpd.elpd))]
    if lost:
        raise ResultError(
            f"{listed(map(repr, lost))}: some {unit}s have no density in some draws, so there is no "
            "score. Look at bg.diagnose; a link that keeps the mean in its domain helps."
        )
    table = _table(scored, unit)
    banners = [f"{name}: {fit.banner}" for name, fit in fits.items() if fit.banner]
    table.attrs = {
        "estimand": f"expected log predictive density of a {unit} left out{left.words}, summed",
        "scale": "log density of the response",
        "unit": unit,
        "n": int(next(iter(scored.values())).elpd.n_data_points),
        "integration": {name: s.method for name, s in scored.items() if s.method},
        "draws": {name: int(s.elpd.n_samples) for name, s in scored.items()},
        "recommendation": _recommendation(table, scored, unit),
        **({"banner": "; ".join(banners)} if banners else {}),
    }
    return table


def _fits(models: Mapping[str, xr.DataTree]) -> dict[str, Fit]:
    if not isinstance(models, Mapping):
        raise ArgumentTypeError("compare() takes a mapping of names to fits: {'a': t1, 'b': t2}.")
    if len(models) < 2:
        raise ArgumentError("compare() needs two models or more.")
    return {str(name): read_fit(tree) for name, tree in models.items()}


def _by_row(fit: Fit, left: Left, moment_match: bool, refit: Refit | None, seed: int) -> Scored:
    design = fit.design if left.times is None else unweighted(fit.design)
    values = left.summed(log_likelihood(fit, design))
    return _score(fit, values, left, refit, seed, "", lambda found: 0.0, moment_match)


def _by_group(fit: Fit, left: Left, by: str, seed: int, refit: Refit | None) -> Scored:
    integrated = group_log_likelihood(fit, left.level, left.n_levels, by, seed)

    def error(found: Any) -> float:
        others = [float(_psis(fit, v[:, :, left.kept]).elpd) for v in integrated.others]
        return integrated.error(others, float(found.elpd))

    values = integrated.values[:, :, left.kept]
    return _score(fit, values, left, refit, seed, integrated.method, error)


def _score(
    fit: Fit,
    values: Array,
    left: Left,
    refit: Refit | None,
    seed: int,
    method: str,
    error: Callable[[Any], float],
    moment_match: bool = False,
) -> Scored:
    """Score units by importance sampling, those with a high Pareto k by better means."""
    found, n_matched = _psis(fit, values, left.times), 0
    times = np.ones(values.shape[2], np.intp) if left.times is None else left.times
    if moment_match:
        before = found.pareto_k.values
        found, values = matched(fit, found, values, _efficiency(values, left.times), left)
        n_matched = int(times @ (found.pareto_k.values != before))
    own, mcse = error(found), _mcse(found, values, left.times)
    if left.times is not None:
        found = _copied(found, values, left.times)
    if method:
        method, mcse = f"{method}; error {own:.2g}", float(np.hypot(mcse, own))
    high = int((found.pareto_k > found.good_k).sum())
    if refit is None or not high:
        return Scored(found, mcse, method, _parameters(fit), matched=n_matched)
    from arviz_stats import reloo

    from bayes_glmm.answers.compare.leaving_out import LeavingOut

    wrapper = LeavingOut(fit.tree, values, left.index, refit, seed)
    again = reloo(wrapper, found, "y", k_threshold=found.good_k, pointwise=True)
    kept = (found.pareto_k <= found.good_k).values
    again.log_weights = found.log_weights
    mcse = float(np.hypot(_mcse(found, values, kept), wrapper.mcse))
    return Scored(again, mcse, method, _parameters(fit), high, n_matched)


def _copied(found: Any, values: Array, times: NDArray[np.intp]) -> Any:
    """Return scores in which each unit stands as often as it has copies."""
    copied, index = copy(found), np.repeat(np.arange(len(times)), times)
    copied.elpd_i, copied.pareto_k = (v.isel(unit=index) for v in (found.elpd_i, found.pareto_k))
    points = copied.elpd_i.values
    whole = logsumexp(values, axis=(0, 1)) - np.log(values.shape[0] * values.shape[1])
    copied.elpd, copied.n_data_points = float(points.sum()), len(points)
    copied.se = float(np.sqrt(len(points)) * np.std(points, ddof=1))
    copied.p = float(times @ whole) - copied.elpd
    return copied


def _psis(fit: Fit, values: Array, times: NDArray[np.intp] | None = None) -> Any:
    """Score log-likelihoods of shape (n_chains, n_draws, n_units) with ArviZ."""
    import xarray as xr
    from arviz_stats import loo

    data = xr.Dataset({"y": (("chain", "draw", "unit"), values)})
    tree = xr.DataTree.from_dict({"posterior": data[[]], "log_likelihood": data})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return loo(tree, pointwise=True, var_name="y", reff=_efficiency(values, times))
        except ValueError as error:  # a tail of one draw, again and again
            raise ResultError(
                f"Leaving out cannot be scored from these draws ({error}): too few of them are "
                'different, as where weights of engine="laplace" rest on a handful. Sample the '
                "model, or draw more."
            ) from error


def _efficiency(values: Array, times: NDArray[np.intp] | None = None) -> float:
    """Return the effective share of draws, for the median unit."""
    sizes = diagnostics(values)["ess_bulk"] / (values.shape[0] * values.shape[1])
    sizes = sizes if times is None else np.repeat(sizes, times)
    finite = sizes[np.isfinite(sizes)]
    return float(np.clip(np.median(finite), 0.01, 1.0)) if len(finite) else 1.0


def _mcse(found: Any, values: Array, times: NDArray[Any] | None = None) -> float:
    """Return the Monte Carlo standard error of the sum of pointwise scores, each so many times."""
    each_times = np.ones(values.shape[2]) if times is None else times
    log_w = found.log_weights.transpose("chain", "draw", "unit").values.reshape(-1, values.shape[2])
    p = values.reshape(log_w.shape) - found.elpd_i.values
    w = np.exp(log_w - log_w.max(axis=0))
    w /= w.sum(axis=0)
    each = ((w * np.expm1(np.minimum(p, 500.0))) ** 2).sum(axis=0)
    return float(np.sqrt(each @ each_times / _efficiency(values)))


def _parameters(fit: Fit) -> int:
    sample = fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
    inner = {v.name for v in fit.variables.values() if v.role in INNER}
    own = (v for k, v in fit.posterior.items() if k not in inner and not of_the_basis(str(k)))
    return sum(v.size // sample for v in own)


def _table(scored: Mapping[str, Scored], unit: str) -> pd.DataFrame:
    from arviz_stats import compare as ranked

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ranked({k: s.elpd for k, s in scored.items()}, round_to="none")
    order = [str(name) for name in found.index]
    k = {name: np.asarray(scored[name].elpd.pareto_k.values, float) for name in order}
    high = {name: int((k[name] > scored[name].elpd.good_k).sum()) for name in order}
    return pd.DataFrame(
        {
            "model": order,
            "rank": np.arange(1, len(order) + 1),
            **{c: found[c].to_numpy(float) for c in ("elpd", "se", "elpd_diff", "dse", "p")},
            "weight": found["weight"].to_numpy(float),
            "k_max": [float(k[name].max()) for name in order],
            "k_high": [high[name] for name in order],
            "matched": [scored[name].matched for name in order],
            "refitted": [scored[name].refitted for name in order],
            "mcse": [scored[name].mcse for name in order],
            "verdict": [_verdict(high[n], scored[n], unit) for n in order],
        }
    )


def _verdict(high: int, scored: Scored, unit: str) -> str:
    limit = float(scored.elpd.good_k)
    if not high:
        moved = f"; draws were moved for {scored.matched} {unit}s" if scored.matched else ""
        again = f"; {scored.refitted} {unit}s were scored by fits without them"
        return (
            f"good: every Pareto k is at most {limit:.2f}{moved}{again if scored.refitted else ''}"
        )
    match_ = "moment_match=True, " if unit == "row" and not scored.matched else ""
    way = f"{match_}refit=bg.refit" + (", or compare by a group" if unit == "row" else "")
    return (
        f"optimistic: {high} of {scored.elpd.n_data_points} {unit}s have a Pareto k above "
        f"{limit:.2f}; {way}"
    )


def _recommendation(table: pd.DataFrame, scored: Mapping[str, Scored], unit: str) -> str:
    """Say which model to use, and why."""
    best, second = table.iloc[0], table.iloc[1]
    n = scored[best["model"]].elpd.n_data_points
    if best["k_high"] > DOUBT * n:
        way = "compare by a group" if unit == "row" else "compare row by row"
        return (
            f"Do not choose by these scores: {best['k_high']} of {n} {unit}s decide their own "
            f"prediction under {best['model']!r}, and its score is too good. Score them by fits without "
            f"them (refit=bg.refit), {way}, or use bg.kfold."
        )
    ahead, error = abs(second["elpd_diff"]), second["dse"]
    figures = f"{ahead:.1f} ± {error:.1f} (difference in elpd and its standard error, by {unit})"
    near = table[(-table["elpd_diff"] <= CLOSE) | (-table["elpd_diff"] < table["dse"])]
    if len(near) > 1:
        names = list(near["model"])
        plain = min(names, key=lambda name: scored[name].parameters)
        text = (
            f"{listed(map(repr, names))} cannot be told apart by their predictions: {figures}. Use "
            f"{plain!r}, which has the fewest parameters ({scored[plain].parameters}), unless the "
            "question needs another."
        )
    elif ahead > APART * error:
        text = f"Use {best['model']!r}: it predicts better than {second['model']!r} by {figures}."
    else:
        text = (
            f"{best['model']!r} is ahead of {second['model']!r} by {figures}, less than {APART:g} "
            "standard errors: use it, and see whether the other gives the same answer."
        )
    doubtful = table.loc[table["k_high"] > 0, "model"]
    if len(doubtful):
        text += f" The score of {listed(map(repr, doubtful))} is optimistic: see verdict."
    if n < FEW:
        text += f" With fewer than {FEW} {unit}s the standard errors are rough."
    return text
