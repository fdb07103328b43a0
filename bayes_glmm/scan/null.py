r"""The null model of a Gaussian response with related levels, in axes that do not correlate.

Rows have covariance :math:`sd^2 Z K Z' + \sigma^2 I`. The first axes are the eigenvectors of
:math:`Z K Z'` among what the covariates :math:`W` leave, the last ones span :math:`W`: the
likelihood of the first alone is the restricted likelihood, and the last add the prior of the
covariates' coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg.lapack import dgeqrf, dormqr

from bayes_glmm.errors import ArgumentError, ArgumentTypeError, ResultError, listed
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design
from bayes_glmm.model.variables import INTERCEPT, element
from bayes_glmm.results.fit import Fit
from bayes_glmm.structures.level_labels import match, text_labels

type Array = NDArray[np.float64]
WIDTH = 2.5
"""Sd of the prior of a further covariate's coefficient, per its sd, in sds of the response."""
SMALLEST = 1e-10


@dataclass(frozen=True, eq=False)
class Covariates:
    """Columns with coefficients of their own, at most the last ones given at the scan.

    Attributes
    ----------
    W : ndarray, shape (n_rows, c)
    mean, sd : ndarray, shape (c,)
        Of the normal prior of each coefficient.
    """

    W: Array
    mean: Array
    sd: Array


@dataclass(frozen=True, eq=False)
class Axes:
    """A null model, turned.

    Attributes
    ----------
    turn : ndarray, shape (n_levels, n_rows)
        From values of the levels to the axes; the last ``c`` are those of the covariates.
    sizes : ndarray, shape (n_rows - c,)
        Eigenvalues: variances of the first axes in units of ``sd**2``.
    cross : ndarray, shape (n_rows - c, c)
    within : ndarray, shape (c, c)
        Covariances of the last axes with the first ones, and among themselves, in the same
        units.
    spread : ndarray, shape (c, c)
        What the covariates' coefficients add to the covariance of the last axes.
    middle : ndarray, shape (c,)
        Prior mean of the last axes.
    y : ndarray, shape (n_rows,)
        The response, less its offset, along the axes.
    """

    turn: Array
    sizes: Array
    cross: Array
    within: Array
    spread: Array
    middle: Array
    y: Array

    @property
    def n_free(self) -> int:
        """Number of rows less number of covariates."""
        return len(self.sizes)


def gaussian_null(fit: Fit) -> GroupDesign:
    """Return the group of related levels of a null model, refusing other models.

    Raises
    ------
    ResultError
        The model is no Gaussian one with one group of related levels.
    """
    design = fit.design
    groups = design.groups
    related = [g for g in groups if g.factor is not None]
    reasons = {
        "a link other than identity": fit.link.lack("straight") is not None,
        "formulas of other parameters": set(design.predictors) != {"mu"},
        "smooth terms": bool(design.smooths),
        "covariates with parameters of their own": bool(design.mu.modelled),
        "weights, censoring or standard errors": bool(design.modifiers),
        f"groups {listed([g.name for g in groups])}": len(groups) != 1,
        "no related levels": not related,
    }
    if related and len(groups) == 1:
        (group,) = groups
        plain = group.terms == (INTERCEPT,) and group.Z is None and group.whole
        reasons["random slopes or memberships"] = not plain
        reasons["a structure with parameters"] = bool(group.hyper) or not group.distribution.normal
    found = [what for what, there in reasons.items() if there]
    if found:
        raise ResultError(
            f"A scan needs a null model such as 'y ~ x + (1 | gr(id, K))', but this has "
            f"{listed(found)}. Put what else matters into the fixed effects."
        )
    return groups[0]


def covariates_of(
    fit: Fit, group: GroupDesign, given: pd.DataFrame | None, *, normal: bool = True
) -> Covariates:
    """Return the fixed effects of the null model, and columns given by label.

    ``normal`` asks for normal priors of the coefficients, which are integrated over.

    Raises
    ------
    ArgumentError
        A prior that is not normal; levels without values; columns that are no numbers, or
        that the others make up.
    """
    design, priors = fit.design, fit.plain_priors
    mu = design.mu
    names = [mu.intercept_name] * mu.intercept + [element(mu.beta, c) for c in mu.coefficients]
    odd = [n for n in names if priors[n].name != "Normal"]
    if odd and normal:
        raise ArgumentError(
            f"The priors of {listed(odd)} are not normal: a scan integrates over the covariates' "
            "coefficients exactly, which needs normal priors. Fit the null model with them."
        )
    columns = [np.ones((design.n_rows, int(mu.intercept))), mu.X - mu.centers]
    values = [priors[n].parameters for n in names]
    mean, sd = ([float(dict(v).get(k, 0.0)) for v in values] for k in ("mu", "sigma"))
    if given is not None:
        if not isinstance(given, pd.DataFrame):
            raise ArgumentTypeError(
                f"covariates= is a DataFrame with ids as its index, not {type(given).__name__}."
            )
        extra = _extra(given, group.levels)[group.index]
        width = WIDTH * float(np.std(np.asarray(design.response)))
        columns.append(extra - extra.mean(axis=0))
        mean += [0.0] * extra.shape[1]
        sd += (width / extra.std(axis=0)).tolist()
    W = np.hstack(columns)
    if W.shape[1] >= design.n_rows - 1:
        raise ArgumentError(f"{W.shape[1]} covariates leave nothing of {design.n_rows} rows.")
    scaled = W / np.sqrt((W**2).sum(axis=0))
    if W.shape[1] and linalg.svdvals(scaled)[-1] < SMALLEST**0.5:
        raise ArgumentError(
            "The covariates make one another up, or those of the null model: leave one out."
        )
    return Covariates(W, np.array(mean), np.array(sd))


