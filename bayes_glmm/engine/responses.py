"""What the kernel reads of responses: their own columns, or those of rows that are printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.codes import (
    FAMILIES,
    INFLATED,
    INTERPRETED,
    LINKS,
    NEGATIVE_BINOMIAL,
    PRINTED,
    constant,
)
from bayes_glmm.engine.plan import Writer
from bayes_glmm.engine.tapes import Taped, tape_density
from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import WEIGHTS
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.model.design import Design
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
    own : tuple of Parameter
        The family's own that its rows take; those that are interpreted hold theirs themselves.
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
    own: tuple[Parameter, ...]
    y: Array
    trials: Array
    known: Array
    weights: Array | None
    constant: float
    taped: Taped | None = None
    """The density of a family that is interpreted."""

    def write(self, writer: Writer) -> dict[str, float]:
        """Append the columns to a buffer; return the header's fields."""
        return {
            "rows": len(self.y),
            "family": self.family,
            "link": self.link,
            "parameters": len(self.own),
            "single": int((self.trials == 1.0).all()),
            "columns": len(self.known),
            "at_y": writer.floats(self.y),
            "at_trials": writer.floats(self.trials),
            "at_known": writer.floats(self.known),
            "at_weights": 0 if self.weights is None else writer.floats(self.weights),
            **self._distinct(writer),
            **({} if self.taped is None else self.taped.write(writer)),
        }

    def _distinct(self, writer: Writer) -> dict[str, float]:
        """Append the values of counts and how many rows have each, where sums need no more."""
        if self.family >= PRINTED or self.family % INFLATED != NEGATIVE_BINOMIAL:
            return {}
        values, times = np.unique(self.y, return_counts=True)
        return {
            "distinct": len(values),
            "at_distinct": writer.floats(values),
            "at_times": writer.floats(times.astype(np.float64)),
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
    own = get_family(family).parameters
    return Responses(number, LINKS[link], own, y, tried, known, weights, total)


def responses_of(design: Design) -> Responses | None:
    """Return what the kernel reads of a design's responses; ``None`` where it cannot.

    Parameters
    ----------
    design : Design
        With a response.
    """
    assert design.response is not None
    known = FAMILIES.get(plain_name(design.family))
    if known is not None and not set(design.modifiers) - {WEIGHTS}:
        weights = design.modifiers.get(WEIGHTS)
        return responses(design.family, design.link, design.response, design.trials, weights)
    taped = tape_density(design)
    if taped is None:
        return None
    own = get_family(design.family).scalars(())
    y = np.asarray(design.response, np.float64)
    return Responses(
        INTERPRETED, LINKS[design.link], own, y, np.ones(len(y)), taped.table, None, 0.0, taped
    )
