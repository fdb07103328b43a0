"""What the priors say about the data before they are seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.defaults import resolve_priors
from bayes_glmm.design.design import Design
from bayes_glmm.errors import ArgumentError, Finding, Findings
from bayes_glmm.families import get_family
from bayes_glmm.results import columns_to_dataset, dimensions
from bayes_glmm.spec.priors import Prior

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.families.base import Family
    from bayes_glmm.fitting import Model

type Array = NDArray[np.float64]
EDGE = 1e-6
TIMES = 1000.0
MOSTLY = 0.5


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
    missing: Literal["error", "drop"] | None = None,
    success: str | None = None,
) -> xr.DataTree:
    """Draw parameters and responses from the priors.

    Parameters are those of :func:`fit`. Where most of the prior's mass is on
    absurd responses, a warning is raised and kept: see :func:`prior_findings`.

    Returns
    -------
    xarray.DataTree
        ``prior``, ``prior_predictive`` (``y`` and ``mu``, response scale) and
        ``observed_data``.
    """
    import warnings

    import xarray as xr

    from bayes_glmm.fitting import prepare

    if draws < 1:
        raise ArgumentError(f"draws={draws}: at least 1 is needed.")
    prepared = prepare(
        model, data, family=family, link=link, exposure=exposure, offset=offset,
        priors=priors, missing=missing, success=success,
    )  # fmt: skip
    schema, design = prepared.require()
    rng = np.random.default_rng(seed)
    resolved = resolve_priors(prepared.spec, design)
    drawn = draw_parameters(design, resolved, draws, rng)
    eta = _predictors(design, drawn)
    kind = get_family(design.family)
    with np.errstate(over="ignore", invalid="ignore"):
        mu = np.asarray(kind.link(design.link).inverse(eta))
        own = {p.name: drawn[p.name][:, None] for p in kind.parameters}
        y = _simulated(kind, rng, mu, own, design)
    dims, coords = dimensions(design)
    found = absurd(design, mu)
    for finding in found:
        warnings.warn(finding.message, UserWarning, stacklevel=2)
    labels = {"observation": design.rows, "chain": [0], "draw": np.arange(draws)}
    prior = xr.Dataset(
        {k: (("chain", "draw", *dims.get(k, ())), v[None]) for k, v in drawn.items()}
    ).assign_coords({d: c for d, c in coords.items()} | {"chain": [0], "draw": np.arange(draws)})
    rows = ("chain", "draw", "observation")
    tree = xr.DataTree.from_dict(
        {
            "prior": prior,
            "prior_predictive": xr.Dataset({"y": (rows, y[None]), "mu": (rows, mu[None])}, labels),
            "observed_data": xr.Dataset({"y": ("observation", design.response)}),
            "constant_data": columns_to_dataset(prepared.data, schema.used_columns, design.rows),
        }
    )
    tree.attrs["bayes_glmm_prior"] = json.dumps([asdict(f) for f in found])
    return tree


def prior_findings(tree: xr.DataTree) -> Findings:
    """Return what :func:`prior_predictive` found absurd."""
    stored = json.loads(tree.attrs["bayes_glmm_prior"])
    return Findings(tuple(Finding(**{**f, "rows": tuple(f["rows"])}) for f in stored))


def draw_parameters(
    design: Design, priors: Mapping[str, Prior], n: int, rng: np.random.Generator
) -> dict[str, Array]:
    """Draw the graph's variables from their priors, shape (n, ...)."""
    mu = design.mu

    def draw(name: str) -> Array:
        return np.asarray(priors[name].frozen.rvs(size=n, random_state=rng), float)

    out: dict[str, Array] = {}
    if mu.intercept:
        out["intercept"] = draw("intercept")
    if mu.coefficients:
        out["beta"] = np.column_stack([draw(f"beta[{c}]") for c in mu.coefficients])
        if mu.intercept:
            out["intercept"] = out["intercept"] - out["beta"] @ mu.centers
    for group in mu.groups:
        q = len(group.terms)
        sd = np.column_stack([draw(f"sd_{group.name}[{t}]") for t in group.terms])
        L = np.broadcast_to(np.eye(q), (n, q, q)).copy()
        for members in group.blocks:
            if len(members) > 1:
                inner = np.ix_(range(n), members, members)
                L[inner] = lkj_factors(len(members), priors[f"corr_{group.name}"]["eta"], n, rng)
        out[f"sd_{group.name}"] = sd
        if any(len(b) > 1 for b in group.blocks):
            out[f"corr_{group.name}"] = L @ np.swapaxes(L, -1, -2)
        z = rng.standard_normal((n, group.n_levels, q))
        out[f"u_{group.name}"] = z @ np.swapaxes(sd[:, :, None] * L, -1, -2)
    return out | {p.name: draw(p.name) for p in get_family(design.family).parameters}


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


def absurd(design: Design, mu: Array) -> tuple[Finding, ...]:
    """Find priors whose mean responses are mostly beyond what could be observed."""
    family = get_family(design.family)
    y = np.asarray(design.response, float)
    if design.link in ("logit", "probit", "cloglog"):
        share = float(((mu < EDGE) | (mu > 1 - EDGE)).mean())
        what = f"probabilities below {EDGE:g} or above {1 - EDGE:g}"
    elif family.discrete:
        share = float((mu > TIMES * max(1.0, y.max())).mean() + (mu < EDGE).mean())
        what = f"mean counts below {EDGE:g} or above {TIMES:g} times the largest one seen"
    else:
        spread = float(y.std()) or 1.0
        share = float((np.abs(mu - y.mean()) > 100 * spread).mean())
        what = "means more than 100 standard deviations away from the data"
    if not share > MOSTLY:
        return ()
    return (
        Finding(
            "absurd_prior", "warning",
            f"{share:.0%} of the prior's mass is on {what}: narrow the priors of the random effects' "
            "sds and of the coefficients (see priors()).",
            figure=share, threshold=MOSTLY,
        ),
    )  # fmt: skip


def _predictors(design: Design, drawn: Mapping[str, Array]) -> Array:
    mu = design.mu
    n = len(next(iter(drawn.values()))) if drawn else 1
    eta = np.broadcast_to(mu.offset, (n, design.n_rows)).copy()
    if mu.intercept:
        eta += drawn["intercept"][:, None]
    if mu.coefficients:
        eta += drawn["beta"] @ mu.X.T
    for group in mu.groups:
        u = drawn[f"u_{group.name}"]
        for t in range(len(group.terms)):
            eta += u[:, group.index, t] * group.values[:, t]
    return eta


def _simulated(
    family: Family, rng: np.random.Generator, mu: Array, own: Mapping[str, Array], design: Design
) -> Array:
    """Draw responses; means beyond what a generator takes are held at its limit."""
    held = np.clip(mu, 0, 1e15) if family.discrete and design.trials is None else mu
    return np.asarray(family.simulate(rng, held, own, design.trials), float)
