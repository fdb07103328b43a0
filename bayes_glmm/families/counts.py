"""What families of counts share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import bool_
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, count_start, invalid_counts
from bayes_glmm.families.density_family import Written
from bayes_glmm.maths.density_maths import Maths, Mean


class Counts(Written):
    """Counts 0, 1, 2, ... with a mean that may be any positive number."""

    support = "counts 0, 1, 2, ..."
    links = ("log", "identity", "sqrt")
    discrete = True

    has_distribution = True

    def log_below(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Sum the probabilities up to ``y``, one count after the other."""
        names = [p.name for p in self.parameters]

        def term(j: Any, last: Any, value: Any, log: Any, *given: Any) -> Any:
            own = dict(zip(names, given, strict=True))
            return m.where(j <= last, self.density(m, j, Mean(value, log), own, None), -np.inf)

        values = (m.maximum(y, 0.0), mean.value, mean.log, *(own[name] for name in names))
        log_p = m.minimum(m.log_total(term, largest + 1, *values), 0.0)
        return m.where(y < 0, -np.inf, log_p)

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of what the sum leaves."""
        return m.log_not(self.log_below(m, y, mean, own, largest))

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[bool_], str]]:
        """Refuse negative numbers and fractions."""
        return invalid_counts(y)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the rate, half a count from zero."""
        return count_start(y, exposure)
