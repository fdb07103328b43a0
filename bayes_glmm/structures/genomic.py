"""Genomic relationships from allele counts at many loci."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError, listed, suggestion
from bayes_glmm.model.blocks.array_types import Array, Text
from bayes_glmm.structures.file_contents import ending
from bayes_glmm.structures.genotype_tables import individuals, numbers_of, odd_call, read_raw
from bayes_glmm.structures.kinship import Kinship, amount
from bayes_glmm.structures.labelled_matrices import checked
from bayes_glmm.structures.plink import open_plink

type Method = Literal["vanraden", "gcta"]
CHUNK = 2**22
"""Genotypes that are held as floats at a time."""
MOST = 50_000
"""Individuals of a matrix, which then takes 20 GB."""


@dataclass(frozen=True, eq=False, repr=False)
class Genomic(Kinship):
    """A genomic relationship matrix; made by :func:`genomic`.

    Attributes
    ----------
    method : str
    n_snps, n_monomorphic, n_missing : int
        Loci in the matrix, loci left out because all individuals are alike, and
        missing calls replaced by the locus's mean.
    said : tuple of str
        Notes on what was left out or renamed when the genotypes were read.
    """

    kind: ClassVar[str] = "genomic"
    method: str = "vanraden"
    n_snps: int = 0
    n_monomorphic: int = 0
    n_missing: int = 0
    said: tuple[str, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Say how many loci there were, and what was left out or filled in."""
        notes = [f"{self.n_snps} loci by the method {self.method!r}."]
        if self.n_monomorphic:
            notes.append(f"{self.n_monomorphic} loci without variation were left out.")
        if self.n_missing:
            notes.append(f"{self.n_missing} missing calls were replaced by their locus's mean.")
        return (*super().notes(), *notes, *self.said)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return labels, matrix, jitter, method and counts."""
        counts = np.array([self.n_snps, self.n_monomorphic, self.n_missing], dtype=np.int64)
        arrays = {**super().to_arrays(), "method": np.array([self.method]), "counts": counts}
        return arrays | ({"said": np.array(self.said, np.str_)} if self.said else {})

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Read what :meth:`to_arrays` wrote."""
        plain = Kinship.from_arrays(arrays)
        method = str(np.asarray(arrays["method"]).ravel()[0])
        snps, same, missing = (int(n) for n in arrays["counts"])
        said = tuple(str(note) for note in arrays.get("said", []))
        return cls(
            plain.labels, plain.matrix, plain.jitter, method, snps, same, missing, said
        )  # fmt: skip


