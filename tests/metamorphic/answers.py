"""What is asked of a model through public calls, and when two answers are equal.

Three sizes of difference are allowed, by what a law changes:

exact
    Only labels and types: the engine's numbers are the same, to 1e-9 of each.
rounding
    Sums run in another order or over other numbers of the same value. The mode of the scales
    is found to 0.01 standard deviations (a decrease below 1e-4 ends the search), so two of them
    are within 0.03; draws of one seed go with it, which importance weights make up for.
free
    Effects are drawn in another order: means differ as those of two runs, and are within six of
    their standard errors, from the effective sizes of the weights. What the data and the priors
    say is held by the maximum of the likelihood and by the priors' table, which have no draws.
    LOO's sum has its own Monte Carlo error, and none to trust where a Pareto k is high.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import bayes_glmm as bg
from tests.metamorphic.specs import Case

FIT = {"engine": "laplace", "draws": 500, "chains": 2, "seed": 1, "progress": False}
SEARCH = 0.03
VALUE = 5e-4
RUNS = 6.0
MEDIAN = 1.25
"""Standard error of a median in units of a mean's."""
type Figures = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Answers:
    """Answers by name of the parameter, row or finding."""

    findings: list[str]
    priors: Figures
    estimates: Figures
    errors: Figures
    log_likelihood: float
    draws: Figures
    expected: Figures
    spread: Figures
    elpd: float
    elpd_error: float
    unsure: bool
    verdicts: list[str]
    effective: float


def plain(name: str) -> str:
    """Return a parameter's name without the words for what kind it is."""
    name = name.removeprefix("reference_")
    return name[5:-1] if name.startswith("beta[") else name


def ask(case: Case) -> Answers:
    """Ask everything of a model."""
    model, data, options = case.formula, case.data, case.options
    found = bg.check(model, data, **options)
    table = bg.priors(model, data, **options)
    priors = {plain(r["parameter"]): (r["q2.5"], r["q97.5"]) for _, r in table.iterrows()}
    ml = bg.maximum_likelihood(model, data, **options)
    names = [plain(v) for v in ml["parameter"]]
    return from_tree(
        bg.fit(model, data, **options, **FIT), case,
        findings=sorted(f.name for f in found), priors=priors,
        estimates=dict(zip(names, ml["estimate"], strict=True)),
        errors=dict(zip(names, ml["se"], strict=True)),
        log_likelihood=ml.attrs["log_likelihood"],
    )  # fmt: skip


def densities(case: Case) -> list[float]:
    """Return the graph's log-density at points that do not depend on the rows."""
    import pytensor

    model = bg.build_model(case.formula, case.data, **case.options)
    with pytensor.config.change_flags(mode="FAST_COMPILE"):
        density = model.compile_logp()
    start, found = model.initial_point(), []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        found.append(float(density({k: rng.normal(0, 0.4, np.shape(v)) for k, v in start.items()})))
    return found


def from_tree(tree: Any, case: Case, **known: Any) -> Answers:
    """Ask what a fitted result answers."""
    drawn = bg.summary(tree, draws=True)
    draws = {str(n): drawn.values[..., i].ravel() for i, n in enumerate(drawn["parameter"].values)}
    means, sds = {}, {}
    first = case.terms[0][0]
    ends = list(dict.fromkeys(case.pairs))[:2]
    asked = {
        "population": bg.predictions(tree, case.new, draws=True),
        "known": bg.predictions(tree, case.new, groups="known", draws=True),
        "average": bg.predictions(tree, by=True, draws=True),
        "typical average": bg.predictions(tree, groups="typical", by=True, draws=True),
        "comparison": bg.comparisons(tree, first, contrast=(ends[0], ends[-1]), draws=True),
    }
    for name, found in asked.items():
        rows = found.values.reshape(-1, found.shape[-1])
        means[name], sds[name] = middle(rows), width(rows)
    weight = np.exp(tree["sample_stats"]["log_weight"].values)
    try:
        held = bg.compare({"one": tree, "two": tree}).iloc[0]
    except bg.errors.ResultError:  # a handful of draws carry all the weight
        held = {"elpd": np.nan, "mcse": np.nan, "k_high": 1}
    return Answers(
        draws=draws, expected=means, spread=sds, effective=float(1 / weight.mean()),
        elpd=float(held["elpd"]), elpd_error=float(held["mcse"]), unsure=bool(held["k_high"]),
        verdicts=sorted(f.name for f in bg.diagnose(tree).findings), **known,
    )  # fmt: skip


def middle(rows: Any) -> Any:
    """Return medians: averages on a log link may have means that no sample finds."""
    return np.median(rows, axis=0)


def width(rows: Any) -> Any:
    """Return half of what lies between the 16th and the 84th hundredth: a normal's sd."""
    low, high = np.quantile(rows, [0.16, 0.84], axis=0)
    with np.errstate(invalid="ignore"):
        return (high - low) / 2


