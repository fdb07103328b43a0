"""What the rows have of a group's effects, as arrays, and how its variables are named."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.block import Rows
from bayes_glmm.model.blocks.factor import Hyper
from bayes_glmm.model.blocks.members import OneLevel
from bayes_glmm.model.variables import (
    CORRELATION,
    CORRELATION_FACTOR,
    EFFECTS,
    LATENTS,
    SD,
    element,
    named,
)

type Array = NDArray[np.float64]

TOLD = 10.0
"""Rows that tell about as much of a coefficient as its prior does."""


@dataclass(frozen=True, eq=False)
class GroupBasis:
    """The varying terms of a group in the reference basis, see :mod:`.origin`.

    Attributes
    ----------
    Z : ndarray, shape (n_rows, n_terms)
    back : ndarray, shape (n_terms, n_terms)
        The effects of a level on the table's scale from those in the reference basis.
    """

    Z: NDArray[np.float64]
    back: NDArray[np.float64]

    def take(self, rows: NDArray[np.intp] | slice) -> GroupBasis:
        """Return the basis on some of its rows."""
        return replace(self, Z=self.Z[rows])


@dataclass(frozen=True, eq=False)
class GroupArrays:
    """A group's levels and terms on some rows, whatever the distribution of its effects.

    Attributes
    ----------
    name : str
        ``"Subject"``, ``"school_by_class"`` or ``"observation"``.
    levels : ndarray of str, shape (n_levels,)
    members : OneLevel
        Which levels each row has, by their places in ``levels``.
    terms : tuple of str
        ``("intercept", "Days")``: labels of the varying coefficients.
    Z : ndarray, shape (n_rows, n_terms), or None
        Values the varying coefficients multiply; ``None`` when the only term is
        an intercept.
    blocks : tuple of tuple of int
        Partition of the terms: terms of one block are correlated.
    structure : str or None
        Name of the structured covariance of the levels.
    owners : tuple of str
        Where the effects are shared by the formulas of several parameters, which of
        these each term belongs to; ``Z`` is zero for the terms of the others.
    units : ndarray, shape (n_terms,), or None
        Root mean square of each term's values over the training rows, numbers centred: what
        default priors are scaled by.
    basis : GroupBasis or None
        The terms with their numbers centred, where that is another basis.
    """

    name: str
    levels: NDArray[np.str_]
    members: OneLevel
    terms: tuple[str, ...]
    Z: NDArray[np.float64] | None
    blocks: tuple[tuple[int, ...], ...]
    structure: str | None = None
    owners: tuple[str, ...] = ()
    units: NDArray[np.float64] | None = None
    basis: GroupBasis | None = None

    @property
    def index(self) -> NDArray[np.int32]:
        """Position of each row's level, shape (n_rows,), or (n_rows, n_members) with weights."""
        return self.members.index

    @property
    def whole(self) -> bool:
        """Whether every row has one level, wholly."""
        return self.members.whole

    @property
    def most_levels(self) -> int:
        """Most levels that one row has."""
        return self.members.most

    @property
    def row_levels(self) -> tuple[NDArray[np.int32], Array]:
        """Levels of each row and how much of each it has, shape (n_rows, n_members) both."""
        return self.members.shares

    @property
    def varies(self) -> bool:
        """Whether rows differ in what they have of an effect."""
        return self.Z is not None or not self.whole

    def own(self, parameter: str) -> tuple[tuple[int, str], ...]:
        """Return places of the terms in one parameter's formula, with their labels there."""
        if not self.owners:
            return tuple(enumerate(self.terms))
        mine = ((t, self.terms[t]) for t, owner in enumerate(self.owners) if owner == parameter)
        return tuple((t, inside_label(label, parameter)) for t, label in mine)

    @property
    def sd(self) -> str:
        """Name of the standard deviations."""
        return named(SD, self.name)

    @property
    def correlation(self) -> str:
        """Name of the correlation matrix."""
        return named(CORRELATION, self.name)

    @property
    def correlation_factors(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Names of the factors of correlated blocks, with the terms of each."""
        name = named(CORRELATION_FACTOR, self.name)
        if len(self.wide) == 1:
            return ((name, self.wide[0]),)
        return tuple((f"{name}_{k}", block) for k, block in enumerate(self.wide))

    @property
    def effects(self) -> str:
        """Name of the effects of the levels."""
        return named(EFFECTS, self.name)

    @property
    def latents(self) -> str:
        """Name of the standard normal latents of a structure."""
        return named(LATENTS, self.name)

    def hyper_name(self, hyper: Hyper) -> str:
        """Return the name of a parameter besides the standard deviation."""
        return named(hyper.stem, self.name)

    def sd_element(self, term: int) -> str:
        """Return the name of one term's standard deviation."""
        return element(self.sd, self.terms[term])

    @property
    def term_dim(self) -> str:
        """Dimension of the terms."""
        return f"{self.name}_term"

    @property
    def node_dim(self) -> str:
        """Dimension of the latents."""
        return f"{self.name}_node"

    @property
    def wide(self) -> tuple[tuple[int, ...], ...]:
        """Blocks of terms that are correlated."""
        return tuple(block for block in self.blocks if len(block) > 1)

    @property
    def n_levels(self) -> int:
        """Number of levels learned in training."""
        return len(self.levels)

    @property
    def values(self) -> NDArray[np.float64]:
        """``Z``, with the column of ones written out."""
        return np.ones((len(self.index), 1)) if self.Z is None else self.Z

    @property
    def sizes(self) -> NDArray[np.float64]:
        """Root mean square of each term's values over the rows that have the group's effects."""
        if self.Z is None:
            return np.ones(1)
        return np.sqrt((self.Z[self.members.used] ** 2).mean(axis=0))

    @property
    def spread(self) -> NDArray[np.float64]:
        """``values`` such that ``spread @ Sigma @ spread`` is the variance of a row's effect."""
        length = self.members.length
        return self.values if length is None else self.values * length

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows in which each level has weight."""
        return self.members.counts(self.n_levels)

    @property
    def shares(self) -> NDArray[np.float64]:
        """How much of each level's effect a row has on average, shape (n_levels,)."""
        return self.members.average(self.n_levels)

    @property
    def squares(self) -> NDArray[np.float64]:
        """Sum over rows of the squares of what multiplies each effect, (n_levels, n_terms)."""
        return self.members.squares(self.values, self.n_levels)

    @property
    def told(self) -> NDArray[np.float64]:
        """Roughly how much the rows say about each effect, shape (n_levels, n_terms)."""
        return self.squares / (self.squares + TOLD)

    def added(self, u: Any, maths: Maths = NUMPY) -> Any:
        """Return what effects add to each row, shape (..., n_rows).

        Parameters
        ----------
        u : array, shape (..., n_levels, n_terms)
            Levels may be more than ``levels``; a row's index -1 adds nothing.
        """
        return self.members.of_rows(u, self.Z, maths)

    def at(self, index: NDArray[np.int32]) -> Self:
        """Return the group whose rows have other levels."""
        return replace(self, members=self.members.at(index))

    def take(self, rows: Rows) -> Self:
        """Return the group on some of its rows."""
        return replace(
            self,
            members=self.members.take(rows),
            Z=None if self.Z is None else self.Z[rows],
            basis=None if self.basis is None else self.basis.take(rows),
        )


def outside_label(label: str, parameter: str) -> str:
    """Return a term's label among those of several formulas: ``"zi_intercept"``."""
    return label if parameter == "mu" else f"{parameter}_{label}"


def inside_label(label: str, parameter: str) -> str:
    """Return the label that the term has in its own formula."""
    return label if parameter == "mu" else label.removeprefix(f"{parameter}_")
