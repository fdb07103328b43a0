"""Maps of geopandas and graphs of libpysal, read by the libraries themselves."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from bayes_glmm.errors import BayesGLMMError
from bayes_glmm.plots.map_plots import _given
from bayes_glmm.spec.sources import Source
from bayes_glmm.structures.areas import areal
from bayes_glmm.structures.structure_files import read_sources

geopandas = pytest.importorskip("geopandas")
shapely = pytest.importorskip("shapely")
graph = pytest.importorskip("libpysal.graph")

CORNER = [(0, 1), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (1, 5), (2, 4), (2, 5), (3, 4), (3, 6),
          (3, 7), (4, 5), (4, 6), (4, 7), (4, 8), (5, 7), (5, 8), (6, 7), (7, 8)]  # fmt: skip
SIDE = [p for p in CORNER if abs(p[0] - p[1]) in (1, 3) and p != (2, 3) and p != (5, 6)]


@pytest.fixture
def squares():
    """Nine unit squares in a block, in a mixed order, and one by itself."""
    shapes = [shapely.box(i % 3, i // 3, i % 3 + 1, i // 3 + 1) for i in range(9)]
    shapes.append(shapely.box(10, 10, 11, 11))
    names = [*(f"a{i}" for i in range(9)), "lone"]
    whole = geopandas.GeoDataFrame({"name": names}, geometry=shapes)
    return whole.iloc[[4, 9, 0, 7, 2, 1, 8, 3, 6, 5]]


def borders(found) -> list[tuple[str, str]]:
    return [tuple(p) for p in found.labels[found.graph.pairs].tolist()]


def test_areas_that_share_a_point_are_neighbours(squares) -> None:
    expected = [(f"a{i}", f"a{j}") for i, j in CORNER]
    for source, column in (
        (squares, "name"),
        (squares.set_index("name"), None),
        (squares.set_index("name").rename_geometry("shape"), None),
        (squares.set_index("name").geometry, None),
    ):
        found = areal(source, column=column)
        assert borders(found) == expected
        assert found.labels[found.graph.island].tolist() == ["lone"]
    table = pd.DataFrame(expected, columns=["a", "b"])
    same = areal(table, areas=squares["name"])
    assert found.identity()["hash"] == same.identity()["hash"]


def test_graphs_of_libpysal_are_read_with_their_islands(squares) -> None:
    named = squares.set_index("name")
    rook = graph.Graph.build_contiguity(named, rook=True)
    expected = [(f"a{i}", f"a{j}") for i, j in SIDE]
    assert borders(areal(rook)) == expected
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        older = rook.to_W()
    assert borders(areal(older)) == expected
    assert areal(older).graph.island.sum() == 1


def test_nearest_neighbours_of_libpysal_count_in_both_directions(squares) -> None:
    named = squares.set_index("name")
    points = named.set_geometry(named.centroid)
    one_way = graph.Graph.build_knn(points, k=2)
    pairs = {tuple(sorted(p)) for p in one_way.adjacency.index}
    assert set(borders(areal(one_way))) == pairs


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda m: m.assign(name="x"), "'x' stands more than once"),
        (lambda m: m.assign(name=np.arange(10) / 2), "labelled with text"),
        (lambda m: m.assign(name=["", *m["name"][1:]]), "blank"),
        (lambda m: m.set_geometry([None, *m.geometry[1:]]), "without a shape: 'a4'"),
        (lambda m: m.set_geometry([shapely.Polygon(), *m.geometry[1:]]), "without a shape: 'a4'"),
        (lambda m: m.set_geometry(m.centroid), "nearest_neighbours"),
        (lambda m: m.iloc[:0], "there is none"),
        (lambda m: m.rename(columns={"name": "names"}), "no column 'name'"),
    ],
)
def test_malformed_maps_are_refused(squares, spoil, said) -> None:
    with pytest.raises(BayesGLMMError, match=said):
        areal(spoil(squares), column="name")


def test_weights_other_than_one_are_refused(squares) -> None:
    standardised = graph.Graph.build_contiguity(squares.set_index("name")).transform("r")
    with pytest.raises(BayesGLMMError, match="standardised"):
        areal(standardised)


@pytest.mark.parametrize("end", ["geojson", "gpkg"])
def test_maps_are_read_from_files(squares, tmp_path, end) -> None:
    squares.set_crs("EPSG:32632").to_file(tmp_path / f"map.{end}")
    source = Source("areal", f"map.{end}", options={"column": "name", "model": "icar"})
    found = read_sources({"M": source}, tmp_path)["M"]
    assert borders(found) == [(f"a{i}", f"a{j}") for i, j in CORNER]


def test_the_same_map_is_drawn(squares) -> None:
    levels = np.array(["a0", "a3", "lone"])
    rings, _ = _given(squares, "name", levels)
    assert list(rings) == levels.tolist()
    assert {tuple(corner) for corner in rings["a3"][0]} == {(0, 1), (1, 1), (1, 2), (0, 2)}
