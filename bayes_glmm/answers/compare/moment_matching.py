"""Moment matching: leave-one-out scores where importance sampling alone does not reach."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, logit

from bayes_glmm.answers.compare.left_out import Left
from bayes_glmm.answers.compare.pointwise import unweighted
from bayes_glmm.answers.diagnose.verdicts_priors import log_prior, prior_draws
from bayes_glmm.answers.predict.expected import take
from bayes_glmm.answers.predict.predictor_draws import (
    factors,
    flat,
    kept,
    log_density,
    mean_eta,
    parameters,
    shown,
)
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.results.fit import SAMPLE, Fit
from bayes_glmm.spec.priors import ONE_TO_TWO, POSITIVE, REAL, UNIT

if TYPE_CHECKING:
    import xarray as xr

type Array = NDArray[np.float64]
CELLS = 4_000_000
PARTS = ("elpd_i", "pareto_k", "log_weights")

TO_LINE: dict[str, Callable[[Array], Array]] = {
    REAL: lambda x: x,
    POSITIVE: np.log,
    UNIT: logit,
    ONE_TO_TWO: lambda x: logit(x - 1),
}
FROM_LINE: dict[str, Callable[[Array], Array]] = {
    REAL: lambda z: z,
    POSITIVE: np.exp,
    UNIT: expit,
    ONE_TO_TWO: lambda z: 1 + expit(z),
}
LOG_SLOPE: dict[str, Callable[[Array], Array]] = {
    REAL: np.zeros_like,
    POSITIVE: lambda z: z,
    UNIT: lambda z: log_expit(z) + log_expit(-z),
    ONE_TO_TWO: lambda z: log_expit(z) + log_expit(-z),
}


@dataclass(frozen=True)
class Coordinate:
    """One scalar of a draw that is moved, and its support."""

    variable: str
    place: tuple[int, ...]
    support: str

    @property
    def at(self) -> tuple[Any, ...]:
        """Its index in the draws of its variable."""
        return (slice(None), *self.place)


def matched(fit: Fit, scores: Any, values: Array, reff: float, left: Left) -> tuple[Any, Array]:
    """Match moments for every row, or pair of collapsed ones, whose Pareto k is high.

    Coefficients, the family's parameters, the standard deviations of random effects and
    the effects of the row's levels are moved. Other variables stay as they were drawn: any
    invertible map of the draws is valid.

    Parameters
    ----------
    scores : arviz_stats.ELPDDataLOO
        Scores of the rows, pointwise.
    values : ndarray, shape (n_chains, n_draws, n_units)
        Their log-likelihood.
    reff : float
        Relative efficiency of the draws.
    left : Left
        The rows of each unit.

    Returns
    -------
    scores : arviz_stats.ELPDDataLOO
        With the scores, weights and Pareto k of rows that gained by it.
    values : ndarray
        Log-likelihood of these rows in the draws as moved.
    """
    scores, values, rows = deepcopy(scores), values.copy(), left.rows
    for row in map(int, np.flatnonzero(scores.pareto_k.values > scores.good_k)):
        target = Target(fit, rows[row], coordinates(fit, int(rows[row][0])))
        target.part = target.part if left.times is None else unweighted(target.part)
        one = _one(scores, values, row, target, reff)
        if float(one.pareto_k[0]) < float(scores.pareto_k[row]):
            for part in PARTS:
                getattr(scores, part)[{"unit": row}] = getattr(one, part).squeeze("unit")
            values[:, :, row] = target.last
    points = scores.elpd_i.values
    scores.p += scores.elpd - float(points.sum())
    scores.elpd = float(points.sum())
    scores.se = float(np.sqrt(len(points)) * np.std(points, ddof=1))
    return scores, values


def _one(scores: Any, values: Array, row: int, target: Target, reff: float) -> Any:
    """Match moments for one row with ArviZ."""
    import xarray as xr
    from arviz_stats import loo_moment_match

    before = deepcopy(scores)
    for part in PARTS:
        setattr(before, part, getattr(scores, part).isel(unit=[row]))
    before.n_data_points = 1
    data = xr.Dataset({"y": ((*SAMPLE, "unit"), values[:, :, [row]])})
    tree = xr.DataTree.from_dict({"posterior": data[[]], "log_likelihood": data})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return loo_moment_match(
            tree, before, target.log_joint, target.log_row, target.draws, var_name="y",
            reff=reff, k_threshold=scores.good_k, pointwise=True,
        )  # fmt: skip


def coordinates(fit: Fit, row: int) -> list[Coordinate]:
    """Return the scalars that are moved when a row is left out."""
    priors, design = fit.priors, fit.design
    out: list[Coordinate] = []
    for p in design.predictors.values():
        if p.intercept:
            out.append(Coordinate(kept(fit, p.intercept_name), (), REAL))
        beta = kept(fit, p.beta)
        out += [Coordinate(beta, (j,), REAL) for j in range(len(p.coefficients))]
    out += [Coordinate(p.name, (), priors[p.name].support) for p in fit.scalars]
    for group in _plain(fit):
        for t in range(len(group.terms)):
            sd, u = kept(fit, group.sd), kept(fit, group.effects)
            out.append(Coordinate(sd, (t,), POSITIVE))
            out.append(Coordinate(u, (int(group.index[row]), t), REAL))
    return [c for c in out if np.ptp(_column(fit, c)) > 0]


def _plain(fit: Fit) -> Iterator[GroupDesign]:
    """Yield groups of independent normal effects, one level to a row."""
    for group in fit.groups:
        if group.factor is None and group.whole and group.distribution.normal:
            yield group


def _column(fit: Fit, c: Coordinate) -> Array:
    return np.asarray(flat(fit, c.variable)[c.at])


class Target:
    """The joint density of all rows and the likelihood of some, in the form ArviZ expects.

    Attributes
    ----------
    draws : xarray.DataArray, shape (n_chains, n_draws, n_coordinates)
        Unconstrained.
    last : ndarray, shape (n_chains, n_draws)
        Log-likelihood of the rows at the last evaluation.
    """

    def __init__(self, fit: Fit, rows: NDArray[np.intp] | int, moved: list[Coordinate]) -> None:
        import xarray as xr

        self.fit, self.moved = fit, moved
        self.part = take(fit.design, np.atleast_1d(rows))
        self.shape = (fit.posterior.sizes["chain"], fit.posterior.sizes["draw"])
        self.last: Array = np.zeros(self.shape)
        columns = [TO_LINE[c.support](_column(fit, c)).reshape(self.shape) for c in moved]
        self.draws = xr.DataArray(np.stack(columns, axis=-1), dims=(*SAMPLE, "coordinate"))

    def log_joint(self, place: xr.DataArray) -> xr.DataArray:
        """Return the joint log-density of parameters and responses, up to a constant."""
        z = self._flat(place)
        total = np.zeros(len(z))
        for c, column in zip(self.moved, z.T, strict=True):
            total += LOG_SLOPE[c.support](column)
        size = max(1, CELLS // self.fit.design.n_rows)
        for start in range(0, len(z), size):
            piece = slice(start, start + size)
            total[piece] += self._piece(z[piece], piece)
        return self._shaped(np.where(np.isnan(total), -np.inf, total))

    def _piece(self, z: Array, piece: slice) -> Array:
        fit = self._moved(z, piece)
        priors = {k: prior_draws(fit, k) for k, p in fit.priors.items() if p.on_a_line}
        total = log_prior(fit, priors) + sum(_effects(fit, group) for group in _plain(fit))
        design = fit.design
        y = np.asarray(design.response, float)
        rows = log_density(fit, design, mean_eta(fit, design), parameters(fit, design), y)
        return np.asarray(total + rows.sum(axis=1))

    def log_row(self, place: xr.DataArray, i: int) -> xr.DataArray:
        """Return the log-likelihood of the rows."""
        fit = self._moved(self._flat(place), slice(None))
        eta, parameter_draws = mean_eta(fit, self.part), parameters(fit, self.part)
        each = log_density(
            fit, self.part, eta, parameter_draws, np.asarray(self.part.response, float)
        )
        values = each.sum(axis=1)
        self.last = values.reshape(self.shape)
        return self._shaped(values)

    def _moved(self, z: Array, piece: slice) -> Fit:
        """Return the fit with a subset of its draws, at new values."""
        names = self.fit.posterior.data_vars
        draws = {str(name): shown(self.fit, str(name))[piece] for name in names}
        for name in {c.variable for c in self.moved}:
            draws[name] = draws[name].astype(float)
        for c, column in zip(self.moved, z.T, strict=True):
            draws[c.variable][c.at] = FROM_LINE[c.support](column)
        return self.fit.with_draws(draws)

    def _flat(self, place: xr.DataArray) -> Array:
        return np.asarray(place.transpose(*SAMPLE, "coordinate").values).reshape(
            -1, len(self.moved)
        )

    def _shaped(self, values: Array) -> xr.DataArray:
        import xarray as xr

        return xr.DataArray(values.reshape(self.shape), dims=SAMPLE)


def _effects(fit: Fit, group: GroupDesign) -> Array:
    """Return the log-density of a group's effects up to a constant, shape (n_draws,)."""
    u, root = flat(fit, group.effects), factors(fit, group)
    z = np.linalg.solve(root, np.swapaxes(u, 1, 2))
    log_det = np.log(np.einsum("dii->di", root)).sum(axis=1)
    return np.asarray(-0.5 * (z**2).sum(axis=(1, 2)) - group.n_levels * log_det)
