r"""A screen for Bernoulli, binomial and Poisson responses: score tests, their tails refined.

The effects and coefficients of the null model are those that its standard deviations, at their
posterior means, make most probable; the variance of the score of a marker accounts for both.
Beyond two standard deviations the normal tail is replaced by a saddle-point approximation [1]_,
[2]_, which holds for rare outcomes and rare alleles. It is approximate all the same.

References
----------
.. [1] Dey, Schmidt, Abecasis & Lee (2017). A fast and accurate algorithm to test for binary
   phenotypes and its application to PheWAS. *AJHG* 101, 37-49.
   doi:10.1016/j.ajhg.2017.05.014
.. [2] Zhou et al. (2018). Efficiently controlling for case-control imbalance and sample
   relatedness in large-scale genetic association studies. *Nature Genetics* 50, 1335-1341.
   doi:10.1038/s41588-018-0184-y
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg
from scipy.special import log_ndtr

from bayes_glmm.errors import ResultError, listed
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.results.fit import Fit
from bayes_glmm.scan.dosage import dosage
from bayes_glmm.scan.loco import without_chromosomes
from bayes_glmm.scan.markers import Markers
from bayes_glmm.scan.null import covariates_of
from bayes_glmm.scan.parts import Part, reason
from bayes_glmm.scan.saddle import log_tails

type Array = NDArray[np.float64]
REFINED = 2.0
"""Scores further out, in standard deviations, get saddle-point tails."""
STEPS, CLOSE, SMALLEST = 100, 1e-9, 1e-12


@dataclass(frozen=True, eq=False)
class Working:
    """A null model at its mode, given its standard deviations.

    Attributes
    ----------
    X : ndarray, shape (n_rows, c)
    mean, variance, residual : ndarray, shape (n_rows,)
        Of the response given its row's effects: expected value, variance, and what is left.
    P : ndarray, shape (n_levels, n_levels)
        Between values of the levels: the variance of the score of ``x`` is ``x' P x``.
    """

    X: Array
    mean: Array
    variance: Array
    residual: Array
    P: Array


def screen_parts(
    fit: Fit, source: Markers, covariates: pd.DataFrame | None, loco: bool, kind: Any
) -> Iterator[Part]:
    """Return the null models and their screens: one, or one for each chromosome."""
    group = _group(fit)
    K = np.eye(len(group.levels)) if group.factor is None else group.factor.covariance({})
    X = covariates_of(fit, group, covariates, normal=False).W
    for chromosome, related in without_chromosomes(source, group, K) if loco else [(None, K)]:
        working = working_model(fit, group, X, related)
        yield Part(group.levels, _Screen(fit, group, working, kind), chromosome)


def _group(fit: Fit) -> GroupDesign:
    """Return the group whose levels have genotypes, refusing models that a screen cannot take."""
    design = fit.design
    related = [g for g in design.groups if g.factor is not None]
    plain = [g.terms == (INTERCEPT,) and g.whole and g.Z is None for g in design.groups]
    reasons = {
        f"the link {design.link!r}": design.link != fit.family.canonical_link,
        "formulas of other parameters": set(design.predictors) != {"mu"},
        "smooth terms": bool(design.smooths),
        "covariates with parameters of their own": bool(design.mu.modelled),
        "weights, censoring or standard errors": bool(design.modifiers),
        "random slopes or memberships": not all(plain),
        "effects whose distribution has parameters": any(g.hyper for g in design.groups),
        f"{len(related)} groups of related levels": len(related) != 1,
    }
    found = [what for what, there in reasons.items() if there]
    if found:
        raise ResultError(
            f"A screen needs a null model such as 'y ~ x + (1 | gr(id, K))' with the link "
            f"{fit.family.canonical_link!r}, but this has {listed(found)}."
        )
    return related[0]


def working_model(fit: Fit, group: GroupDesign, X: Array, K: Array) -> Working:
    """Find the mode of coefficients and effects given the sds' posterior means."""
    design = fit.design
    posterior = fit.posterior
    n = design.n_rows
    y = np.asarray(design.response, np.float64)
    S = np.zeros((n, n))
    for g in design.groups:
        own = K if g is group or g.name == group.name else np.eye(len(g.levels))
        sd = float(posterior[g.sd].mean())
        S += sd**2 * own[np.ix_(g.index, g.index)]
    offset = design.mu.offset
    start = fit.family.start(y, design.trials, fit.link.multiplied(offset))
    eta = offset + fit.link.forward(np.asarray(start))
    for _ in range(STEPS):
        mean, variance = _moments(fit, eta)
        root = linalg.cho_factor(S + np.diag(1 / variance))
        z = eta - offset + (y - mean) / variance
        SX = linalg.cho_solve(root, X)
        b = np.linalg.solve(X.T @ SX, SX.T @ z) if X.shape[1] else np.zeros(0)
        new = offset + X @ b + S @ linalg.cho_solve(root, z - X @ b)
        moved = float(np.abs(new - eta).max())
        eta = new
        if moved < CLOSE:
            break
    else:
        raise ResultError(
            "The null model's mode was not found: are there categories without cases?"
        )
    mean, variance = _moments(fit, eta)
    inverse = linalg.cho_solve(linalg.cho_factor(S + np.diag(1 / variance)), np.eye(n))
    if X.shape[1]:
        SX = inverse @ X
        inverse -= SX @ np.linalg.solve(X.T @ SX, SX.T)
    P = np.zeros((len(group.levels), n))
    np.add.at(P, group.index, inverse)
    both = np.zeros((len(group.levels), len(group.levels)))
    np.add.at(both, group.index, P.T)
    return Working(X, mean, variance, y - mean, both)


