"""PLINK's binary genotypes, read a few loci at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.structures.labels import Text, text_labels

type Array = NDArray[np.float64]
MAGIC = b"\x6c\x1b\x01"
CODES = np.array([2, -1, 1, 0], np.int8)
"""Counts of the first allele by PLINK's two bits, the lower one first; -1 is missing."""
FOUR = CODES[np.arange(256)[:, None] >> np.array([0, 2, 4, 6]) & 3]


@dataclass(frozen=True, eq=False)
class Plink:
    """A set of ``.bed``, ``.bim`` and ``.fam`` files.

    Attributes
    ----------
    bed : path
    labels : ndarray of str, shape (n_ids,)
    loci : tuple of list of str
        Columns of ``.bim``: chromosome, name, distance, position, counted allele, other.
    """

    bed: Path
    labels: Text
    loci: tuple[list[str], ...]

    @property
    def names(self) -> list[str]:
        """Names of the loci."""
        return self.loci[1]

    def calls(self, start: int, stop: int) -> NDArray[np.int8]:
        """Return counts at some loci, shape (n_loci, n_ids); -1 is missing."""
        each = -(-len(self.labels) // 4)
        stop = min(stop, len(self.names))
        raw = np.fromfile(self.bed, np.uint8, (stop - start) * each, offset=3 + start * each)
        return FOUR[raw].reshape(stop - start, 4 * each)[:, : len(self.labels)]


def read_plink(prefix: Path) -> Plink:
    """Read who and what PLINK's files hold, and leave the genotypes where they are.

    Parameters
    ----------
    prefix : path
        Of ``.bed``, ``.bim`` and ``.fam``; the name of the ``.bed`` file is taken too.

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
    ids = _columns(paths[".fam"], 2)[1]
    labels = text_labels(ids, f"The individuals in {paths['.fam'].name}")
    loci = _columns(paths[".bim"], 6)
    with paths[".bed"].open("rb") as handle:
        magic = handle.read(3)
    size = paths[".bed"].stat().st_size
    if magic != MAGIC or size != 3 + -(-len(labels) // 4) * len(loci[1]):
        raise ArgumentError(
            f"{paths['.bed'].name} does not hold {len(loci[1])} loci of {len(labels)} individuals, "
            "locus by locus: write it again with PLINK's --make-bed."
        )
    return Plink(paths[".bed"], labels, loci)


def open_plink(prefix: Path, cells: int) -> tuple[Text, Iterator[tuple[list[str], Array]]]:
    """Return ids, and blocks of names of loci with genotypes, shape (n_ids, n_loci).

    Parameters
    ----------
    prefix : path
        As :func:`read_plink` takes it.
    cells : int
        Most genotypes in a block.
    """
    files = read_plink(prefix)
    return files.labels, _blocks(files, max(1, cells // len(files.labels)))


def _columns(path: Path, n: int) -> tuple[list[str], ...]:
    try:
        lines = [line.split() for line in path.read_text("utf-8").splitlines() if line.strip()]
        short = next((i for i, line in enumerate(lines, 1) if len(line) < n), None)
    except UnicodeDecodeError as error:
        raise ArgumentError(f"{path.name} cannot be read: {error}.") from error
    if short is not None:
        raise ArgumentError(f"{path.name} cannot be read: line {short} has fewer than {n} columns.")
    return tuple([line[k] for line in lines] for k in range(n))


def _blocks(files: Plink, width: int) -> Iterator[tuple[list[str], Array]]:
    for start in range(0, len(files.names), width):
        values = files.calls(start, start + width).T.astype(np.float64)
        values[values < 0] = np.nan
        yield files.names[start : start + width], values
