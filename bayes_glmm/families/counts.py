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
        j = np.arange(float(largest + 1))
        each = Mean(*(None if v is None else v[..., None] for v in (mean.value, mean.log)))
        wide = {k: v[..., None] if getattr(v, "ndim", 0) else v for k, v in own.items()}
        terms = self.density(m, j, each, wide, None)
        kept = m.where(j <= m.maximum(y, 0.0)[..., None], terms, -np.inf)
        return m.where(y < 0, -np.inf, m.minimum(m.logsumexp(kept), 0.0))

    def log_above(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], largest: int) -> Any:
        """Return the log of what the sum leaves."""
        return m.log_not(self.log_below(m, y, mean, own, largest))

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[bool_], str]]:
        """Refuse negative numbers and fractions."""
        return invalid_counts(y)

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the rate, half a count from zero."""
        return count_start(y, exposure)
