"""Parameters and levels: tables of draws, raw estimates and ranks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

import bayes_glmm as bg
from tests.matrix.held import flat, near, summarised
from tests.matrix.questions import Question
from tests.matrix.responses import density, observed
from tests.matrix.terms import Group
from tests.matrix.world import World

type Array = np.ndarray
SKIPPED = ("u_", "z_", "corr_chol_", "mi_", "reference_")
ENDLESS, THRESHOLD = 20.0, 0.6


def group_of(w: World) -> str:
    """Name the first group as the posterior has it; ``"g"`` where there is none."""
    for parameter in w.predictors:
        for group in w.of(parameter).side.groups:
            return w.of(parameter)._name(f"u_{group.name}").removeprefix("u_")
    return "g"


def first(w: World) -> tuple[World, Group]:
    """Return the formula that the first group is in, and the group."""
    return next((w.of(p), g) for p in w.predictors for g in w.of(p).side.groups)


def parameters(w: World) -> Iterator[tuple[str, Array]]:
    """Yield what a summary has rows of: everything but effects of levels."""
    for name, variable in w.tree["posterior"].data_vars.items():
        if str(name).startswith(SKIPPED):
            continue
        values = variable.values.reshape(-1, *variable.shape[2:])
        labels = [[str(v) for v in variable[d].values] for d in variable.dims[2:]]
        if not labels:
            yield str(name), values
        elif str(name).startswith("corr_"):
            for i, a in enumerate(labels[0]):
                for j, b in enumerate(labels[0][:i]):
                    yield f"{name}[{b}, {a}]", values[:, i, j]
        else:
            for i, label in enumerate(labels[0]):
                yield (label if name == "beta" else f"{name}[{label}]"), values[:, i]


def check_summary(w: World, table: pd.DataFrame) -> None:
    expected = dict(parameters(w))
    assert sorted(table["parameter"]) == sorted(expected)
    summarised(table, np.column_stack([expected[p] for p in table["parameter"]]))


def check_ratios(w: World, table: pd.DataFrame) -> None:
    expected = dict(parameters(w))
    of_mean = {"", *w.means, "mu_low_mid", "mu_mid_high"} - {"mu"}
    stems = {f"{s}_{p}" if p else s for s in ("intercept", "beta") for p in of_mean}
    plain = set(w.labels("beta", 0)) if w.means == ["mu"] and w.has("beta") else set()
    for name in expected:
        if name in plain or name.partition("[")[0] in stems:
            expected[name] = np.exp(expected[name])
    summarised(table, np.column_stack([expected[p] for p in table["parameter"]]))


def check_random(w: World, table: pd.DataFrame) -> None:
    at, group = first(w)
    u, name = at.draw(f"u_{group.name}"), f"u_{group.name}"
    summarised(table, flat(u))
    pairs = [(a, b) for a in at.labels(name, 0) for b in at.labels(name, 1)]
    assert list(zip(table["level"], table["term"], strict=True)) == pairs
    counts = {v: 0 for v in at.labels(name, 0)}
    members = group.members(w.rows)
    for row in range(len(w.rows)):
        for level in {levels[row] for levels, weights in members if weights[row] > 0}:
            counts[level] += 1
    assert table["n"].tolist() == [counts[a] for a, _ in pairs]


def check_coefficients(w: World, table: pd.DataFrame) -> None:
    at, group = first(w)
    total = at.draw(f"u_{group.name}").copy()
    owners = w.predictors if group.shared else [at.parameter]
    for owner in map(w.of, owners):
        own = next(g for g in owner.side.groups if g.name == group.name)
        for place, label in zip(owner.places(own), own.terms, strict=True):
            labels = owner.labels("beta", 0) if owner.has("beta") else []
            if label == "intercept" and owner.has("intercept"):
                total[:, :, place] += owner.draw("intercept")[:, None]
            elif label in labels:
                total[:, :, place] += owner.draw("beta")[:, labels.index(label), None]
    summarised(table, flat(total))


def check_shrinkage(w: World, table: pd.DataFrame) -> None:
    at, group = first(w)
    place = at.places(group)[list(group.terms).index("intercept")]
    u, sd = at.draw(f"u_{group.name}")[:, :, place], at.draw(f"sd_{group.name}")[:, place]
    near(table["pooled"], u.mean(axis=0))
    size = np.mean(sd**2 * spread_of(at, group))
    near(table["shrinkage"], np.clip(u.var(axis=0) / size, 0, 1))
    levels = at.labels(f"u_{group.name}", 0)
    assert table["level"].tolist() == levels
    eta = {k: v.mean(axis=0) for k, v in w.eta(w.rows, "known").items()}
    own = {k: v.mean(axis=0) for k, v in w.own(w.eta(w.rows, "known"), w.rows).items()}
    cuts = w.thresholds(w.rows)
    cuts = None if cuts is None else cuts.mean(axis=0)
    index = np.array([levels.index(v) for v in group.members(w.rows)[0][0]])
    away = u.mean(axis=0)[index]
    unit = observed(w).std() if w.law.link == "identity" else 1.0

    def at_level(k: int, value: float) -> float:
        shifted = {**eta, "mu": eta["mu"] - away + value}
        return -float(density(w, shifted, own, cuts)[index == k].sum())

    for k, found in enumerate(table["raw"]):
        if not np.isfinite(found):  # still rising where the search was ended
            far = np.sign(found) * ENDLESS * unit
            assert at_level(k, far) <= at_level(k, 0.5 * far) + 1e-9
            continue
        step, lowest = 1e-3 * unit, at_level(k, found)
        assert min(at_level(k, found - step), at_level(k, found + step)) >= lowest - 1e-9
        grid = np.linspace(-6 * unit, 6 * unit, 41)
        grid = (
            grid[np.abs(grid) < 2 * unit] if "trunc" in w.modifier else grid
        )  # nothing is seen beyond
        best = min(at_level(k, v) for v in grid)
        assert lowest <= best + 1e-6, "there is a higher top elsewhere"


def spread_of(w: World, group: Group) -> Array:
    """Return the mean variance of the levels, in units of ``sd**2``."""
    return w.apart(group) if group.student else w.diagonal(group)


def check_rank(w: World, table: pd.DataFrame) -> None:
    at, group = first(w)
    place = at.places(group)[list(group.terms).index("intercept")]
    ranks = stats.rankdata(at.draw(f"u_{group.name}")[:, :, place], axis=1)
    levels = at.labels(f"u_{group.name}", 0)
    order = [levels.index(v) for v in table["level"]]
    near(table["expected_rank"], ranks.mean(axis=0)[order])
    near(table["p_lowest"], (ranks == 1).mean(axis=0)[order])
    near(table["p_highest"], (ranks == len(levels)).mean(axis=0)[order])
    assert (np.diff(table["expected_rank"]) >= 0).all()


def check_threshold(w: World, table: pd.DataFrame) -> None:
    at, group = first(w)
    levels = at.labels(f"u_{group.name}", 0)
    share = w.amounts(w.rows) / w.amounts(w.rows).sum()
    eta: dict[str, Array] = {}
    for p in w.predictors:
        own = w.of(p)
        without = 0 if own.side.offset is None else own.side.offset(own, w.rows)
        middle = (own.fixed(w.rows) - without) @ share
        eta[p] = np.repeat(middle[:, None], len(levels), axis=1)
        for g in (g for g in own.side.groups if g.name == group.name and (g.shared or own is at
                                                                         or p == at.parameter)):  # fmt: skip
            u = own.draw(f"u_{g.name}")[:, :, own.places(g)]
            for k, column in enumerate(g.terms.values()):
                z = np.broadcast_to(column(own, w.rows), len(w.rows))
                sizes = sum((weights for _, weights in g.members(w.rows)), np.zeros(len(w.rows)))
                eta[p] += u[:, :, k] * (share @ (z * _whole(g, sizes)))
    rows = w.rows.iloc[: len(levels)]
    mean = w.mean(eta, rows)
    near(
        table["p_above"],
        (mean > THRESHOLD_OF(w)).mean(axis=0)[[levels.index(v) for v in table["level"]]],
    )


def _whole(group: Group, sizes: Array) -> Array:
    return np.ones_like(sizes)


def THRESHOLD_OF(w: World) -> float:
    return {"logit": 0.6, "log": 3.0, "identity": 2.2}.get(w.law.link, THRESHOLD)


def ask_hypothesis(w: World) -> Any:
    names = list(dict(parameters(w)))
    fixed = next(n for n in names if not n.startswith(("sd_", "corr_")))
    return bg.hypothesis(w.tree, [f"`{fixed}` > 0.15", f"exp(`{names[-1]}`) - `{fixed}`"])


def check_hypothesis(w: World, table: pd.DataFrame) -> None:
    values = dict(parameters(w))
    names = list(values)
    fixed = values[next(n for n in names if not n.startswith(("sd_", "corr_")))]
    near(table["probability"][0], (fixed > 0.15).mean())
    summarised(table, np.column_stack([fixed - 0.15, np.exp(values[names[-1]]) - fixed]))


def check_quote(w: World, text: str) -> None:
    name, values = next(iter(parameters(w)))
    low, high = np.quantile(values, [0.055, 0.945])
    figures = [
        float(v)
        for v in text.replace("(89 % ETI ", "").replace(")", "").replace(" to ", " ").split()
    ]
    near(figures, np.round([values.mean(), low, high], 4), 1e-9)


QUESTIONS = (
    Question("summary", ("summary",), lambda w: bg.summary(w.tree), check_summary,
             "means, standard deviations and quantiles of every parameter's draws"),
    Question("summary(exponentiate=True)", ("summary",),
             lambda w: bg.summary(w.tree, exponentiate=True), check_ratios,
             "the same of exponentiated coefficients"),
    Question("hypothesis", ("hypothesis",), ask_hypothesis, check_hypothesis,
             "shares of draws, and arithmetic of them"),
    Question("quote", ("quote",),
             lambda w: bg.quote(bg.summary(w.tree), digits=4, parameter=next(iter(parameters(w)))[0]),
             check_quote, "the figures, read back from the words"),
    Question("random_effects", ("random_effects",),
             lambda w: bg.random_effects(w.tree, group_of(w)), check_random,
             "draws of the effects, and the rows of each level counted"),
    Question("coefficients", ("coefficients",), lambda w: bg.coefficients(w.tree, group_of(w)),
             check_coefficients, "fixed coefficients plus effects, draw by draw"),
    Question("shrinkage", ("shrinkage",), lambda w: bg.shrinkage(w.tree, group_of(w)),
             check_shrinkage, "each level's log-likelihood on a grid: raw estimates are its top"),
    Question("rank", ("rank",), lambda w: bg.rank(w.tree, group_of(w)), check_rank,
             "ranks of the draws by SciPy"),
    Question("rank(threshold=)", ("rank",),
             lambda w: bg.rank(w.tree, group_of(w), threshold=THRESHOLD_OF(w)), check_threshold,
             "mean responses of each level at the covariates' means, counted over draws"),
)  # fmt: skip
