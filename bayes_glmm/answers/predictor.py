"""The linear predictor of some rows in every posterior draw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.design import Design, GroupDesign
from bayes_glmm.results import Fit

type Array = NDArray[np.float64]


def flat(fit: Fit, name: str) -> Array:
    """Return a variable's draws, chains after one another, shape (n_draws, ...)."""
    values = fit.posterior[name].values
    return values.reshape(-1, *values.shape[2:])


def fixed_part(fit: Fit, design: Design) -> Array:
    """Return intercept, coefficients and offset, shape (n_draws, n_rows), link scale."""
    mu = design.mu
    eta = np.broadcast_to(mu.offset, (n_draws(fit), design.n_rows)).copy()
    if mu.coefficients:
        eta += flat(fit, "beta") @ mu.X.T
    if mu.intercept:
        eta += flat(fit, "intercept")[:, None]
    return eta


def group_part(u: Array, group: GroupDesign, rows: slice | NDArray[np.intp] = slice(None)) -> Array:
    """Return what one group adds to each row, given effects per level.

    Parameters
    ----------
    u : ndarray, shape (n_draws, n_levels, n_terms)
    group : GroupDesign
        Its ``index`` points into the levels of ``u``; -1 adds nothing.
    """
    index = group.index[rows]
    known = index >= 0
    total = np.zeros((len(u), len(index)))
    Z = None if group.Z is None else group.Z[rows]
    for t in range(u.shape[2]):
        effect = u[:, :, t][:, np.where(known, index, 0)]
        total += effect if Z is None else effect * Z[:, t]
    return total * known


def eta_draws(fit: Fit, design: Design, groups: str = "known") -> Array:
    """Return the predictor with each row's own effects, or with none.

    Parameters
    ----------
    groups : {"known", "typical"}

    Returns
    -------
    ndarray, shape (n_draws, n_rows)
        Link scale; draws of all chains after one another.
    """
    eta = fixed_part(fit, design)
    if groups == "known":
        for group in design.mu.groups:
            eta += group_part(flat(fit, f"u_{group.name}"), group)
    return eta


def factors(fit: Fit, group: GroupDesign) -> Array:
    """Return a square root of the effects' covariance, shape (n_draws, n_terms, n_terms)."""
    sd = flat(fit, f"sd_{group.name}")
    if f"corr_{group.name}" not in fit.posterior:
        return sd[:, :, None] * np.eye(len(group.terms))
    corr = flat(fit, f"corr_{group.name}")
    return sd[:, :, None] * np.linalg.cholesky(corr)


def random_variance(fit: Fit, design: Design) -> Array:
    """Return the variance of each row's random part, shape (n_draws, n_rows).

    The effects of different groups are independent and normal, so the random
    part of one row is normal with variance ``sum_g z' Sigma_g z``.
    """
    total = np.zeros((n_draws(fit), design.n_rows))
    for group in design.mu.groups:
        A = factors(fit, group)
        if group.Z is None:
            total += A[:, 0, 0, None] ** 2
            continue
        for j in range(A.shape[2]):
            total += (A[:, :, j] @ group.Z.T) ** 2
    return total


def parameters(fit: Fit) -> Mapping[str, Array]:
    """Return the family's parameters, shape (n_draws, 1) so that rows broadcast."""
    return {p.name: flat(fit, p.name)[:, None] for p in fit.family.parameters}


def n_draws(fit: Fit) -> int:
    """Return the number of draws of all chains together."""
    return fit.posterior.sizes["chain"] * fit.posterior.sizes["draw"]
