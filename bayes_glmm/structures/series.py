"""Times within groups: a stationary autocorrelated series in each, at any spacing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.maths import triangular as sweep
from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures.structure import Array, Factor, Hyper, Structure, Text, Values

type Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SeriesFactor(Factor):
    r"""A chain of times for each group, each given its neighbours.

    With :math:`r = \rho^{t - s}`, the value at time :math:`t` is :math:`r` times that at the
    time :math:`s` before, plus noise of variance :math:`1 - r^2`. A time that was not
    sampled is drawn between its neighbours.

    Attributes
    ----------
    parents : ndarray of int, shape (n_nodes, 1) or (n_nodes, 2)
        The time before and, where a node is drawn between known ones, the time after.
    gaps : ndarray, shape (n_nodes, 1) or (n_nodes, 2)
        How far they are; zero where there is none.
    rows : ndarray of int, shape (n_levels,)
        Each level's node.
    """

    parents: Places
    gaps: Array
    rows: Places

    def effect(self, z: Any, hyper: Values, maths: Maths) -> Any:
        """Return unit-scale effects of the levels, shape (n_levels, n_terms)."""
        weights, sd = self._steps(hyper, maths)
        return maths.descend(self.parents, weights, maths.column(sd) * z)[self.rows]

    def mean_variance(self, hyper: Values) -> tuple[float, float]:
        """Return one, and the mean of all of the covariance, in linear time."""
        weights, sd = self._steps(hyper, NUMPY)
        share = np.bincount(self.rows, minlength=len(self.nodes)) / len(self.rows)
        paths = sweep.ascend(self.parents, weights, share[:, None])[:, 0]
        return 1.0, float(((sd * paths) ** 2).sum())

    def _steps(self, hyper: Values, maths: Maths) -> tuple[Any, Any]:
        """Return the weights of the neighbours, and the sd of what is added."""
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


@dataclass(frozen=True, eq=False, repr=False)
class Series(Structure):
    """Levels that are a time, or a group and a time: ``"ann:2.5"``.

    Attributes
    ----------
    labels : ndarray of str
    time : str
        The column of times.
    gap : float
        Median distance of neighbouring times.
    """

    kind: ClassVar[str] = "series"
    time: str
    gap: float

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """``rho``; by default the correlation of typical neighbours is uniform on (0, 1)."""
        prior = Prior("Beta", alpha=self.gap, beta=1)
        return (Hyper("rho", "unit", prior, f"correlation per unit of {self.time}"),)

    def prepare(self, levels: Text, sampled: Text | None = None) -> SeriesFactor:
        """Return the map from latents to the effects of some levels."""
        self.require(levels)
        known = _ordered(levels) if sampled is None else sampled
        parents, gaps = _chain(known)
        new = _ordered(levels[~np.isin(levels, known)])
        nodes = np.concatenate([known, new])
        if len(new):
            between, apart = _between(known, new)
            parents = np.vstack([np.column_stack([parents, np.full(len(known), -1)]), between])
            gaps = np.vstack([np.column_stack([gaps, np.zeros(len(known))]), apart])
        place = {name: i for i, name in enumerate(nodes.tolist())}
        rows = np.array([place[name] for name in levels.tolist()], dtype=np.int64)
        return SeriesFactor(levels, nodes, parents, gaps, rows)

    def extend(self, levels: Text, data: pd.DataFrame, column: str) -> Series:
        """Return the structure with further times, or groups and times."""
        return replace(self, labels=np.sort(np.concatenate([self.labels, levels])))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return labels, the name of the time, and the typical gap."""
        return {
            "labels": self.labels,
            "time": np.array([self.time], dtype=np.str_),
            "gap": np.array([self.gap]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Series:
        """Read what :meth:`to_arrays` wrote."""
        labels = np.asarray(arrays["labels"], dtype=np.str_)
        _parsed(labels)
        return cls(labels, str(arrays["time"][0]), float(arrays["gap"][0]))


def series(labels: Text, time: str) -> Series:
    """Relate levels, each a time or a group and a time, by how far their times are apart."""
    known = _ordered(labels)
    parents, gaps = _chain(known)
    steps = gaps[parents >= 0]
    return Series(np.sort(labels), time, float(np.median(steps)) if len(steps) else 1.0)


def _parsed(labels: Text) -> tuple[list[str], Array]:
    """Return the group and the time of each label."""
    pairs = [name.rpartition(":") for name in labels.tolist()]
    return [group for group, _, _ in pairs], np.array([float(t) for _, _, t in pairs])


def _ordered(labels: Text) -> Text:
    groups, times = _parsed(labels)
    order = np.lexsort((times, pd.factorize(np.array(groups, dtype=object), sort=True)[0]))
    return labels[order]


def _chain(labels: Text) -> tuple[Places, Array]:
    """Return the time before each label of a group, which it follows, and how far it is."""
    groups, times = _parsed(labels)
    codes = pd.factorize(np.array(groups, dtype=object))[0]
    follows = np.append(False, codes[1:] == codes[:-1])
    parents = np.where(follows, np.arange(len(labels)) - 1, -1)
    gaps = np.where(follows, np.diff(times, prepend=0.0), 0.0)
    return parents[:, None].astype(np.int64), gaps[:, None]


def _between(known: Text, new: Text) -> tuple[Places, Array]:
    """Return the neighbours of new labels: the nearest before, new or known, and known after."""
    groups, times = _parsed(known)
    strange, at = _parsed(new)
    of_group: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        of_group.setdefault(group, []).append(i)
    parents, gaps = np.full((len(new), 2), -1, np.int64), np.zeros((len(new), 2))
    for j, (group, t) in enumerate(zip(strange, at, strict=True)):
        own = of_group.get(group, [])
        place = int(np.searchsorted(times[own], t)) if own else 0
        before = own[place - 1] if place else -1
        if j and strange[j - 1] == group and (before < 0 or at[j - 1] > times[before]):
            before = len(known) + j - 1
        after = own[place] if place < len(own) else -1
        parents[j] = before, after
        if before >= 0:
            gaps[j, 0] = t - (times[before] if before < len(known) else at[before - len(known)])
        if after >= 0:
            gaps[j, 1] = times[after] - t
    return parents, gaps
