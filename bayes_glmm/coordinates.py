"""Coordinates for samplers, as PyMC transforms of the readable graph's variables.

The graph states each variable on the scale that is reported. These transforms
give samplers the standardised variable instead, with its Jacobian, so that the
density is the same and only the coordinates differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
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


class OrderedRuns(Transform):
    """Numbers that rise within each of several runs: the first one, and logs of the steps.

    Parameters
    ----------
    runs : sequence of slice
        They follow one another and cover the vector.
    """

    name = "ordered"
    ndim_supp = 1

    def __init__(self, runs: Sequence[slice]):
        sizes = [run.stop - run.start for run in runs]
        run = np.repeat(np.arange(len(sizes)), sizes)
        step = np.concatenate([np.arange(size) for size in sizes])
        self.first = step == 0
        self.before = np.maximum(np.arange(len(run)) - 1, 0)
        self.grid = np.full((len(sizes), max(sizes)), len(run))
        self.grid[run, step] = np.arange(len(run))
        self.back = run * max(sizes) + step

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return the first number of each run, and logs of the steps."""
        step = pt.where(self.first, np.float64(1), value - value[..., self.before])
        return pt.where(self.first, value, pt.log(step))

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return the rising numbers."""
        steps = pt.where(self.first, value, pt.exp(pt.where(self.first, np.float64(0), value)))
        padded = pt.concatenate([steps, pt.zeros_like(steps[..., :1])], axis=-1)
        sums = pt.cumsum(padded[..., self.grid], axis=-1)
        return sums.flatten(ndim=value.ndim)[..., self.back]

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the sum of the logs of the steps."""
        return pt.where(self.first, np.float64(0), value).sum(axis=-1)


def _factor(inputs: tuple[Any, ...]) -> Any:
    covariance = inputs[-1]
    return pt.linalg.cholesky(covariance[0] if covariance.ndim > 2 else covariance)
