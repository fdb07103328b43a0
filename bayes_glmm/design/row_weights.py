"""How many single observations each row of the training table stands for."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.expressions import States
from bayes_glmm.design.modifiers import modifiers_of
from bayes_glmm.design.response import trials_of
from bayes_glmm.errors import BayesGLMMError
from bayes_glmm.spec.model import ModelSpec

type Weights = NDArray[np.float64] | None


def row_weights(spec: ModelSpec, data: pd.DataFrame, states: States) -> Weights:
    """Return trials times weights of each row, ``None`` where every row is one observation.

    Means and standard deviations that default priors are scaled by are then the same for
    rows of single observations and for rows that sum them up. What cannot be read is left to
    the checks of the response.
    """
    try:
        trials = trials_of(spec, data, states, required=False)
        found = modifiers_of(spec, data, states, required=False).get("weights")
    except BayesGLMMError:
        return None
    parts = [np.asarray(part, float) for part in (trials, found) if part is not None]
    if not parts:
        return None
    total = np.asarray(np.prod(np.broadcast_arrays(*parts), axis=0))
    sound = np.isfinite(total).all() and (total >= 0).all() and total.sum() > 0
    return total if sound else None
