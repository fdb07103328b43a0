"""How the effects of a group's levels are distributed; here: independent and normal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.model.blocks.group_arrays import GroupArrays
from bayes_glmm.model.blocks.unit_field import UnitField, independent

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

type Array = NDArray[np.float64]
type Draws = Mapping[str, Array]
"""Parameters by stem, shape (n_draws,)."""


class EffectDistribution(ABC):
    """The distribution of effects at unit scale: of levels by terms, in units of the sds."""

    name: ClassVar[str]
    """In the grammar: ``gr(g, dist="student")``."""
    words: ClassVar[tuple[str, str]] = ("normal", "standard deviation")
    """The distribution of one level, and what its sds are."""
    normal: ClassVar[bool] = True
    """Whether effects are normal given the parameters."""
    hyper: tuple[Hyper, ...]
    """Parameters besides the standard deviations."""
    factor: Factor | None
    """How levels are related; None where they are independent."""

    @abstractmethod
    def draw(
        self, shape: tuple[int, int, int], hyper: Draws, rng: np.random.Generator
    ) -> tuple[Array, Array | None]:
        """Draw effects at unit scale, uncorrelated between terms.

        Parameters
        ----------
        shape : (n_draws, n_levels, n_terms)

        Returns
        -------
        effects : ndarray, of that shape
        latents : ndarray, shape (n_draws, n_nodes, n_terms), or None
            What the effects are made of, where they are related.
        """

    @abstractmethod
    def variances(self, hyper: Draws) -> Array:
        """Return variances in units of ``sd**2``, shape (2, n_draws) or (2, 1).

        The mean one of a level, and the part of it that all levels have in common.
        """

    @abstractmethod
    def field(self, levels: Text) -> UnitField:
        """Return the field at unit scale that the effects of the levels are made of."""

    def log_density(self, field: UnitField, u: Array, hyper: Mapping[str, Any], R: Array) -> float:
        """Return the log-density of effects of the field's nodes at unit scale.

        Parameters
        ----------
        u : ndarray, shape (n_nodes, n_terms)
        hyper : mapping of str to float
        R : ndarray, shape (n_terms, n_terms)
            Correlations of the terms.
        """
        return field.log_density(u, hyper, R)

    @abstractmethod
    def state(self, group: GroupArrays, sd: Any, L: Any, graph: Graph) -> Any:
        """State the effects of a group in a PyMC graph, shape (n_levels, n_terms).

        Parameters
        ----------
        sd : variable, shape (n_terms,)
        L : variable, shape (n_terms, n_terms), or None
            Factor of the correlations, where terms are correlated.
        """

    def law(self, group: GroupArrays) -> str:
        """Return the beginning of the distribution of a level's effects as one writes it."""
        return "Normal("


@dataclass(frozen=True, eq=False)
class NormalEffects(EffectDistribution):
    """Independent levels, normal."""

    name: ClassVar[str] = "normal"
    hyper: tuple[Hyper, ...] = ()
    factor: None = None

    def draw(
        self, shape: tuple[int, int, int], hyper: Draws, rng: np.random.Generator
    ) -> tuple[Array, None]:
        """Draw standard normal effects."""
        return rng.standard_normal(shape), None

    def variances(self, hyper: Draws) -> Array:
        """Return one, and nothing in common."""
        return np.array([[1.0], [0.0]])

    def field(self, levels: Text) -> UnitField:
        """Return independent nodes, one for each level."""
        return independent(levels)

    def state(self, group: GroupArrays, sd: Any, L: Any, graph: Graph) -> Any:
        """State one normal for each term, or a multivariate one for each level."""
        import pymc as pm

        from bayes_glmm.model.transforms import Informed

        inner: Any = None
        if graph.standardized:
            told = graph.information.get(group.name)
            inner = level_coordinates(group, L is not None)
            inner = inner if told is None else Informed(told, L is not None)
        own = stated_effects(group, inner, graph)
        name = graph.named(group.effects)
        if L is None:
            return pm.Normal(name, np.float64(0), sd, **own)
        return pm.MvNormal(name, mu=np.zeros(len(group.terms)), chol=sd[:, None] * L, **own)


def level_coordinates(group: GroupArrays, rows: bool) -> Any:
    """Return coordinates of independent levels: by what rows with weights tell of each.

    Parameters
    ----------
    rows : bool
        Whether the effects of a level are one multivariate variable.
    """
    from bayes_glmm.model.transforms import PartlyStandardized, Standardized, StandardizedRows

    if rows:
        return StandardizedRows()
    return Standardized() if group.whole else PartlyStandardized(group.told)


def stated_effects(group: GroupArrays, coordinates: Any, graph: Graph) -> dict[str, Any]:
    """Return dims and transform of effects; what an intercept takes up is one coordinate."""
    from bayes_glmm.model.transforms import Turned

    transform = Turned(coordinates, group.shares) if graph.absorbed else coordinates
    dims = (group.name, group.term_dim)
    return {"dims": dims, "default_transform": None, "transform": transform}


NORMAL = NormalEffects()
