"""Checks of several random effects together: labels reused, and terms that others contain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import fdtrc

from bayes_glmm.design.checks.check_context import Context
from bayes_glmm.errors import Finding, listed
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.variables import INTERCEPT

SPAN = 1e-8
NUMBERED = 0.9
CROSSED = 0.01
SHARED = frozenset(
    "age condition day dose hour item judge month observer occasion operator part period question "
    "quarter rater round season session stim stimulus subtest test time treatment trial visit wave week "
    "word year".split()
)
"""Names of what is the same wherever its number comes up."""


def reused(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find groups whose levels are numbered anew within the levels of another."""
    random = {tuple(sorted(e.columns)) for _, p in context.spec.predictors for e in p.random}
    for _, predictor in context.predictors:
        plain = [g for g in predictor.groups if g.structure is None and g.whole]
        plain = [g for g in plain if len(_columns(context, g)) == 1]
        for one, other in combinations(plain, 2):
            columns = (_columns(context, one)[0], _columns(context, other)[0])
            if tuple(sorted(columns)) in random or any(_shared(c) for c in columns):
                continue
            pairs = ((one, other, *columns), (other, one, columns[1], columns[0]))
            ways = [(a, b, g) for h, g, a, b in pairs if _numbered_within(context, h, g)]
            if not ways:
                continue
            a, b, inner = ways[0]
            shown = inner.levels[:3].tolist()
            turned = f" (or (1 | {b}/{a}), if that is what was numbered)" if len(ways) > 1 else ""
            yield context.finding(
                name, severity,
                f"The levels of {b!r} ({listed(map(repr, shown))}, ...) come up again in those of {a!r}, "
                f"as numbers given anew in each would: here all rows of {b!r} {shown[0]!r} share one "
                f"effect, whatever their {a!r}. Write (1 | {a}/{b}) for {b!r} in {a!r}{turned}; leave it "
                "where a level is the same thing everywhere.",
            )  # fmt: skip


def _columns(context: Context, group: GroupDesign) -> tuple[str, ...]:
    learned = (g for p in context.schema.predictors.values() for g in p.groups)
    return next((g.columns for g in learned if g.name == group.name), ())


def _shared(column: str) -> bool:
    """Whether a column names times, items or the like, singular or plural."""
    words = [w.casefold() for w in re.findall(r"[A-Z]*[a-z]+|[A-Z]+", column)]
    return any(w in SHARED or w.removesuffix("s") in SHARED for w in words)


def _numbered_within(context: Context, outer: GroupDesign, inner: GroupDesign) -> bool:
    """Whether inner levels are 1, 2, ... in each outer one, with rows to tell them apart.

    Where every outer level has all inner ones, as of crossed factors, the inner levels may not
    have effects of their own beyond chance.
    """
    places = _counted(inner.levels)
    if places is None or min(outer.n_levels, inner.n_levels) < 2:
        return False
    cells = pd.DataFrame({"outer": outer.index, "inner": places[inner.index]})
    sizes = cells.value_counts()
    if sizes.median() < 2:
        return False
    numbering = cells.drop_duplicates().groupby("outer")["inner"].agg(["size", "max"])
    if (
        np.mean(numbering["size"] == numbering["max"] + 1) < NUMBERED
        or (numbering["size"] < 2).mean() > 0.5
    ):
        return False
    complete = len(sizes) == outer.n_levels * inner.n_levels
    return not complete or _one_effect(context, outer, inner) > CROSSED


def _counted(levels: NDArray[np.str_]) -> NDArray[np.intp] | None:
    """Return places of levels that are numbers or letters in a row, after what they begin with."""
    texts = levels.tolist()
    head = re.sub(r"[0-9]+$", "", _common(texts))
    tails = [t[len(head) :] for t in texts]
    if all(t.isascii() and t.isdigit() for t in tails):
        numbers = np.array([int(t) for t in tails])
    elif all(len(t) == 1 and t.isascii() and t.isalpha() for t in tails):
        numbers = np.array([ord(t.casefold()) - ord("a") + 1 for t in tails])
    else:
        return None
    first = int(numbers.min())
    if (
        first > 1
        or len(set(numbers.tolist())) < len(numbers)
        or numbers.max() - first >= len(numbers)
    ):
        return None
    return numbers - first


def _common(texts: list[str]) -> str:
    low, high = min(texts), max(texts)
    same = (k for k, (a, b) in enumerate(zip(low, high, strict=False)) if a != b)
    return low[: next(same, min(len(low), len(high)))]


def _one_effect(context: Context, outer: GroupDesign, inner: GroupDesign) -> float:
    """Return the p of the inner levels' means against how they vary between outer levels."""
    y = context.y
    if y.ndim == 2:
        return 1.0
    if context.design.trials is not None:
        y = y / np.maximum(context.design.trials, 1)
    table = pd.Series(y).groupby([outer.index, inner.index]).mean().unstack().to_numpy()
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    left = table - rows[:, None] - columns + table.mean()
    a, b = table.shape
    between = a * ((columns - table.mean()) ** 2).sum() / (b - 1)
    within = (left**2).sum() / ((a - 1) * (b - 1))
    return float(fdtrc(b - 1, (a - 1) * (b - 1), between / max(within, 1e-300)))


def spanned(context: Context, name: str, severity: str) -> Iterator[Finding]:
    """Find varying terms that correlated others of the same group already contain."""
    for _, predictor in context.predictors:
        for group in predictor.groups:
            labels = dict(group.own(predictor.parameter))
            blocks = [[t for t in block if t in labels] for block in group.blocks]
            for block in filter(None, blocks):
                others = [t for t in labels if t not in block]
                within, inside = _dependent(group.values[:, block], group.values[:, others])
                contained = [t for t, is_in in zip(others, inside, strict=True) if is_in]
                if not (within or contained):
                    continue
                terms = listed(labels[t] for t in block)
                tied = " with correlations of their own" if len(block) > 1 else ""
                what = listed(repr(labels[t]) for t in contained) if contained else "one of them"
                yield context.finding(
                    name, severity,
                    f"{what} is made of the terms {terms}, which vary by {group.name!r}{tied}: their sds "
                    "cannot be told apart. "
                    f"{_way_out(labels, contained, group.name)}",
                )  # fmt: skip
                break


def _dependent(
    Z: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[bool, NDArray[np.bool_]]:
    """Return whether columns depend on each other, and which others are combinations of them."""
    k = Z.shape[1]
    R = np.linalg.qr(np.hstack([Z, others]), mode="r")
    sizes = np.sqrt((R**2).sum(axis=0))
    R = R / np.where(sizes > 0, sizes, 1)
    left = np.sqrt((R[k:, k:] ** 2).sum(axis=0))
    return bool(np.linalg.matrix_rank(R[:, :k], tol=SPAN) < k), left <= SPAN


def _way_out(labels: dict[int, str], others: list[int], group: str) -> str:
    factor = next((v.split("[")[0] for v in labels.values() if "[" in v), None)
    if INTERCEPT in (labels[t] for t in others) and factor:
        return (
            f"Leave (1 | {group}) out: each level of {factor!r} has its own effect by {group!r} already; or "
            f"write (1 | {group}) + (1 | {group}:{factor})."
        )
    return "Leave one out."
