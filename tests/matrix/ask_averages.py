"""Mean responses: of rows, of averages over rows, and what changing a variable does to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

import bayes_glmm as bg
from bayes_glmm.answers.predict.missing_responses import with_missing_responses
from tests.matrix.held import EXACT, by_chance, ends, flat, near, summarised
from tests.matrix.laws import ORDERED, UNORDERED
from tests.matrix.questions import Question
from tests.matrix.responses import averaged
from tests.matrix.rows import strangers
from tests.matrix.world import World

type Array = np.ndarray
HOWS = ("population", "typical", "known", "new")
STEP = 3e-5
T_RULE = 3e-5
"""Error of averages over Student's t, by 400 quantiles."""
SHARES = 1e-6
"""Error of averages over several predictors, by few nodes each."""


def rule(w: World) -> float:
    """Return the error of averages over the population, of the answer or of what it is held to."""
    if any(g.student for p in w.predictors for g in w.of(p).side.groups):
        return T_RULE
    together = w.family in ORDERED and len([p for p in w.predictors if w.of(p).side.groups]) > 1
    return SHARES if w.family in UNORDERED or together else EXACT


def changed(w: World, name: str) -> pd.DataFrame:
    """Return the training rows with a variable changed: ``f=a``, ``x+1``, or as they are."""
    if "=" in name:
        column, _, value = name.partition("=")
        return w.rows.assign(**{column: value})
    if "+" in name:
        column, _, step = name.partition("+")
        return w.rows.assign(**{column: w.rows[column] + float(step)})
    return w.rows


def mean(w: World, name: str, how: str) -> Array:
    """Return draws of the mean of changed rows; a training row's levels are known ones."""
    how = "known" if how == "new" else how
    return w.once((name, how), lambda: w.expected(changed(w, name), how))


def average(w: World, name: str, how: str) -> Array:
    """Return draws of the average of changed rows, shape (n_draws, 1) or (n_draws, 3)."""
    share = w.amounts(w.rows) / w.amounts(w.rows).sum()
    return flat(np.tensordot(mean(w, name, how), share, axes=(1, 0)))


def stranger_rows(w: World) -> pd.DataFrame:
    return strangers(w.family).drop(columns=w.columns, errors="ignore")


def predictor(w: World, name: str, how: str) -> Array:
    """Return draws of the average predictor, shape (n_draws, n_predictors)."""
    eta = w.eta(changed(w, name), "known" if how in ("known", "new") else "typical")
    share = w.amounts(w.rows) / w.amounts(w.rows).sum()
    return np.column_stack([eta[p] @ share for p in w.means])


def drawn(w: World, found: Any) -> Array:
    return found.values.reshape(w.n_draws, -1)


