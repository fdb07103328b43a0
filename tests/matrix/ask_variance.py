"""Shares of variance, and scores of what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from arviz_stats import ess, loo
from scipy.special import logsumexp

import bayes_glmm as bg
from tests.matrix.ask_effects import first, group_of
from tests.matrix.held import near, summarised
from tests.matrix.laws import LINKS, ORDERED
from tests.matrix.questions import Question
from tests.matrix.responses import density
from tests.matrix.terms import Group
from tests.matrix.world import World, squares

type Array = np.ndarray
LATENT = ("bernoulli", "binomial", "beta_binomial", "zero_inflated_binomial", *ORDERED)
"""Families whose latent variable has the variance of the logistic distribution."""
NODES, REACH = 121, 9.0
BY_CHANCE = 22.0
"""Standard errors of four scrambles are Student's t with 3 degrees of freedom: beyond this 1 in 5,000."""


def shares(w: World) -> Array:
    each = w.amounts(w.rows)
    return each / each.sum()


def group_variance(w: World, group: Group, size: Array) -> Array:
    """Return the variance of one group's part of each row, shape (n_draws, n_rows)."""
    mu = w.of(w.means[0])
    Sigma = mu.sigma(group)[:, mu.places(group)][:, :, mu.places(group)]
    z = np.stack([np.broadcast_to(c(mu, w.rows), len(w.rows)) for c in group.terms.values()], -1)
    return np.einsum("nk,dkl,nl->dn", z, Sigma, z) * squares(group, w.rows) * size[:, None]


def typical(w: World) -> tuple[Array, dict[str, Array]]:
    eta = w.eta(w.rows, "typical")
    return eta["mu"], w.own(eta, w.rows)


def latent_noise(w: World) -> Array:
    """Return the family's own variance on the link scale, at the mean of all rows."""
    eta, own = typical(w)
    if w.family in LATENT:
        slope = own.get("discrimination", np.ones((1, 1)))
        return np.broadcast_to(np.pi**2 / 3 / slope**2, eta.shape) @ shares(w)
    inverse, derivative = LINKS[w.law.link]
    variance = sum((group_variance(w, g, w.diagonal(g)) for g in w.of("mu").side.groups),
                   np.zeros(eta.shape))  # fmt: skip
    mu = sum(
        weight * inverse(eta + np.sqrt(variance) * z[..., 0])
        for weight, z in (
            w.points(["mu"], len(w.rows)) if w.of("mu").side.groups else [(1.0, np.zeros(1))]
        )
    )
    mu = (mu @ shares(w))[:, None]
    if w.law.link == "identity":
        found = w.law.moments(mu, own)[1]
    elif w.law.link == "log":  # Nakagawa et al. (2017): the log-normal with the same moments
        mean, noise = w.law.moments(mu, own)
        found = np.log1p(noise / mean**2)
    else:  # the delta method: what a change of the predictor does to the mean
        mean, noise = w.law.moments(mu, own)
        step = 1e-6
        rise = [w.law.moments(inverse(np.log(mu / (1 - mu)) + s), own)[0] for s in (-step, step)]
        found = noise / ((rise[1] - rise[0]) / (2 * step)) ** 2
    return np.broadcast_to(found, eta.shape) @ shares(w)


def partition(
    w: World, parts: dict[str, Array], joint: Array
) -> Iterator[tuple[str, Array, Array]]:
    """Yield components with their shares and variances, then repeatabilities and R²."""
    whole = sum(parts.values())
    for name, variance in parts.items():
        yield name, variance / whole, variance
    for name in parts:
        if name not in ("fixed", "interaction", "residual", "observation"):
            yield f"icc[{name}]", parts[name] / (whole - parts["fixed"]), np.full(w.n_draws, np.nan)
    yield "r2_marginal", parts["fixed"] / whole, np.full(w.n_draws, np.nan)
    yield "r2_conditional", joint / whole, np.full(w.n_draws, np.nan)


