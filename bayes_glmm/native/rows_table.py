"""Families and links by their numbers in the library, and their rows from Python."""

from __future__ import annotations

from typing import cast

from bayes_glmm.families import get_family
from bayes_glmm.families.density_family import Written

FAMILY_NUMBERS: dict[str, int] = {
    name: number
    for number, name in enumerate(
        """
        gaussian student_t bernoulli binomial poisson negative_binomial negative_binomial1
        geometric generalized_poisson beta_binomial zero_inflated_poisson
        zero_inflated_negative_binomial zero_inflated_binomial hurdle_poisson
        hurdle_negative_binomial hurdle_gamma hurdle_lognormal gamma lognormal
        inverse_gaussian weibull exponential beta zero_one_inflated_beta ordered_beta
        skew_normal asymmetric_laplace von_mises tweedie
        """.split()
    )
}
"""Those with one predictor, whose rows are printed as C."""
LINK_NUMBERS: dict[str, int] = {
    name: number
    for number, name in enumerate("identity log logit probit cloglog sqrt inverse tan_half".split())
}


CUMULATIVE_LINKS: dict[str, int] = {"logit": 0, "probit": 1, "cloglog": 2}
"""Of ordered categories cut by thresholds."""


def printed_family(name: str) -> Written:
    """Return a family whose rows are printed."""
    return cast("Written", get_family(name))
