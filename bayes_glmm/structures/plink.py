"""PLINK's binary genotypes, read a few loci at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.structures.file_contents import read_bytes
from bayes_glmm.structures.genotype_tables import with_families
from bayes_glmm.structures.level_labels import Text, text_labels

type Array = NDArray[np.float64]
MAGIC = b"\x6c\x1b\x01"
CODES = np.array([2, -1, 1, 0], np.int8)
"""Counts of the first allele by PLINK's two bits, the lower one first; -1 is missing."""
NAMED = ("chromosome", "marker", "distance", "position", "counted", "other")
LOCUS = (str, str, str, np.int64, str, str)
FAM, BIM = 2**28, 2**31
"""Bytes of the files of individuals and of loci: about 10 and 60 million of them."""
FEW = ("chromosome", "distance", "counted", "other")
FOUR = CODES[np.arange(256)[:, None] >> np.array([0, 2, 4, 6]) & 3]


@dataclass(frozen=True, eq=False)
class Plink:
    """A set of ``.bed``, ``.bim`` and ``.fam`` files.

    Attributes
    ----------
    bed : path
    labels : ndarray of str, shape (n_ids,)
    loci : pandas.DataFrame, shape (n_loci, 6)
        ``chromosome``, ``marker``, ``distance``, ``position``, ``counted`` (allele), ``other``.
    said : tuple of str
        That individual ids were joined with their families', where they repeat.
    """

    bed: Path
    labels: Text
    loci: pd.DataFrame
    said: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the loci."""
        return list(self.loci["marker"])

    def calls(self, start: int, stop: int) -> NDArray[np.int8]:
        """Return counts at some loci, shape (n_loci, n_ids); -1 is missing."""
        each = -(-len(self.labels) // 4)
        stop = min(stop, len(self.loci))
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
    people = _columns(paths[".fam"], {0: str, 1: str}, FAM)
    ids, said = people[1].tolist(), tuple[str, ...]()
    if len(set(ids)) < len(ids):
        ids, note = with_families(people[0], ids)
        said = (note,)
    labels = text_labels(ids, f"The individuals in {paths['.fam'].name}")
    loci = _columns(paths[".bim"], dict(enumerate(LOCUS)), BIM).set_axis(list(NAMED), axis=1)
    # read as text first: categories that look like numbers would become numbers
    loci = loci.astype(dict.fromkeys(FEW, "category"))
    with paths[".bed"].open("rb") as handle:
        magic = handle.read(3)
    size = paths[".bed"].stat().st_size
    if magic != MAGIC or size != 3 + -(-len(labels) // 4) * len(loci):
        raise ArgumentError(
            f"{paths['.bed'].name} does not hold {len(loci)} loci of {len(labels)} individuals, "
            "locus by locus: write it again with PLINK's --make-bed."
        )
    return Plink(paths[".bed"], labels, loci, said)


def open_plink(
    prefix: Path, cells: int
) -> tuple[Text, Iterator[tuple[list[str], Array]], tuple[str, ...]]:
    """Return ids, blocks of names of loci with genotypes, shape (n_ids, n_loci), and notes.

    Parameters
    ----------
    prefix : path
        As :func:`read_plink` takes it.
    cells : int
        Most genotypes in a block.
    """
    files = read_plink(prefix)
    return files.labels, _blocks(files, max(1, cells // len(files.labels))), files.said


def _columns(path: Path, kinds: dict[int, Any], most: int) -> pd.DataFrame:
    """Read some columns of a file without a header, by their places."""
    content = read_bytes(path, most)
    try:
        return pd.read_csv(
            io.BytesIO(content),
            sep=r"\s+",
            header=None,
            usecols=list(kinds),
            dtype=kinds,
            na_filter=False,
        )
    except (ValueError, IndexError, OverflowError) as error:
        said = str(error).splitlines()[0]
        raise ArgumentError(f"{path.name} cannot be read: {said}.") from error


def _blocks(files: Plink, width: int) -> Iterator[tuple[list[str], Array]]:
    names = files.names
    for start in range(0, len(files.loci), width):
        values = files.calls(start, start + width).T.astype(np.float64)
        values[values < 0] = np.nan
        yield names[start : start + width], values
