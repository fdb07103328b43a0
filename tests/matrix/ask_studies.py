"""Meta-analyses: effects by study, their average and a new one, and how much they vary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

import bayes_glmm as bg
from tests.matrix.ask_averages import changed, measured, rule
from tests.matrix.ask_effects import first, group_of
from tests.matrix.held import by_chance, near
from tests.matrix.laws import LINKS, ORDERED
from tests.matrix.questions import Question
from tests.matrix.responses import seen
from tests.matrix.terms import Group
from tests.matrix.world import World

type Array = np.ndarray


def study_of(w: World) -> str:
    """Name the studies: the column ``g`` where the model reads it, else its first group."""
    return "g" if "g" in w.fit.data else group_of(w)


def studies(w: World, arms: bool) -> tuple[list[str], list[Array]]:
    """Return studies and their rows; with arms those that have both."""
    if "g" in w.fit.data:
        labels = w.rows["g"].to_numpy()
    else:
        at, group = first(w)
        labels = group.members(w.rows)[0][0]
    values = w.rows["f"].to_numpy()
    some = sorted(set(labels))
    if "g" not in w.fit.data:
        some = at.labels(f"u_{group.name}", 0)
    kept = [s for s in some if not arms or len(set(values[labels == s])) == 2]
    return kept, [labels == s for s in kept]


def ratio(w: World) -> bool:
    return w.law.link in ("logit", "log")


def shifts(w: World, treatment: bool) -> tuple[list[Array], Array, Array]:
    """Return effects of studies, their average, and the variance of a new one, link scale."""
    mu = w.of(w.means[0])
    each = w.amounts(w.rows)
    if treatment:
        high, low = changed(w, "f=b"), changed(w, "f=a")
        own = sum(s * (mu.fixed(r) + mu.effects(r)) for s, r in ((1, high), (-1, low)))
        fixed = mu.fixed(high) - mu.fixed(low)
    else:
        without = 0 if mu.side.offset is None else mu.side.offset(mu, w.rows)
        own, fixed = mu.fixed(w.rows) + mu.effects(w.rows) - without, mu.fixed(w.rows) - without
    _, rows = studies(w, treatment)
    found = [own[:, r] @ each[r] / each[r].sum() for r in rows]
    variance = sum((moved(w, mu, g, treatment) for g in mu.side.groups), np.zeros(w.n_draws))
    return found, fixed @ each / each.sum(), variance


def moved(w: World, mu: World, group: Group, treatment: bool) -> Array:
    """Return the variance between levels of what the treatment, or the mean, is."""
    share = w.amounts(w.rows) / w.amounts(w.rows).sum()

    def z(rows: pd.DataFrame) -> Array:
        return np.array(
            [share @ np.broadcast_to(c(mu, rows), len(rows)) for c in group.terms.values()]
        )

    at = z(changed(w, "f=b")) - z(changed(w, "f=a")) if treatment else z(w.rows)
    Sigma = mu.sigma(group)[:, mu.places(group)][:, :, mu.places(group)]
    size = mu.apart(group) if group.student else mu.diagonal(group)
    return np.einsum("i,dij,j->d", at, Sigma, at) * size


def check_conditional(w: World, found: Any, treatment: bool) -> None:
    drawn = found.values.reshape(w.n_draws, -1)
    each, middle, variance = shifts(w, treatment)
    names = [*studies(w, treatment)[0], "average", "new study"]
    assert found["study"].values.tolist() == names
    exact = np.column_stack([*each, middle])
    if treatment:
        near(drawn[:, :-1], np.exp(exact) if ratio(w) else exact)
        new = np.log(drawn[:, -1]) if ratio(w) else drawn[:, -1]
    else:
        inverse = LINKS[w.law.link][0]
        near(drawn[:, :-1], inverse(exact))
        forward = {"log": np.log, "logit": lambda p: np.log(p / (1 - p)), "identity": np.asarray,
                   "tan_half": lambda m: np.tan(m / 2)}[w.law.link]  # fmt: skip
        new = forward(drawn[:, -1])
    by_chance(new[:, None], middle[:, None], variance[:, None])


def check_table(w: World, table: pd.DataFrame) -> None:
    """Hold the table's own columns: medians, probabilities, and what studies say by themselves."""
    each, middle, _ = shifts(w, True)
    exact = np.column_stack([*each, middle])
    none = 0.0
    near(table["p_above"].iloc[:-1], (exact > none).mean(axis=0))
    value = np.exp(exact) if ratio(w) else exact
    near(table["median"].iloc[:-1], np.median(value, axis=0))
    near(table["mean"].iloc[:-1], value.mean(axis=0))
    _raw(w, table)


