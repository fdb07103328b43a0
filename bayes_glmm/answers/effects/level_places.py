"""Levels with a structure (tree, map, matrix): exceedance, correlations, ancestors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.effects.level_effects import effects_of_term
from bayes_glmm.answers.predict.predictor_draws import Draws, shown
from bayes_glmm.errors import ArgumentError, ResultError
from bayes_glmm.results.fit import Fit
from bayes_glmm.structures import Structure

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
MOST = 3_000


def exceedance(
    tree: xr.DataTree, group: str, term: str | None = None, threshold: float = 0.0
) -> pd.DataFrame:
    """Return each level's deviation and the probability that it is above a threshold.

    Parameters
    ----------
    tree : xarray.DataTree
    group : str
    term : str, optional
        Which varying term; the first when not given.
    threshold : float, default 0
        Link scale.

    Returns
    -------
    pandas.DataFrame
        One row per level: ``level``, ``n``, ``mean``, ``sd`` and the interval on the link
        scale, and ``p_above``.

    Raises
    ------
    ResultError
        The model has no such group, or the group no such term.
    ArgumentError
        The threshold is no number.
    """
    if isinstance(threshold, bool) or not np.isfinite(np.asarray(threshold, dtype=float)):
        raise ArgumentError(f"threshold={threshold!r}: give a number on the scale of the link.")
    rows = effects_of_term(tree, group, term)
    fit = Fit.of(tree)
    design = fit.group(group)
    u = shown(fit, design.effects)[:, :, design.terms.index(rows["term"].iloc[0])]
    about = {**rows.attrs, "threshold": float(threshold)}
    rows = rows.assign(p_above=(u > threshold).mean(axis=0))
    rows.attrs = about
    return rows


def structure_of(fit: Fit, group: str) -> Structure:
    """Return the structure of a group's levels.

    Raises
    ------
    ResultError
        The group has none.
    """
    design = fit.group(group)
    if design.structure is None:
        known = [g.name for g in fit.groups if g.structure]
        raise ResultError(
            f"The levels of {group!r} have no structure"
            + (f"; those of {known} do." if known else ".")
        )
    return fit.structures[design.structure]


def correlations(fit: Fit, group: str) -> pd.DataFrame:
    """Return the correlations that a structure gives a group's levels.

    Its parameters are at their posterior means.

    Returns
    -------
    pandas.DataFrame, shape (n_levels, n_levels)
    """
    structure_of(fit, group)
    design = fit.group(group)
    hyper = {stem: float(v.mean()) for stem, v in design.hyper_values(Draws(fit)).items()}
    return _correlation(design.factor, hyper)


def structure_correlations(structure: Structure) -> pd.DataFrame:
    """Return a structure's correlations of all its labels, its parameters at prior medians."""
    hyper = {h.stem: h.prior.median for h in structure.hyper}
    if not len(structure.labels):
        raise ArgumentError(
            f"This {structure.kind} structure is read from the data when fitting: give a fit and "
            "a group instead."
        )
    _refuse_large(len(structure.labels))
    return _correlation(structure.prepare(structure.labels), hyper)


def _correlation(factor: Any, hyper: dict[str, float]) -> pd.DataFrame:
    _refuse_large(len(factor.levels))
    K = factor.covariance(hyper)
    scale = np.sqrt(np.maximum(np.diag(K), 1e-300))
    return pd.DataFrame(K / np.outer(scale, scale), factor.levels, factor.levels)


def _refuse_large(n: int) -> None:
    if n > MOST:
        raise ArgumentError(f"{n} levels make a matrix too large to look at: at most {MOST}.")


def ancestors(fit: Fit, group: str, term: int = 0) -> Array:
    """Return the posterior mean of the effect at every node of a lineage.

    Given the levels' effects, those of other nodes are independent of the data: their means
    follow from the levels' means and the tree.

    Returns
    -------
    ndarray, shape (n_nodes,)
        Link scale, in the order of the structure's tree; zero at the root of a Brownian
        model.
    """
    structure: Any = structure_of(fit, group)
    design = fit.group(group)
    tree, model = structure.tree, structure.model
    _refuse_large(len(tree.names))
    hyper = {stem: float(v.mean()) for stem, v in design.hyper_values(Draws(fit)).items()}
    K = _shared_depth(tree.parent, tree.depth)
    depth = tree.depth
    if model == "pagel":
        K = hyper["signal"] * K + np.diag((1 - hyper["signal"]) * depth)
    elif model == "ou":
        K = 2.0 ** -((depth[:, None] + depth - 2 * K) / hyper["halflife"])
    place = {name: i for i, name in enumerate(tree.names)}
    known = np.array([place[level] for level in design.levels.tolist()])
    means = shown(fit, design.effects)[:, :, term].mean(axis=0)
    values, vectors = np.linalg.eigh(K[np.ix_(known, known)])
    kept = values > 1e-10 * values.max()
    weights = vectors[:, kept] @ ((vectors[:, kept].T @ means) / values[kept])
    return np.asarray(K[:, known] @ weights)


def _shared_depth(parent: NDArray[np.int64], depth: Array) -> Array:
    """Return the depth of the last common ancestor of every two nodes."""
    K = np.zeros((len(parent), len(parent)))
    for node in range(1, len(parent)):
        K[node, :node] = K[:node, node] = K[parent[node], :node]
        K[node, node] = depth[node]
    return K
