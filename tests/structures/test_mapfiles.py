"""Maps from files: what stands in them alone, no other file and no address."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import sqlite3
import struct
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bayes_glmm.errors import BayesGLMMError, DataError
from bayes_glmm.spec.sources import Source
from bayes_glmm.structures import file_contents as contents
from bayes_glmm.structures import mapfiles
from bayes_glmm.structures.structure_files import read_sources
from tests.fuzz.harness import limits

geopandas = pytest.importorskip("geopandas")
shapely = pytest.importorskip("shapely")


def square(name: object, i: float, **more: object) -> dict[str, object]:
    ring = [[i, 0], [i + 1, 0], [i + 1, 1], [i, 1], [i, 0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"name": name}, "geometry": shape, **more}


def collection(*features: object, **more: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": [*features], **more})


LINE = collection(*(square(name, i) for i, name in enumerate("abcd")))
BORDERS = [("a", "b"), ("b", "c"), ("c", "d")]


def read(path: Path, column: str = "name") -> list[tuple[str, str]]:
    found = read_sources({"M": Source("areal", str(path), {"column": column, "model": "icar"})})[
        "M"
    ]
    return [tuple(pair) for pair in found.labels[found.graph.pairs].tolist()]


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Return an address of this machine, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(LINE.encode())

        do_GET = do_HEAD = answer

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}", asked
        made.shutdown()
        thread.join()


def hostile(address: str, other: Path) -> dict[str, str]:
    """Files that make GDAL open something else than themselves."""
    vrt = '<OGRVRTDataSource><OGRVRTLayer name="m"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'  # fmt: skip # noqa: E501
    link = {"type": "link", "properties": {"href": f"{address}/crs", "type": "ogcwkt"}}
    return {
        "vrt": vrt.format(other),
        "vrt of an address": vrt.format(f"/vsicurl/{address}/map.geojson"),
        "an address": f"{address}/map.geojson",
        "a quoted address": json.dumps(f"/vsicurl/{address}/map.geojson"),
        "WFS": f"<OGRWFSDataSource><URL>{address}/wfs</URL></OGRWFSDataSource>",
        "ESRI": json.dumps({"geometryType": "esriGeometryPolygon", "features": [], "spatialReference":
                            {"wkt": f"{address}/crs"}}),
        "OAPIF": f"OAPIF:{address}",
        "GDALG": json.dumps({"type": "gdal_streamed_alg", "command_line":
                             f"gdal vector pipeline ! read /vsicurl/{address}/map.geojson"}),
        "STACTA": json.dumps({"stac_version": "1.0.0", "links": [{"href": f"{address}/x"}]}),
        "linked crs": collection(*(square(n, i) for i, n in enumerate("abcd")), crs=link),
        "named crs": collection(square("a", 0), square("b", 1), crs={"type": "name", "properties":
                                {"name": f"{address}/crs"}}),
        "linked properties": collection(square("a", 0), square("b", 1), properties=
                                        {"exceededTransferLimit": True}, links=
                                        [{"rel": "next", "href": f"{address}/next"}]),
    }  # fmt: skip


@pytest.mark.parametrize("end", ["geojson", "json", "gpkg", "shp", "GeoJSON"])
def test_no_other_file_and_no_address_is_opened(end, tmp_path, server) -> None:
    address, asked = server
    other = tmp_path / "other.geojson"
    other.write_text(LINE)
    path = tmp_path / f"map.{end}"
    for name, content in hostile(address, other).items():
        path.write_text(content)
        try:
            assert read(path) in (BORDERS, BORDERS[:1]), name
            assert "crs" in name or "linked" in name
        except BayesGLMMError as error:
            assert path.name in str(error), name
    assert asked == []


def test_gdal_would_have_asked(tmp_path, server) -> None:
    """The same files do make requests where GDAL opens them by itself."""
    address, asked = server
    path = tmp_path / "map.geojson"
    path.write_text(hostile(address, path)["vrt of an address"])
    with contextlib.suppress(Exception):
        geopandas.read_file(path)
    assert asked


def test_what_a_file_says_is_read(tmp_path) -> None:
    hole = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8], [0.2, 0.2]]
    ring = square("ring", 0)
    ring["geometry"]["coordinates"].append(hole)
    parts = {"type": "MultiPolygon", "coordinates": [
        [hole], [[[5, 5, 1], [6, 5, 1], [6, 6, 1], [5, 5, 1]]]]}  # fmt: skip
    inner = square("inner", 0) | {"geometry": parts}
    far = square("far", 6)
    far["geometry"]["coordinates"] = [[[6, 6], [7, 6], [7, 7], [6, 6]]]
    path = tmp_path / "map.geojson"
    path.write_text(collection(ring, inner, far))
    assert read(path) == [("far", "inner"), ("inner", "ring")]
    path.write_text(collection(square(None, 0, id="u"), square(None, 1, id="v")))
    assert read(path, "id") == [("u", "v")]
    path.write_text(collection(square(7, 0), square(8.0, 1), square(9, 2)))
    assert read(path) == [("7", "8"), ("8", "9")]
    for pack, name in ((gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")):
        (tmp_path / f"e.csv.{name}").write_bytes(pack(b"from,to\na,b\n"))
        found = read_sources({"M": Source("areal", str(tmp_path / f"e.csv.{name}"))})["M"]
        assert found.labels.tolist() == ["a", "b"]


@pytest.mark.parametrize("end", ["gpkg", "shp"])
def test_other_formats_give_the_same_borders(end, tmp_path) -> None:
    frame = geopandas.GeoDataFrame.from_features(json.loads(LINE)["features"])
    frame.loc[3, "geometry"] = shapely.MultiPolygon([frame.geometry[3], shapely.box(9, 9, 10, 10)])
    frame = frame.set_crs("EPSG:32632")
    frame.to_file(tmp_path / f"map (1).{end}")
    assert read(tmp_path / f"map (1).{end}") == BORDERS
    frame.set_geometry(frame.centroid).to_file(tmp_path / f"points.{end}")
    with pytest.raises(DataError, match="polygon"):
        read(tmp_path / f"points.{end}")


FEATURES = {
    "no features": {"type": "FeatureCollection", "features": []},
    "no list": {"type": "FeatureCollection", "features": {}},
    "another type": {"type": "Topology", "features": [1]},
    "a number": {"type": "FeatureCollection", "features": [1]},
    "points": {"type": "FeatureCollection", "features": [
        square("a", 0) | {"geometry": {"type": "Point", "coordinates": [0, 0]}}]},
    "no ring": {"type": "FeatureCollection", "features": [
        square("a", 0) | {"geometry": {"type": "Polygon", "coordinates": [1]}}]},
    "a short ring": {"type": "FeatureCollection", "features": [
        square("a", 0) | {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}}]},
    "infinity": {"type": "FeatureCollection", "features": [square("a", float("inf"))]},
    "text": {"type": "FeatureCollection", "features": [
        square("a", 0) | {"geometry": {"type": "Polygon", "coordinates": "abc"}}]},
}  # fmt: skip


@pytest.mark.parametrize("name", list(FEATURES))
def test_what_is_no_map_is_refused(name, tmp_path) -> None:
    path = tmp_path / "map.geojson"
    path.write_text(json.dumps(FEATURES[name]))
    with pytest.raises(DataError):
        read(path)


def test_a_geopackage_runs_nothing(tmp_path) -> None:
    """A view that never ends, a virtual table, and text where shapes should be."""
    frame = geopandas.GeoDataFrame.from_features(json.loads(LINE)["features"], crs="EPSG:32632")
    path = tmp_path / "map.gpkg"
    for made in (
        "CREATE VIEW map AS WITH RECURSIVE c(geom) AS (SELECT 1 UNION ALL SELECT geom + 1 FROM c) "
        "SELECT geom FROM c",
        "CREATE VIRTUAL TABLE map USING rtree(id, geom, b)",
        "CREATE TABLE map (name TEXT, geom TEXT)",
        "CREATE TABLE map (name TEXT, geom AS (zeroblob(900000000)))",
    ):
        path.unlink(missing_ok=True)
        frame.to_file(path)
        with sqlite3.connect(path) as base:
            base.create_function("ST_IsEmpty", 1, lambda _: 0)
            for name in ("ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
                base.create_function(name, 1, lambda _: 0.0)
            base.execute("DROP TABLE map")
            base.execute(made)
            if "CREATE TABLE" in made:
                base.execute("INSERT INTO map (name) VALUES ('a')")
        base.close()
        with pytest.raises(DataError), limits():
            read(path)


def test_limits_are_stated(tmp_path, monkeypatch) -> None:
    bomb = gzip.compress(b"from,to\n" + b"a,b\n" * 17_000_000, 1)
    (tmp_path / "bomb.csv.gz").write_bytes(bomb)
    assert len(bomb) < 2**20
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("e.csv", b"\0" * 70_000_000)
    (tmp_path / "wide.csv").write_text(",".join(f"c{i}" for i in range(100_000)) + "\n")
    (tmp_path / "twice.csv").write_text("from,to,to\na,b,c\n")
    (tmp_path / "deep.nwk").write_text("(" * 260_000)
    (tmp_path / "deep.geojson").write_text('{"a":' * 200_000)
    (tmp_path / "many.geojson").write_text("{" + "[" * 5_100_000)
    (tmp_path / "long.csv").write_text("from,to\n" + "x" * 5_000_000 + ",b\n" + "a,b\n" * 9)
    says = {
        "bomb.csv.gz": "more than 64 MiB",
        "bomb.zip": "more than 64 MiB",
        "wide.csv": "more than 1,000 columns",
        "twice.csv": "several columns named 'to'",
        "deep.geojson": "deep.geojson",
        "many.geojson": "5,000,000 brackets",
        "long.csv": "more than 250 characters",
    }
    for name, message in says.items():
        with pytest.raises(BayesGLMMError, match=message), limits():
            read(tmp_path / name)
    with pytest.raises(DataError, match="250,000 inner nodes"), limits():
        read_sources({"M": Source("lineage", str(tmp_path / "deep.nwk"))})
    monkeypatch.setattr(contents, "CELLS", 3)
    (tmp_path / "e.csv").write_text("from,to\na,b\nb,c\n")
    with pytest.raises(DataError, match="more than 3 cells"):
        read(tmp_path / "e.csv")


def test_damaged_and_several_packed_files_are_named(tmp_path) -> None:
    (tmp_path / "e.csv.gz").write_bytes(gzip.compress(b"from,to\na,b\n" * 99)[:-20])
    (tmp_path / "e.csv.xz").write_bytes(b"no xz")
    (tmp_path / "e.zip").write_bytes(b"PK\3\4 no zip")
    (tmp_path / "e.csv.zst").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a", "from,to\na,b\n")
        archive.writestr("b", "from,to\na,b\n")
    for path in tmp_path.iterdir():
        with pytest.raises(DataError, match=path.name):
            read(path)


def test_shapes_of_well_known_binary_are_bounded(tmp_path) -> None:
    many = struct.pack("<BII", 1, 3, 2**31)
    nested = struct.pack("<BII", 1, 6, 1) * 100_000
    for content in (many, nested, b"\1", b"\1\7\0\0\0\0\0\0\0", b"\1\xff\xff\xff\xff"):
        with pytest.raises(DataError, match="row 1"):
            mapfiles.polygons_of_wkb(content, "row 1")
