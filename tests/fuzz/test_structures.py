"""Hostile files for every reader of structures: taken and right, or refused by an error of ours."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.spec.sources import Source
from bayes_glmm.structures.structure_files import read_sources
from tests.fuzz.harness import attack
from tests.structures.oracle import tabular

QUICK, SLOW = 30, 3500


def structure(path: Path, kind: str, **options: object) -> bg.structures.Structure:
    found = read_sources({"S": Source(kind, str(path), options)})["S"]
    few = found.labels[:20]
    hyper = {h.stem: 0.5 for h in found.hyper}
    covariance = found.prepare(few).covariance(hyper)
    size = np.abs(covariance).max()
    assert np.isfinite(covariance).all()
    assert np.linalg.eigvalsh(covariance / size).min() > -1e-6
    assert all(name.strip() for name in found.labels)
    return found


def cells(path: Path) -> list[list[str]]:
    before = csv.field_size_limit(10**7)
    try:
        with path.open(encoding="utf-8-sig") as handle:
            return [row for row in csv.reader(handle) if len(row) > 1 or "".join(row).strip()]
    finally:
        csv.field_size_limit(before)


def newick(path: Path) -> None:
    found = structure(path, "lineage")
    tree, text = found.tree, path.read_text("utf-8-sig")
    if not set("'\"[") & set(text):
        assert text.count("(") == (~tree.tip).sum()
        assert text.count(",") == tree.tip.sum() - (~tree.tip).sum() + extra(tree)
    assert all(name in text.replace("''", "'").replace('""', '"') for name in found.labels)


def extra(tree) -> int:
    """Commas part children: one less than children of every inner node."""
    children = np.bincount(tree.parent[1:], minlength=len(tree.names))
    inner = ~tree.tip
    return int((children[inner] - 1).sum() - (tree.tip.sum() - inner.sum()))


def nexus(path: Path) -> None:
    structure(path, "lineage")
    assert path.read_bytes().removeprefix(b"\xef\xbb\xbf").lstrip()[:6].upper() != b"#NEXUS"


def branches(path: Path) -> None:
    found = structure(path, "lineage")
    rows = cells(path)
    at = [n.strip() for n in rows[0]].index("node")
    assert {r[at] for r in rows[1:] if at < len(r)} - {""} <= set(found.labels.tolist()) | {"NA"}


def edges(path: Path) -> None:
    found = structure(path, "areal", model="icar")
    pairs = {tuple(sorted(row[:2])) for row in cells(path)[1:] if any(row)}
    assert {tuple(p) for p in found.labels[found.graph.pairs].tolist()} == pairs


def places(path: Path) -> None:
    found = structure(path, "areal", id="cell", x="x", y="y", nearest=1)
    assert not found.graph.island.any()


def pedigree(path: Path) -> None:
    found = structure(path, "pedigree")
    rows = found.table()
    if len(rows) < 40:
        A = tabular(rows.astype(object).where(rows.notna(), None))
        got = found.prepare(np.array(A.index, dtype=np.str_)).covariance({})
        np.testing.assert_allclose(got, A, atol=1e-12)
    head, *body = cells(path)
    at = [n.strip() for n in head].index("animal")
    assert {r[at] for r in body} - {""} <= set(found.labels.tolist())


def matrix(path: Path) -> None:
    found = structure(path, "kinship")
    head, *body = cells(path)
    for row in body:
        for name, cell in zip(head[1:], row[1:], strict=True):
            i, j = (found.labels.tolist().index(n) for n in (row[0], name.strip()))
            assert found.matrix[i, j] == pytest.approx(float(cell), rel=1e-6, abs=1e-6)


def vanraden(found, table: pd.DataFrame) -> None:
    g = table.loc[found.labels.tolist()].to_numpy(float)
    g = g[:, np.nanmin(g, axis=0) < np.nanmax(g, axis=0)]  # loci where all are alike are left out
    g = np.where(np.isnan(g), np.nanmean(g, axis=0), g)
    p = g.mean(axis=0) / 2
    exact = (g - 2 * p) @ (g - 2 * p).T / (2 * p * (1 - p)).sum()
    np.testing.assert_allclose(found.matrix, exact, atol=1e-9)


def genotypes(path: Path) -> None:
    found = structure(path, "genomic", jitter=0.0)
    head, *body = cells(path)
    if not {n.strip().casefold() for n in head} & {
        "sex",
        "iid",
        "fid",
        "phenotype",
        "#iid",
        "#fid",
    }:
        values = [
            [float(c) if c.strip() not in ("", "NA") else np.nan for c in r[1:]] for r in body
        ]
        vanraden(found, pd.DataFrame(values, [r[0] for r in body]))


def raw(path: Path) -> None:
    found = structure(path, "genomic")
    rows = [line.split() for line in io.StringIO(path.read_text("utf-8-sig")) if line.strip()]
    assert found.n_snps + found.n_monomorphic <= len(rows[0]) - 1
    assert len(found.labels) == len(rows) - 1


def plink(end: str) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        for other, content in PLINK.items():
            if other != end:
                path.with_suffix(other).write_bytes(content)
        found = structure(path.with_suffix(".bed"), "genomic", jitter=0.01)
        assert found.n_snps + found.n_monomorphic <= 60

    return read


def atlas(path: Path) -> None:
    found = structure(path, "areal", column="name", model="icar")
    assert found.graph.pairs.max(initial=0) < len(found.labels)


TREE = b"((a:1,'b c':1.5)ab:2,(c:1,d:2e-1)'c''d':1[comment],e:3):0.5;"
PEDIGREE = b"animal,sire,dam\nc,a,b\nd,c,b\n007,0,\ne,NA,unknown\nf,c,d\ng,f,e\n"
GENO = b"who,s1,s2,s3,s4\na,0,1,2,0\nb,1,1,0,1\nc,2,,1,0\nd,0,2,2,1\n"
RAW = (b"FID IID PAT MAT SEX PHENOTYPE s1_A s2_C s3_G\n1 a 0 0 1 -9 0 1 2\n1 b 0 0 2 1 1 NA 0\n"
       b"2 c a b 1 2 2 0 1\n2 a 0 0 1 2 1 1 1\n")  # fmt: skip
PLINK = {
    ".bed": b"\x6c\x1b\x01\x4b\x02\x8f\x01\xe2\x03",
    ".bim": b"1 s1 0 1 A C\n1 s2 0 2 A C\n2 s3 0 1 G T\n",
    ".fam": b"F a 0 0 1 -9\nF b 0 0 2 -9\nF c a b 1 1\nG d 0 0 1 2\nG e 0 0 0 0\n",
}
MAP = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"name": name}, "geometry": {
            "type": "Polygon", "coordinates": [[[i, 0], [i + 1, 0], [i + 1, 1], [i, 1], [i, 0]]]}}
        for i, name in enumerate("abcd")
    ],
}  # fmt: skip

TARGETS: dict[str, tuple[Callable[[Path], None], str, list[bytes], list[bytes]]] = {
    "newick": (newick, ".nwk", [TREE, b"(a:1,b:1);"],
               [b"(", b")", b",", b":", b";", b"[", b"]", b":1", b",b:1"]),
    "nexus": (nexus, ".nex", [b"#NEXUS\nBEGIN TREES;\nTREE t = (a:1,b:1);\nEND;\n"],
              [b"#NEXUS", b"BEGIN", b";", b"(a:1,b:1);"]),
    "branches": (branches, ".csv", [b"node,parent,length\na,m,1\nb,m,1\nm,r,1\nc,r,2\n"],
                 [b",", b"\n", b"a", b"r", b"length", b"NA", b"m,r,1\n"]),
    "edges": (edges, ".csv", [b"from,to\na,b\nb,c\nc,d\n"], [b",", b"\n", b"a", b"b", b"b,d\n", b"NA"]),
    "places": (places, ".csv", [b"cell,x,y\na,0,0\nb,1,0\nc,5,0\n01,6,0\n"],
               [b",", b"\n", b"a", b"01", b"x", b"1", b"c,5,0\n"]),
    "pedigree": (pedigree, ".csv", [PEDIGREE], [b",", b"\n", b"a", b"c", b"?", b"*", b"f,c,d\n", b"1.0"]),
    "matrix": (matrix, ".csv", [b"id,a,b,c\nb,0.5,1,0\na,1,0.5,0\nc,0,0,1\n"],
               [b",", b"\n", b"0.5", b"1", b"a", b"NA"]),
    "genotypes": (genotypes, ".csv", [GENO], [b",", b"\n", b"0", b"1", b"2", b"NA", b"SEX", b"-9"]),
    "raw": (raw, ".raw", [RAW], [b" ", b"\n", b"0", b"2", b"NA", b"IID", b"rs_HET", b"-1"]),
    "bed": (plink(".bed"), ".bed", [PLINK[".bed"]], [b"\x6c\x1b", b"\0" * 8]),
    "bim": (plink(".bim"), ".bim", [PLINK[".bim"]], [b" ", b"\n", b"A", b"-1", b"2 s4 0 1 G T\n"]),
    "fam": (plink(".fam"), ".fam", [PLINK[".fam"]], [b" ", b"\n", b"F", b"a", b"G a 0 0 0 0\n"]),
    "geojson": (atlas, ".geojson", [json.dumps(MAP).encode()],
                [b"{", b"}", b"[", b"]", b",", b'"', b"null", b"0", b"1e308",
                 b'"type"', b"Polygon", b"MultiPolygon"]),
    "gpkg": (atlas, ".gpkg", [], [b"GP\0\1", b"CREATE VIEW",
                               b"\1\3\0\0\0", b"\1\6\0\0\0", b"\xff\xff\xff\xff"]),
    "shp": (atlas, ".shp", [], [b"\0\0\x27\x0a", b"\5\0\0\0", b"\xff\xff\xff\x7f", b"\x7f\xff\xff\xff"]),
}  # fmt: skip


def squares():
    geopandas = pytest.importorskip("geopandas")
    return geopandas.GeoDataFrame.from_features(MAP)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n", [QUICK, pytest.param(SLOW, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", list(TARGETS))
def test_any_file_is_right_or_refused(name: str, n: int, tmp_path: Path) -> None:
    read, end, seeds, tokens = TARGETS[name]
    path = tmp_path / f"any{end}"
    if end in (".geojson", ".gpkg", ".shp"):
        frame = squares()
        if end != ".geojson":
            frame.to_file(path, engine="pyogrio")
            seeds = [path.read_bytes()]
    path.write_bytes(seeds[0])
    if name != "nexus":
        read(path)  # the good file, and what is compiled once

    def written(content: bytes) -> None:
        path.write_bytes(content)
        read(path)

    tried = attack(written, seeds, tokens, n=n, seed=n)
    assert tried.refused
    assert tried.taken or n == QUICK or name == "nexus"