def genomic(
    genotypes: pd.DataFrame | str | Path,
    ids: str | None = None,
    method: Method = "vanraden",
    jitter: float = 0.0,
) -> Genomic:
    r"""Estimate relationships from genotypes.

    With counts :math:`g_{ij}` of one allele, frequencies :math:`p_j` among all
    individuals given, and :math:`z_{ij} = g_{ij} - 2 p_j`, ``"vanraden"`` is
    :math:`ZZ' / \sum_j 2 p_j (1 - p_j)` [1]_ and ``"gcta"`` the mean over loci of
    :math:`z_{ij} z_{kj} / (2 p_j (1 - p_j))`, on the diagonal too (the program of
    that name has another diagonal) [2]_. Which allele is counted does not matter.

    Parameters
    ----------
    genotypes : pandas.DataFrame, str or path
        One row for each individual and one column for each locus, holding 0, 1, 2 or a
        missing value; the prefix of PLINK's ``.bed``, ``.bim`` and ``.fam`` files, or
        the name of its ``.raw`` file. PLINK's individual ids become the labels, after
        their family's, ``family:individual``, where they repeat between families; its
        columns ``FID``, ``IID``, ``PAT``, ``MAT``, ``SEX`` and ``PHENOTYPE`` are no loci
        in a table either.
    ids : str, optional
        Column of the table that holds the ids; ``IID`` or its index when not given.
    method : {"vanraden", "gcta"}
    jitter : float, default 0
        Added to the diagonal, which separates individuals with equal genotypes.

    Returns
    -------
    Genomic
        For ``structures={"G": ...}`` and ``(1 | gr(animal, G))``. Its ``notes()``, kept
        in a result, count loci, loci without variation and missing calls.

    Raises
    ------
    ArgumentTypeError
        Genotypes without labels.
    ArgumentError
        Other values than 0, 1 and 2, a locus without any call, no locus that varies,
        individuals with equal genotypes, or files that cannot be read.
    DataError
        A ``.raw`` file is malformed; the message shows where.

    References
    ----------
    .. [1] VanRaden (2008). Efficient methods to compute genomic predictions.
       *J. Dairy Science* 91, 4414-4423. doi:10.3168/jds.2007-0980
    .. [2] Yang et al. (2010). Common SNPs explain a large proportion of the
       heritability for human height. *Nature Genetics* 42, 565-569. doi:10.1038/ng.608

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_glmm as bg
    >>> table = pd.DataFrame(
    ...     {"s1": [0, 1, 2], "s2": [2, 2, 1], "s3": [1, 1, 1]}, index=["a", "b", "c"])
    >>> structure = bg.genomic(table)
    >>> structure.n_snps, structure.n_monomorphic
    (2, 1)
    """
    known = get_args(Method.__value__)
    if method not in known:
        raise ArgumentError(f"method={method!r} is unknown." + suggestion(str(method), known))
    if isinstance(genotypes, str | Path):
        path, said = Path(genotypes), tuple[str, ...]()
        if ending(path) == ".raw":
            genotypes = read_raw(path)
        else:
            labels, blocks, said = open_plink(path, CHUNK)
    if not isinstance(genotypes, str | Path):
        labels, loci, said = individuals(genotypes, ids)
        blocks = _blocks(loci, labels)
    if len(labels) > MOST:
        raise ArgumentError(
            f"There are {len(labels)} individuals: a matrix of relationships takes {MOST:,} at most."
        )
    order = np.argsort(labels)
    total = _Sum.of(blocks, order, method)
    matrix = total.matrix + amount(jitter) * np.eye(len(labels))
    what = "The genomic relationship matrix"
    matrix = checked(labels[order], matrix, what)
    return Genomic(
        labels[order], matrix, amount(jitter), method, total.n_snps, total.n_monomorphic,
        total.n_missing, said,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Sum:
    matrix: Array
    n_snps: int
    n_monomorphic: int
    n_missing: int

    @classmethod
    def of(
        cls, blocks: Iterator[tuple[list[str], Array]], order: NDArray[np.intp], method: str
    ) -> _Sum:
        """Add blocks of loci, in the canonical order of individuals."""
        matrix, spread = np.zeros((len(order), len(order))), 0.0
        snps = same = missing = 0
        for names, values in blocks:
            given = values[order]
            absent = np.isnan(given)
            missing += int(absent.sum())
            none = absent.all(axis=0)
            if none.any():
                bad = [n for n, empty in zip(names, none, strict=True) if empty]
                raise ArgumentError(f"No individual has a call at {listed(bad)}: drop these loci.")
            centred = given - np.nanmean(given, axis=0)
            centred[absent] = 0.0
            varies = (centred != 0).any(axis=0)
            p = np.nanmean(given[:, varies], axis=0) / 2
            z, variance = centred[:, varies], 2 * p * (1 - p)
            if method == "gcta":
                z = z / np.sqrt(variance)
            matrix += z @ z.T
            spread += float(variance.sum())
            snps += int(varies.sum())
            same += int((~varies).sum())
        if not snps:
            raise ArgumentError("No locus varies between individuals: there is no relationship.")
        return cls(matrix / (snps if method == "gcta" else spread), snps, same, missing)


def _blocks(loci: pd.DataFrame, labels: Text) -> Iterator[tuple[list[str], Array]]:
    width = max(1, CHUNK // max(1, len(loci)))
    for start in range(0, loci.shape[1], width):
        part = loci.iloc[:, start : start + width]
        names = [str(c) for c in part.columns]
        values = numbers_of(part)
        odd = ~(np.isnan(values) | (values == 0) | (values == 1) | (values == 2))
        if odd.any():
            i, j = np.argwhere(odd)[0]
            raise odd_call(loci, names[j], str(labels[i]), values[i, j], "0, 1, 2 or missing")
        yield names, values
