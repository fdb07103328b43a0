"""Angles around a mean direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families.contract import Array, Parameters, fill
from bayes_glmm.families.density_family import Written
from bayes_glmm.families.parameter import Parameter
from bayes_glmm.families.precision import VON_MISES, some_precision
from bayes_glmm.maths.density_maths import LOG_TWO_PI, Maths, Mean
from bayes_glmm.maths.links import Link

REACH, NODES = 12.0, 64
"""How far from the mean direction distances are averaged, in standard deviations."""


class VonMises(Written):
    """Angles from -pi to pi around the mean direction ``mu``.

    ``concentration`` is near one over the variance where it is large; at zero all
    directions are alike. The link ``tan_half``, ``mu = 2 * arctan(eta)``, keeps ``mu`` on
    one turn, open at pi: turn angles so that they lie around zero. With the identity link
    ``mu`` and ``mu + 2 * pi`` are the same direction, so that posteriors may have several
    modes. Predictions report the mean direction of a row. It has no average over rows or
    groups that a difference or a mean of numbers could give, so none is reported.
    Default prior: ``concentration ~ LogNormal(log(guess), 2.5)`` with the concentration that
    the responses would have if nothing were explained.

    References
    ----------
    .. [1] Fisher & Lee (1992). Regression models for an angular response. *Biometrics* 48,
       665-677. doi:10.2307/2532334
    """

    name = "von_mises"
    support = "angles from -pi to pi"
    links = ("tan_half", "identity")
    parameters = (
        Parameter(
            "concentration",
            "var is near 1 / concentration where it is large",
            some_precision,
            learned=VON_MISES,
            spread=True,
        ),
    )
    mean_is_proportional = False
    reports = "mean direction"
    lacks = {
        "average": "Responses of {family} are angles, and averages and differences of angles depend on "
        "where the turn is cut: predict row by row, with groups='typical' or 'known'.",
        "dispersion": "Squared angles of {family} say little of its spread: look at its residuals.",
        "reports_mean": "Predictions of {family} report the mean direction: compare directions.",
    }

    def invalid(self, y: Array, trials: Array | None) -> list[tuple[NDArray[np.bool_], str]]:
        """Refuse what is not an angle on one turn."""
        away = "is not an angle from -pi to pi: take numpy.angle(numpy.exp(1j * y)) of radians, "
        return [
            (~np.isfinite(y), "is not finite: remove the rows or use missing='drop'"),
            (np.isfinite(y) & (np.abs(y) > np.pi), away + "and numpy.deg2rad of degrees first"),
        ]

    def start(self, y: Array, trials: Array | None, exposure: Array) -> float:
        """Return the mean direction."""
        return float(np.arctan2(np.mean(np.sin(y)), np.mean(np.cos(y))))

    def scale(self, y: Array, link: str) -> float:
        """Return one: angles have no unit."""
        return 1.0

    def density(self, m: Maths, y: Any, mean: Mean, own: Mapping[str, Any], trials: Any) -> Any:
        """Return von Mises' density, its Bessel function scaled by the exponential."""
        size = own["concentration"]
        chord = m.sin(0.5 * (y - mean.value))
        return -2.0 * size * chord * chord - LOG_TWO_PI - m.log_bessel(size)

    def expected(self, eta: Array, link: Link, parameters: Parameters) -> Array:
        """Return the mean direction, as an angle from -pi to pi."""
        return fill(turned(link.inverse(eta)), parameters["concentration"])

    def mean(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the mean direction, ``mu``."""
        return fill(mu, parameters["concentration"])

    def variance(self, mu: Array, parameters: Parameters, trials: Array | None = None) -> Array:
        """Return the mean squared angle from the mean direction."""
        size = np.asarray(parameters["concentration"], np.float64)
        most = np.minimum(np.pi, REACH / np.sqrt(np.maximum(size, np.finfo(float).tiny)))
        x, w = np.polynomial.legendre.leggauss(NODES)
        square, total = np.zeros_like(most), np.zeros_like(most)
        for place, weight in zip((x + 1) / 2, w, strict=True):
            angle = most * place
            p = weight * np.exp(-2 * size * np.sin(angle / 2) ** 2)
            square, total = square + p * angle**2, total + p
        return fill(square / total, mu)

    def impossible_means(self, eta: Array, link: Link) -> tuple[Array, NDArray[np.bool_]]:
        """Return directions, all of which can be but those that are no numbers."""
        mu = link.inverse(eta)
        return mu, ~np.isfinite(mu)

    def deviation(self, y: Array, mean: Array) -> Array:
        """Return the angles from the mean direction, the short way round."""
        return turned(y - mean)

    def simulate(
        self,
        rng: np.random.Generator,
        mu: Array,
        parameters: Parameters,
        trials: Array | None = None,
    ) -> Array:
        """Draw angles from -pi to pi."""
        size = np.asarray(parameters["concentration"])
        shape = np.broadcast_shapes(np.shape(mu), size.shape)
        return turned(mu + rng.vonmises(0.0, size, shape))


def turned(angle: Array) -> Array:
    """Return angles by full turns to between -pi and pi."""
    return np.asarray(angle - 2 * np.pi * np.rint(np.asarray(angle) / (2 * np.pi)), np.float64)
