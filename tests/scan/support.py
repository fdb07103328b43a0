"""Null models without sampling, and the definitions that a scan is tested against."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize, stats

from bayes_glmm.fitting.prepare import prepare
from bayes_glmm.model.default_priors import resolve_priors
from bayes_glmm.results.fit import make_tree


def tree_of(formula, data, structures, draws, **options):
    """Label given draws as a fit of a model."""
    prepared = prepare(formula, data, structures=structures, **options)
    schema, design = prepared.require()
    first = next(iter(draws.values()))
    stats_ = {"diverging": np.zeros(first.shape[:2], bool)}
    priors = resolve_priors(prepared.spec, design)
    known = {name: s.identity() for name, s in prepared.structures.items()}
    info = {"seed": 1, "settings": {"draws": first.shape[1]}, "structures": known}
    lead, none = first.shape[:2], {}
    for g in design.groups:
        none[f"u_{g.name}"] = np.zeros((*lead, g.n_levels, len(g.terms)))
        if g.factor is not None:
            none[f"z_{g.name}"] = np.zeros((*lead, len(g.factor.nodes), len(g.terms)))
    return make_tree(
        none | draws, stats_, prepared.spec, schema, design, prepared.data, priors, info,
        prepared.structures,
    )  # fmt: skip


def around(rng, n, **centres):
    """Draws near positive values, shape (1, n, ...)."""
    found = {}
    for name, value in centres.items():
        value = np.asarray(value, float)
        found[name] = value * np.exp(0.2 * rng.standard_normal((1, n, *value.shape)))
    return found


def filled(counts):
    """Counts with missing ones at their column's mean."""
    return np.where(np.isnan(counts), np.nanmean(counts, axis=0), counts)


def dense_wald(y, X, K):
    """Estimate, se, p and variance ratio of the last column by dense GLS at the REML optimum."""
    n, k = X.shape

    def parts(theta):
        V = np.exp(theta) * K + np.eye(n)
        inverse = np.linalg.inv(V)
        A = X.T @ inverse @ X
        b = np.linalg.solve(A, X.T @ inverse @ y)
        r = y - X @ b
        return V, A, b, r @ inverse @ r / (n - k)

    def loss(theta):
        V, A, _, s2 = parts(theta)
        logdet = np.linalg.slogdet(V)[1] + np.linalg.slogdet(A)[1]
        return 0.5 * (logdet + (n - k) * np.log(s2))

    low, high = np.log(1e-5), np.log(1e5)
    grid = np.linspace(low, high, 93)
    at = grid[np.argmin([loss(t) for t in grid])]

    def slope(theta, h=1e-4):
        far, near = loss(theta + 2 * h) - loss(theta - 2 * h), loss(theta + h) - loss(theta - h)
        return (8 * near - far) / (12 * h)

    if at in (low, high):
        theta = at
    else:
        theta = optimize.brentq(slope, at - 0.3, at + 0.3, xtol=1e-13)
    _, A, b, s2 = parts(theta)
    se = np.sqrt(s2 * np.linalg.inv(A)[-1, -1])
    return b[-1], se, 2 * stats.t.sf(abs(b[-1] / se), n - k), np.exp(theta)


def cohort(seed=0, n=50, m=10, repeats=1):
    """A response, a covariate, genotypes and relationships of named people, in odd orders."""
    rng = np.random.default_rng(seed)
    names = np.array([f"p{k}" for k in rng.permutation(n)])
    counts = rng.binomial(2, rng.uniform(0.2, 0.8, m), (n, m)).astype(float)
    counts[2, 1] = counts[5, 1] = np.nan
    root = rng.normal(size=(n, 30))
    K = root @ root.T / 30
    person = rng.permutation(np.repeat(np.arange(n), repeats))
    x = rng.normal(size=len(person))
    u = np.linalg.cholesky(K + 1e-9 * np.eye(n)) @ rng.normal(size=n)
    y = 2 + 0.5 * x + 0.8 * u[person] + rng.normal(size=len(person)) + 0.6 * counts[person, 0]
    data = pd.DataFrame({"y": y, "x": x, "id": names[person]})
    genotypes = pd.DataFrame(counts, names, [f"s{k}" for k in range(m)])
    return data, genotypes, pd.DataFrame(K, names, names), person
