"""Log-densities of priors in NumPy, with their constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from bayes_glmm.spec.priors import Prior

type Array = NDArray[np.float64]


def log_priors(names: Sequence[str], priors: Mapping[str, Prior], x: Any) -> float:
    """Return the log-density of numbers that have a prior each.

    Parameters
    ----------
    names : sequence of str
        Of the priors, or one name for all numbers.
    x : ndarray, shape (n_numbers,)
    """
    x = np.ravel(x)
    each = names if len(names) == len(x) else [*names] * len(x)
    return float(sum(priors[n].frozen.logpdf(v) for n, v in zip(each, x, strict=True)))


def lkj_log_density(L: Array, eta: float) -> float:
    r"""Return the log-density of a factor of correlations in its entries below the diagonal.

    The matrix has the density :math:`c_n(\eta)^{-1} |R|^{\eta - 1}`, and with :math:`R = LL'` the
    volume is :math:`\prod_i L_{ii}^{n - i}`.

    Parameters
    ----------
    L : ndarray, shape (n, n)
        Lower triangular, rows of length one.
    eta : float

    References
    ----------
    .. [1] Lewandowski, Kurowicka & Joe (2009). Generating random correlation matrices.
       *J. Multivariate Analysis* 100, 1989-2001. doi:10.1016/j.jmva.2009.04.008
    """
    n = len(L)
    k = np.arange(1, n)
    constant = k / 2 * np.log(np.pi) + special.gammaln(eta + (n - 1 - k) / 2)
    powers = 2 * (eta - 1) + n - np.arange(1, n + 1)
    size = float((constant - special.gammaln(eta + (n - 1) / 2)).sum())
    return float(powers @ np.log(np.diag(L))) - size


def dirichlet_log_density(shares: Array, alpha: float) -> float:
    """Return the log-density of shares in all of them but one; ``alpha`` is that of each."""
    n = len(shares)
    size = n * special.gammaln(alpha) - special.gammaln(n * alpha)
    return float((alpha - 1) * np.log(shares).sum() - size)
