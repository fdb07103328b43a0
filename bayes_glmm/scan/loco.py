"""Relationships without the chromosome of a marker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bayes_glmm.errors import ArgumentError
from bayes_glmm.model.blocks.group import GroupDesign
from bayes_glmm.scan.dosage import dosage
from bayes_glmm.scan.markers import Markers
from bayes_glmm.structures.level_labels import match

type Array = NDArray[np.float64]
CELLS = 2**22
ALIKE = 1e-4
"""Largest difference of relationships from the fitted ones, per their mean diagonal."""


def without_chromosomes(
    source: Markers, group: GroupDesign, K: Array
) -> Iterator[tuple[str, Array]]:
    """Return every chromosome with the relationships that the others give.

    Centred counts of all individuals of the source are summed, by the method that gives the
    fitted relationships: ``"vanraden"``, a multiple of it, or ``"gcta"``; a jitter is kept.

    Raises
    ------
    ArgumentError
        Chromosomes are not known, or neither method gives the fitted relationships.
    """
    if "chromosome" not in source.table:
        raise ArgumentError(
            "loco=True needs the chromosome of every marker: give markers=, a table with the "
            "columns marker and chromosome."
        )
    chromosomes = [str(c) for c in source.table["chromosome"].unique()]
    if len(chromosomes) < 2:
        raise ArgumentError(
            "loco=True: all markers are on one chromosome, so that nothing is left."
        )
    at = match(group.levels, source.labels, "The null model", "the source of genotypes")
    for scaled in (False, True):
        total, size = _sum(source, at, scaled)
        factor, jitter = _fitted(total, K)
        if np.abs(factor * total + jitter * np.eye(len(K)) - K).max() <= ALIKE * np.diag(K).mean():
            break
    else:
        raise ArgumentError(
            "loco=True: the relationships of the null model are not those of these genotypes, "
            "by neither 'vanraden' nor 'gcta'. Fit it with bg.genomic() of the same genotypes; "
            "a pedigree has no chromosomes to leave out."
        )
    for chromosome in chromosomes:
        part, own = _sum(source, at, scaled, chromosome)
        scale = factor * size / (size - own)
        yield chromosome, scale * (total - part) + jitter * np.eye(len(K))


def _fitted(total: Array, K: Array) -> tuple[float, float]:
    """Return the factor and the addition to the diagonal that make one matrix the other."""
    off = ~np.eye(len(K), dtype=bool)
    factor = float((total[off] @ K[off]) / (total[off] @ total[off]))
    return factor, max(0.0, float((np.diag(K) - factor * np.diag(total)).mean()))


def _sum(
    source: Markers, at: NDArray[np.intp], scaled: bool, chromosome: str | None = None
) -> tuple[Array, float]:
    """Return sums of products of centred counts, and what they are a mean of."""
    everyone = np.arange(len(source.labels))
    weights = np.ones(len(everyone))
    total, size = np.zeros((len(at), len(at)), np.float64), 0.0
    for start, stop in source.blocks(max(1, CELLS // len(everyone)), chromosome):
        block = dosage(source.read(start, stop), everyone, weights, np.float32, centred=True)
        use = block.spread > 0
        p = block.frequency[use]
        variance = 2 * p * (1 - p)
        z = block.values[use][:, at]
        if scaled:
            z = z / np.sqrt(variance)[:, None].astype(np.float32)
        total += z.T @ z
        size += float(len(p) if scaled else variance.sum())
    return total, size
