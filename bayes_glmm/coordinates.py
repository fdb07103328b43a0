"""Coordinates for samplers, as PyMC transforms of the readable graph's variables.

The graph states each variable on the scale that is reported. These transforms
give samplers the standardised variable instead, with its Jacobian, so that the
density is the same and only the coordinates differ.
"""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pymc.logprob.transforms import Transform


class Standardized(Transform):
    """``z = (x - location) / scale`` of a location-scale variable."""

    name = "standardized"
    ndim_supp = 0

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return the standardised variable."""
        location, scale = inputs[-2:]
        return (value - location) / scale

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return the variable on its own scale."""
        location, scale = inputs[-2:]
        return location + scale * value

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the logarithm of the scale."""
        return pt.broadcast_to(pt.log(inputs[-1]), value.shape)


class PartlyStandardized(Transform):
    """``z = (x - location) / scale**(1 - share)``, for what the data say much about.

    A share of zero standardises; a share of one leaves the variable as it is, which suits
    coefficients that the data determine far better than their prior does.

    Parameters
    ----------
    share : ndarray
        From zero to one, in the shape of the variable.
    """

    name = "partly_standardized"
    ndim_supp = 0

    def __init__(self, share: Any):
        self.share = share

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return the coordinate."""
        location, scale = inputs[-2:]
        return (value - location) * scale ** (self.share - 1)

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return the variable on its own scale."""
        location, scale = inputs[-2:]
        return location + value * scale ** (1 - self.share)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the logarithm of what a coordinate is multiplied by."""
        return pt.broadcast_to((1 - self.share) * pt.log(inputs[-1]), value.shape)


class StandardizedRows(Transform):
    """Independent standard normal coordinates of correlated rows."""

    name = "standardized"
    ndim_supp = 1

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return the standardised rows."""
        chol = _factor(inputs)
        return pt.linalg.solve_triangular(chol, value.T, lower=True, b_ndim=2).T

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return the rows on their own scale."""
        return value @ _factor(inputs).T

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return half the log-determinant of the covariance, for each row."""
        half = pt.log(pt.diagonal(_factor(inputs))).sum()
        return pt.broadcast_to(half, value.shape[:-1])


def _factor(inputs: tuple[Any, ...]) -> Any:
    covariance = inputs[-1]
    return pt.linalg.cholesky(covariance[0] if covariance.ndim > 2 else covariance)
