"""What the priors say about the data before they are seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.table.kept_columns import columns_to_dataset
from bayes_glmm.errors import ArgumentError, Finding, Findings, ResultError
from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import DRAWN_WITHIN, observe
from bayes_glmm.fitting.options import ModelOptions, takes
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design
from bayes_glmm.model.family_parameters import draw_own_parameters, parameters_on_rows
from bayes_glmm.model.predictor import linear_predictor
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.reference import Way
from bayes_glmm.model.variable_table import dimensions
from bayes_glmm.model.variables import element
from bayes_glmm.spec.priors import Prior

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.design.resolve import Model

type Array = NDArray[np.float64]

KEY = "bayes_glmm_prior"
MOSTLY = 0.5
BLOCK = 5_000_000


@takes(ModelOptions)
def prior_predictive(
    model: Model,
    data: Any,
    *,
    draws: int = 500,
    seed: int = 1,
    **options: Unpack[ModelOptions],
) -> xr.DataTree:
    """Draw parameters and responses from the priors.

    Where most of the prior's mass is on absurd responses, a warning is raised and
    kept in the result.

    Parameters
    ----------
    model, data
        As in :func:`fit`; default priors look at the response.
    draws : int, default 500
        Draws of each chain.
    seed : int, default 1
        Equal seeds give equal bytes.
    family, link, exposure, offset, missing, success, priors, structures
        As in :func:`fit`.

    Returns
    -------
    xarray.DataTree
        ``prior`` (the posterior's variables), ``prior_predictive`` (``y`` and its mean
        ``mu``, on the response scale, over ``observation``: zeros, ends and trials count, and
        bounds of ``trunc()``; of unordered categories each one's, over ``category`` too),
        ``observed_data`` and ``constant_data``.

    Raises
    ------
    ArgumentError
        ``draws`` or ``seed`` is not a whole number in range.
    SpecError, DataError, DesignError
        The model or the table is wrong.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame({"y": [1, 4, 2, 3, 2], "x": [0.0, 1.0, 0.5, 0.2, 0.8]})
    >>> tree = bg.prior_predictive("y ~ x", table, family="poisson", draws=100, seed=1)
    >>> dict(tree["prior_predictive"]["y"].sizes)
    {'chain': 1, 'draw': 100, 'observation': 5}
    """
    import warnings

    from bayes_glmm.fitting.prepare import prepare

    rng = np.random.default_rng(_whole("seed", seed, 0))
    _whole("draws", draws, 1)
    prepared = prepare(model, data, **options)
    schema, design = prepared.require()
    way = Way.of(design, resolve_priors(prepared.spec, design))
    inside = _draw_parameters(way.design, way.priors, draws, rng)
    y, mean, mu = draw_responses(way.design, inside, rng)
    found, drawn = absurd(way.design, mu, inside), way.back(inside)
    for finding in found:
        warnings.warn(finding.message, UserWarning, stacklevel=3)
    rows = columns_to_dataset(prepared.data, schema.used_columns, design.rows)
    tree = _tree(design, drawn, y, mean, rows)
    tree.attrs[KEY] = json.dumps([asdict(f) for f in found])
    return tree


def prior_findings(tree: xr.DataTree) -> Findings:
    """Return what :func:`prior_predictive` found absurd.

    Raises
    ------
    ResultError
        The tree is not one of :func:`prior_predictive`.
    """
    try:
        stored = json.loads(tree.attrs[KEY])
        return Findings(tuple(Finding(**{**f, "rows": tuple(f["rows"])}) for f in stored))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ResultError(
            "The findings of a prior are in what prior_predictive() returns; this is something else."
        ) from error


def draw_parameters(
    design: Design, priors: Mapping[str, Prior], n: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw the graph's variables from their priors, shape (n, ...)."""
    way = Way.of(design, priors)
    return way.back(_draw_parameters(way.design, way.priors, n, rng))


def _draw_parameters(
    design: Design, priors: Mapping[str, Prior], n: int, rng: np.random.Generator
) -> dict[str, Array]:
    source = PriorDraws(priors, n, rng)
    for block in design.blocks:
        source.values.update(block.draw(source))
    for covariate in design.covariates.values():
        mean = linear_predictor(covariate.predictor, source.values)
        source.values.update(covariate.draw(mean, source))
    return source.values | draw_own_parameters(design, source)


def absurd(design: Design, mu: Array, drawn: Mapping[str, Array]) -> tuple[Finding, ...]:
    """Find priors whose mean responses are mostly beyond what could be observed.

    Parameters
    ----------
    design : Design
    mu : ndarray, shape (n_draws, n_rows)
        Mean responses of the rows' own levels.
    drawn : mapping of str to ndarray
        The parameters behind them.
    """
    family = get_family(design.family)
    y = np.asarray(design.response, float)
    found = family.plausible_means(mu, y, family.link(design.link))
    share = 0.0 if found is None else 1 - float(found.sound.mean())
    if found is None or not share > MOSTLY:
        return ()
    return (
        Finding(
            "absurd_prior", "warning",
            f"{share:.0%} of the prior's mass is on {found.others}, mostly because of the prior of "
            f"{_widest(design, drawn)}: narrow it, as in priors={{...}}; bg.priors() lists all.",
            figure=share, threshold=MOSTLY,
        ),
    )  # fmt: skip


def _widest(design: Design, drawn: Mapping[str, Array]) -> str:
    """Name the parameter whose draws move the predictor most, at the rows' typical size."""
    mu, sizes = design.mu, dict[str, float]()
    if mu.intercept:
        middle = drawn[mu.intercept_name]
        middle = middle + (drawn[mu.beta] @ mu.centers if mu.coefficients else 0)
        sizes[mu.intercept_name] = _spread(middle)
    for k, label in enumerate(mu.coefficients):
        typical = mu.scales[k] if mu.intercept else np.sqrt((mu.X[:, k] ** 2).mean())
        sizes[element(mu.beta, label)] = _spread(drawn[mu.beta][:, k]) * float(typical)
    for smooth in mu.smooths:
        sizes[smooth.sd] = _spread(drawn[smooth.effects] @ smooth.basis.T)
    for group in mu.groups:
        typical = np.sqrt((group.values**2).mean(axis=0))
        for k, label in enumerate(group.terms):
            spread = _spread(drawn[group.effects][..., k]) * float(typical[k])
            sizes[element(group.sd, label)] = spread
    return max(sizes, key=sizes.__getitem__, default="the offset")


def _spread(values: Array) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low)


