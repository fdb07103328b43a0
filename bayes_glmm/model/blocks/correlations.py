"""Correlations between the varying terms of a group: one matrix, of independent blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.blocks.group_arrays import GroupArrays
from bayes_glmm.model.prior_draws import PriorDraws, lkj_factors
from bayes_glmm.model.stated import Stated, floats

if TYPE_CHECKING:
    from bayes_glmm.model.graph_variables import Graph

type Array = NDArray[np.float64]
LEAST_SIZE = -1e-10
"""Eigenvalues of a stated matrix below this are no rounding."""


def state_correlations(group: GroupArrays, graph: Graph) -> Any:
    """State the correlations of each block; return the factor of the whole matrix, or None."""
    if not group.wide:
        return None
    import pymc as pm
    import pytensor.tensor as pt

    eta = np.float64(graph.priors[group.correlation]["eta"])
    whole = pt.as_tensor(np.eye(len(group.terms)))
    for name, block in group.correlation_factors:
        L = pm.LKJCorr(graph.named(name), n=len(block), eta=eta, dims=graph.dims[name])
        whole = whole[np.ix_(block, block)].set(L)
    name = group.correlation
    pm.Deterministic(graph.named(name), whole @ whole.T, dims=graph.dims[name])
    return whole


def draw_correlations(group: GroupArrays, source: PriorDraws) -> tuple[Array, dict[str, Array]]:
    """Draw the factor of the whole matrix, (n_draws, n_terms, n_terms), and the variables."""
    n, q = source.n, len(group.terms)
    out: dict[str, Array] = {}
    root = np.broadcast_to(np.eye(q), (n, q, q)).copy()
    for name, block in group.correlation_factors:
        eta = source.priors[group.correlation]["eta"]
        out[name] = lkj_factors(len(block), eta, n, source.rng)
        root[np.ix_(range(n), block, block)] = out[name]
    if group.wide:
        out[group.correlation] = root @ np.swapaxes(root, -1, -2)
    return root, out


def stated_root(group: GroupArrays, stated: Stated) -> Array:
    """Return a square root of the stated correlations; singular ones are allowed."""
    q, name = len(group.terms), group.correlation
    if not stated.has(name):
        return np.eye(q)
    corr = floats(name, stated.parameters[name])
    if corr.shape != (q, q):
        raise ArgumentError(f"{name} is a {q} x {q} matrix, not {corr.shape}.")
    unit = np.allclose(np.diag(corr), 1) and np.allclose(corr, corr.T, atol=1e-10)
    sizes, axes = np.linalg.eigh((corr + corr.T) / 2)
    if not unit or sizes[0] < LEAST_SIZE:
        raise ArgumentError(
            f"{name} is no correlation matrix: it must be symmetric with ones on its diagonal, "
            f"and its smallest eigenvalue is {sizes[0]:.3g}."
        )
    apart = np.ones((q, q), bool)
    for block in group.blocks:
        apart[np.ix_(block, block)] = False
    if (corr[apart] != 0).any():
        raise ArgumentError(f"{name} relates terms that the model keeps independent.")
    return np.asarray(axes * np.sqrt(np.maximum(sizes, 0)))
