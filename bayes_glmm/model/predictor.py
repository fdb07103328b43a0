"""The linear predictor of some rows: written once, for draws, stated numbers and the graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.maths.field_maths import NUMPY, Maths
from bayes_glmm.model.blocks.block import Block, Values
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.predictor_design import PredictorDesign

type Array = NDArray[np.float64]


def linear_predictor(
    predictor: PredictorDesign,
    values: Values,
    maths: Maths = NUMPY,
    blocks: Iterable[Block] | None = None,
) -> Any:
    """Return the predictor of each row with the effects of its own levels, link scale.

    Parameters
    ----------
    values : mapping of str to array, shape (..., variable's own)
        Variables by plain names: draws, or those of a graph.
    blocks : iterable of Block, optional
        Those that are added to the known terms: all of them, unless given.
        :attr:`.PredictorDesign.common` makes it the predictor of a typical group, whose
        effects are zero.

    Returns
    -------
    array, shape (..., n_rows)
        Without axes of draws where nothing is added.
    """
    own = predictor.blocks if blocks is None else blocks
    return maths.total(
        predictor.offset, (share for block in own for share in block.rows(values, maths))
    )


def population_covariance(
    one: PredictorDesign, other: PredictorDesign, roots: Callable[[GroupDesign], Array], n: int
) -> Array:
    r"""Return the covariance of two predictors over the population of groups, (n_draws, n_rows).

    Effects of different groups are independent, so that it is the sum over the groups that
    both have of :math:`z' \Sigma z^*`, with :math:`z` and :math:`z^*` what a row has of a
    group's effects in each.

    Parameters
    ----------
    roots : callable
        Gives a square root of the covariance of a group's effects, (n_draws, n_terms, n_terms).
    n : int
        Number of draws.
    """
    theirs = {group.name: group for group in other.groups}
    shared = (group for group in one.groups if group.name in theirs)
    parts = (part for g in shared for part in g.row_covariance(roots(g), theirs[g.name]))
    return np.asarray(NUMPY.total(np.zeros((n, len(one.offset))), parts))


def population_factor(
    predictors: Sequence[PredictorDesign], roots: Callable[[GroupDesign], Array], n: int
) -> Array:
    """Return a lower-triangular square root of the covariance of several random parts.

    Returns
    -------
    ndarray, shape (n_predictors, n_predictors, n_draws, n_rows)
        Parts without variance, or that others determine, have rows of zeros beyond those.
    """
    size, rows = len(predictors), len(predictors[0].offset)
    L = np.zeros((size, size, n, rows))
    for j in range(size):
        for i in range(j, size):
            rest = population_covariance(predictors[i], predictors[j], roots, n)
            rest = rest - (L[i, :j] * L[j, :j]).sum(axis=0)
            if i == j:
                L[j, j] = np.sqrt(np.maximum(rest, 0.0))
            else:
                L[i, j] = np.divide(rest, L[j, j], out=np.zeros_like(rest), where=L[j, j] > 0)
    return L
