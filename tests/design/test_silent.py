"""Designs that say nothing wrong and mean something else; and good tables that look like them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.design.table.spelling import near
from tests.canned import poisson_tree, slope_tree, tree_of


def names(model: str, data: pd.DataFrame, **options) -> set[str]:
    return {f.name for f in bg.check(model, data, **options)}


CROSSED = [
    ("penicillin", "diameter ~ 1 + (1 | plate) + (1 | sample)", {}),
    ("insteval_sub", "y ~ 1 + (1 | s) + (1 | d)", {}),
    ("insteval_sub", "y ~ 1 + (1 | d) + (1 | s) + (1 | dept)", {}),
    ("wine", "rating ~ temp + contact + (1 | judge) + (1 | bottle)", {"family": "cumulative"}),
    ("verbagg", "r2 ~ btype + (1 | id) + (1 | item)", {"family": "bernoulli"}),
    ("grouseticks", "TICKS ~ C(YEAR) + (1 | BROOD) + (1 | LOCATION)", {"family": "poisson"}),
    ("pastes", "strength ~ 1 + (1 | batch/cask)", {}),
]


@pytest.mark.parametrize(("table", "model", "options"), CROSSED)
def test_crossed_and_nested_tables_pass(data_folder: Path, table, model, options) -> None:
    assert "reused_levels" not in names(model, pd.read_csv(data_folder / f"{table}.csv"), **options)


def test_casks_named_anew_in_each_batch_are_found(data_folder: Path) -> None:
    pastes = pd.read_csv(data_folder / "pastes.csv")
    found = bg.check("strength ~ 1 + (1 | batch) + (1 | cask)", pastes)["reused_levels"]
    assert len(found) == 1
    assert "(1 | batch/cask)" in found[0].message


def crossed(rng: np.random.Generator, a: int, b: int, repeats: int, sd: float) -> pd.DataFrame:
    """Numbered parts measured by numbered machines, each several times."""
    i, j, _ = (k.ravel() for k in np.meshgrid(range(a), range(b), range(repeats), indexing="ij"))
    y = rng.normal(size=a)[i] + sd * rng.normal(size=b)[j] + 0.3 * rng.normal(size=len(i))
    return pd.DataFrame({"y": y, "sample": i + 1, "machine": j + 1})


def test_numbered_crossed_factors_with_effects_pass() -> None:
    alarms = 0
    for seed in range(40):
        data = crossed(np.random.default_rng(seed), 12, 6, 2, 1.0)
        alarms += "reused_levels" in names("y ~ (1 | sample) + (1 | machine)", data)
    assert alarms <= 2


def test_numbers_that_are_the_same_everywhere_pass() -> None:
    data = crossed(np.random.default_rng(1), 12, 6, 2, 0.0)
    for shared in ("week", "visit_no", "Items", "raterID"):
        renamed = data.rename(columns={"machine": shared})
        assert "reused_levels" not in names(f"y ~ (1 | sample) + (1 | {shared})", renamed)
    single = data.drop_duplicates(["sample", "machine"])
    assert "reused_levels" not in names("y ~ (1 | sample) + (1 | machine)", single)


def nested(rng: np.random.Generator, sizes: np.ndarray, label) -> pd.DataFrame:
    """Plots numbered in each site, three rows a plot."""
    site, plot = (
        np.repeat(np.arange(len(sizes)), sizes),
        np.concatenate([np.arange(n) for n in sizes]),
    )
    rows = np.repeat(np.arange(len(site)), 3)
    y = rng.normal(size=len(site))[rows] + rng.normal(size=len(rows))
    data = {
        "y": y,
        "Site": [f"site {s}" for s in site[rows]],
        "Plot": [label(p) for p in plot[rows]],
    }
    return pd.DataFrame(data)


@pytest.mark.parametrize(
    "label", [lambda p: p + 1, lambda p: f"plot {p + 1:02}", lambda p: "ABCDEFGH"[p], lambda p: p]
)
@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize(
    "model", ["y ~ (1 | Site) + (1 | Plot)", "y ~ (1 | Plot) + (1 | Site)"], ids=["outer", "inner"]
)
def test_plots_numbered_anew_in_each_site_are_found(label, equal: bool, model: str) -> None:
    found = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        sizes = np.full(9, 4) if equal else rng.integers(2, 7, 9)
        findings = bg.check(model, nested(rng, sizes, label))["reused_levels"]
        found += len(findings)
        assert all("(1 | Site/Plot)" in f.message for f in findings)
    assert found >= 9  # by chance some plots' means differ where every site has all of them


SLIPS = [("Control", "Controll"), ("placebo", "plaecbo"), ("treated", "treted"), ("PLACEBO", "PLACBO"),
         ("low dose", "low dosse"), ("patient", "patients")]  # fmt: skip
APART = [
    ("site 1", "site 2"), ("groupa", "groupb"), ("stageI", "stageII"), ("typical", "atypical"),
    ("male", "female"), ("north", "south"), ("arm A", "arm B"), ("1990s", "1980s"), ("cat", "cart"),
    ("Iceland", "Ireland"), ("A", "a"), ("Control", "control"), ("a1b", "a2b"), ("", "a"),
    ("symptomatic", "asymptomatic"), ("type2", "type22"),
]  # fmt: skip


def test_slips_of_a_letter_are_told_from_names() -> None:
    assert all(near(a, b, 5, 6) and near(b, a, 6, 5) for a, b in SLIPS)
    assert not any(near(a, b, 5, 6) or near(b, a, 6, 5) for a, b in APART)
    assert near("Iceland", "Ireland", 2, 30)


@pytest.mark.parametrize("clusters", [200, 12])
def test_right_offsets_and_exposures_pass_and_wrong_ones_are_found(clusters: int) -> None:
    alarms = found = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        years = np.exp(rng.uniform(-1, 2.5, clusters))[np.arange(200) % clusters]
        effect = rng.normal(0, 0.6, clusters)[np.arange(200) % clusters]
        mean = 3 * years * np.exp(effect + 0.5 * rng.normal(size=200))
        data = pd.DataFrame({"y": rng.poisson(mean), "years": years, "longer": np.log(20 * years)})
        scales = {"offset_scale", "exposure_scale"}
        for options in ({"offset": "longer"}, {"exposure": "years"}):
            alarms += bool(scales & names("y ~ 1", data, family="poisson", **options))
        for options in ({"offset": "years"}, {"exposure": "longer"}):
            found += bool(scales & names("y ~ 1", data, family="poisson", **options))
    assert alarms <= 1
    assert found >= (49 if clusters == 200 else 28)


def test_good_numbers_are_not_taken_for_codes(data_folder: Path) -> None:
    sleep = pd.read_csv(data_folder / "sleepstudy.csv")
    assert names("Reaction ~ Days + (1 | Subject)", sleep) == set()
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"y": rng.normal(size=200)})
    for column in ("Days", "visit", "dose_mg", "n_children", "grade", "cylinders", "x"):
        for values in (rng.integers(0, 5, 200), rng.integers(1, 6, 200), rng.integers(1, 12, 200)):
            assert names(f"y ~ {column}", data.assign(**{column: values})) == set(), column


def test_the_reference_is_named_in_the_summary() -> None:
    table = bg.summary(poisson_tree())
    assert table.attrs["references"] == {"arm": "control"}
    assert bg.summary(slope_tree()).attrs["references"] == {}
    data = pd.DataFrame(
        {"y": [1.0, 2.0, 4.0, 3.0], "a": list("uvuv"), "b": [True, True, False, False]}
    )
    tree = tree_of(
        "y ~ C(a, ref=v) + b", data, {"intercept": 1.0, "beta": [0.1, 0.2], "sigma": 1.0}
    )
    assert bg.summary(tree).attrs["references"] == {"a": "v", "b": "False"}
