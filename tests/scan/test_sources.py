"""Genotypes from a table, PLINK files and Zarr stores, scans as files, and their pictures."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.cli import main
from bayes_glmm.errors import ArgumentError, MissingDependencyError
from tests.scan.support import around, cohort, tree_of

mpl.use("agg")
FORMULA = "y ~ x + (1 | gr(id, K))"


@pytest.fixture(scope="module")
def given():
    data, genotypes, K, _ = cohort(n=42, m=30)
    draws = around(np.random.default_rng(0), 8, intercept=2.0, beta=[0.5], sd_id=[0.8], sigma=1.0)
    tree = tree_of(FORMULA, data, {"K": bg.kinship(K)}, draws)
    places = pd.DataFrame(
        {
            "marker": genotypes.columns,
            "chromosome": np.repeat(["1", "X"], 15),
            "position": range(30),
        }
    )
    return tree, genotypes, places


def write_plink(prefix: Path, table: pd.DataFrame, places: pd.DataFrame) -> None:
    bits = {2: 0, 1: 2, 0: 3}
    content = bytearray(b"\x6c\x1b\x01")
    for column in table:
        codes = [bits.get(v, 1) for v in table[column]]
        for start in range(0, len(codes), 4):
            content.append(sum(c << 2 * i for i, c in enumerate(codes[start : start + 4])))
    Path(f"{prefix}.bed").write_bytes(bytes(content))
    Path(f"{prefix}.fam").write_text("".join(f"F {name} 0 0 0 -9\n" for name in table.index))
    rows = places.itertuples(index=False)
    Path(f"{prefix}.bim").write_text(
        "".join(f"{r.chromosome} {r.marker} 0 {r.position} A C\n" for r in rows)
    )


def test_plink_files_give_what_the_table_gives(given, tmp_path):
    tree, genotypes, places = given
    write_plink(tmp_path / "cohort", genotypes, places)
    known = bg.scan(tree, genotypes, markers=places)
    found = bg.scan(tree, tmp_path / "cohort")
    assert found["counted"].unique().tolist() == ["A"]
    assert found["position"].tolist() == list(range(30))
    for column in ("marker", "chromosome", "p", "log10_bf", "frequency", "missing"):
        assert found[column].tolist() == known[column].tolist()


def test_numbered_chromosomes_and_alleles_of_plink_files_are_text(tmp_path):
    """Where every chromosome is a number, as in autosomes alone, each one is still left out."""
    data, genotypes, _, _ = cohort(n=42, m=90)
    whole = genotypes.fillna(1.0)
    places = pd.DataFrame({"marker": whole.columns, "chromosome": np.repeat(["1", "2", "10"], 30),
                           "position": range(90)})  # fmt: skip
    write_plink(tmp_path / "cohort", whole, places)
    loci = tmp_path / "cohort.bim"
    loci.write_text(loci.read_text().replace(" A C\n", " 1 2\n"))
    draws = around(
        np.random.default_rng(0), 1000, intercept=2.0, beta=[0.5], sd_id=[0.8], sigma=1.0
    )
    tree = tree_of(FORMULA, data, {"K": bg.genomic(str(tmp_path / "cohort"))}, draws)
    known = bg.scan(tree, whole, loco=True, markers=places)
    found = bg.scan(tree, tmp_path / "cohort", loco=True)
    assert found["chromosome"].tolist() == places["chromosome"].tolist()
    assert found["counted"].unique().tolist() == ["1"]
    assert found["p"].tolist() == known["p"].tolist()
    plain = bg.scan(tree, tmp_path / "cohort")
    assert (found["p"] / plain["p"] - 1).abs().min() > 1e-6


def test_zarr_gives_what_the_table_gives(given, tmp_path):
    zarr = pytest.importorskip("zarr")
    tree, genotypes, places = given
    store = zarr.open_group(str(tmp_path / "cohort.zarr"), mode="w")
    values = genotypes.to_numpy().T
    calls = np.stack([values >= 1, values >= 2], axis=-1).astype(np.int8)
    calls[np.isnan(values)] = -1
    content = {
        "call_genotype": calls, "sample_id": np.array(genotypes.index, dtype="U8"),
        "variant_id": np.array(genotypes.columns, dtype="U8"),
        "contig_id": np.array(["1", "X"], dtype="U2"),
        "variant_contig": np.repeat([0, 1], 15), "variant_position": np.arange(30),
    }  # fmt: skip
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, array in content.items():
            store.create_array(name, data=array)
        found = bg.scan(tree, tmp_path / "cohort.zarr")
    known = bg.scan(tree, genotypes, markers=places)
    for column in ("marker", "chromosome", "p", "log10_bf", "missing"):
        assert found[column].tolist() == known[column].tolist()
    del store["sample_id"]
    with pytest.raises(ArgumentError, match="lacks sample_id"):
        bg.scan(tree, tmp_path / "cohort.zarr")


def test_zarr_that_is_not_installed_is_named_with_its_extra(given, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    (tmp_path / "x.zarr").mkdir()
    with pytest.raises(MissingDependencyError, match=r"bayes_glmm\[genotypes\]"):
        bg.scan(given[0], tmp_path / "x.zarr")


def test_blocks_do_not_change_what_is_found(given, monkeypatch):
    tree, genotypes, _ = given
    known = bg.scan(tree, genotypes, precision="double")
    monkeypatch.setattr(import_module("bayes_glmm.scan.scanning"), "CELLS", 42 * 7)
    found = bg.scan(tree, genotypes, precision="double")
    pd.testing.assert_frame_equal(found, known, rtol=1e-9)
    assert found.attrs["genotype_hash"] == known.attrs["genotype_hash"]


def test_the_command_writes_parquet_that_reads_back(given, tmp_path, capsys):
    tree, genotypes, places = given
    write_plink(tmp_path / "cohort", genotypes.assign(s3=1.0), places)
    bg.save(tree, tmp_path / "fit.nc")
    out = tmp_path / "scan.parquet"
    with pytest.raises(SystemExit) as ended:
        main(["scan", str(tmp_path / "fit.nc"), str(tmp_path / "cohort"), "--out", str(out)])
    assert ended.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "29 of 30 markers tested; 1 monomorphic. Genomic inflation" in said
    table = pd.read_parquet(out)
    assert len(table) == 30
    assert json.loads(json.dumps(table.attrs))["n_tested"] == 29
    with pytest.raises(SystemExit) as ended:
        main(["scan", str(tmp_path / "fit.nc"), str(tmp_path / "none"), "--out", str(out)])
    assert ended.value.code == 2
    assert "There is no file" in capsys.readouterr().err


def test_pictures_show_every_tested_marker_once(given):
    tree, genotypes, places = given
    table = bg.scan(tree, genotypes.assign(s3=1.0), markers=places)
    ax = bg.plot_manhattan(table, threshold=0.2)
    dots = [line for line in ax.lines if line.get_marker() == "."]
    assert sum(len(line.get_xdata()) for line in dots) == 29
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "X"]
    assert table.loc[table["p"].idxmin(), "marker"] in {t.get_text() for t in ax.texts}
    qq = bg.plot_qq(table)
    seen = next(line for line in qq.lines if line.get_marker() == ".")
    assert seen.get_ydata().max() == table["log10_p"].max()
    with pytest.raises(ArgumentError, match="no column 'log10_pp'"):
        bg.plot_manhattan(table, column="log10_pp")
