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
from numpy.typing import NDArray
from scipy.special import log_ndtr

from bayes_glmm.native.library import ADDRESS, INTEGER, NUMBER, entry, pointer

type Array = NDArray[np.float64]


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
    if mean.shape != g.shape or trials.shape not in (g.shape, (0,)):
        raise ValueError(f"{mean.shape} means and {trials.shape} trials for {g.shape} weights")
    g, mean, trials = (np.ascontiguousarray(a, np.float64) for a in (g, mean, trials))
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
    t, K, K2, at_zero = _saddle(g, mean, trials, s)
    w = np.sqrt(max(2 * (t * s - K), 0.0))
    v = t * np.sqrt(K2)
    if w < 1e-4:
        return float(log_ndtr(-s / np.sqrt(at_zero)))
    return float(log_ndtr(-(w + np.log(v / w) / w)))


def _saddle(g: Array, mean: Array, trials: Array, s: float) -> tuple[float, float, float, float]:
    """Return the positive root ``t`` of K'(t) = s, K and K'' there, and K''(0)."""
    out = np.empty(4)
    entry("saddle", None, INTEGER, *(ADDRESS,) * 3, NUMBER, ADDRESS)(
        len(g), pointer(g), pointer(mean), pointer(trials) if len(trials) else None, s, pointer(out)
    )
    t, K, K2, at_zero = out.tolist()
    return t, K, K2, at_zero
