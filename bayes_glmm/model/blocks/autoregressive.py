"""A stationary autocorrelated series in each group, at any spacing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.array_types import Array, Places, Text, Values
from bayes_glmm.model.blocks.chain import RHO, Chain
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.model.blocks.field_precision import RecursivePrecision
from bayes_glmm.model.blocks.process import Learned, TimeProcess, ordered, parsed
from bayes_glmm.model.blocks.unit_field import UnitField, indicator
from bayes_glmm.spec.priors import Prior


@dataclass(frozen=True, eq=False)
class SeriesFactor(Factor):
    r"""A chain of times for each group, each given its neighbours.

    The value at time :math:`t` is :math:`r = \rho^{t - s}` times the value at the previous time
    :math:`s`, plus noise of variance :math:`1 - r^2`. A time that was not sampled is drawn given
    its neighbours in time.

    Attributes
    ----------
    parents : ndarray of int, shape (n_nodes, 1) or (n_nodes, 2)
        The previous time and, where a node is drawn between known ones, the next.
    gaps : ndarray, shape (n_nodes, 1) or (n_nodes, 2)
        Distances to these; zero where there is none.
    rows : ndarray of int, shape (n_levels,)
        Each level's node.
    """

    parents: Places
    gaps: Array
    rows: Places

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        return self.node_values(z, hyper, maths)[self.rows]

    def node_values(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return values at the times of all groups, shape (n_nodes, n_terms)."""
        weights, sd = self._steps(hyper, maths)
        return maths.descend(self.parents, weights, maths.column(sd) * z)

    def field(self) -> UnitField:
        """Return the values at the times of all groups."""
        precision = RecursivePrecision(self.parents, self._steps, ("rho",))
        return UnitField(self.nodes, precision, indicator(self.rows, len(self.nodes)))

    @property
    def chain(self) -> Chain:
        """The chains of times, by their correlation over one unit of time."""
        return Chain(RHO, self.parents[:, 0], self.gaps[:, 0], np.zeros(len(self.nodes)))

    def latents(self, values: Array, hyper: Values, rng: np.random.Generator) -> Array:
        """Return innovations in units of their standard deviations."""
        return self.chain.innovations(values, hyper["rho"])

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return one, and the mean of all entries of the covariance, in linear time."""
        weights, sd = self._steps(hyper, NUMPY)
        share = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        paths = sweep.ascend(self.parents, weights, share[:, None])[:, 0]
        return 1.0, float(((sd * paths) ** 2).sum())

    def _steps(self, hyper: Values, maths: Maths) -> tuple[Any, Any]:
        """Return the weights of the neighbours, and the sd of the innovation."""
        log = maths.log(hyper["rho"])
        near = [self.parents[:, k] >= 0 for k in range(self.parents.shape[1])]
        r = [maths.where(near[k], maths.exp(self.gaps[:, k] * log), 0.0) for k in range(len(near))]
        rest = [
            maths.where(near[k], -maths.expm1(2 * self.gaps[:, k] * log), 1.0)
            for k in range(len(near))
        ]
        if len(near) == 1:
            return maths.column(r[0]), maths.sqrt(rest[0])
        both = maths.where(near[0] & near[1], -maths.expm1(2 * self.gaps.sum(axis=1) * log), 1.0)
        weights = [r[0] * rest[1] / both, r[1] * rest[0] / both]
        return (
            maths.stack_rows([w[None, :] for w in weights]).T,
            maths.sqrt(rest[0] * rest[1] / both),
        )


@dataclass(frozen=True)
class Autoregression(TimeProcess):
    """``ar(time, group)``: a stationary series whose correlation falls with the distance."""

    def learn(self, levels: Text) -> dict[str, float]:
        """Return the median distance of successive times, or one if no group has two."""
        parents, gaps = _chain(ordered(levels))
        steps = gaps[parents >= 0]
        return {"gap": float(np.median(steps)) if len(steps) else 1.0}

    def hyper(self, time: str, learned: Learned) -> tuple[Hyper, ...]:
        """``rho``; by default the correlation of typical neighbours is uniform on (0, 1)."""
        prior = Prior("Beta", alpha=learned["gap"], beta=1)
        return (Hyper("rho", "unit", prior, f"correlation per unit of {time}"),)

    def factor(self, levels: Text, known: Text, learned: Learned) -> SeriesFactor:
        """Return the chains; times without rows are drawn between their neighbours."""
        known = ordered(known)
        parents, gaps = _chain(known)
        new = ordered(levels[~np.isin(levels, known)])
        nodes = np.concatenate([known, new])
        if len(new):
            between, distances = _between(known, new)
            parents = np.vstack([np.column_stack([parents, np.full(len(known), -1)]), between])
            gaps = np.vstack([np.column_stack([gaps, np.zeros(len(known))]), distances])
        place = {name: i for i, name in enumerate(nodes.tolist())}
        rows = np.array([place[name] for name in levels.tolist()], dtype=np.int64)
        return SeriesFactor(levels, nodes, parents, gaps, rows)


def _chain(labels: Text) -> tuple[Places, Array]:
    """Return the index of the previous time of each label's group, and its distance."""
    codes, _, times = parsed(labels)
    follows = np.append(False, codes[1:] == codes[:-1])
    parents = np.where(follows, np.arange(len(labels)) - 1, -1)
    gaps = np.where(follows, np.diff(times, prepend=0.0), 0.0)
    return parents[:, None].astype(np.int64), gaps[:, None]


def _between(known: Text, new: Text) -> tuple[Places, Array]:
    """Return the neighbours of new labels: the nearest time before, and the known one after."""
    codes, names, times = parsed(known)
    own_codes, own_names, at = parsed(new)
    strange = own_names[own_codes].tolist()
    of_group = {name: np.flatnonzero(codes == g) for g, name in enumerate(names.tolist())}
    parents, gaps = np.full((len(new), 2), -1, np.int64), np.zeros((len(new), 2))
    for j, (group, t) in enumerate(zip(strange, at, strict=True)):
        nodes = of_group.get(group, np.zeros(0, np.intp))
        place = int(np.searchsorted(times[nodes], t))
        before = nodes[place - 1] if place else -1
        if j and strange[j - 1] == group and (before < 0 or at[j - 1] > times[before]):
            before = len(known) + j - 1
        after = nodes[place] if place < len(nodes) else -1
        parents[j] = before, after
        if before >= 0:
            gaps[j, 0] = t - (times[before] if before < len(known) else at[before - len(known)])
        if after >= 0:
            gaps[j, 1] = times[after] - t
    return parents, gaps
