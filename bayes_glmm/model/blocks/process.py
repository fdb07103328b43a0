"""The interface of time processes: laws of values along time within groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.model.blocks.factor import Factor, Hyper

type Learned = Mapping[str, float]
"""Numbers that a law learns from the training times, by name."""


@dataclass(frozen=True)
class TimeProcess(ABC):
    """A law of values along time, independent between groups, at unit scale.

    Its fields are the options of the formula, whole numbers. Levels are texts ``"group:time"``.
    """

    @property
    def least_times(self) -> int:
        """Number of times that a group needs to inform the law."""
        return 2

    @abstractmethod
    def learn(self, levels: Text) -> dict[str, float]:
        """Return what the law learns from the training levels, by name."""

    def hyper(self, time: str, learned: Learned) -> tuple[Hyper, ...]:
        """Return the parameters besides the standard deviation; ``time`` is the column."""
        return ()

    @abstractmethod
    def factor(self, levels: Text, known: Text, learned: Learned) -> Factor:
        """Return the map from latents to the effects of some levels.

        Parameters
        ----------
        levels : ndarray of str
        known : ndarray of str
            The training levels.
        learned : mapping of str to float
        """


def parsed(labels: Text) -> tuple[NDArray[np.intp], Text, Array]:
    """Return the group of each label as a code, the names of the groups, and the times."""
    pairs = [name.rpartition(":") for name in labels.tolist()]
    groups = np.array([group for group, _, _ in pairs], dtype=object)
    codes, names = pd.factorize(groups, sort=True)
    return codes, names.astype(np.str_), np.array([float(time) for _, _, time in pairs])


def ordered(labels: Text) -> Text:
    """Return labels by group, and within groups by time."""
    codes, _, times = parsed(labels)
    return labels[np.lexsort((times, codes))]


def most_times(labels: Text) -> int:
    """Return how many times the longest group has."""
    return int(np.bincount(parsed(labels)[0]).max())
