"""Sums that say all that many equal rows say, of the families that have such."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from bayes_glmm.errors import SpecError
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Response
from bayes_glmm.spec.terms import Call, Variable

type Array = NDArray[np.float64]
COLLAPSED = "collapsed"
"""Says how many rows were made one; the density of the row knows it already."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums over sets of equal rows.

    Attributes
    ----------
    n : ndarray of int, shape (n_cells,)
        Number of rows.
    y : ndarray, shape (n_cells,)
        Sum of the responses, each less ``shift``.
    square, size : ndarray, shape (n_cells,), or None
        Sums of their squares, and of exposures or trials.
    shift : float
    """

    n: NDArray[np.int64]
    y: Array
    square: Array | None
    size: Array | None
    shift: float = 0.0


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows with the likelihood of those that were summed.

    Attributes
    ----------
    cell : ndarray of int, shape (n_rows,)
        The set of equal rows that each is of.
    columns : dict of str to ndarray, shape (n_rows,)
        ``response``, ``size`` and ``rows``, where there are such.
    constant : float
        What they add to the constant of the log-likelihood.
    """

    cell: NDArray[np.intp]
    columns: dict[str, NDArray[Any]]
    constant: float = 0.0


class Sums(ABC):
    """How equal rows of a family are described by sums."""

    squares = False
    """Whether the sum of squares is needed."""
    added = False
    """Whether a row that stands for several is their sum."""

    def check(self, link: str | None) -> None:
        """Refuse a link under which sums do not say all; none by default."""
        del link

    def size(self, exposure: str | None, trials: str | float | None) -> str | float | None:
        """Return the column, or number, of exposures or trials that is summed."""
        return None

    @abstractmethod
    def faults(self, y: Array, size: Array | None) -> Iterator[str]:
        """Yield what is wrong with responses; ``{response}`` and ``{size}`` stand for columns."""

    def constant(self, y: Array, size: Array | None) -> float:
        """Return what the rows' log-likelihood has that does not depend on parameters."""
        return 0.0

    @abstractmethod
    def rows(self, cells: Cells) -> Rows:
        """Return rows with the same likelihood."""

    @abstractmethod
    def told(self, spec: ModelSpec, size: str | None, rows: str) -> ModelSpec:
        """Return the model of these rows, given the names of the columns."""

    def stated(self, link: str, *, weighted: bool) -> bool:
        """Whether ``collapsed()`` stands beside what such rows have."""
        return False


def _not_counts(y: Array) -> Iterator[str]:
    if not ((y >= 0) & (y == np.floor(y))).all():
        yield "The response {response!r} has values that are no counts from 0."


class EventSums(Sums):
    """Events are added up to successes of trials."""

    def faults(self, y: Array, size: Array | None) -> Iterator[str]:
        """Yield what makes numbers no events."""
        yield from _not_counts(y)
        if (y > 1).any():
            yield (
                "The response {response!r} has values above 1: name the level that counts with "
                "success=."
            )

    def rows(self, cells: Cells) -> Rows:
        """Return one row of successes and trials for each set."""
        whole, size = np.round(cells.y).astype(np.int64), self.trials(cells)
        constant = -float(_ways(size.astype(np.float64), whole.astype(np.float64)).sum())
        return Rows(np.arange(len(whole)), {"response": whole, "size": size}, constant)

    def trials(self, cells: Cells) -> NDArray[np.int64]:
        """Return the trials of each set."""
        return cells.n

    def told(self, spec: ModelSpec, size: str | None, rows: str) -> ModelSpec:
        """Return a binomial model with trials."""
        trials = Call("trials", (Variable(size or rows),))
        response = Response(spec.response.column, (trials,))
        return replace(spec, family="binomial", response=response, success=None)


