"""Links and special functions with their derivatives, compiled for single numbers."""

from __future__ import annotations

import math

from bayes_glmm.engine.jit import inner

IDENTITY, LOG, LOGIT, PROBIT, CLOGLOG, SQRT, INVERSE = range(7)
LINKS = {
    "identity": IDENTITY,
    "log": LOG,
    "logit": LOGIT,
    "probit": PROBIT,
    "cloglog": CLOGLOG,
    "sqrt": SQRT,
    "inverse": INVERSE,
}
LOG_2PI = math.log(2.0 * math.pi)


@inner
def digamma(x):
    """Derivative of ``lgamma`` for ``x > 0``."""
    shift = 0.0
    while x < 12.0:
        shift -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (
        1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760))))
    )
    return shift + math.log(x) - 0.5 / x - series


@inner
def lgamma_rise(phi, y):
    """``lgamma(phi + y) - lgamma(phi)`` without cancellation for small counts."""
    if y < 32.0 and y == math.floor(y):
        total = 0.0
        for k in range(int(y)):
            total += math.log(phi + k)
        return total
    return math.lgamma(phi + y) - math.lgamma(phi)


@inner
def digamma_rise(phi, y):
    """``digamma(phi + y) - digamma(phi)`` without cancellation for small counts."""
    if y < 32.0 and y == math.floor(y):
        total = 0.0
        for k in range(int(y)):
            total += 1.0 / (phi + k)
        return total
    return digamma(phi + y) - digamma(phi)


@inner
def mills(x):
    """``phi(x) / Phi(x)``, accurate in both tails."""
    if x > -5.0:
        return math.exp(-0.5 * (x * x + LOG_2PI)) / (0.5 * math.erfc(-x * math.sqrt(0.5)))
    fraction = -x
    for k in range(60, 0, -1):
        fraction = -x + k / fraction
    return fraction


@inner
def log_normal_cdf(x):
    """``log Phi(x)``, accurate in both tails."""
    if x > 5.0:
        return math.log1p(-0.5 * math.erfc(x * math.sqrt(0.5)))
    if x > -5.0:
        return math.log(0.5 * math.erfc(-x * math.sqrt(0.5)))
    return -0.5 * (x * x + LOG_2PI) - math.log(mills(x))


@inner
def success(link, eta):
    """Return ``log p, log(1 - p)`` and their derivatives in ``eta``."""
    if link == LOGIT:
        e = math.exp(-abs(eta))
        small, rest = e / (1.0 + e), math.log1p(e)
        if eta >= 0.0:
            return -rest, -eta - rest, small, small - 1.0
        return eta - rest, -rest, 1.0 - small, -small
    if link == PROBIT:
        return log_normal_cdf(eta), log_normal_cdf(-eta), mills(eta), -mills(-eta)
    hazard = math.exp(eta)
    if hazard < 1e-300:
        return eta, -hazard, 1.0, -hazard
    log_p = math.log(-math.expm1(-hazard)) if hazard < 0.6931 else math.log1p(-math.exp(-hazard))
    slope = hazard / math.expm1(hazard) if hazard < 700.0 else 0.0
    return log_p, -hazard, slope, -hazard


@inner
def inverse_link(link, eta):
    """Return ``mu`` and ``d mu / d eta``."""
    if link == LOG:
        mu = math.exp(eta)
        return mu, mu
    if link == SQRT:
        return eta * eta, 2.0 * eta
    if link == INVERSE:
        return 1.0 / eta, -1.0 / (eta * eta)
    return eta, 1.0