def draw_responses(
    design: Design, drawn: Mapping[str, Array], rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Return responses, their means, and ``mu``, shape (n_draws, n_rows), by blocks of draws.

    ``mu`` is what the predictor is of: a probability of one trial, a median, the mean of
    a component. Means of unordered categories, and compositions, have the category as a last axis.
    """
    kind = get_family(design.family)
    n = len(next(iter(drawn.values()))) if drawn else 1
    k = len(design.categories)
    y = np.empty((n, design.n_rows, *kind.axes("stored", k)))
    mean = np.empty((n, design.n_rows, *kind.axes("moments", k)))
    mu = np.empty_like(mean)
    step = max(1, BLOCK // design.n_rows)
    seen = {k: v for k, v in design.modifiers.items() if k in DRAWN_WITHIN}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for start in range(0, n, step):
            part = slice(start, start + step)
            whole, own = on_rows(design, drawn, part)
            link = kind.link(design.link)
            family, own = observe(kind, seen), own | seen
            mean[part] = family.moments(whole, link, own, design.trials)[0]
            mu[part] = family.centre(whole, link, mean[part])
            y[part] = family.respond_within(rng, whole, link, own, design.trials)
    return y, mean, mu


def on_rows(
    design: Design, drawn: Mapping[str, Array], part: slice = slice(None)
) -> tuple[Array, dict[str, Array]]:
    """Return the predictor of the mean and the family's parameters on the rows.

    Parameters
    ----------
    drawn : mapping of str to ndarray, shape (n_draws, ...)
        The graph's variables.
    part : slice
        Of the draws.
    """
    values = {name: draws[part] for name, draws in drawn.items()}
    eta = {k: linear_predictor(p, values) for k, p in design.predictors.items()}
    own = parameters_on_rows(design, eta, values)
    return np.asarray(design.joined(eta, np.stack)), own


def _tree(
    design: Design, drawn: Mapping[str, Array], y: Array, mu: Array, rows: xr.Dataset
) -> xr.DataTree:
    import xarray as xr

    dims, labels = dimensions(design)
    sample = {"chain": [0], "draw": np.arange(len(y))}
    prior = xr.Dataset(
        {k: (("chain", "draw", *dims.get(k, ())), v[None]) for k, v in drawn.items()}, sample
    )
    prior = prior.assign_coords({d: c for d, c in labels.items() if d in prior.dims})
    observation = {"observation": design.rows}
    if mu.ndim > 2:
        observation["category"] = np.array(design.categories, dtype=str)
    axes = ("chain", "draw", "observation", "category")
    observed: dict[str, Any] = {"y": (axes[2 : y.ndim + 1], design.response)}
    if design.trials is not None:
        observed["trials"] = ("observation", design.trials)
    return xr.DataTree.from_dict(
        {
            "prior": prior,
            "prior_predictive": xr.Dataset(
                {"y": (axes[: y.ndim + 1], y[None]), "mu": (axes[: mu.ndim + 1], mu[None])},
                sample | observation,
            ),
            "observed_data": xr.Dataset(observed, observation),
            "constant_data": rows,
        }
    )


def _whole(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name}={value!r}: use a whole number from {least}.")
    return int(value)
