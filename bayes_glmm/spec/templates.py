"""Model templates: a question, its model, its data requirements and its cautions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bayes_glmm.errors import SpecError, TemplateError, suggestion
from bayes_glmm.spec.model import ModelSpec
from bayes_glmm.spec.spec_toml import fields_of, load_toml, refuse_unknown

if TYPE_CHECKING:
    import pandas as pd

_TEXTS = ("title", "question", "dataset", "reference")
_KEYS = (*_TEXTS, "cautions", "roles", "structures", "model", "alternatives")


@dataclass(frozen=True)
class Template:
    """A ready model for one kind of question.

    Attributes
    ----------
    name, title, question : str
    spec : ModelSpec
        Written in the names of the roles.
    roles : mapping of str to str
        Column of the model -> what it holds, with type and unit.
    cautions : tuple of str
        Known mistakes with this kind of question.
    dataset : str
        Name of the bundled table it runs on.
    reference : str
        Where the table and the question come from.
    alternatives : mapping of str to ModelSpec
        Rival models of the same question, by name.
    structures : mapping of str to str
        Structure of the model -> its kind, what its file holds and how it is given; the
        model itself describes the bundled example.
    """

    name: str
    title: str
    question: str
    spec: ModelSpec
    roles: Mapping[str, str]
    cautions: tuple[str, ...]
    dataset: str
    reference: str
    alternatives: Mapping[str, ModelSpec]
    structures: Mapping[str, str]


def template_folder() -> Path:
    """Return the folder of templates: in the installed package, or in a checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / "model_templates", package.parent / "model_templates"):
        if folder.is_dir():
            return folder
    raise TemplateError("The folder of model templates is missing: reinstall the package.")


def names() -> list[str]:
    """Return the names of all templates, sorted."""
    return sorted(path.stem for path in template_folder().glob("*.toml"))


def templates() -> pd.DataFrame:
    """List the templates.

    Returns
    -------
    pandas.DataFrame
        Columns ``name``, ``title``, ``question`` and ``dataset``.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> "hospital_ranking" in bg.templates()["name"].tolist()
    True
    """
    import pandas as pd

    rows = [template(name) for name in names()]
    columns = ["name", "title", "question", "dataset"]
    return pd.DataFrame([[vars(t)[c] for c in columns] for t in rows], columns=columns)


def template(name: str) -> Template:
    """Read a template by its name.

    Parameters
    ----------
    name : str
        One of those that :func:`templates` lists.

    Returns
    -------
    Template
        Question, model, roles with their units, cautions, table and rivals.

    Raises
    ------
    TemplateError
        There is none of that name; the nearest are named.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> bg.template("hospital_ranking").spec.formula
    'deaths | trials(operations) ~ 1 + (1 | hospital)'
    """
    known = names()
    if not isinstance(name, str) or not re.fullmatch(r"\w+", name) or name not in known:
        hint = suggestion(str(name), known)
        raise TemplateError(f"There is no model template {name!r}.{hint} A formula has a ~.")
    path = template_folder() / f"{name}.toml"
    return read_template(path.read_text(encoding="utf-8"), name)


def read_template(text: str, name: str) -> Template:
    """Read a template from TOML text.

    Raises
    ------
    TemplateError
        A key is missing, unknown, or of the wrong type.
    """
    what = f"The template {name!r}"
    try:
        table = load_toml(text)
        refuse_unknown(table, _KEYS, what)
        missing = [k for k in (*_TEXTS, "cautions", "roles", "model") if k not in table]
        if missing:
            raise TemplateError(f"{what} lacks {', '.join(missing)}.")
        spec = ModelSpec(**fields_of(table["model"], what))
        said, used = set(table.get("structures", {})), {name for name, _ in spec.structures}
        if said != used:
            raise TemplateError(f"{what}: [structures] explains {said}, the model has {used}.")
        return Template(
            name,
            spec=spec,
            roles=MappingProxyType(_strings(table["roles"], f"{what}: roles")),
            structures=MappingProxyType(
                _strings(table.get("structures", {}), f"{what}: structures")
            ),
            cautions=_list_of_texts(table["cautions"], f"{what}: cautions"),
            alternatives=MappingProxyType(
                {
                    k: ModelSpec(**fields_of(v, f"{what}: {k}"))
                    for k, v in table.get("alternatives", {}).items()
                }
            ),
            **_strings({k: table[k] for k in _TEXTS}, what),
        )
    except (SpecError, AttributeError, TypeError) as error:
        raise (
            error if isinstance(error, TemplateError) else TemplateError(f"{what}: {error}")
        ) from error


def _strings(table: Any, what: str) -> dict[str, str]:
    if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
        raise TemplateError(f"{what} is a table of texts.")
    return dict(table)


def _list_of_texts(values: Any, what: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise TemplateError(f"{what} is a list of texts.")
    return tuple(values)