def _raw(w: World, table: pd.DataFrame) -> None:
    y, f = w.rows["y"], w.rows["f"]
    copies = w.rows["copies"] if "weights" in w.modifier else 1.0
    for (_, row), rows in zip(table.iloc[:-2].iterrows(), studies(w, True)[1], strict=True):
        arms = [rows & (f == v).to_numpy() for v in "ab"]
        if not np.isfinite(row["raw"]) or row["raw"] == 0:
            continue
        if "se(" in w.modifier:
            weight = copies / w.rows["error"] ** 2
            means = [(y * weight)[a].sum() / weight[a].sum() for a in arms]
            near(row["raw"], means[1] - means[0])
        elif w.family in ("bernoulli", "binomial", "beta_binomial"):
            n = w.rows["n"] if w.trials is not None else pd.Series(1, w.rows.index)
            events, sizes = ([(c * copies)[a].sum() for a in arms] for c in (y, n))
            odds = stats.nchypergeom_fisher(sum(sizes), sum(events), sizes[1], row["raw"])
            near(
                odds.mean(), events[1], 1e-5
            )  # the conditional estimate makes the mean what was seen
        else:
            time = (
                np.exp(w.of("mu").side.offset(w, w.rows)) if w.term.mu.offset else np.ones(len(y))
            )
            rates = [(y * copies)[a].sum() / (time * copies)[a].sum() for a in arms]
            near(row["raw"], rates[1] / rates[0])


def check_standardised(w: World, found: Any) -> None:
    drawn = found.values.reshape(w.n_draws, -1)
    each, (_, rows) = w.amounts(w.rows), studies(w, True)
    pair = []
    per = w.rows.assign(days=1.0)
    for value in "ab":
        table = per.assign(f=value)
        own = w.expected(table, "known")
        pair.append(np.column_stack([own[:, r] @ each[r] / each[r].sum() for r in rows]
                                    or [np.empty((w.n_draws, 0))]))  # fmt: skip
    near(drawn[:, : len(rows)], measured("difference", *pair))
    ends = [w.expected(per.assign(f=v), "population") @ each / each.sum() for v in "ab"]
    near(drawn[:, -2], ends[1] - ends[0], 10 * rule(w))
    by_chance(drawn[:, -1:], (ends[1] - ends[0])[:, None], drawn[:, -1].var(), of_squares=False)


def check_heterogeneity(w: World, found: Any, treatment: bool) -> None:
    drawn = found.values.reshape(w.n_draws, 3)
    tau = np.sqrt(shifts(w, treatment)[2])
    near(drawn[:, 0], tau)
    if w.family in ORDERED:  # categories have no one error
        assert np.isnan(drawn[:, 1:]).all()
        return
    told = information(w)
    names, rows = studies(w, treatment)
    arms = [[r & (w.rows["f"] == v).to_numpy() for v in "ab"] if treatment else [r] for r in rows]
    weights = np.array([1 / sum(1 / told[:, a].sum(axis=1) for a in pair) for pair in arms])
    k, one, two = len(names), weights.sum(0), (weights**2).sum(0)
    within = (k - 1) * one / (one**2 - two)
    rel = 1e-3 if "trunc" in w.modifier else 1e-5
    near(drawn[:, 1], np.sqrt(within), rel)
    near(drawn[:, 2], tau**2 / (tau**2 + within), rel)


def information(w: World) -> Array:
    """Return what each row says of a shift of its predictor: squared slope over variance."""
    eta, step = w.eta(w.rows, "known"), 1e-4
    low, at, high = (seen(w, {**eta, "mu": eta["mu"] + s}) for s in (-step, 0.0, step))
    found = ((high[0] - low[0]) / (2 * step)) ** 2 / at[1]
    return found * w.rows["copies"].to_numpy() if "weights" in w.modifier else found


QUESTIONS = (
    Question("meta_analysis", ("meta_analysis",),
             lambda w: bg.meta_analysis(w.tree, study_of(w), "f", draws=True, seed=1),
             lambda w, t: check_conditional(w, t, True),
             "differences of each study's predictors; a new study by chance"),
    Question("meta_analysis (table)", ("meta_analysis",),
             lambda w: bg.meta_analysis(w.tree, study_of(w), "f"), check_table,
             "medians of the draws; raw estimates by their definitions"),
    Question("meta_analysis (means)", ("meta_analysis",),
             lambda w: bg.meta_analysis(w.tree, study_of(w), draws=True, seed=1),
             lambda w, t: check_conditional(w, t, False),
             "each study's mean predictor, on the scale of the response"),
    Question('meta_analysis(measure="difference")', ("meta_analysis",),
             lambda w: bg.meta_analysis(w.tree, study_of(w), "f", "difference", draws=True),
             check_standardised, "differences of each study's averages"),
    Question("heterogeneity", ("heterogeneity",),
             lambda w: bg.heterogeneity(w.tree, study_of(w), "f", draws=True),
             lambda w, t: check_heterogeneity(w, t, True),
             "variances of what moves; Fisher's information by differences"),
    Question("heterogeneity (means)", ("heterogeneity",),
             lambda w: bg.heterogeneity(w.tree, study_of(w), draws=True),
             lambda w, t: check_heterogeneity(w, t, False), "the same of the studies' means"),
)  # fmt: skip
