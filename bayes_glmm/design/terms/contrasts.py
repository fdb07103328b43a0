"""Contrast coding: the numbers that stand for the levels of a factor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.terms.stateful import orthogonal_polynomials, polynomial_state
from bayes_glmm.errors import SpecError, UnknownLevelError, suggestion

type Coding = tuple[NDArray[np.float64], tuple[str, ...]]

_POWERS = {1: "linear", 2: "quadratic", 3: "cubic"}


def full_coding(levels: Sequence[str]) -> Coding:
    """Return one indicator column per level."""
    return np.eye(len(levels)), tuple(levels)


def contrast_coding(kind: str, levels: Sequence[str], reference: str | None = None) -> Coding:
    """Return the matrix and the column names of a contrast.

    Parameters
    ----------
    kind : {"treatment", "sum", "helmert", "poly", "diff"}
        ``treatment`` compares each level with the reference, ``sum`` with the mean
        of the levels (the last level's column is left out), ``helmert`` with the
        levels before it, ``poly`` gives orthogonal trends over equally spaced
        levels, ``diff`` each level with the one before.
    levels : sequence of str
        Levels in order.
    reference : str, optional
        Reference level of ``treatment``; the first by default.

    Returns
    -------
    matrix : ndarray, shape (n_levels, n_levels - 1)
    names : tuple of str

    Raises
    ------
    SpecError
        An unknown contrast, or a reference where the contrast has none.
    UnknownLevelError
        The reference is not a level.

    Examples
    --------
    >>> contrast_coding("treatment", ["a", "b", "c"], "b")[1]
    ('a', 'c')
    >>> contrast_coding("diff", ["a", "b", "c"])[1]
    ('b-a', 'c-b')
    """
    if kind not in CONTRASTS:
        raise SpecError(f"There is no contrast {kind!r}." + suggestion(kind, list(CONTRASTS)))
    if kind == "treatment":
        return _treatment(levels, reference)
    if reference is not None:
        raise SpecError(f"The contrast {kind!r} has no reference level: leave ref= out.")
    return CONTRASTS[kind](levels)


def _treatment(levels: Sequence[str], reference: str | None = None) -> Coding:
    if reference is not None and reference not in levels:
        raise UnknownLevelError(
            f"The reference level {reference!r} is not in the data."
            + suggestion(reference, list(levels))
        )
    base = levels.index(reference) if reference is not None else 0
    kept = [i for i in range(len(levels)) if i != base]
    return np.eye(len(levels))[:, kept], tuple(levels[i] for i in kept)


def _sum(levels: Sequence[str]) -> Coding:
    n = len(levels)
    matrix = np.vstack([np.eye(n - 1), -np.ones((1, n - 1))])
    return matrix, tuple(f"{level}-mean" for level in levels[:-1])


def _helmert(levels: Sequence[str]) -> Coding:
    n = len(levels)
    matrix = np.zeros((n, n - 1))
    for step in range(1, n):
        matrix[:step, step - 1], matrix[step, step - 1] = -1.0, step
    return matrix, tuple(f"{level}-before" for level in levels[1:])


def _poly(levels: Sequence[str]) -> Coding:
    scores, degree = np.arange(len(levels), dtype=np.float64), len(levels) - 1
    names = tuple(_POWERS.get(k, f"power {k}") for k in range(1, degree + 1))
    if not degree:
        return np.zeros((1, 0)), ()
    return orthogonal_polynomials(scores, polynomial_state(scores, degree)), names


def _diff(levels: Sequence[str]) -> Coding:
    n = len(levels)
    row, column = np.arange(n)[:, None], np.arange(1, n)
    matrix = np.where(row >= column, column, column - n) / n
    return matrix, tuple(f"{b}-{a}" for a, b in zip(levels[:-1], levels[1:], strict=True))


CONTRASTS: dict[str, Callable[[Sequence[str]], Coding]] = {
    "treatment": _treatment,
    "sum": _sum,
    "helmert": _helmert,
    "poly": _poly,
    "diff": _diff,
}
