"""Models, tables and structures from what stands on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayes_glmm.cli.running import naming
from bayes_glmm.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from bayes_glmm.spec.model import ModelSpec


def read_model(
    model: str, data: Path, roles: list[str] | None, **options: str | None
) -> tuple[ModelSpec, pd.DataFrame]:
    """Read the model and, in its light, the table."""
    from bayes_glmm.cli.column_mapping import cast_roles
    from bayes_glmm.cli.table_files import column_names, existing, read_table
    from bayes_glmm.design.resolve import resolve_spec
    from bayes_glmm.spec.model import ModelSpec
    from bayes_glmm.spec.spec_toml import toml_text
    from bayes_glmm.spec.templates import template

    path, chosen = Path(model), _pairs(roles or [])
    is_formula, is_file = "~" in model, path.suffix == ".toml"
    if chosen and (is_formula or is_file):
        raise ArgumentError("--map is for templates: this model names its columns itself.")
    if any(options.values()) and not is_formula:
        given = ", ".join(f"--{key}" for key, value in options.items() if value)
        raise ArgumentError(f"{given} goes with a formula; {model} is a ready model.")
    if is_formula:
        spec = resolve_spec(model, **options)
    elif is_file:
        text = toml_text(existing(path))
        spec = resolve_spec(naming(path, lambda: ModelSpec.from_toml(text)))
    else:
        found, columns = template(model), column_names(data)
        spec = naming(data, lambda: cast_roles(found, chosen, columns))
    return spec, read_table(data, spec)


def read_structures(model: str, spec: ModelSpec, written: list[str] | None) -> dict[str, Any]:
    """Read the structures that options name, and those that the model's file describes."""
    from bayes_glmm.spec.sources import parse_source
    from bayes_glmm.structures.structure_files import read_sources

    chosen = dict(map(parse_source, written or []))
    if len(chosen) < len(written or []):
        raise ArgumentError("--structure names one structure twice.")
    folder = Path(model).parent if Path(model).suffix == ".toml" else Path()
    described = {
        name: source
        for name, source in spec.structures
        if name not in chosen and not source.bundled
    }
    return read_sources(chosen) | read_sources(described, folder)


def input_files(
    model: str, data: Path, written: list[str] | None, spec: ModelSpec | None = None
) -> tuple[Path, ...]:
    """Return the files that a model and its structures are read from, as far as they are known."""
    from bayes_glmm.spec.sources import parse_source

    described = {} if spec is None else dict(spec.structures)
    written_out = Path(model).suffix == ".toml"
    folder = Path(model).parent if written_out else Path()
    files = [data, *([Path(model)] if written_out else [])]
    files += [folder / s.file for s in described.values() if s.file and not s.bundled]
    files += [Path(s.file) for _, s in map(parse_source, written or []) if s.file]
    return tuple(files)


def _pairs(roles: Sequence[str]) -> dict[str, str]:
    for role in roles:
        if not all(role.partition("=")):
            raise ArgumentError(f"--map {role}: write ROLE=COLUMN.")
    return {role.partition("=")[0]: role.partition("=")[2] for role in roles}
