r"""Tails of weighted sums of independent binomial or Poisson counts.

For :math:`S = \sum_i g_i (y_i - \mu_i)` with cumulant function :math:`K`, and :math:`t` such that
:math:`K'(t) = s`, Barndorff-Nielsen's form of Lugannani and Rice's formula is
:math:`P(S > s) = \Phi(-w - \log(v / w) / w)` with :math:`w = sgn(t) \sqrt{2 (ts - K(t))}` and
:math:`v = t \sqrt{K''(t)}`.

References
----------
.. [1] Lugannani & Rice (1980). Saddle point approximation for the distribution of the sum of
   independent random variables. *Adv. Appl. Prob.* 12, 475-490. doi:10.2307/1426607
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import log_ndtr

type Array = NDArray[np.float64]
STEPS = 200


def log_tails(g: Array, mean: Array, trials: Array, s: float) -> tuple[float, float]:
    """Return the logarithms of P(S >= s) and P(S <= -s), approximately.

    Parameters
    ----------
    g : ndarray, shape (n_rows,)
        Weights.
    mean : ndarray, shape (n_rows,)
        Expected counts.
    trials : ndarray, shape (n_rows,)
        Of binomial counts; empty where they are Poisson.
    s : float
        Positive.
    """
    return _log_upper(g, mean, trials, s), _log_upper(-g, mean, trials, s)


def _log_upper(g: Array, mean: Array, trials: Array, s: float) -> float:
    if len(trials):
        share = mean / trials
        top = float(np.where(g > 0, g * (trials - mean), -g * mean).sum())
        if s >= top * (1 - 1e-9):  # nothing lies further out than all counts at their ends
            ends = np.where(g > 0, trials * np.log(share), trials * np.log1p(-share))
            return float(ends[g != 0].sum())
    elif not (g > 0).any():
        top = float(-(g * mean).sum())
        if s >= top * (1 - 1e-9):
            return float(-mean[g != 0].sum())
    t = _solve(g, mean, trials, s)
    K, _, K2 = _cumulants(g, mean, trials, t)
    w = np.sqrt(max(2 * (t * s - K), 0.0))
    v = t * np.sqrt(K2)
    if w < 1e-4:
        return float(log_ndtr(-s / np.sqrt(_cumulants(g, mean, trials, 0.0)[2])))
    return float(log_ndtr(-(w + np.log(v / w) / w)))


@njit(cache=True)
def _cumulants(g, mean, trials, t):
    """Return the cumulant function of the centred sum and two derivatives."""
    K = K1 = K2 = 0.0
    binomial = len(trials) > 0
    for i in range(len(g)):
        if g[i] == 0.0:
            continue
        if binomial:
            m, n = mean[i] / trials[i], trials[i]
            a = g[i] * t
            if a > 0:
                e = np.exp(-a)
                inside = m + (1 - m) * e
                K += n * (np.log(inside) + a)
                q = m / inside
            else:
                e = np.exp(a)
                inside = 1 - m + m * e
                K += n * np.log(inside)
                q = m * e / inside
            K -= n * m * a
            K1 += n * g[i] * (q - m)
            K2 += n * g[i] ** 2 * q * (1 - q)
        else:
            e = np.exp(g[i] * t)
            K += mean[i] * (e - 1 - g[i] * t)
            K1 += mean[i] * g[i] * (e - 1)
            K2 += mean[i] * g[i] ** 2 * e
    return K, K1, K2


@njit(cache=True)
def _solve(g, mean, trials, s):
    """Return the positive root of K'(t) = s."""
    low, high = 0.0, np.inf
    t = s / _cumulants(g, mean, trials, 0.0)[2]
    for _ in range(STEPS):
        _, K1, K2 = _cumulants(g, mean, trials, t)
        if not np.isfinite(K1) or K1 > s:
            high = t
        else:
            low = t
        new = t - (K1 - s) / K2 if np.isfinite(K1) and K2 > 0 else np.nan
        if not low < new < high:
            new = 2 * t if high == np.inf else 0.5 * (low + high)
        if abs(new - t) <= 1e-12 * abs(t):
            return new
        t = new
    return t
