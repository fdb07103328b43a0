"""A group's effects as rows or fields of the kernel see them: its own names, terms and sizes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.model.blocks.group import GroupDesign

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroupView:
    """A group of the design, of which a subclass says otherwise what its units or rows are.

    Attributes
    ----------
    group : GroupDesign
    """

    group: GroupDesign

    @property
    def name(self) -> str:
        """That of the group."""
        return self.group.name

    @property
    def terms(self) -> tuple[str, ...]:
        """The varying terms."""
        return self.group.terms

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        """Terms that are correlated."""
        return self.group.blocks

    @property
    def sizes(self) -> Array:
        """Sizes of the terms' values."""
        return self.group.sizes
