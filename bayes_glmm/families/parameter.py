"""A parameter of a family beside the mean, and where its default prior comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.links import LINKS, Link
from bayes_glmm.spec.priors import Prior

if TYPE_CHECKING:
    from collections.abc import Callable

type Array = NDArray[np.float64]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a family beside ``mu``.

    Parameters
    ----------
    name : str
        Name in formulas, priors and the posterior.
    meaning : str
        One phrase for tables, with the parametrisation.
    prior : callable
        Takes the standard deviation of the response, gives the default prior.
    link : str
        Link of its predictor, where it has a formula.
    vector : bool
        Whether it has one element for every boundary between categories; it then
        takes no formula.
    fixed : float or None
        Its value where it has no formula; ``None`` where it is estimated.
    formula : bool
        Whether it may have a formula.
    spread : bool
        Whether it says how far single rows lie from their mean, so that an effect of
        single rows cannot be told apart from it where it is estimated.
    start : callable or None
        Of a vector: takes the responses' codes, the number of categories and the link,
        gives where chains begin.
    learned : callable or None
        Takes responses and exposures, gives the default prior, where it follows more of them
        than their standard deviation.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> shape = bg.Parameter("shape", "shape", lambda spread: bg.Prior("Gamma", alpha=2, beta=0.1),
    ...                      spread=True)
    >>> shape.name, shape.link
    ('shape', 'log')
    """

    name: str
    meaning: str
    prior: Callable[[float], Prior]
    link: str = "log"
    vector: bool = False
    fixed: float | None = None
    formula: bool = True
    spread: bool = False
    start: Callable[[Array, int, Link], Array] | None = None
    learned: Callable[[Array, Array], Prior] | None = None

    def default(self, y: Array, exposure: Array) -> Prior:
        """Return the default prior.

        Parameters
        ----------
        y : ndarray, shape (n_rows,) or (n_rows, n_parts)
            Responses.
        exposure : ndarray, shape (n_rows,)
            What the mean is multiplied by; ones without an exposure.

        Returns
        -------
        Prior
            On the scale of the parameter.
        """
        if self.learned is not None:
            return self.learned(y, exposure)
        return self.prior(response_scale(y))

    def middle(self, y: Array, exposure: Array) -> float:
        """Return the median of the default prior.

        Parameters
        ----------
        y, exposure : ndarray
            As in :meth:`default`.

        Returns
        -------
        float
            On the scale of the parameter's link.
        """
        return float(LINKS[self.link].forward(np.asarray(self.default(y, exposure).median)))


def response_scale(y: Array) -> float:
    """Return the standard deviation of a response, one if it is constant."""
    spread = float(np.std(y))
    return spread if np.isfinite(spread) and spread > 0 else 1.0
