"""Trees, maps and places through the whole flow: draws, new levels, files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.errors import BayesGLMMError, DataError
from tests.structures import test_areal, test_coordinates
from tests.structures.test_flow import tree_of
from tests.structures.trees import Plain, random_tree

RNG = np.random.default_rng(30)
TREE = random_tree(RNG, 16, zero=0.0)
TIPS = sorted(TREE.tips)
BORDERS = test_areal.borders(RNG, [8, 3])
AREAS = test_areal.named(12)
PLACES = test_coordinates.table(RNG, 9, width=1.5)
TEXT = "y ~ 1 + (1 | gr(level, A))"
FIXED = {"sd": bg.Prior("Gamma", alpha=400, beta=400)}


def grown() -> tuple[str, pd.DataFrame, Plain]:
    """Return the tree without two tips, where these branch off, and the whole tree."""
    deep = max(TIPS, key=TREE.depth)
    new = [t for t in TIPS if t != deep][:2]
    kept = {c: p for c, p in TREE.parent.items() if c not in new}
    old = Plain(kept, TREE.length, TREE.root)
    rows = {"level": new, "on": [TREE.parent[t] for t in new], "by": [TREE.length[t] for t in new]}
    return old.newick(RNG), pd.DataFrame(rows), TREE


def lineage_case(model: str, hyper: dict):
    written, rows, whole = grown()
    levels = [t for t in TIPS if t not in set(rows["level"])]
    K = whole.covariance([*levels, *rows["level"]], model, *hyper.values())
    structure = bg.lineage(written, model, parent="on", length="by")
    return structure, pd.DataFrame({"level": levels}), rows, K


def areal_case(model: str, hyper: dict):
    levels, later = AREAS[:9], AREAS[9:]  # the last has no neighbour
    K = test_areal.dense(BORDERS, AREAS, model, *hyper.values())
    structure = bg.areal(BORDERS, model, areas=AREAS.tolist())
    return structure, pd.DataFrame({"level": levels}), pd.DataFrame({"level": later}), K


def places_case(method: str, hyper: dict):
    data = PLACES.rename(columns={"site": "level"})
    gaps = test_coordinates.apart(data[["e", "n"]].to_numpy())
    K = test_coordinates.matern("exponential", gaps, hyper["range"])
    structure = bg.coordinates("e", "n", "exponential", method).bind(data.iloc[:6], "level")
    return structure, data.iloc[:6], data.iloc[6:], K


CASES = {
    "brownian": (lineage_case, {}),
    "ou": (lineage_case, {"halflife": 0.6}),
    "pagel": (lineage_case, {"signal": 0.8}),
    "bym2": (areal_case, {"mix": 0.7}),
    "car": (areal_case, {"mix": 0.8}),
    "exact": (places_case, {"range": 0.9}),
    "nearest": (places_case, {"range": 0.9}),
}


def sharp(hyper: dict) -> dict:
    """Return priors so narrow that the parameters are all but known."""
    if not hyper:
        return FIXED
    (stem, value), n = next(iter(hyper.items())), 40_000
    if stem in ("mix", "signal"):
        return FIXED | {stem: bg.Prior("Beta", alpha=n * value, beta=n * (1 - value))}
    return FIXED | {stem: bg.Prior("LogNormal", mu=np.log(value), sigma=0.005)}


SLOW = ("ou", "pagel", "car", "nearest")


@pytest.mark.parametrize(
    "name", [pytest.param(c, marks=[pytest.mark.slow] if c in SLOW else []) for c in CASES]
)
def test_new_levels_are_drawn_given_their_relatives(name: str, tmp_path) -> None:
    """Regress the drawn effects on the known ones: slopes and rest are the dense normal's."""
    case, hyper = CASES[name]
    structure, data, rows, K = case(name, hyper)
    table = pd.concat([data, data], ignore_index=True)
    table["y"] = np.random.default_rng(1).normal(size=len(table))
    tree = tree_of(TEXT, structure, 1000, data=table, priors=sharp(hyper))
    u = tree["posterior"]["u_level"].values[..., 0].reshape(-1, len(data))
    sd = tree["posterior"]["sd_level"].values.reshape(-1, 1)
    drawn = bg.predictions(tree, rows, groups="new", draws=True).values.reshape(len(u), -1)
    typical = bg.predictions(tree, rows, groups="typical", draws=True).values.reshape(len(u), -1)
    order = np.argsort(data["level"].to_numpy(dtype=str))
    old, new = np.arange(len(order))[order], np.arange(len(order), len(K))
    slope = np.linalg.lstsq(K[np.ix_(old, old)], K[np.ix_(old, new)], rcond=1e-9)[0].T
    left = K[np.ix_(new, new)] - slope @ K[np.ix_(old, new)]
    np.testing.assert_allclose(np.cov((u / sd).T), K[np.ix_(old, old)], atol=0.22)
    rest = ((drawn - typical) - u @ slope.T) / sd
    n = len(rest)
    assert abs(rest.mean(axis=0)).max() < 5 * np.sqrt(max(left.diagonal().max(), 1e-4) / n)
    np.testing.assert_allclose(np.cov(rest.T), left, atol=0.22 * left.diagonal().max() + 1e-4)
    again = bg.load(bg.save(tree, tmp_path / "fit.nc"))
    pd.testing.assert_frame_equal(
        bg.predictions(again, rows, groups="new"), bg.predictions(tree, rows, groups="new")
    )


def test_simulated_maps_and_trees_follow_the_structure() -> None:
    """Without noise, every draw of an ICAR map sums to zero in its parts."""
    data = pd.DataFrame({"level": AREAS[:11], "y": 0.0})
    truth = {"intercept": 1.0, "sd_level": 2.0, "sigma": 1e-9}
    icar = bg.areal(BORDERS, "icar")
    y = bg.simulate(TEXT, data, truth, 1, structures={"A": icar})["y"].to_numpy() - 1
    assert abs(y[:8].sum()) < 1e-6
    assert abs(y[8:].sum()) < 1e-6
    assert abs(y).max() > 0.3


def test_two_structures_of_one_level_have_names_of_their_own() -> None:
    data = PLACES.assign(y=np.arange(9.0), cell=TREE.names[:9])
    model = bg.build_model(
        "y ~ 1 + (1 | gr(cell, L)) + (1 | gr(cell, S))", data,
        structures={
            "L": bg.lineage(TREE.newick(RNG), "pagel"),
            "S": bg.coordinates("e", "n", "exponential"),
        },
    )  # fmt: skip
    named = {v.name for v in model.free_RVs}
    assert {"sd_cell_L", "signal_cell_L", "sd_cell_S", "range_cell_S"} <= named


def test_what_the_data_lack_is_said_with_its_name() -> None:
    data = PLACES.assign(y=np.arange(9.0))
    with pytest.raises(BayesGLMMError, match="lack north"):
        bg.build_model("y ~ 1 + (1 | gr(site, P))", data,
                       structures={"P": bg.coordinates("e", "north")})  # fmt: skip
    moved = pd.concat([data, data.iloc[[4]].assign(e=8.0)])
    with pytest.raises(DataError, match="different places: 's0004'"):
        bg.build_model("y ~ 1 + (1 | gr(site, P))", moved,
                       structures={"P": bg.coordinates("e", "n")})  # fmt: skip
    found = bg.check("y ~ 1 + (1 | gr(site, M))", data, structures={"M": bg.areal(BORDERS)})
    assert "'s0000'" in found.errors[0].message
