"""Exact tests under a Gaussian null model, with all relationships or leaving a chromosome out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.results.fit import Fit
from bayes_glmm.scan.bayes import Nodes, bayes_factors
from bayes_glmm.scan.dosage import dosage
from bayes_glmm.scan.loco import without_chromosomes
from bayes_glmm.scan.markers import Markers
from bayes_glmm.scan.null import (
    Axes,
    covariates_of,
    draws_of,
    gaussian_null,
    log_marginal,
    turn,
)
from bayes_glmm.scan.parts import Part, reason
from bayes_glmm.scan.reml import null_start, wald

type Array = NDArray[np.float64]
WEIGHED = 1000
"""Draws that are weighted where the null model differs from the fitted one."""
FEW = 50


def exact_parts(
    fit: Fit,
    source: Markers,
    covariates: pd.DataFrame | None,
    loco: bool,
    prior_sd: float,
    draws: int,
    kind: Any,
) -> Iterator[Part]:
    """Return the null models and their tests: one, or one for each chromosome."""
    group = gaussian_null(fit)
    assert group.factor is not None
    K = group.factor.covariance({})
    own = covariates_of(fit, group, None)
    all_ = own if covariates is None else covariates_of(fit, group, covariates)
    plain = turn(fit.design, group, K, own) if loco or covariates is not None else None
    for chromosome, related in without_chromosomes(source, group, K) if loco else [(None, K)]:
        axes = turn(fit.design, group, related, all_)
        sd, sigma, notes = _draws(fit, group, axes, plain, draws)
        test = _Test(fit, group, axes, sd, sigma, prior_sd, kind)
        yield Part(group.levels, test, chromosome, notes)


def _draws(
    fit: Fit, group: GroupDesign, axes: Axes, fitted: Axes | None, n: int
) -> tuple[Array, Array, tuple[str, ...]]:
    """Return draws of the null model's standard deviations.

    Where covariates or relationships differ from the fitted model's, draws are weighted by
    the ratio of both likelihoods and drawn again, evenly.
    """
    given = draws_of(fit, group)
    sd, sigma = given["sd"], given["sigma"]
    many = np.unique(np.linspace(0, len(sd) - 1, n if fitted is None else WEIGHED).astype(int))
    sd, sigma = sd[many], sigma[many]
    if fitted is None:
        return sd, sigma, ()
    log_weight = log_marginal(axes, sd, sigma) - log_marginal(fitted, sd, sigma)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    effective = 1 / (weight**2).sum()
    at = np.searchsorted(np.cumsum(weight), (np.arange(n) + 0.5) / n).clip(max=len(sd) - 1)
    notes = (
        (f"Bayes factors rest on {effective:.0f} effective draws: the fitted null model is far from "
         "the one with these covariates and relationships. Put the covariates into the fit.",)
        if effective < FEW else ()
    )  # fmt: skip
    return sd[at], sigma[at], notes


class _Test:
    """Turns a block and tests it."""

    def __init__(
        self, fit: Fit, group: GroupDesign, axes: Axes, sd: Array, sigma: Array,
        prior_sd: float, kind: Any,
    ) -> None:  # fmt: skip
        self.axes, self.prior_sd, self.kind = axes, prior_sd, kind
        self.turn = axes.turn.astype(kind)
        self.weights = np.bincount(group.index, minlength=len(group.levels)).astype(np.float64)
        self.centred = fit.design.mu.intercept
        self.nodes = Nodes.of(axes, sd, sigma, kind)
        self.start, _ = null_start(axes.y[: axes.n_free], axes.sizes)

    def __call__(self, calls: NDArray[Any], at: NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        given = dosage(calls, at, self.weights, self.kind, centred=self.centred)
        x = given.values @ self.turn
        n = self.axes.n_free
        first = x[:, :n]
        whole = np.einsum("ij,ij->i", x, x)
        left = (
            np.einsum("ij,ij->i", first, first) > np.finfo(self.kind).eps * len(self.turn) * whole
        )
        why = reason(given.missing, len(self.turn), given.spread, left)
        usable = why == 0
        found = {"frequency": given.frequency, "missing": given.missing}
        x = x if usable.all() else x[usable]
        tested = wald(x[:, :n], self.axes.y[:n], self.axes.sizes, self.start)
        tested["ratio"] = tested.pop("lambda")
        for name, values in (tested | bayes_factors(x, self.nodes, self.prior_sd)).items():
            found[name] = np.full(len(usable), np.nan)
            found[name][usable] = values
        return found | {"reason": why}