def _extra(given: pd.DataFrame, levels: NDArray[np.str_]) -> Array:
    labels = text_labels(given.index, "The rows of covariates=")
    at = match(levels, labels, "The null model", "the table of covariates")
    try:
        values = given.to_numpy(dtype=np.float64, na_value=np.nan)[at]
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"covariates= holds numbers, one row for each id: {error}.") from error
    bad = [
        str(name)
        for name, column in zip(given.columns, values.T, strict=True)
        if not np.isfinite(column).all() or not np.ptp(column)
    ]
    if bad:
        raise ArgumentError(
            f"covariates= has missing or infinite values, or no variation, in {listed(bad)}."
        )
    return values


def turn(design: Design, group: GroupDesign, K: Array, covariates: Covariates) -> Axes:
    """Find the axes: one eigendecomposition.

    Parameters
    ----------
    K : ndarray, shape (n_levels, n_levels)
    """
    W, n = covariates.W, design.n_rows
    c = W.shape[1]
    y = np.asarray(design.response, np.float64) - design.mu.offset
    one_each = n == len(group.levels)
    rows = np.asarray(K)[np.ix_(group.index, group.index)]
    if c:
        packed, tau, _, _ = dgeqrf(W)
        rows = _multiply("L", "T", packed, tau, _multiply("R", "N", packed, tau, rows))
        lead = np.triu(packed[:c])
    else:
        lead = np.zeros((0, 0))
    sizes, U = linalg.eigh(rows[c:, c:], driver="evd")
    axes = np.zeros((n, n))
    axes[c:, : n - c] = U
    axes[:c, n - c :] = np.eye(c)
    if c:
        axes = _multiply("L", "N", packed, tau, axes)
    if one_each:
        to_level = np.empty_like(axes)
        to_level[group.index] = axes
    else:
        to_level = np.zeros((len(group.levels), n))
        np.add.at(to_level, group.index, axes)
    return Axes(
        turn=to_level, sizes=np.maximum(sizes, 0.0), cross=U.T @ rows[c:, :c],
        within=rows[:c, :c], spread=(lead * covariates.sd**2) @ lead.T,
        middle=lead @ covariates.mean, y=axes.T @ y,
    )  # fmt: skip


def _multiply(side: str, transposed: str, packed: Array, tau: Array, matrix: Array) -> Array:
    """Multiply by the orthogonal matrix of a QR decomposition, from its reflectors."""
    work = max(matrix.shape) * 64
    return np.asarray(dormqr(side, transposed, packed, tau, matrix, work)[0])


def log_marginal(axes: Axes, sd: Array, sigma: Array) -> Array:
    """Return the log-density of the response, the coefficients integrated out, by draw.

    Parameters
    ----------
    sd, sigma : ndarray, shape (n_draws,)
    """
    found = np.empty(len(sd))
    for i, (s, e) in enumerate(zip(sd, sigma, strict=True)):
        d, C, M, _ = conditional(axes, s, e)
        first = axes.y[: axes.n_free]
        left = axes.y[axes.n_free :] - C.T @ (first / d) - axes.middle
        found[i] = -0.5 * (np.log(d).sum() + (first**2 / d).sum())
        found[i] -= 0.5 * (np.linalg.slogdet(M)[1] + left @ np.linalg.solve(M, left))
    return found


def conditional(axes: Axes, sd: float, sigma: float) -> tuple[Array, Array, Array, Array]:
    """Return variances of the first axes, covariances, and what is left of the last axes.

    Returns
    -------
    d : ndarray, shape (n_free,)
    C : ndarray, shape (n_free, c)
    M : ndarray, shape (c, c)
        Covariance of the last axes given the first.
    weights : ndarray, shape (n_free, c)
        ``C / d``, by which the first axes predict the last.
    """
    d = sd**2 * axes.sizes + sigma**2
    C = sd**2 * axes.cross
    weights = C / d[:, None]
    c = C.shape[1]
    M = sd**2 * axes.within + sigma**2 * np.eye(c) - C.T @ weights + axes.spread
    return d, C, M, weights


def draws_of(fit: Fit, group: GroupDesign) -> Mapping[str, Array]:
    """Return the draws of both standard deviations, of all chains."""
    posterior = fit.posterior
    return {
        "sd": posterior[group.sd].values.ravel(),
        "sigma": posterior["sigma"].values.ravel(),
    }
