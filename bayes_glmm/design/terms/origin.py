r"""Where numbers inside products are centred, and the way back to the table's own origin.

A model with ``treat * year`` has the same predictions whatever year counts as zero, but its
coefficients do not: that of ``treat`` is the effect in the year zero. Default priors and
sampling therefore live in a reference basis, in which every number is centred before it is
multiplied. With :math:`x = \tilde x + c` a product splits into

.. math:: (x - c)\,r = x\,r - c\,r,

so that a reference coefficient :math:`\gamma` of :math:`\tilde x r` gives :math:`\gamma` to the
product and :math:`-c\gamma` to ``r``, if ``r`` is in the model. All terms together: the
coefficients on the table's scale are :math:`\beta = B\gamma` with ``B`` unit triangular.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import prod

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.terms.coding import FactorCoding, LevelCoding, NumericCoding, WithinCoding
from bayes_glmm.design.terms.missing_covariates import MissingCoding
from bayes_glmm.spec.terms import Factor

type Array = NDArray[np.float64]
type Codings = Mapping[Factor, FactorCoding]
type Part = tuple[tuple[Factor, bool], ...]
type Origins = Mapping[Factor, tuple[float, ...]]

SAME_ORIGIN = 1e-10
"""A mean of so few standard deviations is zero: rounding is no reason for another basis."""
WIDEST = 4_000
MOST_NUMBERS = 6


@dataclass(frozen=True, eq=False)
class Shift:
    """The way from the reference basis of some terms back to their own.

    Attributes
    ----------
    centred : tuple of frozenset of Factor
        By part, the numbers that are centred in it.
    back : ndarray, shape (1 + n_columns, 1 + n_columns)
        Coefficients in the table's basis from those in the reference one; the constant
        comes first. Row and column of the constant are the identity's where there is none.
    """

    centred: tuple[frozenset[Factor], ...]
    back: Array

    @property
    def own(self) -> Array:
        """The way back of the columns alone, shape (n_columns, n_columns)."""
        return self.back[1:, 1:]

    @property
    def mixes(self) -> bool:
        """Whether a coefficient other than the constant differs between the two."""
        return not np.array_equal(self.own, np.eye(len(self.own)))


def centrable(coding: FactorCoding) -> bool:
    """Return whether a factor is a number that can be centred."""
    return isinstance(coding, NumericCoding | WithinCoding | MissingCoding)


def origin_of(columns: Array, weights: Array | None) -> tuple[float, ...]:
    """Return the mean of a number's columns over what the rows stand for.

    Parameters
    ----------
    columns : ndarray, shape (n_rows, n_columns)
    weights : ndarray, shape (n_rows,), or None
    """
    mean, sd = moments(columns, weights)
    return tuple(np.where(np.abs(mean) <= SAME_ORIGIN * sd, 0.0, mean).tolist())


def moments(columns: Array, weights: Array | None) -> tuple[Array, Array]:
    """Return means and standard deviations of columns over what the rows stand for."""
    if weights is None:
        return columns.mean(axis=0), columns.std(axis=0)
    mean = np.average(columns, axis=0, weights=weights)
    return mean, np.sqrt(np.average((columns - mean) ** 2, axis=0, weights=weights))


def root_mean_square(columns: Array, weights: Array | None) -> Array:
    """Return the root mean square of columns over what the rows stand for."""
    return np.asarray(np.sqrt(np.average(columns**2, axis=0, weights=weights)))


def shift_of(parts: Sequence[Part], ones: bool, codings: Codings, origins: Origins) -> Shift:
    """Find what can be centred in each part, and the way back.

    A number is centred in a product where everything that is left of the product without
    it is spanned by the other terms: the model is then the same.

    Parameters
    ----------
    ones : bool
        Whether a constant is among the terms: an intercept, or thresholds.
    """
    return _Search(parts, ones, codings, origins).found()


def unspanned(parts: Sequence[Part], shift: Shift, codings: Codings) -> Iterator[Factor]:
    """Yield numbers that could not be centred in some part, each once."""
    found = [
        factor
        for part, centred in zip(parts, shift.centred, strict=True)
        for factor, _ in part
        if centrable(codings[factor]) and factor not in centred
    ]
    yield from dict.fromkeys(found)


class _Search:
    def __init__(
        self, parts: Sequence[Part], ones: bool, codings: Codings, origins: Origins
    ) -> None:
        self.parts, self.ones, self.codings, self.origins = parts, ones, codings, origins
        widths = [prod(self._width(f, full) for f, full in part) for part in parts]
        ends = 1 + np.cumsum([0, *widths])
        self.places = [slice(a, b) for a, b in zip(ends, ends[1:], strict=False)]
        self.size = int(ends[-1])
        self.by_numbers: dict[frozenset[Factor], list[int]] = {}
        for i, part in enumerate(parts):
            self.by_numbers.setdefault(self._numbers(part), []).append(i)

    def _width(self, factor: Factor, full: bool) -> int:
        return len(self.codings[factor].columns(full))

    def _numbers(self, part: Part) -> frozenset[Factor]:
        return frozenset(f for f, _ in part if not isinstance(self.codings[f], LevelCoding))

    def found(self) -> Shift:
        back = np.eye(self.size)
        centred = []
        for part, place in zip(self.parts, self.places, strict=True):
            chosen: tuple[Factor, ...] = ()
            change = np.zeros((self.size, place.stop - place.start))
            for factor in self._candidates(part, place):
                tried = self._lower(part, (*chosen, factor))
                if tried is not None:
                    chosen, change = (*chosen, factor), tried
            back[:, place] += change
            centred.append(frozenset(chosen))
        return Shift(tuple(centred), back)

    def _candidates(self, part: Part, place: slice) -> list[Factor]:
        numbers = [f for f, _ in part if f in self.origins]
        if place.stop - place.start > WIDEST or len(numbers) > MOST_NUMBERS:
            return []
        return numbers

    def _lower(self, part: Part, centred: tuple[Factor, ...]) -> Array | None:
        """Return what a part's reference coefficients add to lower terms; None if outside."""
        axes = [f for f, _ in part]
        flags = dict(part)
        shape = [self._width(f, full) for f, full in part]
        whole = np.eye(prod(shape)).reshape((*shape, prod(shape)), order="F")
        out = np.zeros((self.size, whole.shape[-1]))
        for k in range(1, len(centred) + 1):
            for gone in combinations(centred, k):
                left, rest = whole, list(axes)
                for factor in gone:
                    c = -np.asarray(self.origins[factor])
                    left = np.tensordot(c, left, axes=(0, rest.index(factor)))
                    rest.remove(factor)
                if not self._place(rest, flags, left, out):
                    return None
        return out

    def _place(
        self, axes: list[Factor], flags: Mapping[Factor, bool], values: Array, out: Array
    ) -> bool:
        """Add coefficients of a product to those of the terms that span it."""
        if not axes and self.ones:
            out[0] += values
            return True
        numbers = frozenset(f for f in axes if not isinstance(self.codings[f], LevelCoding))
        for i in self.by_numbers.get(numbers, []):
            fitted = self._embedded(axes, flags, values, self.parts[i])
            if fitted is not None:
                out[self.places[i]] += fitted
                return True
        for at, factor in enumerate(axes):
            coding = self.codings[factor]
            if isinstance(coding, LevelCoding) and flags[factor]:
                apart = np.linalg.inv(np.column_stack([np.ones(values.shape[at]), _rows(coding)]))
                turned = np.moveaxis(np.tensordot(apart, values, axes=(1, at)), 0, at)
                without = [f for f in axes if f is not factor]
                contrasts = {**flags, factor: False}
                first, others = np.take(turned, 0, axis=at), np.delete(turned, 0, axis=at)
                return self._place(without, flags, first, out) and self._place(
                    axes, contrasts, others, out
                )
        return False

    def _embedded(
        self, axes: list[Factor], flags: Mapping[Factor, bool], values: Array, part: Part
    ) -> Array | None:
        """Return coefficients of a product as those of a part, None where it does not span it."""
        names = [f for f, _ in part]
        if not set(axes) <= set(names):
            return None
        for factor, full in part:
            coding = self.codings[factor]
            if not isinstance(coding, LevelCoding):
                continue
            if factor not in axes:
                if not full:
                    return None
                values = np.broadcast_to(values, (len(coding.levels), *values.shape))
                axes = [factor, *axes]
            elif full and not flags[factor]:
                at = axes.index(factor)
                values = np.moveaxis(np.tensordot(_rows(coding), values, axes=(1, at)), 0, at)
            elif flags[factor] and not full:
                return None
        order = [axes.index(f) for f in names]
        moved = np.transpose(values, (*order, len(axes)))
        return moved.reshape((prod(moved.shape[:-1]), moved.shape[-1]), order="F")


def _rows(coding: LevelCoding) -> Array:
    """Return the contrasts of each level, shape (n_levels, n_contrasts)."""
    return np.asarray(coding.coding(full=False)[0], dtype=np.float64)
