"""Functions of a formula: what each learns from the training rows and replays on new ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.table.tables import rows_where
from bayes_glmm.design.terms import splines
from bayes_glmm.errors import DataError

type Array = NDArray[np.float64]
type State = Mapping[str, tuple[float, ...]]
type Options = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Site:
    """Where a transform is applied: its text and the rows, for messages.

    Attributes
    ----------
    text : str
        The call as written, such as ``"log(days)"``.
    index : pandas.Index
        Index of the table.
    """

    text: str
    index: pd.Index

    def refuse(self, mask: NDArray[np.bool_], problem: str) -> None:
        """Raise a :class:`DataError` that names the rows of the mask, if there are any."""
        if mask.any():
            raise DataError(f"{self.text}: {problem} in {rows_where(self.index, mask)}.")


@dataclass(frozen=True)
class Transform:
    """A function that formulas know.

    Attributes
    ----------
    options : tuple of str
        Options in the order of positional arguments after the first.
    learn : callable
        ``(x, options, site) -> state`` on the training rows.
    apply : callable
        ``(x, state, site) -> array`` of shape (n_rows,) or (n_rows, n_columns).
    wide : bool
        Whether there may be several columns.
    """

    options: tuple[str, ...]
    learn: Callable[[Array, Options, Site], State]
    apply: Callable[[Array, State, Site], Array]
    wide: bool = False


def _nothing(x: Array, options: Options, site: Site) -> State:
    return {}


def _log(x: Array, state: State, site: Site) -> Array:
    site.refuse(x <= 0, "the logarithm needs positive values, but there are zero or negative ones")
    return np.log(x)


def _exp(x: Array, state: State, site: Site) -> Array:
    site.refuse(x > 700.0, "the exponential overflows: rescale the column")
    return np.exp(x)


def _sqrt(x: Array, state: State, site: Site) -> Array:
    site.refuse(x < 0, "the square root needs values of at least zero, but there are negative ones")
    return np.sqrt(x)


def _learn_center(x: Array, options: Options, site: Site) -> State:
    return {"mean": (float(np.mean(x)),)}


def _center(x: Array, state: State, site: Site) -> Array:
    return x - state["mean"][0]


def _learn_scale(x: Array, options: Options, site: Site) -> State:
    sd = float(np.std(x, ddof=1)) if len(x) > 1 else 0.0
    if not sd > 0 or np.ptp(x) == 0:
        raise DataError(f"{site.text}: all values are equal, there is no spread to divide by.")
    return {"mean": (float(np.mean(x)),), "sd": (sd,)}


def _scale(x: Array, state: State, site: Site) -> Array:
    return (x - state["mean"][0]) / state["sd"][0]


def polynomial_state(x: Array, degree: int) -> State:
    """Learn the recurrence of the polynomials orthogonal on the values of ``x``.

    Parameters
    ----------
    x : ndarray, shape (n_rows,)
        With more than ``degree`` distinct values.
    degree : int

    Returns
    -------
    State
        Location and scale of ``x``, then shifts ``alpha`` and squared norms.
    """
    mean, sd = float(np.mean(x)), float(np.std(x))
    z = (x - mean) / sd
    before, current = np.zeros_like(z), np.ones_like(z)
    alpha, norms = [], [float(len(z))]
    for k in range(degree):
        alpha.append(float(np.sum(z * current**2) / norms[k]))
        ratio = norms[k] / norms[k - 1] if k else 0.0
        before, current = current, (z - alpha[k]) * current - ratio * before
        norms.append(float(np.sum(current**2)))
    return {"location": (mean, sd), "alpha": tuple(alpha), "norms": tuple(norms)}


def orthogonal_polynomials(x: Array, state: State) -> Array:
    """Return the learned polynomials of degree one and more at ``x``.

    Columns are orthonormal and sum to zero over the training rows; the leading
    coefficients are positive.

    Returns
    -------
    ndarray, shape (n_rows, degree)
    """
    (mean, sd), alpha, norms = state["location"], state["alpha"], state["norms"]
    z = (x - mean) / sd
    before, current = np.zeros_like(z), np.ones_like(z)
    columns = np.empty((len(z), len(alpha)))
    for k, shift in enumerate(alpha):
        ratio = norms[k] / norms[k - 1] if k else 0.0
        before, current = current, (z - shift) * current - ratio * before
        columns[:, k] = current / np.sqrt(norms[k + 1])
    return columns


def _learn_poly(x: Array, options: Options, site: Site) -> State:
    degree = _count(options, "degree", 1, site)
    distinct = len(np.unique(x))
    if distinct <= degree:
        raise DataError(
            f"{site.text}: a polynomial of degree {degree} needs more than {degree} distinct "
            f"values, there are {distinct}."
        )
    return polynomial_state(x, degree)


def _poly(x: Array, state: State, site: Site) -> Array:
    return orthogonal_polynomials(x, state)


def _learn_bs(x: Array, options: Options, site: Site) -> State:
    degree = _count(options, "degree", 3, site)
    if "knots" in options:
        inner = tuple(sorted(options["knots"]))
        if not (np.min(x) < inner[0] and inner[-1] < np.max(x)):
            raise DataError(
                f"{site.text}: inner knots must lie inside the data, "
                f"between {np.min(x):g} and {np.max(x):g}."
            )
    else:
        df = _count(options, "df", degree, site)
        if df < degree:
            raise DataError(f"{site.text}: df must be at least the degree, {degree}.")
        inner = splines.quantile_knots(x, df - degree)
    _distinct(x, (float(np.min(x)), *inner, float(np.max(x))), len(inner) + degree, site)
    return {
        "degree": (float(degree),),
        "inner": inner,
        "boundary": (float(np.min(x)), float(np.max(x))),
    }


def _bs(x: Array, state: State, site: Site) -> Array:
    low, high = state["boundary"]
    site.refuse(
        (x < low) | (x > high),
        f"a B-spline is not defined outside the training range, {low:g} to {high:g}; "
        "cr() continues in a straight line; values outside",
    )
    return splines.b_splines(x, int(state["degree"][0]), state["inner"], (low, high))


def _learn_cr(x: Array, options: Options, site: Site) -> State:
    df = _count(options, "df", 3, site)
    values = np.unique(x)
    knots = (float(values[0]), *splines.quantile_knots(values, df - 1), float(values[-1]))
    _distinct(x, knots, df, site)
    return {"knots": knots, "constraint": splines.centring(splines.natural_splines(x, knots))}


def _cr(x: Array, state: State, site: Site) -> Array:
    knots = state["knots"]
    constraint = np.reshape(state["constraint"], (len(knots), len(knots) - 1))
    basis, found = splines.natural_splines(x, knots), np.zeros((len(x), len(knots) - 1))
    for k, row in enumerate(constraint):  # not a matrix product: its rounding varies with n_rows
        found += basis[:, [k]] * row
    return found


def _distinct(x: Array, knots: tuple[float, ...], df: int, site: Site) -> None:
    distinct = len(np.unique(x))
    if distinct <= df or np.any(np.diff(knots) <= 0):
        raise DataError(
            f"{site.text}: too few distinct values ({distinct}) for {df} columns: "
            "use a smaller df, or the column itself."
        )


def _count(options: Options, name: str, default: int, site: Site) -> int:
    value = options.get(name, (float(default),))
    if len(value) != 1 or not value[0].is_integer() or not 1 <= value[0] <= 100:
        raise DataError(f"{site.text}: {name} must be a whole number from 1 to 100.")
    return int(value[0])


_STANDARDIZE = Transform((), _learn_scale, _scale)

TRANSFORMS: dict[str, Transform] = {
    "log": Transform((), _nothing, _log),
    "exp": Transform((), _nothing, _exp),
    "sqrt": Transform((), _nothing, _sqrt),
    "center": Transform((), _learn_center, _center),
    "scale": _STANDARDIZE,
    "standardize": _STANDARDIZE,
    "poly": Transform(("degree",), _learn_poly, _poly, wide=True),
    "bs": Transform(("df", "degree", "knots"), _learn_bs, _bs, wide=True),
    "cr": Transform(("df",), _learn_cr, _cr, wide=True),
}
"""The functions of a formula by name; ``C`` and ``offset`` are read elsewhere."""
