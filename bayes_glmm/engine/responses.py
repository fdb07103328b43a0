"""What the kernel reads of responses: their own columns, or those of rows that are printed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.engine.codes import (
    FAMILIES,
    INTERPRETED,
    LINKS,
    ORDERED,
    PRINTED,
    counted,
    family_number,
)
from bayes_glmm.engine.plan import Writer
from bayes_glmm.engine.tapes import Taped, tape_density
from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import WEIGHTS
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.model.design import Design
from bayes_glmm.native.rows_ordinal import cut_columns
from bayes_glmm.native.rows_printed import row_data

type Array = NDArray[np.float64]
NONE = np.zeros(0)


@dataclass(frozen=True, eq=False)
class Responses:
    """Responses of some rows, for the kernel.

    Attributes
    ----------
    family, link : int
        By :data:`.codes.FAMILIES` or :data:`.codes.BY_HAND`, and :data:`.codes.LINKS`.
    own : tuple of Parameter
        The family's own that its rows take; those that are interpreted hold theirs themselves.
    y, counts : ndarray, shape (n_rows,)
        What rows by hand read: ``counts``, of how many rows a Gaussian ``y`` is the mean.
    known : ndarray, shape (n_columns, n_rows)
        What other rows read; without columns for those by hand.
    weights : ndarray, shape (n_rows,), or None
        What each row's log-density is multiplied by; ``None`` for ones.
    values, times : ndarray, shape (n_values,)
        Values among counts that are summed by hand, and how many rows have each; empty for others.
    constant : float
        The sum of the terms of the log-density that depend on data alone.
    """

    family: int
    link: int
    own: tuple[Parameter, ...]
    y: Array
    counts: Array
    known: Array
    weights: Array | None
    values: Array
    times: Array
    constant: float
    taped: Taped | None = None
    """The density of a family that is interpreted."""
    ladders: tuple[slice, ...] = ()
    """Runs of increasing thresholds, each of which has a coordinate."""

    @property
    def n_parameters(self) -> int:
        """How many numbers the family's own parameters are."""
        return len(self.own) + (self.ladders[-1].stop - 1 if self.ladders else 0)

    def write(self, writer: Writer) -> dict[str, float]:
        """Append the columns to a buffer; return the header's fields."""
        return {
            "rows": len(self.y),
            "family": self.family,
            "link": self.link,
            "parameters": self.n_parameters,
            "columns": len(self.known),
            "at_y": writer.floats(self.y) if self.family < PRINTED else 0,
            "at_counts": writer.floats(self.counts) if self.family < PRINTED else 0,
            "at_known": writer.floats(self.known),
            "at_weights": 0 if self.weights is None else writer.floats(self.weights),
            "distinct": len(self.values),
            "at_distinct": writer.floats(self.values),
            "at_times": writer.floats(self.times),
            **({} if self.taped is None else self.taped.write(writer)),
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
    tried = np.ones(len(y)) if trials is None else np.asarray(trials, np.float64)
    number = family_number(name, link, weighted=weights is not None)
    if number >= PRINTED:
        data = row_data(name, y, trials, weights)
        known, total, values, times = data.columns, data.constant, NONE, NONE
    else:
        known = np.zeros((0, len(y)))
        total, values, times = counted(number, y)
    own = get_family(family).parameters
    return Responses(number, LINKS[link], own, y, tried, known, weights, values, times, total)


def responses_of(design: Design) -> Responses | None:
    """Return what the kernel reads of a design's responses; ``None`` where it cannot.

    Parameters
    ----------
    design : Design
        With a response.
    """
    assert design.response is not None
    one = len(design.predictors) == 1
    if one and plain_name(design.family) in FAMILIES and not set(design.modifiers) - {WEIGHTS}:
        weights = design.modifiers.get(WEIGHTS)
        return responses(design.family, design.link, design.response, design.trials, weights)
    if one and plain_name(design.family) in ORDERED and not set(design.modifiers) - {WEIGHTS}:
        return _ordered(design)
    taped = tape_density(design)
    if taped is None:
        return None
    own = get_family(design.family).scalars(design.stated)
    y = np.asarray(design.response, np.float64)
    return Responses(
        INTERPRETED, LINKS[design.link], own, y, NONE, taped.table, None, NONE, NONE, 0.0, taped
    )


def _ordered(design: Design) -> Responses:
    """Return what rows of ordered categories read: which thresholds are below and above."""
    y, cuts, own = np.asarray(design.response, np.float64), design.cuts, design.ladders
    sizes = np.array([run.stop - run.start for run in own])
    if cuts is None:
        columns = cut_columns(y, int(sizes[0]))
    else:
        first = np.array([run.start for run in own])
        place = cuts.places[cuts.index, y.astype(np.intp)].astype(np.float64)
        columns = cut_columns(place, sizes[cuts.index], first[cuts.index])
    return Responses(
        ORDERED[plain_name(design.family)], LINKS[design.link],
        get_family(design.family).parameters, y, NONE, columns,
        design.modifiers.get(WEIGHTS), NONE, NONE, 0.0, ladders=own,
    )  # fmt: skip