def check_partition(table: pd.DataFrame, expected: list[Any], rel: float) -> None:
    assert table["component"].tolist() == [name for name, _, _ in expected]
    summarised(table, np.column_stack([share for _, share, _ in expected]), rel)
    known = table["variance"].notna().to_numpy()
    near(table["variance"][known], [v.mean() for _, _, v in expected if np.isfinite(v).all()], rel)


def check_latent(w: World, table: pd.DataFrame) -> None:
    mu = w.of("mu")
    without = 0 if mu.side.offset is None else mu.side.offset(mu, w.rows)
    eta, share = mu.fixed(w.rows) - without, shares(w)
    parts = {"fixed": eta**2 @ share - (eta @ share) ** 2}
    for group in mu.side.groups:
        parts[group.name] = group_variance(w, group, w.apart(group)) @ share
    random = sum(v for k, v in parts.items() if k not in ("fixed", "observation"))
    parts["residual"] = latent_noise(w)
    check_partition(table, list(partition(w, parts, parts["fixed"] + random)), 1e-7)


def check_data(w: World, table: pd.DataFrame) -> None:
    eta, own = typical(w)
    inverse, groups = LINKS[w.law.link][0], w.of("mu").side.groups
    sds = [np.sqrt(group_variance(w, g, w.diagonal(g))) for g in groups]
    x, p = np.polynomial.hermite_e.hermegauss(40)
    p = p / p.sum()
    shape = (len(x),) * len(groups)
    mean, noise = np.empty((2, *shape, *eta.shape))
    for place in product(range(len(x)), repeat=len(groups)):
        at = eta + sum((sd * x[k] for sd, k in zip(sds, place, strict=True)), np.zeros(()))
        mean[place], noise[place] = (
            np.broadcast_to(v, eta.shape) for v in w.law.moments(inverse(at), own)
        )

    def over(values: Array, axes: range | list[int]) -> Array:
        for axis in sorted(axes, reverse=True):
            values = np.moveaxis(values, axis, -1) @ p
        return values

    every, share = range(len(groups)), shares(w)
    middle = over(mean, every)
    spread = over((mean - middle) ** 2, every)
    alone = {
        g.name: over((over(mean, [a for a in every if a != k]) - middle) ** 2, [0])
        for k, g in enumerate(groups)
    }
    parts = {"fixed": middle**2 @ share - (middle @ share) ** 2}
    parts |= {name: v @ share for name, v in alone.items()}
    if len(groups) > 1:
        parts["interaction"] = spread @ share - sum(v @ share for v in alone.values())
    parts["residual"] = over(noise, every) @ share
    joint = parts["fixed"] + (0 if "observation" in alone or not groups else spread @ share)
    check_partition(table, list(partition(w, parts, joint)), 1e-6)


def scored(w: World, values: Array, times: Array | None = None) -> float:
    """Return the sum of Pareto-smoothed scores by ArviZ, of values of shape (n_draws, n_units)."""
    cube = values.reshape(w.tree["posterior"].sizes["chain"], -1, values.shape[1])
    data = xr.Dataset({"y": (("chain", "draw", "unit"), cube)})
    sizes = ess(data["y"], method="bulk").values / len(values)
    often = np.ones(len(sizes), int) if times is None else times
    middle = float(np.clip(np.median(np.repeat(sizes, often)), 0.01, 1.0))
    tree = xr.DataTree.from_dict({"posterior": data[[]], "log_likelihood": data})
    return float(loo(tree, pointwise=True, var_name="y", reff=middle).elpd_i.values @ often)


def check_compare(w: World, table: pd.DataFrame) -> None:
    eta = w.eta(w.rows, "known")
    values = density(w, eta, w.own(eta, w.rows), w.thresholds(w.rows))
    times = None
    if "weights" in w.modifier:
        times = w.rows["copies"].to_numpy(int)
        values = values / times
    near(table["elpd"], [scored(w, values, times)] * 2, 1e-6)
    assert table["elpd_diff"].tolist() == [0.0, 0.0]


