"""Log-densities of single responses with their derivatives, compiled.

What a family's own parameters alone need is computed once for all rows by
:func:`prepared`. A plain family's number plus ``INFLATED`` or ``HURDLE`` is that
family with extra, or with all, zeros decided by a probability of their own.
"""

from __future__ import annotations

import math

import numpy as np

from bayes_glmm.engine.jit import inner
from bayes_glmm.engine.special import (
    LOG,
    LOG_2PI,
    digamma,
    digamma_rise,
    inverse_link,
    lgamma_rise,
    success,
)

(
    GAUSSIAN, STUDENT_T, BINOMIAL, POISSON, NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_1, GEOMETRIC,
    BETA_BINOMIAL, GAMMA, EXPONENTIAL, WEIBULL, INVERSE_GAUSSIAN, LOGNORMAL, BETA,
) = range(14)  # fmt: skip
INFLATED, HURDLE = 100, 200
FAMILIES = {
    "gaussian": GAUSSIAN,
    "student_t": STUDENT_T,
    "bernoulli": BINOMIAL,
    "binomial": BINOMIAL,
    "poisson": POISSON,
    "negative_binomial": NEGATIVE_BINOMIAL,
    "negative_binomial1": NEGATIVE_BINOMIAL_1,
    "geometric": GEOMETRIC,
    "beta_binomial": BETA_BINOMIAL,
    "gamma": GAMMA,
    "exponential": EXPONENTIAL,
    "weibull": WEIBULL,
    "inverse_gaussian": INVERSE_GAUSSIAN,
    "lognormal": LOGNORMAL,
    "beta": BETA,
    "zero_inflated_poisson": INFLATED + POISSON,
    "zero_inflated_negative_binomial": INFLATED + NEGATIVE_BINOMIAL,
    "zero_inflated_binomial": INFLATED + BINOMIAL,
    "hurdle_poisson": HURDLE + POISSON,
    "hurdle_negative_binomial": HURDLE + NEGATIVE_BINOMIAL,
    "hurdle_gamma": HURDLE + GAMMA,
    "hurdle_lognormal": HURDLE + LOGNORMAL,
}
COUNTS = (POISSON, NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_1, GEOMETRIC)
SUCCESSES = (BINOMIAL, BETA_BINOMIAL)
AMOUNTS = (GAMMA, LOGNORMAL)
ONE, SMALL = 1.0, 64


@inner
def prepared(family, own):
    """Return what a density needs of its own parameter alone, and its derivative."""
    if family == GAMMA:
        return own * math.log(own) - math.lgamma(own), math.log(own) + 1.0 - digamma(own)
    if family == WEIBULL:
        return math.lgamma(1.0 + 1.0 / own), -digamma(1.0 + 1.0 / own) / (own * own)
    if family == NEGATIVE_BINOMIAL_1:
        return math.log1p(own), 1.0 / (1.0 + own)
    if family == BETA:
        return math.lgamma(own), digamma(own)
    return 0.0, 0.0


@inner
def count_row(family, y, mu, log_mu, own, a, b):
    """Return the density of a count, and its derivatives in ``mu`` and its own parameter."""
    if mu < 0.0 or (mu == 0.0 and y > 0.0):
        return -math.inf, 0.0, 0.0
    if family == POISSON:
        if y == 0.0:
            return -mu, -1.0, 0.0
        return y * log_mu - mu, y / mu - 1.0, 0.0
    if family == NEGATIVE_BINOMIAL_1:
        size = mu / own
        rise = digamma_rise(size, y)
        value = lgamma_rise(size, y) + y * (math.log(own) - a) - size * a
        d_own = size / own * (a - rise) + y * (1.0 / own - b) - size * b
        return value, (rise - a) / own, d_own
    spare = math.log1p(mu / own)
    value = -(y + own) * spare - y * math.log(own)  # the rest does not depend on mu: see rises
    d_own = (mu - y) / (own + mu) - spare
    if y == 0.0:
        return value, -own / (own + mu), d_own
    return value + y * log_mu, (y - mu) * own / (mu * (own + mu)), d_own


@inner
def rises(y, own):
    """Sum ``lgamma(own + y) - lgamma(own)`` and its derivative: small counts are numbered."""
    above = np.zeros(SMALL + 1)
    total, slope = 0.0, 0.0
    for i in range(len(y)):
        if y[i] < SMALL and y[i] == math.floor(y[i]):
            above[int(y[i])] += 1.0
        else:
            total += lgamma_rise(own, y[i])
            slope += digamma_rise(own, y[i])
    rows = 0.0
    for k in range(SMALL - 1, -1, -1):
        rows += above[k + 1]
        total += rows * math.log(own + k)
        slope += rows / (own + k)
    return total, slope


