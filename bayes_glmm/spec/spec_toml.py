"""Specs as TOML text: data only, unknown keys refused."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bayes_glmm.errors import ArgumentTypeError, PriorError, SpecError, suggestion
from bayes_glmm.spec.formula.formula_io import read_formulas
from bayes_glmm.spec.priors import Prior
from bayes_glmm.spec.sources import Option, Source, read_source

VERSION = 1
LONGEST = 100_000
"""Characters of a text."""
DEEPEST = 8
"""Parts of a dotted key: a template's has five."""
OPTIONS = ("family", "link", "exposure", "offset", "missing", "success")
KEYS = ("version", "formula", *OPTIONS, "priors", "structures")
# texts and comments, which an end of line or of the file ends too: each character is read once
_ASIDE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+(?:"|\n|\Z)'
    r"|'[^'\n]*+(?:'|\n|\Z)"
    r"|#[^\n]*+",
    re.DOTALL,
)
_TOO_DEEP = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{DEEPEST}}}")


def write_toml(
    formula: str | Mapping[str, str],
    options: Mapping[str, str | None],
    priors: Mapping[str, Prior],
    structures: Mapping[str, Source],
) -> str:
    """Write a model as TOML."""
    lines = [f"version = {VERSION}"]
    if isinstance(formula, str):
        lines.append(f"formula = {_text(formula)}")
    lines += [f"{key} = {_text(value)}" for key, value in options.items() if value is not None]
    if not isinstance(formula, str):
        lines += ["", "[formula]", *(f"{_key(k)} = {_text(v)}" for k, v in formula.items())]
    if priors:
        lines += ["", "[priors]", *(f"{_key(k)} = {_prior(p)}" for k, p in priors.items())]
    for name, source in structures.items():
        lines += ["", f"[structures.{_key(name)}]", *_source(source)]
    return "\n".join(lines) + "\n"


def load_toml(text: str) -> dict[str, Any]:
    """Read TOML text of a bounded size and depth; what is beyond is not even parsed."""
    if not isinstance(text, str):
        raise ArgumentTypeError(f"TOML is text, not {type(text).__name__}.")
    text = text.removeprefix("\ufeff")
    if len(text) > LONGEST:
        raise SpecError(f"The TOML text has {len(text)} characters; {LONGEST} are allowed.")
    if deep := _TOO_DEEP.search(_ASIDE.sub("s", text)):
        raise SpecError(
            f"The key {deep.group()[:60]}... has more than {DEEPEST} parts; no model's has."
        )
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also integers of thousands of digits
        raise SpecError(f"This is not TOML: {error}") from error


def toml_text(path: Path) -> str:
    """Read the text of a TOML file, and no more of it than may be one.

    Raises
    ------
    SpecError
        The file is too long, is not UTF-8, or cannot be read.
    """
    try:
        with path.open("rb") as handle:
            content = handle.read(4 * LONGEST + 1)
        if len(content) > 4 * LONGEST:
            raise SpecError(f"{path} has more than {4 * LONGEST} bytes; a model has fewer.")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"{path} is not text in UTF-8 ({error}): save it as UTF-8.") from error
    except OSError as error:
        raise SpecError(f"{path} cannot be read ({error.strerror or error}).") from error


def fields_of(table: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Return the fields of a model from a TOML table, naming what it belongs to in errors.

    Raises
    ------
    SpecError
        The table has unknown keys, values of another type, or is of an unknown version.
    """
    refuse_unknown(table, KEYS, what)
    version = table.get("version", VERSION)
    if isinstance(version, bool) or version != VERSION:
        raise SpecError(f"{what} is of version {version!r}; this package reads {VERSION}.")
    if "formula" not in table:
        raise SpecError(f"{what} has no formula.")
    formula = table["formula"]
    texts = formula.values() if isinstance(formula, dict) else [formula]
    given = {key: table[key] for key in OPTIONS if key in table}
    for key, value in [*given.items(), *(("formula", text) for text in texts)]:
        if not isinstance(value, str):
            raise SpecError(f"{what}: {key} is text in quotes, not {value!r}.")
    priors = table.get("priors", {})
    if not isinstance(priors, dict):
        raise SpecError(f"{what}: priors is a table.")
    sources = table.get("structures", {})
    if not isinstance(sources, dict):
        raise SpecError(f"{what}: structures is a table.")
    response, predictors, covariates = read_formulas(formula)
    return {
        "response": response, "predictors": predictors, "covariates": covariates, **given,
        "priors": {k: _read_prior(k, v) for k, v in priors.items()},
        "structures": {k: read_source(v, f"{what}: structures.{k}") for k, v in sources.items()},
    }  # fmt: skip


def refuse_unknown(table: Mapping[str, Any], known: tuple[str, ...], what: str) -> None:
    """Raise when a table has a key outside the known ones."""
    for key in table:
        if key not in known:
            raise SpecError(f"{what} has an unknown key {key!r}." + suggestion(key, list(known)))


def _read_prior(target: str, value: object) -> Prior:
    if not isinstance(value, dict) or not isinstance(value.get("distribution"), str):
        raise PriorError(
            f"The prior of {target!r} is written {{distribution = 'Normal', sigma = 1.0}}, "
            f"not {value!r}."
        )
    parameters = {k: v for k, v in value.items() if k != "distribution"}
    return Prior(value["distribution"], **parameters)


def _prior(prior: Prior) -> str:
    inside = ", ".join(f"{key} = {value!r}" for key, value in prior.parameters)
    return f"{{distribution = {_text(prior.name)}, {inside}}}"


def _source(source: Source) -> list[str]:
    parts = {"kind": source.kind, "file": source.file, **dict(source.options)}
    return [f"{_key(k)} = {_value(v)}" for k, v in parts.items() if v is not None]


def _value(value: Option) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return _text(value) if isinstance(value, str) else repr(value)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
