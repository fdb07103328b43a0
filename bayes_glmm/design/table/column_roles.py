"""Which columns a model reads, and for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from bayes_glmm.design.groups.group_schema import group_columns
from bayes_glmm.design.groups.membership import missing_members
from bayes_glmm.design.response.modifiers import modifier_columns, upper_ends, without_upper
from bayes_glmm.design.table.columns import is_missing, pick
from bayes_glmm.design.table.tables import drop_rows
from bayes_glmm.design.terms.expressions import variables
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.terms import Call, Expression, Term


def column_roles(spec: ModelSpec, known: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the columns that a model reads, each with what it is used for.

    Parameters
    ----------
    spec : ModelSpec
    known : iterable of str
        Columns of the table: ``observation`` is a column only if it is there.

    Returns
    -------
    dict of str to tuple of str
        Roles are ``response``, ``trials`` (any modifier but ``thres()``), ``threshold``,
        ``fixed``, ``slope``, ``group``, ``member``, ``weight``, ``by``, ``offset``,
        ``exposure`` and ``covariate``, of the model of a covariate. A ``member`` may be
        missing where its weight is zero, and the ``upper`` end of an interval in rows
        that are none.
    """
    roles: dict[str, dict[str, None]] = {}

    def add(role: str, names: Iterable[str]) -> None:
        for name in names:
            roles.setdefault(name, {})[role] = None

    columns = set(known)
    add("response", spec.response.columns)
    for modifier in spec.response.modifiers:
        role = "threshold" if modifier.function == "thres" else "trials"
        ends = upper_ends(modifier)
        add(role, (c for c in modifier_columns(modifier, columns) if c not in ends))
        add("upper", ends)
    for _, predictor in spec.predictors:
        add("fixed", term_variables(predictor.terms))
        for expression in predictor.offsets:
            add("offset", variables(expression))
        for effect in predictor.random:
            add("member" if effect.members else "group", group_columns(effect, columns))
            add("weight", effect.weights)
            add("by", [effect.by] if effect.by else [])
            add("slope", term_variables(effect.terms))
    for _, predictor in spec.covariates:
        add("covariate", term_variables(predictor.terms))
        add("covariate", (c for e in predictor.offsets for c in variables(e)))
        for effect in predictor.random:
            add("covariate", [*group_columns(effect, columns), *term_variables(effect.terms)])
    add("offset", [spec.offset] if spec.offset else [])
    add("exposure", [spec.exposure] if spec.exposure else [])
    return {name: tuple(found) for name, found in roles.items()}


def complete_columns(roles: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the columns that may not have missing values."""
    return [name for name, found in roles.items() if found not in (("member",), ("upper",))]


def term_variables(terms: Iterable[Term]) -> list[str]:
    """Name the columns that terms read."""
    return [name for term in terms for factor in term for name in variables(factor)]


def offset_expressions(spec: ModelSpec, parameter: str) -> list[Expression]:
    """Return the expressions whose values are added to a predictor, exposure apart."""
    return [
        e.arguments[0] if isinstance(e, Call) and e.function == "offset" and e.arguments else e
        for e in spec.every[parameter].offsets
    ]


def drop_missing(spec: ModelSpec, data: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Leave out the rows that have a missing value in a column the model reads.

    Missing values of columns in ``mi()`` are estimated, and leave nothing out.

    Returns
    -------
    data : pandas.DataFrame
        The complete rows with their index.
    dropped : tuple of str
        Identifiers of the other rows.

    Raises
    ------
    MissingDataError
        A column is absent.
    DataError
        No row is complete.

    Examples
    --------
    >>> from bayes_glmm.spec.sides import Predictor
    >>> spec = ModelSpec("y", Predictor(terms=("x",)))
    >>> drop_missing(spec, pd.DataFrame({"y": [1.0, 2.0], "x": [None, 3.0]}))[1]
    ('0',)
    """
    mask = np.zeros(len(data), dtype=bool)
    for name in complete_columns(column_roles(spec, map(str, data.columns))):
        if name not in spec.imputed:
            mask |= is_missing(pick(data, name))
    mask |= without_upper(spec, data)
    for _, predictor in spec.predictors:
        for effect in predictor.random:
            if effect.members is not None:
                mask |= missing_members(data, effect.group, effect.members).any(axis=1)
    return drop_rows(data, mask)
