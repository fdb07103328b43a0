"""PLINK's binary genotypes, read a few loci at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.structures.labels import Text, text_labels

type Array = NDArray[np.float64]
MAGIC = b"\x6c\x1b\x01"
CODES = np.array([2.0, np.nan, 1.0, 0.0])
"""Counts of the first allele by PLINK's two bits, the lower one first."""


def open_plink(prefix: Path, cells: int) -> tuple[Text, Iterator[tuple[list[str], Array]]]:
    """Return ids, and blocks of names of loci with genotypes, shape (n_ids, n_loci).

    Parameters
    ----------
    prefix : path
        Of ``.bed``, ``.bim`` and ``.fam``; the name of the ``.bed`` file is taken too.
    cells : int
        Most genotypes in a block.

    Raises
    ------
    ArgumentError
        A file is absent, or the genotypes are not stored locus by locus.
    """
    stem = prefix.with_suffix("") if prefix.suffix == ".bed" else prefix
    paths = {end: stem.with_name(stem.name + end) for end in (".bed", ".bim", ".fam")}
    for path in paths.values():
        if not path.is_file():
            raise ArgumentError(
                f"There is no file {str(path)!r}: PLINK writes .bed, .bim and .fam."
            )
    labels = text_labels(_column(paths[".fam"]), f"The individuals in {paths['.fam'].name}")
    names = _column(paths[".bim"])
    bytes_each = -(-len(labels) // 4)
    with paths[".bed"].open("rb") as handle:
        magic = handle.read(3)
    size = paths[".bed"].stat().st_size
    if magic != MAGIC or size != 3 + bytes_each * len(names):
        raise ArgumentError(
            f"{paths['.bed'].name} does not hold {len(names)} loci of {len(labels)} individuals, "
            "locus by locus: write it again with PLINK's --make-bed."
        )
    return labels, _blocks(paths[".bed"], names, len(labels), bytes_each, cells)


def _column(path: Path) -> list[str]:
    try:
        return [line.split()[1] for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (IndexError, UnicodeDecodeError) as error:
        raise ArgumentError(f"{path.name} cannot be read: {error}.") from error


def _blocks(
    path: Path, names: list[str], n: int, bytes_each: int, cells: int
) -> Iterator[tuple[list[str], Array]]:
    width = max(1, cells // n)
    for start in range(0, len(names), width):
        part = names[start : start + width]
        raw = np.fromfile(path, np.uint8, len(part) * bytes_each, offset=3 + start * bytes_each)
        pairs = raw.reshape(len(part), bytes_each, 1) >> np.array([0, 2, 4, 6], np.uint8) & 3
        yield part, CODES[pairs.reshape(len(part), -1)[:, :n]].T
