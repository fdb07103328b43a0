"""New responses from stated parameters: to test a design before the data exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

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
    listed,
    rows_listed,
)
from bayes_glmm.families import get_family
from bayes_glmm.families.censoring import DRAWN_WITHIN, observe
from bayes_glmm.families.contract import Family
from bayes_glmm.fitting.options import FormulaOptions, takes
from bayes_glmm.model.blocks.block import RandomBlock
from bayes_glmm.model.design import Design
from bayes_glmm.model.family_parameters import read_own_parameters
from bayes_glmm.model.stated import Stated
from bayes_glmm.model.variable_table import resolve_name, variables
from bayes_glmm.model.variables import Role, variable_of
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.structures import Structure
from bayes_glmm.studies.prior_predictive import on_rows

if TYPE_CHECKING:
    from bayes_glmm.design.resolve import Model

type Array = NDArray[np.float64]

LARGEST_MEAN = 1e18
FOLLOWING = (Role.CORRELATION_FACTOR, Role.LATENTS)
"""What is not stated, because it follows from what is."""


@takes(FormulaOptions)
def simulate(
    model: Model,
    data: Any,
    parameters: Mapping[str, Any],
    seed: int,
    *,
    structures: Mapping[str, Structure] | None = None,
    **options: Unpack[FormulaOptions],
) -> pd.DataFrame:
    """Draw a response for every row from stated parameters.

    Parameters
    ----------
    model, data
        As in :func:`fit`. The response column need not exist; where it does, it is
        replaced and only its levels are read.
    parameters : mapping
        By the posterior's names, on the link scale: ``intercept``, ``beta`` (a
        mapping by coefficient, or values in order; or each coefficient by itself, as
        ``beta[x]`` or ``x``), ``sd_<group>`` (a mapping by
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
    structures, family, link, exposure, offset, missing, success
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

    spec = resolve_spec(model, **options)
    if not isinstance(parameters, Mapping):
        raise ArgumentTypeError("parameters must be a mapping, such as {'intercept': 1.0}.")
    table, levels = with_placeholder(spec, to_pandas(data), parameters)
    if spec.missing == "drop":
        table = drop_missing(spec, table)[0]
    design = _design(spec, table, given_structures(spec, structures))
    kind = get_family(design.family)
    design = replace(design, covariates={})
    parameters = _by_variable(design, parameters)
    *streams, last = _streams(seed, len(design.groups) + len(design.smooths) + 1)
    values = _values(design, _plain(parameters), streams)
    mean, own = on_rows(design, {name: value[None] for name, value in values.items()})
    chosen = kind.link(design.link)
    seen = {k: v for k, v in design.modifiers.items() if k in DRAWN_WITHIN}
    drawn = observe(kind, seen)
    drawn.require("simulator")
    _refuse_means(design, kind, *kind.impossible_means(mean[0], chosen))
    y = np.asarray(drawn.respond(last, mean, chosen, own | seen, design.trials))[0]
    for rows, message in kind.invalid(y, design.trials):
        if rows.any():
            raise ArgumentError(
                f"The parameters give responses of which one {message}. Rows: "
                f"{listed(design.rows[rows])}."
            )
    if y.ndim > 1:
        columns = kind.stored(y).T
        return table.assign(**dict(zip(spec.response.columns, columns, strict=True)))
    return table.assign(**{spec.response.column: _as_stored(y, kind, levels)})


def variables_of(design: Design, parameters: Mapping[str, Any]) -> dict[str, Array]:
    """Return stated parameters as the posterior has them; effects that are not stated are zero.

    Raises
    ------
    ArgumentError
        As in :func:`simulate`.
    """
    stated, out = _plain(_by_variable(design, parameters)), dict[str, Array]()
    blocks = (*(p.fixed for p in design.predictors.values()), *design.groups, *design.smooths)
    for block in blocks:
        out |= block.read(stated)
    return out | read_own_parameters(design, stated)


def _values(
    design: Design, stated: Stated, streams: Sequence[np.random.Generator]
) -> dict[str, Array]:
    """Return stated parameters, and effects that are stated or drawn, each from its stream."""
    random: tuple[RandomBlock, ...] = (*design.groups, *design.smooths)
    out = {b.effects: b.simulate(stated, rng) for b, rng in zip(random, streams, strict=True)}
    for predictor in design.predictors.values():
        out |= predictor.fixed.read(stated)
    return out | read_own_parameters(design, stated)


def _plain(parameters: Mapping[str, Any]) -> Stated:
    """Return parameters whose tables and columns are mappings by label."""

    def plain(value: Any) -> Any:
        if isinstance(value, pd.DataFrame):
            return value.T.to_dict()
        return value.to_dict() if isinstance(value, pd.Series) else value

    inner = {
        name: {k: plain(v) for k, v in given.items()} if isinstance(given, Mapping) else given
        for name, given in ((name, plain(value)) for name, value in parameters.items())
    }
    return Stated(inner)


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
        return kind.stored(y)
    if named.coded:
        return as_categories(y.astype(np.intp), named)
    failure, success = sorted(named.levels, key=lambda level: level == named.success)
    words = np.where(y == 1, success, failure)
    return words if named.named else words == "True"


def _by_variable(design: Design, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters by variable: those of single elements, ``beta[x]`` or ``x``, together.

    Raises
    ------
    ArgumentError
        The model has no such parameter, or it is stated twice.
    """
    stated = (v for v in variables(design).values() if v.role not in FOLLOWING)
    known, out = {v.name: v for v in stated}, dict[str, Any]()
    for name, value in parameters.items():
        if name in known:
            out[name] = value
            continue
        variable, place = resolve_name(known, str(name), ArgumentError)
        if variable.name in parameters or variable.name not in known or len(place) != 1:
            plain = variable_of(variable.name)
            raise ArgumentError(
                f"State {plain!r} as a whole, or each of its numbers, not {name!r}."
            )
        out.setdefault(variable.name, {})[str(variable.labels[0][place[0]])] = value
    return out


def _refuse_means(design: Design, kind: Family, mu: Array, bad: NDArray[np.bool_]) -> None:
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
