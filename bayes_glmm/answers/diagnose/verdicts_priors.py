"""Priors beside what the data made of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.diagnose.ppc import thinned
from bayes_glmm.answers.predict.predictor_draws import (
    flat,
    log_density,
    mean_eta,
    n_draws,
    parameters,
)
from bayes_glmm.errors import Finding
from bayes_glmm.model.variable_table import resolve_name
from bayes_glmm.model.variables import PREFIX, Role, element, element_of, variable_of
from bayes_glmm.results.fit import Fit
from bayes_glmm.spec.priors import SIMPLEX

type Array = NDArray[np.float64]
MOST_DRAWS, FEWEST = 1_000, 200
MOST_CELLS = 20_000_000
STRONG = 0.2


def conflict(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find posteriors whose middle lies in the far tail of their prior."""
    for name, prior in fit.priors.items():
        if not prior.on_a_line:
            continue
        middle = float(np.median(prior_draws(fit, name)))
        below = float(prior.frozen.cdf(middle))
        tail = 1 - below if prior.support == "positive" else min(below, 1 - below)
        if tail < threshold:
            role = fit.variables[variable_of(name)].role
            what = f"{name} (at the covariates' means)" if role is Role.INTERCEPT else name
            yield Finding(
                "prior_conflict", "warning",
                f"The posterior of {what} has its middle at {middle:.3g}, where {prior!r} left {tail:.2%} "
                "of its mass: prior and data disagree. Check the units, then widen the prior.",
                figure=tail, threshold=threshold,
            )  # fmt: skip


def sensitivity(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find parameters whose posterior moves when all priors are made a little stronger.

    The figure is the power-scaling sensitivity of Kallioinen et al. (2024),
    doi:10.1007/s11222-023-10366-5: how far the posterior moves per doubling of a
    power of the prior. Where it moves with the likelihood too, the two disagree;
    where it does not, the parameter rests on its prior. A warning is given where both
    move it and the prior more than four times the limit.
    """
    given = {k: prior_draws(fit, k) for k, p in fit.priors.items() if p.on_a_line}
    single = dict(_columns(fit, given))
    own = _sensitivities(single, log_prior(fit, given))
    moved = {k: single[k] for k, v in own.items() if v >= threshold}
    if not moved:
        return
    few = min(MOST_DRAWS, MOST_CELLS // fit.design.n_rows, n_draws(fit))
    if few < min(FEWEST, n_draws(fit)):
        yield Finding(
            "prior_sensitivity", "info",
            f"{', '.join(moved)} may rest on the prior: the likelihood of {fit.design.n_rows} rows was "
            "not looked at. Try another prior and compare.",
            figure=max(own.values()), threshold=threshold,
        )  # fmt: skip
        return
    chosen = np.linspace(0, n_draws(fit) - 1, few).astype(int)
    data = _sensitivities({k: v[chosen] for k, v in moved.items()}, _log_likelihood(fit, chosen))
    for name in moved:
        figures = f"sensitivity to the prior {own[name]:.2f}, to the data {data[name]:.2f}"
        severity = "info"
        if data[name] >= threshold:
            severity = "warning" if own[name] >= STRONG else "info"
            text = (
                f"Prior and data both move {name} ({figures}; limit {threshold:g}): where they disagree, "
                "the posterior is a compromise. Look at bg.plot_prior_posterior, check the units, and "
                "try a wider prior."
            )
        else:
            text = (
                f"{name} rests on its prior ({figures}; limit {threshold:g}): the data say little about it. "
                "State the prior in the report, and see whether the answer changes with another."
            )
        yield Finding(
            "prior_sensitivity", severity, text, figure=own[name], threshold=threshold
        )  # fmt: skip


def _columns(fit: Fit, given: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Yield draws of single numbers: thresholds one by one."""
    for name, values in given.items():
        if values.ndim == 1:
            yield name, values
        else:
            for k, label in enumerate(fit.design.boundaries):
                yield element(name, str(label)), values[:, k]


def log_prior(fit: Fit, given: Mapping[str, Array]) -> Array:
    """Return the log-density of all priors but those of the effects, shape (n_draws,)."""
    total = np.zeros(n_draws(fit))
    for name, prior in fit.priors.items():
        if prior.on_a_line:
            total += prior.frozen.logpdf(given[name]).reshape(len(total), -1).sum(axis=1)
        elif prior.support == SIMPLEX:
            total += (prior["alpha"] - 1) * np.log(flat(fit, name)).sum(axis=1)
        elif name in fit.posterior:
            total += (prior["eta"] - 1) * np.linalg.slogdet(flat(fit, name))[1]
    return total


def _log_likelihood(fit: Fit, chosen: NDArray[np.intp]) -> Array:
    few = thinned(fit, chosen)
    design = fit.design
    y = np.asarray(design.response, float)
    rows = log_density(few, design, mean_eta(few, design), parameters(few, design), y)
    return np.asarray(rows.sum(axis=1))


def _sensitivities(draws: Mapping[str, Array], log_density: Array) -> dict[str, float]:
    """Return ArviZ's power-scaling sensitivity of each parameter."""
    import xarray as xr
    from arviz_stats import psense

    if not np.isfinite(log_density).all():
        return dict.fromkeys(draws, 0.0)
    dims = ("chain", "draw")
    names = {f"p{i}": name for i, name in enumerate(draws)}
    posterior = xr.Dataset({k: (dims, draws[name][None]) for k, name in names.items()})
    prior = xr.Dataset({"all": (dims, log_density[None])})
    tree = xr.DataTree.from_dict({"posterior": posterior, "log_prior": prior})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = psense(tree, group="prior")
    values = {name: float(found[k]) for k, name in names.items()}
    return {name: value if np.isfinite(value) else 0.0 for name, value in values.items()}


def prior_draws(fit: Fit, name: str) -> Array:
    """Return the posterior draws of what a prior is about, shape (n_draws,).

    The prior of the intercept is about the predictor at the covariates' means.
    """
    variable = fit.variables[variable_of(name)]
    values = flat(fit, variable.name)
    for p in fit.design.every:
        if name == p.intercept_name and p.coefficients:
            return values + flat(fit, p.beta) @ p.centers
    if variable.role is Role.THRESHOLD:  # their prior is at the covariates' means
        shift = np.asarray(fit.design.threshold_centre(partial(flat, fit), np.stack))
        return values - (shift[:, None] if shift.ndim == 1 else shift)
    _, place = resolve_name(fit.variables, name.removeprefix(PREFIX))
    return element_of(values, place)


def prior_posterior(fit: Fit) -> Iterator[tuple[str, Array, Array, Array]]:
    """Yield each parameter with a prior on a line, a grid, and the prior's density there.

    Yields
    ------
    name : str
    draws : ndarray, shape (n_draws,)
    grid, density : ndarray
        From the posterior's reach and half as much again, within the support.
    """
    for name, prior in fit.priors.items():
        if not prior.on_a_line:
            continue
        draws = prior_draws(fit, name)
        low, high = np.quantile(draws, [0.001, 0.999])
        reach = (high - low) or 1.0
        start = low - 0.5 * reach
        grid = np.linspace(max(0.0, start) if prior.support == "positive" else start,
                           high + 0.5 * reach, 200)  # fmt: skip
        yield name, draws, grid, np.exp(prior.frozen.logpdf(grid))
