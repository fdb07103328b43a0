"""Values along the branches of a tree: Brownian motion, OU, Pagel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Values
from bayes_glmm.model.blocks.chain import HALFLIFE, SHARE, Chain
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.field_precision import RecursivePrecision
from bayes_glmm.model.blocks.unit_field import UnitField, indicator

MODELS = ("brownian", "ou", "pagel")


@dataclass(frozen=True, eq=False)
class LineageFactor(Factor):
    """Increments along branches, summed from the root down.

    Attributes
    ----------
    model : str
    parents : ndarray of int, shape (n_nodes, 1) or (n_nodes, 2)
        The node above and, where a node is drawn between two known ones, the node below.
    depth, above, below : ndarray, shape (n_nodes,)
        Distances from the root of the node and of these two, in heights; ``below`` is
        NaN where there is none.
    own, own_below : ndarray of bool, shape (n_nodes,)
        Whether the node (that below it) also carries what its level does not share
        with the tree (Pagel).
    rows : ndarray of int, shape (n_levels,)
        Each level's node.
    """

    model: str
    parents: Places
    depth: Array
    above: Array
    below: Array
    own: NDArray[np.bool_]
    own_below: NDArray[np.bool_]
    rows: Places

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return self._all_values(z, hyper, maths)[self.rows]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values of the nodes that differ from their parents, shape (n_kept, n_terms)."""
        return self._all_values(z, hyper, maths)[np.flatnonzero(~self._settled)]

    def _all_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        weights, sd = self._branches(hyper, maths)
        return maths.descend(self.parents, weights, maths.column(sd) * z)

    def field(self) -> UnitField:
        """Return the field of node values; a node at the end of a branch of length zero is its parent."""
        kept, place = self._kept

        def steps(hyper: Values, maths: Maths) -> tuple[Any, Any]:
            weights, sd = self._branches(hyper, maths)
            return weights[kept], sd[kept]

        precision = RecursivePrecision(place[self.parents[kept]], steps, _STEMS[self.model])
        levels = indicator(place[self.rows], len(kept))
        return UnitField(self.nodes[kept], precision, levels)

    @property
    def chain(self) -> Chain | None:
        """The branches that have a length, by half-life or share; none of Brownian motion."""
        if self.model == "brownian":
            return None
        kept, place = self._kept
        parents = place[self.parents[kept, 0]]
        own, length = self.own[kept], (self.depth - self.above)[kept]
        if self.model == "ou":
            return Chain(HALFLIFE, parents, np.where(parents < 0, 0.0, length), np.zeros(len(kept)))
        a, b = np.where(own, self.depth[kept], 0.0), np.where(own, -self.above[kept], length)
        return Chain(SHARE, parents, a, b)

    def latents(self, values: Array, hyper: Values, rng: np.random.Generator) -> Array:
        """Return increments in units of their standard deviations; a branch of no length has any."""
        kept, place = self._kept
        out = rng.standard_normal((len(values), len(self.nodes), values.shape[2]))
        chain = self.chain
        if chain is None:
            length = (self.depth - self.above)[kept]
            chain = Chain(SHARE, place[self.parents[kept, 0]], length, np.zeros(len(kept)))
        parameter = next(iter(hyper.values()), np.zeros(len(values)))
        out[:, kept] = chain.innovations(values, parameter)
        return out

    @property
    def _kept(self) -> tuple[Places, Places]:
        """Which nodes differ from their parents, and of each node which of these it equals.

        The second has one more entry, for the fixed root: -1.
        """
        settled = self._settled
        at = np.where(settled, self.parents[:, 0], np.arange(len(self.nodes)))
        for _ in range(len(at).bit_length()):
            at = np.where(at < 0, -1, at[at])
        kept = np.flatnonzero(~settled)
        place = np.full(len(self.nodes) + 1, -1)
        place[kept] = np.arange(len(kept))
        return kept, place[np.append(at, -1)]

    @property
    def _settled(self) -> NDArray[np.bool_]:
        """Whether a node equals its parent: no increment lies between them."""
        length = np.where(self.own, self.depth, self.depth - self.above)
        stationary = (self.parents[:, 0] < 0) & (self.model == "ou")
        return np.asarray((length == 0) & ~stationary)

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return the means of the covariance's diagonal and of all of it, in linear time."""
        weights, sd = self._branches(hyper, NUMPY)
        share = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        paths = sweep.ascend(self.parents, weights, share[:, None])[:, 0]
        diagonal = 1.0 if self.model == "ou" else float(self.depth[self.rows].mean())
        return diagonal, float(((sd * paths) ** 2).sum())

    def _branches(self, hyper: Values, maths: Maths) -> tuple[Any, Any]:
        """Return weights of the nodes above and below, and sds of the increments."""
        between = np.isfinite(self.below)
        upper, lower, variance, zero = _LAWS[self.model](self, between, hyper, maths)
        sd = maths.where(zero, 0.0, maths.sqrt(maths.where(zero, 1.0, variance)))
        if self.parents.shape[1] == 1:
            return maths.column(upper), sd
        return maths.stack_rows([upper[None, :], lower[None, :]]).T, sd


def _brownian(f: LineageFactor, between: Any, hyper: Values, maths: Maths) -> Any:
    length = f.depth - f.above
    lower = np.divide(length, f.below - f.above, out=np.zeros_like(length), where=between)
    variance = length * (1 - lower)
    return 1 - lower, lower, variance, variance == 0


def _pagel(f: LineageFactor, between: Any, hyper: Values, maths: Maths) -> Any:
    signal, length = hyper["signal"], f.depth - f.above
    down = np.where(between, f.below, 1.0)
    whole = maths.where(f.own_below, down - signal * f.above, signal * (down - f.above))
    lower = maths.where(between, signal * length / whole, 0.0)
    shared = signal * length * (1 - lower)
    variance = maths.where(f.own, f.depth - signal * f.above, shared)
    return 1 - lower, lower, variance, np.where(f.own, f.depth, length) == 0


def _ou(f: LineageFactor, between: Any, hyper: Values, maths: Maths) -> Any:
    rate = np.log(2) / hyper["halflife"]
    root = f.parents[:, 0] < 0
    zero = ~root & (f.depth == f.above)
    length = np.where(zero | root, 1.0, f.depth - f.above)
    down = np.where(between, f.below - f.depth, 1.0)
    gained = -maths.expm1(-2 * rate * length)
    after = -maths.expm1(-2 * rate * down)
    whole = -maths.expm1(-2 * rate * (length + down))
    kept = maths.exp(-rate * length)
    upper = maths.where(zero, 1.0, maths.where(between, kept * after / whole, kept))
    lower = maths.where(between, maths.exp(-rate * down) * gained / whole, 0.0)
    variance = maths.where(between, gained * after / whole, gained)
    return upper, lower, maths.where(root, 1.0, variance), zero


_STEMS = {"brownian": (), "pagel": ("signal",), "ou": ("halflife",)}
_LAWS: dict[str, Any] = {"brownian": _brownian, "pagel": _pagel, "ou": _ou}
