"""The forest plot shows what the table says, and zero-event studies as they are."""

from __future__ import annotations

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

import bayes_glmm as bg
from bayes_glmm.errors import ArgumentError
from bayes_glmm.plots.style import BLUE, GREY
from tests.answers.test_meta import trials_tree
from tests.canned import slope_tree


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts(ax):
    return [t.get_text() for t in ax.texts]


def marks(ax, marker, colour):
    found = [
        line.get_xydata()[0]
        for line in ax.lines
        if line.get_marker() == marker and to_hex(line.get_markeredgecolor()).upper() == colour
    ]
    return np.array(found)


def test_studies_are_sorted_and_drawn_with_their_counts():
    ax = bg.plot_forest(trials_tree(), "study", "treat", names={"a": "Adams"})
    table = bg.meta_analysis(trials_tree(), "study", "treat")
    medians = table["median"][:5].sort_values(ascending=False)
    drawn = marks(ax, "o", BLUE.upper())
    np.testing.assert_allclose(drawn[np.argsort(-drawn[:, 1]), 0], medians)
    assert ax.get_xscale() == "log"
    assert {"Adams", "7/80", "3/90", "treat 0", "odds ratio"} <= set(texts(ax))
    assert "τ" in ax.get_xlabel() and "I²" in ax.get_xlabel()


def test_zero_events_have_arrows_or_words_and_no_correction():
    ax = bg.plot_forest(trials_tree(), "study", "treat", order="name")
    assert texts(ax).count("no event in either arm ") == 1
    hollow = marks(ax, "s", GREY.upper())
    table = bg.meta_analysis(trials_tree(), "study", "treat")
    own = table["raw"][:5][[0, 3, 4]]
    np.testing.assert_allclose(np.sort(hollow[:, 0]), np.sort(own))
    assert len(marks(ax, "<", GREY.upper())) >= 1


def test_differences_have_a_plain_axis_and_several_contrasts_no_studies():
    ax = bg.plot_forest(trials_tree(), "study", "treat", "difference")
    assert ax.get_xscale() == "linear"
    assert "risk difference" in texts(ax)
    with pytest.raises(ArgumentError, match="'effect' or 'name'"):
        bg.plot_forest(trials_tree(), "study", "treat", order="size")


def test_texts_do_not_overlap():
    ax = bg.plot_forest(trials_tree(), "study", "treat")
    ax.figure.canvas.draw()
    boxes = [
        t.get_window_extent()
        for t in ax.texts
        if t.get_text().strip() and "event" not in t.get_text()
    ]
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            assert not (a.x0 < b.x1 - 1 and b.x0 < a.x1 - 1 and a.y0 < b.y1 - 1 and b.y0 < a.y1 - 1)
    whole = ax.figure.bbox
    assert all(b.x0 >= whole.x0 and b.x1 <= whole.x1 for b in boxes)


def test_means_without_a_treatment():
    ax = bg.plot_forest(slope_tree(), "person")
    assert len(marks(ax, "o", BLUE.upper())) == 18
