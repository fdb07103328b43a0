"""A simulated flock of sheep: who descends from whom, loci, and two traits, with the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Whole = NDArray[np.int64]
RAMS, EWES, YEARS, SEED = 8, 48, 3, 18
CHROMOSOMES, LOCI, HIDDEN, CROSSING = 20, 23, 5, 0.05
"""Of the loci of a chromosome some are hidden and have effects; neighbours are parted rarely."""


def flock() -> pd.DataFrame:
    """Lambs of three years: weight at weaning and weight of the first fleece.

    Weight (kg) ``30 + 2.5 male + a + m + Normal(0, 2.2)``, with breeding values ``a`` of variance
    4 among founders and ``m ~ Normal(0, 1)`` of the dam; fleece (kg) ``3.5 + 0.3 male + b +
    Normal(0, 0.5)``, with ``b`` of variance 0.25. Both breeding values are sums over 100
    hidden loci, which are passed on together with the loci of :func:`flock_genotypes`.
    """
    herd, rng = _bred(), np.random.default_rng(SEED + 1)
    lambs = np.flatnonzero(herd.dam >= 0)
    hidden = herd.genes.sum(axis=1)[:, ~_seen()]
    share = hidden[herd.dam < 0].mean(axis=0) / 2
    effects = rng.normal(size=(2, len(share)))
    effects *= np.array([[2.0], [0.5]]) / np.sqrt((effects**2 @ (2 * share * (1 - share)))[:, None])
    a, b = effects @ (hidden[lambs] - 2 * share).T
    home = rng.normal(0, 1, len(herd.dam))[herd.dam[lambs]]
    male = herd.male[lambs]
    return pd.DataFrame(
        {
            "lamb": herd.names[lambs],
            "dam": herd.names[herd.dam[lambs]],
            "sex": np.where(male, "male", "female"),
            "weight": (30 + 2.5 * male + a + home + rng.normal(0, 2.2, len(lambs))).round(1),
            "fleece": (3.5 + 0.3 * male + b + rng.normal(0, 0.5, len(lambs))).round(2),
        }
    )


def flock_pedigree() -> pd.DataFrame:
    """Return the parents of the lambs of :func:`flock`; founders have none."""
    herd = _bred()
    names = np.array([*herd.names, None], dtype=object)
    return pd.DataFrame(
        {"animal": names[:-1], "sire": names[herd.sire], "dam": names[herd.dam]}, dtype=object
    )


def flock_genotypes() -> pd.DataFrame:
    """Return counts of one allele at 360 loci of the lambs of :func:`flock`, indexed by lamb."""
    herd = _bred()
    lambs = herd.dam >= 0
    places = [f"c{c + 1:02d}_{k + 1:02d}" for c in range(CHROMOSOMES) for k in range(LOCI - HIDDEN)]
    counts = herd.genes.sum(axis=1)[lambs][:, _seen()]
    return pd.DataFrame(counts, pd.Index(herd.names[lambs], name="lamb"), places)


@dataclass(frozen=True, eq=False)
class Herd:
    """Animals, parents first: places of the parents (-1 of founders), sexes and two genomes."""

    names: NDArray[np.str_]
    sire: Whole
    dam: Whole
    male: NDArray[np.bool_]
    genes: NDArray[np.int8]


def _bred() -> Herd:
    """Breed founders, and each year half old and half young parents, all taken at random."""
    rng = np.random.default_rng(SEED)
    n_loci = CHROMOSOMES * LOCI
    share = rng.uniform(0.1, 0.9, n_loci)
    genes = list((rng.random((RAMS + EWES, 2, n_loci)) < share).astype(np.int8))
    sire, dam = [-1] * len(genes), [-1] * len(genes)
    male = [i < RAMS for i in range(len(genes))]
    rams, ewes = np.arange(RAMS), np.arange(RAMS, RAMS + EWES)
    for _ in range(YEARS):
        born = len(genes)
        for mother in ewes:
            for _ in range(int(rng.integers(1, 3))):
                father = int(rng.choice(rams))
                genes.append(np.stack([_gamete(rng, genes[p]) for p in (father, int(mother))]))
                sire.append(father)
                dam.append(int(mother))
                male.append(bool(rng.random() < 0.5))
        young = np.arange(born, len(genes))
        sons, daughters = young[np.array(male[born:])], young[~np.array(male[born:])]
        rams = np.r_[rng.choice(rams, RAMS // 2, False), rng.choice(sons, RAMS // 2, False)]
        ewes = np.r_[rng.choice(ewes, EWES // 2, False), rng.choice(daughters, EWES // 2, False)]
    names = [f"founder{i + 1:02d}" for i in range(RAMS + EWES)]
    names += [f"lamb{i + 1:03d}" for i in range(len(genes) - len(names))]
    return Herd(np.array(names), np.array(sire), np.array(dam), np.array(male), np.stack(genes))


def _gamete(rng: np.random.Generator, pair: NDArray[np.int8]) -> NDArray[np.int8]:
    """Pass on one of two genomes, crossed over between neighbours of a chromosome."""
    parted = rng.random((CHROMOSOMES, LOCI)) < CROSSING
    parted[:, 0] = rng.random(CHROMOSOMES) < 0.5
    which = (np.cumsum(parted, axis=1) % 2).ravel()
    return np.take_along_axis(pair, which[None, :], axis=0)[0]


def _seen() -> NDArray[np.bool_]:
    """Return which loci are in the table of genotypes: the hidden ones lie evenly between."""
    hidden = np.linspace(0, LOCI - 1, HIDDEN + 2).round().astype(int)[1:-1]
    return np.tile(~np.isin(np.arange(LOCI), hidden), CHROMOSOMES)
