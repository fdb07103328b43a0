"""Checks of structures: two in one predictor that relate the rows almost alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import Finding
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.structures import Structure

type Array = NDArray[np.float64]

ALIKE = 0.8
ROWS, NODES = 250, 3_000


def alike(design: Design, structures: Mapping[str, Structure]) -> Iterator[Finding]:
    """Find pairs of structures whose covariances of the rows are hardly different.

    The figure is the correlation of the off-diagonal elements of the two covariances,
    over pairs of at most 250 rows with different levels, parameters at the medians of
    their default priors. Structures that would need a large dense matrix are passed over.
    """
    for predictor in design.predictors.values():
        related = [g for g in predictor.groups if g.structure and INTERCEPT in g.terms]
        for one, other in combinations(related, 2):
            figure = alignment(one, other, structures)
            if figure is not None and figure > ALIKE:
                yield Finding(
                    "alike_structures", "warning",
                    f"The structures {one.structure!r} of {one.name!r} and {other.structure!r} of "
                    f"{other.name!r} relate the rows nearly alike: off the diagonal their covariances "
                    f"correlate by {figure:.2f}, so that the data can hardly tell the two sds apart. "
                    "Report their sum, or leave one out and compare.",
                    figure=figure, threshold=ALIKE,
                )  # fmt: skip


def alignment(
    one: GroupDesign, other: GroupDesign, structures: Mapping[str, Structure]
) -> float | None:
    """Return the correlation of two covariances of rows off the diagonal, if it is defined."""
    pairs = np.unique(np.stack([one.index, other.index], axis=1), axis=0)
    if len(pairs) > ROWS:
        chosen = np.random.default_rng(0).choice(len(pairs), ROWS, replace=False)
        pairs = pairs[np.sort(chosen)]
    covariances = []
    for group, index in zip((one, other), pairs.T, strict=True):
        covariance = _covariance(group, index, structures[str(group.structure)])
        if covariance is None:
            return None
        covariances.append(covariance)
    distinct = (pairs[:, None] != pairs).all(axis=2)[np.triu_indices(len(pairs), 1)]
    a, b = (K[np.triu_indices(len(K), 1)][distinct] for K in covariances)
    if len(a) < 3:
        return None
    flat = [bool(np.ptp(v) <= 1e-9 * max(np.abs(v).max(), 1e-9)) for v in (a, b)]
    if any(flat):
        return 1.0 if all(flat) else None
    return float(np.corrcoef(a, b)[0, 1])


def _covariance(group: GroupDesign, index: NDArray[np.integer], made: Structure) -> Array | None:
    """Return the unit covariance of the levels of some rows; None where it is too large."""
    levels, back = np.unique(group.levels[index], return_inverse=True)
    factor = made.prepare(levels)
    if len(factor.nodes) > NODES:
        return None
    hyper = {h.stem: h.prior.median for h in group.hyper}
    return factor.covariance(hyper)[np.ix_(back, back)]
