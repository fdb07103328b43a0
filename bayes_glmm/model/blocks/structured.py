"""Effects of levels that a structure relates: latents of its nodes, and the map to the levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.model.blocks.effect_distribution import Array, Draws, EffectDistribution
from bayes_glmm.model.blocks.factor import Factor, Hyper, effect_draws, variance_draws
from bayes_glmm.model.blocks.group_arrays import GroupArrays
from bayes_glmm.model.blocks.unit_field import UnitField
from bayes_glmm.model.variables import ABSORBED

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

LEAST_TURN = 1e-16
PROBES = 50


@dataclass(frozen=True, eq=False)
class RelatedEffects(EffectDistribution):
    """Normal effects that a structure relates.

    Attributes
    ----------
    factor : Factor
        The map from standard normal latents to effects at unit scale.
    hyper : tuple of Hyper
    """

    name: ClassVar[str] = "related"
    factor: Factor
    hyper: tuple[Hyper, ...] = ()

    def draw(
        self, shape: tuple[int, int, int], hyper: Draws, rng: np.random.Generator
    ) -> tuple[Array, Array]:
        """Draw latents of all nodes, and the effects that they make."""
        z = rng.standard_normal((shape[0], len(self.factor.nodes), shape[2]))
        return effect_draws(self.factor, z, hyper), z

    def variances(self, hyper: Draws) -> Array:
        """Return the means of the covariance's diagonal and of all of it."""
        return variance_draws(self.factor, hyper)

    def field(self, levels: Text) -> UnitField:
        """Return the field of the structure."""
        return self.factor.field()

    def state(self, group: GroupArrays, sd: Any, L: Any, graph: Graph) -> Any:
        """State parameters and latents; return the effects of the levels that they make."""
        import pymc as pm
        import pytensor.tensor as pt

        from bayes_glmm.maths.field_maths import pytensor_maths

        hyper = {h.stem: graph.scalar(group.hyper_name(h)) for h in self.hyper}
        z = self._latents(group, sd, graph)
        graph.values[group.latents] = z
        latent = pt.specify_shape(z, (len(self.factor.nodes), len(group.terms)))
        unit = self.factor.effect(latent, hyper, pytensor_maths())
        u = unit * sd if L is None else unit @ (sd[:, None] * L).T
        dims = (group.name, group.term_dim)
        return pm.Deterministic(graph.named(group.effects), u, dims=dims)

    def _latents(self, group: GroupArrays, sd: Any, graph: Graph) -> Any:
        """State the latents; what an intercept takes up is a coordinate of its own."""
        import pymc as pm
        import pytensor.tensor as pt

        name, dims = group.latents, (group.node_dim, group.term_dim)
        zero, one = np.float64(0), np.float64(1)
        if not graph.absorbed:
            return pm.Normal(name, zero, one, dims=dims)
        means = self._pulled(group, group.shares[:, None])[:, 0]
        if self.hyper or len(self.factor.nodes) > group.n_levels:
            return pm.Normal(name, zero, one, dims=dims, transform=_turned(means))
        told = self._told(group, graph.information[group.name])
        wide = pt.sqrt(one + pt.as_tensor(told) * sd**2)
        typical = graph.priors[group.sd_element(0)].median
        turn = _turned(means / np.sqrt(1 + told[:, 0] * typical**2))
        own: dict[str, Any] = {"dims": dims, "default_transform": None, "transform": turn}
        scaled = pm.Normal(f"{name}{ABSORBED}", zero, wide, **own)
        return pm.Deterministic(name, scaled / wide, dims=dims)

    def _told(self, group: GroupArrays, information: Array) -> Array:
        """Return what rows tell of each latent, (n_nodes, n_terms), by random sums of effects."""
        rng = np.random.default_rng(len(self.factor.nodes))
        signs = rng.choice([-1.0, 1.0], (group.n_levels, PROBES))
        sums = [self._pulled(group, signs * np.sqrt(w)[:, None]) for w in information.T]
        return np.stack([(s**2).mean(axis=1) for s in sums], axis=1)

    def _pulled(self, group: GroupArrays, weights: Array) -> Array:
        """Return how much each latent moves weighted sums of effects, (n_nodes, n_sums)."""
        import pytensor.tensor as pt
        from pytensor.compile.mode import Mode

        from bayes_glmm.maths.field_maths import pytensor_maths

        z, shape = pt.dmatrix(), (len(self.factor.nodes), weights.shape[1])
        hyper = {h.stem: pt.constant(np.float64(h.prior.median)) for h in self.hyper}
        effects = self.factor.effect(pt.specify_shape(z, shape), hyper, pytensor_maths())
        sums = (pt.as_tensor(weights) * effects).sum()
        mode = Mode(linker="py", optimizer=None)
        return np.asarray(pt.grad(sums, z).eval({z: np.zeros(shape)}, mode=mode))


def _turned(direction: Array) -> Any:
    """Return the turn of latents to a direction, unless it has no length."""
    from bayes_glmm.model.transforms import Turned

    return Turned(None, direction) if direction @ direction > LEAST_TURN else None