def check_groupwise(w: World, table: pd.DataFrame) -> None:
    at, group = first(w)
    levels = group.members(w.rows)[0][0]
    index = np.searchsorted(np.unique(levels), levels)
    said = table.attrs["integration"].get("a", "")
    stated = re.search(r"error ([\d.e+-]+)$", said)
    error = float(stated[1] if stated else 0)
    assert error < 0.2
    band = BY_CHANCE if "quasi-random" in said else 6
    assert abs(table["elpd"][0] - scored(w, integrated(w, at, group, index))) < 1e-6 + band * error


def integrated(w: World, at: World, group: Group, index: Array) -> Array:
    """Return each level's log-likelihood over its own effects, shape (n_draws, n_levels)."""
    eta, cuts = w.eta(w.rows, "known"), w.thresholds(w.rows)
    own, inner = w.own(eta, w.rows), [g for g in at.side.groups if g.name == f"{group.name}_by_g"]
    without = eta["mu"] - own_part(at, group) - sum((own_part(at, g) for g in inner), np.zeros(()))
    n = index.max() + 1

    def rows(shift: Array) -> Array:
        return density(w, {**eta, "mu": without + shift}, own, cuts)

    def sums(values: Array, codes: Array) -> Array:
        return np.stack([values[:, codes == k].sum(axis=1) for k in range(codes.max() + 1)], axis=1)

    if len(group.terms) > 1:
        x, p = np.polynomial.hermite_e.hermegauss(30)
        keep = p / p.sum() > 1e-14
        x, p = x[keep], p[keep] / p.sum()
        root = np.linalg.cholesky(at.sigma(group))
        z = np.stack([c(at, w.rows) for c in group.terms.values()], axis=-1)
        found = [
            sums(rows(np.einsum("dkl,l,nk->dn", root, [a, b], z)), index) + np.log(pa * pb)
            for (a, pa), (b, pb) in product(zip(x, p, strict=True), repeat=2)
        ]
        return logsumexp(found, axis=0)
    grid = np.linspace(-REACH, REACH, NODES if not inner else 61)
    p = np.exp(-0.5 * grid**2)
    p /= p.sum()
    sd = at.draw(f"sd_{group.name}")[:, :1]
    if not inner:
        return logsumexp(
            [sums(rows(sd * z), index) + np.log(q) for z, q in zip(grid, p, strict=True)], axis=0
        )
    names = inner[0].members(w.rows)[0][0]
    below = np.searchsorted(np.unique(names), names)
    above = np.array([index[below == k][0] for k in range(below.max() + 1)])
    deep = at.draw(f"sd_{inner[0].name}")[:, :1]
    found = []
    for z, q in zip(grid, p, strict=True):
        each = [
            sums(rows(sd * z + deep * t), below) + np.log(r) for t, r in zip(grid, p, strict=True)
        ]
        found.append(sums(logsumexp(each, axis=0), above) + np.log(q))
    assert n == above.max() + 1
    return logsumexp(found, axis=0)


def own_part(at: World, group: Group) -> Array:
    """Return what one group adds to each row."""
    known, values = at.known(group), at.draw(f"u_{group.name}")[:, :, at.places(group)]
    names = group.members(at.rows)[0][0]
    index = np.array([known[v] for v in names])
    return sum(values[:, index, k] * c(at, at.rows) for k, c in enumerate(group.terms.values()))


QUESTIONS = (
    Question("variance_partition", ("variance_partition",),
             lambda w: bg.variance_partition(w.tree), check_latent,
             "variances of the predictor, of the effects, and the family's by Nakagawa's formulas"),
    Question('variance_partition(scale="data")', ("variance_partition",),
             lambda w: bg.variance_partition(w.tree, "data"), check_data,
             "brute-force quadrature over each group's effects"),
    Question("compare", ("compare",), lambda w: bg.compare({"a": w.tree, "b": w.tree}),
             check_compare, "SciPy's densities of the rows, scored by ArviZ"),
    Question("compare(by=)", ("compare",),
             lambda w: bg.compare({"a": w.tree, "b": w.tree}, by=group_of(w)), check_groupwise,
             "brute-force integrals of each level's likelihood, scored by ArviZ"),
)  # fmt: skip
