"""Gaussian processes over the coordinates of levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    MissingDataError,
    listed,
    suggestion,
)
from bayes_glmm.maths.kernels import DISTANCES, KERNELS, embed, measure
from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.model.blocks.factor import Factor, Hyper
from bayes_glmm.spec.priors import Prior
from bayes_glmm.structures.earlier_neighbours import nearest_factor
from bayes_glmm.structures.level_labels import text_of
from bayes_glmm.structures.neighbours import nearest_pairs
from bayes_glmm.structures.spatial_fields import box_of, exact_factor, wave_factor
from bayes_glmm.structures.structure import Structure

METHODS = ("auto", "exact", "hsgp", "nearest")
EXACT = 100
"""Places up to which ``"auto"`` is exact."""
NEAREST = 6
"""Neighbours of a place where residuals are compared with those nearby."""


def coordinates(
    x: str,
    y: str,
    kernel: Literal["exponential", "matern32", "matern52", "gaussian"] = "matern32",
    method: Literal["auto", "exact", "hsgp", "nearest"] = "auto",
    *,
    distance: Literal["plane", "great_circle", "chord"] = "plane",
) -> Coordinates:
    r"""Relate levels by their places: a Gaussian process over a plane or the earth.

    With :math:`a` the distance divided by the parameter ``range``, which is in the unit
    of the coordinates, the correlation is :math:`e^{-a}` (``"exponential"``),
    :math:`(1 + \sqrt3 a) e^{-\sqrt3 a}` (``"matern32"``),
    :math:`(1 + \sqrt5 a + 5a^2/3) e^{-\sqrt5 a}` (``"matern52"``) or :math:`e^{-a^2/2}`
    (``"gaussian"``), and the variance one. For numerical stability, a share between
    1e-10 (exponential) and 1e-6 (gaussian) of it is each place's own. Levels at one
    place share its effect.

    The default prior of ``range`` is log-normal, with 95 % of its mass between the
    median distance to the nearest other place and the diagonal of the map.

    Parameters
    ----------
    x, y : str
        Columns of the data, one place for all rows of a level; with
        ``distance="great_circle"`` or ``"chord"``, longitude and latitude in degrees.
    kernel : {"matern32", "exponential", "matern52", "gaussian"}
    method : {"auto", "exact", "nearest", "hsgp"}
        ``"exact"`` costs the cube of the number of places at every step of the sampler;
        ``"nearest"`` conditions each place on its 15 nearest among those before it in
        a fixed shuffled order, and costs a multiple of the number of places; ``"hsgp"``
        is a sum of waves for smooth fields with a range of an eighth of the map or
        more. ``"auto"`` is exact up to 100 places and ``"nearest"`` above.
    distance : {"plane", "great_circle", "chord"}
        ``"great_circle"`` (km) is along the earth's surface and takes the exponential
        kernel only, as the others are no covariances on a sphere; ``"chord"`` (km) is
        straight through it, which is less than 0.1 % shorter up to 900 km.

    Returns
    -------
    Coordinates
        For ``structures=``.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        A choice is unknown, or the choices do not go together.

    References
    ----------
    .. [1] Gneiting T (2013). Strictly and non-strictly positive definite functions on
       spheres. doi:10.3150/12-BEJSP06
    .. [2] Datta A, Banerjee S, Finley AO, Gelfand AE (2016). Hierarchical
       nearest-neighbor Gaussian process models for large geostatistical datasets.
       doi:10.1080/01621459.2015.1044091

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame({"village": ["a", "b", "a"], "km_e": [0, 3, 0], "km_n": [0, 4, 0]})
    >>> structure = bg.coordinates("km_e", "km_n", kernel="exponential").bind(table, "village")
    >>> structure.prepare(structure.labels).covariance({"range": 5.0}).round(3)
    array([[1.   , 0.368],
           [0.368, 1.   ]])
    """
    for name, value, known in (
        ("kernel", kernel, tuple(KERNELS)),
        ("method", method, METHODS),
        ("distance", distance, DISTANCES),
    ):
        if value not in known:
            raise ArgumentError(f"There is no {name} {value!r}." + suggestion(str(value), known))
    if not isinstance(x, str) or not isinstance(y, str):
        raise ArgumentTypeError("Coordinates are given by the names of two columns of the data.")
    if distance == "great_circle" and kernel != "exponential":
        raise ArgumentError(
            f"The {kernel} kernel of great-circle distances is no covariance: use "
            "distance='chord', or kernel='exponential'."
        )
    if method == "hsgp" and (distance != "plane" or kernel == "exponential"):
        raise ArgumentError(
            "method='hsgp' takes places in the plane and a smoother kernel than the exponential: "
            "use method='exact' or 'nearest', or project the coordinates."
        )
    return Coordinates(np.array([], dtype=np.str_), x, y, kernel, method, distance)


@dataclass(frozen=True, eq=False, repr=False)
class Coordinates(Structure):
    """Levels at places.

    Attributes
    ----------
    labels : ndarray of str
        Levels, sorted; none before :meth:`bind`.
    x, y, kernel, method, distance : str
    points : ndarray, shape (n_labels, 2)
        Places, in the unit of the data.
    span : tuple of float
        Lowest and highest range that the default prior expects.
    box : ndarray, shape (3, 2), or None
        Centre, half edges and numbers of waves (HSGP).
    """

    kind: ClassVar[str] = "coordinates"
    x: str
    y: str
    kernel: str
    method: str
    distance: str
    points: Array = field(default_factory=lambda: np.zeros((0, 2)))
    span: tuple[float, float] = (0.1, 10.0)
    box: Array | None = None

    @property
    def columns(self) -> tuple[str, str]:
        """Columns of the data that the structure is read from."""
        return self.x, self.y

    @property
    def hyper(self) -> tuple[Hyper, ...]:
        """``range``, in the unit of the coordinates, or km on the earth."""
        low, high = np.log(self.span)
        prior = Prior("LogNormal", mu=float(low + high) / 2, sigma=float(high - low) / 4)
        unit = f"units of {self.x}" if self.distance == "plane" else "km"
        return (Hyper("range", "positive", prior, f"distance over which effects agree, {unit}"),)

    @property
    def neighbours(self) -> NDArray[np.int64]:
        """Levels among the six nearest of one another."""
        places = embed(self.points, self.distance)
        return nearest_pairs(places, min(NEAREST, len(places) - 1))

    def bind(self, data: pd.DataFrame, column: str) -> Coordinates:
        """Return the structure with the places of the levels of a table."""
        labels, points = self._places(data, column)
        distinct = np.unique(points, axis=0)
        if len(distinct) < 2:
            raise DataError(
                f"All levels of {column!r} are at one place ({self.x}, {self.y}): nothing can be "
                "said about distance."
            )
        method = self.method
        if method == "auto":
            method = "exact" if len(distinct) <= EXACT else "nearest"
        box = box_of(points, self.kernel) if method == "hsgp" else None
        low, high = _span(embed(distinct, self.distance), self.distance)
        if box is not None:
            low = max(low, float(box[1].max()) / 10)
        span = low, max(high, 4 * low)
        return replace(self, labels=labels, points=points, method=method, span=span, box=box)

    def prepare(self, levels: Text, sampled: Text | None = None) -> Factor:
        """Return the map from latents of places, or of waves, to the levels' effects."""
        points = self.points[self.require(levels)]
        if self.box is not None:
            return wave_factor(levels, points, self.kernel, self.box)
        make = exact_factor if self.method == "exact" else nearest_factor
        return make(levels, points, self.kernel, self.distance, sampled)

    def extend(self, levels: Text, data: pd.DataFrame, column: str) -> Coordinates:
        """Return the structure with further levels at the places in their rows."""
        labels, points = self._places(data, column)
        chosen = np.isin(labels, levels)
        labels = np.concatenate([self.labels, labels[chosen]])
        points = np.concatenate([self.points, points[chosen]])
        order = np.argsort(labels)
        return replace(self, labels=labels[order], points=points[order])

    def notes(self) -> tuple[str, ...]:
        """Say how many places there are and how the field over them is computed."""
        n = len(np.unique(self.points, axis=0))
        shared = len(self.labels) - n
        way = {"exact": "exactly", "nearest": "by nearest neighbours", "hsgp": "by waves"}
        return (
            f"{len(self.labels)} levels are at {n} places"
            + (f", {shared} of them at another's place, whose effect they share" if shared else "")
            + f"; the field is computed {way.get(self.method, self.method)}.",
        )

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return levels, places and every choice."""
        options = [self.x, self.y, self.kernel, self.method, self.distance]
        arrays = {
            "labels": self.labels,
            "points": self.points,
            "options": np.array(options, dtype=np.str_),
            "span": np.array(self.span),
        }
        return arrays if self.box is None else {**arrays, "box": self.box}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Coordinates:
        """Read what :meth:`to_arrays` wrote."""
        x, y, kernel, method, distance = (str(v) for v in arrays["options"])
        if kernel not in KERNELS or method not in METHODS or distance not in DISTANCES:
            raise ValueError((kernel, method, distance))
        low, high = (float(v) for v in arrays["span"])
        labels = np.asarray(arrays["labels"], dtype=np.str_)
        points = np.asarray(arrays["points"], dtype=np.float64).reshape(-1, 2)
        return cls(
            labels, x, y, kernel, method, distance, points, (low, high), arrays.get("box")
        )  # fmt: skip

    def _places(self, data: pd.DataFrame, column: str) -> tuple[Text, Array]:
        """Return the levels of a table, sorted, and the one place of each."""
        absent = [name for name in self.columns if name not in data.columns]
        if absent:
            raise MissingDataError(
                f"The places of {column!r} are in the columns {listed(self.columns)}, and the "
                f"data lack {listed(absent)}." + suggestion(absent[0], list(map(str, data.columns)))
            )
        owner = np.array([text_of(v) for v in data[column]], dtype=np.str_)
        values = np.stack([_numbers(data[name], name) for name in self.columns], axis=1)
        if self.distance != "plane":
            _check_degrees(values, self.columns)
        rows = pd.DataFrame({"level": owner, "x": values[:, 0], "y": values[:, 1]})
        rows = rows.drop_duplicates().sort_values("level", kind="stable")
        several = rows["level"][rows["level"].duplicated()].unique().tolist()
        if several:
            raise DataError(
                f"Levels of {column!r} have rows at different places: {listed(map(repr, several))}. "
                "Every row of a level has one and the same place; give each place its own level."
            )
        return rows["level"].to_numpy(dtype=np.str_), rows[["x", "y"]].to_numpy(np.float64) + 0.0


def _numbers(column: pd.Series, name: str) -> Array:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise DataError(f"The coordinate {name!r} must hold numbers, not {column.dtype}.")
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise MissingDataError(
            f"The coordinate {name!r} is missing or infinite in rows "
            f"{listed(column.index[wrong])}. Give the places, or leave these rows out."
        )
    return values


def _check_degrees(values: Array, columns: tuple[str, str]) -> None:
    for name, limit, v in zip(columns, (360.0, 90.0), values.T, strict=True):
        if np.abs(v).max() > limit:
            raise DataError(
                f"{name!r} has {v[np.abs(v).argmax()]:g}, which is no degree: distances on the "
                "earth take x= longitude and y= latitude in degrees. Projected coordinates are "
                "in the plane."
            )


def _span(places: Array, distance: str) -> tuple[float, float]:
    """Return the median distance to the nearest other place, and the map's diagonal."""
    from scipy.spatial import cKDTree

    near = cKDTree(places).query(places, 2)[0][:, 1]
    across = np.linalg.norm(places.max(axis=0) - places.min(axis=0))
    low, high = measure(np.array([np.median(near), across]), distance).tolist()
    return max(low, 1e-6 * high), high
