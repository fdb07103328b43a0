"""The numbers by which the compiled kernel knows families, links, priors and modes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.native.rows_table import FAMILY_NUMBERS, LINK_NUMBERS

type Array = NDArray[np.float64]

PLAIN, FROZEN, ADAPTIVE, COLLAPSED, TAYLOR = range(5)
MODES = {
    "PLAIN": PLAIN,
    "FROZEN": FROZEN,
    "ADAPTIVE": ADAPTIVE,
    "COLLAPSED": COLLAPSED,
    "TAYLOR": TAYLOR,
}
"""Coordinates that are sampled: the program's own, or those of a :class:`.plan.Plan`."""

LAWS = {"constant": 0, "rho": 1, "halflife": 2, "share": 3, "mix": 4, "matern": 5, "squared": 6}
"""Laws of related levels: without a parameter, those of :class:`.chain.Chain`, and a map's field that is
one share of the variance."""

GAUSSIAN, STUDENT_T, BERNOULLI, POISSON, NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_1 = range(6)
PLAIN_FAMILIES = {
    "GAUSSIAN": GAUSSIAN,
    "STUDENT_T": STUDENT_T,
    "BERNOULLI": BERNOULLI,
    "POISSON": POISSON,
    "NEGATIVE_BINOMIAL": NEGATIVE_BINOMIAL,
    "NEGATIVE_BINOMIAL_1": NEGATIVE_BINOMIAL_1,
}
"""Families whose rows are written by hand, where that is 1.3 to 2.2 times as fast as printed rows."""
INFLATED, HURDLE = 100, 200
"""Added to a plain family's number: extra zeros, or all of them, have a probability of their own."""
PRINTED = 300
"""Added to a number of :data:`.rows_table.FAMILY_NUMBERS`: its rows are printed."""
INTERPRETED = 400
"""The number of any other family: its density travels in the buffer."""
CUMULATIVE = 500
"""Ordered categories: their own parameters are thresholds and the discrimination."""

FAMILIES = {name: PRINTED + number for name, number in FAMILY_NUMBERS.items()}
"""By name the number of a family whose rows are printed: every family with one predictor."""
ORDERED = {"cumulative": CUMULATIVE}
"""By name the number of a family of ordered categories, whose parameters are thresholds."""
COUNTS = (POISSON, NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_1)

LINKS = LINK_NUMBERS
_NUMBERS = {
    "gaussian": GAUSSIAN,
    "student_t": STUDENT_T,
    "bernoulli": BERNOULLI,
    "poisson": POISSON,
    "negative_binomial": NEGATIVE_BINOMIAL,
    "negative_binomial1": NEGATIVE_BINOMIAL_1,
    "zero_inflated_poisson": INFLATED + POISSON,
    "zero_inflated_negative_binomial": INFLATED + NEGATIVE_BINOMIAL,
    "hurdle_poisson": HURDLE + POISSON,
    "hurdle_negative_binomial": HURDLE + NEGATIVE_BINOMIAL,
}
_FOR_ALL: tuple[str, ...] = tuple(LINKS)
BY_HAND = {
    (name, link): number
    for name, number in _NUMBERS.items()
    for link in {"bernoulli": ("logit",)}.get(name, _FOR_ALL)
}
"""By family and link the number of rows that are written by hand."""
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


def family_number(name: str, link: str, *, weighted: bool) -> int:
    """Return the number of a family's rows: by hand where there are such, else printed.

    Parameters
    ----------
    name, link : str
        Of the family, without held parameters.
    weighted : bool
        Whether rows have weights.
    """
    printed = FAMILIES[name]
    return printed if weighted else BY_HAND.get((name, link), printed)


def counted(family: int, y: Array) -> tuple[float, Array, Array]:
    """Return what rows of counts need to be read only once; nothing for other rows by hand.

    Returns
    -------
    float
        The sum of the parts of the log-density that depend on the counts alone.
    ndarray
        The values among the counts.
    ndarray
        How many rows have each.
    """
    if family % INFLATED not in COUNTS:
        return 0.0, np.zeros(0), np.zeros(0)
    from scipy.special import gammaln

    values, times = np.unique(y, return_counts=True)
    return float(-times @ gammaln(values + 1)), values, times.astype(np.float64)
