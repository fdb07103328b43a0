"""New responses from stated parameters: to test a design before the data exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.design.groups.structure_matching import (
    bound_structures,
    given_structures,
    with_factors,
)
from bayes_glmm.design.response.dummy_response import as_categories, with_placeholder
from bayes_glmm.design.response.response_schema import ResponseSchema
from bayes_glmm.design.schema import Schema
from bayes_glmm.design.table.column_roles import drop_missing
from bayes_glmm.design.table.tables import to_pandas
from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    DataError,
    SpecError,
    listed,
    rows_listed,
    suggestion,
)
from bayes_glmm.families import LINKS, Parameter, get_family
from bayes_glmm.families.censoring import DRAWN_WITHIN, observe
from bayes_glmm.families.contract import Family
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.model.blocks.modelled import ModelledFactor
from bayes_glmm.model.design import Design, PredictorDesign, SmoothDesign
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.structures import Structure, effect_draws

if TYPE_CHECKING:
    from bayes_glmm.design.resolve import Model

type Array = NDArray[np.float64]

LARGEST_MEAN = 1e18


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
    missing: Literal["error", "drop", "predict"] | None = None,
    success: str | None = None,
    structures: Mapping[str, Structure] | None = None,
) -> pd.DataFrame:
    """Draw a response for every row from stated parameters.

    Parameters
    ----------
    model, data
        As in :func:`fit`. The response column need not exist; where it does, it is
        replaced and only its levels are read.
    parameters : mapping
        By the posterior's names, on the link scale: ``intercept``, ``beta`` (a
        mapping by coefficient, or values in order), ``sd_<group>`` (a mapping by
        varying term, values in order, or one number for one term),
        ``corr_<group>`` (a matrix over the terms; no correlation when absent),
        ``simplex_<x>`` of ``mo(x)`` and ``mi_<x>``, the missing values of ``mi(x)`` by row,
        ``u_<group>`` (a mapping by level or an array, shape (n_levels, n_terms);
        drawn from the sds when absent), a structure's own, such as ``range_<group>``,
        and the family's own, such as ``sigma``. Those of the formula of another
        parameter end in its name: ``intercept_zi``, ``beta_zi``.
    seed : int
        Equal seeds give equal responses. Every group and the response have streams
        of their own, so that giving the effects of one group leaves the rest alone.
    family, link, exposure, offset, missing, success, structures
        As in :func:`fit`.

    Returns
    -------
    pandas.DataFrame
        The table with the response replaced: whole numbers for counts, the two
        levels where the column held text or truth values, the categories of the column
        (its values are not read), or every column of a composition.

    Raises
    ------
    ArgumentError
        A parameter is missing, unknown, of the wrong size or out of its range, or
        the parameters give means that the family cannot have.
    SpecError, DataError
        The model or the columns of the table are wrong.

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame({"x": [0.0, 1.0, 2.0], "g": ["a", "b", "b"]})
    >>> truth = {"intercept": 0.5, "beta": {"x": 0.2}, "sd_g": 0.3}
    >>> bg.simulate("y ~ x + (1 | g)", table, truth, seed=1, family="poisson").columns.tolist()
    ['x', 'g', 'y']
    """
    from bayes_glmm.design.resolve import resolve_spec

    spec = resolve_spec(
        model, family=family, link=link, exposure=exposure, offset=offset,
        missing=missing, success=success,
    )  # fmt: skip
    if not isinstance(parameters, Mapping):
        raise ArgumentTypeError("parameters must be a mapping, such as {'intercept': 1.0}.")
    table, levels = with_placeholder(spec, to_pandas(data), parameters)
    if spec.missing == "drop":
        table = drop_missing(spec, table)[0]
    design = _design(spec, table, given_structures(spec, structures))
    kind = get_family(design.family)
    _refuse_unknown(design, kind, parameters)
    design = replace(design, covariates={})
    groups, smooths = design.groups, design.smooths
    *streams, last = _streams(seed, len(groups) + len(smooths) + 1)
    each = iter(streams)
    effects = {g.name: _effects(g, parameters, next(each)) for g in groups}
    effects |= {s.name: _smooth(s, parameters, next(each)) for s in smooths}
    eta = {n: _predictor(p, parameters, effects) for n, p in design.predictors.items()}
    own = {
        p.name: LINKS[p.link].inverse(eta[p.name]) if p.name in eta
        else _own(parameters, p, design)
        for p in kind.parameters
    }  # fmt: skip
    own = design.moved(own, eta, np.stack)
    chosen, mean = kind.link(design.link), design.joined(eta, np.stack)
    if "total" in design.modifiers:
        raise SpecError(
            "against() takes the events of both arms as given, so that those of one cannot be drawn "
            "without the other's: simulate one row for each arm, events | trials(n)."
        )
    seen = {k: v for k, v in design.modifiers.items() if k in DRAWN_WITHIN}
    _refuse_means(design, kind, mean if kind.unordered else chosen.inverse(mean))
    drawn = observe(kind, seen)
    y = np.asarray(drawn.respond(last, mean, chosen, own | seen, design.trials))
    for rows, message in kind.invalid(y, design.trials):
        if rows.any():
            raise ArgumentError(
                f"The parameters give responses of which one {message}. Rows: "
                f"{listed(design.rows[rows])}."
            )
    if kind.composed:
        columns = (y.astype(np.int64) if kind.discrete else y).T
        return table.assign(**dict(zip(spec.response.columns, columns, strict=True)))
    return table.assign(**{spec.response.column: _as_stored(y, kind, levels)})


def variables_of(design: Design, parameters: Mapping[str, Any]) -> dict[str, Array]:
    """Return stated parameters as the posterior has them; effects that are not stated are zero.

    Raises
    ------
    ArgumentError
        As in :func:`simulate`.
    """
    out: dict[str, Array] = {}
    for p in design.predictors.values():
        if p.intercept:
            out[p.name("intercept")] = _number(parameters, p.name("intercept"))
        if p.coefficients:
            out[p.name("beta")] = _labelled(parameters, p.name("beta"), p.coefficients)
        out |= {f.variable: _modelled(parameters, f) for f in p.modelled.factors}
    for group in design.groups:
        name, q = group.name, len(group.terms)
        out[f"sd_{name}"] = _labelled(parameters, f"sd_{name}", group.terms)
        if any(len(block) > 1 for block in group.blocks):
            root = _root(group, parameters.get(f"corr_{name}"))
            out[f"corr_{name}"] = root @ root.T
        for h in group.hyper:
            out[f"{h.stem}_{name}"] = _within(parameters, f"{h.stem}_{name}", h.support)
        given = parameters.get(f"u_{name}")
        nothing = np.zeros((group.n_levels, q))
        out[f"u_{name}"] = nothing if given is None else _given_effects(group, given)
    for smooth in design.smooths:
        name, labels = f"u_{smooth.name}", tuple(str(k + 1) for k in range(len(smooth.part)))
        out[f"sd_{smooth.name}"] = _labelled(parameters, f"sd_{smooth.name}", smooth.parts)
        out[name] = _labelled(parameters, name, labels)
        for h in smooth.hyper:
            stem = f"{h.stem}_{smooth.name}"
            out[stem] = _within(parameters, stem, h.support)
    kind = get_family(design.family)
    return out | {p.name: _own(parameters, p, design)
                  for p in (*kind.vectors, *kind.scalars(design.stated))}  # fmt: skip


def _design(spec: ModelSpec, table: pd.DataFrame, structures: Mapping[str, Structure]) -> Design:
    """Build the design; a simulation needs only its known terms to be sound."""
    schema = Schema.learn(spec, table)
    design = with_factors(schema.apply(table), bound_structures(schema, table, structures))
    bad = ~np.isfinite(design.mu.offset)
    if bad.any():
        column = spec.exposure or spec.offset
        which = f" ({column!r})" if column else ""
        raise DataError(
            f"The exposure or offset{which} gives no finite term in rows "
            f"{listed(design.rows[bad])}: an exposure must be above 0."
        )
    assert design.response is not None
    for rows, message in get_family(design.family).invalid(design.response, design.trials):
        if rows.any():
            raise DataError(f"The table {message}. Rows: {listed(design.rows[rows])}.")
    return design


def _as_stored(y: Array, kind: Family, named: ResponseSchema | None) -> Any:
    if named is None:
        return y.astype(np.int64) if kind.discrete else y
    if named.coded:
        return as_categories(y.astype(np.intp), named)
    failure, success = sorted(named.levels, key=lambda level: level == named.success)
    words = np.where(y == 1, success, failure)
    return words if named.named else words == "True"


def _predictor(
    predictor: PredictorDesign, parameters: Mapping[str, Any], effects: Mapping[str, Array]
) -> Array:
    eta = predictor.offset.copy()
    if predictor.intercept:
        eta += _number(parameters, predictor.name("intercept"))
    if predictor.coefficients:
        beta = _labelled(parameters, predictor.name("beta"), predictor.coefficients)
        own = {f.variable: _modelled(parameters, f) for f in predictor.modelled.factors}
        eta += predictor.known @ beta + predictor.modelled.share_of(beta, own)
    for group in predictor.groups:
        eta += group.added(effects[group.name])
    for smooth in predictor.smooths:
        eta += effects[smooth.name]
    return eta


def _smooth(smooth: SmoothDesign, parameters: Mapping[str, Any], rng: np.random.Generator) -> Array:
    sd = _labelled(parameters, f"sd_{smooth.name}", smooth.parts)
    hyper = {h.stem: _within(parameters, f"{h.stem}_{smooth.name}", h.support)[None]
             for h in smooth.hyper}  # fmt: skip
    name = f"u_{smooth.name}"
    labels = tuple(str(k + 1) for k in range(len(smooth.part)))
    given = name in parameters
    u = _labelled(parameters, name, labels) if given else smooth.draw(sd[None], hyper, rng)[0]
    return np.asarray(smooth.basis @ u)


def _modelled(parameters: Mapping[str, Any], factor: ModelledFactor) -> Array:
    if not len(factor.labels):
        return np.zeros(0)
    values = _labelled(parameters, factor.variable, tuple(factor.labels.tolist()))
    if factor.kind == "mo" and ((values < 0).any() or abs(values.sum() - 1) > 1e-8):
        raise ArgumentError(f"{factor.variable} holds shares: none is below 0, and they sum to 1.")
    return values


def _effects(group: GroupDesign, parameters: Mapping[str, Any], rng: np.random.Generator) -> Array:
    name, q = f"u_{group.name}", len(group.terms)
    if parameters.get(name) is not None:
        return _given_effects(group, parameters[name])
    sd = _labelled(parameters, f"sd_{group.name}", group.terms)
    if (sd < 0).any():
        raise ArgumentError(f"sd_{group.name} holds standard deviations, which are not negative.")
    factor = sd[:, None] * _root(group, parameters.get(f"corr_{group.name}"))
    if group.factor is None:
        z = rng.standard_normal((group.n_levels, q))
        if group.dist == "student":
            nu = float(_within(parameters, f"nu_{group.name}", "positive"))
            z /= np.sqrt(rng.chisquare(nu, (group.n_levels, 1)) / nu)
        return z @ factor.T
    hyper = {}
    for h in group.hyper:
        hyper[h.stem] = _within(parameters, f"{h.stem}_{group.name}", h.support)[None]
    z = rng.standard_normal((1, len(group.factor.nodes), q))
    return effect_draws(group.factor, z, hyper)[0] @ factor.T


def _given_effects(group: GroupDesign, given: Any) -> Array:
    name, q = f"u_{group.name}", len(group.terms)
    if isinstance(given, pd.DataFrame):
        given = given.T.to_dict()
    levels = tuple(group.levels.tolist())
    if isinstance(given, Mapping | pd.Series):
        rows = _in_order(dict(given), name, levels)
        parts = [_labelled({f"{name}[{k}]": v}, f"{name}[{k}]", group.terms)
                 for k, v in zip(levels, rows, strict=True)]  # fmt: skip
        return np.array(parts)
    u = _floats(name, given)
    if u.shape not in ((len(levels), q), (len(levels),) if q == 1 else ()):
        raise ArgumentError(
            f"{name} has the shape ({len(levels)}, {q}): levels by terms, not {u.shape}."
        )
    return u.reshape(-1, q)


def _root(group: GroupDesign, given: Any) -> Array:
    """Return a square root of the correlations; singular ones are allowed."""
    q, name = len(group.terms), f"corr_{group.name}"
    if given is None:
        return np.eye(q)
    corr = _floats(name, given)
    if corr.shape != (q, q):
        raise ArgumentError(f"{name} is a {q} x {q} matrix, not {corr.shape}.")
    unit = np.allclose(np.diag(corr), 1) and np.allclose(corr, corr.T, atol=1e-10)
    sizes, axes = np.linalg.eigh((corr + corr.T) / 2)
    if not unit or sizes[0] < -1e-10:
        raise ArgumentError(
            f"{name} is no correlation matrix: it must be symmetric with ones on its diagonal, "
            f"and its smallest eigenvalue is {sizes[0]:.3g}."
        )
    apart = np.ones((q, q), bool)
    for members in group.blocks:
        apart[np.ix_(members, members)] = False
    if (corr[apart] != 0).any():
        raise ArgumentError(f"{name} relates terms that the model keeps independent.")
    return axes * np.sqrt(np.maximum(sizes, 0))


def _number(parameters: Mapping[str, Any], name: str) -> Array:
    if name not in parameters:
        raise ArgumentError(f"simulate() needs the parameter {name!r}.")
    value = _floats(name, parameters[name])
    if value.size != 1:
        raise ArgumentError(f"{name} is one number, not {value.size}.")
    return value.reshape(())


def _own(parameters: Mapping[str, Any], parameter: Parameter, design: Design) -> Array:
    name = parameter.name
    if name == "sigma" and "se" in design.modifiers:
        return design.modifiers["se"]
    if parameter.fixed is not None:
        return np.asarray(parameter.fixed)
    if parameter.vector:
        values = _labelled(parameters, name, design.boundaries)
        falls = any((np.diff(values[ladder]) <= 0).any() for ladder in design.ladders)
        if get_family(design.family).increasing and falls:
            raise ArgumentError(f"{name} must increase from one boundary to the next.")
        return values
    return _within(parameters, name, parameter.prior(1.0).support)


def _within(parameters: Mapping[str, Any], name: str, support: str) -> Array:
    value = _number(parameters, name)
    if support == "positive" and not value > 0:
        raise ArgumentError(f"{name} must be above 0, not {value:g}.")
    if support == "unit" and not 0 <= value <= 1:
        raise ArgumentError(f"{name} must be from 0 to 1, not {value:g}.")
    if support == "one to two" and not 1 < value < 2:
        raise ArgumentError(f"{name} must be between 1 and 2, not {value:g}.")
    return value


def _labelled(parameters: Mapping[str, Any], name: str, labels: tuple[str, ...]) -> Array:
    if name not in parameters:
        raise ArgumentError(f"simulate() needs the parameter {name!r}, for {listed(labels)}.")
    given = parameters[name]
    if isinstance(given, Mapping | pd.Series):
        given = _in_order(dict(given), name, labels)
    values = _floats(name, given).ravel()
    if len(values) != len(labels):
        s = "s" if len(labels) > 1 else ""
        raise ArgumentError(
            f"{name} needs {len(labels)} value{s} ({listed(labels)}), not {len(values)}."
        )
    return values


def _in_order(given: dict[Any, Any], name: str, labels: tuple[str, ...]) -> list[Any]:
    by_label = {str(label): value for label, value in given.items()}
    known = set(labels)
    for label in by_label:
        if label not in known:
            raise ArgumentError(f"{name} has no {label!r}." + suggestion(label, labels))
    absent = [label for label in labels if label not in by_label]
    if absent:
        raise ArgumentError(f"{name} lacks {listed(absent)}.")
    return [by_label[label] for label in labels]


def _floats(name: str, given: Any) -> Array:
    try:
        values = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"{name} must be numbers, not {given!r:.80}.") from error
    if not np.isfinite(values).all():
        raise ArgumentError(f"{name} must be finite.")
    return values


def _refuse_unknown(design: Design, kind: Family, parameters: Mapping[str, Any]) -> None:
    known = [p.name for p in (*kind.vectors, *kind.scalars(design.stated))]
    for predictor in design.predictors.values():
        known += [predictor.name("intercept")] * predictor.intercept
        known += [predictor.name("beta")] * bool(predictor.coefficients)
        known += predictor.modelled.variables
    for group in design.groups:
        known += [f"sd_{group.name}", f"u_{group.name}"]
        known += [f"{hyper.stem}_{group.name}" for hyper in group.hyper]
        known += [f"corr_{group.name}"] * any(len(block) > 1 for block in group.blocks)
    for smooth in design.smooths:
        known += [f"sd_{smooth.name}", f"u_{smooth.name}"]
        known += [f"{hyper.stem}_{smooth.name}" for hyper in smooth.hyper]
    for name in parameters:
        if name not in known:
            raise ArgumentError(
                f"The model has no parameter {name!r}." + suggestion(str(name), known)
            )


def _refuse_means(design: Design, kind: Family, mu: Array) -> None:
    bad = ~np.isfinite(mu)
    if kind.unordered:
        bad = bad.any(axis=-1)
    if kind.discrete and not kind.categorical:
        bad |= (mu < 0) | (mu > LARGEST_MEAN)
    elif not (kind.categorical or kind.circular):  # means lie where responses do
        bad = np.logical_or.reduce([bad, *(rows for rows, _ in kind.invalid(mu, None))])
    if bad.any():
        raise ArgumentError(
            f"The parameters give means that {kind.name} responses cannot have, such as "
            f"{np.ravel(mu[bad])[0]:g}, in {rows_listed(design.rows[bad])}: use smaller effects, or a link "
            "whose means stay in range."
        )


def _streams(seed: int, n: int) -> list[np.random.Generator]:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ArgumentError(f"seed={seed!r}: use a whole number from 0.")
    return [np.random.default_rng(s) for s in np.random.SeedSequence(int(seed)).spawn(n)]
