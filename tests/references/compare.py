"""Fit a case with weak priors and set its posterior beside the peer's figures."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

import bayes_glmm as bg
from tests.references.cases import Case


@dataclass(frozen=True)
class Row:
    """One figure beside the peer's: ``gap`` in peer's SEs, or relative for sds."""

    case: str
    kind: str
    parameter: str
    ours: float
    peer: float
    gap: float


def weak_priors(scale: float, family: str) -> dict[str, bg.Prior]:
    """Priors so wide that the likelihood alone decides."""
    wide = {
        "intercept": bg.Prior("Normal", mu=0, sigma=100 * scale),
        "beta": bg.Prior("Normal", mu=0, sigma=100 * scale),
        "sd": bg.Prior("HalfNormal", sigma=100 * scale),
        "corr": bg.Prior("LKJ", eta=1),
    }
    own = "sigma" if family == "gaussian" else "dispersion" if "negative" in family else None
    return wide | ({own: bg.Prior("HalfNormal", sigma=100 * scale)} if own else {})


def fit_case(case: Case, **settings):
    """Fit with weak priors; priors that no term of the model uses are left out."""
    data = case.data()
    priors = weak_priors(case.scale, case.family)
    fixed = case.formula.split("~")[1]
    if not re.sub(r"\([^)]*\)|[\s+1]", "", fixed):
        priors.pop("beta")
    if not re.search(r"\(1 \+ [^|]+[^|]\| [^|]", case.formula):
        priors.pop("corr")
    return bg.fit(
        case.formula, data, family=case.family, link=case.link, exposure=case.exposure,
        priors=priors, progress=False, **settings,
    )  # fmt: skip


def compare(case: Case, tree, peer: dict) -> list[Row]:
    """Return fixed effects, sds and level effects beside the peer's.

    Sds are compared by their mode, by their median, and by how much lower their density is
    at the peer's value than at the mode.
    """
    posterior = tree["posterior"]
    rows = []
    for label, (estimate, se) in peer["fixed"].items():
        ours = float(_fixed(posterior, label).mean())
        rows.append(Row(case.name, "fixed", label, ours, estimate, (ours - estimate) / se))
    back = {v: k for k, v in case.groups.items()}
    for group, terms in peer["sd"].items():
        name = back.get(group, group)
        for term, value in terms.items():
            draws = _sd(posterior, name, term)
            for kind, ours in (("sd mode", mode(draws)), ("sd median", float(np.median(draws)))):
                rows.append(Row(case.name, kind, f"{name} {term}", ours, value, ours / value - 1))
            low = 1 - height(draws, value)
            rows.append(Row(case.name, "sd height", f"{name} {term}", mode(draws), value, low))
    for group, found in peer.get("effects", {}).items():
        u = posterior[f"u_{back.get(group, group)}"].mean(("chain", "draw"))
        ours = pd.Series(u.values[:, 0], index=u[u.dims[0]].values.astype(str))
        theirs = pd.Series(found["intercept"], index=[str(v) for v in found["levels"]])
        r = float(np.corrcoef(ours[theirs.index], theirs)[0, 1])
        rows.append(Row(case.name, "effects", f"correlation over {group}", r, 1.0, 1 - r))
    return rows


def mode(draws: np.ndarray) -> float:
    """Mode of a positive parameter: a kernel density reflected at zero."""
    density, grid = _density(draws)
    return float(grid[np.argmax(density(grid))])


def height(draws: np.ndarray, value: float) -> float:
    """Density of a positive parameter at a value, as a share of that at its mode."""
    density, grid = _density(draws)
    return float(density(value)[0] / density(grid).max())


def _density(draws: np.ndarray):
    density = stats.gaussian_kde(np.concatenate([draws, -draws]), bw_method="scott")
    return density, np.linspace(0, np.quantile(draws, 0.98), 400)


def _fixed(posterior, label: str) -> np.ndarray:
    if label == "(Intercept)":
        return posterior["intercept"].values
    plain = {"I(age10^2)": "age10sq"}.get(label, label)
    names = {re.sub(r"\[([^\]]*)\]", r"\1", str(c)): c for c in posterior["coefficient"].values}
    return posterior["beta"].sel(coefficient=names[plain]).values


def _sd(posterior, name: str, term: str) -> np.ndarray:
    sd = posterior[f"sd_{name}"]
    dim = f"{name}_term"
    wanted = "intercept" if term == "(Intercept)" else term
    names = {re.sub(r"\[([^\]]*)\]", r"\1", str(c)): c for c in sd[dim].values}
    return sd.sel({dim: names[wanted]}).values.ravel()
