"""How much each row counts in means and averages, from what it stands for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Weights = Array | None


def product_of(parts: Sequence[Array]) -> Weights:
    """Return what rows stand for by all of some numbers; ``None`` for none, or what is no weight."""
    if not parts:
        return None
    total = np.asarray(np.prod(np.broadcast_arrays(*parts), axis=0), float)
    sound = np.isfinite(total).all() and (total >= 0).all() and total.sum() > 0
    return total if sound else None
