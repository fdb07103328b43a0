"""Single numbers that a draw of all variables makes: what many fits are compared in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.design import Design
from bayes_glmm.model.reference import PREFIX
from bayes_glmm.model.variable_table import dimensions
from bayes_glmm.studies.prior_predictive import on_rows

type Array = NDArray[np.float64]


def parameters_of(design: Design, variables: Mapping[str, Array]) -> dict[str, Array]:
    """Return every parameter under its label, effects of levels left out.

    Parameters
    ----------
    variables : mapping of str to ndarray, shape (n_draws, ...)
        Those of the graph; others are passed over, missing ones left out.

    Returns
    -------
    dict of str to ndarray, shape (n_draws,)
        ``beta[x]``, ``sd_g[intercept]``, ``corr_g[intercept, x]`` below the diagonal.
    """
    dims, coords = dimensions(design)
    apart = {f.variable for p in design.every for f in p.modelled.factors if f.kind == "mi"}
    out: dict[str, Array] = {}
    for name, values in variables.items():
        stem = name.removeprefix(PREFIX)
        if stem.startswith(("u_", "z_", "corr_")) or stem in apart:
            continue
        labels = coords[dims[name][0]] if name in dims else [None]
        for label, column in zip(labels, values.reshape(len(values), -1).T, strict=True):
            out[name if label is None else f"{name}[{label}]"] = column
    for group in design.groups:
        if (corr := variables.get(f"corr_{group.name}")) is not None:
            out |= _correlations(group, corr)
    return out


def _correlations(group: GroupDesign, corr: Array) -> dict[str, Array]:
    return {
        f"corr_{group.name}[{group.terms[a]}, {group.terms[b]}]": corr[:, b, a]
        for members in group.blocks
        for at, b in enumerate(members)
        for a in members[:at]
    }


def log_likelihood(design: Design, variables: Mapping[str, Array]) -> Array | None:
    """Return the log-density of all responses given everything, shape (n_draws,).

    ``None`` where a variable that it needs is not there.
    """
    kind = get_family(design.family)
    if not _needed(design) <= variables.keys():
        return None
    y, seen = np.asarray(design.response, float), dict(design.modifiers)
    mean, own = on_rows(design, variables)
    family = observe(kind, seen, y)
    rows = family.logpdf(y, mean, kind.link(design.link), {**own, **seen}, design.trials)
    return np.asarray(rows).sum(axis=1)


def _needed(design: Design) -> set[str]:
    names = {p.name for p in get_family(design.family).scalars(design.stated)}
    names |= {p.name for p in get_family(design.family).vectors}
    for predictor in design.predictors.values():
        names |= {predictor.name("intercept")} if predictor.intercept else set()
        names |= {predictor.name("beta")} if predictor.coefficients else set()
        names |= set(predictor.modelled.variables)
    names |= {f"u_{group.name}" for group in design.groups}
    return names | {f"u_{smooth.name}" for smooth in design.smooths}


def quadratic_forms(design: Design, variables: Mapping[str, Array]) -> dict[str, Array]:
    """Return the size of each group's effects against their covariance.

    Returns
    -------
    dict of str to ndarray, shape (n_draws,)
        By ``quadratic_<group>``: the squared standardised effects' mean, one on average.
        Groups whose variables are not there are left out.
    """
    out = {}
    for group in design.groups:
        name = group.name
        if group.factor is not None:
            if f"z_{name}" in variables:
                out[f"quadratic_{name}"] = (variables[f"z_{name}"] ** 2).mean(axis=(1, 2))
            continue
        if {f"u_{name}", f"sd_{name}"} <= variables.keys():
            u = variables[f"u_{name}"] / variables[f"sd_{name}"][:, None, :]
            corr = variables.get(f"corr_{name}")
            if corr is not None:
                u = np.linalg.solve(np.linalg.cholesky(corr), np.swapaxes(u, 1, 2))
            out[f"quadratic_{name}"] = (u**2).mean(axis=(1, 2))
    return out
