"""PLINK's tables: what is no locus, ids within families, and other codes of genotypes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError
from bayes_glmm.structures import read_structure
from tests.structures.test_genomic import by_definition, genotypes, write_plink

SIX = ["FID", "IID", "PAT", "MAT", "SEX", "PHENOTYPE"]


def raw(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as PLINK's --recode A writes it: text, parents, sex and phenotype."""
    n = len(table)
    own = pd.DataFrame(
        {"FID": "F", "IID": table.index, "PAT": "0", "MAT": "0", "SEX": np.arange(n) % 2 + 1,
         "PHENOTYPE": np.where(np.arange(n) % 3, 1, 2)}
    )  # fmt: skip
    return pd.concat([own, table.reset_index(drop=True).add_suffix("_A")], axis=1)


def same(found, table: pd.DataFrame) -> None:
    exact = by_definition(table, "vanraden").loc[found.labels, found.labels]
    np.testing.assert_allclose(found.matrix, exact, atol=1e-12)
    assert found.n_snps + found.n_monomorphic == table.shape[1]


def test_sex_and_phenotype_are_no_loci(tmp_path: Path) -> None:
    table = genotypes()
    whole = raw(table)
    for given, ids in (
        (whole, "IID"),
        (whole, None),
        (whole.set_index("IID"), None),
        (whole.set_index("IID").drop(columns=["FID", "PAT", "MAT"]), None),
        (whole.drop(columns=["FID", "PAT", "MAT"]).rename(columns={"IID": "mouse"}), "mouse"),
        (whole.rename(columns={"FID": "#FID", "PHENOTYPE": "PHENO1"}), "IID"),
        (whole.assign(rs1_HET=1), None),
        (whole.rename(columns=str.lower), "iid"),
    ):
        found = bg.genomic(given, ids=ids)
        same(found, table)
        assert any("SEX" in note.upper() for note in found.notes())
        assert read_structure("genomic", found.to_arrays()).notes() == found.notes()
    file = tmp_path / "calls.raw"
    file.write_text(whole.to_csv(sep=" ", index=False, na_rep="NA"))
    same(bg.genomic(file), table)
    same(bg.genomic(str(file)), table)
    spec = bg.parse("y ~ 1 + (1 | gr(g, A))", structures={"A": bg.Source("genomic", "calls.raw")})
    same(bg.read_structures(spec, tmp_path)["A"], table)


def test_many_loci_take_no_time_to_name() -> None:
    calls = np.random.default_rng(1).integers(0, 3, (4, 60_000))
    whole = raw(pd.DataFrame(calls, list("abcd"), [f"s{j}" for j in range(60_000)]))
    began = time.process_time()
    assert bg.genomic(whole).n_snps > 50_000
    assert time.process_time() - began < 5


def test_scan_counts_no_sex_as_a_marker() -> None:
    table = genotypes(missing=0)
    from bayes_glmm.scan.markers import read_markers

    found = read_markers(raw(table), "IID", None)
    assert found.table["marker"].tolist() == [f"{name}_A" for name in table]
    np.testing.assert_array_equal(found.read(0, 50), table.to_numpy().T)


def test_ids_within_families_are_joined(tmp_path: Path) -> None:
    table = genotypes(missing=0)
    twice = [f"{i % 6 + 1}" for i in range(12)]
    families = ["F1"] * 6 + ["F2"] * 6
    joined = [f"{f}:{i}" for f, i in zip(families, twice, strict=True)]
    whole = raw(table).assign(FID=families, IID=twice)
    named = table.set_axis(joined, axis=0)
    same(bg.genomic(whole), named)
    prefix = write_plink(tmp_path, table)
    lines = "".join(f"{f} {i} 0 0 0 -9\n" for f, i in zip(families, twice, strict=True))
    Path(f"{prefix}.fam").write_text(lines)
    found = bg.genomic(prefix)
    same(found, named)
    assert any("family:individual" in note for note in found.notes())
    whole.loc[0, "IID"], whole.loc[1, "IID"] = "2", "2"
    with pytest.raises(ArgumentError, match="'F1:2' stands more than once"):
        bg.genomic(whole)
    data = pd.DataFrame({"y": np.arange(6.0), "g": twice[:6]})
    with pytest.raises(bg.errors.BayesGLMMError, match="lacks"):
        bg.build_model("y ~ 1 + (1 | gr(g, A))", data, structures={"A": found})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t - 1, "add 1 to all"),
        (lambda t: t + 1, "subtract 1"),
        (lambda t: t / 2, "multiply all of them by 2"),
        (lambda t: t.fillna(-1), "If -1 stands for a missing call"),
        (lambda t: t.fillna(-9), "If -9 stands for a missing call"),
        (lambda t: t * 10 + 1, "Count one allele"),
    ],
)
def test_other_codes_are_named_with_what_to_do(change, says: str) -> None:
    with pytest.raises(ArgumentError, match=says):
        bg.genomic(change(genotypes()))


def test_the_advice_of_minus_one_to_one_keeps_homozygotes() -> None:
    table = genotypes()
    same(bg.genomic(table - 1 + 1), table)
    with pytest.raises(ArgumentError, match="two homozygotes"):
        bg.genomic((table - 1).fillna(0))
