"""Times within groups: a stationary autocorrelated series in each, at any spacing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.model.blocks.factor import Hyper
from bayes_glmm.model.blocks.series import SeriesFactor
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures.structure import Structure

type Places = NDArray[np.int64]


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
