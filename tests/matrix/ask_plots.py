"""Pictures: the figures that they are about are among what was drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd

import bayes_glmm as bg
from tests.matrix.ask_averages import HOWS, average, changed
from tests.matrix.ask_effects import first, group_of
from tests.matrix.ask_fit import REPLICATIONS
from tests.matrix.ask_studies import shifts, study_of
from tests.matrix.held import near
from tests.matrix.laws import LINKS, ORDERED
from tests.matrix.questions import Question
from tests.matrix.responses import observed
from tests.matrix.rows import LEVELS
from tests.matrix.world import World

mpl.use("Agg")
type Array = np.ndarray
BINS = 30
SPOTS = pd.DataFrame({"east": np.arange(12) % 4 * 1.0, "north": np.arange(12) // 4 * 1.0}, LEVELS)


def drawn(axes: Any) -> Array:
    """Return all numbers in lines, dots, segments, bars, areas and colours of axes."""
    found: list[Array] = []
    for ax in np.ravel(np.asarray(axes, object)):
        found += [np.ravel(np.asarray(line.get_data(), float)) for line in ax.lines]
        for patch in ax.patches:
            found.append(
                np.ravel(patch.get_path().transformed(patch.get_patch_transform()).vertices)
            )
        for many in ax.collections:
            found.append(np.ravel(np.asarray(many.get_offsets(), float)))
            found += [np.ravel(path.vertices) for path in many.get_paths()]
            if many.get_array() is not None:
                found.append(np.ravel(np.asarray(many.get_array(), float)))
        found += [np.ravel(np.asarray(image.get_array(), float)) for image in ax.images]
    values = np.concatenate([np.zeros(0), *found])
    return np.sort(values[np.isfinite(values)])


def shows(axes: Any, expected: Any, rel: float = 1e-6) -> None:
    """Require that every figure is among those drawn."""
    known, expected = drawn(axes), np.ravel(np.asarray(expected, float))
    after = np.clip(np.searchsorted(known, expected), 1, len(known) - 1)
    away = np.minimum(np.abs(known[after] - expected), np.abs(known[after - 1] - expected))
    size = max(np.abs(expected).max(), 1e-300)
    assert (away < rel * size).all(), (
        f"{int((away >= rel * size).sum())} of {len(expected)} are absent"
    )


def words(axes: Any) -> str:
    return " ".join(
        text.get_text() for ax in np.ravel(np.asarray(axes, object)) for text in ax.texts
    )


def term_draws(w: World) -> Array:
    """Return draws of the first term of the first group, shape (n_draws, n_levels)."""
    at, group = first(w)
    return at.draw(f"u_{group.name}")[:, :, 0]


def check_caterpillar(w: World, ax: Any) -> None:
    u = term_draws(w)
    shows(ax, [*u.mean(axis=0), *np.quantile(u, [0.055, 0.945], axis=0).ravel()])


def check_map(w: World, axes: Any) -> None:
    u = term_draws(w)
    shows(axes[0], u.mean(axis=0))
    shows(axes[1], (u > 0).mean(axis=0))


def check_tree(w: World, axes: Any) -> None:
    u = term_draws(w)
    shows(axes[1], [*u.mean(axis=0), *np.quantile(u, [0.055, 0.945], axis=0).ravel()])


def check_structure(w: World, ax: Any) -> None:
    at, group = first(w)
    if any(at.has(f"{s}_{group.name}") for s in
           ("mix", "halflife", "signal", "range", "rho")):  # fmt: skip
        assert len(drawn(ax))  # at the means of its parameters, which draws do not say
        return
    K = at.relation(group)[0]
    sd = np.sqrt(np.diag(K))
    shows(ax, np.clip(K / np.outer(sd, sd), -1, 1), 1e-5)


def check_shrinkage(w: World, ax: Any) -> None:
    at, group = first(w)
    place = at.places(group)[list(group.terms).index("intercept")]
    shows(ax, at.draw(f"u_{group.name}")[:, :, place].mean(axis=0))


def check_forest(w: World, ax: Any, treatment: bool) -> None:
    each, middle, _ = shifts(w, treatment)
    exact = np.column_stack([*each, middle])
    if treatment:
        exact = np.exp(exact) if w.law.link in ("log", "logit") else exact
    else:
        exact = LINKS[w.law.link][0](exact)
    shows(ax, np.median(exact, axis=0), 1e-5)


def check_network(w: World, ax: Any) -> None:
    exposed = w.term.options.get("exposure") and w.trials is None
    each = w.amounts(w.rows) * (w.rows["days"] if exposed else 1.0)
    text = words(ax)
    for value in "ab":
        assert f"{each[(w.rows['f'] == value).to_numpy()].sum():,.0f}" in text, value
    joined = "g" in w.fit.data
    assert ax.get_title().startswith(
        "2 treatments, 1 direct" if joined else "2 parts that no study"
    )


def check_ppc(w: World, ax: Any) -> None:
    y = observed(w)
    if len(w.columns) > 1:
        shows(ax, (y / y.sum(axis=1, keepdims=True)).std(axis=0))
    elif w.family == "bernoulli":
        points = next(line for line in ax.lines if line.get_label() == "observed")
        assert len(points.get_ydata()) == 10 and 0 <= points.get_ydata().min()
        near(points.get_ydata().mean(), y.mean(), 0.2)
    else:
        total = w.rows["copies"].sum() if "weights" in w.modifier else len(y)
        points = next(line for line in ax.lines if line.get_label() == "observed")
        beyond = re.search(r"\((\d+) rows beyond", ax.get_xlabel())
        assert points.get_ydata().sum() + int(beyond[1] if beyond else 0) == total
    if w.family in (*ORDERED, "categorical"):
        shows(ax, np.bincount(y.astype(int), minlength=3))


def check_priors(w: World, axes: Any) -> None:
    assert len(axes) >= 1
    for ax in axes:
        line = next(line for line in ax.lines if line.get_label() == "prior")
        x, density = line.get_data()
        assert (density >= 0).all() and np.trapezoid(density, x) < 1.02
        bars = [p for p in ax.patches if hasattr(p, "get_width")]
        share = 1.0 if len(bars) == BINS else 0.8  # boundaries stand side by side
        near(sum(p.get_width() * p.get_height() for p in bars), share, 1e-6)


def check_residuals(w: World, axes: Any) -> None:
    table = bg.residuals(w.tree, n=REPLICATIONS, seed=3)  # held to chance by itself
    shows(axes[0], table["residual"])
    shows(axes[1], table["residual"])
    shows(axes[1], table["fitted"])


def check_variance(w: World, ax: Any) -> None:
    table = bg.variance_partition(w.tree)  # held to its own oracle
    rows = table[~table["kind"].isin(["icc", "r2"])]
    shows(ax, rows["mean"])
    assert f"{table.set_index('component')['mean']['r2_marginal']:.2f}" in ax.get_xlabel()


def check_trajectories(w: World, ax: Any) -> None:
    known = w.once(("", "known"), lambda: w.expected(changed(w, ""), "known"))
    if w.family in ORDERED:  # at the middle category or above
        known = known[..., 1:].sum(axis=-1)
    shows(ax, known.mean(axis=0), 1e-5)


def _predictions() -> Iterator[Question]:
    for how in HOWS:

        def check(w: World, ax: Any, how: str = how) -> None:
            anew = (
                how == "new" and "observation" in w.term.mu.text
            )  # a level of each row asked about
            whole = (
                w.rows.dropna(subset=["m"]) if w.term.covariate else w.rows
            )  # others are left out
            for value in "ab":
                mean = average(replace(w, rows=whole, memory={}), f"f={value}", how)
                shows(ax, mean.mean(axis=0), 0.2 if anew else 3e-5)

        yield Question(
            f'plot_predictions(groups="{how}")', ("plot_predictions",),
            lambda w, how=how: bg.plot_predictions(w.tree, "f", groups=how), check,
            "the oracle's averages for each level",
        )  # fmt: skip


QUESTIONS = (
    Question("plot_caterpillar", ("plot_caterpillar",),
             lambda w: bg.plot_caterpillar(w.tree, group_of(w)), check_caterpillar,
             "means and bounds of the effects' draws"),
    Question("plot_shrinkage", ("plot_shrinkage",),
             lambda w: bg.plot_shrinkage(w.tree, group_of(w)), check_shrinkage,
             "means of the effects"),
    *_predictions(),
    Question("plot_trajectories", ("plot_trajectories",),
             lambda w: bg.plot_trajectories(w.tree, "x", group_of(w)), check_trajectories,
             "each row's own mean, at its time"),
    Question("plot_variance", ("plot_variance",), lambda w: bg.plot_variance(w.tree),
             check_variance, "the table of variance_partition"),
    Question("plot_residuals", ("plot_residuals",),
             lambda w: bg.plot_residuals(w.tree, n=REPLICATIONS, seed=3), check_residuals,
             "the table of residuals"),
    Question("plot_ppc", ("plot_ppc",), lambda w: bg.plot_ppc(w.tree, n=40), check_ppc,
             "the rows counted"),
    Question("plot_prior_posterior", ("plot_prior_posterior",),
             lambda w: bg.plot_prior_posterior(w.tree), check_priors,
             "densities and histograms with a total of one", costly=True),
    Question("plot_forest", ("plot_forest",),
             lambda w: bg.plot_forest(w.tree, study_of(w), "f"),
             lambda w, ax: check_forest(w, ax, True), "medians of the studies' effects"),
    Question("plot_forest (means)", ("plot_forest",),
             lambda w: bg.plot_forest(w.tree, study_of(w)),
             lambda w, ax: check_forest(w, ax, False), "medians of the studies' means"),
    Question("plot_network", ("plot_network",),
             lambda w: bg.plot_network(w.tree, study_of(w), "f"), check_network,
             "what each arm's rows stand for"),
    Question("plot_map", ("plot_map",), lambda w: bg.plot_map(w.tree, group_of(w), SPOTS),
             check_map, "means of the effects, and shares of draws above zero"),
    Question("plot_tree", ("plot_tree",), lambda w: bg.plot_tree(w.tree, group_of(w)),
             check_tree, "means and bounds of the effects at the tips"),
    Question("plot_structure", ("plot_structure",),
             lambda w: bg.plot_structure(w.tree, group_of(w)), check_structure,
             "the dense correlations of the levels"),
)  # fmt: skip
