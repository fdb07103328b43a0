"""Maps from files, by what stands in them alone: GeoJSON, GeoPackage and shapefiles.

GDAL opens whatever a file names, other files and addresses too, whatever the file's own
name is. So GeoJSON and GeoPackage are read here, and of a shapefile GDAL gets only the
bytes of its parts. Who borders whom needs no reference system: none is read.
"""

from __future__ import annotations

import io
import json
import sqlite3
import warnings
import zipfile
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from bayes_glmm.errors import DataError, MissingDependencyError, listed
from bayes_glmm.structures.file_contents import TABLE, read_bytes, refuse_twice, text_in
from bayes_glmm.structures.polygons import polygon_of, polygons_of_wkb

BRACKETS = 5_000_000
"""Opening brackets of a GeoJSON file: about its number of points."""
STEPS = 20_000
"""Times 10,000 steps of SQLite's machine that a GeoPackage may take."""
SHAPEFILE = (".shp", ".shx", ".dbf", ".cpg")
POLYGONS = (5, 15, 25)


def read_map(path: Path) -> Any:
    """Read a map of polygons as a GeoDataFrame without a reference system.

    Raises
    ------
    DataError
        The file is not what its name says, holds other shapes than polygons, or more
        than is read.
    MissingDependencyError
        geopandas is not installed.
    """
    try:
        frame = import_module("geopandas").GeoDataFrame
    except ImportError as error:
        raise MissingDependencyError(
            'Maps are read by geopandas: pip install "bayes_glmm[spatial]", or give a table with '
            "two columns of neighbours."
        ) from error
    return MAPS[path.suffix.lower()](path, frame)


def _geojson(path: Path, frame: Any) -> Any:
    text = text_in(read_bytes(path), path.name)
    if text.count("[") + text.count("{") > BRACKETS:
        raise DataError(
            f"{path.name} holds more than {BRACKETS:,} brackets, the most that are read: simplify "
            "the shapes, or give a table with two columns of neighbours."
        )
    if not text.lstrip().startswith("{"):
        raise DataError(f"{path.name} is no GeoJSON: it does not begin with a brace.")
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name} is no GeoJSON ({error}).") from error
    features = whole.get("features")
    if whole.get("type") != "FeatureCollection" or not isinstance(features, list) or not features:
        raise DataError(
            f"{path.name} is no GeoJSON map: it needs type 'FeatureCollection' and features."
        )
    rows, shapes = [], []
    for number, feature in enumerate(features, 1):
        plain = feature if isinstance(feature, dict) else {}
        own, geometry = plain.get("properties") or {}, plain.get("geometry")
        if plain.get("type") != "Feature" or not isinstance(own, dict):
            raise DataError(f"{path.name}: feature {number} is no feature of a map.")
        rows.append({**({"id": plain["id"]} if "id" in plain else {}), **own})
        shapes.append(None if geometry is None else _shape(geometry, number))
    columns = list(dict.fromkeys(key for row in rows for key in row if key != "geometry"))
    table = {key: [row.get(key) for row in rows] for key in columns}
    return frame(table, geometry=shapes)


def _shape(geometry: Any, number: int) -> Any:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise DataError(
            f"The map holds {str(kind)[:40]!r} in feature {number}: who borders whom needs polygons. "
            "Places that are points have neighbours by bg.nearest_neighbours()."
        )
    parts = geometry.get("coordinates")
    return polygon_of([parts] if kind == "Polygon" else parts, f"feature {number}")


def _geopackage(path: Path, frame: Any) -> Any:
    content = bytearray(read_bytes(path))
    if not content.startswith(b"SQLite format 3\0") or len(content) < 100:
        raise DataError(f"{path.name} is no GeoPackage.")
    content[18:20] = b"\1\1"  # a journal beside the file is not read
    try:
        with closing(sqlite3.connect(":memory:")) as base:
            base.deserialize(bytes(content))
            return _layer(base, path.name, frame)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name} is no GeoPackage that can be read ({error}).") from error


