"""Link functions: NumPy for answers, PyTensor for graphs, stated side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import SpecError, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

    from bayes_glmm.families.base import Family

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Link:
    """A monotone map from the mean to the predictor.

    Attributes
    ----------
    name : str
    forward, inverse, derivative : callable
        ``eta = forward(mu)``, ``mu = inverse(eta)`` and ``d mu / d eta`` on arrays.
    symbolic : callable
        ``inverse`` on PyTensor variables.
    """

    name: str
    forward: Callable[[Array], Array]
    inverse: Callable[[Array], Array]
    derivative: Callable[[Array], Array]
    symbolic: Callable[[Any], Any]
