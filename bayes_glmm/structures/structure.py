"""What users say of how levels are related, kept whole and named by its labels.

A structure knows every level by its label. Prepared for the levels of some data it is a
:class:`.Factor`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, listed
from bayes_glmm.model.blocks.array_types import Text
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.structures.level_labels import match


@dataclass(frozen=True, eq=False)
class Structure:
    """A known covariance of levels, or one known up to a few parameters.

    A kind of structure is a subclass in a file of its own, with an entry in
    ``bayes_glmm.structures.KINDS``.

    Attributes
    ----------
    labels : ndarray of str, shape (n_labels,)
        Every level that the structure knows, in its own canonical order: the order
        of the input's rows must not be seen in it.
    """

    kind: ClassVar[str] = ""
    labels: Text

    def __repr__(self) -> str:
        few = listed(map(repr, self.labels.tolist()), limit=3)
        return f"<{self.kind} structure of {len(self.labels)} levels{few and ': '}{few}>"

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """Parameters besides the standard deviation."""
        return ()

    @property
    def neighbours(self) -> NDArray[np.int64] | None:
        """Pairs of places in ``labels`` that are next to each other; none unless in space."""
        return None

    def prepare(self, levels: Text, sampled: Text | None = None) -> Factor:
        """Return the map from latents to the effects of some levels.

        Parameters
        ----------
        levels : ndarray of str, shape (n_levels,)
            Each of them among ``labels``.
        sampled : ndarray of str, optional
            Nodes whose latents are known: they are among the nodes of the result, with
            the same meaning. Other nodes are independent of them.

        Raises
        ------
        UnknownLevelError
            Levels that the structure does not know, with the nearest ones.
        """
        raise NotImplementedError

    def require(self, levels: Text, what: str = "The data") -> NDArray[np.intp]:
        """Return the places of levels among the labels, refusing unknown ones."""
        return match(levels, self.labels, what, f"the {self.kind} structure")

    def bind(self, data: pd.DataFrame, column: str) -> Structure:
        """Return the structure of the levels of a table, where it is read from columns.

        Called once with the training rows, before :meth:`prepare`; a structure that is
        complete as it is returns itself.

        Parameters
        ----------
        data : pandas.DataFrame
        column : str
            The column of levels.
        """
        return self

    def extend(self, levels: Text, data: pd.DataFrame, column: str) -> Structure:
        """Return a structure that knows further levels as well.

        Parameters
        ----------
        levels : ndarray of str
            Levels that are not among ``labels``.
        data : pandas.DataFrame
            Rows of those levels; their columns may say how they are related.
        column : str
            The column of levels in ``data``.

        Raises
        ------
        ArgumentError
            Nothing says how the levels are related to the others.
        """
        raise ArgumentError(
            f"A structure of the kind {self.kind!r} does not say how {str(levels[0])!r} is related to its "
            "levels: give a structure with all levels when fitting (levels without data are allowed), "
            "or predict with groups='population' or 'typical'."
        )

    def notes(self) -> tuple[str, ...]:
        """Say what was changed, dropped or counted when the structure was made."""
        return ()

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything the structure is as arrays of numbers and text."""
        raise NotImplementedError

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Structure:
        """Read what :meth:`to_arrays` wrote."""
        raise NotImplementedError

    def identity(self) -> dict[str, Any]:
        """Return kind, number of labels, first and last label, and SHA-256 of it all."""
        digest = hashlib.sha256(self.kind.encode())
        for name, values in sorted(self.to_arrays().items()):
            digest.update(f"\0{name}\0{values.shape}\0".encode())
            text = values.dtype.kind in "US"
            digest.update("\0".join(values.ravel()).encode() if text else values.tobytes())
        return {
            "kind": self.kind,
            "n": len(self.labels),
            "first": str(self.labels[0]),
            "last": str(self.labels[-1]),
            "hash": digest.hexdigest(),
        }
