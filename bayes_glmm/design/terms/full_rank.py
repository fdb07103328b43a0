"""Terms: which columns a formula's terms need so that none repeats another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations, product
from math import prod
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.terms.coding import LevelCoding
from bayes_glmm.design.terms.expressions import States, text_of
from bayes_glmm.design.terms.missing_covariates import MissingCoding
from bayes_glmm.design.terms.monotonic_coding import MonotonicCoding
from bayes_glmm.design.terms.origin import Codings, Origins, Part
from bayes_glmm.errors import DataError, SpecError
from bayes_glmm.model.blocks.modelled import ModelledColumn, ModelledColumns, ModelledFactor
from bayes_glmm.spec.terms import Factor, Term

MOST_COLUMNS = 10_000
MODELLED = (MonotonicCoding, MissingCoding)


def expand(intercept: bool, terms: Sequence[Term], codings: Codings) -> tuple[Part, ...]:
    """Return the products of columns that span the terms without redundancy.

    A factor in a term is coded by contrasts where the term without it is spanned
    already, and by all its levels where it is not: the rule of marginality.

    Parameters
    ----------
    intercept : bool
        Whether the constant is in the model; it is not one of the parts.
    terms : sequence of Term
    codings : mapping of Factor to FactorCoding

    Returns
    -------
    tuple of Part
        In the order of the terms.

    Notes
    -----
    With all levels written out, a factor spans the constant and its contrasts. A
    term therefore spans one piece for every subset of its level factors, and owes
    the model those pieces that no earlier term with the same numeric factors has.
    """
    spanned: dict[frozenset[Factor], set[frozenset[Factor]]] = {}
    if intercept:
        spanned[frozenset()] = {frozenset()}
    parts: list[Part] = []
    for term in terms:
        factors = tuple(dict.fromkeys(term))
        levels = [f for f in factors if isinstance(codings[f], LevelCoding)]
        if len(levels) > 10:
            raise SpecError("An interaction can have at most ten factors with levels.")
        seen = spanned.setdefault(frozenset(factors) - frozenset(levels), set())
        pieces = {frozenset(c) for k in range(len(levels) + 1) for c in combinations(levels, k)}
        for piece in _merge(pieces - seen, levels):
            parts.append(
                tuple((f, piece.get(f, False)) for f in factors if f not in levels or f in piece)
            )
        seen |= pieces
    return tuple(parts)


def _merge(pieces: set[frozenset[Factor]], order: list[Factor]) -> list[dict[Factor, bool]]:
    """Join pieces that differ by one factor's contrasts into that factor's full coding."""

    def rank(piece: frozenset[Factor]) -> tuple[int, list[int]]:
        return len(piece), sorted(map(order.index, piece))

    codings = [dict.fromkeys(piece, False) for piece in sorted(pieces, key=rank)]
    for factor in reversed(order):
        for small in [c for c in codings if factor not in c]:
            large = small | {factor: False}
            if large in codings:
                codings[codings.index(large)] = small | {factor: True}
                codings.remove(small)
    return codings


def labels(part: Part, codings: Codings) -> list[str]:
    """Return the labels of a part's columns; the first factor varies fastest."""
    names = [codings[factor].columns(full) for factor, full in part]
    width = prod(map(len, names))
    if width > MOST_COLUMNS:
        factors = ":".join(map(text_of, (factor for factor, _ in part)))
        raise DataError(
            f"The term {factors} has {width:,} columns, and a term may have {MOST_COLUMNS:,}: "
            "use combinations with very many levels as a group, (1 | a:b)."
        )
    return [":".join(reversed(combination)) for combination in product(*reversed(names))]


type Centred = Sequence[Collection[Factor]]
"""By part, the numbers that are centred in its products."""


class Columns:
    """Columns of terms on some rows; every factor is evaluated once.

    Parameters
    ----------
    data : pandas.DataFrame
    codings : mapping of Factor to FactorCoding
    states : mapping of str to State
    origins : mapping of Factor to tuple of float, optional
        Where numbers are centred, for columns in the reference basis.
    """

    def __init__(
        self,
        data: pd.DataFrame,
        codings: Codings,
        states: States,
        origins: Origins = MappingProxyType({}),
    ):
        self._data, self._states = data, states
        self.codings, self.origins = codings, origins
        self._found: dict[tuple[Factor, bool], NDArray[np.float64]] = {}

    def matrix(
        self, parts: Sequence[Part], ones: bool = False, centred: Centred | None = None
    ) -> NDArray[np.float64]:
        """Return the columns of all parts, shape (n_rows, n_columns).

        Parameters
        ----------
        parts : sequence of Part
        ones : bool, default False
            Whether a column of ones comes first.
        centred : sequence of collections of Factor, optional
            By part, the numbers that are centred before they are multiplied; none when not
            given.
        """
        width = ones + sum(len(labels(part, self.codings)) for part in parts)
        matrix = np.ones((len(self._data), width))
        at = int(ones)
        for part, less in zip(parts, centred or [()] * len(parts), strict=True):
            for column in self._products(part, less):
                matrix[:, at] = column
                at += 1
        return matrix

    def modelled(
        self, parts: Sequence[Part], suffix: str, centred: Centred | None = None
    ) -> ModelledColumns:
        """Return the columns that depend on parameters, whose variables end in the suffix."""
        found: dict[Factor, ModelledFactor] = {}
        columns, at = [], 0
        for part, less in zip(parts, centred or [()] * len(parts), strict=True):
            special = [f for f, _ in part if isinstance(self.codings[f], MODELLED)]
            for f in special:
                found.setdefault(f, self.codings[f].factor(self._data, suffix))  # type: ignore[union-attr]
            if special:
                rest = tuple((f, full) for f, full in part if f not in special)
                names = tuple(found[f].variable for f in special)
                shifts = tuple(self.origins[f][0] if f in less else 0.0 for f in special)
                for k, base in enumerate(self._products(rest, less)):
                    whole = np.broadcast_to(base, len(self._data))
                    columns.append(ModelledColumn(at + k, whole, names, shifts))
            at += len(labels(part, self.codings))
        return ModelledColumns(tuple(columns), tuple(found.values()))

    def numbers(self, parts: Sequence[Part]) -> list[list[Factor]]:
        """Return by part all numbers that can be centred."""
        return [[f for f, _ in part if f in self.origins] for part in parts]

    def factor(self, factor: Factor) -> NDArray[np.float64]:
        """Return the columns of a number, shape (n_rows, n_columns)."""
        return self._factor(factor, False)

    def _products(self, part: Part, centred: Collection[Factor]) -> list[NDArray[np.float64]]:
        factors = [
            self._factor(factor, full) - np.asarray(self.origins[factor])
            if factor in centred
            else self._factor(factor, full)
            for factor, full in part
        ]
        found = []
        for combination in product(*(range(f.shape[1]) for f in reversed(factors))):
            pairs = zip(factors, reversed(combination), strict=True)
            column = np.ones(())
            for matrix, k in pairs:
                column = column * matrix[:, k]
            found.append(column)
        return found

    def _factor(self, factor: Factor, full: bool) -> NDArray[np.float64]:
        key = (factor, full)
        if key not in self._found:
            self._found[key] = self.codings[factor].matrix(self._data, self._states, full)
        return self._found[key]
