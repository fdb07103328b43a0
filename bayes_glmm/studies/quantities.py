"""Single numbers that a draw of all variables makes: what many fits are compared in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import observe
from bayes_glmm.model.design import Design
from bayes_glmm.model.variable_table import variables
from bayes_glmm.model.variables import Role, Variable, element_of, variable_of
from bayes_glmm.studies.prior_predictive import on_rows

type Array = NDArray[np.float64]
OF_ROWS = (
    Role.INTERCEPT, Role.COEFFICIENTS, Role.SHARES, Role.MISSING, Role.EFFECTS, Role.THRESHOLD,
    Role.OWN,
)  # fmt: skip
"""What the density of responses needs."""


def parameters_of(design: Design, drawn: Mapping[str, Array]) -> dict[str, Array]:
    """Return every parameter under its label, effects of levels left out.

    Parameters
    ----------
    drawn : mapping of str to ndarray, shape (n_draws, ...)
        Variables of the graph; others are passed over, missing ones left out.

    Returns
    -------
    dict of str to ndarray, shape (n_draws,)
        ``beta[x]``, ``sd_g[intercept]``; at last ``corr_g[intercept, x]`` below the diagonal.
    """
    known = variables(design)
    correlations = [v for v in known.values() if v.role is Role.CORRELATION and v.name in drawn]
    names = [name for name in drawn if _is_parameter(known, name)]
    found = [(replace(known[variable_of(n)], name=n), drawn[n]) for n in names]
    found += [(v, drawn[v.name]) for v in correlations]
    return {e.name: element_of(values, e.place) for v, values in found for e in v.elements}


def _is_parameter(known: Mapping[str, Variable], name: str) -> bool:
    variable = known.get(variable_of(name))
    return variable is not None and variable.reported and variable.role is not Role.CORRELATION


def log_likelihood(design: Design, drawn: Mapping[str, Array]) -> Array | None:
    """Return the log-density of all responses given everything, shape (n_draws,).

    ``None`` where a variable that it needs is not there.
    """
    kind = get_family(design.family)
    if any(v.name not in drawn for v in variables(design).values() if v.role in OF_ROWS):
        return None
    y, seen = np.asarray(design.response, float), dict(design.modifiers)
    mean, own = on_rows(design, drawn)
    family = observe(kind, seen, y)
    rows = family.logpdf(y, mean, kind.link(design.link), {**own, **seen}, design.trials)
    return np.asarray(rows).sum(axis=1)


def quadratic_forms(design: Design, drawn: Mapping[str, Array]) -> dict[str, Array]:
    """Return the size of each group's effects against their covariance.

    Returns
    -------
    dict of str to ndarray, shape (n_draws,)
        By ``quadratic_<group>``: the squared standardised effects' mean, one on average.
        Groups whose variables are not there are left out.
    """
    out = {}
    for group in design.groups:
        name = f"quadratic_{group.name}"
        if group.factor is not None:
            if group.latents in drawn:
                out[name] = (drawn[group.latents] ** 2).mean(axis=(1, 2))
            continue
        if {group.effects, group.sd} <= drawn.keys():
            u = drawn[group.effects] / drawn[group.sd][:, None, :]
            corr = drawn.get(group.correlation)
            if corr is not None:
                u = np.linalg.solve(np.linalg.cholesky(corr), np.swapaxes(u, 1, 2))
            out[name] = (u**2).mean(axis=(1, 2))
    return out
