"""Row likelihoods and their derivatives, compiled once per machine.

:func:`log_likelihood` sums the log-density of all rows without :func:`constant`, and
fills the derivative with respect to each row's predictor and to the family's
parameters. A family and a link are known here by the numbers of
:data:`.row.FAMILIES` and :data:`.special.LINKS`, so that one compiled kernel serves all.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from bayes_glmm.engine.jit import inner, inner_fast
from bayes_glmm.engine.row import (
    BINOMIAL,
    COUNTS,
    GAUSSIAN,
    INFLATED,
    POISSON,
    STUDENT_T,
    SUCCESSES,
    single_rows,
)
from bayes_glmm.engine.special import LOG, LOG_2PI, LOGIT, digamma, inverse_link, success

SHIFT = 6755399441055744.0  # 1.5 * 2**52: adding it leaves round(x) in the low bits
LN2_HIGH, LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10
LOG2_E = 1.4426950408889634


@njit(cache=True, fastmath={"contract"})
def exponentials(x, out):
    """Fill ``out = exp(x)`` without branches, so that it vectorises.

    ``exp(x) = 2**k exp(r)`` with ``|r| <= log(2) / 2`` and the Taylor polynomial of
    degree 13; relative error below 4e-16. Arguments are held to [-700, 709].
    """
    n = len(x)
    shifted = np.empty(n)
    for i in range(n):
        value = min(max(x[i], -700.0), 709.0)
        t = value * LOG2_E + SHIFT
        shifted[i] = t
        k = t - SHIFT
        r = (value - k * LN2_HIGH) - k * LN2_LOW
        p = 1.0 / 6227020800.0
        p = p * r + 1.0 / 479001600.0
        p = p * r + 1.0 / 39916800.0
        p = p * r + 1.0 / 3628800.0
        p = p * r + 1.0 / 362880.0
        p = p * r + 1.0 / 40320.0
        p = p * r + 1.0 / 5040.0
        p = p * r + 1.0 / 720.0
        p = p * r + 1.0 / 120.0
        p = p * r + 1.0 / 24.0
        p = p * r + 1.0 / 6.0
        p = p * r + 0.5
        p = p * r + 1.0
        out[i] = p * r + 1.0
    bits, powers = shifted.view(np.int64), np.empty(n)
    raw = powers.view(np.int64)
    for i in range(n):
        raw[i] = (bits[i] + 1023) << 52
    for i in range(n):
        out[i] *= powers[i]


@inner_fast
def log_product(x):
    """Sum of logarithms of numbers in [1, 2], one logarithm per 512 of them."""
    total = 0.0
    for start in range(0, len(x), 512):
        product = 1.0
        for i in range(start, min(start + 512, len(x))):
            product *= x[i]
        total += math.log(product)
    return total


@inner_fast
def logistic_rows(y, eta, d_eta):
    """Bernoulli rows with the logit link: y eta - log(1 + exp(eta))."""
    n = len(y)
    small, one_plus = np.empty(n), np.empty(n)
    for i in range(n):
        d_eta[i] = -abs(eta[i])
    exponentials(d_eta, small)
    total = 0.0
    for i in range(n):
        one_plus[i] = 1.0 + small[i]
        total += y[i] * eta[i] - max(eta[i], 0.0)
        p = (1.0 if eta[i] >= 0.0 else small[i]) / one_plus[i]
        d_eta[i] = y[i] - p
    return total - log_product(one_plus)


@inner_fast
def log_poisson_rows(y, eta, d_eta):
    """Poisson rows with the log link."""
    exponentials(eta, d_eta)
    total = 0.0
    for i in range(len(y)):
        total += y[i] * eta[i] - d_eta[i]
        d_eta[i] = y[i] - d_eta[i]
    return total


@inner
def binomial_rows(link, y, trials, eta, d_eta):
    """Sum y log p + (n - y) log(1 - p)."""
    if link == LOGIT and trials.max() == 1.0:
        return logistic_rows(y, eta, d_eta)
    total = 0.0
    for i in range(len(y)):
        log_p, log_q, d_p, d_q = success(link, eta[i])
        fails = trials[i] - y[i]
        value, slope = 0.0, 0.0
        if y[i] > 0.0:
            value += y[i] * log_p
            slope += y[i] * d_p
        if fails > 0.0:
            value += fails * log_q
            slope += fails * d_q
        total += value
        d_eta[i] = slope
    return total


@inner
def poisson_rows(link, y, eta, d_eta):
    """Sum y log mu - mu."""
    if link == LOG:
        return log_poisson_rows(y, eta, d_eta)
    total = 0.0
    for i in range(len(y)):
        mu, slope = inverse_link(link, eta[i])
        if mu < 0.0 or (mu == 0.0 and y[i] > 0.0):
            return -math.inf
        total += (y[i] * math.log(mu) if y[i] > 0.0 else 0.0) - mu
        d_eta[i] = ((y[i] / mu if y[i] > 0.0 else 0.0) - 1.0) * slope
    return total


@inner
def gaussian_rows(link, y, counts, eta, d_eta, parameters, within, d_parameters):
    """Normal errors with standard deviation sigma.

    Each row is the mean of ``counts`` equal ones, which have the sum of squares
    ``within`` around their means.
    """
    sigma = parameters[0]
    precision = 1.0 / (sigma * sigma)
    squares, n = within, 0.0
    for i in range(len(y)):
        mu, slope = inverse_link(link, eta[i])
        residual = y[i] - mu
        squares += counts[i] * residual * residual
        d_eta[i] = counts[i] * residual * precision * slope
        n += counts[i]
    d_parameters[0] += squares * precision / sigma - n / sigma
    return -0.5 * squares * precision - n * (math.log(sigma) + 0.5 * LOG_2PI)


@inner
def student_t_rows(link, y, eta, d_eta, parameters, d_parameters):
    """Student's t errors with scale sigma and nu degrees of freedom."""
    sigma, nu = parameters[0], parameters[1]
    n = len(y)
    total, d_sigma, d_nu = 0.0, 0.0, 0.0
    for i in range(n):
        mu, slope = inverse_link(link, eta[i])
        z = (y[i] - mu) / sigma
        ratio = z * z / nu
        spread = math.log1p(ratio)
        weight = (nu + 1.0) / (nu * (1.0 + ratio))
        total -= 0.5 * (nu + 1.0) * spread
        d_eta[i] = weight * z / sigma * slope
        d_sigma += (weight * z * z - 1.0) / sigma
        d_nu += 0.5 * (weight * z * z / nu - spread)
    half = 0.5 * nu
    total += n * (
        math.lgamma(half + 0.5) - math.lgamma(half) - 0.5 * math.log(nu * math.pi) - math.log(sigma)
    )
    d_nu += n * 0.5 * (digamma(half + 0.5) - digamma(half) - 1.0 / nu)
    d_parameters[0] += d_sigma
    d_parameters[1] += d_nu
    return total


@inner
def log_likelihood(family, link, y, trials, eta, parameters, within, d_eta, d_parameters):
    """Sum the rows of one family and fill the derivatives."""
    if family == POISSON:
        return poisson_rows(link, y, eta, d_eta)
    if family == BINOMIAL:
        return binomial_rows(link, y, trials, eta, d_eta)
    if family == GAUSSIAN:
        return gaussian_rows(link, y, trials, eta, d_eta, parameters, within, d_parameters)
    if family == STUDENT_T:
        return student_t_rows(link, y, eta, d_eta, parameters, d_parameters)
    return single_rows(family, link, y, trials, eta, parameters, d_eta, d_parameters)


def constant(family: int, y: np.ndarray, trials: np.ndarray) -> float:
    """Sum the parts of the log-density that depend on the response alone."""
    from scipy.special import gammaln

    plain = family % INFLATED
    if plain in COUNTS:
        return float(-gammaln(y + 1).sum())
    if plain in SUCCESSES:
        return float((gammaln(trials + 1) - gammaln(y + 1) - gammaln(trials - y + 1)).sum())
    return 0.0
