"""Counts that vary less, or more, than Poisson counts of the same mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bayes_glmm.families.contract import Array, Parameters, counts_of
from bayes_glmm.families.counts import Counts
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import Maths, Mean
from bayes_glmm.spec.priors import Prior

LARGEST_DRAW = 100_000
CLASSES = 16
"""Counts that the total is taken over; with more of them it differs from one by less than 1e-8."""
BEYOND = -1e300
LARGEST_LOG = 40.0
"""Logarithm of the largest number that is taken to the 15th power."""


def _around_one(scale: float) -> Prior:
    return Prior("LogNormal", mu=0.0, sigma=1.0)


class GeneralizedPoisson(Counts):
    r"""Counts with mean ``mu`` and variance ``mu * dispersion``, which may be below one.

    Consul's distribution: :math:`\theta (\theta + \lambda y)^{y - 1}
    e^{-\theta - \lambda y} / y!` with :math:`\lambda = 1 - 1/\sqrt{\text{dispersion}}` and
    :math:`\theta = \mu (1 - \lambda)`. At one it is the Poisson distribution. Below one,
    counts above :math:`-\theta / \lambda` cannot be, and the rest is scaled to a total of
    one. Mean and variance are then what they are called to three digits where the mean is
    2 or more, whatever the dispersion above 0.3; with 0.5 for both they are
    0.52 and 0.25. Default prior: ``dispersion ~ LogNormal(0, 1)``.

    References
    ----------
    .. [1] Consul & Jain (1973). A generalization of the Poisson distribution.
       *Technometrics* 15, 791-799. doi:10.1080/00401706.1973.10489112
    """

    name = "generalized_poisson"
    parameters = (Parameter("dispersion", "var = mu * dispersion", _around_one, spread=True),)

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return Consul's probabilities; none beyond the end of the support."""
        root = m.sqrt(own["dispersion"])
        theta, slope = mean.value / root, 1.0 - 1.0 / root
        log_theta = mean.log - m.log(root)
        found = _plain(m, y, theta, log_theta, slope)
        end = theta / m.maximum(-slope, 1e-12)
        short = found - _log_total(m, theta, log_theta - slope, end)
        scaled = m.where(slope < 0, m.where(end < CLASSES - 1, short, found), found)
        return m.where(mean.value < 0, -np.inf, m.where(found < BEYOND / 2, -np.inf, scaled))

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``mu * dispersion``."""
        return mu * parameters["dispersion"]

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw families of a branching process; by quantiles where counts vary less.

        With ``dispersion`` above one, Poisson founders have Poisson offspring, and theirs
        again: the total has Consul's distribution.
        """
        root = np.sqrt(np.asarray(parameters["dispersion"], np.float64))
        shape = np.broadcast_shapes(np.shape(mu), np.shape(root))
        mu, root = np.broadcast_to(mu, shape), np.broadcast_to(root, shape)
        slope = 1.0 - 1.0 / root
        born = rng.poisson(mu / root)
        total = born.astype(np.float64)
        while (alive := (born > 0) & (slope > 0)).any():
            born = rng.poisson(np.where(alive, slope, 0.0) * born)
            total += born
        less = slope < 0
        if less.any():
            total[less] = _quantiles(
                rng.random(int(less.sum())), mu[less] / root[less], slope[less]
            )
        return counts_of(total)


def _plain(m: Maths, y: Any, theta: Any, log_theta: Any, slope: Any) -> Any:
    """Return Consul's probabilities before scaling."""
    at = theta + slope * y
    held = m.where(at > 0, at, 1.0)
    ways = log_theta + (y - 1.0) * m.log(held) - held - m.log_factorial(y)
    return m.where(m.is_zero(y), -theta, m.where(at > 0, ways, BEYOND))


def _log_total(m: Maths, theta: Any, log_ratio: Any, end: Any) -> Any:
    r"""Log of the total of the probabilities before scaling, where it ends below 15.

    With :math:`c = \theta e^{-\lambda}`, whose logarithm is ``log_ratio``, it is

    .. math:: e^{-\theta} \sum_{k < \text{end}} (1 - k / \text{end})^{k - 1} c^k / k!,

    summed by multiplications alone: each step divides what is before it by ``c`` beyond
    :math:`e^{40}`, so that no power overflows.
    """
    beyond = m.maximum(log_ratio - LARGEST_LOG, 0.0)
    ratio, shrink = m.exp(log_ratio - beyond), m.exp(-beyond)
    total, steps, term = 1.0, 0.0, 1.0
    for k in range(1, CLASSES):
        term = term * ratio / k
        left = 1.0 - k / m.maximum(end, 0.5)
        inside = left > 0
        share = _power(m.where(inside, left, 1.0), k - 1)
        total = m.where(inside, total * shrink + term * share, total)
        steps = m.where(inside, float(k), steps)
    return m.log(total) + beyond * steps - theta


def _power(x: Any, n: int) -> Any:
    """Return a whole power by squaring."""
    if n < 2:
        return x if n else 1.0
    half = _power(x, n // 2)
    return half * half * x if n % 2 else half * half


def _quantiles(u: Array, theta: Array, slope: Array) -> Array:
    """Return the counts at which the probabilities, scaled to a total of one, pass ``u``."""
    y, below, chosen = 0, np.zeros_like(u), np.zeros_like(u)
    p = np.exp(-theta)
    steps, ends = [], np.floor(np.nextafter(theta / -slope, 0.0))
    while y <= min(float(ends.max()), LARGEST_DRAW):
        steps.append(np.where(y <= ends, p, 0.0))
        below = below + steps[-1]
        y += 1
        at = np.maximum(theta + slope * y, np.finfo(float).tiny)
        before = theta + slope * (y - 1)
        ratio = (y - 1) * np.log(at) - (y - 2) * np.log(np.maximum(before, np.finfo(float).tiny))
        p = p * np.exp(np.minimum(ratio - slope, 700.0)) / y
    passed = np.zeros_like(u)
    for count, step in enumerate(steps):
        passed = passed + step / below
        chosen = np.where(u > passed, count + 1.0, chosen)
    return np.minimum(chosen, ends)
