"""The random effects of one group in one predictor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.maths.field_maths import Maths
from bayes_glmm.model.blocks.block import RandomBlock, Values
from bayes_glmm.model.blocks.correlations import (
    draw_correlations,
    state_correlations,
    stated_root,
)
from bayes_glmm.model.blocks.effect_distribution import NORMAL, Draws, EffectDistribution
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.model.blocks.group_arrays import GroupArrays
from bayes_glmm.model.blocks.group_variables import group_names, group_variables
from bayes_glmm.model.prior_draws import PriorDraws
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variables import (
    VALUES,
    Variable,
    in_formula,
    named,
)

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupDesign(GroupArrays, RandomBlock):
    """The random effects of one group in one predictor: their design on the rows, and their law.

    Attributes
    ----------
    distribution : EffectDistribution
        Of the effects at unit scale, with its parameters: normal, Student's t, or related by a
        structure (on training rows with one).
    """

    distribution: EffectDistribution = NORMAL

    @property
    def factor(self) -> Factor | None:
        """How the levels are related, on training rows with a structure."""
        return self.distribution.factor

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """Parameters of the effects' distribution besides the standard deviations."""
        return self.distribution.hyper

    def lack(self, capability: str) -> str | None:
        """Return why the effects lack a capability and the way out; ``None`` where they have it."""
        rows = "compare row by row, without by=, or use random_effects() or rank()."
        if capability == "normal_effects" and not self.distribution.normal:
            return (
                f"Effects of {self.name} have a {self.distribution.words[0]} distribution, which is not "
                f"integrated over here: {rows} Shares of variance are those of scale='latent', and "
                "averages need groups='known', 'typical' or 'new'."
            )
        if capability == "single_levels" and not self.whole:
            return f"Rows have weights of the levels of {self.name}, mm() or gr(by=): {rows}"
        if capability == "independent_levels" and self.structure:
            return f"The levels of {self.name} are related, so that none stands alone: {rows}"
        return None

    def names_in(self, parameters: Iterable[str]) -> frozenset[str]:
        """Return names of a group that the formulas of some parameters may have."""
        return self.names | {in_formula(named(VALUES, self.name), p) for p in parameters}

    @property
    def names(self) -> frozenset[str]:
        """What its variables, dimensions and data of a graph may be named, in any model."""
        return group_names(self, self.distribution)

    def variables(self) -> tuple[Variable, ...]:
        """Return its variables: sds, parameters of its structure, correlations, effects."""
        return group_variables(self, self.distribution)

    def rows(self, values: Values, maths: Maths) -> Iterator[Any]:
        """Yield what the effects of each row's levels add to it."""
        yield self.added(values[self.effects], maths)

    def root(self, values: Values) -> Array:
        """Return a square root of the effects' covariance, shape (n_draws, n_terms, n_terms)."""
        sd = values[self.sd]
        if self.correlation not in values:
            return np.asarray(sd[:, :, None] * np.eye(len(self.terms)))
        return np.asarray(sd[:, :, None] * np.linalg.cholesky(values[self.correlation]))

    def new_effects(
        self, root: Array, hyper: Draws, n_levels: int, rng: np.random.Generator
    ) -> Array:
        """Draw effects of levels that are related to no known one.

        Parameters
        ----------
        root : ndarray, shape (n_draws, n_terms, n_terms)
            As :meth:`root` gives it.
        hyper : mapping of str to ndarray, shape (n_draws,)
            As :meth:`hyper_values` gives them.
        n_levels : int
            All levels of the group where they are related among themselves.

        Returns
        -------
        ndarray, shape (n_draws, n_levels, n_terms)
        """
        z, _ = self.distribution.draw((len(root), n_levels, root.shape[1]), hyper, rng)
        return np.asarray(z @ np.swapaxes(root, 1, 2))

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
        hyper = self.drawn_hyper(source)
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
        z, _ = self.distribution.draw(
            (1, self.n_levels, len(self.terms)), self.stated_hyper(stated), rng
        )
        return np.asarray(z[0] @ root.T)

    def _stated_effects(self, stated: Stated) -> Array:
        return stated.matrix(self.effects, tuple(self.levels.tolist()), self.terms)