@inner
def amount_row(family, y, mu, log_mu, own, a, b):
    """Return the density of an amount, and its derivatives in ``log mu`` and its parameter."""
    if mu <= 0.0:
        return -math.inf, 0.0, 0.0
    log_y = math.log(y)
    ratio = log_y - log_mu
    if family == LOGNORMAL:
        z = ratio / own
        value = -0.5 * (z * z + LOG_2PI) - math.log(own) - log_y
        return value, z / own, (z * z - 1.0) / own
    if family == WEIBULL:
        z = own * (ratio + a)
        hazard = math.exp(z)
        rest = 1.0 - hazard
        value = math.log(own) + z - hazard - log_y
        return value, -own * rest, 1.0 / own + rest * (ratio + a + own * b)
    if family == INVERSE_GAUSSIAN:
        gap = math.expm1(ratio)
        square = gap * gap / y
        value = 0.5 * (math.log(own) - LOG_2PI - 3.0 * log_y - own * square)
        return value, own * gap / mu, 0.5 / own - 0.5 * square
    share = math.exp(ratio)
    return a + own * (ratio - share) - log_y, own * (share - 1.0), b + ratio - share


@inner
def share_row(family, link, y, n, eta, own, a, b):
    """Return the density of a share or of successes, and its derivatives."""
    log_p, log_q, d_log_p, d_log_q = success(link, eta)
    if family == BINOMIAL:
        value, slope = 0.0, 0.0
        if y > 0.0:
            value += y * log_p
            slope += y * d_log_p
        if n > y:
            value += (n - y) * log_q
            slope += (n - y) * d_log_q
        return value, slope, 0.0
    p, q = math.exp(log_p), math.exp(log_q)
    yes, no = max(own * p, 1e-300), max(own * q, 1e-300)
    d_yes, d_no = own * p * d_log_p, own * q * d_log_q
    if family == BETA_BINOMIAL:
        up, down = digamma_rise(yes, y), digamma_rise(no, n - y)
        value = lgamma_rise(yes, y) + lgamma_rise(no, n - y) - lgamma_rise(own, n)
        return value, up * d_yes + down * d_no, p * up + q * down - digamma_rise(own, n)
    up, down = math.log(y) - digamma(yes), math.log1p(-y) - digamma(no)
    value = a - math.lgamma(yes) - math.lgamma(no)
    value += (yes - 1.0) * math.log(y) + (no - 1.0) * math.log1p(-y)
    return value, up * d_yes + down * d_no, b + p * up + q * down


@inner
def row(family, link, y, n, eta, own, a, b):
    """Return the log-density of one response, its slope in ``eta`` and in its parameter."""
    if family in (BINOMIAL, BETA_BINOMIAL, BETA):
        return share_row(family, link, y, n, eta, own, a, b)
    mu, slope = inverse_link(link, eta)
    log_mu = eta if link == LOG else (math.log(mu) if mu > 0.0 else -math.inf)
    if family in (POISSON, NEGATIVE_BINOMIAL, NEGATIVE_BINOMIAL_1, GEOMETRIC):
        value, d_mu, d_own = count_row(family, y, mu, log_mu, own, a, b)
        return value, d_mu * slope, d_own
    value, d_log, d_own = amount_row(family, y, mu, log_mu, own, a, b)
    return value, (d_log if link == LOG else d_log * slope / mu), d_own


@inner
def inflated(y, share, plain, d_plain, d_own):
    """Return an inflated row from its plain one, with the slope in the share of zeros."""
    if y > 0.0:
        return math.log1p(-share) + plain, d_plain, d_own, -1.0 / (1.0 - share)
    chance = math.exp(plain)
    zero = share + (1.0 - share) * chance
    weight = (1.0 - share) * chance / zero
    return math.log(zero), weight * d_plain, weight * d_own, (1.0 - chance) / zero


@inner
def single_rows(family, link, y, trials, eta, parameters, d_eta, d_parameters):
    """Sum rows one by one, and fill their derivatives."""
    plain, zeros = family % INFLATED, family - family % INFLATED
    last = len(parameters) - 1
    free = last + (1 if zeros == 0 else 0) > 0
    own = parameters[0] if free else ONE
    share = parameters[last] if zeros > 0 else 0.0
    a, b = prepared(plain, own)
    total, d_own, d_share = 0.0, 0.0, 0.0
    if plain in (NEGATIVE_BINOMIAL, GEOMETRIC):
        total, d_own = rises(y, own)
    for i in range(len(y)):
        if zeros == HURDLE and y[i] == 0.0:
            total += math.log(share)
            d_share += 1.0 / share
            d_eta[i] = 0.0
            continue
        value, slope, change = row(plain, link, y[i], trials[i], eta[i], own, a, b)
        if zeros == HURDLE:
            value += math.log1p(-share)
            d_share -= 1.0 / (1.0 - share)
            if plain in (POISSON, NEGATIVE_BINOMIAL):
                none, d_none, c_none = row(plain, link, 0.0, ONE, eta[i], own, a, b)
                odds = math.expm1(-none)
                value -= math.log(-math.expm1(none))
                slope += d_none / odds
                change += c_none / odds
        elif zeros == INFLATED:
            value, slope, change, more = inflated(y[i], share, value, slope, change)
            d_share += more
        if value == -math.inf:
            return -math.inf
        total += value
        d_eta[i] = slope
        d_own += change
    if free:
        d_parameters[0] += d_own
    if zeros > 0:
        d_parameters[last] += d_share
    return total