def _predictions() -> Iterator[Question]:
    for how in HOWS:

        def rows(w: World, how: str = how) -> Any:
            return bg.predictions(w.tree, groups=how)

        def check_rows(w: World, table: pd.DataFrame, how: str = how) -> None:
            summarised(table, flat(mean(w, "", how)), rule(w))

        def averages(w: World, how: str = how) -> Any:
            return bg.predictions(w.tree, groups=how, by=True)

        def check_averages(w: World, table: pd.DataFrame, how: str = how) -> None:
            summarised(table, average(w, "", how), rule(w))

        def others(w: World, how: str = how) -> Any:
            return bg.predictions(w.tree, stranger_rows(w), groups=how, draws=True, seed=3)

        def check_others(w: World, found: Any, how: str = how) -> None:
            first, variance = averaged(w, how, stranger_rows(w), response=False)
            if how == "new" and rule(w) == T_RULE:
                uniform(w, drawn(w, found))
            elif how == "new":
                by_chance(drawn(w, found), flat(first), flat(variance))
            else:
                near(drawn(w, found), flat(first), rule(w))

        def responses(w: World, how: str = how) -> Any:
            return bg.predictions(w.tree, groups=how, kind="response", draws=True, seed=1)

        def check_responses(w: World, found: Any, how: str = how) -> None:
            first, variance = averaged(w, "known" if how == "new" else how, w.rows)
            by_chance(_turned(w, drawn(w, found), flat(first)), flat(first), flat(variance))

        def several(w: World, how: str = how) -> Any:
            return bg.predictions(w.tree, groups=how, kind="response", by=True, draws=True, seed=2)

        def check_several(w: World, found: Any, how: str = how) -> None:
            first, variance = averaged(w, "known" if how == "new" else how, w.rows)
            each, n = w.amounts(w.rows), 1.0 if w.trials is None else w.trials
            share = (each / n / each.sum()).reshape(-1, *[1] * (first.ndim - 2))
            middle = flat((share * first).sum(axis=1))
            # rows are taken as independent, which copies and trials of one row need not be
            noise = flat((share**2 * variance).sum(axis=1)) + drawn(w, found).var(axis=0)
            by_chance(drawn(w, found), middle, noise, of_squares=False)

        of = f'groups="{how}"'
        yield Question(
            f"predictions({of})",
            ("predictions",),
            rows,
            check_rows,
            "the mean in every draw; populations by brute-force quadrature",
        )
        yield Question(
            f"predictions({of}, by=True)",
            ("predictions",),
            averages,
            check_averages,
            "its average over what the rows stand for, in every draw",
        )
        if how != "known":
            yield Question(
                f"predictions(rows, {of})",
                ("predictions",),
                others,
                check_others,
                "the same for levels never seen; drawn ones by mean and variance",
            )
        yield Question(
            f'predictions({of}, kind="response")',
            ("predictions",),
            responses,
            check_responses,
            "mean and variance of the family, by chance",
        )
        yield Question(
            f'predictions({of}, kind="response", by=True)',
            ("predictions",),
            several,
            check_several,
            "the mean of the family, by chance",
        )


def uniform(w: World, found: Array) -> None:
    """Hold means of levels with Student's t, which may have no variance, to their quantiles."""
    rows = stranger_rows(w)
    eta, names, covariance = w.new(rows)
    nodes = list(w.over(eta, names, covariance))
    values = np.stack([flat(w.mean(at, rows)) for _, at in nodes])
    weight = np.array([p for p, _ in nodes])[:, None, None]
    same = np.ptp(values, axis=0) < 1e-6 * np.abs(values[0])
    near(found[same], values[0][same], 1e-6)
    place = (weight * ((values < found) + (values == found) / 2)).sum(axis=0)
    varied = ~same.all(axis=0)
    by_chance(place[:, varied], 0.5, 1 / 12)


def _turned(w: World, found: Array, middle: Array) -> Array:
    """Return angles on the turn around their mean direction."""
    if w.family != "von_mises":
        return found
    return found - 2 * np.pi * np.rint((found - middle) / (2 * np.pi))


def measured(measure: str, low: Array, high: Array) -> Array:
    if measure == "odds_ratio":
        return np.exp(special.logit(high) - special.logit(low))
    return {"difference": high - low, "ratio": high / low, "lift": high / low - 1}[measure]


