"""The bundled tables are complete and documented."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.datasets.simulated import TABLES
from bayes_glmm.datasets.simulated_flock import flock_genotypes, flock_pedigree
from bayes_glmm.datasets.simulated_related import cells_newick

NAMES = list(bg.datasets().index)


@pytest.mark.parametrize("name", NAMES)
def test_every_column_is_documented(name: str) -> None:
    table = bg.dataset(name)
    assert list(table.columns) == list(table.attrs["columns"])
    assert all(table.attrs["columns"].values())
    assert table.attrs["source"] and table.attrs["licence"]
    assert not table.isna().any(axis=None)
    assert len(table) == bg.datasets().loc[name, "rows"]


@pytest.mark.parametrize(
    ("name", "rows", "column", "total"),
    [
        ("surgical", 12, "deaths", 208),
        ("nielweise2008", 18, "events", 125),
        ("epil", 236, "y", 1948),
        ("penicillin", 144, "diameter", 3308),
        ("rats", 150, "weight", 36398),
        ("beitler_landis", 16, "patients", 273),
        ("nielweise2007", 36, "events", 114),
        ("ohio", 2148, "resp", 326),
        ("lsat6", 5000, "correct", 3819),
        ("smoking_cessation", 50, "n", 16740),
    ],
)
def test_figures_are_the_ones_that_were_published(
    name: str, rows: int, column: str, total: int
) -> None:
    table = bg.dataset(name)
    assert (len(table), table[column].sum()) == (rows, total)


def test_the_clinics_give_the_published_odds_ratio_and_statistic() -> None:
    table = bg.dataset("beitler_landis").assign(left=lambda d: d["patients"] - d["cured"])
    drug, control = (table[table["arm"] == a].set_index("center") for a in ("drug", "control"))
    n = drug["patients"] + control["patients"]
    ratio = (drug["cured"] * control["left"] / n).sum() / (
        drug["left"] * control["cured"] / n
    ).sum()
    cured = drug["cured"] + control["cured"]
    expected = drug["patients"] * cured / n
    variance = drug["patients"] * control["patients"] * cured * (n - cured) / (n**2 * (n - 1))
    statistic = (drug["cured"] - expected).sum() ** 2 / variance.sum()
    assert (round(ratio, 2), round(statistic, 2)) == (2.13, 6.38)


def test_items_of_the_law_school_test_have_their_published_scores() -> None:
    table = bg.dataset("lsat6")
    assert table.groupby("item")["correct"].sum().tolist() == [924, 709, 553, 763, 870]
    assert table.groupby("person")["correct"].sum().eq(5).sum() == 298


@pytest.mark.parametrize("name", list(TABLES))
def test_simulated_tables_are_made_again(name: str) -> None:
    made, kept = TABLES[name](), bg.dataset(name)
    assert bg.dataset(name).attrs["source"].endswith(f"simulated.{name}")
    pd.testing.assert_frame_equal(made, kept, check_dtype=False, rtol=1e-12)


def test_the_lineage_of_the_simulated_cells_is_made_again() -> None:
    kept = Path(bg.datasets.__code__.co_filename).with_name("cells.nwk").read_text()
    assert kept.strip() == cells_newick()


def test_parents_and_loci_of_the_simulated_flock_are_made_again() -> None:
    folder = Path(bg.datasets.__code__.co_filename).parent
    kept = pd.read_csv(folder / "flock_pedigree.csv", dtype=str)
    pd.testing.assert_frame_equal(kept.fillna(""), flock_pedigree().fillna(""), check_dtype=False)
    loci = pd.read_csv(folder / "flock_genotypes.csv.gz", index_col="lamb")
    pd.testing.assert_frame_equal(loci, flock_genotypes(), check_dtype=False)
    assert set(bg.dataset("flock")["lamb"]) == set(loci.index) <= set(kept["animal"])


def test_age_is_cut_as_by_the_function() -> None:
    table = bg.dataset("senescence")
    cut = bg.within_between(table[["bird", "age"]], "age", "bird")
    pd.testing.assert_frame_equal(table[["age_within", "age_between"]], cut, rtol=1e-12)


def test_identifiers_are_text() -> None:
    assert set(bg.dataset("epil")["subject"].map(type)) == {str}


def test_tables_are_independent_copies() -> None:
    table = bg.dataset("surgical")
    table["deaths"] = 0
    assert bg.dataset("surgical")["deaths"].sum() > 0


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(bg.errors.ArgumentError, match="surgical"):
        bg.dataset("sugical")
