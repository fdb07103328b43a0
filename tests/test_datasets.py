"""The bundled tables are complete and documented."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_glmm as bg
from tests.simulated import simulated_related
from tests.simulated.simulated_flock import flock_genotypes, flock_pedigree
from tests.simulated.simulated_related import cells_newick
from tests.simulated.simulated_tables import TABLES

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


@pytest.mark.parametrize("name", [name for name in TABLES if name != "cells"])
def test_simulated_tables_are_made_again(name: str) -> None:
    made, kept = TABLES[name](), bg.dataset(name)
    assert f"simulated by {name}()" in bg.dataset(name).attrs["source"]
    pd.testing.assert_frame_equal(made, kept, check_dtype=False, rtol=1e-12)


def test_cells_follow_the_law_that_they_were_drawn_from() -> None:
    """The field is drawn along eigenvectors, whose signs depend on the processor's routines.

    Names and places are made again; the scores are held to their normal law: with the
    covariance of lineage, field and noise their quadratic form is chi-square.
    """
    made, kept = TABLES["cells"](), bg.dataset("cells")
    fixed = ["cell", "x_um", "y_um", "frame"]
    pd.testing.assert_frame_equal(made[fixed], kept[fixed], check_dtype=False, rtol=1e-12)
    _, parent, length = simulated_related._lineage(np.random.default_rng(16))
    tips = np.setdiff1d(np.arange(len(parent)), parent)
    shared = np.zeros((len(parent), len(parent)))
    for node in range(1, len(parent)):
        shared[node, :node] = shared[:node, node] = shared[parent[node], :node]
        shared[node, node] = shared[parent[node], parent[node]] + length[node]
    lineage = shared[np.ix_(tips, tips)]
    places = kept[kept["frame"] == 1][["x_um", "y_um"]].to_numpy()
    gaps = np.linalg.norm(places[:, None] - places, axis=2) + np.diag(np.full(len(tips), np.inf))
    near = np.zeros_like(gaps)
    for i, row in enumerate(gaps):
        near[i, np.argsort(row, kind="stable")[:6]] = 1
    near = np.maximum(near, near.T)
    field = np.linalg.pinv(np.diag(near.sum(axis=1)) - near, rcond=1e-10, hermitian=True)
    field /= np.exp(np.log(np.diag(field)).mean())
    covariance = 0.64 * lineage + 0.36 * field + 0.25 * np.eye(len(tips))
    for frame in (1, 2):
        away = kept.loc[kept["frame"] == frame, "score"].to_numpy() - 0.3
        form = away @ np.linalg.solve(covariance, away)
        assert 0.005 < stats.chi2.sf(form, len(tips)) < 0.995
    middle = kept.loc[kept["frame"] == 1, "marker"].to_numpy()
    mean = kept.groupby("cell", sort=False)["score"].mean().to_numpy() - 0.3
    assert np.corrcoef(middle, mean)[0, 1] > 0.3


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
