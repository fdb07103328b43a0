"""Markers from a table, PLINK files or a Zarr store: who, what, and calls in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import (
    ArgumentError,
    ArgumentTypeError,
    MissingDependencyError,
    listed,
)
from bayes_glmm.structures.file_contents import ending
from bayes_glmm.structures.genotype_tables import individuals, numbers_of, odd_call, read_raw
from bayes_glmm.structures.level_labels import Text, text_labels, text_of
from bayes_glmm.structures.plink import read_plink

type Calls = NDArray[Any]
PLACES = ("chromosome", "position", "counted", "other")
LAYOUT = ("call_genotype", "sample_id", "variant_id")


@dataclass(frozen=True, eq=False)
class Markers:
    """Genotypes that stay where they are until a block of them is asked for.

    Attributes
    ----------
    labels : ndarray of str, shape (n_ids,)
        Individuals, in the order of the source.
    table : pandas.DataFrame, shape (n_markers, ...)
        ``marker`` and what is known of ``chromosome``, ``position``, ``counted`` (allele)
        and ``other``.
    read : callable
        ``read(start, stop)`` gives counts of an allele, shape (n_markers, n_ids); what is
        negative or not a number is missing.
    """

    labels: Text
    table: pd.DataFrame
    read: Callable[[int, int], Calls]

    def blocks(self, width: int, chromosome: str | None = None) -> Iterator[tuple[int, int]]:
        """Return first and last place (exclusive) of blocks, of one chromosome or all."""
        n = len(self.table)
        runs = [(0, n)]
        if chromosome is not None:
            inside = (self.table["chromosome"] == chromosome).to_numpy().astype(np.int8)
            edges = np.flatnonzero(np.diff(inside, prepend=0, append=0))
            runs = [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
        for first, last in runs:
            for start in range(first, last, width):
                yield start, min(start + width, last)


def read_markers(genotypes: Any, ids: str | None, places: pd.DataFrame | None) -> Markers:
    """Recognise a source of genotypes.

    Raises
    ------
    ArgumentTypeError, ArgumentError, MissingDependencyError
        As :func:`bayes_glmm.scan` says.
    """
    if isinstance(genotypes, pd.DataFrame):
        found = _from_table(genotypes, ids)
    elif isinstance(genotypes, str | Path):
        path = Path(genotypes)
        if path.is_dir() or path.suffix == ".zarr":
            found = _from_zarr(path)
        else:
            raw = ending(path) == ".raw"
            found = _from_table(read_raw(path), None) if raw else _from_plink(path)
    else:
        raise ArgumentTypeError(
            "Genotypes are a pandas DataFrame with ids, the prefix of PLINK files or a Zarr "
            f"store, not {type(genotypes).__name__}: without labels nothing says whose genotypes "
            "a row holds."
        )
    if not len(found.table):
        raise ArgumentError("The genotypes hold no marker.")
    return found if places is None else _placed(found, places)


def _from_plink(prefix: Path) -> Markers:
    files = read_plink(prefix)
    order = ["marker", "chromosome", "position", "counted", "other"]
    table = files.loci[order]
    return Markers(files.labels, table, files.calls)


def _from_table(table: pd.DataFrame, ids: str | None) -> Markers:
    labels, loci, _ = individuals(table, ids)
    names = [str(c) for c in loci.columns]

    def read(start: int, stop: int) -> Calls:
        values = numbers_of(loci.iloc[:, start:stop]).T
        odd = (values < 0) | (values > 2)
        if odd.any():
            j, i = np.argwhere(odd)[0]
            taken = "counts or dosages from 0 to 2, or missing"
            raise odd_call(loci, names[start + j], str(labels[i]), values[j, i], taken)
        return values

    return Markers(labels, pd.DataFrame({"marker": names}), read)


def _from_zarr(path: Path) -> Markers:
    try:
        import zarr
    except ImportError as error:
        raise MissingDependencyError(
            "Genotypes in a Zarr store are read with zarr: pip install 'bayes_glmm[genotypes]'."
        ) from error
    try:
        store = zarr.open_group(str(path), mode="r")
    except (FileNotFoundError, ValueError) as error:
        raise ArgumentError(f"{path} is no Zarr store of groups: {error}.") from error
    absent = [name for name in LAYOUT if name not in store]
    if absent:
        raise ArgumentError(
            f"{path} lacks {listed(absent)}: a store in the layout of VCF Zarr is needed, with "
            "call_genotype (variants, samples, ploidy), sample_id and variant_id, as vcf2zarr "
            f"and sgkit write it. It has {listed(sorted(store.keys()))}."
        )
    columns: dict[str, Any] = {"marker": [str(v) for v in store["variant_id"][:]]}
    if "variant_contig" in store and "contig_id" in store:
        contigs = np.array([str(v) for v in store["contig_id"][:]])
        columns["chromosome"] = pd.Categorical(contigs[store["variant_contig"][:]])
    if "variant_position" in store:
        columns["position"] = store["variant_position"][:].astype(np.int64)
    labels = text_labels([str(v) for v in store["sample_id"][:]], f"The samples in {path.name}")
    calls = store["call_genotype"]

    def read(start: int, stop: int) -> Calls:
        alleles = calls[start:stop]
        total = (alleles > 0).sum(axis=2, dtype=np.int8)
        total[(alleles < 0).any(axis=2)] = -1
        return total

    return Markers(labels, pd.DataFrame(columns), read)


def _placed(markers: Markers, places: pd.DataFrame) -> Markers:
    """Add chromosomes and positions by the markers' names."""
    if not isinstance(places, pd.DataFrame):
        raise ArgumentTypeError(
            f"markers= is a DataFrame with the index or column 'marker', not {type(places).__name__}."
        )
    given = places.set_index("marker") if "marker" in places.columns else places
    known = [c for c in PLACES if c in given.columns]
    if not known or not given.index.is_unique:
        raise ArgumentError(
            "markers= needs one row for each marker, by the column 'marker' or the index, and "
            f"some of the columns {listed(PLACES)}."
        )
    at = pd.Index([text_of(name) for name in given.index]).get_indexer(markers.table["marker"])
    if (at < 0).any():
        absent = markers.table["marker"][at < 0].tolist()
        raise ArgumentError(f"markers= lacks {len(absent)} of {len(at)} markers: {listed(absent)}.")
    columns = {c: given[c].to_numpy()[at] for c in known}
    if "chromosome" in columns:
        columns["chromosome"] = pd.Categorical([str(c) for c in columns["chromosome"]])
    return Markers(markers.labels, markers.table.assign(**columns), markers.read)
