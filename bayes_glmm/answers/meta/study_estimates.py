"""What each study says by itself: exact conditional estimates, without any correction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.answers.meta.study_effects import Arms
from bayes_glmm.answers.predict.represented import copies
from bayes_glmm.results.fit import Fit

type Array = NDArray[np.float64]
NOTHING = (np.nan, 0.0, np.inf)


@dataclass(frozen=True)
class Arm:
    """One arm of a study: events, and patients, time or the sum of weights they come from."""

    events: float
    size: float

    def __str__(self) -> str:
        return f"{self.events:,.10g}/{self.size:,.10g}"


def kind_of(fit: Fit) -> str | None:
    """Say which estimate a study's own rows have: of ``odds``, of ``rates``, or of ``means``."""
    kind, known_errors = fit.family.own_estimate(fit.link), fit.spec.response.modifier("se")
    return None if kind == "means" and known_errors is None else kind


def arm(fit: Fit, rows: NDArray[np.bool_], kind: str) -> Arm:
    """Sum the rows of one arm."""
    y = np.asarray(fit.design.response, float)[rows]
    each = copies(fit)[rows]
    if kind == "means":
        weight = each * fit.design.modifiers["se"][rows] ** -2.0
        return Arm(float((y * weight).sum() / weight.sum()), float(weight.sum()))
    if kind == "rates":
        return Arm(float(each @ y), float(each @ np.exp(fit.design.mu.offset[rows])))
    trials = np.ones(rows.sum()) if fit.design.trials is None else fit.design.trials[rows]
    return Arm(float(each @ y), float(each @ trials))


def is_pair(fit: Fit) -> bool:
    """Whether each row is held against another arm, so that effects are odds ratios."""
    return "total" in fit.design.modifiers


def other_arm(fit: Fit, rows: NDArray[np.bool_]) -> Arm:
    """Sum the arms that some rows are held against."""
    seen, y = fit.design.modifiers, np.asarray(fit.design.response, float)
    return Arm(float((seen["total"] - y)[rows].sum()), float(seen["other_trials"][rows].sum()))


def raw_effect(kind: str, low: Arm | None, high: Arm, level: float) -> tuple[float, float, float]:
    """Return estimate and confidence interval: a ratio, a difference, or of one arm by itself.

    Odds ratios are conditional on both margins (Fisher), rate ratios on the total
    (binomial), so that arms without events need no correction: the estimate is then zero
    or infinite and the interval open. Studies without any event say nothing.
    """
    match kind, low:
        case "odds", None:
            share = _binomial(high.events, high.size, level)
            return (high.events / high.size, *share)
        case "odds", Arm(events, size):
            return _odds_ratio(high, Arm(events, size), level)
        case "rates", None:
            return _rate(high, level)
        case "rates", Arm(events, size):
            return _rate_ratio(high, Arm(events, size), level)
    return _mean(low, high, level)


def _odds_ratio(high: Arm, low: Arm, level: float) -> tuple[float, float, float]:
    from scipy.stats.contingency import odds_ratio

    cells = [[a.events, a.size - a.events] for a in (high, low)]
    counts = np.rint(np.array(cells)).astype(int)
    if not counts.sum(axis=0).all():
        return NOTHING
    found = odds_ratio(counts)
    bounds = found.confidence_interval(level)
    return float(found.statistic), float(bounds.low), float(bounds.high)


def _rate_ratio(high: Arm, low: Arm, level: float) -> tuple[float, float, float]:
    total = high.events + low.events
    if not total:
        return NOTHING
    with np.errstate(divide="ignore"):
        share = np.array([high.events / total, *_binomial(high.events, total, level)])
        ratio = share / (1 - share) * low.size / high.size
    return float(ratio[0]), float(ratio[1]), float(ratio[2])


def _rate(arm: Arm, level: float) -> tuple[float, float, float]:
    from scipy.stats import gamma

    tail = (1 - level) / 2
    low = gamma.ppf(tail, arm.events) if arm.events else 0.0
    high = gamma.isf(tail, arm.events + 1)
    return arm.events / arm.size, float(low) / arm.size, float(high) / arm.size


def _mean(low: Arm | None, high: Arm, level: float) -> tuple[float, float, float]:
    from scipy.stats import norm

    apart = high.events - (low.events if low else 0.0)
    error = np.sqrt(1 / high.size + (1 / low.size if low else 0.0))
    reach = float(norm.isf((1 - level) / 2) * error)
    return apart, apart - reach, apart + reach


def _binomial(events: float, trials: float, level: float) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson."""
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = beta.ppf(tail, events, trials - events + 1) if events else 0.0
    high = beta.isf(tail, events + 1, trials - events) if events < trials else 1.0
    return float(low), float(high)


def raw_table(
    fit: Fit, arms: list[tuple[NDArray[np.bool_] | None, NDArray[np.bool_]]]
) -> pd.DataFrame:
    """Return what each study says by itself, one row per study.

    Parameters
    ----------
    arms : list of pairs of masks, shape (n_rows,)
        Rows of the low arm, ``None`` where there is none or it is in the same rows, and of the high arm.

    Returns
    -------
    pandas.DataFrame
        ``low`` and ``high`` (counts as text), ``raw`` and its interval ``raw_low`` to
        ``raw_high``, missing where the family has no exact estimate, or weights of events are
        not whole.
    """
    from arviz_base import rcParams

    kind, level = kind_of(fit), float(rcParams["stats.ci_prob"])
    if kind in ("odds", "rates") and (copies(fit) % 1).any():
        kind = None  # exact estimates are of whole numbers of events
    rows: list[tuple[object, ...]] = []
    for low, high in arms:
        if kind is None:
            rows.append(("", "", np.nan, np.nan, np.nan))
            continue
        pair = (None if low is None else arm(fit, low, kind), arm(fit, high, kind))
        pair = (other_arm(fit, high), pair[1]) if is_pair(fit) else pair
        shown = ("", "") if kind == "means" else tuple("" if a is None else str(a) for a in pair)
        rows.append((*shown, *raw_effect(kind, *pair, level)))
    return pd.DataFrame(rows, columns=["low", "high", "raw", "raw_low", "raw_high"])


def effect_labels(
    fit: Fit, arms: Arms, text: str, values: Array, none: float, measure: str
) -> pd.DataFrame:
    """Label effects, shape (n_draws, n_studies + 2), with what the studies' own rows say."""
    k = len(arms.studies)
    found = raw_table(fit, list(zip(arms.low, arms.high, strict=True)))
    if measure != "conditional":
        found[["raw", "raw_low", "raw_high"]] = np.nan
    blank = pd.DataFrame({"low": ["", ""], "high": ["", ""]})
    raw = pd.concat([found, blank], ignore_index=True) if k else blank
    labels = {
        "kind": ["study"] * k + ["average", "new study"],
        "study": [*arms.studies, "average", "new study"],
        "contrast": text,
    }
    return pd.DataFrame(labels, index=raw.index).join(raw).assign(
        p_above=(values > none).mean(axis=0), median=np.median(values, axis=0)
    )  # fmt: skip
