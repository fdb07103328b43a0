"""Which mean responses could be of such data: those of absurd priors could not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.parameter import response_scale

type Array = NDArray[np.float64]
EDGE = 1e-6
TIMES = 1000.0
WIDE = 100.0


@dataclass(frozen=True, eq=False)
class Plausible:
    """Means that could be, and a name for the others.

    Attributes
    ----------
    sound : ndarray of bool, shape (n_draws, n_rows)
    others : str
    """

    sound: NDArray[np.bool_]
    others: str


def plausible(mu: Array, y: Array, *, probability: bool, counts: bool) -> Plausible:
    """Tell means that could be of such responses from others.

    Parameters
    ----------
    mu : ndarray, shape (n_draws, n_rows)
        Response scale.
    y : ndarray, shape (n_rows,)
        What was observed.
    probability, counts : bool
        Whether means are probabilities, or of whole numbers; else they are held against the
        standard deviation of the responses.

    Returns
    -------
    Plausible
    """
    if probability:
        sound = (mu >= EDGE) & (mu <= 1 - EDGE)
        return Plausible(sound, f"probabilities below {EDGE:g} or above 1 - {EDGE:g}")
    if counts:
        sound = (mu >= EDGE) & (mu <= TIMES * max(1.0, y.max()))
        return Plausible(
            sound, f"mean counts below {EDGE:g} or above {TIMES:g} times the largest one seen"
        )
    sound = np.abs(mu - y.mean()) <= WIDE * response_scale(y)
    return Plausible(sound, f"means more than {WIDE:g} standard deviations away from the data")
