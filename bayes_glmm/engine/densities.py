"""Priors in the sampler's coordinates, compiled: values and derivatives."""

from __future__ import annotations

import math

from bayes_glmm.engine.jit import inner

(
    NORMAL, STUDENT_T, LAPLACE, LOGISTIC,
    HALF_NORMAL, HALF_STUDENT_T, GAMMA, INVERSE_GAMMA, LOG_NORMAL, SHARE,
) = range(10)  # fmt: skip


@inner
def standardised_prior(kind, z, nu):
    """Log-density of a location-scale prior in its standardised coordinate."""
    if kind == NORMAL:
        return -0.5 * z * z, -z
    if kind == STUDENT_T:
        return -0.5 * (nu + 1.0) * math.log1p(z * z / nu), -(nu + 1.0) * z / (nu + z * z)
    if kind == LAPLACE:
        return -abs(z), -1.0 if z > 0.0 else 1.0
    e = math.exp(-abs(z))
    return -abs(z) - 2.0 * math.log1p(e), -math.tanh(0.5 * z)


@inner
def positive_prior(kind, x, a, b):
    """Log-density of exp(x), Jacobian included, and its derivative in x."""
    v = math.exp(x)
    if kind == HALF_NORMAL:
        r = (v / a) ** 2
        return x - 0.5 * r, 1.0 - r
    if kind == HALF_STUDENT_T:
        r = (v / b) ** 2 / a
        return x - 0.5 * (a + 1.0) * math.log1p(r), 1.0 - (a + 1.0) * r / (1.0 + r)
    if kind == GAMMA:
        return a * x - b * v, a - b * v
    if kind == INVERSE_GAMMA:
        return -a * x - b / v, b / v - a
    z = (x - a) / b
    return -0.5 * z * z, -z / b


@inner
def own_parameter(kind, x):
    """Return a family's parameter from its coordinate, and the derivative."""
    if kind == SHARE:
        p = 1.0 / (1.0 + math.exp(-x))
        return p, p * (1.0 - p)
    value = math.exp(x)
    return value, value


@inner
def own_prior(kind, x, a, b):
    """Log-density of a family's parameter in its coordinate, and the derivative."""
    if kind == SHARE:
        e = math.exp(-abs(x))
        p = (1.0 if x >= 0.0 else e) / (1.0 + e)
        rest = math.log1p(e)
        return a * (min(x, 0.0) - rest) - b * (max(x, 0.0) + rest), a * (1.0 - p) - b * p
    return positive_prior(kind, x, a, b)


@inner
def signed_prior(kind, v, a, b):
    """Log-density of a half-normal or half-t prior folded out, and its derivative."""
    if kind == HALF_NORMAL:
        return -0.5 * (v / a) ** 2, -v / (a * a)
    r = (v / b) ** 2 / a
    return -0.5 * (a + 1.0) * math.log1p(r), -(a + 1.0) * v / (a * b * b * (1.0 + r))


@inner
def correlation_factor(start, stop, x, L, power, grad):
    """Fill rows start..stop of L with unit-norm rows made of free numbers x.

    Returns the log-density of the LKJ prior with its Jacobian, up to constants,
    divided by ``-power / 2``; fills its derivative.
    """
    at = 0
    total = 0.0
    for i in range(start + 1, stop):
        square = 1.0
        for j in range(start, i):
            square += x[at + j - start] ** 2
        length = math.sqrt(square)
        for j in range(start, i):
            k = at + j - start
            L[i, j] = x[k] / length
            grad[k] = -power * x[k] / square
        L[i, i] = 1.0 / length
        at += i - start
        total += math.log(square)
    return total


@inner
def factor_gradient(start, stop, L, dL, grad):
    """Add what the derivative of L means for the free numbers."""
    at = 0
    for i in range(start + 1, stop):
        along = 0.0
        for j in range(start, i + 1):
            along += dL[i, j] * L[i, j]
        for j in range(start, i):
            grad[at + j - start] += L[i, i] * (dL[i, j] - L[i, j] * along)
        at += i - start
