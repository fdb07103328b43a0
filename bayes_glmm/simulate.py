"""New responses from stated parameters: to test a design before the data exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.design import Design, GroupDesign
from bayes_glmm.errors import ArgumentError, suggestion
from bayes_glmm.families import get_family

if TYPE_CHECKING:
    from bayes_glmm.families.base import Family
    from bayes_glmm.fitting import Model

type Array = NDArray[np.float64]


def simulate(
    model: Model,
    data: Any,
    parameters: Mapping[str, Any],
    seed: int,
    *,
    family: str | Family | None = None,
    link: str | None = None,
    exposure: str | None = None,
    offset: str | None = None,
    missing: Literal["error", "drop"] | None = None,
    success: str | None = None,
) -> pd.DataFrame:
    """Draw a response for every row from stated parameters.

    Parameters
    ----------
    model, data, family, link, exposure, offset, missing, success
        As in :func:`fit`. The response column may hold anything that the family
        could have; it is replaced.
    parameters : mapping
        By the posterior's names, on the link scale: ``intercept``, ``beta`` (a
        mapping by coefficient, or values in order), ``sd_<group>`` (one number, or
        by term), ``corr_<group>`` (a matrix; the identity when absent),
        ``u_<group>`` (drawn when absent) and the family's own, such as ``sigma``.
    seed : int

    Returns
    -------
    pandas.DataFrame
        The table with the response replaced.

    Raises
    ------
    ArgumentError
        A parameter is missing, unknown, or of the wrong size.

    Examples
    --------
    >>> table = pd.DataFrame({"y": [0, 1, 2], "x": [0.0, 1.0, 2.0]})
    >>> truth = {"intercept": 0.5, "beta": {"x": 0.2}}
    >>> simulate("y ~ x", table, truth, seed=1, family="poisson")["y"].tolist()
    [2, 2, 3]
    """
    from bayes_glmm.fitting import prepare

    prepared = prepare(
        model, data, family=family, link=link, exposure=exposure, offset=offset,
        missing=missing, success=success,
    )  # fmt: skip
    _, design = prepared.require()
    rng = np.random.default_rng(seed)
    own = {p.name: _number(parameters, p.name) for p in get_family(design.family).parameters}
    eta = _predictor(design, parameters, rng)
    _refuse_unknown(design, parameters)
    kind = get_family(design.family)
    y = kind.simulate(rng, kind.link(design.link).inverse(eta), own, design.trials)
    column = prepared.spec.response.column
    drawn = np.asarray(y).astype(np.int64) if kind.discrete else np.asarray(y)
    return prepared.data.assign(**{column: drawn})


def _predictor(design: Design, parameters: Mapping[str, Any], rng: np.random.Generator) -> Array:
    mu = design.mu
    eta = mu.offset.copy()
    if mu.intercept:
        eta += _number(parameters, "intercept")
    if mu.coefficients:
        eta += mu.X @ _labelled(parameters, "beta", mu.coefficients)
    for group in mu.groups:
        u = _effects(group, parameters, rng)
        eta += (group.values * u[group.index]).sum(axis=1)
    return eta


def _effects(group: GroupDesign, parameters: Mapping[str, Any], rng: np.random.Generator) -> Array:
    q = len(group.terms)
    given = parameters.get(f"u_{group.name}")
    if given is not None:
        rows = _labelled(parameters, f"u_{group.name}", tuple(group.levels)) if q == 1 else given
        u = np.asarray(rows, float).reshape(-1, q)
        if len(u) != group.n_levels:
            raise ArgumentError(f"u_{group.name} needs {group.n_levels} levels, not {len(u)}.")
        return u
    sd = _labelled(parameters, f"sd_{group.name}", group.terms)
    corr = np.asarray(parameters.get(f"corr_{group.name}", np.eye(q)), float)
    if corr.shape != (q, q):
        raise ArgumentError(f"corr_{group.name} is a {q} x {q} matrix, not {corr.shape}.")
    try:
        factor = sd[:, None] * np.linalg.cholesky(corr)
    except np.linalg.LinAlgError as error:
        raise ArgumentError(f"corr_{group.name} is no correlation matrix.") from error
    return rng.standard_normal((group.n_levels, q)) @ factor.T


def _number(parameters: Mapping[str, Any], name: str) -> Any:
    if name not in parameters:
        raise ArgumentError(f"simulate() needs the parameter {name!r}.")
    return np.float64(parameters[name])


def _labelled(parameters: Mapping[str, Any], name: str, labels: tuple[str, ...]) -> Array:
    if name not in parameters:
        raise ArgumentError(
            f"simulate() needs the parameter {name!r}, for {', '.join(labels[:8])}."
        )
    given = parameters[name]
    if isinstance(given, Mapping):
        for label in given:
            if label not in labels:
                raise ArgumentError(f"{name} has no {label!r}." + suggestion(str(label), labels))
        absent = [label for label in labels if label not in given]
        if absent:
            raise ArgumentError(f"{name} lacks {', '.join(absent[:8])}.")
        given = [given[label] for label in labels]
    values = np.atleast_1d(np.asarray(given, float)).ravel()
    if len(values) != len(labels):
        raise ArgumentError(f"{name} needs {len(labels)} values ({', '.join(labels[:8])}).")
    return values


def _refuse_unknown(design: Design, parameters: Mapping[str, Any]) -> None:
    known = ["intercept", "beta", *(p.name for p in get_family(design.family).parameters)]
    known += [f"{stem}_{g.name}" for g in design.mu.groups for stem in ("sd", "corr", "u")]
    for name in parameters:
        if name not in known:
            raise ArgumentError(f"The model has no parameter {name!r}." + suggestion(name, known))
