"""Pedigrees: sparse additive relationships with inbreeding."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, listed
from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.model.blocks.factor import Factor
from bayes_glmm.model.blocks.pedigree import HALF, PedigreeFactor
from bayes_glmm.structures.ancestry import ancestors, inbreeding, parents_first
from bayes_glmm.structures.level_labels import text_of
from bayes_glmm.structures.parents import read_parents
from bayes_glmm.structures.structure import Structure


@dataclass(frozen=True, eq=False, repr=False)
class Pedigree(Structure):
    """Parents of every animal; made by :func:`pedigree`.

    Attributes
    ----------
    parents : ndarray of int, shape (n_labels, 2)
        Places of sire and dam among ``labels``, -1 where unknown; parents come first.
    inbreeding : ndarray, shape (n_labels,)
    columns : tuple of str
        Columns of sire and dam, from which the parents of new animals are read.
    added : ndarray of str
        Parents that had no row of their own.
    """

    kind: ClassVar[str] = "pedigree"
    parents: NDArray[np.int64]
    inbreeding: Array
    columns: tuple[str, str] = ("sire", "dam")
    added: Text = field(default_factory=lambda: np.array([], dtype=np.str_))

    @property
    def own(self) -> Array:
        """Mendelian variances: one for founders, a half without inbred parents."""
        of_parents = np.where(self.parents >= 0, self.inbreeding[self.parents], -1.0)
        return HALF - 0.25 * of_parents.sum(axis=1)

    def prepare(self, levels: Text, sampled: Text | None = None) -> Factor:
        """Return the recursion over the levels and their ancestors, without other animals.

        Time and memory are proportional to the number of those animals; the effects of
        20,000 and their gradient take about a millisecond on one core.
        """
        rows = self.require(levels)
        needed = rows if sampled is None else np.append(rows, self.require(sampled, "The nodes"))
        kept = ancestors(needed, self.parents)
        place = np.full(len(self.labels) + 1, -1, dtype=np.int64)
        place[kept] = np.arange(len(kept))
        return PedigreeFactor(
            levels,
            self.labels[kept],
            place[rows],
            place[self.parents[kept]],
            self.own[kept],
            self.inbreeding[kept],
        )

    def extend(self, levels: Text, data: pd.DataFrame, column: str) -> Structure:
        """Append animals whose rows name their parents; warn about new parents."""
        absent = [c for c in self.columns if c not in data.columns]
        if absent:
            raise ArgumentError(
                f"{listed(map(repr, levels.tolist()))} are not in the pedigree, and the rows have "
                f"no column {listed(map(repr, absent))}: add the parents' columns (missing values "
                "where unknown), or predict with groups='population'."
            )
        own = data[data[column].map(text_of).isin(levels.tolist())]
        new = own[[column, *self.columns]].drop_duplicates()
        longer = pedigree(
            pd.concat([self.table(column), new], ignore_index=True), column, *self.columns
        )
        if len(longer.added):
            warnings.warn(
                f"{listed(map(repr, longer.added.tolist()))}, a parent of new animals, is not in the "
                "pedigree: it is taken as a founder without relatives.",
                UserWarning,
                stacklevel=2,
            )
        return longer

    def table(self, id: str = "animal") -> pd.DataFrame:
        """Return animals with their parents, parents first; missing where unknown."""
        names = np.array([*self.labels.tolist(), None], dtype=object)
        both = {c: names[self.parents[:, k]] for k, c in enumerate(self.columns)}
        return pd.DataFrame({id: names[:-1], **both})

    def notes(self) -> tuple[str, ...]:
        """Say which parents were added."""
        if not len(self.added):
            return ()
        s = "s" if len(self.added) > 1 else ""
        names = listed(map(repr, self.added.tolist()))
        return (f"{len(self.added)} parent{s} without a row became founder{s}: {names}.",)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return labels, parents, inbreeding, and names of columns and added parents."""
        arrays = {
            "labels": self.labels,
            "parents": self.parents,
            "inbreeding": self.inbreeding,
            "columns": np.array(self.columns, dtype=np.str_),
        }
        return arrays | ({"added": self.added} if len(self.added) else {})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what :meth:`to_arrays` wrote."""
        labels, parents = np.asarray(arrays["labels"], np.str_), np.asarray(arrays["parents"])
        within = (parents < np.arange(len(labels))[:, None]) & (parents >= -1)
        if parents.shape != (len(labels), 2) or not within.all():
            raise ValueError("parents do not come first")
        sire, dam = np.asarray(arrays["columns"], np.str_).tolist()
        added = np.asarray(arrays.get("added", []), np.str_)
        return cls(labels, parents, np.asarray(arrays["inbreeding"], float), (sire, dam), added)


def pedigree(
    table: pd.DataFrame,
    id: str = "animal",
    sire: str = "sire",
    dam: str = "dam",
    *,
    missing: Iterable[str] = (),
) -> Pedigree:
    """Take the additive relationships that a pedigree implies.

    The matrix ``A`` has one plus the inbreeding coefficient on its diagonal, so that
    ``sd_<level>`` is the standard deviation of non-inbred animals of the base
    population. It is never written out: effects are half of each parent's plus an
    own part, and only recorded animals and their ancestors take part.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each animal, in any order; ids are text, or whole numbers, of
        which ``1`` and ``1.0`` are ``"1"``. Unknown parents are missing values.
        Parents without a row are added as founders.
    id, sire, dam : str
        Names of the columns.
    missing : iterable of str, optional
        What stands for an unknown parent, such as ``["*", "9999"]``.

    Returns
    -------
    Pedigree
        For ``structures={"A": ...}`` and ``(1 | gr(animal, A))``.

    Raises
    ------
    ArgumentTypeError
        ``table`` is no table, or ids are neither text nor whole numbers.
    ArgumentError
        An animal has several rows, ids can be mistaken for one another, a parent is
        what stands for an unknown one (``0``, ``?``, ``NA``, or any name without a row
        that is both sire and dam), or an animal is its own ancestor: the animals of the
        loop are named.

    Notes
    -----
    Variances of the own parts follow from inbreeding coefficients [1]_; the
    factorisation of ``A`` is that of [2]_. An animal with a row may be sire and dam,
    as selfing plants are.

    References
    ----------
    .. [1] Meuwissen & Luo (1992). Computing inbreeding coefficients in large
       populations. *Genetics Selection Evolution* 24, 305-313.
       doi:10.1186/1297-9686-24-4-305
    .. [2] Quaas (1976). Computing the diagonal elements and inverse of a large
       numerator relationship matrix. *Biometrics* 32, 949-953. doi:10.2307/2529279

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> rows = pd.DataFrame({"animal": ["c", "d"], "sire": ["a", "c"], "dam": ["b", "b"]})
    >>> structure = bg.pedigree(rows)
    >>> dict(zip(structure.labels.tolist(), structure.inbreeding.tolist()))
    {'a': 0.0, 'b': 0.0, 'c': 0.0, 'd': 0.25}
    """
    if not isinstance(table, pd.DataFrame):
        raise ArgumentTypeError(
            f"A pedigree is a table of {id!r}, {sire!r} and {dam!r}, not {type(table).__name__}."
        )
    labels, parents, added = read_parents(table, id, sire, dam, missing)
    order = parents_first(labels, parents)
    place = np.append(np.empty(len(order), np.int64), -1)
    place[order] = np.arange(len(order))
    parents = place[parents[order]]
    return Pedigree(labels[order], parents, inbreeding(parents), (sire, dam), added)