def _comparisons() -> Iterator[Question]:
    for how in HOWS:

        def ask(w: World, how: str = how) -> Any:
            return bg.comparisons(w.tree, "f", groups=how)

        def check(w: World, table: pd.DataFrame, how: str = how) -> None:
            summarised(table, average(w, "f=b", how) - average(w, "f=a", how), 10 * rule(w))

        def steep(w: World, how: str = how) -> Any:
            return bg.slopes(w.tree, "x", groups=how)

        def check_steep(w: World, table: pd.DataFrame, how: str = how) -> None:
            high, low = (average(w, f"x+{s * STEP}", how) for s in (1, -1))
            summarised(table, (high - low) / (2 * STEP), max(1e-6, 10 * rule(w)))

        of = f'groups="{how}"'
        yield Question(
            f"comparisons({of})",
            ("comparisons",),
            ask,
            check,
            "differences of the oracle's averages, in every draw",
        )
        yield Question(
            f"slopes({of})",
            ("slopes",),
            steep,
            check_steep,
            "its averages a small step to either side",
        )
    for measure in ("ratio", "odds_ratio", "lift"):

        def of_two(w: World, measure: str = measure) -> Any:
            return bg.comparisons(w.tree, "f", measure=measure, groups="known")

        def check_two(w: World, table: pd.DataFrame, measure: str = measure) -> None:
            pair = (average(w, f"f={v}", "known") for v in "ab")
            summarised(table, measured(measure, *pair))

        yield Question(
            f'comparisons(measure="{measure}")',
            ("comparisons",),
            of_two,
            check_two,
            "the same averages, compared by definition",
        )
    for measure in ("difference", "ratio", "odds_ratio"):

        def on_link(w: World, measure: str = measure) -> Any:
            return bg.comparisons(w.tree, "f", measure=measure, scale="link")

        def check_link(w: World, table: pd.DataFrame, measure: str = measure) -> None:
            apart = predictor(w, "f=b", "typical") - predictor(w, "f=a", "typical")
            summarised(table, apart if measure == "difference" else np.exp(apart))

        yield Question(
            f'comparisons(measure="{measure}", scale="link")',
            ("comparisons",),
            on_link,
            check_link,
            "differences of the predictor",
        )


def check_step(w: World, table: pd.DataFrame) -> None:
    summarised(table, average(w, "x+1", "typical") - average(w, "", "typical"))


def check_cells(w: World, table: pd.DataFrame) -> None:
    found = []
    for value in "ab":
        chosen = (w.rows["f"] == value).to_numpy()
        share = w.amounts(w.rows) * chosen / (w.amounts(w.rows) * chosen).sum()
        low, high = (np.tensordot(mean(w, f"f={v}", "known"), share, axes=(1, 0)) for v in "ab")
        found.append(flat(high - low))
    assert table["f"].unique().tolist() == ["a", "b"]
    summarised(table, np.column_stack(found))


def check_needed(w: World, table: pd.DataFrame) -> None:
    apart = average(w, "f=b", "known") - average(w, "f=a", "known")
    near(table["difference"], apart.mean(axis=0))
    near(table["number_needed"], 1 / np.abs(apart.mean(axis=0)))
    near(table["p_fewer"], (apart < 0).mean(axis=0))
    low, high = np.quantile(apart, [0.055, 0.945], axis=0)
    sure = low * high > 0
    near(ends(table)[1][sure], 1 / np.minimum(np.abs(low), np.abs(high))[sure])
    near(ends(table)[0][sure], 1 / np.maximum(np.abs(low), np.abs(high))[sure])
    assert np.isinf(ends(table)[1][~sure]).all()


def ask_missing(w: World) -> Any:
    tree = with_missing_responses(w.tree, stranger_rows(w), seed=5)
    return bg.missing_responses(tree, draws=True)


def check_missing(w: World, found: Any) -> None:
    first, variance = averaged(w, "new", stranger_rows(w))
    by_chance(_turned(w, drawn(w, found), flat(first)), flat(first), flat(variance),
              of_squares=rule(w) != T_RULE)  # fmt: skip


QUESTIONS = (
    *_predictions(),
    *_comparisons(),
    Question('comparisons("x")', ("comparisons",),
             lambda w: bg.comparisons(w.tree, "x", groups="typical", contrast=1), check_step,
             "rows moved by a step of one"),
    Question('comparisons(by="f")', ("comparisons",),
             lambda w: bg.comparisons(w.tree, "f", groups="known", by="f"), check_cells,
             "averages within each cell"),
    Question("number_needed", ("number_needed",),
             lambda w: bg.number_needed(w.tree, "f", groups="known"), check_needed,
             "one over the difference in probability"),
    Question("missing_responses", ("missing_responses",), ask_missing, check_missing,
             "mean and variance of responses of new levels, by chance"),
)  # fmt: skip
