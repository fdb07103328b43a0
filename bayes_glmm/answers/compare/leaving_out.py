"""Rows that a fit has not seen: their density, and the wrapper by which ArviZ refits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from arviz_stats.loo import SamplingWrapper
from numpy.typing import NDArray
from scipy.special import logsumexp

from bayes_glmm.answers.predict.expected import drawn_parameters, prepare_rows
from bayes_glmm.answers.predict.predictor_draws import log_density
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
type Refit = Callable[[xr.DataTree, NDArray[np.str_]], xr.DataTree]
INNER = 64
"""Draws of a new level's effects inside each posterior draw."""


def unseen_log_likelihood(fit: Fit, rows: pd.DataFrame, seed: int = 0) -> Array:
    """Return the log-density of rows together, in every draw.

    Levels that the fit has not seen have effects drawn from their distribution, one for
    all rows of a level, over which the density is averaged inside each draw.

    Parameters
    ----------
    rows : pandas.DataFrame
        With the response, and row identifiers as index.

    Returns
    -------
    ndarray, shape (n_draws,)

    Raises
    ------
    UnknownLevelError
        A factor has a level that the fit has not seen.
    """
    design = fit.apply(rows, groups="any")
    y = np.asarray(design.response, float)
    new = any((g.index < 0).any() for g in design.groups)
    found = []
    for s in range(INNER if new else 1):
        whole = prepare_rows(fit, rows, "new", seed + s, single=False)
        eta, own = drawn_parameters(fit, whole, "new")
        found.append(log_density(fit, design, eta, own, y).sum(axis=1))
    return np.asarray(logsumexp(found, axis=0) - np.log(len(found)))


class LeavingOut(SamplingWrapper):
    """Refits of a model without some of its units, for ``reloo`` and ``loo_kfold`` of ArviZ.

    Parameters
    ----------
    tree : xarray.DataTree
    values : ndarray, shape (n_chains, n_draws, n_units)
        Log-likelihood of the units under the whole fit.
    index : ndarray of int, shape (n_rows,)
        The unit of each row: the row itself, or the level of a group.
    refit : callable
        Takes the tree and the identifiers of rows to leave out, and returns a tree.
    seed : int

    Attributes
    ----------
    unconverged : int
        Fits whose chains did not converge.
    mcse : float
        Monte Carlo standard error of the sum of the scores of all units left out.
    """

    def __init__(
        self, tree: xr.DataTree, values: Array, index: NDArray[np.intp], refit: Refit, seed: int
    ) -> None:
        super().__init__(None, _of_units(values))
        self.tree, self.index, self.refit, self.seed = tree, index, refit, seed
        self.data, self.unconverged, self.mcse = Fit.of(tree).data, 0, 0.0

    def sel_observations(self, idx: Any) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """Return the rows to leave out, and their units."""
        units = np.atleast_1d(np.asarray(idx, np.intp))
        return np.isin(self.index, units), units

    def sample(self, modified_observed_data: NDArray[np.bool_]) -> xr.DataTree:
        """Fit without the rows."""
        tree = self.refit(self.tree, np.asarray(self.data.index[modified_observed_data], str))
        self.unconverged += Fit.of(tree).banner is not None
        return tree

    def get_inference_data(self, fitted_model: xr.DataTree) -> xr.DataTree:
        """Return the fit."""
        return fitted_model

    def log_likelihood__i(self, excluded_obs: NDArray[np.intp], idata__i: xr.DataTree) -> Any:
        """Return the log-density of each unit left out, shape (chain, draw, unit)."""
        import xarray as xr

        fit = Fit.of(idata__i)
        shape = (fit.posterior.sizes["chain"], fit.posterior.sizes["draw"])
        values = []
        for unit in excluded_obs:
            one = unseen_log_likelihood(fit, self.data[self.index == unit], self.seed)
            relative = np.exp(one - logsumexp(one) + np.log(len(one))).var() / len(one)
            self.mcse = float(np.hypot(self.mcse, np.sqrt(relative)))
            values.append(one.reshape(shape))
        return xr.DataArray(np.stack(values, axis=-1), dims=("chain", "draw", "unit"))


class Scored(SamplingWrapper):
    """Scores of units that fits without them gave before, for ``loo_kfold`` of ArviZ.

    Parameters
    ----------
    values : ndarray, shape (n_chains, n_draws, n_units)
        Log-likelihood of the units under the whole fit.
    scores : ndarray, shape (n_units,)
    """

    def __init__(self, values: Array, scores: Array) -> None:
        super().__init__(None, _of_units(values))
        self.scores = scores

    def sel_observations(self, idx: Any) -> tuple[None, NDArray[np.intp]]:
        """Return the units."""
        return None, np.atleast_1d(np.asarray(idx, np.intp))

    def sample(self, modified_observed_data: None) -> None:
        """Do nothing: it was done."""

    def get_inference_data(self, fitted_model: None) -> None:
        """Return nothing."""

    def log_likelihood__i(self, excluded_obs: NDArray[np.intp], idata__i: None) -> Any:
        """Return the score of each unit, as if of a single draw."""
        import xarray as xr

        return xr.DataArray(self.scores[None, None, excluded_obs], dims=("chain", "draw", "unit"))


def _of_units(values: Array) -> xr.DataTree:
    import xarray as xr

    units = {"unit": np.arange(values.shape[2])}
    data = xr.Dataset({"y": (("chain", "draw", "unit"), values)}, units)
    return xr.DataTree.from_dict({"posterior": data[[]], "log_likelihood": data})
