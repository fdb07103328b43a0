"""Polygons from lists of coordinates and from well-known binary, without following nesting."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import DataError

CORNERS = 4
"""Points of the smallest ring, the first of them twice."""


def polygon_of(parts: Any, where: str) -> Any:
    """Return a polygon, or several, from lists of rings of points.

    Parameters
    ----------
    parts : list of list of list of list of float
        Parts, each an outer ring and its holes, as GeoJSON writes them.
    where : str
        Of the map, for messages.

    Raises
    ------
    DataError
        They are no rings of finite points.
    """
    shapely = import_module("shapely")
    if not isinstance(parts, list):
        raise DataError(f"The shape of {where} has no coordinates.")
    try:
        polygons = [
            _polygon(shapely, [_ring(ring, where) for ring in part]) for part in parts if part
        ]
    except TypeError as error:
        raise DataError(f"The shape of {where} has no rings of points.") from error
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _polygon(shapely: Any, rings: list[NDArray[np.float64]]) -> Any:
    return shapely.Polygon(rings[0], rings[1:])


def _ring(points: Any, where: str) -> NDArray[np.float64]:
    try:
        found = np.array([(p[0], p[1]) for p in points], dtype=np.float64)
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise DataError(f"The shape of {where} has a ring that is no list of points.") from error
    if len(found) < CORNERS or not np.isfinite(found).all():
        raise DataError(
            f"The shape of {where} has a ring of {len(found)} points, or infinite ones: a ring "
            f"has {CORNERS} finite points or more."
        )
    return found


def polygons_of_wkb(content: bytes, where: str) -> Any:
    """Return the polygon, or polygons, of well-known binary; ``None`` of nothing.

    Raises
    ------
    DataError
        It is damaged, or another shape.
    """
    if not content:
        return None
    reader = _Reader(content, where)
    kind = reader.begin()
    if kind == 3:
        return polygon_of([reader.rings()], where)
    if kind != 6:
        raise DataError(
            f"The shape of {where} is no polygon (type {kind}): who borders whom needs polygons."
        )
    parts = []
    for _ in range(reader.number(CORNERS)):
        if reader.begin() != 3:
            raise DataError(f"The shape of {where} is damaged: a part of it is no polygon.")
        parts.append(reader.rings())
    return polygon_of(parts, where)


class _Reader:
    """A place in well-known binary that moves on as it is read."""

    def __init__(self, content: bytes, where: str):
        self.content, self.where, self.place = content, where, 0
        self.order, self.width = "<", 2

    def begin(self) -> int:
        """Read byte order and type; return the type without its dimensions."""
        self.order = "<" if self._take(1)[0] else ">"
        code = self._whole()
        plain, dims = code & 0x0FFFFFFF, (code >> 31 & 1) + (code >> 30 & 1)
        if code >> 29 & 1:
            self._take(4)
            plain &= 0x1FFFFFFF
        extra = {0: 0, 1: 1, 2: 1, 3: 2}.get(plain // 1000)
        if extra is None:
            raise DataError(f"The shape of {self.where} has the unknown type {code}.")
        self.width = 2 + dims + extra
        return plain % 1000

    def number(self, each: int) -> int:
        """Read a count, refusing more than the rest of the content holds."""
        found = self._whole()
        if found * each > len(self.content) - self.place:
            raise DataError(f"The shape of {self.where} is cut short.")
        return found

    def rings(self) -> list[Any]:
        """Read a polygon's rings, shape (n_points, 2) each."""
        found = []
        for _ in range(self.number(CORNERS)):
            n = self.number(8 * self.width)
            values = np.frombuffer(self._take(8 * self.width * n), f"{self.order}f8")
            found.append(values.reshape(n, self.width)[:, :2].astype(np.float64))
        return found

    def _whole(self) -> int:
        return int(np.frombuffer(self._take(4), f"{self.order}u4")[0])

    def _take(self, n: int) -> bytes:
        found = self.content[self.place : self.place + n]
        if len(found) < n:
            raise DataError(f"The shape of {self.where} is cut short.")
        self.place += n
        return found