def _moments(fit: Fit, eta: Array) -> tuple[Array, Array]:
    mean, variance = fit.family.moments(eta, fit.link, {}, fit.design.trials)
    return mean, np.maximum(variance, SMALLEST)


class _Screen:
    """Scores a block, and refines what lies far out."""

    def __init__(self, fit: Fit, group: GroupDesign, working: Working, kind: Any) -> None:
        self.working, self.group, self.kind = working, group, kind
        self.P = working.P.astype(kind)
        self.weights = np.bincount(group.index, minlength=len(group.levels)).astype(np.float64)
        self.score = np.bincount(group.index, working.residual, len(group.levels))
        self.centred = fit.design.mu.intercept
        trials = fit.design.trials
        self.trials = np.zeros(0) if fit.family.counts() else (
            np.ones(fit.design.n_rows) if trials is None else np.asarray(trials, np.float64)
        )  # fmt: skip

    def __call__(self, calls: NDArray[Any], at: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        given = dosage(calls, at, self.weights, self.kind, centred=self.centred)
        x = given.values
        score = (x @ self.score.astype(self.kind)).astype(np.float64)
        variance = np.einsum("ij,ij->i", x @ self.P, x).astype(np.float64)
        size = np.einsum("ij,ij->i", x, x) * float(np.trace(self.P)) / len(self.P)
        why = reason(given.missing, x.shape[1], given.spread, variance > 1e-5 * size)
        sd = np.where(why == 0, np.sqrt(np.maximum(variance, 0)), np.nan)
        z = score / sd
        log_p = np.log(2) + log_ndtr(-np.abs(z))
        normal = np.exp(log_p)
        far = np.flatnonzero(np.abs(z) > REFINED)
        for j in far:
            log_p[j] = self._refined(x[j].astype(np.float64), float(z[j]))
        return {
            "frequency": given.frequency, "missing": given.missing, "effect": score / sd**2,
            "se": 1 / sd, "p": np.exp(log_p), "log10_p": -log_p / np.log(10), "p_normal": normal,
            "reason": why,
        }  # fmt: skip

    def _refined(self, x: Array, z: float) -> float:
        w = self.working
        g = x[self.group.index]
        if w.X.shape[1]:
            WX = w.X * w.variance[:, None]
            g = g - w.X @ np.linalg.solve(w.X.T @ WX, WX.T @ g)
        s = abs(z) * float(np.sqrt(g**2 @ w.variance))
        return float(np.logaddexp(*log_tails(g, w.mean, self.trials, s)))
