"""The numbers by which the compiled kernel knows families, links, priors and modes."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from bayes_glmm.native.rows_table import FAMILY_NUMBERS, LINK_NUMBERS

PLAIN, FROZEN, ADAPTIVE, COLLAPSED = range(4)
MODES = {"PLAIN": PLAIN, "FROZEN": FROZEN, "ADAPTIVE": ADAPTIVE, "COLLAPSED": COLLAPSED}
"""Coordinates that are sampled: the program's own, or those of a :class:`.plan.Plan`."""

(
    GAUSSIAN, STUDENT_T, BINOMIAL, POISSON, NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_1,
    BETA_BINOMIAL, BETA,
) = range(8)  # fmt: skip
PLAIN_FAMILIES = {
    "GAUSSIAN": GAUSSIAN,
    "STUDENT_T": STUDENT_T,
    "BINOMIAL": BINOMIAL,
    "POISSON": POISSON,
    "NEGATIVE_BINOMIAL": NEGATIVE_BINOMIAL,
    "NEGATIVE_BINOMIAL_1": NEGATIVE_BINOMIAL_1,
    "BETA_BINOMIAL": BETA_BINOMIAL,
    "BETA": BETA,
}
INFLATED, HURDLE = 100, 200
"""Added to a plain family's number: extra zeros, or all of them, have a probability of their own."""
PRINTED = 300
"""Added to a number of :data:`.rows_table.FAMILY_NUMBERS`: its rows are printed."""
INTERPRETED = 400
"""The number of any other family: its density travels in the buffer."""

FAMILIES = {
    "gaussian": GAUSSIAN,
    "student_t": STUDENT_T,
    "bernoulli": BINOMIAL,
    "binomial": BINOMIAL,
    "poisson": POISSON,
    "negative_binomial": NEGATIVE_BINOMIAL,
    "negative_binomial1": NEGATIVE_BINOMIAL_1,
    "beta_binomial": BETA_BINOMIAL,
    "beta": BETA,
    "zero_inflated_poisson": INFLATED + POISSON,
    "zero_inflated_negative_binomial": INFLATED + NEGATIVE_BINOMIAL,
    "hurdle_poisson": HURDLE + POISSON,
    "hurdle_negative_binomial": HURDLE + NEGATIVE_BINOMIAL,
}
FAMILIES |= {
    name: PRINTED + number for name, number in FAMILY_NUMBERS.items() if name not in FAMILIES
}
COUNTS = (POISSON, NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_1)
SUCCESSES = (BINOMIAL, BETA_BINOMIAL)

LINKS = LINK_NUMBERS
PRIORS = {
    kind: number
    for number, kind in enumerate(
        (
            "NORMAL_PRIOR", "STUDENT_T_PRIOR", "LAPLACE_PRIOR", "LOGISTIC_PRIOR",
            "HALF_NORMAL_PRIOR", "HALF_STUDENT_T_PRIOR", "GAMMA_PRIOR", "INVERSE_GAMMA_PRIOR",
            "LOG_NORMAL_PRIOR", "SHARE_PRIOR", "POWER_PRIOR", "HELD_PRIOR",
        )
    )
}  # fmt: skip


def constant(family: int, y: NDArray[Any], trials: NDArray[Any]) -> float:
    """Sum the parts of the log-density that depend on the response alone."""
    from scipy.special import gammaln

    plain = family % INFLATED
    if plain in COUNTS:
        return float(-gammaln(y + 1).sum())
    if plain in SUCCESSES:
        return float((gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)).sum())
    return 0.0
