"""Structures from files: each kind's table, text or genotypes, as its description says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from bayes_glmm.errors import (
    ArgumentTypeError,
    BayesGLMMError,
    DataError,
    SpecError,
    listed,
)
from bayes_glmm.spec.sources import BUNDLED, Source
from bayes_glmm.structures.animals import pedigree
from bayes_glmm.structures.areas import areal
from bayes_glmm.structures.coordinates import coordinates
from bayes_glmm.structures.file_contents import ending, read_numbers, read_table
from bayes_glmm.structures.genomic import genomic
from bayes_glmm.structures.genotype_tables import asides
from bayes_glmm.structures.kinship import kinship
from bayes_glmm.structures.level_labels import is_code
from bayes_glmm.structures.lineage import lineage
from bayes_glmm.structures.mapfiles import MAPS, read_map
from bayes_glmm.structures.neighbours import nearest_neighbours
from bayes_glmm.structures.structure import Structure

if TYPE_CHECKING:
    from bayes_glmm.spec.model import ModelSpec


def read_structures(spec: ModelSpec, folder: str | Path = ".") -> dict[str, Structure]:
    """Read the structures that a model describes.

    Parameters
    ----------
    spec : ModelSpec
        With ``structures``, as its TOML text may have.
    folder : path, default the current one
        What paths in the description are relative to: the folder of the TOML file.

    Returns
    -------
    dict of str to Structure
        For ``structures=``; a fit reads them itself from the current folder when they
        are not given.

    Raises
    ------
    DataError, ArgumentError
        A file does not exist or is malformed; the message names it.

    Examples
    --------
    >>> import bayes_glmm as bg
    >>> where = {"P": bg.Source("coordinates", options={"x": "lon", "y": "lat"})}
    >>> list(bg.read_structures(bg.parse("y ~ 1 + (1 | gr(village, P))", structures=where)))
    ['P']
    """
    return read_sources(dict(spec.structures), folder)


def read_sources(sources: Mapping[str, Source], folder: str | Path = ".") -> dict[str, Structure]:
    """Read described structures; raises as :func:`read_structures` does."""
    if not isinstance(folder, str | Path):
        raise ArgumentTypeError(f"folder= is a path, not {type(folder).__name__}.")
    return {name: _read(name, source, Path(folder)) for name, source in sources.items()}


def _read(name: str, source: Source, folder: Path) -> Structure:
    path = _path(source, folder)
    where = f"structure {name!r}" if path is None else f"structure {name!r}, {path}"
    try:
        return READERS[source.kind](path, dict(source.options))
    except BayesGLMMError as error:
        raise type(error)(f"{where}: {error}") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{where}: not readable as {source.kind} ({error}).") from error


def _path(source: Source, folder: Path) -> Path | None:
    if source.file is None:
        return None
    if source.bundled:
        name = source.file.removeprefix(BUNDLED)
        path = Path(str(files("bayes_glmm.datasets"))) / name
        if not re.fullmatch(r"\w[\w.]*", name) or not path.is_file():
            raise SpecError(f"The package has no file {name!r} of its own.")
        return path
    path = folder / Path(source.file).expanduser()
    if source.kind != "genomic" and not path.is_file():
        raise DataError(f"{path}: there is no such file, which a {source.kind} structure needs.")
    return path


def _pedigree(path: Path, options: dict[str, Any]) -> Structure:
    table = read_table(path)
    known = set(table.get(options.get("id", "animal"), pd.Series(dtype=object)).dropna())
    for role in ("sire", "dam"):
        column = options.get(role, role)
        if column in table.columns:
            table[column] = [
                None if isinstance(p, str) and p not in known and is_code(p) else p
                for p in table[column]
            ]
    return pedigree(table, **options)


def _kinship(path: Path, options: dict[str, Any]) -> Structure:
    table = read_numbers(path, lambda head: head[:1], "Relationships")
    ids, matrix = table.iloc[:, 0].tolist(), table.iloc[:, 1:]
    values = matrix.to_numpy(dtype=float)
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        i, j = wrong[0]
        raise DataError(
            f"The matrix holds {values[i, j]} for {ids[i]!r} and {matrix.columns[j]!r}: "
            "every pair of ids needs a number."
        )
    return kinship(pd.DataFrame(values, ids, matrix.columns), **options)


def _genomic(path: Path, options: dict[str, Any]) -> Structure:
    if path.suffix in (".bed", "") or path.with_name(f"{path.name}.bed").is_file():
        return genomic(path, **options)
    if not path.is_file():
        raise DataError("There is no such file, which a genomic structure needs.")
    if ending(path) == ".raw":
        return genomic(path, **options)
    given = options.pop("ids", None)

    def texts(head: list[str]) -> list[str]:
        return list(dict.fromkeys([*head[:1], *([given] if given in head else []), *asides(head)]))

    table = read_numbers(path, texts, "Genotypes")
    ids = str(table.columns[0]) if given is None and not asides(table.columns) else given
    return genomic(table, ids=ids, **options)


def _lineage(path: Path, options: dict[str, Any]) -> Structure:
    if ending(path) != ".csv":
        return lineage(path, **options)
    table = read_table(path)
    if "length" in table.columns:
        table["length"] = _numbers(table["length"])
    return lineage(table, **options)


def _areal(path: Path, options: dict[str, Any]) -> Structure:
    places = [options.pop(key, None) for key in ("id", "x", "y", "nearest")]
    if any(value is not None for value in places):
        label, x, y, k = places
        if label is None or x is None or y is None:
            raise SpecError("Neighbours of places need id, x and y: the columns of the file.")
        table = read_table(path)
        for name in (x, y):
            if name in table.columns:
                table[name] = _numbers(table[name])
        return areal(nearest_neighbours(table, label, x, y, k or 6), **options)
    return areal(read_map(path) if path.suffix.lower() in MAPS else read_table(path), **options)


def _coordinates(path: Path | None, options: dict[str, Any]) -> Structure:
    absent = [axis for axis in ("x", "y") if axis not in options]
    if absent:
        raise SpecError(f"Coordinates need {listed(absent)}: the names of two columns of the data.")
    return coordinates(options.pop("x"), options.pop("y"), **options)


def _numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column.index[numbers.isna() & column.notna()]
    if len(wrong):
        raise DataError(
            f"Column {column.name!r} holds {column[wrong[0]]!r} in row {wrong[0]}, which is no "
            "number."
        )
    return numbers


READERS: dict[str, Callable[[Any, dict[str, Any]], Structure]] = {
    "pedigree": _pedigree,
    "kinship": _kinship,
    "genomic": _genomic,
    "lineage": _lineage,
    "areal": _areal,
    "coordinates": _coordinates,
}
"""How each kind of :data:`bayes_glmm.spec.sources.KINDS` is read."""