class TrialSums(EventSums):
    """Successes and trials are added up."""

    def size(self, exposure: str | None, trials: str | float | None) -> str | float | None:
        """Return the trials."""
        return trials

    def faults(self, y: Array, size: Array | None) -> Iterator[str]:
        """Yield what makes numbers no successes."""
        yield from _not_counts(y)
        if size is not None and (y > size).any():
            yield "The response {response!r} has values above trials."

    def constant(self, y: Array, size: Array | None) -> float:
        """Return the logarithms of the binomial coefficients."""
        return 0.0 if size is None else float(_ways(size, y).sum())

    def trials(self, cells: Cells) -> NDArray[np.int64]:
        """Return the trials of each set."""
        return cells.n if cells.size is None else np.round(cells.size).astype(np.int64)


class CountSums(Sums):
    """Counts and exposures are added up: with the log link their sum has the sum of the means."""

    added = True

    def check(self, link: str | None) -> None:
        """Refuse other links than log."""
        if link not in (None, "log"):
            raise SpecError("Poisson counts add up with the log link alone: use link='log'.")

    def size(self, exposure: str | None, trials: str | float | None) -> str | float | None:
        """Return the exposure."""
        return exposure

    def faults(self, y: Array, size: Array | None) -> Iterator[str]:
        """Yield what makes numbers no counts, and exposures without a logarithm."""
        yield from _not_counts(y)
        if size is not None and not (size > 0).all():
            yield "The exposure {size!r} has values that are not positive."

    def constant(self, y: Array, size: Array | None) -> float:
        """Return ``y log(exposure) - log(y!)``, summed."""
        counts = np.bincount(y.astype(np.int64)) if y.max() < 1e6 else None
        whole = float(gammaln(y + 1).sum()) if counts is None else _factorials(counts)
        return (0.0 if size is None else float(y @ np.log(size))) - whole

    def rows(self, cells: Cells) -> Rows:
        """Return one row of a count, an exposure and a number of rows for each set."""
        whole = np.round(cells.y).astype(np.int64)
        size = cells.n if cells.size is None else cells.size
        constant = float(gammaln(whole + 1.0).sum() - whole @ np.log(size))
        columns = {"response": whole, "size": size, "rows": cells.n}
        return Rows(np.arange(len(whole)), columns, constant)

    def told(self, spec: ModelSpec, size: str | None, rows: str) -> ModelSpec:
        """Return a model with the exposure, whose rows are counted beside the response."""
        counted = Call(COLLAPSED, (Variable(rows),))
        response = Response(spec.response.column, (counted,))
        return replace(spec, response=response, exposure=size or rows)

    def stated(self, link: str, *, weighted: bool) -> bool:
        """Whether it is the log link, without weights."""
        return link == "log" and not weighted


class NormalSums(Sums):
    """Numbers become two rows of half the weight, at the mean plus and minus the sd."""

    squares = True

    def faults(self, y: Array, size: Array | None) -> Iterator[str]:
        """Yield nothing: any number will do."""
        yield from ()

    def rows(self, cells: Cells) -> Rows:
        """Return two rows for each set of rows that differ, else one."""
        assert cells.square is not None
        n = cells.n.astype(np.float64)
        middle = cells.y / n
        spread = np.sqrt(np.maximum(cells.square / n - middle**2, 0.0))
        spread[n == 1] = 0.0
        twice = spread > 0
        number = np.where(twice, n / 2, n)
        cell = np.concatenate([np.arange(len(n)), np.flatnonzero(twice)])
        y = np.concatenate([cells.shift + middle + spread, (cells.shift + middle - spread)[twice]])
        order = np.argsort(cell, kind="stable")
        columns = {"response": y[order], "rows": np.concatenate([number, number[twice]])[order]}
        return Rows(cell[order], columns)

    def told(self, spec: ModelSpec, size: str | None, rows: str) -> ModelSpec:
        """Return a model with weights, which are numbers of rows."""
        told = tuple(Call(name, (Variable(rows),)) for name in ("weights", COLLAPSED))
        return replace(spec, response=Response(spec.response.column, told))

    def stated(self, link: str, *, weighted: bool) -> bool:
        """Whether there are weights."""
        return weighted


def _factorials(counts: NDArray[np.intp]) -> float:
    return float(counts @ gammaln(np.arange(len(counts)) + 1.0))


def _ways(n: Array, k: Array) -> Array:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))
