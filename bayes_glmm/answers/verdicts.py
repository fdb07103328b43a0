"""Named verdicts on a fitted model, each a small function of the fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bayes_glmm.answers.ppc import pearson, replicated
from bayes_glmm.answers.predictor import flat
from bayes_glmm.errors import Finding
from bayes_glmm.results import Fit

NEAR_ZERO, NEAR_ZERO_SHARE = 0.1, 0.25
FEW = 5
TAIL = 0.01
RATIO = 1.2
CORRELATED, CORRELATED_SHARE = 0.95, 0.5


def chains(fit: Fit) -> Iterator[Finding]:
    """Repeat what the chains themselves say."""
    for finding in fit.info["verdict"]:
        yield Finding(**{**finding, "rows": tuple(finding["rows"])})


def before_sampling(fit: Fit) -> Iterator[Finding]:
    """Repeat what the checks said before sampling."""
    for finding in fit.info["findings"]:
        yield Finding(**{**finding, "rows": tuple(finding["rows"])})


def near_zero_sd(fit: Fit) -> Iterator[Finding]:
    """Find standard deviations that may be zero: the Bayesian singular fit."""
    for group in fit.groups:
        sd = flat(fit, f"sd_{group.name}")
        for t, term in enumerate(group.terms):
            scale = fit.priors[f"sd_{group.name}[{term}]"].frozen.ppf(0.5)
            share = float((sd[:, t] < NEAR_ZERO * scale).mean())
            if share > NEAR_ZERO_SHARE:
                label = f"sd_{group.name}[{term}]"
                yield Finding(
                    "near_zero_sd", "warning",
                    f"{label} is within a tenth of its prior's median of zero with probability "
                    f"{share:.0%}: the data hardly show that {term} varies by {group.name}. Keep it if "
                    "the design demands it; otherwise drop that term and compare.",
                    figure=share, threshold=NEAR_ZERO_SHARE,
                )  # fmt: skip


def correlations(fit: Fit) -> Iterator[Finding]:
    """Find correlations of varying effects at the edge."""
    for group in fit.groups:
        name = f"corr_{group.name}"
        if name not in fit.posterior:
            continue
        corr = flat(fit, name)
        for block in group.blocks:
            for i in range(len(block)):
                for j in range(i):
                    a, b = block[j], block[i]
                    share = float((np.abs(corr[:, a, b]) > CORRELATED).mean())
                    if share > CORRELATED_SHARE:
                        yield Finding(
                            "correlation_at_edge", "warning",
                            f"The correlation of {group.terms[a]} and {group.terms[b]} by {group.name} is "
                            f"beyond ±{CORRELATED} with probability {share:.0%}: one of the two varying "
                            "terms says it all; simplify, or centre the slope's variable.",
                            figure=share, threshold=CORRELATED_SHARE,
                        )  # fmt: skip


def dispersion(fit: Fit) -> Iterator[Finding]:
    """Find more variation of single rows than the family has."""
    family = fit.family
    free = family.free_variance or any(g.n_levels == fit.design.n_rows for g in fit.groups)
    binary = family.discrete and (fit.design.trials is None) and not _counts(fit)
    if not family.discrete or free or binary:
        return
    y = np.asarray(fit.design.response, float)
    again, mean, variance = replicated(fit)
    observed, expected = pearson(y, mean, variance), pearson(again, mean, variance)
    p = float((expected >= observed).mean())
    fixed = len(fit.design.mu.coefficients) + fit.design.mu.intercept + len(fit.groups)
    ratio = float(observed.mean() / max(1, len(y) - fixed))
    if p < TAIL and ratio > RATIO:
        remedy = "negative_binomial or" if _counts(fit) else "a beta-binomial or"
        yield Finding(
            "overdispersion", "warning",
            f"Single rows vary {ratio:.1f} times as much as {family.name} allows (a replicated data set "
            f"is as variable in {p:.1%} of draws): intervals are too narrow. Use {remedy} "
            "(1 | observation), not both.",
            figure=ratio, threshold=RATIO,
        )  # fmt: skip


def zeros(fit: Fit) -> Iterator[Finding]:
    """Find more zeros than the family can make."""
    if not _counts(fit):
        return
    y = np.asarray(fit.design.response, float)
    again, _, _ = replicated(fit)
    observed = float((y == 0).mean())
    made = (again == 0).mean(axis=1)
    p = float((made >= observed).mean())
    if p < TAIL:
        yield Finding(
            "excess_zeros", "warning",
            f"{observed:.0%} of the rows are zero; the model makes {made.mean():.0%} (as many in {p:.1%} "
            "of draws): look at over-dispersion first, then at a zero-inflated family.",
            figure=observed, threshold=float(np.quantile(made, 1 - TAIL)),
        )  # fmt: skip


def _counts(fit: Fit) -> bool:
    return fit.family.discrete and fit.link.name in ("log", "sqrt", "identity")


VERDICTS: tuple[tuple[str, Callable[[Fit], Iterator[Finding]]], ...] = (
    ("convergence", chains),
    ("near-zero sd", near_zero_sd),
    ("correlations", correlations),
    ("over-dispersion", dispersion),
    ("zeros", zeros),
    ("before sampling", before_sampling),
)
