"""Maps, trees and matrices: what they show equals the answers."""

from __future__ import annotations

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import bayes_glmm as bg
from bayes_glmm.answers.effects.level_places import ancestors, exceedance
from bayes_glmm.errors import ArgumentError, ArgumentTypeError, DataError, ResultError
from bayes_glmm.plots.layout import layout
from bayes_glmm.results.fit import Fit
from tests.canned import binomial_tree
from tests.structures.test_flow import tree_of

NEWICK = "(((a:1,b:1)ab:1,c:2)abc:2,(d:3,e:3):1);"
EDGES = pd.DataFrame({"from": list("abcd"), "to": list("bcde")})
TEXT = "y ~ 1 + (1 | gr(level, A))"


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def fitted(structure, **options):
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"level": list("abcde") * 3, "y": rng.poisson(2, 15)})
    data["e"], data["n"] = [float("abcde".index(c)) for c in data["level"]], 0.5
    return tree_of(TEXT, structure, 400, data=data, **options)


def drawn(ax) -> np.ndarray:
    return next(c.get_array() for c in ax.collections if c.get_array() is not None)


def test_a_map_shows_means_and_probabilities_of_the_draws():
    tree = fitted(bg.areal(EDGES, "icar"), family="poisson")
    u = tree["posterior"]["u_level"].values.reshape(-1, 5)
    left, right = bg.plot_map(tree, "level", threshold=0.1)
    np.testing.assert_allclose(drawn(left), u.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(drawn(right), (u > 0.1).mean(axis=0), rtol=1e-12)
    assert {t.get_text() for t in left.texts} == set("abcde")
    assert "no meaning" in left.get_xlabel()
    said = " ".join(ax.get_xlabel() for ax in left.figure.axes)
    assert "ratio to the average" in said
    assert "P(ratio > 1.11)" in said


def test_points_and_polygons_stand_where_they_are_given():
    tree = fitted(bg.areal(EDGES, "icar"))
    places = pd.DataFrame({"x": range(5), "y": range(5, 0, -1)}, index=list("edcba"))
    left, _ = bg.plot_map(tree, "level", places)
    points = next(c for c in left.collections if c.get_array() is not None)
    np.testing.assert_allclose(points.get_offsets(), places.loc[list("abcde")].to_numpy())
    square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    left, right = bg.plot_map(tree, "level", {c: square + i for i, c in enumerate("edcba")})
    patches = next(c for c in left.collections if c.get_array() is not None)
    corners = [p.vertices[0].tolist() for p in patches.get_paths()]
    assert corners == [[4, 4], [3, 3], [2, 2], [1, 1], [0, 0]]
    np.testing.assert_allclose(drawn(right), exceedance(tree, "level")["p_above"])


def test_a_structure_of_places_knows_where_its_levels_are():
    tree = fitted(bg.coordinates("e", "n", "exponential").bind(
        pd.DataFrame({"level": list("abcde"), "e": range(5), "n": 0.5}), "level"))  # fmt: skip
    left, _ = bg.plot_map(tree, "level")
    points = next(c for c in left.collections if c.get_array() is not None)
    np.testing.assert_allclose(points.get_offsets()[:, 0], np.arange(5.0))


def test_maps_say_what_they_lack():
    tree = fitted(bg.areal(EDGES, "icar"))
    places = pd.DataFrame({"x": range(5), "y": range(5)}, index=list("abcdf"))
    with pytest.raises(DataError, match="lacks 1 of 5 levels: 'e'"):
        bg.plot_map(tree, "level", places)
    with pytest.raises(ArgumentError, match="two columns of numbers"):
        bg.plot_map(tree, "level", places.assign(z=1.0))
    with pytest.raises(ArgumentTypeError, match="not list"):
        bg.plot_map(tree, "level", [1, 2])
    with pytest.raises(DataError, match=r"shape \(2,\)"):
        bg.plot_map(tree, "level", {c: [1, 2] for c in "abcde"})
    with pytest.raises(ArgumentError, match="Nothing says where"):
        bg.plot_map(binomial_tree(), "hospital")
    with pytest.raises(ResultError, match="level"):
        bg.plot_map(tree, "levle")
    with pytest.raises(ArgumentError, match="threshold"):
        bg.plot_map(tree, "level", threshold=np.nan)


def test_neighbours_of_a_layout_are_nearer_than_others():
    side = np.arange(64).reshape(8, 8)
    pairs = np.vstack([np.c_[side[:, :-1].ravel(), side[:, 1:].ravel()],
                       np.c_[side[:-1].ravel(), side[1:].ravel()], [[64, 65]]])  # fmt: skip
    places = layout(67, pairs)
    gaps = np.linalg.norm(places[:, None] - places, axis=2)
    near = gaps[tuple(pairs.T)]
    assert near.max() < 1.6
    assert near.min() > 0.5
    others = gaps[:64, :64][np.triu(np.ones((64, 64), bool), 1)]
    assert (others < near.max()).sum() < 3 * len(pairs)
    assert np.isfinite(places).all()


@pytest.mark.parametrize("model", ["brownian", "ou", "pagel"])
def test_ancestors_are_what_the_dense_normal_says_of_them(model: str):
    """The effect of the last ancestor of a and b, by a regression on all tips written out."""
    tree = fitted(bg.lineage(NEWICK, model))
    fit = Fit.of(tree)
    post = tree["posterior"]
    means = post["u_level"].values.reshape(-1, 5).mean(axis=0)
    shared = np.array([[4, 3, 2, 0, 0], [3, 4, 2, 0, 0], [2, 2, 4, 0, 0],
                       [0, 0, 0, 4, 1], [0, 0, 0, 1, 4]]) / 4  # fmt: skip
    to_tips, own = np.array([3, 3, 2, 0, 0]) / 4, 3 / 4
    if model == "pagel":
        share = float(post["signal_level"].values.mean())
        K, k = share * shared + (1 - share) * np.eye(5), share * to_tips
    elif model == "ou":
        half = float(post["halflife_level"].values.mean())
        K = 2.0 ** (-(2 - 2 * shared) / half)
        k = 2.0 ** (-(1 + own - 2 * to_tips) / half)
    else:
        K, k = shared, to_tips
    found = ancestors(fit, "level")
    names = list(fit.structures["A"].tree.names)
    np.testing.assert_allclose(found[names.index("ab")], k @ np.linalg.solve(K, means), rtol=1e-9)
    np.testing.assert_allclose([found[names.index(c)] for c in "abcde"], means, rtol=1e-8)


def test_a_tree_has_its_tips_and_their_means_side_by_side():
    tree = fitted(bg.lineage(NEWICK))
    left, right = bg.plot_tree(tree, "level")
    table = bg.random_effects(tree, "level").set_index("level")
    names = [t.get_text() for t in left.get_yticklabels()]
    assert sorted(names) == list("abcde")
    assert abs(names.index("a") - names.index("b")) == 1
    assert abs(names.index("d") - names.index("e")) == 1
    points = next(c for c in right.collections if c.get_offsets().shape == (5, 2))
    for x, y in points.get_offsets():
        np.testing.assert_allclose(x, table.loc[names[round(y)], "mean"])
    with pytest.raises(ResultError, match="no lineage but areal"):
        bg.plot_tree(fitted(bg.areal(EDGES, "icar")), "level")
    with pytest.raises(ResultError, match="no structure"):
        bg.plot_tree(binomial_tree(), "hospital")


def test_a_matrix_has_relatives_beside_each_other():
    tree = fitted(bg.lineage(NEWICK))
    ax = bg.plot_structure(tree)
    names = [t.get_text() for t in ax.get_yticklabels()]
    assert {frozenset(names[:3]), frozenset(names[2:])} & {frozenset("abc")}
    image = ax.images[0].get_array()
    i, j = names.index("a"), names.index("b")
    np.testing.assert_allclose(image[i, j], 0.75)
    np.testing.assert_allclose(np.diag(image), 1)
    whole = bg.plot_structure(bg.lineage(NEWICK))
    assert len(whole.get_yticklabels()) == 7
    with pytest.raises(ArgumentError, match="read from the data"):
        bg.plot_structure(bg.coordinates("x", "y"))
    with pytest.raises(ArgumentError, match="Name the group"):
        bg.plot_structure(binomial_tree())


def test_reports_hold_the_tree_and_the_map(tmp_path):
    from bayes_glmm.report.render import _group

    for structure, words in ((bg.lineage(NEWICK), "The tree of level"),
                             (bg.areal(EDGES, "icar"), "level on a map")):  # fmt: skip
        tree = fitted(structure)
        told = [alt for alt, _ in _group(tree, Fit.of(tree), "level")["pictures"]]
        assert any(alt.startswith(words) for alt in told)