@dataclass(frozen=True, eq=False)
class Way:
    """How the answers of a changed model follow from those of the model as it was.

    Attributes
    ----------
    size : {"exact", "rounding", "free"}
    name : callable
        New name of a parameter.
    carry : callable
        New values of parameters from old ones, both by old names.
    widths : callable
        By what a prior's quantiles are multiplied and shifted, by old name.
    response : tuple of float
        Shift and scale of what is predicted.
    log_likelihood : float
        What is added to it.
    skipped : tuple of str
        Answers that the law does not hold.
    apart : tuple of str
        Findings that are about what the law changes.
    base : Case, optional
        What is compared with, where it is not the model as it was drawn.
    graph : bool
        Whether the graphs' densities are compared, of models that no quick engine covers.
    """

    size: str = "exact"
    name: Callable[[str], str] = str
    carry: Callable[[Figures], Figures] = dict
    widths: Callable[[str], tuple[float, float]] = lambda name: (0.0, 1.0)
    response: tuple[float, float] = (0.0, 1.0)
    log_likelihood: float = 0.0
    skipped: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    base: Case | None = None
    graph: bool = False


def equal(old: Answers, new: Answers, way: Way) -> None:
    """Hold the new answers to the old ones, carried over."""
    runs = MEDIAN * RUNS * np.sqrt(1 / old.effective + 1 / new.effective)
    sds = {"exact": 1e-9, "rounding": SEARCH, "free": runs + SEARCH}[way.size]
    exact = way.size == "exact"
    if "findings" not in way.skipped:
        assert _told(new.findings, way) == _told(old.findings, way), (new.findings, old.findings)
    _equal_priors(old, new, way)
    _equal_estimates(old, new, way, 1e-6 if exact else SEARCH, 1e-8 if exact else VALUE)
    carried = {way.name(k): np.asarray(v) for k, v in way.carry(old.draws).items()}
    assert sorted(new.draws) == sorted(carried), (sorted(new.draws), sorted(carried))
    for name, values in carried.items():
        got, wide = new.draws[name], float(max(width(values), width(new.draws[name])))
        _near(f"middle of {name}", middle(got), middle(values), sds * wide)
        _near(f"width of {name}", width(got), width(values), 1.5 * sds * wide)
    shift, scale = way.response
    for name in set(old.expected) - set(way.skipped):
        moved = scale * old.expected[name] + (0.0 if name == "comparison" else shift)
        if name == "comparison" and "per" in way.skipped:
            continue
        wide = np.maximum(abs(scale) * old.spread[name], new.spread[name])
        _near(name, new.expected[name], moved, sds * wide + 1e-9)
    assert np.isnan(old.elpd) == np.isnan(new.elpd)
    sure = way.size != "free" or not old.unsure | new.unsure  # not where a Pareto k is high
    sure = sure and not np.isnan(new.elpd)
    if "elpd" not in way.skipped and sure:
        far = RUNS * float(np.hypot(old.elpd_error, new.elpd_error)) if way.size == "free" else 0.05
        _near("elpd", new.elpd, old.elpd + way.log_likelihood, 1e-6 if exact else far)
    if way.size != "free" and "verdicts" not in way.skipped:
        assert _told(new.verdicts, way) == _told(old.verdicts, way), (new.verdicts, old.verdicts)


def _told(names: list[str], way: Way) -> list[str]:
    return [name for name in names if name not in way.apart]


def _near(what: str, new: Any, old: Any, far: Any) -> None:
    with np.errstate(invalid="ignore"):  # averages that are infinite in both
        off = np.where(np.equal(new, old), 0.0, np.abs(np.asarray(new) - np.asarray(old)))
    far = np.maximum(far, 1e-9 * np.abs(old))
    assert (off <= far).all(), f"{what}: {new} for {old}, {off} apart, {far} allowed"


def _equal_priors(old: Answers, new: Answers, way: Way) -> None:
    if "priors" in way.skipped:
        return
    named = sorted(map(way.name, old.priors))
    assert sorted(new.priors) == named, (sorted(new.priors), named)
    for name, ends in old.priors.items():
        shift, scale = way.widths(name)
        wanted, got = scale * np.array(ends) + shift, np.array(new.priors[way.name(name)])
        np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-8, err_msg=f"prior of {name}")


def _equal_estimates(old: Answers, new: Answers, way: Way, ses: float, value: float) -> None:
    _near(
        "log-likelihood", new.log_likelihood, old.log_likelihood + way.log_likelihood, value
    )  # fmt: skip
    carried = {way.name(k): float(v) for k, v in way.carry(old.estimates).items()}
    assert sorted(new.estimates) == sorted(carried), (sorted(new.estimates), sorted(carried))
    flat = any(k.startswith("sd_") and v < 0.05 for k, v in old.estimates.items())
    for name, estimate in carried.items():
        if name.startswith(("sd_", "corr_")) and flat:
            continue  # at the edge any small sd has the same likelihood
        if np.isnan(new.errors[name]) and np.isnan(old.errors[name]):
            continue  # it runs off to the end of its range
        allowed = ses * max(new.errors[name], 0.0) * (3.0 if flat else 1.0)
        _near(f"estimate of {name}", new.estimates[name], estimate, allowed)
