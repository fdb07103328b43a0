"""Coordinates for samplers, as PyMC transforms of the readable graph's variables.

The graph states each variable on the scale that is reported. These transforms give samplers
a standardised variable and its Jacobian: the density is the same, only the coordinates differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
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
    """``z = (x - location) / scale**(1 - share)``, with the data's share of information.

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
        """Return the logarithm of a coordinate's factor."""
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


class Informed(Transform):
    r"""Coordinates of effects on which the rows have known information.

    With sd :math:`\sigma`, factor :math:`L` of the correlations and information :math:`w` of
    the rows, :math:`u = \tau ((1 - s) L y + s y)` where :math:`\tau^{-2} = \sigma^{-2} + w` and
    :math:`s = w \tau^2`: standardised effects without information, the effects themselves with
    much of it, at any :math:`\sigma`.

    Parameters
    ----------
    weight : ndarray, shape (n_levels, n_terms)
        Information, in inverse squares of the effects' unit.
    correlated : bool
        Whether rows of the variable are multivariate.
    """

    name = "informed"

    def __init__(self, weight: NDArray[np.float64], correlated: bool):
        self.weight = weight
        self.correlated = correlated
        self.ndim_supp = int(correlated)

    def _parts(self, inputs: tuple[Any, ...]) -> tuple[Any, Any, Any]:
        """Return sds, the shares of information from the data, and the factor of the correlations."""
        if not self.correlated:
            return inputs[-1], self._data_shares(inputs[-1]), None
        chol = _factor(inputs)
        sd = pt.sqrt((chol**2).sum(axis=1))
        return sd, self._data_shares(sd), chol / sd[:, None]

    def _data_shares(self, sd: Any) -> Any:
        precision = pt.as_tensor(self.weight) * sd**2
        return precision / (np.float64(1) + precision)

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return the coordinates."""
        sd, shares, L = self._parts(inputs)
        free = np.float64(1) - shares
        scaled = value / (sd * pt.sqrt(free))
        if L is None:
            return scaled
        coordinates: list[Any] = []
        for t in range(self.weight.shape[1]):
            before = sum((L[t, k] * y for k, y in enumerate(coordinates)), start=np.float64(0))
            pivot = free[:, t] * L[t, t] + shares[:, t]
            coordinates.append((scaled[:, t] - free[:, t] * before) / pivot)
        return pt.stack(coordinates, axis=1)

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return the variable on its own scale."""
        sd, shares, L = self._parts(inputs)
        free = np.float64(1) - shares
        mixed = value if L is None else free * (value @ L.T) + shares * value
        return sd * pt.sqrt(free) * mixed

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the logarithm of the coordinates' factors, summed over each row."""
        sd, shares, L = self._parts(inputs)
        free = np.float64(1) - shares
        scale = pt.log(sd) + np.float64(0.5) * pt.log(free)
        if L is None:
            return pt.broadcast_to(scale, value.shape)
        return (scale + pt.log(free * pt.diagonal(L) + shares)).sum(axis=1)


class Turned(Transform):
    """Coordinates reflected so that the first one is a given direction of the levels.

    Data inform the levels' mean far less than their differences. As a coordinate of its own,
    the mean gets its own step size. The map is a Householder reflection: it leaves the
    distribution of independent standard normal coordinates unchanged.

    Parameters
    ----------
    inner : Transform or None
        The coordinates that are turned, along their first axis; None for the variable itself.
    direction : ndarray, shape (n_levels,)
        Not all zero.
    """

    def __init__(self, inner: Transform | None, direction: NDArray[np.float64]):
        self.inner = inner
        self.name = "turned" if inner is None else f"{inner.name}_turned"
        self.ndim_supp = 0 if inner is None else inner.ndim_supp
        across = direction / np.sqrt(direction @ direction)
        across[0] += 1.0 if across[0] >= 0 else -1.0
        self.across = across
        self.twice = np.float64(2 / (across @ across))

    def _turn(self, value: Any) -> Any:
        across = pt.as_tensor(self.across)
        return value - across[:, None] * (self.twice * (across @ value))

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return the turned coordinates."""
        return self._turn(value if self.inner is None else self.inner.forward(value, *inputs))

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return the variable on its own scale."""
        value = self._turn(value)
        return value if self.inner is None else self.inner.backward(value, *inputs)

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return that of the inner coordinates: a reflection has none of its own."""
        if self.inner is None:
            return pt.zeros_like(value)
        return self.inner.log_jac_det(self._turn(value), *inputs)


class OrderedRuns(Transform):
    """Numbers that increase within each run: the first number, and logs of the steps.

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
