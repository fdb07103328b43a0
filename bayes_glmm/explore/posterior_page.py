"""What the explorer needs of a fit: draws of one line, how groups differ, and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.design.table.row_counts import amounts_of, collapsed_of
from bayes_glmm.errors import ResultError, listed
from bayes_glmm.model.variables import INTERCEPT
from bayes_glmm.results.fit import Fit

if TYPE_CHECKING:
    import xarray as xr

    from bayes_glmm.model.blocks.group import GroupDesign
    from bayes_glmm.model.design import PredictorDesign

type Array = NDArray[np.float64]

MOST_DRAWS = 400
WIDE = 12
SHOWN = (
    "The explorer shows bernoulli, binomial and cumulative models with the logit link and poisson "
    "and negative_binomial models with the log link, whose one formula has an intercept, one "
    "covariate to draw along and at most one plain group that differs in the intercept, in the "
    "covariate, or in both: such as y ~ x + (1 + x | person)."
)


@dataclass(frozen=True)
class Line:
    """The coefficient that is drawn along, and where its column goes from and to."""

    place: int
    name: str
    low: float
    high: float
    step: float


def posterior_of(tree: xr.DataTree) -> dict[str, Any]:
    """Return a posterior as the page reads it, JSON-able.

    Raises
    ------
    ResultError
        The model is not one of those that the page can show.
    """
    fit = Fit.of(tree)
    outcome, group = _outcome(fit), _group(fit)
    line = _line(fit, group)
    total = int(np.prod([tree["posterior"].sizes[d] for d in ("chain", "draw")]))
    kept = np.unique(np.linspace(0, total - 1, min(total, MOST_DRAWS)).round().astype(int))
    draws = _draws(fit, line, group, kept)
    means = {k: None if v is None else np.mean(v, axis=0).tolist() for k, v in draws.items()}
    formula = fit.spec.formula
    held = [c for k, c in enumerate(fit.design.mu.coefficients) if k != line.place]
    return {
        "outcome": outcome,
        "formula": formula if isinstance(formula, str) else "; ".join(formula.values()),
        "family": fit.family.name,
        "banner": fit.banner,
        "kept": len(kept),
        "total": total,
        "held": held,
        "prob": _probability(),
        "x": {"name": line.name, "low": line.low, "high": line.high, "step": line.step},
        "unit": f" per {_exposure(fit):.3g} {fit.spec.exposure}" if fit.spec.exposure else "",
        "categories": list(fit.design.categories) if outcome == "ordinal" else ["0", "1"],
        "groups": group.n_levels if group else 40,
        "size": int(np.median(group.counts)) if group else 6,
        "means": means,
        "draws": {k: None if v is None else v.tolist() for k, v in draws.items()},
    }


def _outcome(fit: Fit) -> str:
    """Return the outcome's kind, refusing what the page does not draw."""
    outcome = fit.family.shown.get(fit.link.name)
    if outcome is None:
        _refuse(f"This is a {fit.family.name} model with the {fit.link.name} link.")
    design = fit.design
    modifiers = [m.function for m in fit.spec.response.modifiers if m.function != "trials"]
    others = [name for name in design.predictors if name != "mu"]
    for found, what in (
        (modifiers, "has the response modifier"),
        (others, "has a formula for"),
        ([s.label for s in design.smooths], "has the curve"),
        ([fit.spec.offset or "offset()"] * bool(fit.spec.offset or fit.spec.mu.offsets), "has"),
    ):
        if found:
            _refuse(f"This model {what} {listed(found)}.")
    if design.mu.modelled:
        _refuse("This model has mo() or mi() terms.")
    if outcome != "ordinal" and not design.mu.intercept:
        _refuse("This model has no intercept.")
    return outcome


