"""What the kernel reads of responses: their own columns, or those of rows that are printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.codes import FAMILIES, LINKS, PRINTED, constant
from bayes_glmm.engine.plan import Writer
from bayes_glmm.families import get_family
from bayes_glmm.native.rows_printed import row_data
from bayes_glmm.native.rows_table import FAMILY_NUMBERS

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Responses:
    """Responses of some rows, for the kernel.

    Attributes
    ----------
    family, link : int
        By :data:`.codes.FAMILIES` and :data:`.codes.LINKS`.
    parameters : int
        Number of the family's own, held ones too.
    y, trials : ndarray, shape (n_rows,)
        ``trials`` are numbers of rows where the family is Gaussian.
    known : ndarray, shape (n_columns, n_rows)
        What printed rows read; without columns for others.
    weights : ndarray, shape (n_rows,), or None
        What each row's log-density is multiplied by; ``None`` for ones.
    constant : float
        The sum of the terms of the log-density that depend on data alone.
    """

    family: int
    link: int
    parameters: int
    y: Array
    trials: Array
    known: Array
    weights: Array | None
    constant: float

    def write(self, writer: Writer) -> dict[str, float]:
        """Append the columns to a buffer; return the header's fields."""
        return {
            "rows": len(self.y),
            "family": self.family,
            "link": self.link,
            "parameters": self.parameters,
            "single": int((self.trials == 1.0).all()),
            "columns": len(self.known),
            "at_y": writer.floats(self.y),
            "at_trials": writer.floats(self.trials),
            "at_known": writer.floats(self.known),
            "at_weights": 0 if self.weights is None else writer.floats(self.weights),
        }


def plain_name(family: str) -> str:
    """Return a family's name without the values at which parameters are held."""
    return family.partition("(")[0]


def responses(
    family: str, link: str, y: Array, trials: Array | None = None, weights: Array | None = None
) -> Responses:
    """Compute what the kernel reads of responses, once.

    Parameters
    ----------
    family, link : str
        A family of this package, by its name; the printed rows serve weighted ones.
    y : ndarray, shape (n_rows,)
        Responses.
    trials, weights : ndarray, shape (n_rows,), optional

    Returns
    -------
    Responses
    """
    name, y = plain_name(family), np.asarray(y, np.float64)
    number = FAMILIES[name] if weights is None else PRINTED + FAMILY_NUMBERS[name]
    tried = np.ones(len(y)) if trials is None else np.asarray(trials, np.float64)
    if number >= PRINTED:
        data = row_data(name, y, trials, weights)
        known, total = data.columns, data.constant
    else:
        known, total = np.zeros((0, len(y))), constant(number, y, tried)
    n_own = len(get_family(family).parameters)
    return Responses(number, LINKS[link], n_own, y, tried, known, weights, total)
