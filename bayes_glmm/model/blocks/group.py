"""The random effects of one group in one predictor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.block import RandomBlock, Rows, Values
from bayes_glmm.model.blocks.correlations import (
    draw_correlations,
    state_correlations,
    stated_root,
)
from bayes_glmm.model.blocks.effect_distribution import NORMAL, EffectDistribution
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.model.blocks.group_variables import group_names, group_variables
from bayes_glmm.model.blocks.members import OneLevel
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import (
    CORRELATION,
    CORRELATION_FACTOR,
    EFFECTS,
    LATENTS,
    SD,
    VALUES,
    Variable,
    element,
    in_formula,
    named,
)

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

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
class GroupDesign(RandomBlock):
    """The random effects of one group in one predictor.

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
    distribution : EffectDistribution
        Of the effects at unit scale, with its parameters: normal, Student's t, or related by a
        structure (on training rows with one).
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
    distribution: EffectDistribution = NORMAL
    units: NDArray[np.float64] | None = None
    basis: GroupBasis | None = None

    @property
    def index(self) -> NDArray[np.int32]:
        """Position of each row's level, shape (n_rows,), or (n_rows, n_members) with weights."""
        return self.members.index

    @property
    def factor(self) -> Factor | None:
        """How the levels are related, on training rows with a structure."""
        return self.distribution.factor

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """Parameters of the effects' distribution besides the standard deviations."""
        return self.distribution.hyper

    @property
    def varies(self) -> bool:
        """Whether rows differ in what they have of an effect."""
        return self.Z is not None or not self.members.whole

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

    def names_in(self, parameters: Iterable[str]) -> frozenset[str]:
        """Return names of a group that the formulas of some parameters may have."""
        return self.names | {in_formula(named(VALUES, self.name), p) for p in parameters}

    @property
    def names(self) -> frozenset[str]:
        """What its variables, dimensions and data of a graph may be named, in any model."""
        return group_names(self)

    @property
    def wide(self) -> tuple[tuple[int, ...], ...]:
        """Blocks of terms that are correlated."""
        return tuple(block for block in self.blocks if len(block) > 1)

    def variables(self) -> tuple[Variable, ...]:
        """Return its variables: sds, parameters of its structure, correlations, effects."""
        return group_variables(self)

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

    def rows(self, values: Values, maths: Maths) -> Iterator[Any]:
        """Yield what the effects of each row's levels add to it."""
        yield self.added(values[self.effects], maths)

    def at(self, index: NDArray[np.int32]) -> GroupDesign:
        """Return the group whose rows have other levels."""
        return replace(self, members=self.members.at(index))

    def take(self, rows: Rows) -> GroupDesign:
        """Return the group on some of its rows."""
        return replace(
            self,
            members=self.members.take(rows),
            Z=None if self.Z is None else self.Z[rows],
            basis=None if self.basis is None else self.basis.take(rows),
        )

    def hyper_values(self, values: Values) -> dict[str, Any]:
        """Return parameters of the effects' distribution by stem."""
        return {h.stem: values[self.hyper_name(h)] for h in self.hyper}

    def root(self, values: Values) -> Array:
        """Return a square root of the effects' covariance, shape (n_draws, n_terms, n_terms)."""
        sd = values[self.sd]
        if self.correlation not in values:
            return np.asarray(sd[:, :, None] * np.eye(len(self.terms)))
        return np.asarray(sd[:, :, None] * np.linalg.cholesky(values[self.correlation]))

    def new_effects(
        self, values: Values, shape: tuple[int, int], rng: np.random.Generator
    ) -> Array:
        """Draw effects of levels that are related to no known one.

        Parameters
        ----------
        values : mapping of str to ndarray, shape (n_draws, ...)
        shape : (n_draws, n_levels)
            All levels of the group where they are related among themselves.

        Returns
        -------
        ndarray, shape (n_draws, n_levels, n_terms)
        """
        whole = (*shape, len(self.terms))
        z, _ = self.distribution.draw(whole, self.hyper_values(values), rng)
        return np.asarray(z @ np.swapaxes(self.root(values), 1, 2))

    def row_covariance(self, root: Array, other: GroupDesign) -> Iterator[Array]:
        """Yield parts of the covariance of what effects add to the rows of two predictors.

        Parameters
        ----------
        root : ndarray, shape (n_draws, n_terms, n_terms)
            A square root of the covariance of one level's effects.
        other : GroupDesign
            The same effects in the other predictor.

        Yields
        ------
        ndarray, shape (n_draws, n_rows), or (n_draws, 1) where rows are alike
        """
        if not self.varies:
            yield root[:, 0, 0, None] ** 2
            return
        for column in np.moveaxis(root, 2, 0):
            yield (column @ self.spread.T) * (column @ other.spread.T)

    def state(self, graph: Graph) -> None:
        """State sds, correlations and effects, unless another predictor shares them."""
        if self.effects in graph.values:
            return
        sd = graph.vector(self.sd, self.terms, self.term_dim)
        L = state_correlations(self, graph)
        graph.values[self.effects] = self.distribution.state(self, sd, L, graph)

    def with_data(self, graph: Graph) -> GroupDesign:
        """Return the group whose levels and values are data of a graph."""
        values = self.Z
        if values is not None:
            name = in_formula(named(VALUES, self.name), graph.parameter)
            values = graph.data(name, values, ("observation", self.term_dim))
        return replace(self, members=self.members.with_data(self.name, graph), Z=values)

    def draw(self, source: PriorDraws) -> dict[str, Array]:
        """Draw sds, parameters, correlations, latents and effects."""
        n, q = source.n, len(self.terms)
        sd = source.vector(self.sd, self.terms)
        hyper = {h.stem: source.number(self.hyper_name(h)) for h in self.hyper}
        root, correlations = draw_correlations(self, source)
        z, latents = self.distribution.draw((n, self.n_levels, q), hyper, source.rng)
        out = {self.sd: sd, **correlations}
        out |= {} if latents is None else {self.latents: latents}
        out |= {self.hyper_name(h): hyper[h.stem] for h in self.hyper}
        out[self.effects] = z @ np.swapaxes(sd[:, :, None] * root, -1, -2)
        return out

    def read(self, stated: Stated) -> dict[str, Array]:
        """Return stated sds, correlations, parameters and effects."""
        out = {self.sd: stated.vector(self.sd, self.terms)}
        if self.wide:
            root = stated_root(self, stated)
            out[self.correlation] = root @ root.T
        for h in self.hyper:
            out[self.hyper_name(h)] = stated.within(self.hyper_name(h), h.support)
        nothing = np.zeros((self.n_levels, len(self.terms)))
        out[self.effects] = self._stated_effects(stated) if stated.has(self.effects) else nothing
        return out

    def simulate(self, stated: Stated, rng: np.random.Generator) -> Array:
        """Return stated effects, else effects drawn from stated sds, (n_levels, n_terms)."""
        if stated.has(self.effects):
            return self._stated_effects(stated)
        sd = stated.vector(self.sd, self.terms)
        if (sd < 0).any():
            raise ArgumentError(f"{self.sd} holds standard deviations, which are not negative.")
        root = sd[:, None] * stated_root(self, stated)
        hyper = {h.stem: stated.within(self.hyper_name(h), h.support)[None] for h in self.hyper}
        z, _ = self.distribution.draw((1, self.n_levels, len(self.terms)), hyper, rng)
        return np.asarray(z[0] @ root.T)

    def _stated_effects(self, stated: Stated) -> Array:
        return stated.matrix(self.effects, tuple(self.levels.tolist()), self.terms)


def outside_label(label: str, parameter: str) -> str:
    """Return a term's label among those of several formulas: ``"zi_intercept"``."""
    return label if parameter == "mu" else f"{parameter}_{label}"


def inside_label(label: str, parameter: str) -> str:
    """Return the label that the term has in its own formula."""
    return label if parameter == "mu" else label.removeprefix(f"{parameter}_")
