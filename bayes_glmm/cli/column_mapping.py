"""A template's roles played by the columns of a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from bayes_glmm.errors import TemplateError, suggestion
from bayes_glmm.spec.effects import Membership, RandomEffect
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.sides import Response
from bayes_glmm.spec.terms import Variable

if TYPE_CHECKING:
    from bayes_glmm.spec.templates import Template


def cast_roles(
    template: Template, chosen: Mapping[str, str], columns: Collection[str]
) -> ModelSpec:
    """Return a template's model in the names of a table's columns.

    Parameters
    ----------
    template : Template
    chosen : mapping of str to str
        Role -> column. A role left out is played by the column of its name.
    columns : collection of str
        Columns of the table.

    Raises
    ------
    TemplateError
        A role is unknown or nobody plays it, or the chosen column is not there.
    """
    for role in chosen:
        if role not in template.roles:
            hint = suggestion(role, list(template.roles))
            raise TemplateError(f"The template {template.name!r} has no role {role!r}.{hint}")
    for role, meaning in template.roles.items():
        column = chosen.get(role, role)
        if column in columns:
            continue
        if role in chosen:
            hint = suggestion(column, list(columns))
            raise TemplateError(f"No column {column!r} is there to play the role {role!r}.{hint}")
        raise TemplateError(
            f"The template {template.name!r} needs the role {role!r} ({meaning}) and the table has "
            f"no column of that name: say --map {role}=COLUMN."
        )
    return renamed(template.spec, chosen)


def renamed(spec: ModelSpec, names: Mapping[str, str]) -> ModelSpec:
    """Return a model with its columns renamed; priors keep their targets."""
    spec = replace(
        spec,
        response=_renamed(spec.response, names),
        predictors=tuple((name, _renamed(part, names)) for name, part in spec.predictors),
        structures=tuple((name, source.renamed(names)) for name, source in spec.structures),
        covariates=tuple((names.get(n, n), _renamed(part, names)) for n, part in spec.covariates),
    )
    columns = {key: getattr(spec, key) for key in ("exposure", "offset")}
    return replace(spec, **{key: names.get(column, column) for key, column in columns.items()})


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, tuple):
        return tuple(_renamed(part, names) for part in value)
    if not is_dataclass(value):
        return value
    kind: Any = type(value)
    parts = {field.name: _renamed(getattr(value, field.name), names) for field in fields(value)}
    match value:
        case Variable(name):
            parts["name"] = names.get(name, name)
        case Response(column, _, others):
            parts["column"] = names.get(column, column)
            parts["others"] = tuple(names.get(other, other) for other in others)
        case RandomEffect(group):
            parts["group"] = tuple(names.get(name, name) for name in group)
            for part in ("by", "along"):
                parts[part] = names.get(parts[part], parts[part])
        case Membership(weights):
            parts["weights"] = tuple(names.get(name, name) for name in weights)
    return kind(**parts)
