"""Levels along time within groups, at any spacing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.model.blocks.process import Learned, TimeProcess, parsed
from bayes_glmm.spec.time_processes import SERIES, Process
from bayes_glmm.structures.structure import Structure

AR = Process()


@dataclass(frozen=True, eq=False, repr=False)
class Series(Structure):
    """Levels that are a time, or a group and a time: ``"ann:2.5"``.

    Attributes
    ----------
    labels : ndarray of str
    known : ndarray of str
        The training levels, among the labels.
    time : str
        The column of times.
    process : Process
        The law, with its options.
    learned : mapping of str to float
        Numbers that the law learned from the training levels.
    """

    kind: ClassVar[str] = "series"
    known: Text
    time: str
    process: Process
    learned: Learned

    @property
    def law(self) -> TimeProcess:
        """The law as the block states it."""
        return law_of(self.process)

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """Parameters of the law besides the standard deviation."""
        return self.law.hyper(self.time, self.learned)

    def prepare(self, levels: Text, sampled: Text | None = None) -> Factor:
        """Return the map from latents to the effects of some levels."""
        self.require(levels)
        return self.law.factor(levels, self.known, self.learned)

    def extend(self, levels: Text, data: pd.DataFrame, column: str) -> Series:
        """Return the structure with further times, or groups and times."""
        return replace(self, labels=np.sort(np.concatenate([self.labels, levels])))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return labels, the column of times, the law, and what it learned."""
        options = {key: np.array([value]) for key, value in self.process.options}
        learned = {key: np.array([value]) for key, value in self.learned.items()}
        own = {} if len(self.known) == len(self.labels) else {"known": self.known}
        law = {} if self.process == AR else {"process": np.array([self.process.name])}
        time = np.array([self.time], dtype=np.str_)
        return {"labels": self.labels, "time": time, **learned, **law, **options, **own}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Series:
        """Read what :meth:`to_arrays` wrote."""
        labels = np.asarray(arrays["labels"], dtype=np.str_)
        parsed(labels)
        name = str(arrays["process"][0]) if "process" in arrays else AR.name
        keys = [key for key, _ in SERIES[name].options]
        process = Process(name, tuple((key, int(arrays[key][0])) for key in keys))
        stated = {"labels", "time", "process", "known", *keys}
        learned = {key: float(v[0]) for key, v in arrays.items() if key not in stated}
        known = np.asarray(arrays.get("known", labels), dtype=np.str_)
        return cls(labels, known, str(arrays["time"][0]), process, learned)


def law_of(process: Process) -> TimeProcess:
    """Return the law that a formula names."""
    module, name = SERIES[process.name].block
    block: Any = getattr(import_module(f"bayes_glmm.model.blocks.{module}"), name)
    law: TimeProcess = block(**dict(process.options))
    return law


def series(labels: Text, time: str, process: Process = AR) -> Series:
    """Relate levels, each a time or a group and a time, by a law along time."""
    labels = np.sort(labels)
    return Series(labels, labels, time, process, law_of(process).learn(labels))
