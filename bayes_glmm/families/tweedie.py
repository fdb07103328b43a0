"""Amounts that are sums of a random number of positive parts, with exact zeros."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Parameters, count_start
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.maths.density_maths import LOG_TWO_PI, Maths, Mean
from bayes_glmm.spec.priors import Prior

TERMS = 64
REACH = 10.0
SMOOTH_FROM, NARROW = 26.0, 1.25
"""Where the sum over whole numbers is an integral: see :func:`_log_jumps`."""


class Tweedie(Written):
    r"""Zero or positive amounts with mean ``mu`` and variance ``dispersion * mu**power``.

    A Poisson number of Gamma parts, as yearly rain or the claims of a policy: a total of
    zero where there is no part. Their numbers have the mean
    :math:`\mu^{2-p} / (\phi (2 - p))` and the parts the shape :math:`(2 - p) / (p - 1)`, for
    the power :math:`1 < p < 2`. Default priors: ``power ~ OnePlusBeta(2, 2)`` and
    ``dispersion ~ HalfStudentT(4, 2 sqrt(sd(y)))``. The log-density is exact to 1e-10 for
    powers from 1.01 to 1.95.

    References
    ----------
    .. [1] Dunn & Smyth (2005). Series evaluation of Tweedie exponential dispersion model
       densities. *Statistics and Computing* 15, 267-280. doi:10.1007/s11222-005-4070-y
    """

    name = "tweedie"
    support = "zero and positive numbers"
    links = ("log", "identity", "sqrt")
    parameters = (
        Parameter(
            "dispersion",
            "var = dispersion * mu**power",
            lambda scale: Prior("HalfStudentT", nu=4.0, sigma=2.0 * math.sqrt(scale)),
            spread=True,
        ),
        Parameter(
            "power",
            "between 1 (Poisson) and 2 (Gamma)",
            lambda scale: Prior("OnePlusBeta", alpha=2.0, beta=2.0),
            "identity",
            formula=False,
        ),
    )

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse negative numbers."""
        return [
            (~np.isfinite(y), "is not finite: remove the rows or use missing='drop'"),
            (y < 0, "is negative: correct or remove these rows, or use gaussian or student_t"),
        ]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean per unit exposure."""
        return count_start(y, exposure) if not y.any() else float(np.sum(y) / np.sum(exposure))

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return the probability of no part, or the density of their sum.

        At ``mu = y`` the latter depends on the likeliest number of parts alone; from there
        the deviance goes on.
        """
        down, up = own["power"] - 1.0, 2.0 - own["power"]
        log_unit = m.log(own["dispersion"] * up)
        none = -m.exp(up * mean.log - log_unit)
        zero = m.is_zero(y)
        log_y = m.log(m.where(zero, 1.0, y))
        peak, shape = m.exp(up * log_y - log_unit), up / down
        away = mean.log - log_y
        deviance = peak * (shape * m.expm1(-down * away) + m.expm1(up * away))
        some = _log_jumps(m, peak, shape) - log_y - deviance
        return m.where(mean.value <= 0, -np.inf, m.where(zero, none, some))

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return ``dispersion * mu**power``."""
        return np.asarray(parameters["dispersion"] * mu ** parameters["power"])

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw numbers of parts, and their sums."""
        p, phi = np.asarray(parameters["power"]), np.asarray(parameters["dispersion"])
        shape = np.broadcast_shapes(np.shape(mu), p.shape, phi.shape)
        parts = rng.poisson(mu ** (2 - p) / (phi * (2 - p)), shape)
        size = (2 - p) / (p - 1) * parts
        drawn = rng.gamma(np.where(parts > 0, size, 1.0)) * phi * (p - 1) * mu ** (p - 1)
        return np.where(parts > 0, drawn, 0.0)


def _log_jumps(m: Maths, peak: Any, shape: Any) -> Any:
    r"""Log of the sum over numbers of parts, from the likeliest one and the parts' shape.

    With :math:`J` and :math:`a` for them the terms are, by Stirling's formula, with
    :math:`r` for what it leaves,

    .. math:: \frac{\sqrt a}{2 \pi}
       \exp\{-(1 + a) (j \log(j / J) - j + J) - r(j) - r(a j)\}, \quad j = 1, 2, \dots

    Where they are many, wide and far from zero their sum is an integral, to which the
    trapezoid rule converges geometrically; elsewhere it is summed as it is.
    """
    rate = 1.0 + shape
    J, width = m.steady(peak), m.steady(m.sqrt(peak / rate))
    smooth = (J * m.steady(rate) > SMOOTH_FROM) & (width > NARROW)
    low = m.maximum(J - REACH * width, 0.0)
    step = m.where(smooth, (J + REACH * width - low) / TERMS, 1.0)
    first = m.where(smooth, low + 0.5 * step, m.maximum(m.floor(J) - 0.5 * TERMS, 1.0))

    def distance(j: Any, peak: Any) -> Any:
        over = (j - peak) / peak
        return peak * ((1.0 + over) * m.log1p(over) - over)

    least = rate * distance(m.maximum(J, 1.0), peak)

    def term(k: Any, first: Any, step: Any, peak: Any, rate: Any, least: Any) -> Any:
        j = first + step * k
        rest = m.stirling_error(j) + m.stirling_error((rate - 1.0) * j)
        return m.exp(least - rate * distance(j, peak) - rest)

    total = m.total(term, TERMS, first, step, peak, rate, least)
    return m.log(total * step) + 0.5 * m.log(shape) - LOG_TWO_PI - least
