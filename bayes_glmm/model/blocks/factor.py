"""The interface of structured covariances: a map from latents to related effects.

A :class:`Factor` is a structure prepared for the levels of some data. It has independent
standard-normal latents ``z``, one per node, and maps them to unit-scale effects of the levels.
There may be more nodes than levels (ancestors of recorded animals). A node keeps its meaning
when levels are added. So an unseen related level can be predicted: sampled nodes are taken by
their labels, the others are drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.maths.interpolate import over_draws
from bayes_glmm.model.blocks.array_types import Array, Places, Text, Values
from bayes_glmm.model.blocks.chain import Chain
from bayes_glmm.model.blocks.unit_field import UnitField
from bayes_glmm.spec.priors import Prior


@dataclass(frozen=True)
class Hyper:
    """A parameter that a structure has besides the standard deviation.

    Attributes
    ----------
    stem : str
        ``"mix"``, ``"range"``, ``"halflife"``, ``"signal"``; the posterior's name is
        ``<stem>_<level>``.
    support : {"positive", "unit"}
    prior : Prior
        The default.
    meaning : str
        What it is, with its unit, in a few words.
    """

    stem: str
    support: str
    prior: Prior
    meaning: str


@dataclass(frozen=True, eq=False)
class Factor:
    """A structure prepared for the levels of some data.

    Attributes
    ----------
    levels : ndarray of str, shape (n_levels,)
    nodes : ndarray of str, shape (n_nodes,)
        Labels of the latents, unique and in the order of ``z``.
    diagonal : bool
        Whether parameters only scale the latents: many draws then cost no more than one.
    """

    diagonal: ClassVar[bool] = False
    levels: Text
    nodes: Text

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels.

        Parameters
        ----------
        z : shape (n_nodes, n_terms)
            Standard normal; an array or a PyTensor variable, as ``maths`` says.
        hyper : mapping of str to scalar
            By stem.
        maths : Maths

        Returns
        -------
        shape (n_levels, n_terms)
        """
        raise NotImplementedError

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return the values of the nodes of :meth:`field`, shape (n_field_nodes, n_terms).

        Arguments are those of :meth:`effect`.
        """
        raise NotImplementedError

    def field(self) -> UnitField:
        """Return the same effects as those of a field with a sparse precision.

        Its nodes are not the latents, but values computed from them: of animals, places,
        areas, branching points.
        """
        raise NotImplementedError

    def latents(self, values: Array, hyper: Mapping[str, Array], rng: np.random.Generator) -> Array:
        """Return the latents of values of :meth:`field`'s nodes, the inverse of :meth:`node_values`.

        Parameters
        ----------
        values : ndarray, shape (n_draws, n_field_nodes, n_terms)
        hyper : mapping of str to ndarray, shape (n_draws,)
        rng : numpy.random.Generator
            Draws the latents on which no value depends.

        Returns
        -------
        ndarray, shape (n_draws, n_nodes, n_terms)
        """
        raise NotImplementedError

    @property
    def chain(self) -> Chain | None:
        """The field's recursion, where it is one of :class:`.Chain` with a parameter."""
        return None

    @property
    def mixed(self) -> tuple[UnitField, Places] | None:
        """A field and each level's independent effect, of which ``mix`` says the shares (BYM2)."""
        return None

    def covariance(self, hyper: Values) -> Array:
        """Return the covariance of the effects, shape (n_levels, n_levels); dense."""
        root = np.asarray(self.effect(np.eye(len(self.nodes)), hyper, NUMPY))
        return root @ root.T

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return the mean of the covariance's diagonal, and the mean of all its entries.

        Their difference is the expected variance of the effects among these levels: the part
        that all levels share belongs to the intercept.
        """
        covariance = self.covariance(hyper)
        return float(np.diag(covariance).mean()), float(covariance.mean())


def effect_draws(factor: Factor, z: Array, hyper: Mapping[str, Array]) -> Array:
    """Return unit-scale effects of every draw, shape (n_draws, n_levels, n_terms).

    Parameters
    ----------
    factor : Factor
    z : ndarray, shape (n_draws, n_nodes, n_terms)
    hyper : mapping of str to ndarray, shape (n_draws,)
    """
    n_draws, n_nodes, n_terms = z.shape
    flat = np.moveaxis(z, 0, 1).reshape(n_nodes, n_draws * n_terms)

    def every(values: Values) -> Array:
        effects = np.asarray(factor.effect(flat, values, NUMPY))
        return np.moveaxis(effects.reshape(-1, n_draws, n_terms), 1, 0)

    def one(values: Values, draw: int) -> Array:
        return np.asarray(factor.effect(z[draw], values, NUMPY))

    if not hyper:
        return every({})
    if len(hyper) == 1 and not factor.diagonal:
        ((stem, draws),) = hyper.items()
        effects_by_draw = over_draws(
            lambda v: every({stem: v}), np.asarray(draws), lambda v, d: one({stem: v}, d)
        )
        if effects_by_draw is not None:
            return effects_by_draw
    each: Sequence[Values] = [{k: v[d] for k, v in hyper.items()} for d in range(n_draws)]
    return np.stack([one(values, d) for d, values in enumerate(each)])


def variance_draws(factor: Factor, hyper: Mapping[str, Array]) -> Array:
    """Return both numbers of :meth:`Factor.mean_variance` in every draw.

    Parameters
    ----------
    factor : Factor
    hyper : mapping of str to ndarray, shape (n_draws,)

    Returns
    -------
    ndarray, shape (2, n_draws), or (2, 1) without parameters
    """
    if not hyper:
        return np.array([factor.mean_variance({})]).T

    def at(values: Values) -> Array:
        return np.array(factor.mean_variance(values))

    if len(hyper) == 1:
        ((stem, draws),) = hyper.items()
        by_draw = over_draws(
            lambda v: at({stem: v})[None], np.asarray(draws), lambda v, _: at({stem: v})
        )
        if by_draw is not None:
            return by_draw.T
    each = [dict(zip(hyper, row, strict=True)) for row in zip(*hyper.values(), strict=True)]
    return np.array([at(values) for values in each]).T