def _group(fit: Fit) -> GroupDesign | None:
    groups = fit.groups
    if len(groups) > 1:
        _refuse(f"This model has several groups: {listed(g.name for g in groups)}.")
    if not groups:
        return None
    (group,) = groups
    if not group.distribution.normal or group.structure is not None:
        _refuse(f"The levels of {group.name} have a structure or are not normal.")
    if not group.whole:
        _refuse(f"The rows belong to several levels of {group.name}.")
    if len(group.terms) > 2:
        _refuse(f"The levels of {group.name} differ in {listed(group.terms)}.")
    return group


def _line(fit: Fit, group: GroupDesign | None) -> Line:
    """Choose the covariate to draw along: that of the slopes, else the first number."""
    mu = fit.given.mu
    slopes = [t for t in group.terms if t != INTERCEPT] if group else []
    if len(slopes) > 1:
        _refuse(f"The groups differ in two slopes, {listed(slopes)}.")
    if not mu.coefficients:
        _refuse("This model has no covariate.")
    name = slopes[0] if slopes else _first_number(fit, mu)
    if name not in mu.coefficients:
        _refuse(f"The groups differ in {name}, which has no coefficient of its own.")
    crossed = [c for c in mu.coefficients if c != name and name in c.split(":")]
    if crossed:
        _refuse(f"The slope of {name} depends on other columns: {listed(crossed)}.")
    place = mu.coefficients.index(name)
    column = mu.X[:, place]
    low, high = float(column.min()), float(column.max())
    return Line(place, name, low, high, _step(high - low))


def _first_number(fit: Fit, mu: PredictorDesign) -> str:
    numbers = {c.name for c in fit.schema.columns if not c.levels}
    free = [
        c for c in mu.coefficients if not any(c in d.split(":") for d in mu.coefficients if c != d)
    ]
    plain = [c for c in free if c in numbers]
    return (plain or free or list(mu.coefficients))[0]


def _step(width: float) -> float:
    """Return one unit where the range holds a few of them, else a round part of it."""
    if 1 <= width <= WIDE:
        return 1.0
    raw = width / 5
    power = 10.0 ** np.floor(np.log10(raw))
    return float(next(k * power for k in (1, 2, 5, 10) if k * power >= raw * (1 - 1e-9)))


def _draws(
    fit: Fit, line: Line, group: GroupDesign | None, kept: NDArray[np.intp]
) -> dict[str, Array | None]:
    """Return the kept draws of the line and of how groups differ about it."""
    posterior, mu = fit.posterior, fit.given.mu

    def drawn(name: str) -> Array:
        values = posterior[name].values
        return np.asarray(values.reshape(-1, *values.shape[2:])[kept], dtype=np.float64)

    beta, none = drawn(mu.beta), np.zeros(len(kept))
    means = np.average(mu.X, axis=0, weights=amounts_of(fit.spec, fit.data, fit.schema.states))
    rest = np.where(np.arange(beta.shape[1]) == line.place, 0.0, means)
    level = beta @ rest + np.log(_exposure(fit))
    sd = dict(zip(group.terms, drawn(group.sd).T, strict=True)) if group else {}
    tied = group is not None and any(len(b) > 1 for b in group.blocks)
    return {
        "intercept": level + (drawn(mu.intercept_name) if mu.intercept else 0.0),
        "slope": beta[:, line.place],
        "sd0": sd.get(INTERCEPT, none),
        "sd1": sd.get(line.name, none),
        "corr": drawn(group.correlation)[:, 0, 1] if group and tied else none,
        "thresholds": drawn("threshold") if "threshold" in posterior else None,
    }


def _exposure(fit: Fit) -> float:
    """Return the middle exposure of single rows, for which counts are shown."""
    if not fit.spec.exposure:
        return 1.0
    n = collapsed_of(fit.spec, fit.data, fit.schema.states)
    return float((fit.data[fit.spec.exposure] / (1.0 if n is None else n)).median())


def _probability() -> float:
    from arviz_base import rcParams

    return float(rcParams["stats.ci_prob"])


def _refuse(reason: str) -> NoReturn:
    raise ResultError(f"{reason} {SHOWN}")
