"""What the priors say about the data before they are seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.table.kept_columns import columns_to_dataset
from bayes_glmm.errors import ArgumentError, Finding, Findings, ResultError
from bayes_glmm.families import LINKS, get_family
from bayes_glmm.families.censoring import DRAWN_WITHIN, observe
from bayes_glmm.families.parameter import response_scale
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.model.design import Design, PredictorDesign
from bayes_glmm.model.reference import Way
from bayes_glmm.model.variable_table import dimensions
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures import Structure, effect_draws

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.design.resolve import Model
    from bayes_glmm.families.contract import Family

type Array = NDArray[np.float64]

KEY = "bayes_glmm_prior"
EDGE = 1e-6
TIMES = 1000.0
WIDE = 100.0
MOSTLY = 0.5
LARGEST = 1e12
"""Means are held here before counts are drawn: generators refuse larger ones."""
BLOCK = 5_000_000


def prior_predictive(
    model: Model,
    data: Any,
    *,
    draws: int = 500,
    seed: int = 1,
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    priors: Mapping[str, Prior] | None = None,
    missing: Literal["error", "drop", "predict"] | None = None,
    success: str | None = None,
    structures: Mapping[str, Structure] | None = None,
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
    family, link, exposure, offset, priors, missing, success, structures
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

    from bayes_glmm.fitting import prepare

    rng = np.random.default_rng(_whole("seed", seed, 0))
    _whole("draws", draws, 1)
    prepared = prepare(
        model, data, family=family, link=link, exposure=exposure, offset=offset,
        priors=priors, missing=missing, success=success, structures=structures,
    )  # fmt: skip
    schema, design = prepared.require()
    way = Way.of(design, resolve_priors(prepared.spec, design))
    inside = _draw_parameters(way.design, way.priors, draws, rng)
    y, mean, mu = draw_responses(way.design, inside, rng)
    found, drawn = absurd(way.design, mu, inside), way.back(inside)
    for finding in found:
        warnings.warn(finding.message, UserWarning, stacklevel=2)
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
    def draw(name: str) -> Array:
        return np.asarray(priors[name].frozen.rvs(size=n, random_state=rng), float)

    out: dict[str, Array] = {}
    for p in design.every:
        intercept, beta = p.name("intercept"), p.name("beta")
        if p.intercept:
            out[intercept] = draw(intercept)
        if p.coefficients:
            out[beta] = np.column_stack([draw(f"{beta}[{c}]") for c in p.coefficients])
            for factor in (f for f in p.modelled.factors if f.kind == "mo"):
                alpha = priors[factor.variable]["alpha"]
                out[factor.variable] = rng.dirichlet(np.full(len(factor.labels), alpha), n)
            if p.intercept:
                out[intercept] = out[intercept] - out[beta] @ p.centers
    for smooth in design.smooths:
        name = smooth.name
        sd = np.column_stack([draw(f"sd_{name}[{part}]") for part in smooth.parts])
        hyper = {h.stem: draw(f"{h.stem}_{name}") for h in smooth.hyper}
        out |= {f"sd_{name}": sd, f"u_{name}": smooth.draw(sd, hyper, rng)}
        out |= {f"{stem}_{name}": values for stem, values in hyper.items()}
    for group in design.groups:
        sds = [draw(f"sd_{group.name}[{t}]") for t in group.terms]
        hyper = {h.stem: draw(f"{h.stem}_{group.name}") for h in group.hyper}
        out |= _draw_group(group, np.column_stack(sds), hyper, priors, rng)
    for covariate in design.covariates.values():
        sigma = covariate.predictor.name("sigma")
        out[sigma] = draw(sigma)
        rows = covariate.missing
        if len(rows):
            mean = linear_predictor(covariate.predictor, out)[:, rows]
            z = rng.standard_normal((n, len(rows)))
            out[covariate.factor.variable] = mean + out[sigma][:, None] * z
    family = get_family(design.family)
    for own in family.vectors:
        size = (n, len(design.boundaries))
        values = np.asarray(priors[own.name].frozen.rvs(size=size, random_state=rng), float)
        for ladder in design.ladders if family.increasing else ():
            values[:, ladder].sort(axis=1)
        shift = np.asarray(design.threshold_centre(out.__getitem__, np.stack))
        out[own.name] = values + (shift[:, None] if shift.ndim == 1 else shift)
    return out | {k.name: draw(k.name) for k in family.scalars(design.stated)}


def _draw_group(
    group: GroupDesign,
    sd: Array,
    hyper: Mapping[str, Array],
    priors: Mapping[str, Prior],
    rng: np.random.Generator,
) -> dict[str, Array]:
    """Draw correlations and effects of one group, given its sds, shape (n, n_terms)."""
    (n, q), name = sd.shape, group.name
    out = {f"sd_{name}": sd}
    root = np.broadcast_to(np.eye(q), (n, q, q)).copy()
    wide = [members for members in group.blocks if len(members) > 1]
    for number, members in enumerate(wide):
        block = lkj_factors(len(members), priors[f"corr_{name}"]["eta"], n, rng)
        root[np.ix_(range(n), members, members)] = block
        out[f"corr_chol_{name}" + ("" if len(wide) == 1 else f"_{number}")] = block
    if wide:
        out[f"corr_{name}"] = root @ np.swapaxes(root, -1, -2)
    if group.factor is None:
        z = rng.standard_normal((n, group.n_levels, q))
        if group.dist == "student":
            nu = hyper["nu"][:, None, None]
            z /= np.sqrt(rng.chisquare(nu, (n, group.n_levels, 1)) / nu)
    else:
        out[f"z_{name}"] = rng.standard_normal((n, len(group.factor.nodes), q))
        z = effect_draws(group.factor, out[f"z_{name}"], hyper)
    out |= {f"{stem}_{name}": values for stem, values in hyper.items()}
    out[f"u_{name}"] = z @ np.swapaxes(sd[:, :, None] * root, -1, -2)
    return out


def lkj_factors(q: int, eta: float, n: int, rng: np.random.Generator) -> Array:
    """Draw Cholesky factors of correlation matrices by the onion method, shape (n, q, q).

    References
    ----------
    .. [1] Lewandowski, Kurowicka & Joe (2009). Generating random correlation matrices.
       *J. Multivariate Analysis* 100, 1989-2001. doi:10.1016/j.jmva.2009.04.008
    """
    L = np.zeros((n, q, q))
    L[:, 0, 0] = 1.0
    for i in range(1, q):
        square = rng.beta(i / 2, eta + (q - 1 - i) / 2, n)
        direction = rng.standard_normal((n, i))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        L[:, i, :i] = np.sqrt(square)[:, None] * direction
        L[:, i, i] = np.sqrt(1 - square)
    return L


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
    if family.categorical:
        return ()
    if design.link in ("logit", "probit", "cloglog"):
        sound = (mu >= EDGE) & (mu <= 1 - EDGE)
        what = f"probabilities below {EDGE:g} or above 1 - {EDGE:g}"
    elif family.discrete:
        sound = (mu >= EDGE) & (mu <= TIMES * max(1.0, y.max()))
        what = f"mean counts below {EDGE:g} or above {TIMES:g} times the largest one seen"
    else:
        sound = np.abs(mu - y.mean()) <= WIDE * response_scale(y)
        what = f"means more than {WIDE:g} standard deviations away from the data"
    share = 1 - float(sound.mean())
    if not share > MOSTLY:
        return ()
    return (
        Finding(
            "absurd_prior", "warning",
            f"{share:.0%} of the prior's mass is on {what}, mostly because of the prior of "
            f"{_widest(design, drawn)}: narrow it, as in priors={{...}}; bg.priors() lists all.",
            figure=share, threshold=MOSTLY,
        ),
    )  # fmt: skip


def _widest(design: Design, drawn: Mapping[str, Array]) -> str:
    """Name the parameter whose draws move the predictor most, at the rows' typical size."""
    mu, sizes = design.mu, dict[str, float]()
    if mu.intercept:
        middle = drawn["intercept"] + (drawn["beta"] @ mu.centers if mu.coefficients else 0)
        sizes["intercept"] = _spread(middle)
    for k, label in enumerate(mu.coefficients):
        typical = mu.scales[k] if mu.intercept else np.sqrt((mu.X[:, k] ** 2).mean())
        sizes[f"beta[{label}]"] = _spread(drawn["beta"][:, k]) * float(typical)
    for smooth in mu.smooths:
        sizes[f"sd_{smooth.name}"] = _spread(drawn[f"u_{smooth.name}"] @ smooth.basis.T)
    for group in mu.groups:
        typical = np.sqrt((group.values**2).mean(axis=0))
        for k, label in enumerate(group.terms):
            spread = _spread(drawn[f"u_{group.name}"][..., k]) * float(typical[k])
            sizes[f"sd_{group.name}[{label}]"] = spread
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
    parts = (len(design.categories),)
    y = np.empty((n, design.n_rows, *parts * kind.composed))
    mean = np.empty((n, design.n_rows, *parts * kind.unordered))
    mu = mean if kind.categorical else np.empty_like(mean)
    step = max(1, BLOCK // design.n_rows)
    seen = {k: v for k, v in design.modifiers.items() if k in DRAWN_WITHIN}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for start in range(0, n, step):
            part = slice(start, start + step)
            whole, own = on_rows(design, drawn, part)
            link = kind.link(design.link)
            if kind.categorical:
                mu[part] = kind.moments(whole, link, own, design.trials)[0]
                y[part] = kind.respond(rng, whole, link, own, design.trials)
                continue
            mu[part] = link.inverse(whole)
            held = mu[part]
            if kind.discrete and design.trials is None:
                held = np.clip(np.nan_to_num(held, nan=LARGEST, posinf=LARGEST), 0, LARGEST)
            family, own = observe(kind, seen), own | seen
            mean[part] = family.moments(whole, link, own, design.trials)[0]
            y[part] = family.simulate(rng, held, own, design.trials)
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
    eta = {k: linear_predictor(p, drawn, part) for k, p in design.predictors.items()}
    own = {
        p.name: LINKS[p.link].inverse(eta[p.name]) if p.name in eta
        else np.full((1, 1), p.fixed) if p.fixed is not None
        else design.modifiers["se"][None] if p.name not in drawn
        else drawn[p.name][part, None]
        for p in get_family(design.family).parameters
    }  # fmt: skip
    return np.asarray(design.joined(eta, np.stack)), design.moved(own, eta, np.stack)


def linear_predictor(
    predictor: PredictorDesign, drawn: Mapping[str, Array], part: slice = slice(None)
) -> Array:
    """Return one predictor with each row's own effects, shape (n_draws, n_rows)."""
    shares = [predictor.offset[None]]
    if predictor.intercept:
        shares.append(drawn[predictor.name("intercept")][part, None])
    if predictor.coefficients:
        beta = drawn[predictor.name("beta")][part]
        shares.append(beta @ predictor.known.T)
        own = {name: drawn[name][part] for name in predictor.modelled.variables}
        shares.append(predictor.modelled.share_of(beta, own))
    for smooth in predictor.smooths:
        shares.append(drawn[f"u_{smooth.name}"][part] @ smooth.basis.T)
    for group in predictor.groups:
        shares.append(group.added(drawn[f"u_{group.name}"][part]))
    total = shares[0]
    for share in shares[1:]:
        total = total + share
    return total


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
    if get_family(design.family).unordered:
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