def _layer(base: sqlite3.Connection, file: str, frame: Any) -> Any:
    left = [STEPS]

    def tick() -> int:
        left[0] -= 1
        return int(left[0] < 0)

    base.execute("PRAGMA trusted_schema = OFF")
    base.set_progress_handler(tick, 10_000)
    base.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, TABLE)
    base.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    layers = base.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchmany(99)
    if len(layers) != 1 or not all(isinstance(v, str) for v in layers[0]):
        raise DataError(
            f"{file} holds {len(layers)} layers of shapes ({listed(n for n, _ in layers)}): write "
            "one to a file of its own."
        )
    name, column = layers[0]
    made = base.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    if made is None or made[0] != "table" or "virtual" in str(made[1]).casefold().split("(")[0]:
        raise DataError(f"{file}: the layer {name!r} is no table.")
    quoted = name.replace('"', '""')
    found = base.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 (quoted, and read only)
    names, rows, size = [d[0] for d in found.description], [], 0
    for row in found:
        size += sum(len(v) if isinstance(v, str | bytes) else 8 for v in row)
        if size > TABLE:
            raise DataError(f"{file} holds more than {TABLE >> 20} MiB, the most that is read.")
        rows.append(row)
    refuse_twice(names, file)
    if column not in names or not rows:
        raise DataError(f"{file}: the layer {name!r} has no shapes in {column!r}.")
    place = names.index(column)
    shapes = [polygons_of_wkb(_wkb(row[place], i), f"row {i}") for i, row in enumerate(rows, 1)]
    table = {n: [row[i] for row in rows] for i, n in enumerate(names) if n != column}
    table.pop("geometry", None)
    return frame(table, geometry=shapes)


def _wkb(blob: Any, number: int) -> bytes:
    """Return the shape behind GeoPackage's own header; empty for none."""
    if blob is None:
        return b""
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8:
        raise DataError(f"The shape in row {number} is none of a GeoPackage.")
    envelope = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}.get(blob[3] >> 1 & 7)
    if envelope is None:
        raise DataError(f"The shape in row {number} has an unknown envelope.")
    return b"" if blob[3] & 16 else blob[8 + envelope :]


def _shapefile(path: Path, frame: Any) -> Any:
    """Hand the bytes of the parts to GDAL, packed, after a look at what they are."""
    shp = read_bytes(path)
    if shp[:4] != b"\0\0\x27\x0a" or len(shp) < 100:
        raise DataError(f"{path.name} is no shapefile.")
    if int.from_bytes(shp[32:36], "little") not in POLYGONS:
        raise DataError(
            f"{path.name} holds no polygons, which who borders whom needs. Places that are points "
            "have neighbours by bg.nearest_neighbours()."
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("map.shp", shp)
        for end in SHAPEFILE[1:]:
            beside = next(
                (p for e in (end, end.upper()) if (p := path.with_suffix(e)).is_file()), None
            )
            if beside is None and end != ".cpg":
                raise DataError(f"{path.name}: there is no {path.stem}{end} beside it.")
            if beside is not None:
                archive.writestr(f"map{end}", read_bytes(beside))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            about, _, given, values = import_module("pyogrio.raw").read(packed.getvalue())
    except (ValueError, RuntimeError, TypeError) as error:
        raise DataError(f"{path.name} is no shapefile that can be read ({error}).") from error
    if given is None or not len(given):
        raise DataError(f"{path.name} has no shapes.")
    shapes = [polygons_of_wkb(wkb or b"", f"row {i}") for i, wkb in enumerate(given, 1)]
    refuse_twice(list(about["fields"]), path.name)
    return frame(dict(zip(about["fields"], values, strict=True)), geometry=shapes)


MAPS: dict[str, Callable[[Path, Any], Any]] = {
    ".geojson": _geojson,
    ".json": _geojson,
    ".gpkg": _geopackage,
    ".shp": _shapefile,
}
"""How a map is read, by the end of its name."""
