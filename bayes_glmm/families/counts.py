"""What families of counts share."""

from __future__ import annotations

from numpy import bool_
from numpy.typing import NDArray

from bayes_glmm.families.base import Array, count_start, invalid_counts
from bayes_glmm.families.written import Written


class Counts(Written):
    """Counts 0, 1, 2, ... with a mean that may be any positive number."""

    support = "counts 0, 1, 2, ..."
    links = ("log", "identity", "sqrt")
    discrete = True

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[bool_], str]]:
        """Refuse negative numbers and fractions."""
        return invalid_counts(y)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the rate, half a count from zero."""
        return count_start(y, exposure)
