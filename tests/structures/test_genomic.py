"""Relationships from genotypes: definitions, files of PLINK, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError, ArgumentTypeError
from bayes_glmm.structures import genomic as module
from bayes_glmm.structures import read_structure


def genotypes(n: int = 12, m: int = 50, missing: float = 0.05) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    counts = rng.binomial(2, rng.uniform(0.1, 0.9, m), (n, m)).astype(float)
    counts[rng.random((n, m)) < missing] = np.nan
    counts[:, :2] = [0, 2]
    names = [f"mouse{i}" for i in rng.permutation(n)]
    return pd.DataFrame(counts, names, [f"rs{j}" for j in range(m)])


def by_definition(table: pd.DataFrame, method: str) -> pd.DataFrame:
    """One locus after the other, as VanRaden (2008) and Yang et al. (2010) write it."""
    total, spread, used = np.zeros((len(table), len(table))), 0.0, 0
    for locus in table:
        g = table[locus].to_numpy()
        p = np.nanmean(g) / 2
        if np.nanmin(g) == np.nanmax(g):
            continue
        z = np.where(np.isnan(g), 0.0, g - 2 * p)
        share = np.outer(z, z)
        total += share / (2 * p * (1 - p)) if method == "gcta" else share
        spread += 2 * p * (1 - p)
        used += 1
    total /= used if method == "gcta" else spread
    return pd.DataFrame(total, table.index, table.index)


@pytest.mark.parametrize("method", ["vanraden", "gcta"])
@pytest.mark.parametrize("chunk", [1, 40, 2**22])
def test_matrix_is_the_definition_whatever_the_chunks(method, chunk, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", chunk)
    table = genotypes()
    found = bg.genomic(table, method=method)
    exact = by_definition(table, method).loc[found.labels, found.labels]
    np.testing.assert_allclose(found.matrix, exact, atol=1e-12)
    varies = table.nunique() > 1
    assert (found.n_snps, found.n_monomorphic) == (varies.sum(), (~varies).sum())
    assert found.n_missing == table.isna().to_numpy().sum() > 0
    assert any(str(found.n_missing) in note for note in found.notes())


def test_ids_may_be_a_column_and_the_order_is_not_seen():
    table = genotypes()
    plain = bg.genomic(table)
    column = table.sample(frac=1, random_state=1).rename_axis("id").reset_index()
    np.testing.assert_allclose(bg.genomic(column, ids="id").matrix, plain.matrix, atol=1e-13)
    other = 2 - table
    np.testing.assert_allclose(bg.genomic(other).matrix, plain.matrix, atol=1e-13)


def write_plink(folder: Path, table: pd.DataFrame) -> Path:
    """Write by the format's description: two bits each, first allele twice is 00."""
    bits = {2: 0b00, 1: 0b10, 0: 0b11}
    content = bytearray([0x6C, 0x1B, 0x01])
    for locus in table:
        codes = [bits.get(g, 0b01) for g in table[locus]]
        for start in range(0, len(codes), 4):
            byte = 0
            for k, code in enumerate(codes[start : start + 4]):
                byte |= code << 2 * k
            content.append(byte)
    prefix = folder / "hs.v1"
    Path(f"{prefix}.bed").write_bytes(bytes(content))
    fam = "".join(f"F {name} 0 0 0 -9\n" for name in table.index)
    Path(f"{prefix}.fam").write_text(fam)
    Path(f"{prefix}.bim").write_text("".join(f"1 {name} 0 1 A C\n" for name in table))
    return prefix


@pytest.mark.parametrize("n", [11, 12])
def test_files_of_plink_hold_the_same_genotypes(tmp_path, n, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 100)
    table = genotypes(n)
    prefix = write_plink(tmp_path, table)
    for given in (prefix, str(prefix), Path(f"{prefix}.bed")):
        found = bg.genomic(given)
        assert found.identity() == bg.genomic(table).identity()


def test_damaged_files_are_refused(tmp_path):
    prefix = write_plink(tmp_path, genotypes())
    bed = Path(f"{prefix}.bed")
    whole = bed.read_bytes()
    for damaged in (whole[:-1], b"\x6c\x1b\x00" + whole[3:], b""):
        bed.write_bytes(damaged)
        with pytest.raises(ArgumentError, match="make-bed"):
            bg.genomic(prefix)
    with pytest.raises(ArgumentError, match="There is no file"):
        bg.genomic(tmp_path / "absent")


def test_what_is_no_genotype_is_refused_with_its_place():
    table = genotypes()
    with pytest.raises(ArgumentError, match=r"'rs5' of 'mouse\d+' is 9"):
        bg.genomic(table.assign(rs5=9.0))
    with pytest.raises(ArgumentError, match="No individual has a call at rs7"):
        bg.genomic(table.assign(rs7=np.nan))
    with pytest.raises(ArgumentError, match="No locus varies"):
        bg.genomic(table[["rs0", "rs1"]])
    with pytest.raises(ArgumentError, match="ids="):
        bg.genomic(table.assign(id=table.index))
    with pytest.raises(ArgumentError, match="'vanraden'"):
        bg.genomic(table, method="van raden")
    with pytest.raises(ArgumentTypeError, match="labels"):
        bg.genomic(table.to_numpy())
    with pytest.raises(ArgumentTypeError, match="dtype=str"):
        bg.genomic(table.reset_index(drop=True))


def test_equal_genotypes_are_named():
    table = genotypes(missing=0)
    table.iloc[3] = table.iloc[0]
    a, b = sorted([table.index[0], table.index[3]])
    with pytest.raises(ArgumentError, match=f"'{a}' and '{b}'.*jitter="):
        bg.genomic(table)
    assert bg.genomic(table, jitter=1e-4).jitter == 1e-4


def test_arrays_bring_back_the_same_relationships():
    found = bg.genomic(genotypes(), method="gcta")
    again = read_structure("genomic", found.to_arrays())
    assert again.identity() == found.identity()
    assert again.notes() == found.notes()
