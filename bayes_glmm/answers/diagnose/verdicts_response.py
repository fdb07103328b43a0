"""Verdicts on the fit to the responses, by posterior predictive checks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_glmm.answers.diagnose.ppc import pearson, replicated
from bayes_glmm.answers.diagnose.row_copies import by_copies
from bayes_glmm.answers.require import able
from bayes_glmm.errors import Finding
from bayes_glmm.model.row_spread import estimated_spread
from bayes_glmm.results.fit import Fit

TAIL = 0.01


def dispersion(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find more, or much less, variation of single rows than the family has.

    The statistic is Pearson's chi-square given each row's own group effects, of
    the data against replicated data, draw by draw; its mean per row is one in a
    model that holds.
    """
    family, design = fit.family, fit.design
    absorbed = any(g.n_levels == design.n_rows for g in fit.groups)
    if estimated_spread(family, design) or absorbed:
        return
    if not able(fit, "dispersion") or family.single(design.trials):
        return
    fit = by_copies(fit)
    y = np.asarray(fit.design.response, float)
    again, mean, variance = replicated(fit)
    if not np.isfinite(variance).all():
        return
    observed, expected = pearson(y, mean, variance), pearson(again, mean, variance)
    p = float((expected >= observed).mean())
    ratio = float(observed.mean() / y.size)
    name = (
        "the stated standard errors allow" if "se" in design.modifiers else f"{family.name} allows"
    )
    if p < TAIL and ratio > threshold:
        remedy = "negative_binomial or " if family.counts() else ""
        yield Finding(
            "overdispersion", "warning",
            f"Single rows vary {ratio:.1f} times as much as {name} (replicated data vary as "
            f"much in {p:.1%} of the draws): intervals are too narrow. Use {remedy}(1 | observation)"
            f"{', not both' if remedy else ''}.",
            figure=ratio, threshold=threshold,
        )  # fmt: skip
    elif p > 1 - TAIL and ratio < 1 / threshold:
        yield Finding(
            "underdispersion", "info",
            f"Single rows vary {ratio:.2f} times as much as {family.name} expects: intervals are wider "
            f"than the data need. Look for {family.underdispersed()}.",
            figure=ratio, threshold=1 / threshold,
        )  # fmt: skip


def zeros(fit: Fit, threshold: float) -> Iterator[Finding]:
    """Find more zeros than the model makes; the figure is the predictive p-value."""
    if not (fit.family.counts() and able(fit, "observed")):
        return
    fit = by_copies(fit)
    y = np.asarray(fit.design.response, float)
    again, _, _ = replicated(fit)
    observed = float((y == 0).mean())
    made = (again == 0).mean(axis=1)
    p = float((made >= observed).mean())
    if p < threshold:
        yield Finding(
            "excess_zeros", "warning",
            f"{observed:.0%} of the rows are zero; the model makes {made.mean():.0%}, and as many as "
            f"observed in {p:.1%} of the draws. Look at over-dispersion first, then at a "
            "zero-inflated family.",
            figure=p, threshold=threshold,
        )  # fmt: skip
