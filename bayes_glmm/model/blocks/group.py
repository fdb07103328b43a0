"""The random effects of one group in one predictor, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.variables import CORRELATION, CORRELATION_FACTOR, EFFECTS, LATENTS, SD, named
from bayes_glmm.structures import Factor, Hyper

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
class GroupDesign:
    """The random effects of one group in one predictor.

    Attributes
    ----------
    name : str
        ``"Subject"``, ``"school_by_class"`` or ``"observation"``.
    levels : ndarray of str, shape (n_levels,)
    index : ndarray of int32, shape (n_rows,) or (n_rows, n_members)
        Position of each row's level in ``levels``; -1 where it is not there. Rows with
        ``weights`` have several.
    terms : tuple of str
        ``("intercept", "Days")``: labels of the varying coefficients.
    Z : ndarray, shape (n_rows, n_terms), or None
        Values the varying coefficients multiply; ``None`` when the only term is
        an intercept.
    blocks : tuple of tuple of int
        Partition of the terms: terms of one block are correlated.
    structure : str or None
        Name of the structured covariance of the levels.
    factor : Factor or None
        How the levels are related, on training rows with a structure.
    hyper : tuple of Hyper
        Parameters of the structure, or of the distribution, besides the standard deviation.
    owners : tuple of str
        Where the effects are shared by the formulas of several parameters, which of
        these each term belongs to; ``Z`` is zero for the terms of the others.
    weights : ndarray, shape (n_rows, n_members), or None
        How much of each level's effect a row has, its levels being different; ``None``
        where every row has one level, wholly.
    dist : {"normal", "student"}
        Distribution of the effects, by row of the levels.
    units : ndarray, shape (n_terms,), or None
        Root mean square of each term's values over the training rows, numbers centred: what
        default priors are scaled by.
    basis : GroupBasis or None
        The terms with their numbers centred, where that is another basis.
    """

    name: str
    levels: NDArray[np.str_]
    index: NDArray[np.int32]
    terms: tuple[str, ...]
    Z: NDArray[np.float64] | None
    blocks: tuple[tuple[int, ...], ...]
    structure: str | None = None
    factor: Factor | None = None
    hyper: tuple[Hyper, ...] = ()
    owners: tuple[str, ...] = ()
    weights: NDArray[np.float64] | None = None
    dist: str = "normal"
    units: NDArray[np.float64] | None = None
    basis: GroupBasis | None = None

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
        wide = [block for block in self.blocks if len(block) > 1]
        name = named(CORRELATION_FACTOR, self.name)
        if len(wide) == 1:
            return ((name, wide[0]),)
        return tuple((f"{name}_{k}", block) for k, block in enumerate(wide))

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
        Z = self.Z if self.weights is None else self.Z[self.weights.any(axis=1)]
        return np.sqrt((Z**2).mean(axis=0))

    @property
    def spread(self) -> NDArray[np.float64]:
        """``values`` such that ``spread @ Sigma @ spread`` is the variance of a row's effect."""
        if self.weights is None:
            return self.values
        return self.values * np.sqrt((self.weights**2).sum(axis=1, keepdims=True))

    @property
    def counts(self) -> NDArray[np.intp]:
        """Number of rows in which each level has weight."""
        known = self.index >= 0 if self.weights is None else self.weights > 0
        return np.bincount(self.index[known & (self.index >= 0)], minlength=self.n_levels)

    @property
    def shares(self) -> NDArray[np.float64]:
        """How much of each level's effect a row has on average, shape (n_levels,)."""
        weights = np.ones(self.index.shape) if self.weights is None else self.weights
        known = np.where(self.index >= 0, weights, 0.0)
        whole = np.bincount(self.index.clip(0).ravel(), known.ravel(), minlength=self.n_levels)
        return whole / len(self.index)

    @property
    def squares(self) -> NDArray[np.float64]:
        """Sum over rows of the squares of what multiplies each effect, (n_levels, n_terms)."""
        index = self.index.reshape(len(self.index), -1)
        weights = np.ones(index.shape) if self.weights is None else self.weights
        total = np.zeros((self.n_levels, len(self.terms)))
        for places, weight in zip(index.T, weights.T, strict=True):
            np.add.at(total, places, (weight[:, None] * self.values) ** 2)
        return total

    @property
    def told(self) -> NDArray[np.float64]:
        """Roughly how much the rows say about each effect, shape (n_levels, n_terms)."""
        return self.squares / (self.squares + TOLD)

    def added(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what effects add to each row, shape (..., n_rows).

        Parameters
        ----------
        u : ndarray, shape (..., n_levels, n_terms)
            Levels may be more than ``levels``; a row's index -1 adds nothing.
        """
        index = self.index if self.weights is not None else self.index[:, None]
        weights = np.ones(index.shape) if self.weights is None else self.weights
        total = np.zeros((*u.shape[:-2], len(index)))
        for places, weight in zip(index.T, weights.T, strict=True):
            known = np.where(places >= 0, weight, 0.0)
            for t in range(u.shape[-1]):
                effect = u[..., np.maximum(places, 0), t] * known
                total += effect if self.Z is None else effect * self.Z[:, t]
        return total

    def take(self, rows: NDArray[np.intp] | slice) -> GroupDesign:
        """Return the group on some of its rows."""
        return replace(
            self,
            index=self.index[rows],
            Z=None if self.Z is None else self.Z[rows],
            weights=None if self.weights is None else self.weights[rows],
            basis=None if self.basis is None else self.basis.take(rows),
        )


def outside_label(label: str, parameter: str) -> str:
    """Return a term's label among those of several formulas: ``"zi_intercept"``."""
    return label if parameter == "mu" else f"{parameter}_{label}"


def inside_label(label: str, parameter: str) -> str:
    """Return the label that the term has in its own formula."""
    return label if parameter == "mu" else label.removeprefix(f"{parameter}_")
