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


class Informed(Transform):
    r"""Coordinates of effects of which the rows tell a known amount.

    With sd :math:`\sigma`, factor :math:`L` of the correlations and information :math:`w` of
    the rows, :math:`u = \tau ((1 - s) L y + s y)` where :math:`\tau^{-2} = \sigma^{-2} + w` and
    :math:`s = w \tau^2`: standardised effects where rows tell nothing, the effects
    themselves where they tell all, at any :math:`\sigma`.

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
        """Return sds, shares told, and the factor of the correlations."""
        if not self.correlated:
            return inputs[-1], self._told(inputs[-1]), None
        chol = _factor(inputs)
        sd = pt.sqrt((chol**2).sum(axis=1))
        return sd, self._told(sd), chol / sd[:, None]

    def _told(self, sd: Any) -> Any:
        precision = pt.as_tensor(self.weight) * sd**2
        return precision / (np.float64(1) + precision)

    def forward(self, value: Any, *inputs: Any) -> Any:
        """Return the coordinates."""
        sd, told, L = self._parts(inputs)
        free = np.float64(1) - told
        scaled = value / (sd * pt.sqrt(free))
        if L is None:
            return scaled
        found: list[Any] = []
        for t in range(self.weight.shape[1]):
            before = sum((L[t, k] * y for k, y in enumerate(found)), start=np.float64(0))
            own = free[:, t] * L[t, t] + told[:, t]
            found.append((scaled[:, t] - free[:, t] * before) / own)
        return pt.stack(found, axis=1)

    def backward(self, value: Any, *inputs: Any) -> Any:
        """Return the variable on its own scale."""
        sd, told, L = self._parts(inputs)
        free = np.float64(1) - told
        mixed = value if L is None else free * (value @ L.T) + told * value
        return sd * pt.sqrt(free) * mixed

    def log_jac_det(self, value: Any, *inputs: Any) -> Any:
        """Return the logarithm of what coordinates are multiplied by, for each row."""
        sd, told, L = self._parts(inputs)
        free = np.float64(1) - told
        scale = pt.log(sd) + np.float64(0.5) * pt.log(free)
        if L is None:
            return pt.broadcast_to(scale, value.shape)
        return (scale + pt.log(free * pt.diagonal(L) + told)).sum(axis=1)


class Turned(Transform):
    """Other coordinates, turned so that one direction of the levels is the first of them.

    What all levels have in common is known far less well than how they differ. In a
    coordinate of its own it gets a step of its own. The turn is a reflection, and leaves
    independent standard normal coordinates as they are.

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
        """Return that of the coordinates that are turned."""
        if self.inner is None:
            return pt.zeros_like(value)
        return self.inner.log_jac_det(self._turn(value), *inputs)


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
