r"""Bayes factors and effects of markers, averaged over draws of the null model.

With the covariates' coefficients integrated out, a marker :math:`x` and an effect
:math:`b \sim N(0, \tau^2)`, the Bayes factor given both standard deviations is

.. math:: BF(\theta) = (1 + \tau^2 x'P_\theta x)^{-1/2}
          \exp\Big(\tfrac12 \frac{\tau^2 (x'P_\theta y)^2}{1 + \tau^2 x'P_\theta x}\Big)

and :math:`p(y | H_1) / p(y | H_0) = E_{\theta | y, H_0}[BF(\theta)]` exactly, where both models
have the same prior of :math:`\theta`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.scan.null import Axes, conditional

type Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Nodes:
    """Draws of a null model, prepared so that three matrix products give any marker's result.

    Attributes
    ----------
    precision : ndarray, shape (n_axes, n_draws)
    pulled : ndarray, shape (n_axes, n_draws)
        ``precision`` times the response.
    predict : ndarray, shape (n_axes, n_draws * c)
        Regression weights of the covariates' axes on the first axes.
    inverse : ndarray, shape (n_draws, c, c)
        Precision of the residuals of that regression.
    left : ndarray, shape (n_draws, c)
        Residual of the response on the covariates' axes.
    """

    precision: Array
    pulled: Array
    predict: Array
    inverse: Array
    left: Array

    @classmethod
    def of(cls, axes: Axes, sd: Array, sigma: Array, kind: Any) -> Nodes:
        """Prepare draws of both standard deviations."""
        first, last = axes.y[: axes.n_free], axes.y[axes.n_free :]
        each = [conditional(axes, s, e) for s, e in zip(sd, sigma, strict=True)]
        precision = np.stack([1 / d for d, *_ in each], axis=1)
        weights = [w for *_, w in each]
        return cls(
            precision.astype(kind), (precision * first[:, None]).astype(kind),
            np.hstack(weights).astype(kind), np.stack([np.linalg.inv(M) for _, _, M, _ in each]),
            np.stack([last - w.T @ first - axes.middle for w in weights]),
        )  # fmt: skip


def bayes_factors(x: NDArray[Any], nodes: Nodes, prior_sd: float) -> dict[str, Array]:
    """Return Bayes factors of markers against none, and their effects.

    Parameters
    ----------
    x : ndarray, shape (n_markers, n_rows)
        Along all axes.
    prior_sd : float
        Prior sd of an effect, in units of the response per allele.

    Returns
    -------
    dict of str to ndarray, shape (n_markers,)
        ``log10_bf``, its Monte Carlo error ``log10_bf_mcse``, and mean and sd of the effect's
        posterior, ``effect_mean`` and ``effect_sd``, given that there is one.
    """
    n, draws = nodes.precision.shape
    first, last = x[:, :n], x[:, n:].astype(np.float64)
    xPx = ((first**2) @ nodes.precision).astype(np.float64)
    xPy = (first @ nodes.pulled).astype(np.float64)
    if last.shape[1]:
        predicted = (first @ nodes.predict).astype(np.float64).reshape(len(x), draws, -1)
        left = last[:, None, :] - predicted
        solved = np.einsum("mdc,dce->mde", left, nodes.inverse, optimize=True)
        xPx += np.einsum("mde,mde->md", solved, left)
        xPy += np.einsum("mde,de->md", solved, nodes.left)
    share = 1 / (1 + prior_sd**2 * xPx)
    log_bf = 0.5 * np.log(share) + 0.5 * prior_sd**2 * xPy**2 * share
    top = log_bf.max(axis=1, keepdims=True)
    raw = np.exp(log_bf - top)
    mean_bf = raw.mean(axis=1)
    weight = raw / raw.sum(axis=1, keepdims=True)
    mean, variance = prior_sd**2 * share * xPy, prior_sd**2 * share
    middle = (weight * mean).sum(axis=1)
    spread = (weight * (variance + (mean - middle[:, None]) ** 2)).sum(axis=1)
    error = raw.std(axis=1, ddof=1) / np.sqrt(draws) / mean_bf if draws > 1 else mean_bf * np.nan
    return {
        "log10_bf": (top[:, 0] + np.log(mean_bf)) / np.log(10),
        "log10_bf_mcse": error / np.log(10),
        "effect_mean": middle,
        "effect_sd": np.sqrt(spread),
    }
