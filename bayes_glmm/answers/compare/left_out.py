"""What is left out to be predicted: rows or groups, the same ones of every model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.answers.diagnose.row_copies import cells_of, is_summary
from bayes_glmm.answers.predict.represented import SEVERAL, averaged_over, copies
from bayes_glmm.design.groups.group_schema import group_levels
from bayes_glmm.errors import ArgumentError, ResultError, listed, suggestion
from bayes_glmm.families.censoring import WEIGHTS
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
type Index = NDArray[np.intp]
SEEN = {
    "weights()": ("weights",),
    "cens()": ("status", "upper"),
    "trunc()": ("least", "most"),
    "se()": ("se",),
    "against()": ("total", "other_trials"),
}
"""What a modifier of the response says of each row."""


@dataclass(frozen=True, eq=False)
class Left:
    """Units that are left out one by one.

    Attributes
    ----------
    level : ndarray of int, shape (n_rows,)
        The row itself, its collapsed cell, or its level of a group.
    n_levels : int
    kept : ndarray of int, shape (n_units,)
        Levels that have rows with a weight: others are there in name only.
    words : str
        What the estimand says of rows that stand for several.
    times : ndarray of int, shape (n_units,)
        How many copies each unit has, of which one is left out.
    """

    level: Index
    n_levels: int
    kept: Index
    words: str = ""
    times: Index | None = None

    @classmethod
    def of(cls, fits: Mapping[str, Fit], by: str | None, *, whole: bool = False) -> Left:
        """Find the units of models that were fitted to the same rows.

        Parameters
        ----------
        whole : bool, default False
            Whether rows are left out with all their copies: weights that are whole numbers
            otherwise count copies, of which one is left out.

        Raises
        ------
        ArgumentError
            An unknown ``by``.
        """
        fit = next(iter(fits.values()))
        if by is not None:
            level, n = levels_left_out(fits, by)
        else:
            level = cells_of(fit) if is_summary(fit) else np.arange(fit.design.n_rows)
            n = int(level.max()) + 1
        weight = np.bincount(level, copies(fit), n)
        kept = np.flatnonzero(weight > 0)
        if by is not None:
            return cls(level, n, kept)
        weighted = WEIGHTS in fit.design.modifiers and not is_summary(fit)
        if weighted and not whole and not (weight % 1).any():
            copied = weight[kept].astype(np.intp)
            return cls(level, n, kept, " (one of the copies that its weight counts)", copied)
        several = averaged_over(fit, fit.data) == SEVERAL
        return cls(level, n, kept, " with all that it stands for" * several)

    @property
    def index(self) -> Index:
        """The unit of each row, -1 where it has none, shape (n_rows,)."""
        places = np.full(self.n_levels, -1, np.intp)
        places[self.kept] = np.arange(len(self.kept))
        return places[self.level]

    @property
    def rows(self) -> list[Index]:
        """The rows of each unit."""
        order = np.argsort(self.index, kind="stable")
        ends = np.searchsorted(self.index[order], np.arange(len(self.kept) + 1))
        return [order[a:b] for a, b in zip(ends[:-1], ends[1:], strict=True)]

    def summed(self, rows: Array) -> Array:
        """Add the log-likelihoods of rows up over units, shape (..., n_units)."""
        if len(self.kept) == rows.shape[-1]:
            return rows[..., np.argsort(self.index)]
        index = self.index
        order = np.argsort(index, kind="stable")
        starts = np.searchsorted(index[order], np.arange(len(self.kept)))
        return np.asarray(np.add.reduceat(rows[..., order], starts, axis=-1))


def refuse_different(fits: Mapping[str, Fit]) -> None:
    """Refuse scores that are not about the same rows of the same response."""
    (first, a), *others = fits.items()
    for name, b in others:
        who = f"{first!r} and {name!r}"
        rows_a, rows_b = a.design.rows.tolist(), b.design.rows.tolist()
        if rows_a != rows_b:
            only = sorted(set(rows_a) ^ set(rows_b))
            what = f"only one of them has {listed(only)}" if only else "their order differs"
            raise ResultError(
                f"{who} were fitted to different rows ({what}): fit both to one table, e.g. the rows "
                "that are complete in the columns of all models."
            )
        for what in ("response", "trials"):
            x, y = (getattr(f.design, what) for f in (a, b))
            if (x is None) != (y is None) or (x is not None and not np.array_equal(x, y)):
                raise ResultError(
                    f"{who} have different {'responses' if what == 'response' else 'trials()'}: densities of "
                    "different quantities cannot be compared. Fit both to the same column, untransformed."
                )
        for call, names in SEEN.items():
            if not all(_equal(a, b, key) for key in names):
                raise ResultError(
                    f"{who} differ in {call}: scores are of responses as they were observed, and here "
                    f"these are different quantities. Fit both with the same {call}, or both without."
                )
        ours, theirs = (fit.family.density_name() for fit in (a, b))
        if ours != theirs:
            raise ResultError(
                f"{who}: {a.family.name} gives {ours} and {b.family.name} {theirs}, which cannot be "
                "compared. Use families of one kind."
            )


def _equal(a: Fit, b: Fit, key: str) -> bool:
    x, y = (f.design.modifiers.get(key) for f in (a, b))
    if x is None or y is None:
        return x is y
    return np.array_equal(x, y, equal_nan=True)


def levels_left_out(fits: Mapping[str, Fit], by: str) -> tuple[Index, int]:
    """Return the level of each row that is left out together, and how many there are."""
    known: list[str] = []
    for fit in fits.values():
        for group in fit.groups:
            if group.name == by and not group.whole:
                raise ArgumentError(
                    f"by={by!r}: rows have weights of its levels, mm() or gr(by=), so that no row belongs "
                    "to one level alone. Compare row by row, or by a column."
                )
            if group.name == by:
                return group.index.astype(np.intp), group.n_levels
            known.append(group.name)
    for fit in fits.values():
        if by in fit.data.columns and by not in fit.spec.response.columns:
            codes, names = group_levels(fit.data, [by])
            return codes, len(names)
        known += [str(c) for c in fit.data.columns]
    known = list(dict.fromkeys(known))
    raise ArgumentError(f"by={by!r}: no model has such a group or column." + suggestion(by, known))
