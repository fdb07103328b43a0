"""Named verdicts on a fitted model, each a small function of the fit.

:data:`VERDICTS` is the one table: what is looked at, what judges it, and the
threshold its findings are held against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bayes_glmm.answers.diagnose import (
    verdicts_priors,
    verdicts_random,
    verdicts_residuals,
    verdicts_response,
)
from bayes_glmm.errors import Finding
from bayes_glmm.results.fit import Fit

type Verdict = Callable[[Fit, float], Iterator[Finding]]

VERDICTS: tuple[tuple[str, Verdict, float], ...] = (
    ("near-zero sd", verdicts_random.near_zero_sd, 0.15),
    ("few groups", verdicts_random.few_groups, 5),
    ("correlation at the edge", verdicts_random.edge, 0.5),
    ("sds that trade off", verdicts_random.traded, 0.7),
    ("over-specified slopes", verdicts_residuals.thin_slopes, 1.5),
    ("random effects against covariates", verdicts_random.confounded, 0.3),
    ("over-dispersion", verdicts_response.dispersion, 1.2),
    ("excess zeros", verdicts_response.zeros, 0.01),
    ("distribution of residuals", verdicts_residuals.misshapen, 0.08),
    ("residual autocorrelation", verdicts_residuals.autocorrelated, 0.15),
    ("residual autocorrelation in space", verdicts_residuals.spatial, 0.1),
    ("prior conflict", verdicts_priors.conflict, 0.005),
    ("prior sensitivity", verdicts_priors.sensitivity, 0.05),
)
